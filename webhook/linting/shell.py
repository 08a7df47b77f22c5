"""The commands of a shell script, as far as they can be told without a shell."""

import bisect
import itertools
import operator
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from webhook.linting import scanner

_PARAMETERS = tuple("@*123456789")
#: What uses parameters in a here-document, in a group, behind what only looks like it.
_EXPANDED = re.compile(r"\\.|\$\$|(\$\{?[@*1-9])", re.DOTALL)
#: Words that begin a command of its own, where a command may stand.
_RESERVED = frozenset({"!", "do", "elif", "else", "if", "then", "until", "while"})


class _Item(NamedTuple):
    """A word, or what ends a command."""

    text: str
    start: int
    end: int
    #: Written without quotes: only so a word can be reserved.
    bare: bool
    ends: bool = False


class _Statement(NamedTuple):
    """A simple command, perhaps without words, and what ends it: an operator, a brace, a line end, or nothing."""

    words: list[str]
    start: int
    end: int
    closer: str


def commands(script: str) -> Iterator[list[str]]:
    """Yield the simple commands of a script as lists of words without their quotes.

    What stands in substitutions stays part of its word; the words of `args=(a b)` become `args=`, `a` and `b`.
    """
    return (statement.words for statement in _statements(script) if statement.words)


def _statements(script: str) -> Iterator[_Statement]:
    """Yield the commands, and what stands between operators without being one."""
    words: list[str] = []
    start = 0
    for item in _items(script):
        if item.ends or (item.bare and _is_brace(item.text, words)):
            if words or item.text != "\n":
                yield _Statement(words, start if words else item.start, item.end, item.text)
            words = []
        elif words or not item.bare or item.text not in _RESERVED:
            start = start if words else item.start
            words.append(item.text)


def _is_brace(text: str, words: Sequence[str]) -> bool:
    """Tell whether a word is a brace that a shell takes for one: only where a command may start, or a function's."""
    return text in {"{", "}"} and (not words or words[0] == "function")


def _items(script: str) -> Iterator[_Item]:
    """Yield the words of a script and what ends its commands."""
    reader = _Reader(script[: scanner.LOOKED_THROUGH])
    for span in scanner.spans(script):
        yield from reader.take(span)
    yield from reader.word(len(reader.script))
    yield _Item("", len(reader.script), len(reader.script), bare=False, ends=True)


@dataclass(slots=True)
class _Reader:
    """Puts the words of a script together."""

    script: str
    pieces: list[str] = field(default_factory=list)
    start: int = 0
    #: Inside `name=(…)`, where line ends are blanks.
    array: bool = False

    def take(self, span: scanner.Span) -> Iterator[_Item]:
        """Take the next span; yield what is complete by that."""
        text = self.script[span.start : span.end]
        if span.kind in scanner.LEFT_OUT or text == "\\\n":
            return
        if span.depth or span.kind not in scanner.BETWEEN_WORDS:
            self.start = self.start if self.pieces else span.start
            self.pieces.append(_unquoted(text, span))
            return
        opens_array = text == "(" and bool(self.pieces) and self.script[span.start - 1] == "="
        yield from self.word(span.start)
        if self.array or opens_array:
            self.array = text != ")"
        elif span.kind != "blank":
            yield _Item(text, span.start, span.end, bare=False, ends=True)

    def word(self, end: int) -> Iterator[_Item]:
        """Yield the word that ends here, if any."""
        if self.pieces:
            text = "".join(self.pieces)
            yield _Item(text, self.start, end, bare=text == self.script[self.start : end])
        self.pieces = []


def _unquoted(text: str, span: scanner.Span) -> str:
    """Return what a span of a word stands for; substitutions stand for themselves."""
    if span.depth == 0 and span.kind == "single":
        return text.removeprefix("$").removeprefix("'").removesuffix("'")
    if span.depth == 0 and span.kind == "quote":
        return ""
    if span.depth == 0 and span.kind == "escape":
        return text[1:] or text
    if span.depth == 1 and span.quoted and span.kind == "escape" and text[1:] in {'"', "$", "\\", "`"}:
        return text[1:]
    return text


def takes_parameters(script: str) -> bool:
    """Tell whether a script uses what is passed to it; a function's parameters are its own."""
    found = list(_statements(script))
    bodies = list(_bodies(found, min(len(script), scanner.LOOKED_THROUGH)))
    implied = (statement.start for statement in found if _implies_parameters(statement.words))
    return any(not _is_inside(bodies, at) for at in itertools.chain(_expansions(script), implied))


def _expansions(script: str) -> Iterator[int]:
    """Yield where parameters are expanded: not in single quotes, nor in comments."""
    for span in scanner.spans(script):
        text = script[span.start : span.end]
        if span.kind == "document":
            expands = any(_EXPANDED.findall(text))
        else:
            expands = span.kind == "parameter" or (text == "${" and script.startswith(_PARAMETERS, span.end))
        if expands:
            yield span.start


def _implies_parameters(words: Sequence[str]) -> bool:
    """Tell whether a command uses parameters without naming them: `for each; do`, `getopts`."""
    if words[:1] == ["for"]:
        return len(words) > 1 and words[1].isidentifier() and words[2:3] in ([], ["do"])
    return words[:1] == ["getopts"]


def _bodies(statements: Sequence[_Statement], length: int) -> Iterator[tuple[int, int]]:
    """Yield where the bodies of functions are; one that is never closed runs to the end."""
    opener = closer = before = ""
    named = False
    start = depth = 0
    for words, _, end, by in statements:
        if depth:
            depth += (by == opener) - (by == closer)
            if not depth:
                yield start, end
        elif by in {"{", "("} and (named if not words else by == "{" and words[0] == "function"):
            opener, closer, start, depth = by, "}" if by == "{" else ")", end, 1
        named = not words and by == ")" and before == "name("
        before = "name(" if words and by == "(" else ""
    if depth:
        yield start, length


def _is_inside(ranges: Sequence[tuple[int, int]], at: int) -> bool:
    """Tell whether a place is in one of some ranges in order."""
    index = bisect.bisect(ranges, at, key=operator.itemgetter(0))
    return index > 0 and at < ranges[index - 1][1]


#: Behind these a command is run whatever came of the one before.
_IN_SEQUENCE = frozenset({"", ";", "\n"})
_FAILURE = re.compile(r"0*[1-9][0-9]*")


def gives_up(script: str) -> bool:
    """Tell whether a script's last command is `exit` with a failure, and no mere `serve || exit 1`."""
    found = list(_statements(script))
    while found and not found[-1].words and found[-1].closer in _IN_SEQUENCE:
        found.pop()
    if not found or found[-1].closer not in _IN_SEQUENCE:
        return False
    if len(found) > 1 and found[-2].closer in {"&&", "||", "|", "|&"}:
        return False
    words = found[-1].words
    return words[:1] == ["exit"] and bool(_FAILURE.fullmatch("".join(words[1:2])))
