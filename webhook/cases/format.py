"""The YAML of a test file to cases, with every problem at its place (contract section 13)."""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from webhook import catalog, errors, jsonshape, workload
from webhook.cases import constants, left_alone
from webhook.catalog.documents import Value, decoded
from webhook.catalog.report import Placed, Report
from webhook.catalog.schema import checks
from webhook.catalog.yaml import compose
from webhook.catalog.yaml.nodes import Node, Scalar, YamlMapping, YamlPair, YamlSequence, is_null, plain
from webhook.problems import Problem, Span
from webhook.settings import Settings

#: Shorthands for the inference container of a role: ``container`` is that of a lone pod.
Shorthand = Literal["container", "leader", "worker"]
SHORTHANDS: tuple[Shorthand, ...] = get_args(Shorthand)

#: Keys that name a file with a configuration.
CONFIGURATIONS: Mapping[str, catalog.ConfigKind] = {
    "templates": "templates",
    "agent": "agent",
    "gpuConfigs": "gpu-configs",
}

_FILE_KEYS = (*CONFIGURATIONS, "datasets", "settings", "cases")
_CASE_KEYS = ("name", "workload", "namespace", "expect")
_OF_AN_ADMITTED_ONE = ("rendered", *SHORTHANDS, "warnings", "snapshot")
_EXPECT_KEYS = (*_OF_AN_ADMITTED_ONE, "leftAlone", "denied")
_DENIED_KEYS = ("code", "message")


@dataclass(frozen=True, slots=True)
class Reference:
    """A file that a test file names.

    Attributes:
        source: its path, from the folder that the path of the test file is from.
        span: where it is named.
    """

    source: str
    span: Span


@dataclass(frozen=True, slots=True)
class Inside:
    """A configuration in a test file.

    Attributes:
        source: what problems in it name: the test file with the key.
        text: the configuration.
        scalar: where the test file has it.
    """

    source: str
    text: str
    scalar: Scalar


@dataclass(frozen=True, slots=True)
class Denied:
    """The denial that a case expects: its code, parts of its message, or both."""

    code: Scalar | None
    message: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a case expects; nodes know where in the test file they are.

    Attributes:
        span: of the key ``expect``.
        warnings_span: of the key ``warnings``, else of ``expect``.
        rendered: a part of the rendered object.
        containers: Container fields of inference containers, by shorthand.
        warnings: a part of each warning; None: warnings are not looked at.
        denied: the denial; None: the workload is to be admitted.
        snapshot: the whole rendered object, or a file that holds it.
        left_alone: why the webhook is to leave the workload alone, one of ``left_alone.REASONS``; None: it is to be rendered.
    """

    span: Span
    warnings_span: Span
    rendered: YamlMapping | None = None
    containers: Mapping[Shorthand, YamlPair] = field(default_factory=dict)
    warnings: tuple[Scalar, ...] | None = None
    denied: Denied | None = None
    snapshot: YamlMapping | Reference | None = None
    left_alone: Scalar | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One case.

    Attributes:
        name: what it is about; no other case of the file has this name.
        source: path of the test file.
        path: its key path: ``cases[0]``.
        span: where its name is.
        workload: the object that is created, or the file that holds it.
        workload_span: where that is said.
        namespace: where it is created; "" if the object decides.
        expect: what should become of it.
    """

    name: str
    source: str
    path: str
    span: Span
    workload: Mapping[str, Any] | Reference
    workload_span: Span
    namespace: str
    expect: Expectation


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A test file.

    Attributes:
        source: its path.
        lines: its text.
        configurations: what to use instead of the built-in configurations.
        settings: the settings, or the file that holds them.
        cases: at least one.
    """

    source: str
    lines: tuple[str, ...]
    configurations: Mapping[catalog.ConfigKind, Reference | Inside]
    settings: Settings | Reference
    cases: tuple[Case, ...]

    def inputs(self) -> Iterator[tuple[str, str]]:
        """Yield every file that decides what becomes of the workloads, with what it is to the test file."""
        yield self.source, "this test file"
        for kind, one in self.configurations.items():
            if isinstance(one, Reference):
                yield one.source, catalog.KINDS[kind].human
        if isinstance(self.settings, Reference):
            yield self.settings.source, "the settings"
        for case in self.cases:
            if isinstance(case.workload, Reference):
                yield case.workload.source, f'the workload of case "{errors.printable(case.name)}"'

    def references(self) -> Iterator[Reference]:
        """Yield every file that has to be there for the cases to run; a snapshot does not."""
        yield from (one for one in self.configurations.values() if isinstance(one, Reference))
        if isinstance(self.settings, Reference):
            yield self.settings
        yield from (case.workload for case in self.cases if isinstance(case.workload, Reference))

    def snapshots(self) -> Iterator[Reference]:
        """Yield the file of every snapshot that is in one."""
        found = (case.expect.snapshot for case in self.cases)
        yield from (snapshot for snapshot in found if isinstance(snapshot, Reference))


def read(source: str, content: str | bytes) -> tuple[CaseFile | None, tuple[Problem, ...]]:
    """Read a test file.

    Args:
        source: its path; the files that it names are relative to its folder.
        content: its text; bytes are read as UTF-8.

    Returns:
        The file, or None if anything in it is wrong; and every problem, in the order of their places.
    """
    report = Report(source)
    text = content if isinstance(content, str) else decoded(content, report)
    if text is None:
        return None, report.listed()
    text = text.removeprefix("\ufeff")
    report.lines = compose.lines(text)
    root = Value(text, report).parse()
    file = _file(root, report) if root is not None else None
    return (file if report.first_error() is None else None), report.listed()


def _file(root: Node, report: Report) -> CaseFile | None:
    report.flaws(root, "")
    mapping = checks.a_map(report, root, "")
    if mapping is None:
        return None
    checks.only(report, mapping, "", _FILE_KEYS)
    if (datasets := mapping.pairs.get("datasets")) is not None:
        cause = "this release does not mount the volumes of Datasets, so they cannot be tested"
        report.error("bad-value", "datasets", datasets, cause, "remove the key")
    configurations = {
        kind: given
        for key, kind in CONFIGURATIONS.items()
        if (given := _configuration(report, mapping.get(key), key)) is not None
    }
    node = mapping.get("settings")
    settings: Settings | Reference | None = Settings()
    if isinstance(node, YamlMapping):
        settings = constants.settings(report, node, "settings")
    elif not is_null(node):
        settings = _reference(report, node, "settings", "a map or a path")
    items = checks.a_list(report, checks.required(report, mapping, "cases", "cases", "the test file"), "cases")
    if items == []:
        report.error("empty-value", "cases", mapping.get("cases"), "there are no cases", "add one")
    cases = [_case(report, item, f"cases[{index}]") for index, item in enumerate(items or ())]
    _check_names(report, [case for case in cases if case is not None])
    found = tuple(case for case in cases if case is not None)
    return CaseFile(report.source, tuple(report.lines), configurations, settings or Settings(), found)


def _case(report: Report, node: Node, path: str) -> Case | None:
    mapping = checks.a_map(report, node, path)
    if mapping is None:
        if is_null(node):
            report.error("wrong-type", path, node, "must be a map, found nothing", "remove the item")
        return None
    checks.only(report, mapping, path, _CASE_KEYS)
    named = checks.required(report, mapping, "name", f"{path}.name", "the case")
    name = checks.a_string(report, named, f"{path}.name")
    if name is not None and not name.strip():
        report.error("empty-value", f"{path}.name", named, "the name is empty", "say what the case is about")
    sent = checks.required(report, mapping, "workload", f"{path}.workload", "the case")
    given = _workload(report, sent, f"{path}.workload")
    namespace = checks.a_string(report, mapping.get("namespace"), f"{path}.namespace") or ""
    if namespace and not workload.names.DNS_LABEL.accepts(namespace):
        cause = (
            f"{errors.shown(namespace)} is not a namespace: Kubernetes accepts only {workload.names.DNS_LABEL.words}"
        )
        report.error("bad-value", f"{path}.namespace", mapping.get("namespace"), cause)
    expect = _expectation(report, mapping, f"{path}.expect")
    if name is None or named is None or sent is None or given is None or expect is None:
        return None
    return Case(name, report.source, path, _span(named), given, _span(sent), namespace, expect)


def _check_names(report: Report, cases: list[Case]) -> None:
    first: dict[str, Case] = {}
    for case in cases:
        earlier = first.setdefault(case.name, case)
        if earlier is not case:
            cause = f'the case at line {earlier.span.line} has the name "{errors.printable(case.name)}" too'
            report.error("bad-value", f"{case.path}.name", case.span, cause, "rename one of them")


def _workload(report: Report, node: Node | None, path: str) -> Mapping[str, Any] | Reference | None:
    if not isinstance(node, YamlMapping):
        return _reference(report, node, path, "an object or a path")
    for key in ("apiVersion", "kind"):
        if checks.required(report, node, key, f"{path}.{key}", "the workload") is not None:
            checks.a_string(report, node.get(key), f"{path}.{key}")
    value = plain(node)
    try:
        jsonshape.check_depth(value, path)
    except errors.Malformed as fault:
        report.error("bad-value", path, node, fault.message)
    return dict(value)


def _configuration(report: Report, node: Node | None, key: str) -> Reference | Inside | None:
    """Return a configuration: a block of several lines is the text itself."""
    if isinstance(node, Scalar) and isinstance(node.value, str) and "\n" in node.value:
        return Inside(f"{report.source}[{key}]", node.value, node)
    return _reference(report, node, key, "a path")


def _reference(report: Report, node: Node | None, path: str, wanted: str) -> Reference | None:
    """Return the file that a node names."""
    if node is None or is_null(node):
        return None
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        if not node.flaws:
            cause = f"must be {wanted}, relative to the folder of this file"
            report.error("wrong-type", path, node, cause, "write what is here into a file, and name that file")
        return None
    if not node.value.strip() or not node.value.isprintable():
        cause = "must be a path of one line, relative to the folder of this file"
        report.error("bad-value", path, node, cause)
        return None
    folder = posixpath.dirname(report.source)
    return Reference(posixpath.normpath(posixpath.join(folder, node.value)), _span(node))


def _expectation(report: Report, case: YamlMapping, path: str) -> Expectation | None:
    node = checks.required(report, case, "expect", path, "the case")
    mapping = checks.a_map(report, node, path)
    if mapping is None:
        return None
    checks.only(report, mapping, path, _EXPECT_KEYS)
    wanted = {key: pair for key, pair in mapping.pairs.items() if not is_null(pair.node)}
    if not wanted.keys() & set(_EXPECT_KEYS):
        cause = f"the case expects nothing; give at least one of {errors.listed(_EXPECT_KEYS)}"
        report.error("empty-value", path, mapping, cause)
    contrary = [key for key in (*_OF_AN_ADMITTED_ONE, "leftAlone") if key in wanted]
    if "denied" in wanted and contrary:
        cause = f'"{contrary[0]}" cannot be beside "denied": nothing is rendered for a workload that is denied'
        report.error("bad-value", f"{path}.{contrary[0]}", wanted[contrary[0]], cause, "make two cases of it")
    warnings = None
    if "warnings" in wanted:
        warnings = tuple(checks.strings(report, wanted["warnings"].node, f"{path}.warnings"))
    return Expectation(
        _span(case.pairs["expect"]),
        _span(wanted.get("warnings", case.pairs["expect"])),
        checks.a_map(report, mapping.get("rendered"), f"{path}.rendered"),
        {key: wanted[key] for key in SHORTHANDS if key in wanted and _fields(report, wanted[key], f"{path}.{key}")},
        warnings,
        _denied(report, mapping.get("denied"), f"{path}.denied"),
        _snapshot(report, mapping.get("snapshot"), f"{path}.snapshot"),
        _left_alone(report, mapping.get("leftAlone"), f"{path}.leftAlone"),
    )


def _snapshot(report: Report, node: Node | None, path: str) -> YamlMapping | Reference | None:
    return node if isinstance(node, YamlMapping) else _reference(report, node, path, "an object or a path")


def _left_alone(report: Report, node: Node | None, path: str) -> Scalar | None:
    reason = _string(report, node, path)
    if reason is not None and reason.value not in left_alone.REASONS:
        cause = f"the webhook leaves no workload alone for the reason {errors.shown(reason.value)}"
        report.error("bad-value", path, reason, cause, errors.among(str(reason.value), left_alone.REASONS))
    return reason


def _fields(report: Report, pair: YamlPair, path: str) -> bool:
    """Return whether Container fields can be compared, after reporting those that do not exist."""
    mapping = checks.a_map(report, pair.node, path)
    if mapping is None:
        return False
    checks.only(report, mapping, path, catalog.ITEMS["containers"])
    return True


def _denied(report: Report, node: Node | None, path: str) -> Denied | None:
    mapping = checks.a_map(report, node, path)
    if mapping is None:
        return None
    checks.only(report, mapping, path, _DENIED_KEYS)
    code = _string(report, mapping.get("code"), f"{path}.code")
    told = mapping.get("message")
    if isinstance(told, YamlSequence):
        message = tuple(checks.strings(report, told, f"{path}.message"))
    else:
        one = _string(report, told, f"{path}.message")
        message = (one,) if one is not None else ()
    if code is not None and code.value not in errors.DENIAL_CODES:
        cause = f"there is no denial with code {errors.shown(code.value)}"
        remedy = checks.suggestion(report, code.value, errors.DENIAL_CODES)
        report.error("bad-value", f"{path}.code", code, cause, remedy)
    if code is None and not message:
        cause = 'give the "code" of the denial, a part of its "message", or both'
        report.error("empty-value", path, mapping, cause)
    return Denied(code, message)


def _string(report: Report, node: Node | None, path: str) -> Scalar | None:
    return node if checks.a_string(report, node, path) is not None and isinstance(node, Scalar) else None


def _span(at: Placed) -> Span:
    return Span(at.line, at.column, at.end_line, at.end_column)
