"""Rendered objects back to their bare form (contract section 8)."""

from collections.abc import Mapping
from typing import Any

from webhook import errors, rendering, workload
from webhook.mutation.create import replaced


def restore(value: Mapping[str, Any], object_kind: workload.GroupVersionKind) -> Mapping[str, Any]:
    """Return an object in its bare form; an object without a record is returned as it is.

    Raises:
        errors.Denied: a record cannot be read or undone, or the object is a pod that never had a bare form.
    """
    try:
        return _restored(value, object_kind)
    except errors.Denied as denial:
        denial.add_place(f"{object_kind[2]} {workload.display_name(value)}")
        raise


def _restored(value: Mapping[str, Any], object_kind: workload.GroupVersionKind) -> Mapping[str, Any]:
    restored = value
    for pod_template in workload.pod_templates(value, object_kind):
        if pod_template.created or (record := rendering.read(pod_template)) is None:
            continue
        if (record.created or record.completed) and pod_template.is_pod:
            message = "the pod comes from a leaderTemplate that the webhook made; restore its LeaderWorkerSet instead"
            raise errors.Denied("no-bare-form", message)
        bare = None if record.created else rendering.restore(pod_template, record)
        restored = replaced(restored, pod_template.place, bare)
    return restored
