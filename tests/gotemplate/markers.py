"""What a rendering goes through, found without the engine's help: a template that prints a marker at each of its points.

It is built from the tokens of the text alone, by inserting text, so it shares neither tree nor compiler with what it checks.
"""

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from webhook.gotemplate import Template
from webhook.gotemplate.parse.lex import Kind, tokens

BLOCKS = (Kind.IF, Kind.WITH, Kind.RANGE, Kind.DEFINE, Kind.BLOCK)


class Marked(NamedTuple):
    """A template that prints markers, and all points of the original as pairs of offset and outcome."""

    text: str
    points: set[tuple[int, str]]


@dataclass
class Block:
    """A block whose end is yet to come: its keyword, the offset of its point, and the blocks whose else led to it."""

    kind: Kind
    offset: int
    elses: list[int] = field(default_factory=list)
    has_else: bool = False


def marked(text: str) -> Marked:
    """Insert the markers."""
    inserted: list[tuple[int, int, str]] = []  # offset, order, text
    points: set[tuple[int, str]] = set()
    stack: list[Block] = []

    def insert(at: int, piece: str) -> None:
        inserted.append((at, len(inserted), piece))

    def point(offset: int, outcome: str, sign: str = "") -> str:
        points.add((offset, outcome))
        return f"⟦{offset}:{sign or outcome}⟧"

    found = tokens(text)
    at = 0
    while at < len(found):
        if found[at].kind is not Kind.LEFT_DELIM:
            at += 1
            continue
        end = next(index for index in range(at, len(found)) if found[index].kind is Kind.RIGHT_DELIM)
        words = [token for token in found[at + 1 : end] if token.kind is not Kind.SPACE]
        left, right = found[at].offset, found[end].offset + 2
        following = found[end + 1].offset
        at = end + 1
        kind = words[0].kind
        if kind is Kind.ELSE:
            block = stack[-1]
            if block.kind is Kind.RANGE:  # marked here as well, since a continue in the else skips the end
                insert(right, point(block.offset, "none"))
                continue
            block.elses.append(block.offset)
            insert(right, "".join(point(offset, "else") for offset in block.elses))
            if len(words) == 1:
                block.has_else = True
            else:  # {{else if}}: whoever gets to the inner block, whatever its outcome, took the outer else
                block.offset = words[2].offset
                insert(right, point(block.offset, "body"))
        elif kind is Kind.END:
            block = stack.pop()
            if block.kind is Kind.RANGE:
                insert(right, f"⟦{block.offset}:)⟧")
            elif block.kind in (Kind.IF, Kind.WITH) and not block.has_else:
                insert(left, "{{else}}" + "".join(point(offset, "else") for offset in (*block.elses, block.offset)))
        elif kind in BLOCKS:
            offset = following if kind in (Kind.DEFINE, Kind.BLOCK) else words[1].offset
            if kind is Kind.RANGE:
                points.update((offset, outcome) for outcome in ("none", "one", "many"))
                insert(left, f"⟦{offset}:(⟧")
                insert(right, f"⟦{offset}:.⟧")
            else:
                insert(right, point(offset, "called" if kind in (Kind.DEFINE, Kind.BLOCK) else "body"))
            if kind is Kind.BLOCK:
                insert(left, point(words[1].offset, ""))
            stack.append(Block(kind, offset))
        else:
            insert(left, point((words[1] if kind is Kind.TEMPLATE else words[0]).offset, ""))
    pieces, start = [], 0
    for place, _, piece in sorted(inserted):
        pieces += text[start:place], piece
        start = place
    return Marked("".join(pieces) + text[start:], points)


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


def at_offsets(template: Template, points: set) -> set[tuple[int, str]]:
    """Return points of a template as pairs of offset and outcome."""
    starts = [0]
    for line in template.text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    return {(starts[point.line - 1] + point.column - 1, point.outcome) for point in points}
