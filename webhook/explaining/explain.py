"""Why an object is rendered as it is (contract section 12): it is rendered as in a request, and the decisions are read."""

from collections.abc import Iterator, Mapping
from typing import Any, get_args

import msgspec

from webhook import catalog, errors, jsonshape, mutation, notices, rendering, workload
from webhook.explaining import next_steps, written
from webhook.explaining.decisions import agent_entries, container, gpu_types, template, variables
from webhook.explaining.explanation import (
    Denial,
    Element,
    Explanation,
    Field,
    Outcome,
    PodTemplate,
    Stored,
)
from webhook.rendering.paths import ABSENT

_REASONS: dict[Outcome, str] = {
    "rendered": "rendered",
    "denied": "denied",
    "not-labelled": f"left alone: it has no label {workload.RUNTIME}",
    "opted-out": f'left alone: it has label {workload.INJECT}: "false"',
    "mirror-pod": "left alone: it is the mirror of a static pod",
    "not-intercepted": "left alone: the webhook renders Pods and LeaderWorkerSets",
    "not-reached": "not reached: another pod template of the object was denied before",
}

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
) -> Explanation:
    """Explain an object, bare or rendered; a rendered one is restored to its bare form first.

    Args:
        value: the object; it is not modified.
        object_kind: what it is, also a kind that merely holds pod templates, such as a Deployment.
        state: the configuration and settings.
        places: where the configuration is written.
        namespace: where it is, or is to be created.
        pod: a stored pod that comes from the only pod template of the object, and whose record counts.
    """
    name = workload.display_name(value)
    attempts: list[mutation.Attempt] = []
    denial: Denial | None = None
    found: tuple[notices.Notice, ...] = ()
    outcome: Outcome = "not-intercepted"
    records: dict[str, _Recorded] = {}
    bare = value
    try:
        bare = mutation.restore(value, object_kind)
        records = _records(value, object_kind)
        if pod is not None and len(templates := workload.pod_templates(bare, object_kind)) == 1:
            records |= {templates[0].name: one for one in _records(pod, workload.POD).values()}  # noqa: B035 - at most one
        mutated = mutation.mutate(bare, object_kind, state, namespace=namespace, attempts=attempts)
        found, outcome = mutated.notices, _outcome(mutated, object_kind)
    except errors.Denied as refusal:
        denial, outcome = Denial(refusal.code, str(refusal)), "denied"
    pod_templates = tuple(_pod_templates(_templates(bare, object_kind), attempts, records, places, outcome))
    remarks = list(_remarks(value, object_kind, recorded=bool(records), outcome=outcome))
    return Explanation(
        kind=object_kind[2],
        namespace=namespace,
        name=name,
        outcome=outcome,
        reason=_REASONS[outcome],
        denial=denial,
        pod_templates=pod_templates,
        warnings=tuple(notices.in_full(found)),
        remarks=tuple(remarks),
        next_steps=tuple(
            next_steps.of(
                object_kind, namespace, name, denial, pod_templates, never_rendered=_NEVER_RENDERED in remarks
            )
        ),
    )


def _remarks(
    value: Mapping[str, Any], object_kind: workload.GroupVersionKind, *, recorded: bool, outcome: Outcome
) -> Iterator[str]:
    """Yield what is uncertain, and what the cluster has otherwise."""
    metadata = value.get("metadata")
    is_stored = isinstance(metadata, dict) and bool(metadata.get("uid"))
    if object_kind == workload.POD and (recorded or is_stored):
        yield _STORED_POD
    if object_kind in workload.INTERCEPTED and is_stored and not recorded and outcome == "rendered":
        yield _NEVER_RENDERED


def _templates(value: Mapping[str, Any], object_kind: workload.GroupVersionKind) -> tuple[workload.PodTemplate, ...]:
    """Return the pod templates of an object; none of a malformed one, which is denied for that."""
    try:
        return workload.pod_templates(value, object_kind)
    except errors.Denied:
        return ()


def _outcome(mutated: mutation.Mutation, object_kind: workload.GroupVersionKind) -> Outcome:
    """Return what becomes of an object that is not denied."""
    if mutated.changed:
        return "rendered"
    reason = mutated.reason
    if object_kind not in workload.INTERCEPTED:  # requests only see its pods, one by one
        reason = next((workload.exclusion(one.value) for one in _templates(mutated.value, object_kind)), "")
    return next((one for one in get_args(Outcome) if one == reason), "not-intercepted")


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


def _pod_templates(
    templates: tuple[workload.PodTemplate, ...],
    attempts: list[mutation.Attempt],
    records: Mapping[str, _Recorded],
    places: catalog.Places,
    outcome: Outcome,
) -> Iterator[PodTemplate]:
    """Yield the explanation of each pod template: of those that were rendered, and of those that were left alone."""
    attempted = {attempt.pod_template.name: attempt for attempt in attempts}
    for pod_template in templates:
        attempt = attempted.get(pod_template.name)
        if attempt is not None:
            yield _explained(attempt, records.get(pod_template.name), places)
        else:
            left: Outcome = "opted-out" if workload.opted_out(pod_template) else outcome
            yield _outline(pod_template, "not-reached" if left in ("denied", "rendered") else left)


def _outline(pod_template: workload.PodTemplate, outcome: Outcome) -> PodTemplate:
    """Return what is known of a pod template before anything is decided about it."""
    origin = "as written"
    if pod_template.created:
        origin = "created from workerTemplate"
    elif pod_template.original is not None:
        origin = "completed from workerTemplate"
    return PodTemplate(
        pod_template.name, ".".join(pod_template.place), outcome, pod_template.role, pod_template.group_size, origin
    )


def _explained(attempt: mutation.Attempt, recorded: _Recorded | None, places: catalog.Places) -> PodTemplate:
    decided, rendered = attempt.decided, attempt.rendered
    resolution = decided.resolution
    return msgspec.structs.replace(
        _outline(attempt.pod_template, "denied" if rendered is None else "rendered"),
        container=container(decided),
        gpu_types=tuple(gpu_types(decided, places)),
        template=template(decided, places),
        agent_entries=tuple(agent_entries(decided, places, attempt.state)),
        variables=tuple(variables(resolution)) if resolution is not None else (),
        fields=tuple(_fields(resolution, rendered, places)) if resolution is not None else (),
        warnings=tuple(notices.in_full(one.within("") for one in rendered.notices)) if rendered is not None else (),
        revision=rendered.revision if rendered is not None else "",
        stored=_stored(recorded, attempt.pod_template, rendered) if recorded is not None else None,
    )


def _fields(
    resolution: rendering.Resolution, rendered: rendering.Rendering | None, places: catalog.Places
) -> Iterator[Field]:
    """Yield every field with its origin; none if the Go templates that give them fail."""
    try:
        found = rendering.origins.origins(resolution, rendered)
    except errors.Denied:  # of which the explanation has the message
        return
    sources = written.Sources(resolution, places)
    for one in found:
        if one.place[0] == "metadata" and (len(one.place) < 2 or one.place[1] not in _METADATA):
            continue
        removed = one.value is ABSENT
        yield Field(
            path=written.path(one.place),
            keys=one.place,
            item=one.items[-1] if one.items else "",
            set_by=one.setter,
            value=None if removed else one.value,
            removed=removed,
            was=None if one.was is ABSENT else one.was,
            written=sources.of_field(one),
            elements=tuple(
                Element(element.value, element.setter, sources.of_key_path(element.key_path))
                for element in one.elements
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
