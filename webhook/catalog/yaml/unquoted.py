"""Lines that YAML refuses because of how a value on them is quoted or punctuated, and how to write them."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

#: What precedes a value in a line: dashes, and a key.
_BEFORE = re.compile(r"\s*(?:-\s+)*(?:[A-Za-z_][\w./-]*:\s+|\"[^\"]*\":\s+|'[^']*':\s+)?")
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"|' + r"'(?:''|[^'])*'")
_COMMENT = re.compile(r"\s+#.*$")
_NO_SPACE = re.compile(r"\s*(?:-\s+)*(?P<key>[A-Za-z_][\w-]*):(?P<value>[^\s:/][^:]*)$")
_NO_SPACE_AFTER_DASH = re.compile(r"\s*-(?P<key>[A-Za-z_]\w*):(?:\s+(?P<value>.*))?$")
_BLOCK = re.compile(r"[|>][+-]?\d?[+-]?\s*(?:#.*)?$")
_CLOSERS = {"[": "]", "{": "}"}
#: A value that is a string to its author, but has a map or list of JSON in it.
_WITH_JSON = re.compile(r"[^\s\"'{\[,][^\s\"',]*?[={\[]")


#: Longer lines are not explained: nobody writes them by hand, and what they hold would not fit into a message.
LONGEST = 500
#: How many lines are searched for what an error in a line may come from.
_LOOKED_INTO = 50


class Explained(NamedTuple):
    """Line and column, from 1, what is wrong there, and what would be right."""

    line: int
    column: int
    cause: str
    remedy: str


def in_quotes(text: str) -> str:
    """Return a string of one line in YAML's single quotes, in which nothing but ' is special."""
    return "'" + text.replace("'", "''") + "'"


def explain(lines: Sequence[str], line: int, opened: int) -> Explained | None:
    """Return what is wrong with a line that YAML refuses, or with the line of the bracket that is open there, from 0."""
    found = _text_of_block(lines, line)
    for row in dict.fromkeys((line, opened)):
        if found is None and 0 <= row < len(lines) and len(lines[row]) <= LONGEST:
            found = _value(lines[row], row + 1)
    return found


def value(text: str) -> str:
    """Return the value in a line: what follows dashes and a key, without a comment."""
    before = _BEFORE.match(text)
    return _COMMENT.sub("", text[before.end() if before else 0 :]).rstrip()


def open_quote(lines: Sequence[str], line: int) -> Explained | None:
    """Return the nearest value above a line (from 0), or in it, that begins with a quote and does not end with one."""
    for row in range(line, max(line - _LOOKED_INTO, -1), -1):
        written = value(lines[row]) if row < len(lines) and len(lines[row]) <= LONGEST else ""
        if written[:1] in {'"', "'"} and not _QUOTED.match(written):
            column = len(lines[row]) - len(lines[row].lstrip()) + lines[row].lstrip().index(written) + 1
            return Explained(row + 1, column, "unclosed quote", f"add the closing {written[0]}")
    return None


def without_space(lines: Sequence[str], line: int) -> Explained | None:
    """Return whether this line (from 0) or the one above it lacks a space after a colon or a dash."""
    for row in (line, line - 1):
        text = lines[row] if 0 <= row < len(lines) else ""
        if found := _NO_SPACE.match(text):
            key, value = found["key"], found["value"]
            return Explained(
                row + 1, found.end("key") + 1, f'no space after "{key}:"', f'write "{key}: {value.strip()}"'
            )
        if found := _NO_SPACE_AFTER_DASH.match(text):
            written = text.strip().removeprefix("-")
            return Explained(row + 1, found.start("key"), 'no space after "-"', f'write "- {written}"')
    return None


def _value(text: str, line: int) -> Explained | None:
    """Return what is wrong with the value in a line."""
    before = _BEFORE.match(text)
    start = before.end() if before else 0
    found = value(text)
    if found[:1] in {'"', "'"}:
        return _after_quote(found, line, start)
    if found.startswith("{{"):
        cause = "an unquoted value cannot begin with {{, which begins a map in YAML"
        return Explained(line, start + 1, cause, f"quote it: {in_quotes(found)}")
    if found[:1] in _CLOSERS:
        return _in_brackets(found, line, start)
    if found[:1] in {"|", ">"} and not _BLOCK.match(found):
        cause = f"the text of a block begins on the line after the {found[0]}"
        return Explained(line, start + 1, cause, f"quote it: {in_quotes(found)}, or move the text to the next line")
    if found[:1] == "*":
        return Explained(line, start + 1, "an unquoted value cannot begin with *", f"quote it: {in_quotes(found)}")
    if re.match(r"-[\w-]*=[{\[]", found):
        item = found[: _end(found, 0)]
        cause = "an unquoted value cannot have a map or a list of JSON in it"
        return Explained(line, start + 1, cause, f"quote it: {in_quotes(item)}")
    return None


def _after_quote(value: str, line: int, start: int) -> Explained | None:
    """Return that there is text after the closing quote of a value."""
    quoted = _QUOTED.match(value)
    rest = value[quoted.end() :] if quoted else ""
    if not quoted or not rest.strip() or rest.lstrip()[:1] in {":", ",", "]", "}"}:
        return None
    quote = value[0]
    meant = value[1:-1] if value.endswith(quote) else value.replace(quote, "")
    return Explained(
        line, start + quoted.end() + 1, f"there is text after the closing {quote}", f"write {in_quotes(meant)}"
    )


def _in_brackets(value: str, line: int, start: int) -> Explained | None:
    """Return what is wrong with a list or map in brackets: an item that needs quotes, or what follows the last bracket."""
    for at in _items(value):
        item = value[at : _end(value, at)].rstrip()
        if item.startswith("{{") or (_WITH_JSON.match(item) and re.search(r"[{\[]", item)):
            cause = "in brackets, an unquoted value cannot have { or [ in it"
            return Explained(line, start + at + 1, cause, f"quote it: {in_quotes(item)}")
    end = closed(value)
    rest = value[end:].lstrip()
    if not rest or not end:
        return None
    column = start + len(value) - len(rest) + 1
    if rest[0] in "]}":
        return Explained(line, column, f"one {rest[0]} too many", "remove it")
    return Explained(line, column, f"there is text after the closing {value[end - 1]}", "remove it")


def _items(value: str) -> Iterator[int]:
    """Yield the offset of each item in the outermost brackets."""
    at = 1
    while at < len(value):
        at += len(value[at:]) - len(value[at:].lstrip())
        if at >= len(value) or value[at] == _CLOSERS[value[0]]:
            return
        yield at
        at = _end(value, at) + 1


def _end(value: str, at: int) -> int:
    """Return where the item that begins here ends: at a comma or a closing bracket that is not its own."""
    depth = 0
    while at < len(value):
        character = value[at]
        quoted = _QUOTED.match(value, at)
        if quoted:
            at = quoted.end()
            continue
        if not depth and character in ",]}":
            return at
        depth += (character in "[{") - (character in "]}")
        at += 1
    return at


def closed(value: str) -> int:
    """Return the offset after the bracket that closes the one that a value begins with; 0 if there is none."""
    depth = at = 0
    value = value[:LONGEST]
    while at < len(value):
        quoted = _QUOTED.match(value, at)
        at = quoted.end() if quoted else at + 1
        if not quoted:
            depth += (value[at - 1] in "[{") - (value[at - 1] in "]}")
            if not depth:
                return at
    return 0


def _text_of_block(lines: Sequence[str], line: int) -> Explained | None:
    """Return that a line belongs to the text of a block above it, if its indentation is all that is wrong with it."""
    text = lines[line] if line < len(lines) else ""
    indent, first = len(text) - len(text.lstrip()), 0
    before = _BEFORE.match(text)
    if not text.strip() or (before and before.end() > indent):
        return None
    for row in range(line - 1, -1, -1):
        above = lines[row]
        if not above.strip():
            continue
        if _BLOCK.search(above) and not (first and first <= indent):
            column = first or len(above) - len(above.lstrip()) + 2
            cause = f"this line is not indented like the text of the block that begins at line {row + 1}"
            return Explained(line + 1, indent + 1, cause, f"indent it to column {column + 1}")
        if len(above) - len(above.lstrip()) <= indent:
            return None
        first = len(above) - len(above.lstrip())
    return None
