"""What a case expects, compared with what became of its workload (contract section 13)."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from webhook import errors, notices, patch, rendering, workload
from webhook.cases import snapshots
from webhook.cases.format import Case, Denied, Reference, Shorthand
from webhook.cases.matching import ABSENT, Failure, failure, failures, in_order_of
from webhook.catalog.report import Placed
from webhook.catalog.yaml.nodes import Scalar, YamlMapping, plain
from webhook.notices import Notice

_ROLES: Mapping[Shorthand, workload.Role] = {"container": "lone", "leader": "leader", "worker": "worker"}
_SHORTHANDS = {role: shorthand for shorthand, role in _ROLES.items()}


#: Where ``--update`` writes snapshots.
BELOW = "name a file below the folder of the test file"


@dataclass(frozen=True, slots=True)
class Files:
    """The files that a test file refers to, as far as they exist.

    Attributes:
        contents: by path.
        faults: why others cannot be read, by path.
        inputs: what a file is that a snapshot must not be, such as the workload of a case, by the path that the snapshot has.
        outside: paths of snapshots that are not below the folder of the test file.
    """

    contents: Mapping[str, bytes] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    outside: Collection[str] = ()


class BadCase(errors.HydraError):
    """A case that cannot be judged because it does not fit its workload.

    Attributes:
        path: below ``expect``.
        at: where.
        cause, remedy: as in ``problems.Problem``.
    """

    def __init__(self, path: str, at: Placed, cause: str, remedy: str) -> None:
        super().__init__(f"{cause}; {remedy}")
        self.path = path
        self.at = at
        self.cause = cause
        self.remedy = remedy


class Result(msgspec.Struct, frozen=True):
    """What became of a workload.

    Attributes:
        sent: the object that was created.
        value: the object afterwards; None if it was denied.
        reason: why it is as it is, as a word or two in kebab case; the code of a denial.
        notices: what its author should know.
        denial: why it was denied.
        resolutions: what was decided about each of its pod templates, as far as it went.
    """

    sent: Mapping[str, Any]
    value: Mapping[str, Any] | None
    reason: str
    notices: Sequence[Notice] = ()
    denial: errors.Denied | None = None
    resolutions: tuple[rendering.Resolution, ...] = ()


def check(case: Case, result: Result) -> Iterator[Failure]:
    """Yield what is not as a case expects, but for its snapshot.

    Raises:
        BadCase: it expects what its kind of workload cannot have.
    """
    expect = case.expect
    if result.value is None:
        yield from _denied(case, result.denial)
        return
    if expect.denied is not None:
        at = expect.denied.code or expect.denied.message[0]
        yield failure(at, "denied", f"the workload is admitted ({result.reason})", _wanted(expect.denied))
        return
    if expect.left_alone is not None and expect.left_alone.value != result.reason:
        yield failure(expect.left_alone, "leftAlone", "is different", expect.left_alone.value, result.reason)
    if expect.rendered is not None:
        yield from failures(expect.rendered, result.value, "")
    for shorthand, pair in expect.containers.items():
        container = _container(result, shorthand, pair)
        if isinstance(container, str):
            yield failure(pair, shorthand, container)
        else:
            yield from failures(pair.node, container, shorthand)
    if expect.warnings is not None:
        yield from _warnings(expect.warnings, expect.warnings_span, result.notices)


def check_whole(expected: YamlMapping, value: Mapping[str, Any]) -> Failure | None:
    """Return how a rendered object without records differs from the whole object that is expected."""
    whole = plain(expected)
    if patch.same(whole, value):
        return None
    return failure(expected, "snapshot", "is different", whole, in_order_of(value, whole))


def check_snapshot(reference: Reference, value: Mapping[str, Any], files: Files) -> Failure | None:
    """Return how a snapshot differs from a rendered object without records.

    Args:
        reference: the snapshot.
        value: the object.
        files: what the test file refers to.

    Raises:
        BadCase: the file cannot be read, is not a snapshot, or is something else to the test file.
    """
    source = reference.source
    if what := files.inputs.get(source):
        cause = f"{source} is {what}, so it cannot be a snapshot"
        raise BadCase("snapshot", reference.span, cause, "name a file of its own, such as snapshots/NAME.yaml")
    if fault := files.faults.get(source):
        raise BadCase("snapshot", reference.span, f"cannot read {fault}", "")
    content = files.contents.get(source)
    elsewhere = f"{BELOW} if --update is to write it" if source in files.outside else ""
    if content is None:
        remedy = elsewhere or "run the test with --update to write it"
        return failure(reference.span, "snapshot", f"{source} does not exist", remedy=remedy)
    try:
        expected = snapshots.read(content)
    except snapshots.NotASnapshot as error:
        cause = f"{source} is not a snapshot: {error}"
        remedy = elsewhere or "name another file, or remove this one and write it with --update"
        raise BadCase("snapshot", reference.span, cause, remedy) from error
    if patch.same(expected, value):
        return None
    remedy = elsewhere or "if that is right, run the test with --update"
    different = in_order_of(value, expected)
    return failure(reference.span, "snapshot", f"is different from {source}", expected, different, remedy)


def _denied(case: Case, denial: errors.Denied | None) -> Iterator[Failure]:
    assert denial is not None
    expected = case.expect.denied
    if expected is None:
        yield failure(case.expect.span, "", "the workload is denied", found=str(denial))
        return
    if expected.code is not None and expected.code.value != denial.code:
        remedy = denial.message if not expected.message else ""  # else the next failure shows it
        yield failure(expected.code, "denied.code", "is different", expected.code.value, denial.code, remedy)
    for text in expected.message:
        if text.value not in denial.message and text.value not in str(denial):
            yield failure(text, "denied.message", "is not part of the message", text.value, denial.message)


def _wanted(denied: Denied) -> dict[str, Any]:
    code = {"code": denied.code.value} if denied.code is not None else {}
    return {**code, **({"message": [text.value for text in denied.message]} if denied.message else {})}


def containers(result: Result) -> dict[Shorthand, dict[str, Any]]:
    """Return the inference containers of a result that is not a denial; a pod template that is left alone has none."""
    found = {}
    for role, pod_template in _pod_templates(result.sent).items():
        container = _inference_container(pod_template, result)
        if container is not None:
            found[_SHORTHANDS[role]] = container
    return found


def _pod_templates(sent: Mapping[str, Any]) -> dict[workload.Role, workload.PodTemplate]:
    """Return the pod template of each role; of a group of one with a leader template, which is what runs, that one."""
    found: dict[workload.Role, workload.PodTemplate] = {}
    for pod_template in workload.pod_templates(sent, workload.kind_of(sent)):
        found.setdefault(pod_template.role, pod_template)
    return found


def _inference_container(pod_template: workload.PodTemplate, result: Result) -> dict[str, Any] | None:
    """Return the inference container that the record of a rendered pod template names; None if it has no record."""
    rendered = result.value or {}
    for key in pod_template.place:
        rendered = rendered.get(key) or {}
    record = rendering.read(msgspec.structs.replace(pod_template, value=rendered))
    if record is None:
        return None
    found = (rendered.get("spec") or {}).get("containers") or ()
    return next((dict(one) for one in found if one.get("name") == record.container), None)


def _container(result: Result, shorthand: Shorthand, at: Placed) -> dict[str, Any] | str:
    """Return the inference container of a role, or why there is none.

    Raises:
        BadCase: this kind of workload has no such role.
    """
    found = _pod_templates(result.sent)
    role = _ROLES[shorthand]
    if role not in found:
        _refuse(shorthand, at, result.sent, found)
    container = _inference_container(found[role], result)
    if container is None:
        reason = "opted-out" if result.reason == "rendered" else result.reason
        return f"its pod template is not rendered ({reason})"
    return container


def _refuse(
    shorthand: Shorthand, at: Placed, sent: Mapping[str, Any], found: Mapping[workload.Role, workload.PodTemplate]
) -> None:
    kind = str(sent.get("kind"))
    first = next(iter(found.values()))
    if first.role == "lone":
        what = f"a {kind} without a group" if first.group_size == 1 and kind != "LeaderWorkerSet" else "a group of one"
        raise BadCase(shorthand, at, f"{what} has no {shorthand}", 'write "container"')
    remedy = " or ".join(f'"{_SHORTHANDS[role]}"' for role in found)
    raise BadCase(
        shorthand, at, f"the workload is a {kind} of a group of {first.group_size} pods", f"write {remedy} instead"
    )


def _warnings(expected: tuple[Scalar, ...], at: Placed, found: Sequence[Notice]) -> Iterator[Failure]:
    """Match each expected text with a warning of its own, in any order, as it is sent or as ``render`` prints it."""
    in_full, sent = notices.in_full(found), notices.lines(found)
    forms = [(full, *sent[at : at + 1]) if len(in_full) == len(sent) else (full,) for at, full in enumerate(in_full)]
    fits = [[at for at, texts in enumerate(forms) if any(text.value in one for one in texts)] for text in expected]
    taken: dict[int, int] = {}  # by warning, the expected text

    def assign(text: int, tried: set[int]) -> bool:
        for warning in fits[text]:
            if warning not in tried:
                tried.add(warning)
                if warning not in taken or assign(taken[warning], tried):
                    taken[warning] = text
                    return True
        return False

    for index, text in enumerate(expected):
        if not assign(index, set()):
            message = "no warning has this text" if not fits[index] else "only another one has this text"
            yield failure(text, f"warnings[{index}]", message, text.value)
    for warning, full in enumerate(in_full):
        if warning not in taken:
            yield failure(at, "warnings", "is not expected", ABSENT, full)
