"""A change as people see it: the lines that it removes and those that it adds, cut where they are long."""

import difflib
import re
import textwrap
from collections.abc import Sequence

from webhook import errors
from webhook.catalog.yaml.nodes import Node, YamlSequence, plain

Lines = tuple[str, ...]

#: Lines of each side of a change that are shown.
_SHOWN = 6

#: Characters of a long line that are shown before and after the place where it begins to differ.
_AROUND = 100

#: Lines that are compared with one another; of more, everything from the first that differs to the last counts as different.
_COMPARED = 400

#: A list in brackets, after what may be written before it: an anchor and a tag.
_BRACKET = re.compile(r"(?:[&!]\S*\s+)*\[")

_COMMA = re.compile(r"\s*,")


def difference(old: str, new: str) -> tuple[Lines, Lines]:
    """Return the lines of two texts that differ: those of the old one, and those of the new one."""
    before, after = old.split("\n"), new.split("\n")
    same = _common(before, after)
    before, after = before[same:], after[same:]
    while before and after and before[-1] == after[-1]:
        before, after = before[:-1], after[:-1]
    if max(len(before), len(after)) <= _COMPARED:
        changes = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
        pieces = [(before[i:j], after[k:m]) for what, i, j, k, m in changes if what != "equal"]
        before = [line for piece, _ in pieces for line in piece]
        after = [line for _, piece in pieces for line in piece]
    return _cut(*_shortened(before, after))


def removal(lines: Sequence[str], sequence: YamlSequence, index: int) -> tuple[Lines, Lines]:
    """Return the lines that differ once a list has lost one of its items.

    Args:
        lines: of the text that the list is in.
        sequence: the list.
        index: of the item.
    """
    item = sequence.items[index]
    if not is_inside(item, sequence):
        return (f"- {errors.shown(plain(item))}",), ()
    rows = lines[sequence.line - 1 : sequence.end_line]
    neighbours = sequence.items[max(index - 1, 0) : index + 2]
    if _BRACKET.match(rows[0], sequence.column - 1) and all(is_inside(one, sequence) for one in neighbours):
        old, begin, end = _in_brackets(rows, sequence, index)
        return difference(old, old[:begin] + old[end:])
    own = list(lines[item.line - 1 : item.end_line])
    if item.end_line > item.line and item.end_column <= 1:
        own.pop()
    return _cut(*_shortened(textwrap.dedent("\n".join(own)).rstrip("\n").split("\n"), []))


def is_inside(item: Node, sequence: YamlSequence) -> bool:
    """Return whether an item is written in its list; that of an alias is written elsewhere."""
    begin, end = (sequence.line, sequence.column), (sequence.end_line, sequence.end_column)
    return begin <= (item.line, item.column) and (item.end_line, item.end_column) <= end


def _in_brackets(rows: Sequence[str], sequence: YamlSequence, index: int) -> tuple[str, int, int]:
    """Return the lines of a list without their indentation, and from where to where an item reaches with the comma that goes with it."""
    indent = min(len(row) - len(row.lstrip()) for row in rows if row.strip())
    text = "\n".join(row[indent:] for row in rows)
    starts = [0]
    for row in rows:
        starts.append(starts[-1] + len(row[indent:]) + 1)

    def offset(line: int, column: int) -> int:
        return starts[line - sequence.line] + column - 1 - indent

    items = sequence.items
    item = items[index]
    begin, end = offset(item.line, item.column), offset(item.end_line, item.end_column)
    if index + 1 < len(items):
        end = offset(items[index + 1].line, items[index + 1].column)
    elif index:
        begin = offset(items[index - 1].end_line, items[index - 1].end_column)
    elif comma := _COMMA.match(text, end):
        end = comma.end()
    return text, begin, end


def _shortened(before: list[str], after: list[str]) -> tuple[list[str], list[str]]:
    """Return lines with the ends of long ones cut; if one has changed, both are cut around the place where they begin to differ."""
    at = _common(before[0], after[0]) if len(before) == len(after) == 1 else 0
    begin = max(at - _AROUND, 0) if any(len(line) > 2 * _AROUND for line in (*before, *after)) else 0
    return [_piece(line, begin) for line in before], [_piece(line, begin) for line in after]


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many of their first characters, or lines, two texts have in common."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _piece(line: str, begin: int) -> str:
    end = begin + 2 * _AROUND
    return ("…" if begin else "") + line[begin:end] + ("…" if end < len(line) else "")


def _cut(before: list[str], after: list[str]) -> tuple[Lines, Lines]:
    return _some(before), _some(after)


def _some(lines: list[str]) -> Lines:
    if len(lines) <= _SHOWN:
        return tuple(lines)
    return (*lines[: _SHOWN - 1], f"… {len(lines) - _SHOWN + 1} more lines")
