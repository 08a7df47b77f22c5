"""Why an object is rendered as it is (contract section 12): it is rendered as in a request, and the decisions are read."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from webhook import catalog, errors, jsonshape, mutation, notices, rendering, workload
from webhook.explaining import answers, keypaths, next_steps, own, written
from webhook.explaining.answers import Answer, Subject
from webhook.explaining.decisions import agent_entries, container, gpu_types, template, variables
from webhook.explaining.explanation import Denial, Element, Explanation, Field, PodTemplate, Stored
from webhook.rendering.paths import ABSENT

#: Parts of metadata that rendering is about.
_METADATA = ("labels", "annotations")

_STORED_POD = (
    "of a stored pod, what the API server and other webhooks filled in cannot be told from what its author wrote"
)
_NEVER_RENDERED = (
    "it is stored without a record, as if it had never been rendered; this is what rendering it now would give"
)


def explain(
    value: Mapping[str, Any],
    object_kind: workload.GroupVersionKind,
    state: rendering.State,
    places: catalog.Places,
    *,
    namespace: str,
    pod: Mapping[str, Any] | None = None,
    file: catalog.ObjectPlaces | None = None,
) -> Explanation:
    """Explain an object, bare or rendered; a rendered one is restored to its bare form first.

    Args:
        value: the object; it is not modified.
        object_kind: what it is, also a kind that merely holds pod templates, such as a Deployment.
        state: the configuration and settings.
        places: where the configuration is written.
        namespace: where it is, or is to be created.
        pod: a stored pod that was made from a pod template of the object, and whose record counts if the object has none.
        file: where everything in the object is written, if it comes from a file.
    """
    name = workload.display_name(value)
    records: dict[str, _Recorded] = {}
    bare = value
    try:
        bare = mutation.restore(value, object_kind)
        records = _records(value, object_kind)
    except errors.Denied as refusal:
        answer = answers.refused(value, object_kind, refusal)
    else:
        answer = answers.answer(bare, object_kind, state, namespace=namespace, rendered_before=bool(records))
        if pod is not None and not records:
            records = _records_of_pod(pod, answer)
    source = own.File(value, file)
    pod_templates = tuple(
        _pod_template(one, records.get(one.pod_template.name), places, source) for one in answer.subjects
    )
    remarks = tuple(_remarks(value, object_kind, answer, recorded=bool(records)))
    found = Explanation(
        kind=object_kind[2],
        namespace=namespace,
        name=name,
        outcome=answer.outcome,
        reason=answer.reason,
        denial=_denial(answer, pod_templates, source),
        pod_templates=pod_templates,
        warnings=tuple(notices.in_full(answer.notices)),
        remarks=remarks,
    )
    steps = next_steps.of(found, object_kind, value, answer, places, never_rendered=_NEVER_RENDERED in remarks)
    return msgspec.structs.replace(found, next_steps=tuple(dict.fromkeys(steps)))


def _remarks(
    value: Mapping[str, Any], object_kind: workload.GroupVersionKind, answer: Answer, *, recorded: bool
) -> Iterator[str]:
    """Yield what is uncertain, and what the cluster has otherwise."""
    metadata = value.get("metadata")
    is_stored = isinstance(metadata, dict) and bool(metadata.get("uid"))
    if object_kind == workload.POD and (recorded or is_stored):
        yield _STORED_POD
    if object_kind not in workload.INTERCEPTED or any(one.pod_by_pod for one in answer.subjects):
        return
    if is_stored and not recorded and answer.outcome == "rendered":
        yield _NEVER_RENDERED


class _Recorded(msgspec.Struct, frozen=True):
    """A pod template of a stored object, and its record."""

    pod_template: workload.PodTemplate
    record: rendering.Record


def _records(value: Mapping[str, Any], object_kind: workload.GroupVersionKind) -> dict[str, _Recorded]:
    """Return the rendered pod templates of an object by name, once it is known that it can be restored."""
    found = {}
    for pod_template in workload.pod_templates(value, object_kind):
        record = rendering.read(pod_template) if not pod_template.created else None
        if record is not None:
            found[pod_template.name] = _Recorded(pod_template, rendering.full(record))
    return found


def _records_of_pod(pod: Mapping[str, Any], answer: Answer) -> dict[str, _Recorded]:
    """Return the record of a stored pod by the name of the pod template that it was made from."""
    is_leader = ((pod.get("metadata") or {}).get("labels") or {}).get(workload.WORKER_INDEX) == "0"
    names = [one.pod_template.name for one in answer.subjects]
    name = names[0] if len(names) == 1 or is_leader else names[-1] if names else ""
    return {name: one for one in _records(pod, workload.POD).values()}  # noqa: B035 - a pod has one at most


def _pod_template(subject: Subject, recorded: _Recorded | None, places: catalog.Places, file: own.File) -> PodTemplate:
    """Return what was decided about a pod template, as far as anything was."""
    attempt, pod_template = subject.attempt, subject.pod_template
    outline = PodTemplate(
        pod_template.name,
        pod_template.path if subject.pod_by_pod else ".".join(pod_template.place),
        subject.outcome,
        pod_template.role,
        pod_template.group_size,
        _origin(subject),
        pod_by_pod=subject.pod_by_pod,
    )
    if attempt is None:
        return outline
    decided, rendered = attempt.decided, attempt.rendered
    resolution = decided.resolution
    mine = own.OwnPlaces(file, pod_template, pod_by_pod=subject.pod_by_pod)
    return msgspec.structs.replace(
        outline,
        denial=_refusal(attempt, places, mine),
        container=container(decided, mine),
        gpu_types=tuple(gpu_types(decided, places, mine)),
        template=template(decided, places),
        agent_entries=tuple(agent_entries(decided, places, attempt.state)),
        variables=tuple(variables(resolution, mine)) if resolution is not None else (),
        fields=tuple(_fields(subject, attempt, resolution, places, mine)) if resolution is not None else (),
        warnings=tuple(notices.in_full(one.within("") for one in rendered.notices)) if rendered is not None else (),
        revision=rendered.revision if rendered is not None else "",
        stored=_stored(recorded, attempt.pod_template, rendered) if recorded is not None else None,
    )


def _origin(subject: Subject) -> str:
    pod_template = subject.pod_template
    if subject.pod_by_pod:
        return f"made from {pod_template.path.rpartition('.')[2]}"
    if pod_template.created:
        return "created from workerTemplate"
    if subject.attempt is not None and subject.attempt.pod_template.original is not None:
        return "completed from workerTemplate"
    return "as written"


def _denial(answer: Answer, pod_templates: tuple[PodTemplate, ...], file: own.File) -> Denial | None:
    """Return why an object is denied; its cause is that of its first denied pod template, unless there is none."""
    if answer.denial is None:
        return None
    first = next((one.denial for one in pod_templates if one.denial is not None), None)
    place = first.written if first is not None else file.of_denial(answer.denial.code, answer.denial.message)
    return Denial(answer.denial.code, answer.denial.message, place)


def _refusal(attempt: mutation.Attempt, places: catalog.Places, mine: own.OwnPlaces) -> Denial | None:
    """Return why a pod template is denied, with the place of the cause where that is known."""
    refusal = attempt.denial
    if refusal is None:
        return None
    place = mine.of_denial(refusal.code, refusal.message, attempt.decided.container)
    runtime_template = attempt.decided.runtime_template
    if refusal.place is not None and runtime_template is not None:
        place = written.in_template(places, runtime_template, refusal.place)
    return Denial(refusal.code, refusal.message, place)


def _fields(
    subject: Subject,
    attempt: mutation.Attempt,
    resolution: rendering.Resolution,
    places: catalog.Places,
    mine: own.OwnPlaces,
) -> Iterator[Field]:
    """Yield every field with its origin; none if the Go templates that give them fail."""
    as_written = subject.pod_template.value if subject.pod_by_pod else None
    try:
        found = rendering.origins.origins(resolution, attempt.rendered, as_written=as_written)
    except errors.Denied:  # of which the explanation has the message
        return
    sources = written.Sources(resolution, places, mine)
    for one in found:
        if one.place[0] == "metadata" and (len(one.place) < 2 or one.place[1] not in _METADATA):
            continue
        removed = one.value is ABSENT
        yield Field(
            path=keypaths.path(one.place),
            keys=one.place,
            item=one.items[-1] if one.items else "",
            set_by=one.setter,
            value=None if removed else one.value,
            removed=removed,
            was=None if one.was is ABSENT else one.was,
            written=sources.of_field(one),
            elements=tuple(
                Element(element.value, element.setter, sources.of_element(element)) for element in one.elements
            ),
        )


def _stored(recorded: _Recorded, pod_template: workload.PodTemplate, rendered: rendering.Rendering | None) -> Stored:
    record = recorded.record
    now: rendering.Header | None = None
    if rendered is not None:
        now = rendering.read(msgspec.structs.replace(pod_template, value=rendered.value))
    return Stored(
        revision=record.revision,
        newest=rendered is not None and rendered.revision == record.revision,
        same_result=now.rendered == record.rendered
        if isinstance(now, rendering.Record) and recorded.pod_template.is_pod == pod_template.is_pod
        else None,
        untouched=rendering.untouched(recorded.pod_template, record),
        edits=tuple(jsonshape.at(recorded.pod_template.path, path.removeprefix("/")) for path in record.edited),
    )
