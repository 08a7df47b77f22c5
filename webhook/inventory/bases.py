"""A stored object to what its pod templates were rendered from: a few short strings, so that thousands of objects need little memory."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple, TypedDict, TypeGuard

from webhook import errors, rendering, workload

_LONGEST = 253
"""Characters of a string that is kept. Anybody may write a record, but what the webhook writes into one is the name of a label or a
digest, and so shorter."""

_LEADER_WORKER_TEMPLATES = ("leaderTemplate", "workerTemplate")


class _Metadata(TypedDict, total=False):
    name: Any
    namespace: Any
    uid: Any
    resourceVersion: Any
    labels: dict[str, Any] | None
    annotations: dict[str, Any] | None


class PodParts(TypedDict, total=False):
    """The parts of a pod that are read."""

    metadata: _Metadata


class _PodTemplateParts(TypedDict, total=False):
    metadata: _Metadata | None


class _GroupParts(TypedDict, total=False):
    leaderTemplate: _PodTemplateParts | None
    workerTemplate: _PodTemplateParts | None


class _Spec(TypedDict, total=False):
    leaderWorkerTemplate: _GroupParts | None


class LeaderWorkerSetParts(TypedDict, total=False):
    """The parts of a LeaderWorkerSet that are read."""

    metadata: _Metadata
    spec: _Spec | None


class Basis(NamedTuple):
    """What a pod template was rendered from, as its record says.

    Attributes:
        runtime: the runtime that its label asks for.
        revision: of the configuration that was used; empty if it is not known.
        gpu_type: the GPU type that the agent entry was chosen for.
        template: digest of the runtime template.
        agent_entry: digest of the agent entry; empty if none was used.
        unjudged: why the configuration says nothing about it: it has no record (``unrendered``), or none that this release can
            judge by (``unknown``). Empty if the record can be judged.
    """

    runtime: str
    revision: str = ""
    gpu_type: str = ""
    template: str = ""
    agent_entry: str = ""
    unjudged: Literal["", "unrendered", "unknown"] = ""


def of_pod(pod: Mapping[str, Any]) -> frozenset[Basis]:
    """Return what a pod was rendered from: one basis, or none if the webhook leaves it alone."""
    if _is_left_alone(pod):
        return frozenset()
    metadata = pod["metadata"]
    return frozenset([_of(metadata["labels"][workload.RUNTIME], metadata.get("annotations") or {})])


def of_leader_worker_set(group: Mapping[str, Any]) -> frozenset[Basis]:
    """Return what the pod templates of a LeaderWorkerSet were rendered from, without those that opt out."""
    return frozenset() if _is_left_alone(group) else frozenset(_of_templates(group))


def group_of(pod: Mapping[str, Any]) -> str:
    """Return the name of the LeaderWorkerSet that a pod belongs to; empty if it belongs to none."""
    name = (pod["metadata"].get("labels") or {}).get(workload.GROUP_NAME)
    return name if isinstance(name, str) else ""


def _is_left_alone(value: Mapping[str, Any]) -> bool:
    try:
        return bool(workload.exclusion(value))
    except errors.Malformed:  # which no API server stores
        return True


def _of_templates(group: Mapping[str, Any]) -> Iterator[Basis]:
    runtime = group["metadata"]["labels"][workload.RUNTIME]
    templates = (group.get("spec") or {}).get("leaderWorkerTemplate") or {}
    for name in _LEADER_WORKER_TEMPLATES:
        pod_template = templates.get(name)
        if pod_template is None:
            continue
        metadata = pod_template.get("metadata") or {}
        labels = metadata.get("labels") or {}
        if labels.get(workload.INJECT) != "false":
            own = labels.get(workload.RUNTIME, runtime)
            yield _of(own if _is_short(own) else runtime, metadata.get("annotations") or {})


def _of(runtime: str, annotations: Mapping[str, Any]) -> Basis:
    text = annotations.get(workload.RECORD)
    if text is None:
        return Basis(runtime, unjudged="unrendered")
    unknown = Basis(runtime, unjudged="unknown")
    try:
        record = rendering.record.decode(text)
    except errors.Denied:
        return unknown
    if not isinstance(record, rendering.Record) or record.runtime != runtime:
        return unknown
    basis = Basis(runtime, record.revision, record.gpu_type, record.template, record.agent_entry)
    if not all(map(_is_short, basis)):
        return unknown
    return basis if record.template else Basis(runtime, record.revision, unjudged="unknown")


def _is_short(text: Any) -> TypeGuard[str]:
    return isinstance(text, str) and len(text) <= _LONGEST
