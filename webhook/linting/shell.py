"""What a shell script holds, as far as that can be told without a shell: good enough to lint, never an error.

One scanner goes over a script from left to right and knows what is open (quotes, substitutions); all else asks it.
"""

import bisect
import itertools
import operator
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

#: Characters of a script that are looked through; more are no script that a person wrote.
LOOKED_THROUGH = 50_000


def _pattern(opening: str, *others: str, run: str) -> re.Pattern[str]:
    """Compile what may stand in one kind of place; something matches everywhere, and nothing is tried twice."""
    common = (r"(?P<escape>\\.?)", r"(?P<parameter>\$[@*1-9])", rf"(?P<open>\$\(\(|\$\(|\$\{{|`|{opening})")
    return re.compile("|".join((*common, *others, rf"(?P<text>\$\$|{run}+|.)")), re.DOTALL)


_SINGLE = r"(?P<single>\$'(?:\\.|[^'\\])*\\?'?|'[^']*'?)"
_DELIMITER = r"""(?:'[^'\n]*'|"[^"\n]*"|\\[^\n]|[^\s;&|()<>'"\\`])+"""
_COMMANDS = _pattern(
    r"""\(\(|[<>]\(|\$?\"""",
    _SINGLE,
    r"(?P<redirection><<<|&>>?|[<>]&|>\|)",
    rf"(?P<here><<(?P<tabs>-?)[ \t]*(?P<word>{_DELIMITER}))",
    r"(?P<line>\n)",
    r"(?P<blank>[ \t\r]+)",
    r"(?P<hash>#)",
    r"(?P<operator>;;&?|;&|&&|\|\||\|&|[;&|()])",
    run=r"""[^\\'"$`<>\s#;&|()]""",
)
_COMMENT = re.compile(r"[^\n]*")
_BACKQUOTED_COMMENT = re.compile(r"[^\n`]*")
_PARAMETERS = tuple("@*123456789")
#: What uses parameters in a here-document, in a group, behind what only looks like it.
_EXPANDED = re.compile(r"\\.|\$\$|(\$\{?[@*1-9])", re.DOTALL)


class _Frame(NamedTuple):
    """A place that something opens: what may stand there, and what ends it."""

    pattern: re.Pattern[str]
    closer: str


_SCRIPT = _Frame(_COMMANDS, "")
_SUBSTITUTION = _Frame(_COMMANDS, ")")
_BACKQUOTED = _Frame(_COMMANDS, "`")
_QUOTED = _Frame(_pattern('"', run=r"""[^\\"$`]"""), '"')
_BRACES = _Frame(_pattern('"', _SINGLE, run=r"""[^\\'"$`}]"""), "}")
#: Apostrophes are mere characters in the braces of `"${x:-it's}"`.
_QUOTED_BRACES = _Frame(_pattern('"', run=r"""[^\\"$`}]"""), "}")
#: Neither comments nor here-documents: `$((16#ff << 2))`.
_ARITHMETIC = _Frame(_pattern(r"\"|\(", run=r"""[^\\"$`()]"""), ")")

#: What is entered, by what opens it; as for `(` and `${`, see `_Scanner`.
_ENTERED = {
    "$((": (_ARITHMETIC, _ARITHMETIC),
    "((": (_ARITHMETIC, _ARITHMETIC),
    "$(": (_SUBSTITUTION,),
    "<(": (_SUBSTITUTION,),
    ">(": (_SUBSTITUTION,),
    "`": (_BACKQUOTED,),
    '"': (_QUOTED,),
    '$"': (_QUOTED,),
}
#: Behind these a word starts, so a `#` starts a comment.
_BETWEEN_WORDS = frozenset({"blank", "line", "operator"})
#: No part of any command.
_LEFT_OUT = frozenset({"comment", "document", "literal"})
#: What `masked` replaces, together with all that stands between double quotation marks.
_MASKED = frozenset({*_LEFT_OUT, "single", "quote"})
_NOT_A_LINE_END = re.compile(r"[^\n]")


class Span(NamedTuple):
    """Characters of a script that belong together; spans follow each other without gaps.

    Kinds: text, escape, blank, line, operator, redirection, parameter (`$@`, `$1`), single (a quoted string), quote
    (a double quotation mark), open and close (of substitutions), comment, document and literal (here-documents with
    and without parameters).
    """

    kind: str
    start: int
    end: int
    #: How many quotes and substitutions it stands in.
    depth: int
    #: Whether double quotes are among them.
    quoted: bool


class _Document(NamedTuple):
    """A here-document that starts on the next line."""

    word: str
    kind: str
    tabs: bool


def spans(script: str) -> Iterator[Span]:
    """Yield the spans of a script; what is never closed runs to its end."""
    return _Scanner(script[:LOOKED_THROUGH]).spans()


@dataclass(slots=True)
class _Scanner:
    """Where the scan of a script is, and in what."""

    script: str
    at: int = 0
    frames: list[_Frame] = field(default_factory=lambda: [_SCRIPT])
    #: How many of the frames are double quotes.
    quotes: int = 0
    fresh: bool = True
    awaited: list[_Document] = field(default_factory=list)

    def spans(self) -> Iterator[Span]:
        """Yield all spans."""
        while self.at < len(self.script):
            found = self.frames[-1].pattern.match(self.script, self.at)
            assert found is not None
            yield from self._take(found)

    def _take(self, found: re.Match[str]) -> Iterator[Span]:
        """Yield what was found, and the here-documents behind a line's end."""
        kind, text, end = str(found.lastgroup), found[0], found.end()
        if text == self.frames[-1].closer:
            yield self._leave(end)
        elif kind == "open" or (text == "(" and len(self.frames) > 1):
            yield self._enter(text, end)
        elif kind == "hash":
            yield self._comment(end)
        elif kind == "here":
            self._await(found)
            yield self._span("redirection", end)
        else:
            yield self._span(kind, end)
        if kind == "line":
            yield from self._documents()

    def _span(self, kind: str, end: int) -> Span:
        span = Span(kind, self.at, end, len(self.frames) - 1, self.quotes > 0)
        if kind != "escape" or self.script[self.at : end] != "\\\n":  # a continued line changes nothing
            self.fresh = kind in _BETWEEN_WORDS
        self.at = end
        return span

    def _enter(self, text: str, end: int) -> Span:
        span = self._span("quote" if text.endswith('"') else "open", end)
        frame = self.frames[-1]
        if text == "${":
            self.frames.append(_QUOTED_BRACES if frame in {_QUOTED, _QUOTED_BRACES} else _BRACES)
        elif text == "(":
            self.frames.append(_ARITHMETIC if frame is _ARITHMETIC else _SUBSTITUTION)
        else:
            self.frames.extend(_ENTERED[text])
        self.quotes += self.frames[-1] is _QUOTED
        self.fresh = True
        return span

    def _leave(self, end: int) -> Span:
        left = self.frames.pop()
        self.quotes -= left is _QUOTED
        return self._span("quote" if left is _QUOTED else "close", end)

    def _comment(self, end: int) -> Span:
        if not self.fresh:
            return self._span("text", end)
        comment = _BACKQUOTED_COMMENT if self.frames[-1] is _BACKQUOTED else _COMMENT
        rest = comment.match(self.script, end)
        assert rest is not None
        return self._span("comment", rest.end())

    def _await(self, found: re.Match[str]) -> None:
        written = found["word"]
        word = re.sub(r"""\\(.)|['"]""", r"\1", written)
        self.awaited.append(_Document(word, "document" if word == written else "literal", bool(found["tabs"])))

    def _documents(self) -> Iterator[Span]:
        """Yield the here-documents that start here, each to the end of its last line."""
        start = self.at
        for document in self.awaited:
            end = self.at if self.at == start else self.at + 1
            last = False
            while end < len(self.script) and not last:
                line, end = end, _line_end(self.script, end)
                text = self.script[line:end]
                last = (text.lstrip("\t") if document.tabs else text) == document.word
                end += not last
            end = min(end, len(self.script))
            if end > self.at:
                yield self._span(document.kind, end)
        self.awaited.clear()
        self.fresh = True


def _line_end(script: str, at: int) -> int:
    end = script.find("\n", at)
    return len(script) if end < 0 else end


def masked(script: str) -> str:
    """Return a script of the same length with "q" for whatever is no code: comments, quotes, here-documents.

    So blanks can be looked at that a shell skips. Of what is not looked through, only line ends are left, too.
    """
    looked_at = "".join(
        _NOT_A_LINE_END.sub("q", script[span.start : span.end])
        if span.quoted or span.kind in _MASKED
        else script[span.start : span.end]
        for span in spans(script)
    )
    return looked_at + _NOT_A_LINE_END.sub("q", script[LOOKED_THROUGH:])


def uncommented(script: str) -> str:
    """Return a script without its comments: an argument in one reaches nothing."""
    kept = "".join(script[span.start : span.end] for span in spans(script) if span.kind != "comment")
    return kept + script[LOOKED_THROUGH:]


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
    reader = _Reader(script[:LOOKED_THROUGH])
    for span in spans(script):
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

    def take(self, span: Span) -> Iterator[_Item]:
        """Take the next span; yield what is complete by that."""
        text = self.script[span.start : span.end]
        if span.kind in _LEFT_OUT or text == "\\\n":
            return
        if span.depth or span.kind not in _BETWEEN_WORDS:
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


def _unquoted(text: str, span: Span) -> str:
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
    bodies = list(_bodies(found, min(len(script), LOOKED_THROUGH)))
    implied = (statement.start for statement in found if _implies_parameters(statement.words))
    return any(not _is_inside(bodies, at) for at in itertools.chain(_expansions(script), implied))


def _expansions(script: str) -> Iterator[int]:
    """Yield where parameters are expanded: not in single quotes, nor in comments."""
    for span in spans(script):
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
