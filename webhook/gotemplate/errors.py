"""What can go wrong with a template. `str()` of an error is the text that Go gives.

TemplateError
├── ParseError              the text is no template
│   └── ParseLimitError     the text is larger or deeper than its limits
├── ExecError               rendering stopped
│   └── ExecLimitError      rendering ran into a limit
└── LimitError              both limit errors
"""

_LONGEST = 8_192
_HEAD = 6_000
_TAIL = 2_000
_EXCERPT = 200


def shortened(text: str) -> str:
    """Return a text without its middle if it is longer than people read and logs take: data can be megabytes."""
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_HEAD]}[{len(text) - _HEAD - _TAIL} characters left out]{text[-_TAIL:]}"


class TemplateError(Exception):
    """An error with Go's text and the place in the template that it concerns.

    Attributes:
        message: Go's text, the same as `str()`; without its middle where it has more than 8,192 characters.
        name: name of the template that was parsed.
        line: line in its text, from 1; 0 where no place is known.
        column: character in that line, from 1; 0 where no place is known.
        expression: canonical source of the node concerned, or ""; likewise.
        variable: first field name or variable in that expression, such as `MODEL_NAME` or `$x`, or "".
        source_line: that line of the text, without its line end.
        hint: more than Go says, such as which block is still open or which function was probably meant; or "".
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
        """Return the source line, or the middle of a long one, and a caret below; "" where no place is known."""
        if not self.line:
            return ""
        at = max(self.column - 1, 0)
        begin = max(at - _EXCERPT, 0)
        before = self.source_line[begin:at]
        blank = "".join("\t" if char == "\t" else " " for char in before)
        return f"{self.source_line[begin : at + _EXCERPT]}\n{blank}^"


class ParseError(TemplateError):
    """The text is not a template."""


class ExecError(TemplateError):
    """The template cannot be rendered with this data."""


class LimitError(TemplateError):
    """A template asks for more than its limits allow."""


class ParseLimitError(ParseError, LimitError):
    """The text of a template is larger or deeper than its limits allow."""


class ExecLimitError(ExecError, LimitError):
    """Rendering takes more steps, depth, output or time than its limits allow."""


class CallError(Exception):
    """A function refuses its arguments: the text that Go puts after "error calling NAME: ". Never leaves the package."""
