"""Comments by which the author of a configuration ignores findings: ``# hydra-lint: ignore=CODE``.

At the end of a line, a comment is about that line. On a line of its own, it is about the next line that is not a comment. If a
block (``|`` or ``>``) begins on that line, it is about the whole block, in which no comment could be written.
``ignore-file=CODE`` is about the whole file.

Only warnings and remarks can be ignored: nothing runs with an error, whatever a comment says.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from webhook import catalog, errors, gotemplate
from webhook.catalog.report import AROUND
from webhook.catalog.yaml import compose
from webhook.problems import ProblemCode

#: Every code that a comment can name.
CODES: tuple[ProblemCode, ...] = get_args(ProblemCode)

#: Findings that also come from comparing a runtime template with an agent entry, and so only if both are there.
_COMPARED = frozenset({"flag-twice", "no-agent-entry", "no-template"})

_MARK = "hydra-lint"
_COMMENT = re.compile(rf"(?:^|(?<=\s))#+\s*{_MARK}\b:?\s*(?P<said>.*?)\s*$")
_SAID = re.compile(r"ignore(?P<file>-file)?\s*[=:\s]\s*(?P<codes>[\w-]+(?:\s*,\s*[\w-]+)*)", re.ASCII)
_FORM = "# hydra-lint: ignore=CODE"

#: The header of a block scalar at the end of a line, and what is before the value in a line of a list.
_BLOCK = re.compile(r"(?:^|\s)[|>][-+0-9]{0,2}\s*(?:\s#.*)?$")
_DASHES = re.compile(r"\s*(?:-\s+)*")


@dataclass(frozen=True, slots=True)
class _Comment:
    """A comment that ignores findings.

    Attributes:
        source: as in ``Problem``.
        line, column: where it begins.
        text: the comment.
        codes: what it names; empty if it cannot be read.
        first, last: the lines that it is about.
    """

    source: str
    line: int
    column: int
    text: str
    codes: tuple[str, ...]
    first: int
    last: float

    def names(self, problem: catalog.Problem) -> bool:
        """Return whether it names this problem."""
        here = self.first <= problem.line <= self.last and self.source == problem.source
        return here and problem.code in self.codes


def applied(
    read: Sequence[tuple[catalog.Document, Sequence[catalog.Problem]]], *, compared: bool
) -> tuple[catalog.Problem, ...]:
    """Return the problems of documents that no comment in them ignores, and remarks about comments that are not needed.

    Args:
        read: the documents with their problems; several may be in one file.
        compared: whether runtime templates were compared with agent entries.
    """
    kept: dict[catalog.Problem, None] = {}  # what is found in two comparisons, or said of a file twice, is kept once
    everything = [problem for _, problems in read for problem in problems]
    for document, problems in read:
        if not (comments := tuple(_comments(document))):
            kept.update(dict.fromkeys(problems))
            continue
        own = [
            one for one in problems if one.severity == "error" or not any(comment.names(one) for comment in comments)
        ]
        for comment in comments:
            there = [problem for problem in everything if problem.source == comment.source]
            own += _remarks(comment, there, compared=compared)
        own.sort(key=lambda one: (one.code == "too-many-problems", one.line, one.column))
        kept.update(dict.fromkeys(own))
    return tuple(kept)


def _comments(document: catalog.Document) -> Iterator[_Comment]:
    content = document.content
    if isinstance(content, Mapping):
        for key, text in content.items():
            yield from _in_text(f"{document.source}[{key}]", text)
    elif content is not None:
        yield from _in_text(
            document.source, content if isinstance(content, str) else content.decode("utf-8", errors="replace")
        )


def _in_text(source: str, text: str) -> Iterator[_Comment]:
    if _MARK not in text:
        return
    lines = compose.lines(text)
    for number, line in enumerate(lines, start=1):
        if (found := _COMMENT.search(line)) is None:
            continue
        said = _SAID.match(found["said"])
        codes = tuple(part.strip() for part in said["codes"].split(",")) if said is not None else ()
        first, last = _about(lines, number, alone=not line[: found.start()].strip())
        if said is not None and said["file"]:
            first, last = 0, len(lines)
        yield _Comment(source, number, found.start() + 1, found[0].strip(), codes, first, last)


def _about(lines: Sequence[str], number: int, *, alone: bool) -> tuple[int, int]:
    """Return the first and the last line that the comment in a line (from 1) is about."""
    first = number
    if alone:
        first = next(
            (at for at in range(number + 1, len(lines) + 1) if (line := lines[at - 1].strip()) and line[0] != "#"),
            number,
        )
    header = lines[first - 1]
    if _BLOCK.search(header) is None:
        return first, first
    before = _DASHES.match(header)
    assert before is not None  # it matches anything
    indent = before.end()
    if header[indent : indent + 1] in "|>":  # an item of a list, whose text is indented by more than its dash
        indent = max(header.rfind("-", 0, indent), 0)
    last = first
    for at in range(first + 1, len(lines) + 1):
        line = lines[at - 1]
        if line.strip():
            if len(line) - len(line.lstrip()) <= indent:
                break
            last = at
    return first, last


def _remarks(comment: _Comment, problems: Sequence[catalog.Problem], *, compared: bool) -> Iterator[catalog.Problem]:
    """Yield what is wrong with a comment."""
    if not comment.codes:
        yield _remark(comment, "the comment names no code that it ignores", f"write {_FORM}")
    complete = not any(one.severity == "error" for one in problems)  # an error hides what would be found beside it
    for code in comment.codes:
        named = [one for one in problems if one.code == code and comment.names(one)]
        if code not in CODES:
            near = errors.nearest(code, CODES)
            remedy = f'did you mean "{near}"?' if near else "hydra-webhook rule lists the codes"
            yield _remark(comment, f'the comment ignores "{code}", but there is no such code', remedy)
        elif any(one.severity == "error" for one in named):
            yield _remark(
                comment, f"{code} is an error here, which cannot be ignored", "fix it, and remove the comment"
            )
        elif not named and complete and (compared or code not in _COMPARED):
            yield _remark(comment, f"the comment ignores {code}, but there is no such finding here", "remove it")


def _remark(comment: _Comment, cause: str, remedy: str) -> catalog.Problem:
    return catalog.Problem(
        code="unused-ignore",
        severity="info",
        source=comment.source,
        path="",
        line=comment.line,
        column=comment.column,
        cause=cause,
        remedy=remedy,
        end_line=comment.line,
        end_column=comment.column + len(comment.text),
        excerpt=gotemplate.excerpt(comment.text, 1, 2 * AROUND, len(comment.text)),
    )
