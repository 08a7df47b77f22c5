"""Pods as they arrive at admission when a controller makes them from a pod template (contract sections 2 and 9).

What labels a pod template alone has its pods rendered one by one, when they are created: those of a Deployment, and those of a
LeaderWorkerSet that is not labelled itself.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from webhook import workload
from webhook.rendering import fields, filled_in


def pods(
    value: Mapping[str, Any], object_kind: workload.GroupVersionKind
) -> Iterator[tuple[workload.PodTemplate, dict[str, Any]]]:
    """Yield each pod template whose pods would be rendered one by one, with such a pod as it arrives.

    Args:
        value: an object that holds pod templates, each in its bare form.
        object_kind: what it is.

    Raises:
        errors.Denied: the object does not have the shape that its kind prescribes.
    """
    for one in workload.pod_templates(value, object_kind):
        if workload.exclusion(one.value, one.path):  # pods have no labels but those of their pod template
            continue
        shows: tuple[dict[str, str], dict[str, str]] = {}, {}
        if object_kind == workload.LEADER_WORKER_SET:
            shows = of_group(workload.display_name(value), one.group_size, leader=one.role != "worker")
        yield one, made_from(one, *shows)


def of_group(name: str, size: int, *, leader: bool) -> tuple[dict[str, str], dict[str, str]]:
    """Return the labels and annotations by which a pod shows that it belongs to a group.

    Args:
        name: of the LeaderWorkerSet.
        size: pods of the group.
        leader: whether it is the first of them; that of a group of one is.
    """
    labels = {workload.GROUP_NAME: name}
    if leader:
        labels[workload.WORKER_INDEX] = "0"
    return labels, {workload.GROUP_SIZE: str(size)}


def made_from(
    pod_template: workload.PodTemplate, labels: Mapping[str, str], annotations: Mapping[str, str]
) -> dict[str, Any]:
    """Return a pod as it arrives at admission when a controller makes it from a pod template.

    Args:
        pod_template: the pod template.
        labels: what the controller adds that says what the pod is for, unless the pod template does.
        annotations: the same of annotations.
    """
    own = pod_template.value.get("metadata") or {}
    metadata = {
        "labels": {**labels, **(own.get("labels") or {})},
        "annotations": {**annotations, **(own.get("annotations") or {})},
    }
    spec = {**fields.POD_DEFAULTS, **(pod_template.value.get("spec") or {})}
    spec["serviceAccount"] = spec["serviceAccountName"]
    for name in ("initContainers", "containers"):
        if name in spec:
            spec[name] = [_defaulted(container) for container in spec[name] or ()]
    if pod_template.claims:
        volumes = [one for one in spec.get("volumes") or () if one.get("name") not in pod_template.claims]
        claims = ({"name": name, "persistentVolumeClaim": {"claimName": name}} for name in sorted(pod_template.claims))
        spec["volumes"] = [*volumes, *claims]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _defaulted(container: Mapping[str, Any]) -> dict[str, Any]:
    """Return a container as the API server completes it before it calls webhooks, as far as rendering depends on that."""
    found = {
        **fields.CONTAINER_DEFAULTS,
        "imagePullPolicy": filled_in.pull_policy(container.get("image") or "auto"),
        **container,
    }
    resources = container.get("resources") or {}
    if limits := resources.get("limits"):
        found["resources"] = {**resources, "requests": {**limits, **(resources.get("requests") or {})}}
    return found
