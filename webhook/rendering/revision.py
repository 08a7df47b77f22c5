"""What a rendering depends on, as two digests: the workload's inputs, and the revision of the configuration (section 8).

Equal digests promise equal renderings; what cannot change a rendering is left out of them.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from webhook import digests, workload
from webhook.rendering import filled_in
from webhook.rendering.resolve import Resolution

#: PodSpec fields that controllers and the scheduler set for each pod.
_PER_POD = frozenset({"hostname", "nodeName"})


def revision(resolution: Resolution) -> str:
    """Return the digest of the configuration that a rendering uses.

    It covers the runtime template, the agent entry, the rows of the GPU table that matched, and those of the constants
    that the Go templates may read in any role and that no annotation replaces. So an edit elsewhere leaves it alone.
    """
    chosen, values = resolution.selection, resolution.variables
    return _revision(
        tuple(part.digest for part in (chosen.runtime_template, chosen.agent_entry) if part is not None),
        tuple((row.name, row.resource, *row.node_selector) for row in chosen.gpu_rows),
        tuple(
            (name, values[name]) for name in resolution.layers.constants if name not in resolution.declaration.constants
        ),
    )


@lru_cache(maxsize=1024)  # a cluster uses the same few again and again
def _revision(parts: tuple[str, ...], rows: tuple[tuple[Any, ...], ...], constants: tuple[tuple[str, Any], ...]) -> str:
    return digests.of([parts, rows, constants])


def inputs(pod_template: workload.PodTemplate, declaration: workload.Declaration) -> str:
    """Return the digest of what a bare pod template says: its declaration, role, group size and pod spec.

    Two pods of one controller have the same: what differs between them by nature is left out, such as their names, the
    volume of the service account token, and the claims and hostnames of a StatefulSet. A pod template has the same before and after
    LeaderWorkerSet's webhook and CRD have filled it in, such as with ``resources: {}``: the API server calls again after that.
    """
    default_container = pod_template.own_annotations.get(workload.DEFAULT_CONTAINER)
    name = (pod_template.value.get("metadata") or {}).get("name")
    spec = _without_names(pod_template.value.get("spec") or {}, name if isinstance(name, str) else "")
    said = digests.canonical([declaration, default_container, pod_template.role, pod_template.group_size])
    return digests.of_text(b"%b,%b]" % (said[:-1], _text(spec, is_pod=pod_template.is_pod)))


def _text(spec: Mapping[str, Any], *, is_pod: bool) -> bytes:
    """Return a pod spec as canonical JSON, that of a pod template in its normal form."""
    if is_pod:
        return digests.canonical(spec)
    try:
        packed = msgspec.msgpack.encode(spec)
    except OverflowError:  # an integer of more than 64 bits
        return _normal_text(spec)
    return _remembered_text(packed)


# The templates of a group mostly share a pod spec, and an update asks twice; a large one takes 5 MB.
@lru_cache(maxsize=2)
def _remembered_text(packed: bytes) -> bytes:
    return _normal_text(msgspec.msgpack.decode(packed))


def _normal_text(spec: Mapping[str, Any]) -> bytes:
    return digests.canonical(filled_in.normal(spec, "spec", ""))


def _without_names(spec: Mapping[str, Any], pod_name: str) -> dict[str, Any]:
    """Return a pod spec without what differs between the pods of one controller."""
    shared = {key: value for key, value in spec.items() if key not in _PER_POD}
    if volumes := spec.get("volumes"):
        shared["volumes"] = list(_shared_volumes(volumes, pod_name))
    for field in ("initContainers", "containers"):
        if containers := spec.get(field):
            shared[field] = [_without_token(container) for container in containers]
    # few affinities have match fields, and the walk through one that is large takes long
    if (affinity := spec.get("affinity")) and b'"matchFields"' in msgspec.json.encode(affinity):
        shared["affinity"] = _without_match_fields(affinity)
    return shared


def _shared_volumes(volumes: list[dict[str, Any]], pod_name: str) -> Iterator[dict[str, Any]]:
    for volume in volumes:
        if str(volume.get("name")).startswith(filled_in.TOKEN_VOLUME):
            continue
        claim = volume.get("persistentVolumeClaim")
        if pod_name and isinstance(claim, dict) and str(claim.get("claimName")).endswith(pod_name):
            yield {**volume, "persistentVolumeClaim": {**claim, "claimName": None}}
        else:
            yield volume


def _without_token(container: dict[str, Any]) -> dict[str, Any]:
    mounts = container.get("volumeMounts")
    if not mounts:
        return container
    shared = [mount for mount in mounts if not str(mount.get("name")).startswith(filled_in.TOKEN_VOLUME)]
    return {**container, "volumeMounts": shared}


def _without_match_fields(value: Any) -> Any:
    """Return an affinity without ``matchFields``, by which a DaemonSet ties each pod to its node."""
    if isinstance(value, dict):
        return {key: _without_match_fields(inner) for key, inner in value.items() if key != "matchFields"}
    if isinstance(value, list):
        return [_without_match_fields(inner) for inner in value]
    return value
