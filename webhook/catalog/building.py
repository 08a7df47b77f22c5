"""All configurations to one snapshot, keeping the last good of what cannot be used (contract section 10).

Pure: the same documents and the same previous snapshot give the same snapshot. What is kept, entry by entry:

===================================  ==================================================================================
the new text                         what is used
===================================  ==================================================================================
cannot be read as a whole            everything of the previous snapshot, marked stale
is not there (any more)              everything of the previous snapshot, as it is
has an entry that cannot be used     that entry's last good version, marked stale; else the entry is broken
has no such entry any more           nothing
===================================  ==================================================================================
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace

from webhook.catalog import agent, gpus, templates
from webhook.catalog.documents import CONFIG_MAPS, Document
from webhook.catalog.model import AgentEntry, ConfigKind, GpuType, Problem, Reading, RuntimeTemplate, Snapshot

#: Configurations without which no workload can be rendered; the GPU table has built-in rows.
REQUIRED: tuple[ConfigKind, ...] = ("templates", "agent")
_ORDER: tuple[ConfigKind, ...] = ("templates", "agent", "gpu-configs")
_HUMAN: dict[ConfigKind, str] = {
    "templates": "the runtime template",
    "agent": "the agent configuration",
    "gpu-configs": "the GPU table",
}


@dataclass(slots=True)
class _Draft:
    """A snapshot in the making."""

    runtime_templates: dict[str, RuntimeTemplate]
    broken: dict[str, Problem]
    agent_entries: tuple[AgentEntry, ...]
    cluster_name: str | None
    gpu_types: tuple[GpuType, ...]


def empty(required: Collection[ConfigKind] = REQUIRED) -> Snapshot:
    """Return the snapshot before anything was read."""
    return build((), None, required=required)


def build(
    documents: Iterable[Document], previous: Snapshot | None, *, required: Collection[ConfigKind] = REQUIRED
) -> Snapshot:
    """Return the snapshot after these documents.

    A kind without a document stays as it is in ``previous``. Never raises for what a document holds.

    Args:
        documents: at most one of each kind; the last one of a kind counts.
        previous: the snapshot in use; None at the start.
        required: kinds that requests wait for.
    """
    readings = dict(previous.readings) if previous is not None else {}
    draft = _Draft(
        runtime_templates=dict(previous.runtime_templates) if previous is not None else {},
        broken=dict(previous.broken) if previous is not None else {},
        agent_entries=previous.agent_entries if previous is not None else (),
        cluster_name=previous.cluster_name if previous is not None else None,
        gpu_types=previous.gpu_types if previous is not None else gpus.BUILT_IN,
    )
    for document in {document.config_kind: document for document in documents}.values():
        readings[document.config_kind] = _take(document, draft, readings.get(document.config_kind))
    problems = [problem for kind in _ORDER if kind in readings for problem in readings[kind].problems]
    return Snapshot(
        runtime_templates=draft.runtime_templates,
        broken=draft.broken,
        agent_entries=draft.agent_entries,
        cluster_name=draft.cluster_name,
        gpu_types=draft.gpu_types,
        problems=tuple(problems),
        missing=tuple(
            _missing(kind, readings.get(kind)) for kind in _ORDER if kind in required and not _read(readings, kind)
        ),
        readings=readings,
    )


def _read(readings: dict[ConfigKind, Reading], kind: ConfigKind) -> bool:
    return kind in readings and readings[kind].read


def _missing(kind: ConfigKind, reading: Reading | None) -> str:
    """Return what a message says of a configuration that was never read: that it was not, or why it could not be."""
    problems = reading.problems if reading is not None else ()
    problem = next((problem for problem in problems if problem.severity == "error"), None)
    name = f"{_HUMAN[kind]} (ConfigMap {CONFIG_MAPS[kind]})"
    return f"{name} cannot be used: {problem}" if problem is not None else f"{name} has not been read yet"


def _take(document: Document, draft: _Draft, earlier: Reading | None) -> Reading:
    """Put what a document says into the draft and return what came of it."""
    was_read = earlier is not None and earlier.read
    if document.content is None:
        read = was_read or document.config_kind == "gpu-configs"
        return Reading(document.source, False, read, (_gone(document, used=was_read),))
    taker = _TAKERS[document.config_kind]
    problems, done = taker(document, draft)
    ordered = tuple(sorted(problems, key=lambda found: (found.line, found.column)))
    return Reading(document.source, done, done or was_read, ordered)


def _gone(document: Document, *, used: bool) -> Problem:
    """Return the problem of a configuration that is not there."""
    name = _HUMAN[document.config_kind]
    if used:
        cause = f"{name} is not there any more; what was read before stays in use"
        return Problem("deleted", "warning", document.source, "", 0, 0, cause, "create it again")
    if document.config_kind == "gpu-configs":
        return Problem("absent", "info", document.source, "", 0, 0, f"{name} is not there; the built-in rows are used")
    return Problem("absent", "error", document.source, "", 0, 0, f"{name} is not there", "create it")


def _take_templates(document: Document, draft: _Draft) -> tuple[list[Problem], bool]:
    loaded = templates.load(document, {template.digest: template for template in draft.runtime_templates.values()})
    entries, problems = loaded.entries, loaded.report.problems
    if entries is None:
        problem = loaded.report.first_error(0)
        draft.runtime_templates = {name: replace(old, stale=problem) for name, old in draft.runtime_templates.items()}
        return problems, False
    by_path = {template.path: template for template in draft.runtime_templates.values()}
    names = {entry.runtime for entry in entries}
    usable: dict[str, RuntimeTemplate] = {}
    broken: dict[str, Problem] = {}
    for entry in entries:
        if entry.template is not None:
            usable[entry.template.runtime] = entry.template
            continue
        last = draft.runtime_templates.get(entry.runtime) if entry.runtime is not None else by_path.get(entry.path)
        if entry.problem is None or (entry.runtime is None and last is not None and last.runtime in names):
            continue
        if last is not None:
            usable[last.runtime] = replace(last, stale=entry.problem)
        elif entry.runtime is not None:
            broken[entry.runtime] = entry.problem
    draft.runtime_templates, draft.broken = usable, broken
    return problems, True


def _take_agent(document: Document, draft: _Draft) -> tuple[list[Problem], bool]:
    loaded = agent.load(document)
    entries, problems = loaded.entries, loaded.report.problems
    if entries is None:
        problem = loaded.report.first_error(0)
        draft.agent_entries = tuple(old if old.broken else replace(old, stale=problem) for old in draft.agent_entries)
        return problems, False
    good = [old for old in draft.agent_entries if old.broken is None]
    by_match = {(old.runtimes, old.gpu_types): old for old in reversed(good)}
    by_path = {old.path: old for old in good}
    matches = {(new.entry.runtimes, new.entry.gpu_types) for new in entries if new.entry is not None}
    kept: list[AgentEntry] = []
    for new in entries:
        last = by_match.get((new.entry.runtimes, new.entry.gpu_types)) if new.entry is not None else None
        if last is None and new.path in by_path:
            old = by_path[new.path]
            last = old if (old.runtimes, old.gpu_types) not in matches else None
        if new.problem is not None and last is not None:
            kept.append(replace(last, path=new.path, stale=new.problem))
        elif new.entry is not None:
            kept.append(new.entry)
    draft.agent_entries = tuple(kept)
    if loaded.cluster_problem is None:
        draft.cluster_name = loaded.cluster_name
    return problems, True


def _take_gpus(document: Document, draft: _Draft) -> tuple[list[Problem], bool]:
    rows, report = gpus.load(document)
    if rows is None:
        return report.problems, False
    used: dict[GpuType, None] = {}
    for row in rows:
        last_good = [old for old in draft.gpu_types if old.name == row.name]
        used.update(dict.fromkeys([row.gpu_type] if row.gpu_type is not None else last_good))
    used.update(dict.fromkeys(gpus.BUILT_IN))
    draft.gpu_types = tuple(used)
    return report.problems, True


_TAKERS: dict[ConfigKind, Callable[[Document, _Draft], tuple[list[Problem], bool]]] = {
    "templates": _take_templates,
    "agent": _take_agent,
    "gpu-configs": _take_gpus,
}
