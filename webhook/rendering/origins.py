"""Who set which field of a rendering, for whoever asks why; requests never do (contract section 12).

A rendering is repeated in stages by the functions that requests use: the workload alone, with command and args, with the first
layer of the configuration, with the first two, and so on. Since upper layers win, a field keeps its value from the stage on that
gave it, and that stage is its origin.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec

from webhook import patch
from webhook.rendering import apply, budget, command, fields, merge
from webhook.rendering.layers import Configured, Layer
from webhook.rendering.paths import ABSENT
from webhook.rendering.record import unrecorded
from webhook.rendering.resolve import Resolution

#: Who sets a field. ``worker template``: a leader template got it from there. ``Kubernetes``: a pod had it when it arrived, though
#: the pod template that it was made from does not.
Setter = Literal[
    "workload",
    "worker template",
    "Kubernetes",
    "agent",
    "agent role overlay",
    "template",
    "template role overlay",
    "webhook",
]

#: The keys and positions that lead to a field of a rendered pod template.
Place = tuple[str | int, ...]

_NOTHING = Configured({}, {}, {})

#: Where a Go template of command or args is in its entry; its name goes on from there (``schema.compiling``).
_STARTUP = "podTemplate.containerTemplate"


class Element(msgspec.Struct, frozen=True):
    """An element of command or args.

    Attributes:
        value: the text.
        setter: who set it.
        key_path: where it is written: of the configuration's the key path from its root, of the workload's the path in the object.
    """

    value: str
    setter: Setter
    key_path: str


class Stage(msgspec.Struct, frozen=True):
    """A pod template after one more has set its fields.

    Attributes:
        setter: who did.
        value: the pod template.
        layer: that of the configuration whose fields these are; None too of command and args that Go templates render.
    """

    setter: Setter
    value: Mapping[str, Any]
    layer: Layer | None = None


class Field(msgspec.Struct, frozen=True):
    """A field, or item of a list, that somebody set as a whole.

    Attributes:
        place: where it is in the rendered pod template.
        items: what identifies the items of lists that the place leads through, such as ``name=HF_HOME``.
        value: its value; ABSENT if it was removed.
        setter: who set it.
        layer: the layer of the configuration that it comes from; None if it comes from none.
        was: what the workload had there, if it was replaced; else ABSENT.
        elements: of command and args that Go templates rendered.
    """

    place: Place
    items: tuple[str, ...]
    value: Any
    setter: Setter
    layer: Layer | None = None
    was: Any = ABSENT
    elements: tuple[Element, ...] = ()


def origins(
    resolution: Resolution, rendering: apply.Rendering | None, *, as_written: Mapping[str, Any] | None = None
) -> list[Field]:
    """Return every field of metadata and spec with its origin; together they are the rendered pod template.

    Args:
        resolution: what was decided.
        rendering: the result; None if it was denied, so what the webhook itself adds in the end is left out.
        as_written: of a pod as it would arrive, the pod template that it is made from.

    Raises:
        errors.Denied: a Go template fails, or fields contradict each other.
    """
    started = apply.start(resolution, budget.new())
    stages = list(_stages(resolution, rendering, started, as_written))
    values = [{key: stage.value.get(key, ABSENT) for key in ("metadata", "spec")} for stage in stages]
    found = []
    for one in _fields(stages, values, ()):
        place = ("spec", "containers", position(resolution))
        elements = _elements(resolution, started, one) if one.place[:-1] == place else ()
        setter = elements[0].setter if elements else one.setter
        found.append(msgspec.structs.replace(one, setter=setter, elements=elements))
    return found


def position(resolution: Resolution) -> int:
    """Return the position of the inference container in the rendered pod."""
    index = resolution.container.index
    return len(resolution.spec.get("containers") or ()) if index is None else index


def _stages(
    resolution: Resolution,
    rendering: apply.Rendering | None,
    started: command.Command | None,
    as_written: Mapping[str, Any] | None,
) -> Iterator[Stage]:
    """Yield the stages of a rendering; each has more than the one before it."""
    pod_template, container = resolution.pod_template, resolution.container
    if pod_template.original is not None:
        yield Stage("workload", pod_template.original)
        yield Stage("worker template", pod_template.value)
    elif as_written is not None:
        yield Stage("workload", as_written)
        yield Stage("Kubernetes", pod_template.value)
    else:
        yield Stage("worker template" if pod_template.created else "workload", pod_template.value)
    if container.index is None:
        spec = container.put(resolution.spec, dict(container.value))
        yield Stage("webhook", {**pod_template.value, "spec": spec})
    yield Stage("template", _filled(resolution, _NOTHING, started))
    parts = resolution.layers.parts
    for count, layer in enumerate(parts, 1):
        configured = resolution.layers.first(count).render(resolution.variables, budget.new())
        setter: Setter = "agent" if layer.origin == "agent" else "template"
        if layer.overlay:
            setter = "agent role overlay" if layer.origin == "agent" else "template role overlay"
        yield Stage(setter, _filled(resolution, configured, started), layer)
    if rendering is not None:
        yield Stage("webhook", unrecorded(rendering.value))


def _filled(resolution: Resolution, configured: Configured, started: command.Command | None) -> dict[str, Any]:
    """Return the pod template with what these layers give it, before the webhook adds what is its own."""
    pod_template = resolution.pod_template
    container = apply.fill_container(resolution, configured, apply.fill_image(resolution, configured), started)
    spec = merge.pod_spec(
        resolution.container.put(resolution.spec, container),
        configured.pod,
        is_pod=pod_template.is_pod,
        path=resolution.spec_path,
    )
    return {**pod_template.value, "metadata": apply.with_metadata(pod_template, configured), "spec": spec}


def _fields(
    stages: Sequence[Stage], values: Sequence[Any], place: Place, items: tuple[str, ...] = ()
) -> Iterator[Field]:
    """Yield the fields below a place.

    Args:
        stages: the stages.
        values: what each stage has there.
        place: the place.
        items: what identifies the items on the way to it.
    """
    at = len(values) - 1
    while at and _same(values[at - 1], values[-1]):
        at -= 1
    earlier = [value for value in values[:at] if value is not ABSENT and value is not None]
    if not place or (at and earlier):
        inner = list(_inside(values, place[-1] if place else ""))
        if inner:
            for token, identity, below in inner:
                yield from _fields(stages, below, (*place, token), (*items, *identity))
            return
    if values[-1] is not ABSENT or earlier:
        setter: Setter = "webhook" if values[-1] is ABSENT else stages[at].setter
        yield Field(place, items, values[-1], setter, stages[at].layer, values[0] if at else ABSENT)


def _inside(values: Sequence[Any], name: str | int) -> Iterator[tuple[str | int, tuple[str, ...], list[Any]]]:
    """Yield key or position, identity and values of everything inside maps, or inside lists whose items are told apart.

    Nothing is yielded where only the whole can be looked at.
    """
    there = [value for value in values if value is not ABSENT and value is not None]
    if all(isinstance(value, dict) for value in there):
        for token in dict.fromkeys(token for value in reversed(there) for token in value):
            yield token, (), [value.get(token, ABSENT) if isinstance(value, dict) else ABSENT for value in values]
    elif isinstance(name, str) and fields.is_itemized(name) and all(isinstance(value, list) for value in there):
        indexes = [_index(value, name) if isinstance(value, list) else {} for value in values]
        own, final = indexes[0], indexes[-1]
        in_order = list(own) == [key for key in final if key in own]
        if in_order and all(index.keys() <= final.keys() for index in indexes):
            for at, key in enumerate(final):
                yield at, key[:1], [index.get(key, ABSENT) for index in indexes]


def _index(items: list[Any], name: str) -> dict[tuple[str, int], Any]:
    """Return the items of a list by identity; of equal ones, each with its number."""
    found: dict[tuple[str, int], Any] = {}
    counts: dict[str, int] = {}
    for item in items:
        identity = fields.identity(item, name)
        number = counts[identity] = counts.get(identity, 0) + 1
        found[identity, number] = item
    return found


def _same(one: Any, other: Any) -> bool:
    return one is other or (ABSENT not in (one, other) and patch.same(one, other))


def _elements(resolution: Resolution, started: command.Command | None, field: Field) -> tuple[Element, ...]:
    """Return the elements of a field of the inference container, if these are command or args that Go templates rendered."""
    name = field.place[-1]
    if started is None or field.layer is not None or field.setter != "template":
        return ()
    startup = resolution.startup
    if name == "command" and started.command is not None:
        return tuple(
            _rendered(resolution, template.name, text)
            for template, text in zip(startup.command, started.command, strict=True)
        )
    if name != "args":
        return ()
    found: list[Element] = []
    for template, count in zip(startup.args, started.printed, strict=False):
        texts = started.args[len(found) : len(found) + count]
        found += (_rendered(resolution, template.name, text) for text in texts)
    custom = list(_custom(resolution))
    if len(found) < len(started.args):
        found += custom
    return tuple(found)


def _rendered(resolution: Resolution, name: str, text: str) -> Element:
    """Return an element that a Go template of this name printed."""
    runtime_template = resolution.selection.runtime_template
    assert runtime_template is not None
    below = name.removeprefix(f"{runtime_template.runtime}/")
    setter: Setter = "template" if below.startswith(("commandTemplate", "argsTemplate")) else "template role overlay"
    return Element(text, setter, f"{runtime_template.path}.{_STARTUP}.{below}")


def _custom(resolution: Resolution) -> Iterator[Element]:
    """Yield CUSTOM_ARGS: those of the agent entry, its common ones first, and then the workload's own."""
    agent_entry, role = resolution.selection.agent_entry, resolution.pod_template.role
    if agent_entry is not None:
        common = len(agent_entry.args["lone"]) if role != "lone" else len(agent_entry.args[role])
        for at, text in enumerate(agent_entry.args[role]):
            own = at >= common
            setter: Setter = "agent role overlay" if own else "agent"
            section = f"container_template.{role}.args[{at - common}]" if own else f"container_template.args[{at}]"
            yield Element(text, setter, f"{agent_entry.path}.{section}")
    for at, text in enumerate(resolution.container.value.get("args") or ()):
        yield Element(text, "workload", f"{resolution.container.path}.args[{at}]")
