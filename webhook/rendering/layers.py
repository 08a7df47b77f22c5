"""What the configuration says for a role, in layers (contract section 7).

The agent entry is over the runtime template, and in each the role overlay is over the common part. Fields without Go templates
are merged once for each state of the configuration; only those with Go templates (``renderAll``) are merged for each workload,
since even their merge keys may be templates.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from webhook import catalog, errors, gotemplate
from webhook.catalog import Fields
from webhook.rendering import expand, image, merge, variables
from webhook.workload import Role

_NOTHING: Fields = {}


class Layer(msgspec.Struct, frozen=True):
    """What one part of the configuration says.

    Attributes:
        origin: which entry it is part of.
        path: key path of that entry, for messages.
        overlay: whether it is a role overlay; otherwise it is the common part.
        part: its fields.
    """

    origin: Literal["agent", "template"]
    path: str
    overlay: bool
    part: catalog.Part


class Merged(msgspec.Struct, frozen=True):
    """Fields of one kind, merged as far as they can be without a workload.

    Attributes:
        fields: those without Go templates.
        late: those that are merged below them for each workload, the winner first.
    """

    fields: Fields = _NOTHING
    late: tuple[Fields, ...] = ()

    def render(self, data: Mapping[str, Any], budget: gotemplate.Budget) -> Fields:
        """Return all fields merged, with every Go template rendered within the budget.

        Raises:
            errors.Denied: a Go template fails, or does not print what Kubernetes wants there.
        """
        found = self.fields
        for fields in self.late:
            found = _over(found, expand.tree(fields, data, budget))
        return found


class Layers(msgspec.Struct, frozen=True):
    """The layers of the configuration that serve a workload in one role.

    Attributes:
        parts: each layer by itself, the winner first.
        pod, container, metadata: what they say together; the image is one of the container's fields.
        constants: the variables of ``variables.CONSTANTS`` that a Go template may read, in whatever role.
    """

    parts: tuple[Layer, ...]
    pod: Merged
    container: Merged
    metadata: Merged
    constants: tuple[str, ...]

    def render(self, data: Mapping[str, Any], budget: gotemplate.Budget) -> "Configured":
        """Return the fields with every Go template rendered within the budget.

        Raises:
            errors.Denied: as :meth:`Merged.render`.
        """
        return Configured(*(merged.render(data, budget) for merged in (self.pod, self.container, self.metadata)))

    def first(self, count: int) -> "Layers":
        """Return only the first of these layers, as if the others said nothing."""
        return _of(self.parts[:count], self.constants)


class Configured(msgspec.Struct, frozen=True):
    """What the configuration says to one workload: PodSpec fields, Container fields, and the pod's metadata."""

    pod: Fields
    container: Fields
    metadata: Fields

    @property
    def image(self) -> str | None:
        """Return the image that it offers, if any."""
        return self.container.get("image")


def merged(
    agent_entry: catalog.AgentEntry | None, runtime_template: catalog.RuntimeTemplate | None, role: Role
) -> Layers:
    """Return the layers of an agent entry and a runtime template for a role."""
    layers: list[Layer] = []
    if agent_entry is not None:
        layers += _layers("agent", agent_entry.path, agent_entry.parts(role))
    constants: tuple[str, ...] = ()
    if runtime_template is not None:
        layers += _layers("template", runtime_template.path, runtime_template.parts(role))
        constants = tuple(name for name in variables.CONSTANTS if runtime_template.may_read(name))
    return _of(tuple(layers), constants)


def _of(layers: tuple[Layer, ...], constants: tuple[str, ...]) -> Layers:
    """Return what layers say together, the winner first."""
    parts = [layer.part for layer in layers]
    return Layers(
        parts=layers,
        pod=_merged(part.pod for part in parts),
        container=_merged(image.without_placeholder(part.container) for part in parts),
        metadata=_merged(part.metadata for part in parts),
        constants=constants,
    )


def _layers(origin: Literal["agent", "template"], path: str, parts: tuple[catalog.Part, ...]) -> list[Layer]:
    return [Layer(origin, path, len(parts) > 1 and part is parts[0], part) for part in parts]


def _merged(layers: Iterable[Fields]) -> Merged:
    """Merge fields of layers, the winner first; a null removes the field from all layers below."""
    early: Fields = {}
    late: list[Fields] = []
    late_keys: set[str] = set()
    removed: Fields = {}
    for fields in layers:
        kept = _without(fields, removed)
        removed = _together(removed, _removals(fields))
        # once a field has a Go template, the layers below wait with theirs
        late_keys |= {key for key, value in kept.items() if catalog.holds_template(value)}
        early = _over(early, {key: value for key, value in kept.items() if key not in late_keys})
        if later := {key: value for key, value in kept.items() if key in late_keys}:
            late.append(later)
    return Merged(early, tuple(late))


def _over(upper: Fields, lower: Fields) -> Fields:
    """Merge one layer over another.

    Raises:
        errors.Denied: a field that Kubernetes 1.36 does not know has one type in one of them, and another in the other.
    """
    try:
        return merge.layers(upper, lower)
    except errors.Malformed as fault:
        message = (
            f"the agent entry, the runtime template and their role overlays contradict each other: {fault.message}"
        )
        raise errors.Denied("malformed-object", f"{message}; give it one type in all of them") from fault


def _removals(fields: Fields) -> Fields:
    """Return the null keys of a layer, at any depth of maps."""
    found: dict[str, Any] = {}
    for key, value in fields.items():
        if value is None:
            found[key] = None
        elif isinstance(value, Mapping) and (inner := _removals(value)):
            found[key] = inner
    return found


def _together(one: Fields, other: Fields) -> Fields:
    """Return the null keys of both."""
    found: dict[str, Any] = dict(one)
    for key, inner in other.items():
        mine = found.get(key, _NOTHING)
        found[key] = None if mine is None or inner is None else _together(mine, inner)
    return found


def _without(fields: Fields, removed: Fields) -> Fields:
    """Return the fields of a layer without those that layers above remove, and without its own nulls.

    A map of which nothing is left goes as well: it said nothing else.
    """
    found: dict[str, Any] = {}
    for key, value in fields.items():
        gone = removed.get(key, _NOTHING)
        if value is None or gone is None:
            continue
        kept = _without(value, gone) if isinstance(value, Mapping) else value
        if kept or not value:
            found[key] = kept
    return found
