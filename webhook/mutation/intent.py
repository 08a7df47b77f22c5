"""What an update means for a rendered LeaderWorkerSet: what its client dropped, what it wants, what was edited (contract section 9)."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from webhook import errors, rendering, workload
from webhook.mutation import asked
from webhook.mutation.create import replaced
from webhook.rendering import reconcile

GROUP = ("spec", "leaderWorkerTemplate")
WORKER, LEADER = "workerTemplate", "leaderTemplate"
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


class Intent(msgspec.Struct):
    """What an update means for a LeaderWorkerSet.

    Attributes:
        kept: the object with what the client dropped put back.
        bare: its bare form, with the inputs of the update.
        edits: by pod template, paths of the rendered fields that somebody has edited in this update.
        renderings: whether the object brings renderings of its own: the API server calls again within one request, or somebody
            brings a saved rendering back. ``kept`` and ``bare`` are then those of the bare form of these.
        leader_metadata: labels and annotations, by these two words, that somebody gave a leader template that is made again from
            its worker template; rendering anew keeps them.
    """

    kept: Mapping[str, Any]
    bare: Mapping[str, Any]
    edits: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    renderings: bool = False
    leader_metadata: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict)


def of(sent: Mapping[str, Any], stored: asked.Stored, manager: str) -> Intent:
    """Return what an update of a rendered LeaderWorkerSet means.

    Args:
        sent: the object as the update would store it.
        stored: the object as it is stored; its records can be undone.
        manager: the name by which ``managedFields`` knows the client.
    """
    theirs = asked.templates(sent)
    value = _without_renderings(sent, theirs, stored)
    found = Intent(value, value, renderings=value is not sent)
    mine = theirs if value is sent else asked.templates(value)
    bare_worker = asked.templates(stored.bare)[WORKER].value
    applied = _metadata(value, "annotations").get(_LAST_APPLIED) != _metadata(stored.value, "annotations").get(
        _LAST_APPLIED
    )
    for name, record in stored.records.items():
        if name in mine and workload.opted_out(mine[name]):
            continue
        before, place = stored.templates[name], (*GROUP, name)
        if name in mine and _is_without_edits(mine[name], before):
            own = _bare(mine[name])
            is_made = record.created and _asks_for_the_same(own, _bare(mine[WORKER]))
            found.bare = replaced(found.bare, place, None if is_made else own)
            continue
        if name not in mine:
            if record.created:  # the client never had it
                found.kept = replaced(found.kept, place, before.value)
            continue
        writer = reconcile.Writer(applied, _owned(value, manager, place))
        base = _base(before, record, bare_worker)
        made = record.changes if base is None else reconcile.made(base, before.value)
        outcome = reconcile.reconcile(before.value, mine[name].value, made, writer)
        bare: Mapping[str, Any] | None = outcome.bare
        if base is not None:
            bare = _own_or_made(outcome.bare, base, before, record)
        if (record.created or record.completed) and mine[name].completed_from is not None:
            # the client has only what it had
            spec = {**(mine[name].value.get("spec") or {}), **(before.value.get("spec") or {})}
            outcome = reconcile.Outcome({**outcome.kept, "spec": spec}, rendering.undone(mine[name], record))
            bare = outcome.bare
        found.kept = replaced(found.kept, place, outcome.kept)
        found.bare = replaced(found.bare, place, bare)
        if outcome.edits:
            found.edits[name] = outcome.edits
    leader, now = theirs.get(LEADER), asked.templates(found.bare)
    if leader is not None and LEADER not in now:
        rendered = rendering.read(leader) or stored.records.get(LEADER)
        found.leader_metadata = _given(leader, rendered, (bare_worker, now[WORKER].value))
    return found


def _given(
    leader: workload.PodTemplate, record: rendering.Header | None, workers: Iterable[Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Return the labels and annotations of a leader template that neither rendering nor a bare worker template gave it."""
    try:
        bare = leader.value if record is None else rendering.undone(leader, record)
    except errors.Denied:  # a record that restores nonsense
        return {}
    return {key: _own(bare, key, workers) for key in ("labels", "annotations")}


def _own(leader: Mapping[str, Any], key: str, workers: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the labels or annotations of a bare leader template that none of the bare worker templates gave it."""
    taken = [_metadata(worker, key) for worker in workers]
    return {
        name: one
        for name, one in _metadata(leader, key).items()
        if not any(name in theirs and theirs[name] == one for theirs in taken)
    }


def _metadata(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    return (value.get("metadata") or {}).get(key) or {}


def _without_renderings(
    value: Mapping[str, Any], templates: Mapping[str, workload.PodTemplate], stored: asked.Stored
) -> Mapping[str, Any]:
    """Return an object with the renderings that its pod templates bring undone by their own records, whatever others have added.

    A pod template brings a rendering if its record is another than the stored one and its rendered fields are as that says.

    Raises:
        errors.Denied: a record that is another than the stored one cannot be undone.
    """
    found = value
    for name, pod_template in templates.items():
        record = None if workload.opted_out(pod_template) else rendering.read(pod_template)
        before = stored.templates.get(name)
        if not isinstance(record, rendering.Record) or (
            before is not None and asked.have_one_record(pod_template, before)
        ):
            continue
        bare: Mapping[str, Any] | None
        if record.completed:
            # the record covers whole containers, so that nobody can know what others have added to them
            bare = _without_containers(rendering.undone(pod_template, record))
        elif not rendering.untouched(pod_template, record):
            continue
        else:
            bare = rendering.undone(pod_template, record)
            if record.created and _asks_for_the_same(bare, _bare(templates[WORKER])):
                bare = None  # it is made again
        found = replaced(found, (*GROUP, name), bare)
    return found


def _is_without_edits(pod_template: workload.PodTemplate, stored: workload.PodTemplate) -> bool:
    """Return whether a pod template is the stored rendering without its edits, which were given up or taken back by the first call."""
    record, before = rendering.read(pod_template), rendering.read(stored)
    return (
        isinstance(record, rendering.Record)
        and isinstance(before, rendering.Record)
        and before.edited != ()
        and record.edited == ()
        and asked.have_one_record(pod_template, stored)
        and (record.completed or rendering.untouched(pod_template, record))
    )


def _without_containers(pod_template: Mapping[str, Any]) -> dict[str, Any]:
    """Return a leader template as it was before the webhook completed it: without the containers that others have added since."""
    spec = {key: inner for key, inner in (pod_template.get("spec") or {}).items() if key != "containers"}
    return {**pod_template, "spec": spec} if "spec" in pod_template else dict(pod_template)


def _bare(pod_template: workload.PodTemplate) -> Mapping[str, Any]:
    record = rendering.read(pod_template)
    return pod_template.value if record is None else rendering.undone(pod_template, record)


def _asks_for_the_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two bare pod templates have the same pod spec and the same keys of ours."""
    if asked.keys(one) != asked.keys(other):
        return False
    return reconcile.ask_alike(*(pod_template.get("spec") or {} for pod_template in (one, other)))


def _base(
    pod_template: workload.PodTemplate, record: rendering.Header, bare_worker: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    """Return the pod template that a stored leader template was rendered from; None if it was its own bare form."""
    if record.created:
        return bare_worker
    if not record.completed:
        return None
    bare = msgspec.structs.replace(pod_template, value=rendering.undone(pod_template, record))
    return rendering.complete(bare, bare_worker).value


def _own_or_made(
    bare: Mapping[str, Any], base: Mapping[str, Any], before: workload.PodTemplate, record: rendering.Header
) -> Mapping[str, Any] | None:
    """Return the bare form of a leader template: its user's own once it differs from what the webhook made it from."""
    if not _asks_for_the_same(bare, base):
        return bare
    return None if record.created else rendering.undone(before, record)


def _owned(value: Mapping[str, Any], manager: str, place: tuple[str, ...]) -> Mapping[str, Any]:
    """Return the fields of a pod template that a manager owns by server-side apply, as in ``managedFields``."""
    entries = (value.get("metadata") or {}).get("managedFields")
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, dict) or (entry.get("manager"), entry.get("operation")) != (manager, "Apply"):
            continue
        node: Any = entry.get("fieldsV1")
        for key in place:
            node = node.get(f"f:{key}") if isinstance(node, dict) else None
        if isinstance(node, dict):
            return node
    return {}
