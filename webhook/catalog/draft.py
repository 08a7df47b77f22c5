"""A snapshot while documents are taken in: what each configuration contributes, and its last good versions (contract section 10).

Of each configuration, this is in use afterwards:

==========================================  ==============================================================================
the newest text                             what is used
==========================================  ==============================================================================
cannot be read as a whole                   everything of the previous snapshot, marked stale
has an entry that cannot be used            that entry's last good version, marked stale; if there is none, it is broken
no longer has an entry                      nothing of that entry
==========================================  ==============================================================================
"""

from dataclasses import dataclass, field, replace

from webhook.catalog.model import AgentEntry, GpuType, RuntimeTemplate, Snapshot
from webhook.catalog.schema import gpu_types
from webhook.catalog.schema.agent_entries import AgentConfiguration
from webhook.catalog.schema.gpu_types import GpuTable
from webhook.catalog.schema.runtime_templates import RuntimeTemplates
from webhook.problems import Problem


@dataclass(slots=True)
class Draft:
    """The parts of a snapshot, as in ``Snapshot``, with the effect on them of each configuration."""

    runtime_templates: dict[str, RuntimeTemplate] = field(default_factory=dict)
    broken: dict[str, Problem] = field(default_factory=dict)
    agent_entries: tuple[AgentEntry, ...] = ()
    cluster_name: str | None = None
    gpu_types: tuple[GpuType, ...] = gpu_types.BUILT_IN

    @classmethod
    def of(cls, snapshot: Snapshot) -> "Draft":
        """Return a draft that begins with what is in use."""
        return cls(
            dict(snapshot.runtime_templates),
            dict(snapshot.broken),
            snapshot.agent_entries,
            snapshot.cluster_name,
            snapshot.gpu_types,
        )

    def take_runtime_templates(self, configuration: RuntimeTemplates) -> None:
        """Replace the runtime templates, keeping last good versions."""
        by_path = {one.path: one for one in self.runtime_templates.values()}
        runtimes = {entry.runtime for entry in configuration.entries}
        usable: dict[str, RuntimeTemplate] = {}
        broken: dict[str, Problem] = {}
        for entry in configuration.entries:
            if entry.runtime_template is not None:
                usable[entry.runtime_template.runtime] = entry.runtime_template
            elif entry.problem is not None and entry.runtime is not None:
                if last_good := self.runtime_templates.get(entry.runtime):
                    usable[entry.runtime] = replace(last_good, stale=entry.problem)
                else:
                    broken[entry.runtime] = entry.problem
            elif (
                entry.problem is not None
            ):  # an entry without a readable name is taken for the one that was in its place
                last_good = by_path.get(entry.path)
                if last_good is not None and last_good.runtime not in runtimes:
                    usable[last_good.runtime] = replace(last_good, stale=entry.problem)
        self.runtime_templates, self.broken = usable, broken

    def mark_runtime_templates(self, problem: Problem) -> None:
        """Mark all runtime templates as stale."""
        self.runtime_templates = {name: replace(one, stale=problem) for name, one in self.runtime_templates.items()}

    def take_agent(self, configuration: AgentConfiguration) -> None:
        """Replace agent entries and cluster name, keeping last good versions.

        An entry's last good version is the one that matches the same, else the one that was in its place.
        """
        good = [one for one in self.agent_entries if one.broken is None]
        by_match = {(one.runtimes, one.gpu_types): one for one in reversed(good)}
        by_path = {one.path: one for one in good}
        matches = {(one.runtimes, one.gpu_types) for entry in configuration.entries if (one := entry.agent_entry)}
        taken: list[AgentEntry] = []
        for entry in configuration.entries:
            newest = entry.agent_entry
            last_good = by_match.get((newest.runtimes, newest.gpu_types)) if newest is not None else None
            if last_good is None and (same_place := by_path.get(entry.path)) is not None:
                last_good = same_place if (same_place.runtimes, same_place.gpu_types) not in matches else None
            if entry.problem is not None and last_good is not None:
                taken.append(replace(last_good, path=entry.path, stale=entry.problem))
            elif newest is not None:
                taken.append(newest)
        self.agent_entries = tuple(taken)
        if configuration.cluster_problem is None:
            self.cluster_name = configuration.cluster_name

    def mark_agent(self, problem: Problem) -> None:
        """Mark all usable agent entries as stale."""
        self.agent_entries = tuple(
            one if one.broken is not None else replace(one, stale=problem) for one in self.agent_entries
        )

    def take_gpu_table(self, configuration: GpuTable) -> None:
        """Replace the GPU table, keeping last good rows; the built-in rows follow."""
        used: dict[GpuType, None] = {}
        for row in configuration.rows:
            last_good = [one for one in self.gpu_types if one.name == row.name]
            used.update(dict.fromkeys([row.gpu_type] if row.gpu_type is not None else last_good))
        used.update(dict.fromkeys(gpu_types.BUILT_IN))
        self.gpu_types = tuple(used)
