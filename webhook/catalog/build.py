"""All configurations to one snapshot (contract section 10). Pure: the same documents and previous snapshot give the same one.

A configuration that no longer exists changes nothing; what becomes of one that does is in ``draft``.
"""

from collections.abc import Iterable

from webhook.catalog import pauses
from webhook.catalog.documents import Document
from webhook.catalog.draft import Draft
from webhook.catalog.kinds import KINDS, Kind
from webhook.catalog.model import GpuTypes, Reading, Snapshot
from webhook.catalog.read import read
from webhook.problems import Problem


def empty() -> Snapshot:
    """Return the snapshot before anything was read."""
    return build((), None)


def build(documents: Iterable[Document], previous: Snapshot | None, pause: pauses.Pause = pauses.none) -> Snapshot:
    """Return the snapshot after these documents.

    A kind without a document stays as it is in ``previous``. Never raises for the content of a document.

    Args:
        documents: at most one of each kind; the last one of a kind counts.
        previous: the snapshot in use; None at the start.
        pause: called between small pieces of work, so that others can run.
    """
    readings = dict(previous.readings) if previous is not None else {}
    draft = Draft.of(previous) if previous is not None else Draft()
    for document in {document.config_kind: document for document in documents}.values():
        readings[document.config_kind] = _take(document, draft, readings.get(document.config_kind), pause)
    problems = [problem for name in KINDS if name in readings for problem in readings[name].problems]
    missing = [_missing(kind, readings.get(name)) for name, kind in KINDS.items() if kind.required]
    return Snapshot(
        runtime_templates=draft.runtime_templates,
        broken=draft.broken,
        agent_entries=draft.agent_entries,
        cluster_name=draft.cluster_name,
        gpu_types=GpuTypes(draft.gpu_types),
        problems=tuple(problems),
        missing=tuple(line for line in missing if line),
        readings=readings,
    )


def _missing(kind: Kind[object], reading: Reading | None) -> str:
    """Return that a configuration has never been read, and why if it is known; empty if it has been."""
    if reading is not None and reading.read:
        return ""
    problems = reading.problems if reading is not None else ()
    problem = next((problem for problem in problems if problem.severity == "error"), None)
    name = f"{kind.human} (ConfigMap {kind.config_map})"
    return f"{name} cannot be used: {problem}" if problem is not None else f"{name} has not been read yet"


def _take(document: Document, draft: Draft, earlier: Reading | None, pause: pauses.Pause) -> Reading:
    """Take a document into the draft and return the result."""
    kind = KINDS[document.config_kind]
    was_read = earlier is not None and earlier.read
    if document.content is None:
        return Reading(document.source, False, was_read, (_absent(kind, document, was_read),))
    result = read(document, {one.digest: one for one in draft.runtime_templates.values()}, pause)
    accepted = result.content is not None
    if accepted:
        kind.take(draft, result.content)
    elif (problem := result.report.first_error()) is not None:
        kind.mark_stale(draft, problem)
    problems, entries = result.problems, list(kind.entries(result.content)) if accepted else []
    del result
    pauses.release(entries, pause)  # with their YAML
    return Reading(document.source, accepted, accepted or was_read, problems)


def _absent(kind: Kind[object], document: Document, was_read: bool) -> Problem:  # noqa: FBT001 - private, both named alike
    """Return the problem of a configuration that does not exist."""
    if was_read:
        cause = f"{kind.human} no longer exists; the version that was read last stays in use"
        return Problem("deleted", "warning", document.source, "", 0, 0, cause, "create it again")
    if not kind.required:
        cause = f"{kind.human} does not exist; the built-in rows are used"
        return Problem("absent", "info", document.source, "", 0, 0, cause)
    return Problem("absent", "error", document.source, "", 0, 0, f"{kind.human} does not exist", "create it")
