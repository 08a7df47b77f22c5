"""Explains what is wrong with a text that libyaml refuses to the person who wrote it.

libyaml names the place where it gave up and the block that was open there. In a configuration the cause is nearly always one
of a handful: a key in the wrong column, a tab, an unquoted value, an unclosed bracket or quote.
"""

import re
from typing import Any

import yaml

from webhook.catalog.yaml import unquoted
from webhook.catalog.yaml.nodes import Flaw
from webhook.problems import ProblemCode

_KEY = re.compile(r"""\s*(?:-\s+)*(?P<key>[^\s#'"\[\]{},:-][^#'"\[\]{},:]*?|"[^"]*"|'[^']*')\s*:(?:\s|$)""")
#: libyaml's context where a value is missing, and what replaces it once the open bracket is known.
_FLOW_NODE, _OPEN = "while parsing a flow node", "while a bracket is open"
_QUOTE_REMEDY = "quote the whole value"
#: libyaml's words, what they mean, and how to fix it. The first match wins.
_MEANINGS = (
    (
        "could not find expected ':'",
        "this line is neither a key with a value nor part of the value above",
        'write "key: value", or indent the line like the block it belongs to',
    ),
    ("did not find expected ',' or ']'", "unclosed list: there is no ] for this [", "add the missing comma or ]"),
    ("did not find expected ',' or '}'", "unclosed map: there is no } for this {", "add the missing comma or }"),
    (
        "did not find expected node content",
        "the list or map that begins here is unclosed, or one of its values is missing",
        "add the missing bracket or value",
    ),
    ("found unexpected end of stream", "unclosed quote", "add the closing quote"),
    ("found unexpected document indicator", "unclosed quote", "add the closing quote"),
    ("found unknown escape character", "YAML has no such backslash escape", "use single quotes, or \\\\"),
    ("block sequence entries are not allowed", "a list cannot begin on this line", "begin the list on the next line"),
    ("did not find expected <document start>", "there is text after the end of the document", "remove it"),
    ("found incompatible YAML document", "the %YAML directive asks for a version other than 1.1", "remove it"),
    ("found a tab character", "a tab cannot indent YAML", "indent with spaces"),
)


class Refused(yaml.MarkedYAMLError):
    """A refusal of our own, with its explanation; otherwise treated like libyaml's."""

    def __init__(self, code: ProblemCode, line: int, column: int, cause: str, remedy: str) -> None:
        super().__init__()
        self.flaw = Flaw(code, line + 1, column + 1, cause, remedy)


def inside(error: yaml.MarkedYAMLError, event: Any) -> yaml.MarkedYAMLError:
    """Return the error with the innermost open [ or {, which libyaml does not always report."""
    if event.flow_style and error.context == _FLOW_NODE:
        error.context, error.context_mark = _OPEN, event.start_mark
    return error


def limit(mark: Any, cause: str) -> Refused:
    """Return the refusal of a text that exceeds a limit at this mark."""
    return Refused("yaml-limit", mark.line, mark.column, cause, "write it flatter, without aliases")


def forbidden_character(text: str, offset: int) -> Refused:
    """Return the refusal of a character that YAML does not allow."""
    before = text[:offset].splitlines(keepends=True) or [""]
    ended = before[-1].endswith(("\n", "\r", "\x85", "\u2028", "\u2029"))
    line, column = (len(before), 0) if ended else (len(before) - 1, len(before[-1]))
    cause = f"YAML does not allow the character U+{ord(text[offset]):04X}"
    return Refused("yaml-syntax", line, column, cause, 'remove it, or write it as an escape in "double quotes"')


def explain(error: yaml.YAMLError, lines: list[str]) -> Flaw:
    """Explain what libyaml refuses; line and column count from 1 in these lines."""
    if isinstance(error, Refused):
        return error.flaw
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return Flaw("yaml-syntax", 1, 1, f"not valid YAML: {getattr(error, 'reason', error)}", "")
    line, column = mark.line, mark.column
    text = lines[line] if line < len(lines) else ""
    problem = getattr(error, "problem", "") or ""
    start = getattr(error, "context_mark", None)
    place = (line + 1, column + 1)
    if "\t" in text[: len(text) - len(text.lstrip())]:
        tab = text.index("\t")
        return Flaw("yaml-syntax", line + 1, tab + 1, "a tab cannot indent YAML", "indent with spaces")
    begun = start.line if start is not None else line
    found = unquoted.explain(lines, begun if "':'" in problem else line, begun if "expected ','" in problem else line)
    if found is None and (_is_colon(problem) or _is_shift(problem)):
        found = unquoted.open_quote(lines, line) or unquoted.without_space(lines, line)
    if found is not None:
        return Flaw("yaml-syntax", *found)
    if problem.startswith("mapping values are not allowed"):
        return Flaw("yaml-syntax", *_misplaced_colon(lines, line, column))
    if start is not None and _is_shift(problem):
        return Flaw("yaml-syntax", *place, *_shifted(lines, start, line, column))
    return _meaning(problem, mark, start, lines)


def _meaning(problem: str, mark: Any, start: Any, lines: list[str]) -> Flaw:
    """Return what libyaml's words mean."""
    place = (mark.line + 1, mark.column + 1)
    text = lines[mark.line] if mark.line < len(lines) else ""
    if "cannot start any token" in problem:
        remedy = f"quote it: {unquoted.in_quotes(unquoted.value(text))}"
        cause = f"an unquoted value cannot begin with {text[mark.column : mark.column + 1]}"
        return Flaw("yaml-syntax", *place, cause, remedy)
    for words, cause, remedy in _MEANINGS:
        if words in problem:
            if "missing comma" in remedy and _is_closed(lines, start):
                return Flaw("yaml-syntax", *place, "a comma is missing between two items", "write a comma between them")
            opened = start if start is not None and ("unclosed" in cause or "':'" in words) else mark
            return Flaw("yaml-syntax", opened.line + 1, opened.column + 1, cause, remedy.replace("comma or ", ""))
    return Flaw("yaml-syntax", *place, f"not valid YAML: {problem}", "")


def _is_closed(lines: list[str], start: Any) -> bool:
    """Return whether an open bracket is closed in its line."""
    return start is not None and start.line < len(lines) and bool(unquoted.closed(lines[start.line][start.column :]))


def _is_colon(problem: str) -> bool:
    """Return whether libyaml met a colon that cannot end a key."""
    return problem.startswith(("mapping values are not allowed", "could not find expected ':'"))


def _is_shift(problem: str) -> bool:
    """Return whether libyaml met something that is not aligned with the block that it is in."""
    return "expected key" in problem or "expected '-' indicator" in problem


def _key_at(text: str) -> tuple[str, int] | None:
    """Return the key that a line begins with and its column from 1, skipping ``- ``."""
    match = _KEY.match(text)
    return (match["key"], match.start("key") + 1) if match else None


def _shifted(lines: list[str], start: Any, line: int, column: int) -> tuple[str, str]:
    """Return cause and remedy for a line that is not aligned with its block."""
    text = lines[line] if line < len(lines) else ""
    first = _key_at(lines[start.line]) if start.line < len(lines) else None
    found = _key_at(text)
    if text.lstrip().startswith("- ") and "- " not in lines[start.line][: start.column + 2]:
        cause = f"list item at column {column + 1} among the keys of a map at column {start.column + 1}"
        return cause, "indent it like the list that it belongs to"
    if found is None or first is None:
        cause = (
            f"this line does not belong to the block that begins at line {start.line + 1}, column {start.column + 1}"
        )
        return cause, f"align it with column {start.column + 1}, or remove it"
    name, at = found
    beside, column, row = first[0], start.column + 1, start.line + 1
    if at == column:
        return "there is text after the end of a value", "remove it, or put the whole value in quotes"
    for above in range(line - 1, start.line - 1, -1):
        deeper = _key_at(lines[above])
        if deeper is not None and deeper[1] > at:
            (beside, column), row = deeper, above + 1
        elif deeper is not None:
            break
    cause = (
        f'the key "{name}" is at column {at}, but the keys of its map are at column {column} ("{beside}" at line {row})'
    )
    return (
        cause,
        f"align the keys of this map at column {column}, and indent what belongs to a key two columns deeper",
    )


def _misplaced_colon(lines: list[str], line: int, column: int) -> tuple[int, int, str, str]:
    """Return place, cause and remedy of a colon that cannot end a key: in an unquoted value, or after a key indented too deep."""
    text = lines[line]
    before = text[:column]
    found = _key_at(text)
    inner = re.match(r"\s*(?:-\s+)*[^\s:]+:\s+\S", before)
    if inner:
        return (
            line + 1,
            column + 1,
            'a second ": " on one line',
            f"quote it: {unquoted.in_quotes(unquoted.value(text))}",
        )
    above = next((row for row in range(line - 1, -1, -1) if _key_at(lines[row])), None)
    sibling = _key_at(lines[above]) if above is not None else None
    if found is None or sibling is None or above is None or sibling[1] >= found[1]:
        return line + 1, column + 1, 'unexpected ": "', _QUOTE_REMEDY
    name, at = found
    cause = (
        f'the key "{name}" at column {at} is indented below "{sibling[0]}" (line {above + 1}, column {sibling[1]}), '
        f"which already has a value"
    )
    return line + 1, at, cause, f"align it with column {sibling[1]} if it belongs beside {sibling[0]}"
