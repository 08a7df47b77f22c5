"""Updates of LeaderWorkerSets: a fleet restarts because its user wants it to, and for no other reason (contract section 9).

The object as it is stored and the object as the request would store it decide, in the order of the contract's steps.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from webhook import errors, patch, rendering, workload
from webhook.mutation import asked
from webhook.mutation.create import Mutation, completed, render, replaced
from webhook.notices import Notice, about
from webhook.rendering import reconcile, revision

_GROUP = ("spec", "leaderWorkerTemplate")
_WORKER = "workerTemplate"
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


class _Reconciled(msgspec.Struct):
    """What an update means for a LeaderWorkerSet.

    Attributes:
        kept: the object with what the client dropped put back.
        bare: its bare form, with the inputs of the update.
        edits: by pod template, paths of the rendered fields that somebody has edited in this update.
    """

    kept: Mapping[str, Any]
    bare: Mapping[str, Any]
    edits: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)


def update(
    value: Mapping[str, Any],
    old: Mapping[str, Any],
    state: rendering.State,
    *,
    namespace: str,
    name: str = "",
    manager: str = "",
) -> Mutation:
    """Decide an update of a LeaderWorkerSet.

    Args:
        value: the object as the request would store it; it is not modified.
        old: the object as it is stored.
        state: the configuration and settings.
        namespace: its namespace.
        name: its name if its metadata has none.
        manager: the name by which ``managedFields`` knows the client.

    Raises:
        errors.Denied: the update is denied; the message begins with kind, namespace and name.
    """
    try:
        mutation = _update(value, old, state, namespace=namespace, manager=manager)
    except errors.Denied as denial:
        denial.add_place(f"{workload.LEADER_WORKER_SET[2]} {namespace}/{workload.display_name(value, name)}")
        raise
    return mutation if mutation.changed else msgspec.structs.replace(mutation, value=value)


def _update(
    value: Mapping[str, Any], old: Mapping[str, Any], state: rendering.State, *, namespace: str, manager: str
) -> Mutation:
    reason = workload.exclusion(value)
    workload.check_shape(value, workload.LEADER_WORKER_SET)
    workload.check_shape(old, workload.LEADER_WORKER_SET, "oldObject")
    if (value.get("metadata") or {}).get("deletionTimestamp") is not None:
        return Mutation(value, "being-deleted")
    stored = asked.Stored(old)
    if workload.says_no(value):
        left = stored.carries_record and not workload.says_no(old)
        return Mutation(value, "opted-out", notices=(Notice("opted-out-rendered"),) if left else ())
    if reason == "not-labelled":
        return _unlabelled(value, stored, manager)
    if reason:
        return Mutation(value, reason)
    refreshed = _refreshes(value) - _refreshes(old) != set()
    if not refreshed and _same_group(value, old) and _keys(value) == _keys(old):
        return Mutation(value, "update-without-effect")
    if not stored.carries_record:
        return _never_rendered(value, old, state, namespace=namespace, refreshed=refreshed)
    if asked.brings_renderings(value, stored):
        return Mutation(value, "rendered-elsewhere")
    reconciled = _reconcile(value, stored, manager)
    unchanged = stored.asks == asked.of(reconciled.bare)
    if unchanged and not refreshed:
        return _kept(value, stored, reconciled, state, namespace=namespace)
    if not unchanged and reconciled.edits:
        raise errors.Denied("edit-with-input", _both(reconciled))
    return _rendered_anew(stored, reconciled, state, namespace=namespace)


def _refreshes(value: Mapping[str, Any]) -> set[tuple[str, Any]]:
    """Return what asks for a fresh rendering, by where it is written."""
    group = _group(value)
    written = {"": value, _WORKER: group.get(_WORKER) or {}}
    found = {place: _annotations(one).get(workload.REFRESH) for place, one in written.items()}
    return {(place, one) for place, one in found.items() if isinstance(one, str)}


def _same_group(value: Mapping[str, Any], old: Mapping[str, Any]) -> bool:
    return patch.same(_group(value), _group(old))


def _group(value: Mapping[str, Any]) -> Mapping[str, Any]:
    return (value.get("spec") or {}).get("leaderWorkerTemplate") or {}


def _annotations(value: Mapping[str, Any]) -> Mapping[str, Any]:
    return (value.get("metadata") or {}).get("annotations") or {}


def _keys(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return our labels and annotations of an object, but for the record and what asks for a fresh rendering."""
    metadata = value.get("metadata") or {}
    found = {key: one for key, one in (metadata.get("labels") or {}).items() if key in workload.LABELS}
    ours = workload.ANNOTATIONS - {workload.RECORD, workload.REFRESH}
    return found | {key: one for key, one in _annotations(value).items() if key in ours}


def _reconcile(value: Mapping[str, Any], stored: asked.Stored, manager: str) -> _Reconciled:
    """Return what an update of a rendered LeaderWorkerSet means."""
    found = _Reconciled(value, value)
    mine = asked.templates(value)
    bare_worker = asked.templates(stored.bare)[_WORKER].value
    applied = _annotations(value).get(_LAST_APPLIED) != _annotations(stored.value).get(_LAST_APPLIED)
    for name, record in stored.records.items():
        if name in mine and workload.opted_out(mine[name]):
            continue
        before, place = stored.templates[name], (*_GROUP, name)
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
        if record.completed and mine[name].completed_from is not None:  # the client has only what it had
            spec = {**(mine[name].value.get("spec") or {}), **(before.value.get("spec") or {})}
            outcome = reconcile.Outcome({**outcome.kept, "spec": spec}, rendering.undone(mine[name], record))
            bare = outcome.bare
        found.kept = replaced(found.kept, place, outcome.kept)
        found.bare = replaced(found.bare, place, bare)
        if outcome.edits:
            found.edits[name] = outcome.edits
    return found


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
    spec, original = bare.get("spec") or {}, base.get("spec") or {}
    if not patch.same(spec, original) and not patch.same(reconcile.comparable(spec), reconcile.comparable(original)):
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


def _kept(
    value: Mapping[str, Any],
    stored: asked.Stored,
    reconciled: _Reconciled,
    state: rendering.State,
    *,
    namespace: str,
) -> Mutation:
    """Return the object without anything rendered anew: what the client dropped is put back, what was edited is kept."""
    kept = reconciled.kept
    found: list[Notice] = []
    for name, edits in reconciled.edits.items():
        found.append(Notice("hand-edit-kept", edits, name))
        kept = replaced(kept, (*_GROUP, name), rendering.with_edits(asked.templates(kept)[name], edits))
    found += _older(stored, reconciled, state, namespace=namespace)
    changed = not patch.same(kept, value)
    return Mutation(kept, "kept", changed=changed, runtimes=_runtimes(kept), notices=tuple(found))


def _older(
    stored: asked.Stored, reconciled: _Reconciled, state: rendering.State, *, namespace: str
) -> Iterator[Notice]:
    """Yield a notice about each pod template for which the configuration has a newer revision than the one that is kept."""
    bare = workload.pod_templates(reconciled.bare, workload.LEADER_WORKER_SET, checked=True)
    for pod_template in map(completed, bare):
        record = stored.records.get(pod_template.name)
        if not isinstance(record, rendering.Record) or workload.opted_out(pod_template):
            continue
        try:
            newest = revision.revision(rendering.resolve(pod_template, state, namespace=namespace))
        except errors.Denied:  # the configuration cannot render it any more, which is no reason to deny what is stored
            continue
        if newest != record.revision:
            yield about("older-revision", record.revision, newest).within(pod_template.name)


def _rendered_anew(
    stored: asked.Stored, reconciled: _Reconciled, state: rendering.State, *, namespace: str
) -> Mutation:
    """Return the object rendered with the configuration of now; what would only get another record keeps its bytes."""
    records = {name: rendering.full(record) for name, record in stored.records.items()}
    mutation = render(reconciled.bare, workload.LEADER_WORKER_SET, state, namespace=namespace)
    value = mutation.value
    changed: list[Notice] = []
    same: list[Notice] = []
    for name, rendered in asked.templates(value).items():
        before, record = stored.templates.get(name), rendering.read(rendered)
        is_same = before is not None and rendering.alike(rendered.value, before.value)
        if is_same and before is not None:
            value = replaced(value, (*_GROUP, name), before.value)
        if isinstance(record, rendering.Record):
            was = records[name].revision if name in records else "none"
            (same if is_same else changed).append(about("groups-roll", record.revision, was).within(name))
    # a changed size rolls groups whose templates stay the same, and so does a leader template that goes
    rolls = [] if _same_group(value, stored.value) else changed or same
    given_up = [Notice("hand-edit-given-up", edits, name) for name, edits in _edits(reconciled, records).items()]
    return msgspec.structs.replace(mutation, value=value, changed=True, notices=(*rolls, *given_up, *mutation.notices))


def _edits(reconciled: _Reconciled, records: Mapping[str, rendering.Record]) -> dict[str, tuple[str, ...]]:
    """Return the edits that rendering anew gives up, by pod template: those of this update, and those kept before."""
    found = {name: tuple(sorted({*record.edited, *reconciled.edits.get(name, ())})) for name, record in records.items()}
    return {name: edits for name, edits in found.items() if edits}


def _never_rendered(
    value: Mapping[str, Any], old: Mapping[str, Any], state: rendering.State, *, namespace: str, refreshed: bool
) -> Mutation:
    """Decide an update of an object that was stored without being rendered, such as before the webhook was installed."""
    labelled = workload.exclusion(old) == ""
    if labelled and not refreshed and asked.of(value) == asked.of(old):
        return Mutation(value, "never-rendered", notices=(Notice("never-rendered"),))
    mutation = render(value, workload.LEADER_WORKER_SET, state, namespace=namespace)
    rolls = tuple(about("groups-roll", revision, "none") for revision in mutation.revisions[:1])
    return msgspec.structs.replace(mutation, notices=(*rolls, *mutation.notices))


def _unlabelled(value: Mapping[str, Any], stored: asked.Stored, manager: str) -> Mutation:
    """Return the bare form of an object whose runtime label was taken away.

    Raises:
        errors.Denied: it could not run.
    """
    if workload.exclusion(stored.value) or not stored.carries_record:
        return Mutation(value, "not-labelled")
    bare = _reconcile(value, stored, manager).bare
    workload.check_shape(bare, workload.LEADER_WORKER_SET)
    for pod_template in asked.templates(bare).values():
        names = list(rendering.placeholders(pod_template.value.get("spec") or {}))
        if names:
            message = (
                f'without label {workload.RUNTIME} the bare form would run, but container "{names[0]}" of {pod_template.name} '
                f'has no image there; to keep what is stored and stop rendering, add label {workload.INJECT}: "false"; to edit '
                "the bare form, use hydra-webhook restore -f FILE"
            )
            raise errors.Denied("label-removed", message)
    return Mutation(bare, "restored", changed=True, notices=(Notice("bare-form-restored"),))


def _runtimes(value: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(one.labels.get(workload.RUNTIME)) for one in asked.templates(value).values()))


def _both(reconciled: _Reconciled) -> str:
    paths = [f"{name}{path}" for name, edits in reconciled.edits.items() for path in edits]
    return (
        f"it changes an input and edits rendered fields by hand ({errors.listed(paths)}); do one after the other: "
        "an input renders anew, which gives up edits"
    )
