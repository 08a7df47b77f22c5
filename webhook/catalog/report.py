"""Collects everything that is wrong with one text, each with its place in what the person has before them."""

from dataclasses import dataclass, field
from typing import Protocol

from webhook.catalog.model import Problem, Severity
from webhook.catalog.nodes import FOLDED, LITERAL, Node, Scalar
from webhook.catalog.yamltext import flaws


class Placed(Protocol):
    """Anything with a line and a column, counted from 1."""

    @property
    def line(self) -> int:
        """The line."""

    @property
    def column(self) -> int:
        """The column."""


@dataclass(slots=True)
class Report:
    """The problems of one text.

    Attributes:
        source: what the problems say they are in.
        lines: the text's lines, to look up what stands in front of a piece of text.
        within: set where places cannot be counted through to the source, because the text is a folded or escaped scalar
            there: every problem is then at this scalar, and says the line of its value.
        problems: what was found, in the order in which it was found.
    """

    source: str
    lines: list[str] = field(default_factory=list)
    within: Scalar | None = None
    problems: list[Problem] = field(default_factory=list)

    def error(self, code: str, path: str, at: Placed | None, cause: str, remedy: str = "") -> None:
        """Add what makes an entry or the text unusable."""
        self._add("error", code, path, at, cause, remedy)

    def warning(self, code: str, path: str, at: Placed | None, cause: str, remedy: str = "") -> None:
        """Add a finding: the entry is used, but probably not as meant."""
        self._add("warning", code, path, at, cause, remedy)

    def info(self, code: str, path: str, at: Placed | None, cause: str, remedy: str = "") -> None:
        """Add a remark."""
        self._add("info", code, path, at, cause, remedy)

    def _add(self, severity: Severity, code: str, path: str, at: Placed | None, *texts: str) -> None:
        cause, remedy = texts
        line, column = (at.line, at.column) if at is not None else (0, 0)
        if self.within is not None and line:
            cause = f"{cause} (line {line}, column {column} of the value)"
            line, column = self.within.line, self.within.column
        self.problems.append(Problem(code, severity, self.source, path, line, column, cause, remedy))

    def own_flaws(self, node: Node, path: str) -> None:
        """Add the flaws of this node, but not of what is below it, as errors."""
        for flaw in node.flaws:
            self.error(flaw.code, path, flaw, flaw.cause, flaw.remedy)

    def flaws(self, node: Node, path: str) -> None:
        """Add every flaw in this tree as an error."""
        for where, flaw in flaws(node, path):
            self.error(flaw.code, where, flaw, flaw.cause, flaw.remedy)

    def first_error(self, since: int) -> Problem | None:
        """Return the first error that was added after there were ``since`` problems."""
        return next((problem for problem in self.problems[since:] if problem.severity == "error"), None)

    def inside(self, scalar: Scalar, line: int, column: int) -> "Place":
        """Return where a place in a scalar's value stands in the source; the scalar's start if that cannot be told.

        Line and column count from 1 in the value.
        """
        if scalar.style == FOLDED:
            return Place(scalar.line, scalar.column)
        if scalar.style == LITERAL:
            return Place(scalar.line + line, column + self.indentation(scalar, line))
        start = scalar.column - 1 + len(scalar.style)
        written = self.lines[scalar.line - 1][start:] if scalar.line <= len(self.lines) else ""
        if line == 1 and "\n" not in scalar.text and written.startswith(scalar.text):
            return Place(scalar.line, start + column)
        return Place(scalar.line, scalar.column)

    def indentation(self, scalar: Scalar, line: int) -> int:
        """Return how many columns stand before this line of a literal block in the source."""
        value = scalar.text.split("\n")[line - 1]
        row = scalar.line + line - 1
        return len(self.lines[row]) - len(value) if row < len(self.lines) and self.lines[row].endswith(value) else 0


@dataclass(frozen=True, slots=True)
class Place:
    """A line and a column, counted from 1."""

    line: int
    column: int
