"""What ``test`` prints of coverage and of mutants, and whether it is enough."""

import contextlib
import enum
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from webhook import cases
from webhook.cases.coverage import Collector, Coverage
from webhook.cases.coverage import html as as_html
from webhook.cases.coverage import lcov as as_lcov
from webhook.cases.coverage import text as as_text
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

    def report(self, tested: Sequence[Tested], collector: Collector | None, *, as_text: bool) -> int:
        """Print what was measured, and return the exit status that follows from it.

        Args:
            tested: the test files that were run.
            collector: what the cases went through.
            as_text: whether the results are text for people, which this may be added to.

        Raises:
            typer.BadParameter: the file cannot be written.
        """
        say = typer.echo if as_text and not self.takes_output else output.report
        status = 0
        if collector is not None:
            coverage = collector.coverage()
            if self.coverage is not None:
                self._print(_FORMS[self.coverage](coverage), say)
            if self.fail_under is not None and not coverage.reaches(self.fail_under):
                output.report(f"coverage {coverage.percent} % is below {self.fail_under:g} %")
                status = 1
        return max(status, self._mutants(tested, say)) if self.mutate else status

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

    def _mutants(self, tested: Sequence[Tested], say: Callable[[str], None]) -> int:
        if any(one.status != "passed" for one in tested):
            output.report("mutants are tried once every case passes")
            return 0
        found, untried = case_mutants.tried(case_mutants.suites(tested), seconds=self.seconds)
        say(cases.mutants.report(found, untried=untried))
        score = cases.mutants.score(verdict for _, verdict in found)
        if self.fail_under is None or score >= self.fail_under:
            return 0
        output.report(f"mutation score {score} % is below {self.fail_under:g} %")
        return 1
