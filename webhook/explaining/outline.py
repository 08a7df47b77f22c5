"""An explanation as text for people: an outline of short lines, which a terminal shows as a tree."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from webhook import workload
from webhook.explaining.explanation import (
    AgentEntry,
    Explanation,
    Field,
    GpuChoice,
    Outcome,
    PodTemplate,
    Variable,
    Written,
)

#: What a verdict is shown as.
_USED, _NOT_USED = "✓", "✗"

#: Characters of a value in a line, and of what people ask about first, such as a script; the whole value is in JSON.
_VALUE, _ASKED_FIRST = 60, 240

#: The fields of a container that people ask about first.
_RANKS: dict[str | int, int] = {"image": 0, "command": 1, "args": 2}


#: What becomes of one pod template where another thing becomes of the object.
_OUTCOMES: dict[Outcome, str] = {
    "rendered": "could be rendered",
    "denied": "denied",
    "not-labelled": f"left alone, without label {workload.RUNTIME}",
    "opted-out": f'left alone, with label {workload.INJECT}: "false"',
}


class Branch(msgspec.Struct, frozen=True):
    """A line and those that belong to it.

    Attributes:
        text: the line. It may hold what others wrote; whoever prints it takes out control characters.
        note: where it comes from; "" if that is not said.
        mark: ``✓`` or ``✗`` of a verdict; else "".
        children: the lines below it.
    """

    text: str
    note: str = ""
    mark: str = ""
    children: tuple["Branch", ...] = ()


def outline(explanation: Explanation) -> Branch:
    """Return an explanation as an outline."""
    text = f"{explanation.kind} {explanation.namespace}/{explanation.name}: {explanation.reason}"
    children = [*_pod_templates(explanation), *_denials(explanation)]
    children += _section("warnings", (Branch(warning) for warning in explanation.warnings))
    children += _section("remarks", (Branch(remark) for remark in explanation.remarks))
    children += _section("what would change this", (Branch(step) for step in explanation.next_steps))
    return Branch(text, children=tuple(children))


def _pod_templates(explanation: Explanation) -> Iterator[Branch]:
    for one in explanation.pod_templates:
        children = tuple(_decisions(one))
        if not one.name:
            yield from children
            continue
        if not children and one.outcome == explanation.outcome:  # nothing was decided about it
            continue
        called, role = one.name, f", role {one.role}"
        if one.pod_by_pod:
            called, role = f"{one.role} pods" if one.role != "lone" else "pods", ""
        group = f"{role}, group of {one.group_size}" if one.role != "lone" else ""
        made = f", {one.origin}" if one.origin != "as written" else ""
        when = f", {one.outcome} when they are created" if one.pod_by_pod and one.outcome == explanation.outcome else ""
        outcome = f": {_OUTCOMES.get(one.outcome, one.outcome)}" if one.outcome != explanation.outcome else ""
        yield Branch(f"{called}{group}{made}{when}{outcome}", children=children)


def _denials(explanation: Explanation) -> Iterator[Branch]:
    """Yield why an object is denied, and then why others of its pod templates would be."""
    if explanation.denial is None:
        return
    yield Branch(explanation.denial.message, _place(explanation.denial.written), _NOT_USED)
    denied = [one.denial for one in explanation.pod_templates if one.denial is not None]
    for denial in denied[1:]:
        yield Branch(f"and then {denial.message}", _place(denial.written), _NOT_USED)


def _decisions(one: PodTemplate) -> Iterator[Branch]:
    """Yield what was decided about a pod template, in the order of the decisions."""
    if one.stored is not None:
        yield from _stored(one)
    if one.container is not None:
        where = one.container.written or Written(one.container.path)
        yield Branch(f'inference container "{one.container.name}": {one.container.reason}', str(where))
    if one.gpu_types:
        yield from _gpus(one.gpu_types)
    if one.template is not None:
        stale = f"; its last good version is used: {one.template.last_good}" if one.template.last_good else ""
        yield Branch(f"runtime template {one.template.runtime}{stale}", str(one.template.written))
    elif one.variables:
        yield Branch("no runtime template: only agent entries know this runtime")
    yield from _section("agent entries", map(_agent_entry, one.agent_entries))
    yield from _fields(one)
    yield from _section("variables", map(_variable, one.variables))
    if one.revision:
        yield Branch(f"revision {one.revision}")


def _section(title: str, children: Iterable[Branch]) -> Iterator[Branch]:
    """Yield a titled branch, unless there is nothing in it."""
    found = tuple(children)
    if found:
        yield Branch(title, children=found)


def _stored(one: PodTemplate) -> Iterator[Branch]:
    """Yield what the record of a stored pod template says, compared with the configuration of now."""
    stored = one.stored
    assert stored is not None
    now = "the newest one"
    if not stored.newest:
        now = f"the newest is {one.revision}" if one.revision else "the configuration of now denies it"
        if stored.same_result:
            now = f"{now}, which gives the same"
    yield Branch(f"stored with revision {stored.revision}, {now}; below is what rendering it now gives")
    if stored.edits:
        yield Branch(f"edited by hand, and kept: {', '.join(stored.edits)}")
    elif not stored.untouched:
        yield Branch("rendered fields have been changed since")


def _gpus(choices: Sequence[GpuChoice]) -> Iterator[Branch]:
    used = next((one for one in choices if one.used), choices[0])
    others = tuple(
        Branch(f"{one.gpu_type}: {one.reason}", _place(one.row), _NOT_USED) for one in choices if one is not used
    )
    counted = f", {used.count} of them" if used.count else ""
    where = ", ".join(filter(None, (_place(used.written), _place(used.row))))
    reason = used.reason.removeprefix(f"{used.gpu_type} because ")
    yield Branch(f"GPU type {used.gpu_type}{counted}: {reason}", where, children=others)


def _agent_entry(one: AgentEntry) -> Branch:
    stale = f"; its last good version is used: {one.last_good}" if one.last_good else ""
    text = f"{one.written.key_path} {one.reason}{stale}"
    return Branch(text, _place(one.written), _USED if one.used else _NOT_USED)


def _variable(one: Variable) -> Branch:
    source = one.source.removeprefix(f"{one.value} because ")
    return Branch(f"{one.name} = {_shown(one.value)}", _by(source, one.written))


def _fields(one: PodTemplate) -> Iterator[Branch]:
    """Yield the fields of the inference container, and then those of the rest of the pod template."""
    container = one.container
    if container is None:
        return
    prefix = f"spec.{container.path.rpartition('spec.')[2]}"
    inside = [field for field in one.fields if field.path.startswith(f"{prefix}.")]
    others = [field for field in one.fields if not field.path.startswith(f"{prefix}.")]
    inside.sort(key=lambda field: _RANKS.get(field.keys[3], len(_RANKS)))
    yield from _section(f'fields of container "{container.name}"', _set(inside, f"{prefix}."))
    yield from _section("other fields of the pod", _set(others, "spec."))


def _set(fields: Iterable[Field], prefix: str) -> Iterator[Branch]:
    """Yield each field that rendering set, and then those that are as they came, in one line where no place is known."""
    own: dict[str, list[Branch]] = {"workload": [], "worker template": [], "Kubernetes": []}
    for field in fields:
        name, source = field.path.removeprefix(prefix), _by(field.set_by, field.written)
        if field.elements:
            yield Branch(name, source, children=tuple(_elements(field)))
        elif field.set_by in own and field.was is None and name not in _RANKS:
            called = f"{name} ({field.item})" if isinstance(field.keys[-1], int) else name
            own[field.set_by].append(Branch(called, source))
        else:
            value = "removed" if field.removed else _shown(field.value, _ASKED_FIRST if name in _RANKS else _VALUE)
            was = f" (was {_shown(field.was)})" if field.was is not None else ""
            yield Branch(f"{name}: {value}{was}", source)
    for setter, branches in own.items():
        yield from (one for one in branches if one.note != setter)
        if names := [one.text for one in branches if one.note == setter]:
            yield Branch(", ".join(names), setter)


def _elements(field: Field) -> Iterator[Branch]:
    for element in field.elements:
        yield Branch(_shown(element.value, _ASKED_FIRST), _by(element.set_by, element.written))


def _by(source: str, written: Written | None) -> str:
    """Return who or what gives something, and where that is written."""
    return f"{source}, {written}" if written is not None else source


def _place(written: Written | None) -> str:
    """Return a place without its key path; "" if it is not known."""
    return str(written) if written is not None and written.source else ""


def _shown(value: object, most: int = _VALUE) -> str:
    """Return a value as JSON, cut if it is long."""
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= most else f"{text[: most - 3]}..."
