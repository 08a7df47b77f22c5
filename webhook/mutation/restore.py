"""Rendered objects back to their bare form (contract section 8)."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from webhook import errors, rendering, workload
from webhook.mutation.create import replaced


def restore(value: Mapping[str, Any], object_kind: workload.GroupVersionKind) -> Mapping[str, Any]:
    """Return an object in its bare form; an object without a record is returned as it is.

    Raises:
        errors.Denied: a record cannot be read or undone, or the object is a pod that never had a bare form.
    """
    try:
        return restored(workload.pod_templates(value, object_kind), value, rendering.restore)
    except errors.Denied as denial:
        denial.add_place(f"{object_kind[2]} {workload.display_name(value)}")
        raise


def restored(
    pod_templates: Iterable[workload.PodTemplate],
    value: Mapping[str, Any],
    undo: Callable[[workload.PodTemplate, rendering.Header], Mapping[str, Any]],
) -> Mapping[str, Any]:
    """Return an object with every rendered one of its pod templates undone, and those that the webhook created removed.

    Raises:
        errors.Denied: as :func:`restore`.
    """
    found = value
    for pod_template in pod_templates:
        if pod_template.created or (record := rendering.read(pod_template)) is None:
            continue
        if (record.created or record.completed) and pod_template.is_pod:
            message = "the pod comes from a leaderTemplate that the webhook made; restore its LeaderWorkerSet instead"
            raise errors.Denied("no-bare-form", message)
        bare = None if record.created else undo(pod_template, record)
        found = replaced(found, pod_template.place, bare)
    return found
