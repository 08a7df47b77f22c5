"""The commands of a shell script, as far as they can be found without running a shell."""

import bisect
import itertools
import operator
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from webhook.shell import scan

_PARAMETERS = tuple("@*123456789")
#: The group matches parameters in a here-document; the alternatives before it consume what only looks like them.
_EXPANDED = re.compile(r"\\.|\$\$|(\$\{?[@*1-9])", re.DOTALL)
#: Words that are followed by a new command, if they appear where a command may start.
RESERVED = frozenset({"!", "do", "elif", "else", "if", "then", "until", "while"})


class Item(NamedTuple):
    """A word, or something that ends a command."""

    text: str
    start: int
    end: int
    #: Written without quotes. Only such a word can be reserved.
    bare: bool
    ends: bool = False


class _Statement(NamedTuple):
    """A simple command, possibly without words, and what ends it: an operator, a brace, a line end, or nothing."""

    words: list[str]
    start: int
    end: int
    closer: str


def simple_commands(script: str) -> Iterator[list[str]]:
    """Yield the simple commands of a script as lists of words without quotes.

    A substitution is part of the word that contains it; `args=(a b)` becomes the words `args=`, `a` and `b`.
    """
    return (statement.words for statement in _statements(script) if statement.words)


def _statements(script: str) -> Iterator[_Statement]:
    """Yield the commands; operators with no command between them yield an empty one."""
    words: list[str] = []
    start = 0
    for item in items(script):
        if item.ends or (item.bare and _is_brace(item.text, words)):
            if words or item.text != "\n":
                yield _Statement(words, start if words else item.start, item.end, item.text)
            words = []
        elif words or not item.bare or item.text not in RESERVED:
            start = start if words else item.start
            words.append(item.text)


def _is_brace(text: str, words: Sequence[str]) -> bool:
    """Return whether a word is a brace to the shell: only where a command may start, or after a function's name."""
    return text in {"{", "}"} and (not words or words[0] == "function")


def items(script: str) -> Iterator[Item]:
    """Yield the words of a script and whatever ends its commands."""
    reader = _Reader(script[: scan.SCANNED_CHARACTERS])
    for span in scan.spans(script):
        yield from reader.take(span)
    yield from reader.word(len(reader.script))
    yield Item("", len(reader.script), len(reader.script), bare=False, ends=True)


@dataclass(slots=True)
class _Reader:
    """Assembles the words of a script."""

    script: str
    pieces: list[str] = field(default_factory=list)
    start: int = 0
    #: Inside `name=(…)`, where line ends only separate words.
    array: bool = False

    def take(self, span: scan.Span) -> Iterator[Item]:
        """Take the next span; yield the items that it completes."""
        text = self.script[span.start : span.end]
        if span.kind in scan.LEFT_OUT or text == "\\\n":
            return
        if span.depth or span.kind not in scan.BETWEEN_WORDS:
            self.start = self.start if self.pieces else span.start
            self.pieces.append(_unquoted(text, span))
            return
        opens_array = text == "(" and bool(self.pieces) and self.script[span.start - 1] == "="
        yield from self.word(span.start)
        if self.array or opens_array:
            self.array = text != ")"
        elif span.kind != "space":
            yield Item(text, span.start, span.end, bare=False, ends=True)

    def word(self, end: int) -> Iterator[Item]:
        """Yield the word that ends here, if any."""
        if self.pieces:
            text = "".join(self.pieces)
            yield Item(text, self.start, end, bare=text == self.script[self.start : end])
        self.pieces = []


def _unquoted(text: str, span: scan.Span) -> str:
    """Return the value of a span within a word; a substitution is kept as written."""
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
    """Return whether a script uses the arguments passed to it; parameters inside a function are the function's own."""
    found = list(_statements(script))
    bodies = list(_bodies(found, min(len(script), scan.SCANNED_CHARACTERS)))
    implied = (statement.start for statement in found if _implies_parameters(statement.words))
    return any(not _is_inside(bodies, at) for at in itertools.chain(_expansions(script), implied))


def _expansions(script: str) -> Iterator[int]:
    """Yield the offsets at which parameters are expanded, which excludes single quotes and comments."""
    for span in scan.spans(script):
        text = script[span.start : span.end]
        if span.kind == "document":
            expands = any(_EXPANDED.findall(text))
        else:
            expands = span.kind == "parameter" or (text == "${" and script.startswith(_PARAMETERS, span.end))
        if expands:
            yield span.start


def _implies_parameters(words: Sequence[str]) -> bool:
    """Return whether a command uses parameters without naming them: `for each; do`, `getopts`."""
    if words[:1] == ["for"]:
        return len(words) > 1 and words[1].isidentifier() and words[2:3] in ([], ["do"])
    return words[:1] == ["getopts"]


def _bodies(statements: Sequence[_Statement], length: int) -> Iterator[tuple[int, int]]:
    """Yield start and end of each function body; a body that is never closed runs to the end of the script."""
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
    """Return whether an offset lies in one of these ranges, which are sorted."""
    index = bisect.bisect(ranges, at, key=operator.itemgetter(0))
    return index > 0 and at < ranges[index - 1][1]


#: After one of these a command runs whether or not the previous one succeeded.
_IN_SEQUENCE = frozenset({"", ";", "\n"})
_FAILURE = re.compile(r"0*[1-9][0-9]*")


def gives_up(script: str) -> bool:
    """Return whether a script always ends with `exit` and a failure status, unlike `serve || exit 1`."""
    found = list(_statements(script))
    while found and not found[-1].words and found[-1].closer in _IN_SEQUENCE:
        found.pop()
    if not found or found[-1].closer not in _IN_SEQUENCE:
        return False
    if len(found) > 1 and found[-2].closer in {"&&", "||", "|", "|&"}:
        return False
    words = found[-1].words
    return words[:1] == ["exit"] and bool(_FAILURE.fullmatch("".join(words[1:2])))
