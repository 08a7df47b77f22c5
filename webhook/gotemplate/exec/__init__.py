"""Parse trees to closures and the predefined functions, like Go's exec.go and funcs.go.

- `compiler`: compiles whole templates and their control actions
- `lists`: compiles lists of actions
- `expressions`: compiles pipelines, commands and operands
- `calls`: compiles function calls
- `scope`: assigns variables to slots
- `state`: one rendering, and what compiled code needs for its errors
- `funcs`: the predefined functions
- `comparison`: eq, ne, lt, le, gt and ge
- `escaping`: html, js and urlquery

Never here: template text. Errors quote it from the tree.
"""
