"""What leader and worker of a group have to do with each other (contract section 9)."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from webhook import notices, workload
from webhook.rendering import image, merge
from webhook.rendering.resolve import Resolution

#: What a completed leader template does not take from the worker template.
_OWN = frozenset({workload.RECORD, workload.INJECT})


class Member(msgspec.Struct, frozen=True):
    """A rendered pod template of a group.

    Attributes:
        resolution: what was decided about it.
        image: what its inference container runs.
    """

    resolution: Resolution
    image: str


def complete(pod_template: workload.PodTemplate, worker: Mapping[str, Any]) -> workload.PodTemplate:
    """Return a leader template without containers, completed from the worker template by the rules of merging.

    Args:
        pod_template: the leader template.
        worker: the bare worker template.

    Raises:
        errors.Malformed: the leader template has a scalar where the worker template has a map or list.
    """
    own = pod_template.value
    path = f"{pod_template.path}.spec"
    spec = merge.pod_spec(own.get("spec") or {}, worker.get("spec") or {}, is_pod=False, path=path)
    metadata = dict(own.get("metadata") or {})
    for name in ("labels", "annotations"):
        mine, other = metadata.get(name) or {}, (worker.get("metadata") or {}).get(name) or {}
        if missing := {key: value for key, value in other.items() if key not in mine and key not in _OWN}:
            metadata[name] = {**mine, **missing}
    value = {**own, "spec": spec}
    if metadata or "metadata" in own:
        value["metadata"] = metadata
    return workload.completed(pod_template, value)


def differences(leader: Member, worker: Member) -> Iterator[notices.Notice]:
    """Yield a notice about each thing in which leader and worker differ though a group needs one of it."""
    first, second = leader.resolution, worker.resolution
    types = first.selection.gpu_type, second.selection.gpu_type
    if types[0] != types[1]:
        yield notices.about("mixed-gpu-types", *types)
    sizes = first.variables["TP_SIZE"], second.variables["TP_SIZE"]
    if sizes[0] != sizes[1]:
        yield notices.about("mixed-tensor-parallel-sizes", *map(str, sizes))
    filled_in = all(image.is_placeholder(one.container.value.get("image")) for one in (first, second))
    one_entry = first.selection.agent_entry is second.selection.agent_entry  # whose role overlays may want it so
    if filled_in and not one_entry and leader.image != worker.image:
        yield notices.about("mixed-images", leader.image, worker.image)
