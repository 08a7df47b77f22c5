"""The decisions about one pod template, each with its reason, as far as they were made before a denial."""

from collections.abc import Iterator

from webhook import catalog, rendering, workload
from webhook.explaining import written
from webhook.explaining.explanation import AgentEntry, Container, GpuChoice, Template, Variable, Written
from webhook.explaining.own import OwnPlaces
from webhook.rendering import gpus, selection


def container(decided: rendering.Decided, own: OwnPlaces) -> Container | None:
    """Return the inference container and why it is this one."""
    found = decided.container
    return Container(found.name, found.path, found.reason, own.of_container(found)) if found is not None else None


def gpu_types(decided: rendering.Decided, places: catalog.Places, own: OwnPlaces) -> Iterator[GpuChoice]:
    """Yield the GPU types that fit, the first in order first, and the rows of the GPU table that were passed over."""
    asked, declaration, resolution = decided.asked, decided.declaration, decided.resolution
    if asked is None or declaration is None:
        return
    used = resolution.selection.choice if resolution is not None else asked.choices[0]
    for choice in asked.choices:
        reason = gpus.origin(declaration, choice)
        if choice is not used:
            reason = f"fits too, {reason}, but {used.gpu_type} is used"
        yield GpuChoice(
            choice.gpu_type,
            choice.count,
            choice is used,
            reason,
            _row(choice.row, places),
            _asked(decided, choice, own),
        )
    for row in asked.passed_over:
        yield GpuChoice(row.name, 0, used=False, reason=gpus.passed_over([row]), row=_row(row, places))


def template(decided: rendering.Decided, places: catalog.Places) -> Template | None:
    """Return the runtime template and where it is."""
    found = decided.runtime_template
    if found is None:
        return None
    return Template(found.runtime, written.entry(places, found), _problem(found.stale))


def agent_entries(decided: rendering.Decided, places: catalog.Places, state: rendering.State) -> Iterator[AgentEntry]:
    """Yield every agent entry with the verdict on it, in file order, and then those that cannot be read."""
    declaration, asked, resolution = decided.declaration, decided.asked, decided.resolution
    if declaration is None or asked is None:
        return
    gpu_type = resolution.selection.gpu_type if resolution is not None else asked.choices[0].gpu_type
    first: catalog.AgentEntry | None = None
    for one in selection.candidates(state.snapshot.agent_entries, declaration.runtime, gpu_type):
        entry = one.agent_entry
        used = one.matches and first is None
        reason = one.reason
        if used:
            first, reason = entry, f"is the first for runtime {declaration.runtime} on GPU type {gpu_type}"
            if entry.broken is not None:
                reason = f"{reason}, but it cannot be used: {entry.broken}"
        elif first is not None and one.matches:
            reason = f"matches too, but {first.path} comes first"
        yield AgentEntry(used, reason, written.entry(places, entry), _problem(entry.stale))
    for problem in selection.unreadable_entries(state.snapshot):
        place = Written(problem.path, problem.source, problem.line, problem.column)
        yield AgentEntry(False, f"cannot be read: {problem}", place)


def variables(resolution: rendering.Resolution, own: OwnPlaces) -> Iterator[Variable]:
    """Yield every variable with its value and source."""
    sources = resolution.sources()
    for name, value in resolution.variables.items():
        yield Variable(name, value, sources[name], own.of_key(sources[name]))


def _asked(decided: rendering.Decided, choice: gpus.Choice, own: OwnPlaces) -> Written | None:
    """Return where the workload asks for a GPU type: by an annotation, or by the first of the resources that give it."""
    if decided.declaration is not None and decided.declaration.gpu_type:
        return own.of_key(f"annotation {workload.GPU_TYPE}")
    if decided.container is None or not choice.amounts:
        return None
    return own.of_resource(decided.container, choice.amounts[0][0])


def _row(row: catalog.GpuType | None, places: catalog.Places) -> Written | None:
    return written.entry(places, row) if row is not None and row.path else None


def _problem(problem: catalog.Problem | None) -> str:
    return str(problem) if problem is not None else ""
