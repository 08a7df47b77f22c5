"""The exceptions. `str()` of one is Go's own text, apart from limits that Go does not have.

TemplateError
├── ParseError              the text is not a template
│   └── ParseLimitError     the text exceeds a limit
├── ExecError               rendering failed
│   └── ExecLimitError      rendering exceeded a limit
└── LimitError              both limit errors
"""

import unicodedata

_LONGEST = 8_192
_HEAD = 6_000
_TAIL = 2_000
#: How many characters an excerpt shows on each side of its place.
_AROUND = 200


def shortened(text: str) -> str:
    """Return a text without its middle if it is too long to read or to log: messages may quote megabytes of data."""
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_HEAD]}[{len(text) - _HEAD - _TAIL} characters left out]{text[-_TAIL:]}"


def excerpt(source_line: str, column: int, around: int = _AROUND, width: int = 1) -> str:
    """Return a line, or the middle of a long one, and a second line with carets below this column, from 1.

    An ellipsis marks each end that is cut. Control characters are replaced, so that the excerpt can be shown on a terminal.

    Args:
        source_line: the line.
        column: the first character that a caret is below.
        around: how many characters on each side of it are shown.
        width: how many characters carets are below, as far as they are shown.
    """
    at = max(column - 1, 0)
    begin, end = max(at - around, 0), at + around
    shown = "".join(
        char if char.isprintable() or char == "\t" else "\N{REPLACEMENT CHARACTER}" for char in source_line[begin:end]
    )
    before, after = "…" * (begin > 0), "…" * (end < len(source_line))
    indent = "".join(_indent(char) for char in before + shown[: at - begin])
    carets = sum(len(_indent(char)) for char in shown[at - begin : at - begin + width])
    return f"{before}{shown}{after}\n{indent}{'^' * max(carets, 1)}"


def _indent(char: str) -> str:
    """Return as much space as a terminal gives to a character."""
    if char == "\t":
        return char
    if unicodedata.combining(char):
        return ""
    return "  " if unicodedata.east_asian_width(char) in {"F", "W"} else " "


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

    def excerpt(self, around: int = _AROUND) -> str:
        """Return :func:`excerpt` of the place, or "" if the place is unknown."""
        return excerpt(self.source_line, self.column, around) if self.line else ""


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
