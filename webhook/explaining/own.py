"""Where the workload's own file says what it does: from fields of a rendered pod template to places in the file."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from webhook import catalog, errors, workload
from webhook.explaining import keypaths
from webhook.explaining.explanation import Written
from webhook.explaining.keypaths import Keys
from webhook.rendering import containers, origins

#: Denials because of a label or annotation, which the message names first.
_OF_A_KEY = frozenset[errors.DenialCode](
    {"empty-value", "invalid-label-value", "invalid-size", "invalid-value", "unknown-container", "unknown-runtime"}
)
#: Denials because of a resource that the inference container asks for, which the message names.
_OF_A_RESOURCE = frozenset[errors.DenialCode]({"invalid-gpu-count", "unknown-accelerator"})
_KEY = re.compile(r"\b(label|annotation) ([^\s:]+)")

#: The path in the object with which the message about a malformed one begins, after the object's name.
_PATH = re.compile(r"(?:^|: )((?:metadata|spec)[^\s:]*):")


class File(msgspec.Struct, frozen=True):
    """The file that an object comes from.

    Attributes:
        value: the object as it is in the file, which may be rendered.
        places: where everything in it is; None if it comes from a cluster.
    """

    value: Mapping[str, Any]
    places: catalog.ObjectPlaces | None

    def of(self, keys: Keys) -> Written | None:
        """Return where a key, or an item of a list, is written; None if that is not known."""
        place = self.places.find(keys) if self.places is not None else None
        return Written(keypaths.path(keys), place.source, place.line, place.column) if place is not None else None

    def of_denial(self, code: errors.DenialCode, message: str) -> Written | None:
        """Return where the cause of a denial is that is about the object as a whole."""
        if code != "malformed-object" or (found := _PATH.search(message)) is None:
            return None
        keys = tuple(keypaths.keys(found[1]))
        return next((place for count in range(len(keys), 0, -1) if (place := self.of(keys[:count])) is not None), None)


class OwnPlaces:
    """Where the author of a workload has written what one pod template of it says."""

    def __init__(self, file: File, pod_template: workload.PodTemplate, *, pod_by_pod: bool) -> None:
        """Take a pod template.

        Args:
            file: of its object.
            pod_template: as the object has it.
            pod_by_pod: whether its pods are rendered one by one, which do not get the labels of the object.
        """
        self._file = file
        self._inherits = not pod_by_pod
        worker = (*pod_template.place[:-1], "workerTemplate")
        self._place = worker if pod_template.created else pod_template.place
        self._worker = worker if pod_template.completed_from is not None else self._place

    def of_field(self, field: origins.Field) -> Written | None:
        """Return where a field is written that the workload has set."""
        place = self._worker if field.setter == "worker template" else self._place
        return self._below(place, field.place, field.items)

    def of_container(self, found: containers.InferenceContainer) -> Written | None:
        """Return where the inference container is written."""
        return self._in_container(found, ())

    def of_resource(self, found: containers.InferenceContainer, resource: str) -> Written | None:
        """Return where the inference container asks for a resource."""
        return next(
            (
                place
                for kind in ("limits", "requests")
                if (place := self._in_container(found, ("resources", kind, resource))) is not None
            ),
            None,
        )

    def of_argument(self, found: containers.InferenceContainer, at: int, text: str) -> Written | None:
        """Return where an argument of the inference container is written; of a rendered object that may not be known."""
        written = self._in_container(found, ("args", at))
        if written is None:
            return None
        return written if keypaths.at(self._file.value, tuple(keypaths.keys(written.key_path))) == text else None

    def of_key(self, text: str) -> Written | None:
        """Return where the label or annotation is written that a text names first, such as ``label hydra.io/runtime``."""
        found = _KEY.search(text)
        if found is None:
            return None
        keys = "metadata", f"{found[1]}s", found[2]
        inherited = self._file.of(keys) if self._inherits else None
        return self._file.of((*self._place, *keys)) or inherited

    def of_denial(
        self, code: errors.DenialCode, message: str, found: containers.InferenceContainer | None
    ) -> Written | None:
        """Return where the cause of a denial is, as far as its message names it."""
        if code in _OF_A_RESOURCE and found is not None:
            asked = found.value.get("resources") or {}
            names = {str(name) for kind in ("limits", "requests") for name in asked.get(kind) or ()}
            named = (self.of_resource(found, name) for name in sorted(names) if f" {name}" in message)
            return next(named, None)
        return self.of_key(message) if code in _OF_A_KEY else self._file.of_denial(code, message)

    def _in_container(self, found: containers.InferenceContainer, keys: Keys) -> Written | None:
        if found.index is None:
            return None
        place = ("spec", "containers", found.index, *keys)
        return self._below(self._worker, place, (f"name={found.name}",))

    def _below(self, place: Keys, keys: Keys, items: tuple[str, ...]) -> Written | None:
        holder = keypaths.at(self._file.value, place)
        return self._file.of((*place, *keypaths.positions(holder, keys, items)))
