"""The shape of a bare pod spec: everything that rendering looks into is the list, map or string it should be.

The API server checks a custom resource against its schema only after mutating admission, so a LeaderWorkerSet may hold
anything here.
"""

from collections.abc import Mapping
from typing import Any

from webhook import jsonshape

#: Lists of maps in a container, with the fields of an item that rendering uses and that must be strings.
_CONTAINER_LISTS = {
    "volumeMounts": ("name", "mountPath"),
    "ports": ("name",),
    "env": ("name",),
    "volumeDevices": ("name",),
}
#: Lists of containers, with the fields that must be strings.
_CONTAINERS = {"containers": ("name", "image"), "initContainers": ("name",)}


def check(spec: Mapping[str, Any], path: str) -> None:
    """Check a pod spec, which is at ``path`` in its object.

    Raises:
        errors.Malformed: something has the wrong type.
    """
    for field, strings in _CONTAINERS.items():
        for index, container in enumerate(_items(spec, field, path, strings)):
            where = f"{path}.{field}[{index}]"
            for name, strings_of_item in _CONTAINER_LISTS.items():
                if name in container:
                    _items(container, name, where, strings_of_item)
            if "resources" in container:
                _check_resources(container["resources"], f"{where}.resources")
    _items(spec, "volumes", path, ("name",))


def _items(holder: Mapping[str, Any], field: str, path: str, strings: tuple[str, ...]) -> list[dict[str, Any]]:
    where = f"{path}.{field}"
    items = jsonshape.maps(holder.get(field), where)
    for index, item in enumerate(items):
        jsonshape.check_strings(item, strings, f"{where}[{index}]")
    return items


def _check_resources(resources: Any, path: str) -> None:
    found = jsonshape.mapping(resources, path)
    for field in ("requests", "limits"):
        jsonshape.mapping(found.get(field), f"{path}.{field}")
