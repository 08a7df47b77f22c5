"""Updates of LeaderWorkerSets (contract section 9)."""

from collections.abc import Mapping
from typing import Any

from webhook import errors, patch, workload
from webhook.mutation.create import Mutation


def update(value: Mapping[str, Any], old: Mapping[str, Any], *, namespace: str, name: str = "") -> Mutation:
    """Admit an update of a LeaderWorkerSet that does not change the description of its pods; deny any other.

    Any change there restarts every group, and re-applying the bare file is such a change. As long as the webhook cannot
    distinguish an edit from a re-apply, it admits neither.

    Args:
        value: the object as the request would store it.
        old: the object as it is stored.
        namespace: its namespace.
        name: its name if its metadata has none.

    Raises:
        errors.Denied: the update would change what the pods are made from.
    """
    try:
        return _update(value, old)
    except errors.Denied as denial:
        denial.add_place(f"{workload.LEADER_WORKER_SET[2]} {namespace}/{workload.display_name(value, name)}")
        raise


def _update(value: Mapping[str, Any], old: Mapping[str, Any]) -> Mutation:
    if reason := workload.exclusion(value):
        return Mutation(value, reason)
    workload.check_shape(value, workload.LEADER_WORKER_SET)
    workload.check_shape(old, workload.LEADER_WORKER_SET, "oldObject")
    before, after = ((one.get("spec") or {}).get("leaderWorkerTemplate") for one in (old, value))
    if patch.same(before, after):
        return Mutation(value, "update-without-effect")
    if not any(map(_carries_record, (old, value))):
        return Mutation(value, "never-rendered")
    message = (
        "spec.leaderWorkerTemplate differs from what is stored, which would restart every group; "
        "this version of the webhook cannot update a rendered LeaderWorkerSet: delete it and create it again"
    )
    raise errors.Denied("update-refused", message)


def _carries_record(value: Mapping[str, Any]) -> bool:
    found = workload.pod_templates(value, workload.LEADER_WORKER_SET)
    return any(workload.RECORD in pod_template.own_annotations for pod_template in found)
