"""The shape of a bare pod spec: that everything merging and its checks look into is the list, map or string it should be.

The schema of a custom resource is checked after mutating admission, so a LeaderWorkerSet may hold anything here.
"""

from collections.abc import Mapping
from typing import Any

from webhook import errors, workload

#: Lists of maps in a container, with the fields of an entry that are used as keys and so must be strings.
_CONTAINER_LISTS = {
    "volumeMounts": ("name", "mountPath"),
    "ports": ("name",),
    "env": ("name",),
    "volumeDevices": ("name",),
}
#: Lists of containers, with the fields that must be strings.
_CONTAINERS = {"containers": ("name", "image"), "initContainers": ("name",)}


def check(spec: Mapping[str, Any]) -> None:
    """Look through a pod spec.

    Raises:
        errors.Denied: something is not of its type; the message names its path.
    """
    for field, texts in _CONTAINERS.items():
        for index, container in enumerate(_entries(spec, field, "spec", texts)):
            path = f"spec.{field}[{index}]"
            for name, strings in _CONTAINER_LISTS.items():
                if name in container:
                    _entries(container, name, path, strings)
            if "resources" in container:
                _amounts(container["resources"], f"{path}.resources")
    _entries(spec, "volumes", "spec", ("name",))


def _entries(holder: Mapping[str, Any], field: str, path: str, strings: tuple[str, ...]) -> list[dict[str, Any]]:
    entries = workload.entries(holder.get(field), f"{path}.{field}")
    for index, entry in enumerate(entries):
        for key in strings:
            value = entry.get(key)
            if value is not None and not isinstance(value, str):
                message = f"{path}.{field}[{index}].{key}: must be a string, not {errors.shown(value)}"
                raise errors.Denied("malformed-object", message)
    return entries


def _amounts(resources: Any, path: str) -> None:
    found = workload.mapping(resources, path)
    for field in ("requests", "limits"):
        workload.mapping(found.get(field), f"{path}.{field}")
