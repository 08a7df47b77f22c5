"""Values to text, like Go's fmt and strconv, and strings as Go sees them.

- `print`: Sprint and Sprintln; one value under one printf directive
- `printf`: Sprintf and its layouts
- `format`: strings, booleans and numbers under flags, width and precision
- `ftoa`: floats to text (strconv)
- `quote`: quoting and unquoting (strconv)
- `runes`: the characters and bytes of a string
- `tables`: generated Unicode classes

Never here: templates. Nothing in this folder knows what a template is.
"""
