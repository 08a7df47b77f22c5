"""The words of a shell script: what the shell takes as it is written, and what it would go on to expand.

Reads as bash does, also where another shell expands less: braces, for example, are plain characters to dash.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from webhook.shell import scan

#: What makes a dollar sign expand something, written after it: `$name`, `$1`, `$?`, `$[1+1]`.
_EXPANDED = re.compile(r"[A-Za-z0-9_@*#?$!\[-]")
#: What a here-document expands, each as far as it takes to notice it.
_IN_DOCUMENT = re.compile(r"(?P<escape>\\[$`\\\n])|(?P<active>`|\$(?=[A-Za-z0-9_@*#?$!\[({-])[({]?)")
_ESCAPED_IN_QUOTES = frozenset('"$`\\')

_GLOB = re.compile(r"[*?]|\[[^/]*\]")
_TILDE = re.compile(r"(?:[A-Za-z_]\w*\+?=(?:.*:)?)?~", re.DOTALL)
#: `1..9`, `a..e`, with or without an increment.
_SEQUENCE = re.compile(r"(?:(?:[+-]?\d+\.\.[+-]?\d+)|(?:[A-Za-z]\.\.[A-Za-z]))(?:\.\.[+-]?\d+)?")
_BRACES = re.compile(r"[{},]|\.\.")

#: Takes the place of quoted and expanded characters where only unquoted ones count.
_FILLER = "\0"


class Word(NamedTuple):
    """A word of a command, or a here-document.

    Attributes:
        pieces: by turns what is taken as it is, without its quotes, and what is expanded, as written; the first and the last
            are of the former kind. In an expansion within double quotes a `"` comes first.
        pattern: whether the shell expands braces, a glob or a tilde in it.
        document: whether it is a here-document.
    """

    pieces: tuple[str, ...]
    pattern: bool = False
    document: bool = False

    @property
    def text(self) -> str:
        """Return the word without quotes, with expansions as they are written."""
        return "".join(piece.removeprefix('"') if index % 2 else piece for index, piece in enumerate(self.pieces))

    @property
    def expansions(self) -> tuple[str, ...]:
        """Return the pieces that are expanded."""
        return self.pieces[1::2]


def commands(script: str) -> Iterator[tuple[Word, ...]]:
    """Yield the words of each command, of those in substitutions too, which split the word that they are part of.

    Looks at no more than ``scan.SCANNED_CHARACTERS``. Reserved words are words like any other.
    """
    reader = _Reader(script[: scan.SCANNED_CHARACTERS])
    for span in scan.spans(script):
        yield from reader.take(span)
    yield from reader.command()


def arrives(argument: str) -> bool:
    """Return whether an argument is one word, and this word itself, where a script has it without quotes of its own."""
    around = Word(("a",))
    return [*commands(f"a {argument} a")] == [(around, Word((argument,)), around)]


@dataclass(slots=True)
class _Brace:
    """An opening brace: the offset after it, and what has followed at its own level."""

    start: int
    comma: bool = False
    dots: bool = False


@dataclass(slots=True)
class _Reader:
    """Assembles words from spans."""

    script: str
    #: What encloses the next span: a script or substitution, double quotes, or what is expanded as a whole.
    contexts: list[str] = field(default_factory=lambda: ["script"])
    words: list[Word] = field(default_factory=list)
    documents: list[Word] = field(default_factory=list)
    #: Pieces with whether they are expanded; empty between words.
    pieces: list[tuple[str, bool]] = field(default_factory=list)
    #: The word as far as it is unquoted; fillers in place of the rest.
    bare: list[str] = field(default_factory=list)

    def take(self, span: scan.Span) -> Iterator[tuple[Word, ...]]:
        """Take the next span; yield the commands that it completes."""
        text, context = self.script[span.start : span.end], self.contexts[-1]
        if span.kind in scan.LEFT_OUT:
            self._document(text, span.kind)
        elif span.kind == "open":
            yield from self._enter(text, context)
        elif span.kind == "close":
            yield from self._leave(text)
        elif span.kind == "quote":
            self._quote(span.depth, context)
        elif context == "expanded":
            self._add(text, expanded=True)
        elif context == "quoted":
            self._quoted(text, span)
        elif span.kind == "space":
            self._end_word()
        elif span.kind in scan.BETWEEN_WORDS:
            yield from self.command()
        else:
            self._unquoted(text, span)

    def command(self) -> Iterator[tuple[Word, ...]]:
        """Yield the command that ends here, if it has a word, and each here-document before it."""
        self._end_word()
        if self.words:
            yield tuple(self.words)
        for document in self.documents:
            yield (document,)
        self.words, self.documents = [], []

    def _enter(self, text: str, context: str) -> Iterator[tuple[Word, ...]]:
        if text == "${" or text.endswith("((") or (text == "(" and context == "expanded"):
            self._add(text, expanded=True, quoted=context == "quoted")
            self.contexts += ["expanded"] * (2 if text.endswith("((") else 1)
            return
        self._add(text, expanded=True, quoted=context == "quoted")
        yield from self.command()
        self.contexts.append("script")

    def _leave(self, text: str) -> Iterator[tuple[Word, ...]]:
        if self.contexts.pop() == "script":
            yield from self.command()
        self._add(text, expanded=True)

    def _quote(self, depth: int, context: str) -> None:
        if depth < len(self.contexts) - 1:
            self.contexts.pop()
        else:
            self.contexts.append("expanded" if context == "expanded" else "quoted")
        self._add('"' if context == "expanded" else "", expanded=context == "expanded")

    def _quoted(self, text: str, span: scan.Span) -> None:
        if span.kind == "escape":
            escaped = text[1:] in _ESCAPED_IN_QUOTES or text == "\\\n"
            self._add(text[1:].removesuffix("\n") if escaped else text)
        else:
            self._add(text, expanded=span.kind == "parameter" or self._expands(text, span.end), quoted=True)

    def _unquoted(self, text: str, span: scan.Span) -> None:
        if span.kind == "single":
            inner = text.removeprefix("$").removeprefix("'").removesuffix("'")
            self._add(inner, expanded=text.startswith("$") and "\\" in inner)
        elif span.kind == "escape":
            if text != "\\\n":
                self._add(text[1:] or text)
        elif span.kind in {"parameter", "redirection"} or text in {"<", ">"} or self._expands(text, span.end):
            self._add(text, expanded=True)
        else:
            self._add(text, bare=text)

    def _expands(self, text: str, end: int) -> bool:
        """Return whether this is a dollar sign that expands what follows it."""
        return text == "$$" or (text == "$" and bool(_EXPANDED.match(self.script, end)))

    def _add(self, text: str, *, expanded: bool = False, quoted: bool = False, bare: str = _FILLER) -> None:
        self.pieces.append((f'"{text}' if expanded and quoted else text, expanded))
        self.bare.append(bare)

    def _end_word(self) -> None:
        if self.pieces:
            bare = "".join(self.bare)
            pattern = bool(_GLOB.search(bare) or _TILDE.match(bare)) or _has_braces(bare)
            self.words.append(Word(_alternating(self.pieces), pattern))
        self.pieces, self.bare = [], []

    def _document(self, text: str, kind: str) -> None:
        if kind == "comment":
            return
        pieces: list[tuple[str, bool]] = []
        at = 0
        for found in _IN_DOCUMENT.finditer(text) if kind == "document" else ():
            escape = found["escape"]
            pieces += [(text[at : found.start()], False), (escape[1:].strip("\n") if escape else found[0], not escape)]
            at = found.end()
        self.documents.append(Word(_alternating([*pieces, (text[at:], False)]), document=True))


def _alternating(pieces: list[tuple[str, bool]]) -> tuple[str, ...]:
    """Join neighbours of one kind, so that pieces are by turns taken as they are and expanded."""
    found: list[list[str]] = [[]]
    for text, expanded in pieces:
        if expanded != (len(found) % 2 == 0):
            found.append([])
        found[-1].append(text)
    if len(found) % 2 == 0:
        found.append([])
    return tuple("".join(each) for each in found)


def _has_braces(bare: str) -> bool:
    """Return whether bash expands a brace in a word: `{a,b}` or `{1..9}` (bash's braces.c, brace_gobble).

    A closing brace with nothing to expand before it does not close: `{a},b}` is `a}` and `b`.
    """
    opened: list[_Brace] = []
    passed = comma = False  # outside of all braces: a pair that does not close, and a comma after it
    for found in _BRACES.finditer(bare):
        mark = found[0]
        if mark == "{":
            opened.append(_Brace(found.end()))
        elif mark == "}" and opened:
            brace = opened.pop()
            if brace.comma or (brace.dots and _SEQUENCE.fullmatch(bare, brace.start, found.start())):
                return True
            passed = passed or not opened
        elif mark == "}" and comma:
            return True
        elif opened:
            opened[-1].comma |= mark == ","
            opened[-1].dots |= mark == ".."
        else:
            comma = comma or (passed and mark == ",")
    return False
