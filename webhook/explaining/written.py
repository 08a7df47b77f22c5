"""Where the configuration says what: from fields of a rendered pod template to key paths and places in documents."""

from collections.abc import Iterator, Sequence
from typing import Any

from webhook import catalog
from webhook.explaining.explanation import Written
from webhook.rendering import Resolution, budget, expand, fields, origins
from webhook.rendering.layers import Layer

#: Keys and positions.
_Keys = tuple[str | int, ...]

#: Where the fields of containers and pods are in an entry.
_CONTAINERS: dict[str, _Keys] = {"agent": ("container_template",), "template": ("podTemplate", "containerTemplate")}
_PODS: dict[str, _Keys] = {"agent": ("pod_template",), "template": ("podTemplate",)}


def path(keys: Sequence[str | int]) -> str:
    """Return keys and positions as messages write them: ``spec.containers[0].env``."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys).removeprefix(".")


def entry(places: catalog.Places, found: catalog.RuntimeTemplate | catalog.AgentEntry | catalog.GpuType) -> Written:
    """Return where an entry of a configuration is written; of a built-in row of the GPU table nothing is known."""
    return _written(found.path, places.find(found))


class Sources:
    """Where the configuration of one rendering says what it does."""

    def __init__(self, resolution: Resolution, places: catalog.Places) -> None:
        self._resolution = resolution
        self._places = places
        self._container = ("spec", "containers", origins.position(resolution))

    def of_field(self, field: origins.Field) -> Written | None:
        """Return where a field is written; None if it does not come from the configuration."""
        if field.elements:
            first = field.elements[0]
            return self.of_key_path(first.key_path.rpartition("[")[0]) if first.setter != "workload" else None
        found = self._entry(field.layer.origin) if field.layer is not None else None
        if field.layer is None or found is None:
            return None
        for keys in self._alternatives(field, field.layer):
            place = self._places.find(found, keys)
            if place is not None:
                return _written(f"{found.path}.{path(keys)}", place)
        return None

    def of_key_path(self, key_path: str) -> Written:
        """Return where an element of command or args is written, by its key path from the root of its document."""
        for found in (self._resolution.selection.agent_entry, self._resolution.selection.runtime_template):
            if found is not None and key_path.startswith(f"{found.path}."):
                below = key_path.removeprefix(f"{found.path}.")
                return _written(key_path, self._places.find(found, tuple(_keys(below))))
        return Written(key_path)

    def _entry(self, origin: str) -> catalog.RuntimeTemplate | catalog.AgentEntry | None:
        chosen = self._resolution.selection
        return chosen.agent_entry if origin == "agent" else chosen.runtime_template

    def _alternatives(self, field: origins.Field, layer: Layer) -> Iterator[_Keys]:
        """Yield the keys under which an entry may have a field."""
        overlay = (self._resolution.pod_template.role,) if layer.overlay else ()
        if field.place[:3] == self._container:
            section, holder, rest = _CONTAINERS[layer.origin], layer.part.container, field.place[3:]
            skipped = 1
        elif field.place[0] == "metadata":
            section, holder, rest, skipped = _PODS[layer.origin], {"metadata": layer.part.metadata}, field.place, 0
        else:
            section, holder, rest, skipped = _PODS[layer.origin], layer.part.pod, field.place[1:], 0
        below = self._in_part(holder, rest, field.items[skipped:])
        if layer.origin == "template" and section == _PODS["template"] and below[:1] == ("securityContext",):
            yield (*section, *overlay, "podSecurityContext", *below[1:])
        yield (*section, *overlay, *below)
        if layer.origin == "agent" and below == ("image",):
            yield below

    def _in_part(self, holder: catalog.Fields, rest: _Keys, items: tuple[str, ...]) -> _Keys:
        """Return the keys of a field in a part of the configuration, whose lists have positions of their own."""
        node: Any = expand.tree(dict(holder), self._resolution.variables, budget.new())
        left = list(items)
        found: list[str | int] = []
        name = ""
        for key in rest:
            if isinstance(key, str):
                node, name = (node.get(key) if isinstance(node, dict) else None), key
                found.append(key)
                continue
            wanted = left.pop(0)
            there = node if isinstance(node, list) else []
            at = next((at for at, item in enumerate(there) if fields.identity(item, name) == wanted), len(there))
            node = there[at] if at < len(there) else None
            found.append(at)
        return tuple(found)


def _keys(key_path: str) -> Iterator[str | int]:
    """Yield the keys of a key path of command or args, of which none has a dot or bracket in it."""
    for part in key_path.split("."):
        key, _, position = part.partition("[")
        yield key
        if position:
            yield int(position.removesuffix("]"))


def _written(key_path: str, place: catalog.Place | None) -> Written:
    return Written(key_path, place.source, place.line, place.column) if place is not None else Written(key_path)
