"""What a LeaderWorkerSet asks for, by pod template, and whether it is rendered as it asks (contract section 9)."""

from collections.abc import Mapping
from typing import Any

from webhook import errors, patch, rendering, workload
from webhook.mutation.create import completed
from webhook.mutation.restore import restored
from webhook.rendering import reconcile, revision


def templates(value: Mapping[str, Any]) -> dict[str, workload.PodTemplate]:
    """Return the pod templates that an object has, by name."""
    found = workload.pod_templates(value, workload.LEADER_WORKER_SET)
    return {pod_template.name: pod_template for pod_template in found if not pod_template.created}


def carries_record(value: Mapping[str, Any]) -> bool:
    """Return whether a pod template of an object carries a record."""
    return any(workload.RECORD in pod_template.own_annotations for pod_template in templates(value).values())


def bare(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the bare form of an object, as far as this release can read its records."""
    return restored(value, workload.LEADER_WORKER_SET, rendering.undone)


def of(bare_form: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the pod templates of a bare object ask for, by name; equal ones get equal renderings."""
    return {
        pod_template.name: reconcile.asked(pod_template)
        for pod_template in map(completed, workload.pod_templates(bare_form, workload.LEADER_WORKER_SET))
        if not workload.opted_out(pod_template)
    }


def before(old: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what a stored object asks for; None if that is malformed, so that whatever comes in its place is an input."""
    try:
        return of(bare(old))
    except errors.Denied:
        return None


def brings_renderings(value: Mapping[str, Any], old: Mapping[str, Any]) -> bool:
    """Return whether every pod template that differs is an untouched rendering of its own inputs, and one was not so before.

    So it is when an API server calls again within one request, or when somebody brings a saved rendering back.
    """
    mine, stored = templates(value), templates(old)
    differing = {
        name: pod_template
        for name, pod_template in mine.items()
        if name not in stored or not patch.same(pod_template.value, stored[name].value)
    }
    if not differing or any(workload.RECORD not in one.own_annotations for one in differing.values()):
        return False
    own = _asked_digests(value)
    renderings = {name: _rendering(one, own.get(name)) for name, one in differing.items()}
    if None in renderings.values():
        return False
    try:
        asked_before = _asked_digests(old)
    except errors.Denied:  # what is stored is malformed, and no rendering of anything
        asked_before = {}
    return any(  # the others differ only in what is foreign
        name not in stored or _rendering(stored[name], asked_before.get(name)) != record
        for name, record in renderings.items()
    )


def _rendering(pod_template: workload.PodTemplate, asked: str | None) -> rendering.Record | None:
    """Return the record of a pod template that is an untouched rendering of its own inputs, of which this is the digest."""
    record = rendering.read(pod_template)
    if (
        not isinstance(record, rendering.Record)
        or record.inputs != asked
        or not rendering.untouched(pod_template, record)
    ):
        return None
    return record


def _asked_digests(value: Mapping[str, Any]) -> dict[str, str]:
    """Return the digest of the inputs of each pod template of a rendered object."""
    asking = map(completed, workload.pod_templates(bare(value), workload.LEADER_WORKER_SET))
    return {one.name: revision.inputs(one, workload.declaration(one)) for one in asking}
