"""Collects everything that is wrong with one text, each problem with its place in the source that the person sees."""

import re
from dataclasses import dataclass, field
from typing import Protocol

from webhook import gotemplate
from webhook.catalog.yaml import characters
from webhook.catalog.yaml.compose import LINE_BREAK, flaws
from webhook.catalog.yaml.nodes import LITERAL, Node, Scalar
from webhook.problems import Problem, ProblemCode, Severity, Span

#: Problems of one text that are listed: more than anybody reads. Further ones are only counted, so that a text of a megabyte
#: that is wrong everywhere costs little to check, to log and to show.
MAX_PROBLEMS = 1000

_RANKS: dict[Severity, int] = {"error": 0, "warning": 1, "info": 2}

#: The line breaks of a Go template.
_NEWLINE = re.compile("\n")

#: Characters on each side of the place in an excerpt, which with an indentation and two ellipses then fits a terminal of 80 columns.
AROUND = 36


class Placed(Protocol):
    """Anything with a span, see ``problems.Span``."""

    @property
    def line(self) -> int:
        """The first line."""

    @property
    def column(self) -> int:
        """The column of the first character."""

    @property
    def end_line(self) -> int:
        """The last line; 0 where unknown."""

    @property
    def end_column(self) -> int:
        """The column just past the last character; 0 where unknown."""


@dataclass(slots=True)
class Report:
    """The problems of one text.

    Attributes:
        source: the source that its problems name.
        lines: the text's lines, to find out what precedes a place in a line.
        within: set where the text is a folded or escaped scalar of the source, and so has places of its own. Each problem is
            placed where its place in the text is written in the source. Where that is not known, it is placed at this scalar, and
            its cause gives the line of the value.
        outer: the report of the source that has this scalar.
        problems: all of them, in the order in which they were found; `listed` gives those to show.
    """

    source: str
    lines: list[str] = field(default_factory=list)
    within: Scalar | None = None
    problems: list[Problem] = field(default_factory=list)
    outer: "Report | None" = None
    _places: list[characters.Place] | None = None

    @property
    def full(self) -> bool:
        """Return whether there are so many problems that no further one needs an excerpt or a suggestion."""
        return len(self.problems) >= MAX_PROBLEMS

    def listed(self) -> tuple[Problem, ...]:
        """Return the problems to show, in the order of their places: at most ``MAX_PROBLEMS``, errors before others.

        If some are left out, one more problem says how many.
        """
        shown = sorted(self.problems, key=lambda one: _RANKS[one.severity])[:MAX_PROBLEMS]
        shown.sort(key=lambda one: (one.line, one.column))
        if rest := len(self.problems) - len(shown):
            cause = f"{rest} more problems are not listed"
            shown.append(
                Problem("too-many-problems", "warning", self.source, "", 0, 0, cause, "fix the listed ones first")
            )
        return tuple(shown)

    def error(
        self, code: ProblemCode, path: str, at: Placed | None, cause: str, remedy: str = "", excerpt: str = ""
    ) -> None:
        """Add a problem that makes an entry or the whole text unusable."""
        self.add("error", code, path, at, cause, remedy, excerpt)

    def warning(
        self, code: ProblemCode, path: str, at: Placed | None, cause: str, remedy: str = "", excerpt: str = ""
    ) -> None:
        """Add a finding: the entry is used, but probably not as it was meant."""
        self.add("warning", code, path, at, cause, remedy, excerpt)

    def info(
        self, code: ProblemCode, path: str, at: Placed | None, cause: str, remedy: str = "", excerpt: str = ""
    ) -> None:
        """Add a remark."""
        self.add("info", code, path, at, cause, remedy, excerpt)

    def add(
        self,
        severity: Severity,
        code: ProblemCode,
        path: str,
        at: Placed | None,
        cause: str,
        remedy: str = "",
        excerpt: str = "",
    ) -> None:
        """Add a problem of any severity."""
        excerpt = excerpt or ("" if self.full else self._excerpt(at))
        span = Span(at.line, at.column, at.end_line, at.end_column) if at is not None else Span()
        if self.within is not None and span.line:
            found = self.in_source(span)
            if found.line == self.within.line and found.column == self.within.column:
                cause = f"{cause} (line {span.line}, column {span.column} of the value)"
            span = found
        self.problems.append(
            Problem(
                code,
                severity,
                self.source,
                path,
                span.line,
                span.column,
                cause,
                remedy,
                span.end_line,
                span.end_column,
                excerpt,
            )
        )

    def _excerpt(self, at: Placed | None) -> str:
        """Return the line of a place with carets below it, without the indentation; "" if the text is not known.

        A place of several lines has one caret, where it begins.
        """
        if at is None or not 1 <= at.line <= len(self.lines):
            return ""
        line = self.lines[at.line - 1]
        indent = len(line) - len(line.lstrip())
        width = at.end_column - at.column if at.end_line == at.line else 1
        return gotemplate.excerpt(line[indent:], at.column - indent, AROUND, width)

    def own_flaws(self, node: Node, path: str) -> None:
        """Add the flaws of this node, but not those below it, as errors."""
        for flaw in node.flaws:
            self.error(flaw.code, path, flaw, flaw.cause, flaw.remedy)

    def flaws(self, node: Node, path: str) -> None:
        """Add every flaw in this tree as an error."""
        for where, flaw in flaws(node, path):
            self.error(flaw.code, where, flaw, flaw.cause, flaw.remedy)

    def first_error(self, since: int = 0) -> Problem | None:
        """Return the first error after the first ``since`` problems."""
        return next((problem for problem in self.problems[since:] if problem.severity == "error"), None)

    def inside(self, scalar: Scalar, line: int, column: int, length: int = 0) -> Span:
        """Return the place in the source of a line and column (from 1) of a scalar's value.

        Returns the scalar's own span if the place in the source is not known.

        Args:
            scalar: the scalar.
            line: the line of its value.
            column: the column in that line.
            length: how many characters of that line the place has; 0: only its beginning is known.
        """
        if scalar.style == LITERAL:
            begin = (scalar.line + line, column + self.indentation(scalar, line))
            return Span(*begin, begin[0], begin[1] + length) if length else Span(*begin)
        known = characters.of(scalar, self.lines)
        if known is not None:
            at = characters.offset(scalar.text, line, column, _NEWLINE)
            if length and (last := known[min(at + length, len(known)) - 1])[0] == known[at][0]:
                return Span(*known[at], last[0], last[1] + 1)
            return Span(*known[at])
        return Span(scalar.line, scalar.column, scalar.end_line, scalar.end_column)

    def in_source(self, span: Span) -> Span:
        """Return the span in the source of a span in this text; that of the whole text if it is not known."""
        if self.within is None or not span.line:
            return span
        if self._places is None:
            found = characters.of(self.within, self.outer.lines) if self.outer is not None else None
            self._places = found if found is not None else []
        if not self._places:
            return Span(self.within.line, self.within.column, self.within.end_line, self.within.end_column)
        begin = self._places[characters.offset(self.within.text, span.line, span.column, LINE_BREAK)]
        if not span.end_line:
            return Span(*begin)
        return Span(
            *begin, *self._places[characters.offset(self.within.text, span.end_line, span.end_column, LINE_BREAK)]
        )

    def indentation(self, scalar: Scalar, line: int) -> int:
        """Return how many columns the source has before this line (from 1) of a literal block."""
        value = scalar.text.split("\n")[line - 1]
        row = scalar.line + line - 1
        return len(self.lines[row]) - len(value) if row < len(self.lines) and self.lines[row].endswith(value) else 0
