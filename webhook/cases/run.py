"""One case to its outcome, by the code of requests (contract section 13)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from webhook import catalog, errors, mutation, notices, rendering, workload
from webhook.cases import constants, expect, snapshots
from webhook.cases.expect import Result
from webhook.cases.format import Case, CaseFile, Reference, Shorthand
from webhook.cases.matching import Failure
from webhook.catalog.documents import Value, decoded
from webhook.catalog.report import Placed, Report
from webhook.catalog.schema import checks
from webhook.catalog.yaml.compose import LINE_BREAK
from webhook.problems import Problem, Span
from webhook.settings import Settings

#: ``failed``: something is not as expected; ``error``: that could not be found out.
Status = Literal["passed", "failed", "error"]


@dataclass(frozen=True, slots=True)
class Files:
    """The files that a test file refers to, as far as they exist.

    Attributes:
        contents: by path.
        faults: why others cannot be read, by path.
    """

    contents: Mapping[str, bytes] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What all cases of a test file share.

    Attributes:
        documents: the three configurations, those built in where the file names none.
        settings: the settings.
        problems: why no case can be run.
    """

    documents: tuple[catalog.Document, ...]
    settings: Settings
    problems: tuple[Problem, ...]

    def state(self) -> rendering.State:
        """Return the state that requests would read."""
        return rendering.State(catalog.build(self.documents, None), self.settings)


class Outcome(msgspec.Struct, frozen=True):
    """What came of a case.

    Attributes:
        case: the case.
        failures: what is not as expected.
        problems: why it could not be run or judged.
        result: what became of its workload; None if it could not be sent.
        note: what explains a failure that is hard to understand; empty if nothing does.
        snapshot: the text that the snapshot of the case should have, if it has another one.
    """

    case: Case
    failures: tuple[Failure, ...] = ()
    problems: tuple[Problem, ...] = ()
    result: Result | None = None
    note: str = ""
    snapshot: str | None = None

    @property
    def value(self) -> Mapping[str, Any] | None:
        """Return the object afterwards, with its records; None if it was denied or could not be sent."""
        return self.result.value if self.result is not None else None

    @property
    def denial(self) -> errors.Denied | None:
        """Return why it was denied."""
        return self.result.denial if self.result is not None else None

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return the warnings, in full."""
        return tuple(notices.in_full(self.result.notices)) if self.result is not None else ()

    @property
    def status(self) -> Status:
        """Return whether it passed."""
        return "error" if self.problems else "failed" if self.failures else "passed"


def prepare(file: CaseFile, files: Files) -> Prepared:
    """Return what the cases of a test file share."""
    report = Report(file.source, list(file.lines))
    documents = []
    for kind, reference in file.configurations.items():
        content = _content(reference, files, report, reference.span, "")
        if content is not None:
            documents.append(catalog.Document(kind, reference.source, content))
    settings = file.settings
    problems: tuple[Problem, ...] = ()
    if isinstance(settings, Reference):
        content = _content(settings, files, report, settings.span, "settings")
        settings, problems = _settings(settings.source, content) if content is not None else (Settings(), ())
    built_in = catalog.embedded(except_for=set(file.configurations))
    return Prepared((*documents, *built_in), settings, (*report.listed(), *problems))


def run(case: Case, state: rendering.State, files: Files) -> Outcome:
    """Create the workload of a case, as a request would, and compare what becomes of it with what the case expects.

    Args:
        case: the case.
        state: the configuration and settings.
        files: what the test file refers to.
    """
    sent, problems = _workload(case, files)
    if sent is None:
        return Outcome(case, problems=problems)
    result = create(sent, state, case.namespace)
    denied = result.denial
    if denied is not None and denied.code == "configuration-missing" and case.expect.denied is None:
        return Outcome(case, problems=(_problem(case, "", case.workload_span, denied.message),), result=result)
    note = ""
    if result.reason == "already-rendered":
        note = "the workload has a record, so it is sent as it was rendered before; hydra-webhook restore gives the bare form"
    failures: tuple[Failure, ...] = ()
    text = None
    try:
        failures = tuple(expect.check(case, result))
        reference = case.expect.snapshot
        if reference is not None and result.value is not None:
            bare = snapshots.without_records(result.value)
            content, unread = files.contents.get(reference.source), files.faults.get(reference.source, "")
            if different := expect.check_snapshot(reference, bare, content, unread):
                failures, text = (*failures, different), snapshots.text(bare)
    except expect.BadCase as error:
        path = f"{case.path}.expect.{error.path}"
        problems = (_problem(case, path, error.at, error.cause, error.remedy),)
    except errors.Denied as fault:  # the webhook leaves it alone, however it is shaped
        problems = (_problem(case, f"{case.path}.workload", case.workload_span, fault.message),)
    return Outcome(case, failures, problems, result, note, text)


def containers(outcome: Outcome) -> Mapping[Shorthand, Mapping[str, Any]]:
    """Return the inference containers of a case whose workload was admitted, by the shorthand for them."""
    return expect.containers(outcome.result) if outcome.result is not None and outcome.value is not None else {}


def create(sent: Mapping[str, Any], state: rendering.State, namespace: str = "") -> Result:
    """Return what becomes of an object that is created.

    Args:
        sent: the object.
        state: the configuration and settings.
        namespace: where; "" if the object decides.
    """
    metadata = sent.get("metadata")
    own = metadata.get("namespace") if isinstance(metadata, dict) else None
    try:
        mutated = mutation.mutate(sent, workload.kind_of(sent), state, namespace=namespace or str(own or "default"))
    except errors.Denied as denial:
        return Result(sent, None, denial.code, denial=denial)
    return Result(sent, mutated.value, mutated.reason, mutated.notices)


def sent(case: Case, files: Files) -> Mapping[str, Any] | None:
    """Return the object that a case creates; None if there is none."""
    return _workload(case, files)[0]


def _workload(case: Case, files: Files) -> tuple[Mapping[str, Any] | None, tuple[Problem, ...]]:
    """Return the object that a case creates, or why there is none."""
    if not isinstance(case.workload, Reference):
        return case.workload, ()
    report = Report(case.source)
    path = f"{case.path}.workload"
    content = _content(case.workload, files, report, case.workload_span, path)
    if content is None:
        return None, report.listed()
    inside = Report(case.workload.source)
    text = decoded(content, inside)
    if text is None:
        return None, inside.listed()
    inside.lines = LINE_BREAK.split(text)
    try:
        values = [value for value in catalog.load_all(text) if value is not None]
    except catalog.BadYaml as error:
        for flaw in error.flaws:
            inside.error(flaw.code, "", flaw, flaw.cause, flaw.remedy)
        return None, inside.listed()
    cause = ""
    if len(values) != 1:
        cause = f"{case.workload.source} holds {len(values)} objects, expected one"
    elif not isinstance(values[0], dict) or not isinstance(values[0].get("kind"), str):
        cause = f"{case.workload.source} is not a Kubernetes object: it has no kind"
    elif values[0]["kind"].endswith("List") and isinstance(values[0].get("items"), list):
        cause = f"{case.workload.source} holds a List, expected one object"
    if cause:
        report.error("bad-value", path, case.workload_span, cause, "write each object into a file of its own")
        return None, report.listed()
    return values[0], ()


def _content(reference: Reference, files: Files, report: Report, at: Placed, path: str) -> bytes | None:
    content = files.contents.get(reference.source)
    if content is None:
        fault = files.faults.get(reference.source, f"{reference.source}: No such file or directory")
        report.error("absent", path, at, f"cannot read {fault}")
    return content


def _settings(source: str, content: bytes) -> tuple[Settings, tuple[Problem, ...]]:
    report = Report(source)
    found = Settings()
    text = decoded(content, report)
    if text is not None:
        report.lines = LINE_BREAK.split(text)
        root = Value(text, report).parse()
        if root is not None and (mapping := checks.a_map(report, root, "")) is not None:
            report.flaws(mapping, "")
            found = constants.settings(report, mapping, "")
    return found, report.listed()


def _problem(case: Case, path: str, at: Placed, cause: str, remedy: str = "") -> Problem:
    span = Span(at.line, at.column, at.end_line, at.end_column)
    return Problem("bad-value", "error", case.source, path, *span[:2], cause, remedy, *span[2:])
