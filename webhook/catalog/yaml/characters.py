"""Where each character of a scalar's value is written in the source.

A block scalar is indented, folded lines are joined, and quotes have escapes, so a place in the value is found by reading the
scalar once more, as libyaml's scanner does. What was read must begin with what libyaml gave, else the places are unknown.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import dropwhile
from typing import TypeAlias

from webhook.catalog.yaml.nodes import FOLDED, LITERAL, PLAIN, Scalar

Place: TypeAlias = tuple[int, int]
"""Line and column, from 1."""

_Char: TypeAlias = tuple[str, Place]
"""A character of the value, and where it is written."""

_SINGLE, _DOUBLE = "'", '"'
_BLANK = " \t"
_PROPERTIES = re.compile(r"(?:[&!]\S*[ \t]+)+")
_HEADER = re.compile(r"[|>](?P<indicators>[-+0-9]*)")
_ESCAPE = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", re.DOTALL)
_ESCAPES = {
    **{char: char for char in '"\\/ \t'},
    "0": "\0",
    "a": "\a",
    "b": "\b",
    "t": "\t",
    "n": "\n",
    "v": "\v",
    "f": "\f",
    "r": "\r",
    "e": "\x1b",
    "N": "\x85",
    "_": "\xa0",
    "L": "\u2028",
    "P": "\u2029",
}


def of(scalar: Scalar, lines: Sequence[str]) -> list[Place] | None:
    """Return the place of each character of a scalar's text, and of its end; None if they are unknown.

    Args:
        scalar: a scalar of the source.
        lines: the lines of the source, without their line breaks.
    """
    if not 1 <= scalar.line <= scalar.end_line <= len(lines):
        return None
    properties = _PROPERTIES.match(lines[scalar.line - 1], scalar.column - 1)
    begin = properties.end() if properties is not None else scalar.column - 1
    for chars in _readings(scalar, lines, begin):
        text = "".join(piece for piece, _ in chars)
        if text.startswith(scalar.text):  # a text inside another one ends before the line does
            places = [place for _, place in chars[: len(scalar.text)]]
            return [*places, _after(text[: len(places)], places, scalar)]
    return None


def offset(text: str, line: int, column: int, line_break: re.Pattern[str]) -> int:
    """Return the offset of a line and column, from 1, in a text with such line breaks."""
    starts = [0, *(found.end() for found in line_break.finditer(text))]
    return min(starts[min(line, len(starts)) - 1] + column - 1, len(text))


def _after(text: str, places: Sequence[Place], scalar: Scalar) -> Place:
    """Return the place just past the last character."""
    if not places:
        return scalar.line, scalar.column
    line, column = places[-1]
    return (line + 1, 1) if text.endswith("\n") else (line, column + 1)


def _readings(scalar: Scalar, lines: Sequence[str], begin: int) -> Iterator[list[_Char]]:
    """Yield what the source may say from a column (from 0) on: several readings if the indentation of a block is not known."""
    if scalar.style in (LITERAL, FOLDED):
        yield from _blocks(scalar, lines, begin)
    elif scalar.style == PLAIN:
        yield _folded(_plain(_rows(scalar, lines, begin, scalar.end_column - 1)))
    else:
        rows = _rows(scalar, lines, begin + 1, scalar.end_column - 2)
        yield _folded(_single(rows)) if scalar.style == _SINGLE else _folded(_double(rows))


# --- plain and quoted ---


def _rows(scalar: Scalar, lines: Sequence[str], begin: int, end: int) -> list[list[_Char]]:
    """Return the characters of each line from a column (from 0) of the first line to a column of the last one."""
    rows = []
    for number in range(scalar.line, scalar.end_line + 1):
        line = lines[number - 1]
        stop = end if number == scalar.end_line else len(line)
        start = begin if number == scalar.line else 0
        rows.append([(char, (number, at + 1)) for at, char in enumerate(line[start:stop], start)])
    return rows


def _plain(rows: list[list[_Char]]) -> list[list[_Char]]:
    return [_stripped(row, first=index == 0, last=False) for index, row in enumerate(rows)]


def _single(rows: list[list[_Char]]) -> list[list[_Char]]:
    return [_unquoted(_stripped(row, first=index == 0, last=index == len(rows) - 1)) for index, row in enumerate(rows)]


def _unquoted(row: list[_Char]) -> list[_Char]:
    """Return a line of a single-quoted scalar with each pair of quotes as one."""
    found: list[_Char] = []
    at = 0
    while at < len(row):
        found.append(row[at])
        at += 2 if row[at][0] == _SINGLE else 1
    return found


def _double(rows: list[list[_Char]]) -> list[list[_Char]]:
    """Return the lines of a double-quoted scalar without escapes; a line that ends in a backslash goes on in the next one."""
    found: list[list[_Char]] = []
    continued = False
    for index, row in enumerate(rows):
        kept, goes_on = _unescaped(row, first=index == 0, last=index == len(rows) - 1)
        if continued and not kept and not goes_on and index < len(rows) - 1:
            found.append([])  # an empty line after a continued one is a line break
        elif continued:
            found[-1] += kept
        else:
            found.append(kept)
        continued = goes_on
    return found


def _unescaped(row: list[_Char], *, first: bool, last: bool) -> tuple[list[_Char], bool]:
    """Return a line without escapes and the space around it, and whether it ends in a backslash."""
    text = "".join(char for char, _ in row)
    found: list[_Char] = []
    kept = 0  # up to where space at the end of the line is not removed
    at = 0 if first else len(text) - len(text.lstrip(_BLANK))
    while at < len(text):
        place = row[at][1]
        escape = _ESCAPE.match(text, at)
        if escape is not None:
            found.append((_escaped(escape[0]), place))
            at = escape.end()
            kept = len(found)
        elif text[at] == "\\":
            return found, True
        else:
            found.append((text[at], place))
            at += 1
            kept = kept if found[-1][0] in _BLANK else len(found)
    return (found if last else found[:kept]), False


def _escaped(escape: str) -> str:
    """Return the character that an escape stands for."""
    digits = escape[2:]
    return chr(int(digits, 16)) if digits else _ESCAPES.get(escape[1], escape)


def _stripped(row: list[_Char], *, first: bool, last: bool) -> list[_Char]:
    """Return a line without the space before it, unless it is the first, and after it, unless it is the last."""
    kept = row if first else list(dropwhile(lambda char: char[0] in _BLANK, row))
    if not last:
        while kept and kept[-1][0] in _BLANK:
            kept = kept[:-1]
    return kept


def _folded(rows: list[list[_Char]]) -> list[_Char]:
    """Join lines: a line break becomes a space, or if empty lines follow, one line break for each of them."""
    found: list[_Char] = []
    breaks = 0
    for index, row in enumerate(rows):
        if index and not row and index < len(rows) - 1:
            breaks += 1
            continue
        if index:
            place = row[0][1] if row else (found[-1][1] if found else (1, 1))
            found += [("\n", place)] * breaks if breaks else [(" ", place)]
            breaks = 0
        found += row
    return found


# --- blocks ---


def _blocks(scalar: Scalar, lines: Sequence[str], begin: int) -> Iterator[list[_Char]]:
    """Yield the readings of a block scalar, by how far its content is indented."""
    header = _HEADER.match(lines[scalar.line - 1], begin)
    if header is None:
        return
    indicators = header["indicators"]
    rows = [(number, lines[number - 1]) for number in range(scalar.line + 1, scalar.end_line + 1)]
    most = next(
        (_indentation(line) for _, line in rows if line.strip(" ")), max((len(line) for _, line in rows), default=0)
    )
    explicit = any(char.isdigit() for char in indicators)
    for indent in range(max(most, 1), 0, -1) if explicit else (most,):
        yield _block(rows, indent, scalar.style, chomping=indicators.strip("0123456789"))


def _block(rows: Sequence[tuple[int, str]], indent: int, style: str, *, chomping: str) -> list[_Char]:
    """Read a block whose content is indented by so many columns, as libyaml does."""
    found: list[_Char] = []
    line_break: list[_Char] = []  # that of the line before
    empty: list[_Char] = []  # those of empty lines
    was_blank = False
    for number, line in rows:
        content = line[indent:]
        if not content and not line.strip(" "):
            empty.append(("\n", (number, len(line) + 1)))
            continue
        if _indentation(line) < indent:
            break
        blank = content[0] in _BLANK
        if style == FOLDED and line_break and not was_blank and not blank:
            found += [] if empty else [(" ", line_break[0][1])]
        else:
            found += line_break
        found += empty
        found += [(char, (number, at)) for at, char in enumerate(content, indent + 1)]
        line_break, empty, was_blank = [("\n", (number, len(line) + 1))], [], blank
    return found + ([] if chomping == "-" else line_break) + (empty if chomping == "+" else [])


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
