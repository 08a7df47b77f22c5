"""What the configuration says, in layers: the agent entry over the runtime template (contract section 7).

Fields without Go templates are merged once for each state of the configuration; only those with Go templates
(``renderAll``) are merged for each workload, since even their merge keys may be templates.
"""

from collections.abc import Container, Mapping
from typing import Any, Literal

import msgspec

from webhook import catalog, gotemplate
from webhook.rendering import expand, image, merge, variables

#: Container fields that have rules of their own and take no part in merging.
_APART = frozenset({"name", "image"})

Fields = Mapping[str, Any]


class Layer(msgspec.Struct, frozen=True):
    """What one part of the configuration says.

    Attributes:
        origin: which part.
        path: its key path in the configuration, for messages.
        pod: its PodSpec fields.
        container: its Container fields.
    """

    origin: Literal["agent", "template"]
    path: str
    pod: Fields
    container: Fields


class Layers(msgspec.Struct, frozen=True):
    """The layers of the configuration that serve a workload.

    Attributes:
        parts: each layer by itself, the winner first.
        pod, container: the fields without Go templates, merged.
        late_pod, late_container: the runtime template's fields that hold Go templates.
        image: the image that the configuration offers; a ``gotemplate.Template`` if it is yet to be rendered, None if
            it offers none.
        constants: the variables of ``variables.CONSTANTS`` that a Go template may read, in whatever role.
    """

    parts: tuple[Layer, ...]
    pod: Fields
    container: Fields
    late_pod: Fields
    late_container: Fields
    image: Any
    constants: tuple[str, ...]

    def render(self, data: Mapping[str, Any], budget: gotemplate.Budget) -> "Configured":
        """Return the fields with every Go template rendered within the budget.

        Raises:
            errors.Denied: a Go template fails, or prints a value that does not exist.
        """
        pod, container = self.pod, self.container
        if self.late_pod:
            pod = merge.layers(pod, expand.tree(self.late_pod, data, budget))
        if self.late_container:
            container = merge.layers(container, expand.tree(self.late_container, data, budget))
        return Configured(pod, container, expand.tree(self.image, data, budget))


class Configured(msgspec.Struct, frozen=True):
    """What the configuration says to one workload: PodSpec fields, Container fields, and the image it offers."""

    pod: Fields
    container: Fields
    image: str | None


def merged(agent_entry: catalog.AgentEntry | None, runtime_template: catalog.RuntimeTemplate | None) -> Layers:
    """Return the layers of an agent entry and a runtime template."""
    parts: list[Layer] = []
    agent_container: Fields = {}
    pod: Fields = {}
    container: Fields = {}
    templated: frozenset[str] = frozenset()
    constants: tuple[str, ...] = ()
    if agent_entry is not None:
        agent_container = _without(agent_entry.container, _APART)
        parts.append(Layer("agent", agent_entry.path, {}, agent_container))
    if runtime_template is not None:
        pod, container = runtime_template.pod, _without(runtime_template.container, _APART)
        parts.append(Layer("template", runtime_template.path, pod, container))
        templated = runtime_template.templated
        constants = tuple(name for name in variables.CONSTANTS if runtime_template.may_read(name))
    return Layers(
        parts=tuple(parts),
        pod=_without(pod, templated),
        container=merge.layers(agent_container, _without(container, templated)),
        late_pod={key: value for key, value in pod.items() if key in templated},
        late_container={key: value for key, value in container.items() if key in templated},
        image=image.offered(agent_entry, runtime_template),
        constants=constants,
    )


def _without(fields: Fields, keys: Container[str]) -> Fields:
    return {key: value for key, value in fields.items() if key not in keys}
