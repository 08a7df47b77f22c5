"""The changes of a configuration: of the text of Go templates, of lists, and of what agent entries give."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from typing import Literal, TypeAlias

from webhook import catalog, gotemplate
from webhook.cases.mutants import shown
from webhook.catalog.report import Report
from webhook.catalog.schema import agent_entries, runtime_templates
from webhook.catalog.schema.agent_entries import AgentConfiguration, ReadAgentEntry
from webhook.catalog.schema.compiling import Compiled
from webhook.catalog.schema.runtime_templates import ReadRuntimeTemplate, RuntimeTemplates
from webhook.catalog.yaml import edits
from webhook.catalog.yaml.nodes import Node, YamlMapping, YamlSequence
from webhook.problems import Span

Kind: TypeAlias = gotemplate.AlterationKind | Literal["removed-item", "swapped-agent-entries"]

Entry: TypeAlias = catalog.RuntimeTemplate | catalog.AgentEntry

_NO_TEMPLATES: dict[str, catalog.RuntimeTemplate] = {}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change.

    Attributes:
        kind: what is changed.
        source, line, column: where in the user's own file.
        where: what is changed, such as ``vllm/commandTemplate[2]``.
        runtime: the only runtime whose workloads it can concern; "" for any.
        removed, added: the lines that differ.
        new: returns the changed entries of the configuration; none if they cannot be used.
    """

    kind: Kind
    source: str
    line: int
    column: int
    where: str
    runtime: str
    removed: tuple[str, ...]
    added: tuple[str, ...]
    new: Callable[[], tuple[Entry, ...]] = field(repr=False, compare=False)


def applied(snapshot: catalog.Snapshot, new: tuple[Entry, ...]) -> catalog.Snapshot:
    """Return a snapshot with changed entries in the place of those of the same name or path."""
    templates = {one.runtime: one for one in new if isinstance(one, catalog.RuntimeTemplate)}
    entries = {one.path: one for one in new if isinstance(one, catalog.AgentEntry)}
    return replace(
        snapshot,
        runtime_templates={name: templates.get(name, one) for name, one in snapshot.runtime_templates.items()},
        agent_entries=tuple(entries.get(one.path, one) for one in snapshot.agent_entries),
    )


def mutants(read: catalog.Read) -> Iterator[Mutant]:
    """Yield the changes of a configuration, in the order of their places in each entry.

    Args:
        read: a configuration as it was read, with nothing taken over from an earlier one.
    """
    match read.content:
        case RuntimeTemplates(entries=entries):
            for entry in entries:
                if entry.runtime_template is not None:
                    yield from _of_runtime(entry, entry.runtime_template, read.report)
        case AgentConfiguration(entries=entries):
            usable = [one for one in entries if one.agent_entry is not None and one.problem is None]
            for one in usable:
                yield from _of_agent_entry(one, read.report)
            for first, second in pairwise(usable):
                yield from _swapped(first, second, read.report)


# --- runtime templates ---


def _of_runtime(
    entry: ReadRuntimeTemplate, runtime_template: catalog.RuntimeTemplate, report: Report
) -> Iterator[Mutant]:
    runtime, source = runtime_template.runtime, runtime_template.source
    for compiled in entry.compiled:
        for alteration in gotemplate.alterations(compiled.template.text):
            text = alteration.applied(compiled.template.text)
            span = _place(compiled, alteration.start, report)
            removed, added = shown.difference(compiled.template.text, text)
            new = partial(_runtime_template, entry, compiled.scalar, edits.with_text(compiled.scalar, text))
            name = compiled.template.name
            yield Mutant(alteration.kind, source, span.line, span.column, name, runtime, removed, added, new)
    for path, sequence, index in _items(entry.node, entry.path):
        new = partial(_runtime_template, entry, sequence, edits.without_item(sequence, index))
        where = f"{runtime}/{path.removeprefix(f'{entry.path}.podTemplate.')}"
        yield _removal(sequence, index, where, runtime, report, new)


def _runtime_template(entry: ReadRuntimeTemplate, target: Node, replacement: Node) -> tuple[Entry, ...]:
    """Return an entry with another node in the place of one of its nodes."""
    assert entry.runtime_template is not None
    node = edits.replaced(entry.node, target, replacement)
    report = Report(entry.runtime_template.source)
    found = runtime_templates.entry(report, node, entry.path, _NO_TEMPLATES).runtime_template
    return () if found is None else (found,)


def _place(compiled: Compiled, offset: int, report: Report) -> Span:
    before = compiled.template.text[:offset]
    line, column = before.count("\n") + 1, offset - before.rfind("\n")
    return report.in_source(report.inside(compiled.scalar, line, column))


# --- agent entries ---


def _of_agent_entry(entry: ReadAgentEntry, report: Report) -> Iterator[Mutant]:
    for path, sequence, index in _items(entry.node, entry.path):
        new = partial(_agent_entry, entry, sequence, edits.without_item(sequence, index), report.source)
        yield _removal(sequence, index, path, "", report, new)


def _agent_entry(entry: ReadAgentEntry, target: Node, replacement: Node, source: str) -> tuple[Entry, ...]:
    """Return an entry with another node in the place of one of its nodes."""
    node = edits.replaced(entry.node, target, replacement)
    found = agent_entries.entry(Report(source), node, entry.path)
    return () if found.agent_entry is None or found.problem is not None else (found.agent_entry,)


def _swapped(first: ReadAgentEntry, second: ReadAgentEntry, report: Report) -> Iterator[Mutant]:
    """Yield the change in which two entries match what they did, and each gives what the other one gave."""
    one, other = first.agent_entry, second.agent_entry
    assert one is not None
    assert other is not None
    if (one.common, one.overlays, one.args) == (other.common, other.overlays, other.args):
        return
    span = report.in_source(_span(first.node))
    removed = tuple(f"{entry.path} gives {entry.image or 'its fields'}" for entry in (one, other))
    added = tuple(f"{a.path} gives {b.image or f'the fields of {b.path}'}" for a, b in ((one, other), (other, one)))
    new = (_giving(one, other), _giving(other, one))
    where = f"{one.path} and {other.path}"
    yield Mutant("swapped-agent-entries", report.source, span.line, span.column, where, "", removed, added, lambda: new)


def _giving(entry: catalog.AgentEntry, other: catalog.AgentEntry) -> catalog.AgentEntry:
    return replace(entry, common=other.common, overlays=other.overlays, args=other.args, digest=other.digest)


# --- lists ---


def _items(parent: Node, path: str) -> Iterator[tuple[str, YamlSequence, int]]:
    """Yield the path of each item of each list below a node, with its list and its index."""
    if isinstance(parent, YamlMapping):
        for key, pair in parent.pairs.items():
            yield from _items(pair.node, f"{path}.{key}")
    elif isinstance(parent, YamlSequence):
        for index, item in enumerate(parent.items):
            yield f"{path}[{index}]", parent, index
            yield from _items(item, f"{path}[{index}]")


def _removal(
    sequence: YamlSequence, index: int, where: str, runtime: str, report: Report, new: Callable[[], tuple[Entry, ...]]
) -> Mutant:
    item = sequence.items[index]
    span = report.in_source(_span(item if shown.is_inside(item, sequence) else sequence))
    removed, added = shown.removal(report.lines, sequence, index)
    return Mutant("removed-item", report.source, span.line, span.column, where, runtime, removed, added, new)


def _span(node: Node) -> Span:
    return Span(node.line, node.column, node.end_line, node.end_column)
