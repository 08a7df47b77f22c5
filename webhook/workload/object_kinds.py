"""The kinds of object that hold pod templates, and where each holds them."""

from collections.abc import Iterator, Mapping
from typing import Any

#: Group, version and kind, as in ``request.kind`` of a review.
GroupVersionKind = tuple[str, str, str]

POD: GroupVersionKind = ("", "v1", "Pod")
LEADER_WORKER_SET: GroupVersionKind = ("leaderworkerset.x-k8s.io", "v1", "LeaderWorkerSet")

#: The kinds that API servers send to the webhook (contract section 2).
INTERCEPTED = (POD, LEADER_WORKER_SET)

#: Kinds with a single pod template, and the keys that lead to it. API servers never send these; a pipeline may render them.
POD_TEMPLATE_PLACES: Mapping[GroupVersionKind, tuple[str, ...]] = {
    ("apps", "v1", "Deployment"): ("spec", "template"),
    ("apps", "v1", "StatefulSet"): ("spec", "template"),
    ("apps", "v1", "DaemonSet"): ("spec", "template"),
    ("apps", "v1", "ReplicaSet"): ("spec", "template"),
    ("batch", "v1", "Job"): ("spec", "template"),
    ("batch", "v1", "CronJob"): ("spec", "jobTemplate", "spec", "template"),
}


def kind_of(value: Mapping[str, Any]) -> GroupVersionKind:
    """Return group, version and kind of an object."""
    group, _, version = str(value.get("apiVersion", "")).rpartition("/")
    return group, version, str(value.get("kind", ""))


def is_object(value: Any) -> bool:
    """Return whether a value is an object: a map with a kind."""
    return isinstance(value, dict) and isinstance(value.get("kind"), str)


def is_list(value: Mapping[str, Any]) -> bool:
    """Return whether an object is a List."""
    return str(value["kind"]).endswith("List") and isinstance(value.get("items"), list)


def items(value: Any) -> Iterator[dict[str, Any]]:
    """Yield the objects in a document: itself, or those in a List at any depth; nothing if it is not an object."""
    if not is_object(value):
        return
    if is_list(value):
        for item in value["items"]:
            yield from items(item)
    else:
        yield value
