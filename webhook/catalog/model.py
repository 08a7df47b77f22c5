"""Frozen models of the configuration, as requests read it once it has been parsed, checked and compiled.

The JSON trees inside (``pod``, ``container``) are shared by all requests and must never be modified.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from webhook import errors, gotemplate
from webhook.problems import Problem
from webhook.workload import Role

#: What the sources of the built-in configuration begin with.
BUILT_IN = "built-in"

#: The GPU type of what asks for no accelerator. Its row in the table needs no resource: it is what remains.
CPU = "cpu"

#: Resources of every node (Kubernetes, "Resource Management for Pods and Containers").
_OF_EVERY_NODE = frozenset({"cpu", "memory", "ephemeral-storage"})

ConfigKind = Literal["templates", "agent", "gpu-configs"]

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class IntegerTemplate:
    """A Go template where Kubernetes wants an integer (``renderAll``, contract section 4).

    Attributes:
        template: what renders to it.
        or_string: Kubernetes also takes a string there, such as the name of a port.
    """

    template: gotemplate.Template
    or_string: bool


def integer_templates(value: Any) -> Iterator[IntegerTemplate]:
    """Yield the Go templates of integers in a JSON value."""
    if isinstance(value, IntegerTemplate):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from integer_templates(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from integer_templates(inner)


def holds_template(value: Any) -> bool:
    """Return whether a JSON value has a Go template in it."""
    if isinstance(value, dict):
        return any(map(holds_template, value.values()))
    if isinstance(value, list):
        return any(map(holds_template, value))
    return isinstance(value, gotemplate.Template | IntegerTemplate)


@dataclass(frozen=True, slots=True)
class Part:
    """The fields that one part of an entry gives: its common part, or a role overlay (contract section 4).

    In a role overlay, null removes the field from every part below it.

    Attributes:
        pod: PodSpec fields, with ``podSecurityContext`` under its PodSpec name ``securityContext``.
        container: Container fields; of an agent entry the image is one string, and args are apart.
        metadata: ``labels`` and ``annotations`` of the pod.
    """

    pod: Fields = field(default_factory=dict)
    container: Fields = field(default_factory=dict)
    metadata: Fields = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Startup:
    """How a runtime starts in one role.

    Attributes:
        command: compiled ``commandTemplate``; empty if absent.
        args: compiled ``argsTemplate``; empty if absent.
        uses_custom_args: whether command or args refer to ``.CUSTOM_ARGS``.
        others_use_custom_args: whether another field does, such as the value of a variable (``renderAll``).
    """

    command: tuple[gotemplate.Template, ...] = ()
    args: tuple[gotemplate.Template, ...] = ()
    uses_custom_args: bool = False
    others_use_custom_args: bool = False


@dataclass(frozen=True, slots=True)
class RuntimeTemplate:
    """One entry of ``templates`` (contract section 4), compiled.

    Attributes:
        runtime: its name.
        display_name: ``runtimeZH``, else the name.
        common: the fields of ``podTemplate`` and ``containerTemplate``, whatever the role.
        overlays: the fields of ``leader`` and ``worker``, by role; without those that are absent or empty.
        startups: command and args, by role.
        render_all: whether every string is a Go template. Those with an action are a ``gotemplate.Template`` or, where
            Kubernetes wants an integer, an ``IntegerTemplate``.
        templates: every Go template of the entry, wherever it is.
        digest: of the entry's content, independent of the rest of the file.
        source, path: where it was read, for messages.
        stale: set if this is the last good version of an entry whose newest version has this problem.
    """

    runtime: str
    display_name: str
    common: Part
    overlays: Mapping[Role, Part]
    startups: Mapping[Role, Startup]
    render_all: bool
    templates: tuple[gotemplate.Template, ...]
    digest: str
    source: str
    path: str
    stale: Problem | None = None

    def parts(self, role: Role) -> tuple[Part, ...]:
        """Return what the entry says for a role, the winner first."""
        return _parts(self.overlays, self.common, role)

    def plain_command(self, role: Role) -> list[str]:
        """Return ``command``, which is not a Go template, in a role; empty if there is none."""
        given = (part.container["command"] for part in self.parts(role) if "command" in part.container)
        return [word for word in next(given, None) or () if isinstance(word, str)]

    def integers(self) -> Iterator[IntegerTemplate]:
        """Yield the Go templates that have to print an integer."""
        for part in (self.common, *self.overlays.values()):
            yield from integer_templates([part.pod, part.container])

    def may_read(self, name: str) -> bool:
        """Return whether a rendering, in whatever role, may read this variable."""
        return any(template.may_read(name) for template in self.templates)


@dataclass(frozen=True, slots=True)
class AgentEntry:
    """One entry of ``deployment_templates`` (contract section 6).

    Attributes:
        path: e.g. ``deployment_templates[2]``, for messages.
        runtimes, gpu_types: what it matches; empty: any.
        common: the fields of ``pod_template`` and ``container_template``, whatever the role.
        overlays: the fields of ``leader`` and ``worker``, by role; without those that are absent or empty.
        args: parameters for ``CUSTOM_ARGS``, by role.
        digest: of the entry's content.
        source: where it was read.
        broken: set if the entry cannot be used and has no last good version: workloads that need it are denied with this.
        stale: set if this is the last good version of an entry whose newest version has this problem.
    """

    path: str
    runtimes: tuple[str, ...]
    gpu_types: tuple[str, ...]
    digest: str
    source: str
    common: Part = field(default_factory=Part)
    overlays: Mapping[Role, Part] = field(default_factory=dict)
    args: Mapping[Role, tuple[str, ...]] = field(default_factory=dict)
    broken: Problem | None = None
    stale: Problem | None = None

    def parts(self, role: Role) -> tuple[Part, ...]:
        """Return what the entry says for a role, the winner first."""
        return _parts(self.overlays, self.common, role)

    @property
    def image(self) -> str:
        """Return the image of the common part, or else of a role overlay; "" if the entry has none."""
        parts = (self.common, *self.overlays.values())
        return next((image for part in parts if isinstance(image := part.container.get("image"), str)), "")

    @property
    def built_in(self) -> bool:
        """Return whether the entry comes from the built-in configuration."""
        return self.source.startswith(f"{BUILT_IN} ")


def _parts(overlays: Mapping[Role, Part], common: Part, role: Role) -> tuple[Part, ...]:
    return (overlays[role], common) if role in overlays else (common,)


@dataclass(frozen=True, slots=True)
class GpuType:
    """A row of the GPU table: pods that ask for ``resource`` run on GPUs of type ``name`` (contract section 6).

    Attributes:
        name: the GPU type.
        resource: ``gpu_per_node.key``: a resource name, or the beginning of several with a ``*`` at its end.
        companion: ``gpu_memory.key``: the resource that is a share of this one; "" if there is none.
        node_selector: labels of the nodes that have these GPUs, as pairs in the order of their names.
        path: e.g. ``gpu_configs[2]``, for messages; "" for a built-in row. Two rows that differ in it alone are equal.
    """

    name: str
    resource: str
    companion: str = ""
    node_selector: tuple[tuple[str, str], ...] = ()
    path: str = field(default="", compare=False)

    @property
    def is_pattern(self) -> bool:
        """Return whether the row is about every resource that begins like its key."""
        return self.resource.endswith("*")

    def names(self, resource: str) -> bool:
        """Return whether the key names this resource."""
        return resource.startswith(self.resource[:-1]) if self.is_pattern else resource == self.resource


class GpuTypes(tuple[GpuType, ...]):  # noqa: SLOT001 - the indexes are made when they are first asked for
    """Rows of the GPU table in order of precedence, indexed by the resources that they are about: a workload may ask for many."""

    @cached_property
    def resources(self) -> frozenset[str]:
        """Return the resources that a row names in full."""
        return frozenset(row.resource for row in self if not row.is_pattern)

    @cached_property
    def beginnings(self) -> tuple[str, ...]:
        """Return what the resources begin with that the other rows are about."""
        return tuple(row.resource[:-1] for row in self if row.is_pattern)

    @cached_property
    def companions(self) -> frozenset[str]:
        """Return the resources that are a share of another one."""
        return frozenset(row.companion for row in self if row.companion)

    @cached_property
    def ordinary(self) -> frozenset[str]:
        """Return the resources that nearly every container asks for, but for those that a row names or is about."""
        return frozenset(
            name for name in _OF_EVERY_NODE - self.resources - self.companions if not name.startswith(self.beginnings)
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """The result of reading the newest text of one configuration.

    Attributes:
        source: where it was read.
        accepted: whether the newest text could be read as a whole; its entries may still have problems.
        read: whether this or an earlier text was accepted.
        problems: every problem of the newest text, in the order of their places.
    """

    source: str
    accepted: bool
    read: bool
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that a request may read, built from all configurations at once and never changed.

    Attributes:
        runtime_templates: usable ones by runtime name.
        broken: runtimes whose runtime template cannot be used, with its problem.
        agent_entries: agent entries in file order.
        cluster_name: of the agent configuration, if it has one.
        gpu_types: the table in order of precedence: the configuration's rows, then the built-in ones.
        problems: every problem of the newest configurations, in the order of kinds and places.
        missing: a line for each required configuration that has never been read, with the reason; while there is one, requests
            are answered 503.
        readings: by kind, what the next snapshot is built on.
        runtimes: the names of all runtimes that a workload can ask for.
        gpu_type_names: the GPU types that the table or an agent entry names, and ``CPU``.
    """

    runtime_templates: Mapping[str, RuntimeTemplate]
    broken: Mapping[str, Problem]
    agent_entries: tuple[AgentEntry, ...]
    cluster_name: str | None
    gpu_types: GpuTypes
    problems: tuple[Problem, ...]
    missing: tuple[str, ...]
    readings: Mapping[ConfigKind, Reading] = field(default_factory=dict, repr=False, compare=False)
    runtimes: errors.Names = field(init=False, repr=False, compare=False)
    gpu_type_names: errors.Names = field(init=False, repr=False, compare=False)
    _by_runtime: dict[str, tuple[AgentEntry, ...]] = field(init=False, repr=False, compare=False)
    _named: frozenset[str] = field(init=False, repr=False, compare=False)
    _for_any_runtime: tuple[AgentEntry, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the agent entries by runtime, and collect names, so that a request does not walk thousands of entries."""
        names = {name for entry in self.agent_entries for name in entry.runtimes}
        named = {name for entry in self.agent_entries if not entry.built_in for name in entry.runtimes}
        object.__setattr__(self, "_named", frozenset(named))
        object.__setattr__(self, "runtimes", errors.Names({*self.runtime_templates, *named}))
        matched = {name for entry in self.agent_entries for name in entry.gpu_types}
        object.__setattr__(self, "gpu_type_names", errors.Names({CPU, *(row.name for row in self.gpu_types), *matched}))
        by_runtime: dict[str, list[AgentEntry]] = {name: [] for name in names}
        for entry in self.agent_entries:
            for name in entry.runtimes or names:
                by_runtime[name].append(entry)
        object.__setattr__(self, "_by_runtime", {name: tuple(rows) for name, rows in by_runtime.items()})
        object.__setattr__(self, "_for_any_runtime", tuple(entry for entry in self.agent_entries if not entry.runtimes))

    def agent_entries_for(self, runtime: str) -> tuple[AgentEntry, ...]:
        """Return the agent entries that match this runtime on some GPU type, in file order."""
        return self._by_runtime.get(runtime, self._for_any_runtime)

    def knows(self, runtime: str) -> bool:
        """Return whether a runtime template, usable or broken, or a configured agent entry is for this runtime.

        Built-in agent entries do not count: they would make runtimes known for which the user's own configuration has
        nothing.
        """
        return runtime in self.runtime_templates or runtime in self.broken or runtime in self._named
