"""What to write instead: remedies for mistakes that Go's messages name without explaining them."""

import re
from collections.abc import Sequence
from typing import NamedTuple

_COMMENT = "write a comment as {{/* text */}}, without spaces between it and the braces"
_NAME = "a name has only letters, digits and _; write a string in double quotes"
_NO_BLOCK = "remove it: no block is open here"
_OPERATORS = "templates have no operators and no arithmetic: write eq .A .B, gt .A 1, and .A .B, not .A"
_WORDS = "separate a function and its arguments by spaces, without parentheses and commas: and .A .B"
_INDEX = "write index .LIST 0 for the first item of a list"


#: How many characters on each side of an error are looked at.
_AROUND = 200


class _Hint(NamedTuple):
    """A remedy, and what shows that it is the right one: the message, and what surrounds the place of the error."""

    message: str
    remedy: str
    before: str = ""
    after: str = ""


#: The first match counts.
_HINTS: Sequence[_Hint] = (
    _Hint(r'unexpected "}" in|bad character U\+007D|unclosed action|unexpected unclosed', "close the action with }}"),
    _Hint(r"unrecognized character in action: U\+(?:201[89A-F]|00AB|00BB)", 'write plain quotes: "text"'),
    _Hint(r"malformed character constant|unterminated character constant", 'write strings in double quotes: "text"'),
    _Hint(r"unterminated quoted string", 'close the string with "'),
    _Hint(r"unterminated raw quoted string", "close the string with `"),
    _Hint(r"unclosed left paren", "close the parenthesis with )"),
    _Hint(r"unexpected right paren", "remove the ), or open its parenthesis"),
    _Hint(r"unexpected \{\{(?:end|else)\}\}$", _NO_BLOCK),
    _Hint(r"expected end; found", "a block has one {{else}}: write {{else if}} for another condition"),
    _Hint(r"outside \{\{range\}\}", "write it between {{range}} and its {{end}}"),
    _Hint(r"comment ends before closing|unclosed comment", _COMMENT),
    _Hint(r'unexpected "/" in', _COMMENT, after=r"/[/*]"),
    _Hint(r'unexpected "\{" in', "an action begins with two braces, and there can be no action inside another"),
    _Hint(r"bad number syntax|illegal number syntax", "write a space after {{-", before=r"\{\{$", after="-"),
    _Hint(r"illegal number syntax: \"[+-]\"|bad number syntax: \"[+-]\"", _OPERATORS),
    _Hint(r"bad character U\+002D", "write a space before -}}", after=r"[$\w.]+-\}\}"),
    _Hint(r'bad character U\+005B|unexpected "\.\d', _INDEX),
    _Hint(r"bad character|unrecognized character", _NAME),
    _Hint(r'unexpected "[,(]" in', _WORDS),
    _Hint(r"missing value for (?:if|with|else)", "write a condition after it, such as {{if .A}}"),
    _Hint(r"missing value for range", "write a list after it, such as {{range .LIST}}"),
    _Hint(r"missing value for command", "write a value in it, or remove it"),
    _Hint(r'undefined variable "\$', "write range $i, $a := .LIST", before=r"range\s[^}]*$", after=r"(?:[^}]*\s)?in\s"),
    _Hint(r'unexpected "[=<>!&+*/%?]" in', _OPERATORS),
)


def hint(message: str, source: str, column: int) -> str:
    """Return the remedy for an error, or "".

    Args:
        message: Go's, without the place at its start.
        source: the line that the error is in.
        column: of the error, from 1.
    """
    before, after = source[max(column - 1 - _AROUND, 0) : column - 1], source[column - 1 : column - 1 + _AROUND]
    for one in _HINTS:
        if re.search(one.message, message) and re.search(one.before, before) and re.match(one.after, after):
            return one.remedy
    return ""
