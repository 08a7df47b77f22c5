"""Rendered pod templates as they are stored: what rendering their bare form anew would change (contract section 12)."""

from collections.abc import Mapping
from typing import Any

import msgspec

from webhook import errors, mutation, rendering, workload
from webhook.whatif import compare, differences, verdicts
from webhook.whatif.compare import Denial
from webhook.whatif.differences import Change
from webhook.whatif.verdicts import Judgement

#: What rendering anew does to a leader template that the webhook had made and that no group needs any more.
_GOES = Change("", removed=("the whole pod template",))


class Templates(msgspec.Struct, frozen=True):
    """The pod templates of a stored object.

    Attributes:
        judgements: of those that are rendered, or should be, by name.
        records: the text of the record of each that has one.
        fresh: each as it would be rendered now.
    """

    judgements: dict[str, Judgement] = msgspec.field(default_factory=dict)
    records: dict[str, str] = msgspec.field(default_factory=dict)
    fresh: dict[str, Mapping[str, Any]] = msgspec.field(default_factory=dict)


def judge(
    value: Mapping[str, Any], object_kind: workload.GroupVersionKind, state: rendering.State, *, namespace: str
) -> Templates:
    """Judge the pod templates of an object that is not excluded.

    Args:
        value: the object; it is not modified.
        object_kind: what it is; not a Pod.
        state: the configuration and settings of now.
        namespace: where it is.

    Raises:
        errors.Denied: the object does not have the shape that its kind prescribes.
    """
    found = workload.pod_templates(value, object_kind)
    stored = {one.name: one for one in found if not one.created and not workload.opted_out(one)}
    read = {name: verdicts.read(one) for name, one in stored.items()}
    anew = _anew(value, object_kind, state, namespace=namespace)
    fresh: dict[str, workload.PodTemplate] = {}
    if not isinstance(anew, Denial):
        fresh = {one.name: one for one in workload.pod_templates(anew, object_kind) if not workload.opted_out(one)}
    return Templates(
        {
            name: _denied(name, read[name], anew)
            if isinstance(anew, Denial)
            else _judge(name, stored.get(name), read.get(name), fresh.get(name))
            for name in dict.fromkeys([*stored, *fresh])
        },
        {name: str(one.own_annotations[workload.RECORD]) for name, one in stored.items() if read[name] is not None},
        {name: one.value for name, one in fresh.items()},
    )


def _anew(
    value: Mapping[str, Any], object_kind: workload.GroupVersionKind, state: rendering.State, *, namespace: str
) -> Mapping[str, Any] | Denial:
    """Return an object with its bare form rendered with the configuration of now."""
    try:
        bare = mutation.restore(value, object_kind)
    except errors.Denied as denied:
        return compare.denial(denied)
    rendered = compare.rendered(bare, object_kind, state, namespace=namespace)
    return rendered if isinstance(rendered, Denial) else rendered.value


def _denied(name: str, record: verdicts.Read, denial: Denial) -> Judgement:
    """Return the judgement of a pod template that cannot be rendered anew."""
    if record is None:
        return Judgement(pod_template=name, verdict="not-rendered", denial=denial)
    if isinstance(record, Denial):
        return verdicts.unreadable(name, record)
    return Judgement(
        pod_template=name,
        verdict=verdicts.of_denial(denial),
        recorded=record.revision,
        edited=record.edited,
        denial=denial,
    )


def _judge(
    name: str, stored: workload.PodTemplate | None, record: verdicts.Read, fresh: workload.PodTemplate | None
) -> Judgement:
    """Return the judgement of a pod template that can be rendered anew; ``fresh`` is what would come of it, if anything."""
    made = rendering.read(fresh) if fresh is not None else None
    if record is None:
        return Judgement(
            pod_template=name, verdict="not-rendered", now=made.revision if isinstance(made, rendering.Record) else ""
        )
    if isinstance(record, Denial):
        return verdicts.unreadable(name, record)
    if fresh is None:
        return Judgement(pod_template=name, verdict="drifted", recorded=record.revision, changes=(_GOES,))
    if not isinstance(made, rendering.Record):
        return verdicts.unreadable(name, verdicts.LABELS_ELSEWHERE)
    assert stored is not None  # it has a record
    found = differences.between_templates(*(rendering.unrecorded(one.value) for one in (stored, fresh)))
    found, not_stored = verdicts.without_dropped(found, record, made)
    unlike = verdicts.unlike_record(stored, record, fresh.value, made)
    return Judgement(
        pod_template=name,
        verdict=verdicts.of_rendering(record, made, same=not found),
        recorded=record.revision,
        now=made.revision,
        changes=found,
        edited=record.edited,
        unlike_record=unlike or (),
        not_stored=not_stored,
        remarks=(verdicts.EDITED,) if unlike == () else (),
    )
