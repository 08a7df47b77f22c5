"""Template text to parse trees, like Go's text/template/parse.

- `lex`: text to tokens; trims the space beside `{{-` and `-}}`
- `stream`: a cursor on the tokens; errors with their place
- `parse`: actions to trees
- `pipelines`: pipelines, commands and operands to trees
- `number`: number and character literals
- `nodes`: the nodes of a tree; each prints its canonical text
- `bindings`: the variables in scope at a place of a template
- `names`: the names of the predefined functions; suggestions for unknown ones
- `hints`: what to write instead of what Go refuses
- `lines`: offsets to lines and columns

Never here: data, and anything that happens when a template is rendered.
"""
