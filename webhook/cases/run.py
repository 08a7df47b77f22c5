"""One case to its outcome, by the code of requests (contract section 13)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from webhook import catalog, errors, mutation, notices, rendering, workload
from webhook.cases import constants, expect, left_alone, snapshots
from webhook.cases.expect import Files, Result
from webhook.cases.format import Case, CaseFile, Inside, Reference, Shorthand
from webhook.cases.matching import Failure
from webhook.catalog.documents import Value, decoded
from webhook.catalog.report import Placed, Report
from webhook.catalog.schema import checks
from webhook.catalog.yaml import compose
from webhook.catalog.yaml.nodes import YamlMapping
from webhook.problems import Problem, Span
from webhook.settings import Settings

#: ``failed``: something is not as expected; ``error``: that could not be found out.
Status = Literal["passed", "failed", "error"]


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
        note: that nothing was rendered, where the workload asks for that; else empty.
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
    for kind, given in file.configurations.items():
        text = given.text if isinstance(given, Inside) else _content(given, files, report, given.span, "")
        if text is not None:
            documents.append(catalog.Document(kind, given.source, text))
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
    if case.expect.left_alone is None and result.reason in left_alone.REASONS:
        cause, way_out = left_alone.cause(result.reason), f'expect "leftAlone: {result.reason}"'
        if result.reason not in left_alone.ON_PURPOSE:
            remedy = f"{left_alone.remedy(result.reason, sent)}, or {way_out}"
            problem = _problem(case, f"{case.path}.workload", case.workload_span, cause, remedy)
            return Outcome(case, problems=(problem,), result=result)
        note = f"{cause}; if that is what the case is about, {way_out}"
    failures: tuple[Failure, ...] = ()
    text = None
    try:
        failures = tuple(expect.check(case, result))
        if case.expect.snapshot is not None and result.value is not None:
            different, text = _snapshot(case.expect.snapshot, snapshots.without_records(result.value), files)
            failures = (*failures, *different)
    except expect.BadCase as error:
        path = f"{case.path}.expect.{error.path}"
        problems = (_problem(case, path, error.at, error.cause, error.remedy),)
    except errors.Denied as fault:  # the webhook leaves it alone, however it is shaped
        problems = (_problem(case, f"{case.path}.workload", case.workload_span, fault.message),)
    return Outcome(case, failures, problems, result, note, text)


def _snapshot(
    expected: YamlMapping | Reference, value: Mapping[str, Any], files: Files
) -> tuple[list[Failure], str | None]:
    """Return how an object differs from a snapshot, and the text that the file of the snapshot should have instead.

    Raises:
        expect.BadCase: the file is not a snapshot.
    """
    if not isinstance(expected, Reference):
        different = expect.check_whole(expected, value)
        return ([different] if different is not None else []), None
    different = expect.check_snapshot(expected, value, files)
    return ([different], snapshots.text(value)) if different is not None else ([], None)


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
    where = namespace or str(own or "default")
    attempts: list[mutation.Attempt] = []
    try:
        mutated = mutation.mutate(sent, workload.kind_of(sent), state, namespace=where, attempts=attempts)
    except errors.Denied as denial:
        return Result(sent, None, denial.code, denial=denial, resolutions=_resolutions(attempts))
    return Result(sent, mutated.value, mutated.reason, mutated.notices, resolutions=_resolutions(attempts))


def _resolutions(attempts: Iterable[mutation.Attempt]) -> tuple[rendering.Resolution, ...]:
    return tuple(one.decided.resolution for one in attempts if one.decided.resolution is not None)


def sent(case: Case, files: Files) -> Mapping[str, Any] | None:
    """Return the object that a case creates; None if there is none."""
    return _workload(case, files)[0]


def _workload(case: Case, files: Files) -> tuple[Mapping[str, Any] | None, tuple[Problem, ...]]:
    """Return the object that a case creates, or why there is none."""
    report = Report(case.source)
    path = f"{case.path}.workload"
    if not isinstance(case.workload, Reference):
        if unknown := _unknown_kind(case.workload):
            report.error("bad-value", path, case.workload_span, *unknown)
            return None, report.listed()
        return case.workload, ()
    content = _content(case.workload, files, report, case.workload_span, path)
    if content is None:
        return None, report.listed()
    inside = Report(case.workload.source)
    text = decoded(content, inside)
    if text is None:
        return None, inside.listed()
    inside.lines = compose.lines(text)
    try:
        objects = [value for document in catalog.load_all(text) for value in workload.items(document)]
    except catalog.BadYaml as error:
        for flaw in error.flaws:
            inside.error(flaw.code, "", flaw, flaw.cause, flaw.remedy)
        return None, inside.listed()
    workloads = [value for value in objects if _unknown_kind(value) is None]
    if len(workloads) == 1:
        return workloads[0], ()
    if len(workloads) > 1:
        cause = f"{case.workload.source} holds {len(workloads)} workloads, expected one"
        report.error("bad-value", path, case.workload_span, cause, "write each into a file of its own")
    elif objects and (unknown := _unknown_kind(objects[0])):
        report.error("bad-value", path, case.workload_span, f"{case.workload.source}: {unknown[0]}", unknown[1])
    else:
        cause = f"{case.workload.source} holds no Kubernetes object: nothing in it has a kind"
        report.error("bad-value", path, case.workload_span, cause)
    return None, report.listed()


def _unknown_kind(sent: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return cause and remedy if the webhook leaves every object of this kind alone, so that a case would say nothing."""
    kinds = (*workload.INTERCEPTED, *workload.POD_TEMPLATE_PLACES)
    if workload.kind_of(sent) in kinds:
        return None
    name = f"{sent.get('apiVersion')} {sent['kind']}"
    known = [f"{group}/{version} {kind}".removeprefix("/") for group, version, kind in kinds]
    return f"the webhook does nothing with {errors.printable(name)}", errors.among(name, known)


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
        report.lines = compose.lines(text)
        root = Value(text, report).parse()
        if root is not None and (mapping := checks.a_map(report, root, "")) is not None:
            report.flaws(mapping, "")
            found = constants.settings(report, mapping, "")
    return found, report.listed()


def _problem(case: Case, path: str, at: Placed, cause: str, remedy: str = "") -> Problem:
    span = Span(at.line, at.column, at.end_line, at.end_column)
    return Problem("bad-value", "error", case.source, path, *span[:2], cause, remedy, *span[2:])
