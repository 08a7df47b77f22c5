"""Splits a shell script into spans: code, quotes, comments, here-documents.

The scanner reads a script once from left to right and keeps track of open quotes and substitutions. It accepts any text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

#: How many characters of a script are scanned. Scripts written by hand are shorter.
SCANNED_CHARACTERS = 50_000


def _pattern(opening: str, *others: str, run: str) -> re.Pattern[str]:
    """Compile what may appear in one kind of context; some alternative matches everywhere, and none backtracks."""
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
    r"(?P<space>[ \t\r]+)",
    r"(?P<hash>#)",
    r"(?P<operator>;;&?|;&|&&|\|\||\|&|[;&|()])",
    run=r"""[^\\'"$`<>\s#;&|()]""",
)
_COMMENT = re.compile(r"[^\n]*")
_BACKQUOTED_COMMENT = re.compile(r"[^\n`]*")


class _Frame(NamedTuple):
    """A context, such as a pair of quotes: what may appear in it, and what closes it."""

    pattern: re.Pattern[str]
    closer: str


_SCRIPT = _Frame(_COMMANDS, "")
_SUBSTITUTION = _Frame(_COMMANDS, ")")
_BACKQUOTED = _Frame(_COMMANDS, "`")
_QUOTED = _Frame(_pattern('"', run=r"""[^\\"$`]"""), '"')
_BRACES = _Frame(_pattern('"', _SINGLE, run=r"""[^\\'"$`}]"""), "}")
#: Apostrophes are ordinary characters in the braces of `"${x:-it's}"`.
_QUOTED_BRACES = _Frame(_pattern('"', run=r"""[^\\"$`}]"""), "}")
#: Has neither comments nor here-documents: `$((16#ff << 2))`.
_ARITHMETIC = _Frame(_pattern(r"\"|\(", run=r"""[^\\"$`()]"""), ")")

#: The contexts that each opening enters; for `(` and `${` see `_Scanner._enter`.
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
#: Spans between words: a `#` right after one starts a comment.
BETWEEN_WORDS = frozenset({"space", "line", "operator"})
#: Spans that are not part of any command.
LEFT_OUT = frozenset({"comment", "document", "literal"})
#: Spans that `masked` replaces, besides everything between double quotes.
_MASKED = frozenset({*LEFT_OUT, "single", "quote"})
_NOT_A_LINE_END = re.compile(r"[^\n]")


class Span(NamedTuple):
    """Characters of a script that belong together; spans follow each other without gaps.

    Kinds: text, escape, space, line, operator, redirection, parameter (`$@`, `$1`), single (a single-quoted string), quote
    (a double quote), open and close (of substitutions), comment, document and literal (here-documents that expand
    parameters and those that do not).
    """

    kind: str
    start: int
    end: int
    #: How many quotes and substitutions enclose it.
    depth: int
    #: Whether double quotes are among them.
    quoted: bool


class _Document(NamedTuple):
    """A here-document whose text starts on the next line."""

    word: str
    kind: str
    tabs: bool


def spans(script: str) -> Iterator[Span]:
    """Yield the spans of a script; whatever is never closed runs to its end."""
    return _Scanner(script[:SCANNED_CHARACTERS]).spans()


@dataclass(slots=True)
class _Scanner:
    """The state of a scan: the offset, and the contexts around it."""

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
        """Yield the span of a match, and after a line end the here-documents that it starts."""
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
            self.fresh = kind in BETWEEN_WORDS
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
        """Yield the here-documents that start here, each up to the end of its last line."""
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
    """Return the script with everything but code replaced by "q": comments, quotes, here-documents, what was not scanned.

    Length and line ends stay the same. The spaces left over are those between words, which the shell ignores.
    """
    scanned = "".join(
        _NOT_A_LINE_END.sub("q", script[span.start : span.end])
        if span.quoted or span.kind in _MASKED
        else script[span.start : span.end]
        for span in spans(script)
    )
    return scanned + _NOT_A_LINE_END.sub("q", script[SCANNED_CHARACTERS:])


def uncommented(script: str) -> str:
    """Return a script without its comments, since an argument in a comment reaches no program."""
    kept = "".join(script[span.start : span.end] for span in spans(script) if span.kind != "comment")
    return kept + script[SCANNED_CHARACTERS:]
