"""What can be gone through, with its place in the user's own file: also inside the block scalar of a ConfigMap."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from webhook import catalog, gotemplate, workload
from webhook.catalog.report import Placed, Report
from webhook.catalog.schema.agent_entries import AgentConfiguration
from webhook.catalog.schema.compiling import Compiled, is_of_startup
from webhook.catalog.schema.gpu_types import GpuTable
from webhook.catalog.schema.runtime_templates import ReadRuntimeTemplate, RuntimeTemplates
from webhook.linting import templates as template_rules
from webhook.problems import Span

What: TypeAlias = Literal["action", "branch", "definition", "role", "agent entry", "GPU row"]

#: The variables from which a template can know the role.
_OF_ROLE = ("ROLE", "IS_LEADER", "IS_DISTRIBUTED")


@dataclass(frozen=True, slots=True)
class Counted:
    """Something that cases go through or not.

    Attributes:
        what: which kind of thing it is.
        source: the file that it is written in.
        line, column: where it begins there, from 1.
        owner: what it belongs to: a runtime, or ``agent entries`` or ``GPU table``.
        subject: an action, such as ``if .IS_LEADER``; a role; what an agent entry matches; a GPU type.
        outcome: that of a branch, as in ``gotemplate.Point``; else "".
        template: the name of the Go template that it is part of; "" for what is not part of one.
        hits: how many times cases went through it.
    """

    what: What
    source: str
    line: int
    column: int
    owner: str
    subject: str
    outcome: str = ""
    template: str = ""
    hits: int = 0


Key: TypeAlias = tuple[str, str, object]
"""A source; a runtime, or what else it belongs to; and a point of a template with the template's name, a role, or a key path."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What cases went through.

    Attributes:
        counted: everything that counts, in the order of its places.
        sources: the lines of each file that it is written in, by the file's name.
    """

    counted: tuple[Counted, ...]
    sources: Mapping[str, tuple[str, ...]]

    @property
    def missed(self) -> tuple[Counted, ...]:
        """Return what no case went through."""
        return tuple(one for one in self.counted if not one.hits)

    @property
    def percent(self) -> float:
        """Return how much cases went through, rounded down to a tenth, so that 100 means everything."""
        return percent(self.counted)

    def reaches(self, threshold: float) -> bool:
        """Return whether cases went through at least so many percent."""
        return (len(self.counted) - len(self.missed)) * 100 >= threshold * len(self.counted)

    def owners(self) -> Iterator[tuple[str, str, tuple[Counted, ...]]]:
        """Yield what belongs together, in the order of its places: its source, its owner, and what is counted of it."""
        groups: dict[tuple[str, str], list[Counted]] = {}
        for one in self.counted:
            groups.setdefault((one.source, one.owner), []).append(one)
        for (source, owner), found in groups.items():
            yield source, owner, tuple(found)


def percent(counted: Iterable[Counted]) -> float:
    """Return how much of something cases went through, rounded down to a tenth; 100 if there is nothing."""
    hit = [bool(one.hits) for one in counted]
    return sum(hit) * 1000 // len(hit) / 10 if hit else 100.0


def of_document(read: catalog.Read) -> Iterator[tuple[Key, Counted]]:
    """Yield everything that counts in a configuration."""
    match read.content:
        case RuntimeTemplates(entries=entries):
            for entry in entries:
                if entry.runtime_template is not None:
                    yield from _of_runtime(entry, entry.runtime_template, read.report)
        case AgentConfiguration(entries=entries):
            for one in entries:
                if one.agent_entry is not None and one.problem is None:
                    subject = _matches(one.agent_entry)
                    yield (read.document.source, AGENT, one.path), _at(one.node, "agent entry", AGENT, subject, read)
        case GpuTable(rows=rows):
            for row in rows:
                if row.gpu_type is not None:
                    found = _at(row.node, "GPU row", GPU, row.gpu_type.name, read)
                    yield (read.document.source, GPU, row.path), found


AGENT = "agent entries"
GPU = "GPU table"


def _of_runtime(
    entry: ReadRuntimeTemplate, runtime_template: catalog.RuntimeTemplate, report: Report
) -> Iterator[tuple[Key, Counted]]:
    source, runtime = runtime_template.source, runtime_template.runtime
    if _tells_roles_apart(runtime_template):
        span = report.in_source(_span(entry.node))
        for role in workload.ROLES:
            yield (source, runtime, role), Counted("role", source, span.line, span.column, runtime, role)
    for compiled in entry.compiled:
        template = compiled.template
        known = [_given(role, runtime) for role in _roles(compiled, runtime_template)]
        for point in template.reach(*known).points:
            span = report.in_source(report.inside(compiled.scalar, point.line, point.column))
            counted = Counted(_kind(point), source, span.line, span.column, runtime, point.action, point.outcome)
            yield (source, runtime, (template.name, point)), replace(counted, template=template.name)


def _given(role: workload.Role, runtime: str) -> gotemplate.Given:
    given = template_rules.GIVEN[role]
    assert isinstance(given.data, Mapping)
    return gotemplate.Given({**given.data, "RUN_TIME": runtime}, (*given.certain, "RUN_TIME"), given.least)


def _roles(compiled: Compiled, runtime_template: catalog.RuntimeTemplate) -> tuple[workload.Role, ...]:
    """Return the roles that a Go template is rendered for. Command and args of the common part may be replaced in some."""
    if not is_of_startup(compiled.path):
        return compiled.roles
    used = {role: (*one.command, *one.args) for role, one in runtime_template.startups.items()}
    return tuple(role for role in compiled.roles if any(compiled.template is one for one in used[role]))


def _tells_roles_apart(runtime_template: catalog.RuntimeTemplate) -> bool:
    startups = list(runtime_template.startups.values())
    return (
        bool(runtime_template.overlays)
        or any(startup != startups[0] for startup in startups)
        or any(runtime_template.may_read(name) for name in _OF_ROLE)
    )


def _kind(point: gotemplate.Point) -> What:
    if point.outcome == "called":
        return "definition"
    return "branch" if point.outcome else "action"


def _matches(agent_entry: catalog.AgentEntry) -> str:
    runtimes, gpu_types = (", ".join(names) or "any" for names in (agent_entry.runtimes, agent_entry.gpu_types))
    return f"runtime {runtimes}, GPU type {gpu_types}"


def _at(node: Placed, what: What, owner: str, subject: str, read: catalog.Read) -> Counted:
    span = read.report.in_source(_span(node))
    return Counted(what, read.document.source, span.line, span.column, owner, subject)


def _span(node: Placed) -> Span:
    return Span(node.line, node.column, node.end_line, node.end_column)
