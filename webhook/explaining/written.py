"""Where the configuration says what: from fields of a rendered pod template to key paths and places in documents."""

from collections.abc import Iterator

from webhook import catalog, errors
from webhook.explaining import keypaths
from webhook.explaining.explanation import Written
from webhook.explaining.keypaths import Keys
from webhook.explaining.own import OwnPlaces
from webhook.rendering import Resolution, budget, expand, origins
from webhook.rendering.layers import Layer

#: Where the fields of containers and pods are in an entry.
_CONTAINERS: dict[str, Keys] = {"agent": ("container_template",), "template": ("podTemplate", "containerTemplate")}
_PODS: dict[str, Keys] = {"agent": ("pod_template",), "template": ("podTemplate",)}

#: Who sets fields that are written in the workload's own file.
_AUTHORS = ("workload", "worker template")


def entry(places: catalog.Places, found: catalog.RuntimeTemplate | catalog.AgentEntry | catalog.GpuType) -> Written:
    """Return where an entry of a configuration is written; of a built-in row of the GPU table nothing is known."""
    return _written(found.path, places.find(found))


def in_template(
    places: catalog.Places, runtime_template: catalog.RuntimeTemplate, at: errors.PlaceInTemplate
) -> Written | None:
    """Return where something in a Go template is written; None if that is not known."""
    found = places.find_in_template(runtime_template, at)
    return _written(*found) if found is not None else None


class Sources:
    """Where the configuration and the workload's own file say what one rendering has."""

    def __init__(self, resolution: Resolution, places: catalog.Places, own: OwnPlaces) -> None:
        self._resolution = resolution
        self._places = places
        self._own = own
        self._container = ("spec", "containers", origins.position(resolution))

    def of_field(self, field: origins.Field) -> Written | None:
        """Return where a field is written; None if it is neither in the configuration nor in the workload's own file."""
        if field.elements:
            first = field.elements[0]
            return self._of_key_path(first.key_path.rpartition("[")[0]) if first.setter != "workload" else None
        if field.setter in _AUTHORS:
            return self._own.of_field(field)
        found = self._entry(field.layer.origin) if field.layer is not None else None
        if field.layer is None or found is None:
            return None
        for keys in self._alternatives(field, field.layer):
            place = self._places.find(found, keys)
            if place is not None:
                return _written(f"{found.path}.{keypaths.path(keys)}", place)
        return None

    def of_element(self, element: origins.Element) -> Written:
        """Return where an element of command or args is written."""
        if element.setter != "workload":
            return self._of_key_path(element.key_path)
        *_, position = keypaths.keys(element.key_path)
        assert isinstance(position, int)
        found = self._own.of_argument(self._resolution.container, position, element.value)
        return found or Written(element.key_path)

    def _of_key_path(self, key_path: str) -> Written:
        """Return where the configuration has something, by its key path from the root of its document."""
        for found in (self._resolution.selection.agent_entry, self._resolution.selection.runtime_template):
            if found is not None and key_path.startswith(f"{found.path}."):
                below = key_path.removeprefix(f"{found.path}.")
                return _written(key_path, self._places.find(found, tuple(keypaths.keys(below))))
        return Written(key_path)

    def _entry(self, origin: str) -> catalog.RuntimeTemplate | catalog.AgentEntry | None:
        chosen = self._resolution.selection
        return chosen.agent_entry if origin == "agent" else chosen.runtime_template

    def _alternatives(self, field: origins.Field, layer: Layer) -> Iterator[Keys]:
        """Yield the keys under which an entry may have a field."""
        overlay = (self._resolution.pod_template.role,) if layer.overlay else ()
        if field.place[:3] == self._container:
            section, holder, rest = _CONTAINERS[layer.origin], layer.part.container, field.place[3:]
            skipped = 1
        elif field.place[0] == "metadata":
            section, holder, rest, skipped = _PODS[layer.origin], {"metadata": layer.part.metadata}, field.place, 0
        else:
            section, holder, rest, skipped = _PODS[layer.origin], layer.part.pod, field.place[1:], 0
        tree = expand.tree(dict(holder), self._resolution.variables, budget.new())
        below = keypaths.positions(tree, rest, field.items[skipped:])
        if layer.origin == "template" and section == _PODS["template"] and below[:1] == ("securityContext",):
            yield (*section, *overlay, "podSecurityContext", *below[1:])
        yield (*section, *overlay, *below)
        if layer.origin == "agent" and below == ("image",):
            yield below


def _written(key_path: str, place: catalog.Place | None) -> Written:
    return Written(key_path, place.source, place.line, place.column) if place is not None else Written(key_path)
