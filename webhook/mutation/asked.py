"""What a LeaderWorkerSet asks for, by pod template, and whether it is rendered as it asks (contract section 9)."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

import msgspec

from webhook import errors, patch, rendering, workload
from webhook.mutation.create import completed
from webhook.mutation.restore import restored
from webhook.rendering import reconcile, revision


def templates(value: Mapping[str, Any]) -> dict[str, workload.PodTemplate]:
    """Return the pod templates that an object whose shape has been checked has, by name."""
    found = workload.pod_templates(value, workload.LEADER_WORKER_SET, checked=True)
    return {pod_template.name: pod_template for pod_template in found if not pod_template.created}


def keys(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return our labels and annotations of an object or pod template, but for the record and what asks for a fresh rendering."""
    metadata = value.get("metadata") or {}
    found = {key: one for key, one in (metadata.get("labels") or {}).items() if key in workload.LABELS}
    ours = workload.ANNOTATIONS - {workload.RECORD, workload.REFRESH}
    return found | {key: one for key, one in (metadata.get("annotations") or {}).items() if key in ours}


def have_one_record(one: workload.PodTemplate, other: workload.PodTemplate) -> bool:
    """Return whether the records of two pod templates are the same but for the edits that they name.

    Raises:
        errors.Denied: one is not a record.
    """
    first, second = (rendering.read(pod_template) for pod_template in (one, other))
    if isinstance(first, rendering.Record) and isinstance(second, rendering.Record):
        return msgspec.structs.replace(first, edited=second.edited) == second
    return first == second


class Stored:
    """A LeaderWorkerSet as it is stored; what follows from it is found out once, when it is first asked for.

    Attributes:
        value: the object, whose shape has been checked.
    """

    def __init__(self, value: Mapping[str, Any]) -> None:
        self.value = value

    @cached_property
    def templates(self) -> dict[str, workload.PodTemplate]:
        """Return its pod templates by name."""
        return templates(self.value)

    @property
    def carries_record(self) -> bool:
        """Return whether one of its pod templates carries a record."""
        return any(workload.RECORD in pod_template.own_annotations for pod_template in self.templates.values())

    @cached_property
    def records(self) -> dict[str, rendering.Header]:
        """Return the records of its pod templates by name.

        Raises:
            errors.Denied: one is not a record.
        """
        found = {name: rendering.read(pod_template) for name, pod_template in self.templates.items()}
        return {name: record for name, record in found.items() if record is not None}

    @cached_property
    def bare(self) -> Mapping[str, Any]:
        """Return its bare form, as far as this release can read its records.

        Raises:
            errors.Denied: as :func:`mutation.restore.restore`.
        """
        return bare(self.value)

    @cached_property
    def fault(self) -> errors.Denied | None:
        """Return why its records cannot be undone; None if they can."""
        try:
            self.records  # noqa: B018 - found out on first access
            self.bare  # noqa: B018
        except errors.Denied as denial:
            return denial
        return None

    @cached_property
    def asks(self) -> "dict[str, Asked] | None":
        """Return what it asks for; None if that is malformed, so that whatever comes in its place is an input."""
        try:
            return of(self.bare, checked=True)
        except errors.Denied:
            return None


def bare(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the bare form of an object whose shape has been checked, as far as this release can read its records."""
    return restored(templates(value).values(), value, rendering.undone)


class Asked(NamedTuple):
    """What a bare pod template asks for: two that ask alike get equal renderings.

    Attributes:
        declared: what it says beside its pod spec.
        spec: its pod spec.
    """

    declared: tuple[Any, ...]
    spec: Mapping[str, Any]

    def is_like(self, other: "Asked") -> bool:
        """Return whether two pod templates ask for the same."""
        return self.declared == other.declared and reconcile.ask_alike(self.spec, other.spec)


def of(bare_form: Mapping[str, Any], *, checked: bool = False) -> dict[str, Asked]:
    """Return what the pod templates of a bare object ask for, by name.

    Args:
        bare_form: the object.
        checked: whether its shape has been checked before.
    """
    return {
        pod_template.name: Asked(reconcile.declared(pod_template), pod_template.value.get("spec") or {})
        for pod_template in map(
            completed, workload.pod_templates(bare_form, workload.LEADER_WORKER_SET, checked=checked)
        )
        if not workload.opted_out(pod_template)
    }


def are_alike(one: Mapping[str, Asked], other: Mapping[str, Asked]) -> bool:
    """Return whether the same pod templates ask for the same."""
    return one.keys() == other.keys() and all(asked.is_like(other[name]) for name, asked in one.items())


def is_unchanged(stored: Stored, bare_form: Mapping[str, Any]) -> bool:
    """Return whether each pod template of a bare object asks for what the stored one asks for, or for what that was rendered for.

    This is where the shape of the bare object is checked.

    The two differ in their pod specs where another webhook has added to the rendering: its client never sends that.
    """
    before, now = stored.asks, of(bare_form)
    if before is None or before.keys() != now.keys():
        return False
    own = {name for name, record in stored.records.items() if not record.created}
    if (
        not own <= templates(bare_form).keys()
    ):  # a leader template of the user's own is gone, and one is made in its place
        return False
    if any(before[name].declared != now[name].declared for name in now):
        return False
    differing = [name for name in now if not reconcile.ask_alike(before[name].spec, now[name].spec)]
    if not differing:
        return True
    asking = dict(_asking(bare_form))
    return all(_is_served(stored, name, _inputs(asking[name])) for name in differing)


def _is_served(stored: Stored, name: str, digest: str) -> bool:
    """Return whether a stored rendering is all there and was made for the inputs of which this is the digest."""
    record = stored.records.get(name)
    if not isinstance(record, rendering.Record) or record.inputs != digest:
        return False
    return reconcile.is_there(stored.templates[name].value, record.changes)


def brings_renderings(value: Mapping[str, Any], old: Stored) -> bool:
    """Return whether every pod template that differs is an untouched rendering of its own inputs, and one was not so before.

    So it is when an API server calls again within one request, or when somebody brings a saved rendering back.
    """
    stored = old.templates
    differing = {
        name: pod_template
        for name, pod_template in templates(value).items()
        if name not in stored or not patch.same(pod_template.value, stored[name].value)
    }
    if not differing or any(workload.RECORD not in one.own_annotations for one in differing.values()):
        return False
    renderings: dict[str, rendering.Record] = {}
    for name, pod_template in differing.items():
        if (record := _untouched(pod_template)) is None:
            return False
        renderings[name] = record
    asks = _asked_digests(bare(value))
    if any(record.inputs != asks.get(name) for name, record in renderings.items()):
        return False
    try:
        asked_before = _asked_digests(old.bare)
    except errors.Denied:  # what is stored is malformed, and no rendering of anything
        asked_before = {}
    return any(  # the others differ only in what is foreign
        record.inputs != asked_before.get(name) or name not in stored or _untouched(stored[name]) != record
        for name, record in renderings.items()
    )


def _untouched(pod_template: workload.PodTemplate) -> rendering.Record | None:
    """Return the record of a pod template that is as the webhook rendered it, without edits that were kept."""
    record = rendering.read(pod_template)
    if not isinstance(record, rendering.Record) or record.edited or not rendering.untouched(pod_template, record):
        return None
    return record


def _asked_digests(bare_form: Mapping[str, Any]) -> dict[str, str]:
    """Return the digest of the inputs of each pod template of a bare object whose shape has been checked."""
    return {name: _inputs(pod_template) for name, pod_template in _asking(bare_form)}


def _asking(bare_form: Mapping[str, Any]) -> Iterator[tuple[str, workload.PodTemplate]]:
    """Yield the pod templates of a bare object whose shape has been checked, with what they take from each other, by name."""
    found = workload.pod_templates(bare_form, workload.LEADER_WORKER_SET, checked=True)
    return ((pod_template.name, completed(pod_template)) for pod_template in found)


def _inputs(pod_template: workload.PodTemplate) -> str:
    return revision.inputs(pod_template, workload.declaration(pod_template))
