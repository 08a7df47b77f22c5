"""Parse trees to closures that render, and the predefined functions, like Go's exec.go and funcs.go.

To compile:

- `compiler`: templates and their actions
- `lists`: lists of actions, with fast paths for runs of text, fields and dots
- `expressions`: pipelines, commands and operands
- `calls`: function calls
- `scope`: the slot of each variable
- `observed`: the same, to code that reports what a rendering goes through
- `compiled`: what the results consist of

To render:

- `state`: the state of one rendering
- `context`: the errors of compiled code, with their place
- `invoke`: calls a function with evaluated arguments
- `funcs`: the predefined functions
- `comparison`: eq, ne, lt, le, gt and ge
- `escaping`: html, js and urlquery

Never here: template text. Rendering reads the tree only for the text of errors.
"""
