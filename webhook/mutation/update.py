"""Updates of LeaderWorkerSets: a fleet restarts because its user wants it to, and for no other reason (contract section 9).

The object as it is stored and the object as the request would store it decide, in the order of the contract's steps.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from webhook import errors, patch, rendering, workload
from webhook.mutation import asked, intent
from webhook.mutation.create import Mutation, completed, render, replaced
from webhook.mutation.intent import GROUP, WORKER, Intent
from webhook.notices import Notice, about
from webhook.rendering import revision


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
    if not refreshed and _same_group(value, old) and asked.keys(value) == asked.keys(old):
        return Mutation(value, "update-without-effect")
    if not stored.carries_record:
        return _never_rendered(value, old, state, namespace=namespace, refreshed=refreshed)
    if stored.fault is not None:
        return _after_a_lost_record(value, stored, stored.fault, state, namespace=namespace)
    if asked.brings_renderings(value, stored):
        return Mutation(value, "rendered-elsewhere")
    return _rendered_before(value, stored, intent.of(value, stored, manager), state, namespace, refreshed=refreshed)


def _rendered_before(
    value: Mapping[str, Any],
    stored: asked.Stored,
    meant: Intent,
    state: rendering.State,
    namespace: str,
    *,
    refreshed: bool,
) -> Mutation:
    """Decide an update of a rendered object by what it means: keep what is stored, or render anew."""
    unchanged = asked.is_unchanged(stored, meant.bare)
    if unchanged and not refreshed:
        return _kept(value, stored, meant, state, namespace=namespace)
    if not unchanged and meant.edits:
        raise errors.Denied("edit-with-input", _both(meant))
    return _rendered_anew(value, stored, meant, state, namespace=namespace, unchanged=unchanged)


def _refreshes(value: Mapping[str, Any]) -> set[tuple[str, Any]]:
    """Return what asks for a fresh rendering, by where it is written."""
    group = _group(value)
    written = {"": value, WORKER: group.get(WORKER) or {}}
    found = {place: _annotations(one).get(workload.REFRESH) for place, one in written.items()}
    return {(place, one) for place, one in found.items() if isinstance(one, str)}


def _same_group(value: Mapping[str, Any], old: Mapping[str, Any]) -> bool:
    return patch.same(_group(value), _group(old))


def _group(value: Mapping[str, Any]) -> Mapping[str, Any]:
    return (value.get("spec") or {}).get("leaderWorkerTemplate") or {}


def _annotations(value: Mapping[str, Any]) -> Mapping[str, Any]:
    return (value.get("metadata") or {}).get("annotations") or {}


def _kept(
    value: Mapping[str, Any], stored: asked.Stored, meant: Intent, state: rendering.State, *, namespace: str
) -> Mutation:
    """Return the object without anything rendered anew: what the client dropped is put back, what was edited is kept."""
    kept = meant.kept
    found: list[Notice] = []
    for name, edits in meant.edits.items():
        kept = replaced(kept, (*GROUP, name), rendering.with_edits(asked.templates(kept)[name], edits))
    for name, pod_template in asked.templates(kept).items():
        record = None if workload.opted_out(pod_template) else rendering.read(pod_template)
        edited = record.edited if isinstance(record, rendering.Record) else meant.edits.get(name)
        if edited:
            found.append(Notice("hand-edit-kept", edited, name))
    found += _older(stored, meant, state, namespace=namespace)
    changed = not patch.same(kept, value)
    return Mutation(kept, "kept", changed=changed, runtimes=_runtimes(kept), notices=tuple(found))


def _older(stored: asked.Stored, meant: Intent, state: rendering.State, *, namespace: str) -> Iterator[Notice]:
    """Yield a notice about each pod template for which the configuration has a newer revision than the one that is kept."""
    bare = workload.pod_templates(meant.bare, workload.LEADER_WORKER_SET, checked=True)
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
    value: Mapping[str, Any],
    stored: asked.Stored,
    meant: Intent,
    state: rendering.State,
    *,
    namespace: str,
    unchanged: bool,
) -> Mutation:
    """Return the object rendered with the configuration of now; if only records would differ, their bytes stay.

    Where one pod template changes, the other gets its new record too, or the next call would find the two at odds: a leader
    template that asks for what its worker template no longer does. A record goes on naming inputs that are unchanged: in the
    bare form there may be what other webhooks have added since.
    """
    records = {name: rendering.full(record) for name, record in stored.records.items()}
    sent = asked.templates(value)
    mutation = render(meant.bare, workload.LEADER_WORKER_SET, state, namespace=namespace, checked=True)
    result = mutation.value
    changed: list[Notice] = []
    same: list[Notice] = []
    if any(meant.leader_metadata.values()) and intent.LEADER in asked.templates(result):
        result = _with_metadata(result, meant.leader_metadata)
    as_stored, all_same = result, True
    for name, rendered in asked.templates(result).items():
        before, record = stored.templates.get(name), rendering.read(rendered)
        is_same = False
        if before is not None:
            is_kept = unchanged and name in records
            fresh = rendering.with_inputs(rendered, records[name].inputs) if is_kept else rendered.value
            fresh = rendering.carried_over(fresh, before.value)
            if name in sent:  # as another webhook left it since the first call
                fresh = rendering.carried_over(fresh, sent[name].value)
            is_same = rendering.alike(fresh, before.value)
            result = replaced(result, (*GROUP, name), fresh)
            as_stored = replaced(as_stored, (*GROUP, name), before.value)
        all_same = all_same and is_same
        if isinstance(record, rendering.Record):
            was = records[name].revision if name in records else "none"
            (same if is_same else changed).append(about("groups-roll", record.revision, was).within(name))
    result = as_stored if all_same else result
    # a changed size rolls groups whose templates stay the same, and so does a leader template that goes
    rolls = [] if _same_group(result, stored.value) else changed or same
    given_up = [Notice("hand-edit-given-up", edits, name) for name, edits in _edits(meant, records).items()]
    mutation = msgspec.structs.replace(
        mutation, value=result, changed=True, notices=(*rolls, *given_up, *mutation.notices)
    )
    if meant.renderings and _is_rendered_so(value, result):
        # Another webhook has added something since the first call. The record goes on naming the inputs without that, which is
        # what the client will send again.
        return Mutation(value, "rendered-elsewhere", runtimes=mutation.runtimes, notices=mutation.notices)
    return mutation


def _with_metadata(value: Mapping[str, Any], more: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return an object whose leader template has these labels and annotations too."""
    leader = asked.templates(value)[intent.LEADER].value
    metadata = leader.get("metadata") or {}
    metadata = {**metadata, **{key: {**(metadata.get(key) or {}), **own} for key, own in more.items() if own}}
    return replaced(value, (*GROUP, intent.LEADER), {**leader, "metadata": metadata})


def _edits(meant: Intent, records: Mapping[str, rendering.Record]) -> dict[str, tuple[str, ...]]:
    """Return the edits that rendering anew gives up, by pod template: those of this update, and those kept before."""
    found = {name: tuple(sorted({*record.edited, *meant.edits.get(name, ())})) for name, record in records.items()}
    return {name: edits for name, edits in found.items() if edits}


def _is_rendered_so(value: Mapping[str, Any], rendered: Mapping[str, Any]) -> bool:
    """Return whether the pod templates of an object have what was rendered, beside what another webhook may have added."""
    mine, other = asked.templates(value), asked.templates(rendered)
    return mine.keys() == other.keys() and all(
        _differ_only_in_records(mine[name], other[name]) or _say_the_same(mine[name], other[name]) for name in mine
    )


def _say_the_same(one: workload.PodTemplate, other: workload.PodTemplate) -> bool:
    """Return whether two pod templates have the same rendered fields from the same configuration, by their records.

    The fields of a completed leader template are whole containers, to which others may have added.
    """
    first, second = rendering.read(one), rendering.read(other)
    if not isinstance(first, rendering.Record) or not isinstance(second, rendering.Record):
        return False
    return first.revision == second.revision and (first.completed or first.rendered == second.rendered)


def _differ_only_in_records(one: workload.PodTemplate, other: workload.PodTemplate) -> bool:
    return patch.same(rendering.unrecorded(one.value), rendering.unrecorded(other.value))


def _never_rendered(
    value: Mapping[str, Any], old: Mapping[str, Any], state: rendering.State, *, namespace: str, refreshed: bool
) -> Mutation:
    """Decide an update of an object that was stored without being rendered, such as before the webhook was installed."""
    labelled = workload.exclusion(old) == ""
    if labelled and not refreshed and asked.are_alike(asked.of(value), asked.of(old)):
        return Mutation(value, "never-rendered", notices=(Notice("never-rendered"),))
    return _first_rendering(value, state, namespace=namespace)


def _after_a_lost_record(
    value: Mapping[str, Any], stored: asked.Stored, fault: errors.Denied, state: rendering.State, *, namespace: str
) -> Mutation:
    """Decide an update of an object with a record that cannot be undone: the bare form or a saved rendering can take its place.

    Raises:
        errors.Denied: the object has any other record.
    """
    if asked.Stored(value).fault is None and asked.brings_renderings(value, stored):
        return Mutation(value, "rendered-elsewhere")
    if asked.Stored(value).carries_record:
        raise _with_remedy(fault)
    return _first_rendering(value, state, namespace=namespace)


def _with_remedy(fault: errors.Denied) -> errors.Denied:
    """Return why a record cannot be undone, with the way in which the original file can take the place of its rendering."""
    fault.message += " with kubectl replace, since kubectl apply leaves the record where it is"
    return fault


def _first_rendering(value: Mapping[str, Any], state: rendering.State, *, namespace: str) -> Mutation:
    """Return a bare object rendered as on creation, with the notice that its groups roll."""
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
    if not asked.Stored(value).carries_record:  # the client sends the bare form, or the API server calls again
        bare = value
    elif stored.fault is None:
        bare = intent.of(value, stored, manager).bare
    else:
        raise _with_remedy(stored.fault)
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
    return Mutation(bare, "restored", changed=bare is not value, notices=(Notice("bare-form-restored"),))


def _runtimes(value: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(one.labels.get(workload.RUNTIME)) for one in asked.templates(value).values()))


def _both(meant: Intent) -> str:
    paths = [f"{name}{path}" for name, edits in meant.edits.items() for path in edits]
    return (
        f"it changes an input and edits rendered fields by hand ({errors.listed(paths)}); do one after the other: "
        "an input renders anew, which gives up edits"
    )
