"""Frozen models of the configuration: what requests read, after everything was parsed, checked and compiled.

JSON trees inside (``pod``, ``container``, ``env``) are shared by all requests and must never be modified.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from webhook import errors, gotemplate

#: What the sources of the embedded default begin with.
BUILT_IN = "built-in"

Severity = Literal["error", "warning", "info"]
ConfigKind = Literal["templates", "agent", "gpu-configs"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a configuration, or worth saying of it.

    Attributes:
        code: stable kebab-case name of the rule, e.g. ``unknown-key``.
        severity: ``error``: the entry (or the file) cannot be used; ``warning`` and ``info``: it is used all the same.
        source: file path, or ``ConfigMap namespace/name``, as a person would name it.
        path: key path, e.g. ``templates[0].podTemplate.volumes``; empty for the whole text.
        line, column: 1-based, in the source; 0 where unknown.
        cause: what is wrong.
        remedy: what would be right; empty if the cause says it.
    """

    code: str
    severity: Severity
    source: str
    path: str
    line: int
    column: int
    cause: str
    remedy: str = ""

    def __str__(self) -> str:
        """Return ``source:line:column: path: cause; remedy``, leaving out what is unknown."""
        place = f"{self.source}:{self.line}:{self.column}" if self.line else self.source
        parts = [place, self.path] if self.path else [place]
        text = f"{self.cause}; {self.remedy}" if self.remedy else self.cause
        return errors.printable(": ".join([*parts, text]))


@dataclass(frozen=True, slots=True)
class RuntimeTemplate:
    """One entry of ``templates`` (contract section 4), compiled.

    Attributes:
        runtime: its name.
        display_name: ``runtimeZH``, else the name.
        command: compiled ``commandTemplate``; empty if absent.
        args: compiled ``argsTemplate``; empty if absent.
        container: the other Container fields of ``containerTemplate``.
        pod: the PodSpec fields of ``podTemplate``, with ``podSecurityContext`` under its PodSpec name ``securityContext``.
        templated: the fields of ``container`` and ``pod`` in which strings are ``gotemplate.Template`` instead: with
            ``renderAll`` those that hold an action, else none.
        uses_custom_args: whether command or args refer to ``.CUSTOM_ARGS``.
        digest: hash of the entry's content, independent of the rest of the file.
        source, path: where it was read, for messages.
        stale: set when this is the last good version of an entry whose newest text has this problem.
    """

    runtime: str
    display_name: str
    command: tuple[gotemplate.Template, ...]
    args: tuple[gotemplate.Template, ...]
    container: Mapping[str, Any]
    pod: Mapping[str, Any]
    templated: frozenset[str]
    uses_custom_args: bool
    digest: str
    source: str
    path: str
    stale: Problem | None = None


@dataclass(frozen=True, slots=True)
class AgentEntry:
    """One entry of ``deployment_templates`` (contract section 6).

    Attributes:
        path: e.g. ``deployment_templates[2]``, for messages.
        runtimes, gpu_types: what it matches; empty: any.
        image: image reference as one string; None if the entry names none.
        args: parameters for ``CUSTOM_ARGS``.
        container: Container fields beyond image and args (``env``, ``imagePullPolicy``, ...), merged by contract section 7.
        digest: hash of the entry's content.
        source: where it was read.
        broken: set when the entry cannot be used and there is no last good version: who needs it is denied with this.
        stale: set when this is the last good version of an entry whose newest text has this problem.
    """

    path: str
    runtimes: tuple[str, ...]
    gpu_types: tuple[str, ...]
    image: str | None
    args: tuple[str, ...]
    container: Mapping[str, Any]
    digest: str
    source: str
    broken: Problem | None = None
    stale: Problem | None = None

    @property
    def built_in(self) -> bool:
        """Tell whether the entry is of the embedded default."""
        return self.source.startswith(f"{BUILT_IN} ")


@dataclass(frozen=True, slots=True)
class GpuType:
    """A row of the GPU table: pods that ask for ``resource`` run on GPUs of type ``name``."""

    name: str
    resource: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of the text last seen of one configuration.

    Attributes:
        source: where it was read.
        accepted: whether the text last seen could be read as a whole; its entries may have problems all the same.
        read: whether this or an earlier text was accepted.
        problems: every problem of the text last seen, in order of position.
    """

    source: str
    accepted: bool
    read: bool
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything a request may read, made at one moment from all configurations and never changed.

    Attributes:
        runtime_templates: usable runtime templates by runtime name.
        broken: runtimes that have a template nobody can use, with the problem.
        agent_entries: agent entries in file order.
        cluster_name: of the agent configuration, if it has one.
        gpu_types: the table in order of precedence: the configuration's rows, then the built-in ones.
        problems: every problem of the texts last seen, in order of source and position.
        missing: human names of configurations that have never been read; requests are answered 503 while there is one.
        readings: by kind, what the next snapshot is built on.
    """

    runtime_templates: Mapping[str, RuntimeTemplate]
    broken: Mapping[str, Problem]
    agent_entries: tuple[AgentEntry, ...]
    cluster_name: str | None
    gpu_types: tuple[GpuType, ...]
    problems: tuple[Problem, ...]
    missing: tuple[str, ...]
    readings: Mapping[ConfigKind, Reading] = field(default_factory=dict, repr=False, compare=False)
    _entries_by_runtime: dict[str, tuple[AgentEntry, ...]] = field(init=False, repr=False, compare=False)
    _named: frozenset[str] = field(init=False, repr=False, compare=False)
    _entries_for_any: tuple[AgentEntry, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the entries by runtime, so that a request does not walk thousands of them."""
        names = {name for entry in self.agent_entries for name in entry.runtimes}
        named = {name for entry in self.agent_entries if not entry.built_in for name in entry.runtimes}
        object.__setattr__(self, "_named", frozenset(named))
        by_runtime: dict[str, list[AgentEntry]] = {name: [] for name in names}
        for entry in self.agent_entries:
            for name in entry.runtimes or names:
                by_runtime[name].append(entry)
        object.__setattr__(self, "_entries_by_runtime", {name: tuple(rows) for name, rows in by_runtime.items()})
        object.__setattr__(self, "_entries_for_any", tuple(entry for entry in self.agent_entries if not entry.runtimes))

    def agent_entries_for(self, runtime: str) -> tuple[AgentEntry, ...]:
        """Return the agent entries that match this runtime on some GPU type, in file order."""
        return self._entries_by_runtime.get(runtime, self._entries_for_any)

    def knows(self, runtime: str) -> bool:
        """Tell whether a template (usable or broken) names this runtime, or an agent entry that somebody configured.

        The built-in entries do not count: beside somebody's own templates they would admit runtimes nobody wrote.
        """
        return runtime in self.runtime_templates or runtime in self.broken or runtime in self._named

    @property
    def runtimes(self) -> tuple[str, ...]:
        """Return the names of all runtimes that a workload can ask for, sorted."""
        return tuple(sorted({*self.runtime_templates, *self._named}))
