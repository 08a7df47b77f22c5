"""What a rendering goes through, found without the engine's help: a template that prints a marker at each of its points.

It is built from the tokens of the text alone, by inserting text, so it shares neither tree nor compiler with what it checks.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from webhook.gotemplate import Point, Template
from webhook.gotemplate.parse.lex import Kind, Token, tokens

_DEFINITIONS = (Kind.DEFINE, Kind.BLOCK)
_BLOCKS = (Kind.IF, Kind.WITH, Kind.RANGE, *_DEFINITIONS)


@dataclass
class _Block:
    """A block whose end is yet to come: its keyword, the offset of its point, and the blocks whose else led to it."""

    kind: Kind
    offset: int
    elses: list[int] = field(default_factory=list)
    has_else: bool = False


class Marked:
    """A template that prints markers.

    Attributes:
        text: the template.
        points: all points of the original, as pairs of offset and outcome.
    """

    def __init__(self, original: str) -> None:
        self.points: set[tuple[int, str]] = set()
        self._inserted: list[tuple[int, int, str]] = []  # offset, order, text
        self._open: list[_Block] = []
        found = tokens(original)
        begin = 0
        for end, token in enumerate(found):
            if token.kind is Kind.LEFT_DELIM:
                begin = end
            elif token.kind is Kind.RIGHT_DELIM:
                words = [one for one in found[begin + 1 : end] if one.kind is not Kind.SPACE]
                self._action(words, found[begin].offset, token.offset + 2, found[end + 1].offset)
        pieces, start = [], 0
        for place, _, piece in sorted(self._inserted):
            pieces += original[start:place], piece
            start = place
        self.text = "".join(pieces) + original[start:]

    def _insert(self, at: int, piece: str) -> None:
        self._inserted.append((at, len(self._inserted), piece))

    def _marker(self, offset: int, outcome: str) -> str:
        self.points.add((offset, outcome))
        return f"⟦{offset}:{outcome}⟧"

    def _action(self, words: Sequence[Token], left: int, right: int, following: int) -> None:
        """Insert the markers of one action, from `left` to `right`; the next token begins at `following`."""
        kind = words[0].kind
        if kind is Kind.ELSE:
            self._else(words, right)
        elif kind is Kind.END:
            self._end(left, right)
        elif kind in _BLOCKS:
            if kind is Kind.BLOCK:
                self._insert(left, self._marker(words[1].offset, ""))
            self._begin(kind, following if kind in _DEFINITIONS else words[1].offset, left, right)
        else:
            self._insert(left, self._marker((words[1] if kind is Kind.TEMPLATE else words[0]).offset, ""))

    def _begin(self, kind: Kind, offset: int, left: int, right: int) -> None:
        self._open.append(_Block(kind, offset))
        if kind is Kind.RANGE:
            self.points.update((offset, outcome) for outcome in ("none", "one", "many"))
            self._insert(left, f"⟦{offset}:(⟧")
            self._insert(right, f"⟦{offset}:.⟧")
        else:
            self._insert(right, self._marker(offset, "called" if kind in _DEFINITIONS else "body"))

    def _else(self, words: Sequence[Token], right: int) -> None:
        block = self._open[-1]
        if block.kind is Kind.RANGE:  # marked here as well, since a continue in the else skips the end
            self._insert(right, self._marker(block.offset, "none"))
            return
        block.elses.append(block.offset)
        self._insert(right, "".join(self._marker(offset, "else") for offset in block.elses))
        if len(words) == 1:
            block.has_else = True
        else:  # {{else if}}: whoever gets to the inner block, whatever its outcome, took the outer else
            block.offset = words[2].offset
            self._insert(right, self._marker(block.offset, "body"))

    def _end(self, left: int, right: int) -> None:
        block = self._open.pop()
        if block.kind is Kind.RANGE:
            self._insert(right, f"⟦{block.offset}:)⟧")
        elif block.kind in (Kind.IF, Kind.WITH) and not block.has_else:
            missing = "".join(self._marker(offset, "else") for offset in (*block.elses, block.offset))
            self._insert(left, "{{else}}" + missing)


def passed(output: str) -> set[tuple[int, str]]:
    """Return the points whose markers a rendering has printed."""
    found: set[tuple[int, str]] = set()
    turns: dict[int, list[int]] = {}
    for number, sign in re.findall(r"⟦(\d+):([^⟧]*)⟧", output):
        offset = int(number)
        if sign == "(":
            turns.setdefault(offset, []).append(0)
        elif sign == ".":
            turns[offset][-1] += 1
        elif sign == ")":
            found.add((offset, ("none", "one", "many")[min(turns[offset].pop(), 2)]))
        else:
            found.add((offset, sign))
    return found


def at_offsets(template: Template, points: set[Point]) -> set[tuple[int, str]]:
    """Return points of a template as pairs of offset and outcome."""
    starts = [0]
    for line in template.text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    return {(starts[point.line - 1] + point.column - 1, point.outcome) for point in points}
