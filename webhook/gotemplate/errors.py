"""The exceptions. `str()` of one is Go's own text, apart from limits that Go does not have.

TemplateError
├── ParseError              the text is not a template
│   └── ParseLimitError     the text exceeds a limit
├── ExecError               rendering failed
│   └── ExecLimitError      rendering exceeded a limit
└── LimitError              both limit errors
"""

_LONGEST = 8_192
_HEAD = 6_000
_TAIL = 2_000
_EXCERPT = 200


def shortened(text: str) -> str:
    """Return a text without its middle if it is too long to read or to log: messages may quote megabytes of data."""
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_HEAD]}[{len(text) - _HEAD - _TAIL} characters left out]{text[-_TAIL:]}"


class TemplateError(Exception):
    """An error with Go's text and its place in the template.

    Attributes:
        message: the same as `str()`; without its middle if it is longer than 8,192 characters.
        name: the name of the template that was parsed.
        line: line in the template's text, from 1; 0 if unknown.
        column: character in that line, from 1; 0 if unknown.
        expression: canonical source of the node that failed, shortened like the message; "" if unknown.
        variable: the first field name or variable in that expression, such as `MODEL_NAME` or `$x`, or "".
        source_line: that line of the text, without its line end.
        hint: what Go's message leaves out, such as which block is still open or which function was probably meant; or "".
    """

    def __init__(
        self,
        message: str,
        *,
        name: str = "",
        line: int = 0,
        column: int = 0,
        expression: str = "",
        variable: str = "",
        source_line: str = "",
        hint: str = "",
    ) -> None:
        message = shortened(message)
        super().__init__(message)
        self.message = message
        self.name = name
        self.line = line
        self.column = column
        self.expression = shortened(expression)
        self.variable = shortened(variable)
        self.source_line = source_line
        self.hint = hint

    def excerpt(self) -> str:
        """Return the source line, or the relevant part of a long one, with a caret below; "" if the place is unknown."""
        if not self.line:
            return ""
        at = max(self.column - 1, 0)
        begin = max(at - _EXCERPT, 0)
        before = self.source_line[begin:at]
        indent = "".join("\t" if char == "\t" else " " for char in before)
        return f"{self.source_line[begin : at + _EXCERPT]}\n{indent}^"


class ParseError(TemplateError):
    """The text is not a template."""


class ExecError(TemplateError):
    """The template cannot be rendered with this data."""


class LimitError(TemplateError):
    """A template exceeds a limit."""


class ParseLimitError(ParseError, LimitError):
    """The text of a template is larger, or nested deeper, than its limits allow."""


class ExecLimitError(ExecError, LimitError):
    """Rendering needs more steps, depth, output or time than its limits allow."""


class CallError(Exception):
    """A function rejects its arguments: the text that Go puts after "error calling NAME: ". Never leaves the package."""
