"""Small changes of a template's text, each of which a good test of the template notices."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ..parse.lex import SPACES, Kind, Token, tokens

AlterationKind: TypeAlias = Literal[
    "negated-condition", "swapped-branches", "dropped-pipeline", "changed-literal", "dropped-trim"
]

_INTEGER = re.compile(r"[+-]?(?:0|[1-9][0-9]*)")
_BLOCKS = (Kind.IF, Kind.WITH, Kind.RANGE, Kind.DEFINE, Kind.BLOCK)
_NAMING = (Kind.TEMPLATE, Kind.DEFINE, Kind.BLOCK)
"""Keywords that the name of a template follows."""


@dataclass(frozen=True, slots=True)
class Alteration:
    """One change.

    Attributes:
        kind: what is changed.
        start, end: offsets of the piece of text that is replaced.
        replacement: what replaces it.
    """

    kind: AlterationKind
    start: int
    end: int
    replacement: str

    def applied(self, text: str) -> str:
        """Return the changed text, which need not be a valid template."""
        return text[: self.start] + self.replacement + text[self.end :]


@dataclass(frozen=True, slots=True)
class _Action:
    """One action: its tokens without spaces and delimiters, and where it begins and ends."""

    words: tuple[Token, ...]
    left: int
    right: int

    @property
    def keyword(self) -> Kind:
        return self.words[0].kind if self.words else Kind.EOF


def alterations(text: str) -> Iterator[Alteration]:
    """Yield the changes of a valid template, in the order of the text.

    Conditions are negated, which is also what exchanges the branches of an `if` with an `else`. Branches are exchanged where
    that is another change: along an `{{else if}}`, and for `with` and `range`. Pipelines that print, that call a template or that
    end a turn of a loop are dropped, and of longer ones each command but the first. Integers grow by one, strings become empty
    or not, booleans change. Trim markers are dropped.
    """
    actions = list(_actions(text))
    found = [change for action in actions for change in _of_action(text, action)]
    found += _swaps(text, actions)
    yield from sorted(found, key=lambda one: (one.start, one.end))


def _actions(text: str) -> Iterator[_Action]:
    words: list[Token] = []
    left = 0
    for token in tokens(text):
        if token.kind is Kind.LEFT_DELIM:
            words, left = [], token.offset
        elif token.kind is Kind.RIGHT_DELIM:
            yield _Action(tuple(words), left, token.offset + 2)
        elif token.kind not in (Kind.TEXT, Kind.SPACE, Kind.EOF):
            words.append(token)


def _of_action(text: str, action: _Action) -> Iterator[Alteration]:
    words = action.words
    pipeline = words[1:] if action.keyword is Kind.ELSE else words
    keyword = pipeline[0].kind if pipeline else Kind.EOF
    if keyword is Kind.IF:
        yield from _negation(text, pipeline[1:])
    if keyword is not Kind.EOF and (
        keyword < Kind.KEYWORD or keyword in (Kind.TEMPLATE, Kind.BREAK, Kind.CONTINUE, Kind.DOT)
    ):
        yield _dropped(text, action)
    yield from _dropped_stages(text, pipeline)
    yield from _changed_literals(pipeline, named=keyword in _NAMING)
    yield from _dropped_trims(text, action)


def _negation(text: str, pipeline: Sequence[Token]) -> Iterator[Alteration]:
    if any(token.kind in (Kind.DECLARE, Kind.ASSIGN) for token in pipeline):
        return
    start, end = pipeline[0].offset, _end(pipeline[-1])
    if pipeline[0].text == "not" and not any(token.kind is Kind.PIPE for token in pipeline):
        yield Alteration("negated-condition", start, pipeline[1].offset, "")
        return
    condition = text[start:end]
    negated = f"not {condition}" if len(pipeline) == 1 else f"not ({condition})"
    yield Alteration("negated-condition", start, end, negated)


def _dropped(text: str, action: _Action) -> Alteration:
    """Return the change that leaves an empty comment in the place of an action, with the same trim markers."""
    left = "- " if _trims_left(text, action) else ""
    right = " -" if _trims_right(text, action) else ""
    return Alteration("dropped-pipeline", action.left, action.right, f"{{{{{left}/**/{right}}}}}")


def _dropped_stages(text: str, pipeline: Sequence[Token]) -> Iterator[Alteration]:
    """Yield the changes that drop one command after a `|`, but not in parentheses."""
    depth = 0
    marks: list[int] = []
    for token in pipeline:
        depth += (token.kind is Kind.LEFT_PAREN) - (token.kind is Kind.RIGHT_PAREN)
        if token.kind is Kind.PIPE and not depth:
            marks.append(token.offset)
    ends = [*marks[1:], _end(pipeline[-1])] if marks else []
    for start, end in zip(marks, ends, strict=True):
        yield Alteration("dropped-pipeline", start - _spaces_before(text, start), end - _spaces_before(text, end), "")


def _changed_literals(pipeline: Sequence[Token], *, named: bool) -> Iterator[Alteration]:
    for index, token in enumerate(pipeline):
        if named and index == 1:
            continue
        changed = _changed(token)
        if changed is not None:
            yield Alteration("changed-literal", token.offset, _end(token), changed)


def _changed(token: Token) -> str | None:
    if token.kind is Kind.BOOL:
        return "false" if token.text == "true" else "true"
    if token.kind is Kind.NUMBER and _INTEGER.fullmatch(token.text):
        return str(int(token.text) + 1)
    if token.kind in (Kind.STRING, Kind.RAW_STRING):
        quote = token.text[0]
        return f"{quote}changed{quote}" if len(token.text) == 2 else quote * 2
    return None


def _dropped_trims(text: str, action: _Action) -> Iterator[Alteration]:
    if _trims_left(text, action):
        yield Alteration("dropped-trim", action.left + 2, action.left + 3, "")
    if _trims_right(text, action):
        yield Alteration("dropped-trim", action.right - 3, action.right - 2, "")


def _trims_left(text: str, action: _Action) -> bool:
    return text.startswith("-", action.left + 2) and text[action.left + 3] in SPACES


def _trims_right(text: str, action: _Action) -> bool:
    return text[action.right - 3] == "-" and text[action.right - 4] in SPACES


def _swaps(text: str, actions: Sequence[_Action]) -> Iterator[Alteration]:
    """Yield the changes that exchange the bodies of two branches of a block that follow one another."""
    open_blocks: list[list[_Action]] = []  # the actions of each open block that begin a branch
    for action in actions:
        if action.keyword in _BLOCKS:
            open_blocks.append([action])
        elif action.keyword is Kind.ELSE:
            open_blocks[-1].append(action)
        elif action.keyword is Kind.END:
            branches = open_blocks.pop()
            if len(branches) > 2 or branches[0].keyword in (Kind.WITH, Kind.RANGE):
                bounds = [*branches, action]
                for first, second, third in zip(bounds, bounds[1:], bounds[2:], strict=False):
                    start, end = first.right, third.left
                    bodies = text[start : second.left], text[second.right : end]
                    if bodies[0] != bodies[1]:
                        swapped = f"{bodies[1]}{text[second.left : second.right]}{bodies[0]}"
                        yield Alteration("swapped-branches", start, end, swapped)


def _spaces_before(text: str, at: int) -> int:
    return len(text[:at]) - len(text[:at].rstrip(SPACES))


def _end(token: Token) -> int:
    return token.offset + len(token.text)
