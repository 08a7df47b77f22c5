"""Values to text, like Go's fmt and strconv, and strings as Go sees them.

- `print`: Sprint, Sprintln and Sprintf
- `format`: strings, booleans and numbers under one printf directive
- `ftoa`: floats to text (strconv's ftoa.go)
- `quote`: quoting and unquoting (strconv's quote.go)
- `runes`: characters and bytes of a string
- `tables`: Unicode classes as generated data

Never here: templates. Nothing in this folder knows what a template is.
"""
