"""Templates that are tried, and what the trials of one entry find."""

from collections.abc import Hashable
from dataclasses import dataclass, field

from webhook import gotemplate
from webhook.catalog import Severity, templates
from webhook.catalog.report import Placed, Report
from webhook.linting import samples


@dataclass(frozen=True, slots=True)
class Subject:
    """A template that is tried.

    Attributes:
        compiled: with its place.
        unknown: the variables that it refers to and that do not exist; they are reported where they stand.
        texts: its pieces of plain text.
    """

    compiled: templates.Compiled
    unknown: frozenset[str]
    texts: frozenset[str]


@dataclass(frozen=True, slots=True)
class Tried:
    """A template with what it rendered to."""

    subject: Subject
    text: str

    @property
    def path(self) -> str:
        """The key path of the template."""
        return self.subject.compiled.path


@dataclass(slots=True)
class Findings:
    """What the trials of one entry found: each thing once, with the first combination that shows it."""

    report: Report
    combination: samples.Combination
    found: dict[Hashable, tuple[Severity, str, str, Placed, str, str]] = field(default_factory=dict)

    def add(self, code: str, path: str, what: Hashable, at: Placed, cause: str, remedy: str = "") -> None:
        """Add a finding of the combination that is being tried; `what` tells it from others of its code and path.

        What only happens to variables that no pod has is a remark.
        """
        severity: Severity = "warning" if self.combination.exists else "info"
        known = self.found.get((code, path, what))
        if known is None or (known[0] == "info" and severity == "warning"):
            self.found[code, path, what] = severity, code, path, at, f"{cause} ({self.combination})", remedy

    def tell(self) -> None:
        """Put everything into the report."""
        for severity, code, path, at, cause, remedy in self.found.values():
            add = self.report.warning if severity == "warning" else self.report.info
            add(code, path, at, cause, remedy)


def subject_of(compiled: templates.Compiled) -> Subject:
    """Return a template as it is tried."""
    template = compiled.template
    return Subject(
        compiled,
        frozenset(use.name for use in template.variables) - samples.VARIABLES,
        frozenset(passage.text for passage in template.reach(gotemplate.Given({})).passages),
    )


def refers(compiled: templates.Compiled, *names: str) -> bool:
    """Tell whether a template refers to one of some variables."""
    return any(use.name in names for use in compiled.template.variables)
