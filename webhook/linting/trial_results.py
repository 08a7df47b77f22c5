"""What trials produce: a template, its rendering with one sample, and the findings of all trials of one entry."""

from collections.abc import Hashable
from dataclasses import dataclass, field

from webhook import gotemplate
from webhook.catalog import Severity
from webhook.catalog.report import Placed, Report
from webhook.catalog.schema.compiling import Compiled
from webhook.linting import sample_variables
from webhook.problems import ProblemCode


@dataclass(frozen=True, slots=True)
class TriedTemplate:
    """A template to try.

    Attributes:
        compiled: the template and its place.
        unknown: the variables it refers to that do not exist; ``templates`` has reported them.
        literals: the pieces of its text outside actions.
    """

    compiled: Compiled
    unknown: frozenset[str]
    literals: frozenset[str]


@dataclass(frozen=True, slots=True)
class Rendering:
    """What a template rendered to in one trial."""

    template: TriedTemplate
    text: str

    @property
    def path(self) -> str:
        """The key path of the template."""
        return self.template.compiled.path


@dataclass(slots=True)
class Findings:
    """The findings of all trials of one entry: each is kept once, with the first sample that shows it.

    Attributes:
        report: receives the findings when all trials are over.
        sample: the variables of the current trial.
    """

    report: Report
    sample: sample_variables.Sample
    _found: dict[tuple[ProblemCode, str, Hashable], tuple[Severity, ProblemCode, str, Placed, str, str, str]] = field(
        default_factory=dict
    )

    def add(
        self,
        code: ProblemCode,
        path: str,
        what: Hashable,
        at: Placed,
        cause: str,
        remedy: str = "",
        excerpt: str = "",
        *,
        severity: Severity = "warning",
    ) -> None:
        """Add a finding of the current trial; `what` distinguishes findings of the same code and path.

        A finding that only impossible variables show is an info.
        """
        severity = severity if self.sample.possible else "info"
        known = self._found.get((code, path, what))
        if known is None or (known[0] == "info" and severity == "warning"):
            self._found[code, path, what] = severity, code, path, at, f"{cause} ({self.sample})", remedy, excerpt

    def has(self, code: ProblemCode, path: str) -> bool:
        """Return whether there is a finding with this code and path."""
        return any(found[:2] == (code, path) for found in self._found)

    def report_all(self) -> None:
        """Add every finding to the report."""
        for severity, code, path, at, cause, remedy, excerpt in self._found.values():
            add = self.report.warning if severity == "warning" else self.report.info
            add(code, path, at, cause, remedy, excerpt)


def tried_template(compiled: Compiled) -> TriedTemplate:
    """Return a template with what trials need to know about it."""
    template = compiled.template
    return TriedTemplate(
        compiled,
        frozenset(use.name for use in template.variables) - sample_variables.NAMES,
        frozenset(passage.text for passage in template.reach(gotemplate.Given({})).passages),
    )


def refers(compiled: Compiled, *names: str) -> bool:
    """Return whether a template refers to any of these variables."""
    return any(use.name in names for use in compiled.template.variables)
