"""Which workload does a pod belong to, and which pod template was it made from?"""

from collections.abc import Mapping
from typing import Any

import msgspec

from webhook import errors, workload

Object = Mapping[str, Any]

_LEADER_WORKER_SET = workload.LEADER_WORKER_SET[2]

#: Controllers that are part of another one, and its kind.
_PART_OF = {"ReplicaSet": "Deployment", "Job": "CronJob"}


class Identity(msgspec.Struct, frozen=True, order=True):
    """What tells a workload from others of its cluster."""

    namespace: str
    kind: str
    name: str


class Owner(msgspec.Struct, frozen=True):
    """What a pod belongs to.

    Attributes:
        identity: the workload: its outermost controller, or the pod itself.
        object_kind, value: what holds the pod template that it was made from; None if there is none, or it is not at hand.
    """

    identity: Identity
    object_kind: workload.GroupVersionKind | None = None
    value: Object | None = None


class Controllers:
    """The controllers of one cluster by identity."""

    def __init__(self, namespace: str) -> None:
        """Begin without any.

        Args:
            namespace: of objects that do not name one.
        """
        self._namespace = namespace
        self._controllers: dict[Identity, tuple[workload.GroupVersionKind, Object]] = {}

    def add(self, object_kind: workload.GroupVersionKind, value: Object) -> Identity | None:
        """Add a controller, LeaderWorkerSets before others; return its identity, or None if it is part of another workload."""
        identity = self.identity(object_kind[2], value)
        group = _labels(value).get(workload.GROUP_NAME)
        if group is None or identity.kind == _LEADER_WORKER_SET:
            self._controllers[identity] = object_kind, value
            return identity if _outer(identity.kind, value) is None else None
        # a StatefulSet with a copy of its LeaderWorkerSet's pod templates, of which there are as many as groups
        if Identity(identity.namespace, _LEADER_WORKER_SET, str(group)) not in self._controllers:
            self._controllers[identity] = object_kind, value
        return None

    def identity(self, kind: str, value: Object) -> Identity:
        """Return the identity of an object."""
        return identity(kind, value, self._namespace)

    def namespace(self, value: Object) -> str:
        """Return the namespace of an object."""
        return _namespace(value, self._namespace)

    def owner(self, pod: Object) -> Owner:
        """Return what a pod belongs to."""
        namespace, labels = self.namespace(pod), _labels(pod)
        if group := labels.get(workload.GROUP_NAME):
            identity = Identity(namespace, _LEADER_WORKER_SET, str(group))
            if identity in self._controllers:
                return Owner(identity, *self._controllers[identity])
            stateful_set = Identity(
                namespace, *(_controller(pod) or ("", ""))
            )  # the copies of its pod templates are here
            return Owner(identity, *self._controllers.get(stateful_set, (None, None)))
        reference = _controller(pod)
        if reference is None:
            return Owner(self.identity("Pod", pod))
        holder = Identity(namespace, *reference)
        object_kind, value = self._controllers.get(holder, (None, None))
        outer = _outer(holder.kind, value) if value is not None else None
        return Owner(Identity(namespace, *outer) if outer is not None else holder, object_kind, value)


def identity(kind: str, value: Object, namespace: str) -> Identity:
    """Return the identity of an object of a kind; ``namespace`` is that of objects that do not name one."""
    return Identity(_namespace(value, namespace), kind, workload.display_name(value))


def opted_out(value: Object | None) -> bool:
    """Return whether an object says that it is to be left alone; the pods of a LeaderWorkerSet do not have its label."""
    return value is not None and exclusion(value) == "opted-out"


def order(object_kind: workload.GroupVersionKind) -> int:
    """Return what sorts kinds into the order in which they are judged: what is made from a pod template after what holds it."""
    return 0 if object_kind == workload.LEADER_WORKER_SET else 2 if object_kind == workload.POD else 1


def concerns(object_kind: workload.GroupVersionKind, value: Object) -> bool:
    """Return whether an object is a LeaderWorkerSet, a labelled pod that runs, or the controller of labelled pods."""
    if object_kind == workload.POD:
        return not exclusion(value) and not _is_finished(value)
    return object_kind == workload.LEADER_WORKER_SET or _is_labelled(value, object_kind)


def is_part(object_kind: workload.GroupVersionKind, value: Object) -> bool:
    """Return whether a pod or controller is part of another workload, such as a Job of a CronJob."""
    if object_kind == workload.LEADER_WORKER_SET:
        return False
    if workload.GROUP_NAME in _labels(value):
        return True
    return (_controller(value) if object_kind == workload.POD else _outer(object_kind[2], value)) is not None


def _outer(kind: str, value: Object) -> tuple[str, str] | None:
    """Return kind and name of the controller of which a controller is a part; None if it is its own."""
    outer = _controller(value)
    return outer if outer is not None and outer[0] == _PART_OF.get(kind) else None


def _is_labelled(value: Object, object_kind: workload.GroupVersionKind) -> bool:
    """Return whether an object holds a single pod template, of which pods are labelled."""
    if object_kind not in workload.POD_TEMPLATE_PLACES:
        return False
    node: Any = value
    for key in (*workload.POD_TEMPLATE_PLACES[object_kind], "metadata", "labels"):
        node = node.get(key) if isinstance(node, dict) else None
    return isinstance(node, dict) and workload.RUNTIME in node


def exclusion(value: Object) -> str:
    """Return why a pod or LeaderWorkerSet is not ours; one with malformed labels is not."""
    try:
        return workload.exclusion(value)
    except errors.Denied:
        return "malformed"


def _namespace(value: Object, default: str) -> str:
    return str(_metadata(value).get("namespace") or default)


def _metadata(value: Object) -> Mapping[str, Any]:
    metadata = value.get("metadata")
    return metadata if isinstance(metadata, dict) else {}


def _labels(value: Object) -> Mapping[str, Any]:
    labels = _metadata(value).get("labels")
    return labels if isinstance(labels, dict) else {}


def _controller(value: Object) -> tuple[str, str] | None:
    """Return kind and name of the controller that owns an object; None if there is none."""
    references = _metadata(value).get("ownerReferences")
    for reference in references if isinstance(references, list) else ():
        if isinstance(reference, dict) and reference.get("controller") is True:
            return str(reference.get("kind")), str(reference.get("name"))
    return None


def _is_finished(pod: Object) -> bool:
    """Return whether the containers of a pod have ended for good."""
    status = pod.get("status")
    return isinstance(status, dict) and status.get("phase") in ("Succeeded", "Failed")
