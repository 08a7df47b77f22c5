"""What ``test`` measures besides whether cases pass: coverage and mutants, in which form, and whether that is enough."""

import contextlib
import enum
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from webhook import cases
from webhook.cases.coverage import Collector, Counted, Coverage
from webhook.cases.coverage import html as as_html
from webhook.cases.coverage import lcov as as_lcov
from webhook.cases.coverage import text as as_text
from webhook.cases.mutants import Tried
from webhook.cli import case_mutants, output
from webhook.cli.case_files import Tested


class CoverageFormat(enum.StrEnum):
    """How ``test`` prints coverage."""

    TEXT = "text"
    LCOV = "lcov"
    HTML = "html"


_FORMS: Mapping[CoverageFormat, Callable[[Coverage], str]] = {
    CoverageFormat.TEXT: lambda coverage: f"{as_text.report(coverage)}\n",
    CoverageFormat.LCOV: as_lcov.report,
    CoverageFormat.HTML: as_html.report,
}


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured.

    Attributes:
        coverage: what the cases went through; None if that is not measured.
        mutants: what became of the mutants; None if none was tried.
        fail_under: how many percent of either are enough; None if any are.
        asked: whether the user asks for the coverage itself, not only whether it is enough.
    """

    coverage: Coverage | None = None
    mutants: Tried | None = None
    fail_under: float | None = None
    asked: bool = False

    @property
    def gaps(self) -> Iterator[tuple[Counted, str]]:
        """Yield what no case goes through if the user asks for it, or if too much is not gone through."""
        if self.coverage is not None and (self.asked or self._coverage_fault(self.coverage)):
            yield from as_text.all_gaps(self.coverage)

    def reports(self) -> Iterator[tuple[str, str, str]]:
        """Yield the name of each measure, its report for people, and why it is not enough; "" if it is."""
        if self.coverage is not None:
            yield "coverage", as_text.report(self.coverage), self._coverage_fault(self.coverage)
        if self.mutants is not None:
            yield "mutants", cases.mutants.report(self.mutants), self._score_fault(self.mutants)

    def _coverage_fault(self, coverage: Coverage) -> str:
        if self.fail_under is None or coverage.reaches(self.fail_under):
            return ""
        return f"coverage {coverage.percent} % is below {self.fail_under:g} %"

    def _score_fault(self, mutants: Tried) -> str:
        if self.fail_under is None or mutants.score >= self.fail_under:
            return ""
        return f"mutation score {mutants.score} % is below {self.fail_under:g} %"


#: Nothing was measured.
NOTHING = Measured()


@dataclass(frozen=True, slots=True)
class Measures:
    """What is to be measured besides whether cases pass.

    Attributes:
        coverage: in which form coverage is printed; None if it is not.
        file: where to; None for standard output.
        mutate: whether mutants are tried.
        seconds: for how long.
        fail_under: how many percent of what is measured are enough; None if any are.
    """

    coverage: CoverageFormat | None = None
    file: Path | None = None
    mutate: bool = False
    seconds: float = 0
    fail_under: float | None = None

    def collector(self) -> Collector | None:
        """Return what counts coverage, if it is measured."""
        measured = self.coverage is not None or (self.fail_under is not None and not self.mutate)
        return Collector() if measured else None

    @property
    def takes_output(self) -> bool:
        """Return whether standard output is for the coverage alone, so that it can be piped and saved."""
        return self.file is None and self.coverage in (CoverageFormat.LCOV, CoverageFormat.HTML)

    @contextlib.contextmanager
    def results(self) -> Iterator[None]:
        """Send what is printed inside to where the results of cases go."""
        with contextlib.redirect_stdout(sys.stderr) if self.takes_output else contextlib.nullcontext():
            yield

    def measured(self, tested: Sequence[Tested], collector: Collector | None) -> Measured:
        """Return what was measured, after trying the mutants.

        Args:
            tested: the test files that were run.
            collector: what the cases went through.
        """
        coverage = collector.coverage() if collector is not None and tested else None
        mutants = self._tried(tested) if self.mutate and tested else None
        return Measured(coverage, mutants, self.fail_under, self.coverage is not None)

    def report(self, measured: Measured, *, as_text: bool) -> int:
        """Print what was measured for people, and return the exit status that follows from it.

        Args:
            measured: what was measured.
            as_text: whether the results are text for people, which this may be added to.

        Raises:
            typer.BadParameter: the file cannot be written.
        """
        say = typer.echo if as_text and not self.takes_output else output.report
        if measured.coverage is not None and self.coverage is not None:
            self._print(_FORMS[self.coverage](measured.coverage), say)
        if measured.mutants is not None:
            say(cases.mutants.report(measured.mutants))
        faults = [fault for _, _, fault in measured.reports() if fault]
        for fault in faults:
            output.report(fault)
        return int(bool(faults))

    def _print(self, report: str, say: Callable[[str], None]) -> None:
        if self.file is not None:
            try:
                self.file.write_text(report, encoding="utf-8")
            except OSError as error:
                message = f"cannot write {self.file}: {error.strerror}"
                raise typer.BadParameter(message, param_hint="--coverage-file") from error
            output.report(f"wrote {self.file}")
        elif self.takes_output:
            typer.echo(report, nl=False)
        else:
            say(report.rstrip("\n"))

    def _tried(self, tested: Sequence[Tested]) -> Tried | None:
        if any(one.status != "passed" for one in tested):
            output.report("mutants are tried once every case passes")
            return None
        found, untried = case_mutants.tried(case_mutants.suites(tested), seconds=self.seconds)
        return Tried(tuple(found), untried)
