"""The snapshots that ``test --update`` writes: those that differ, each once, and nothing else."""

import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from webhook import cases
from webhook.cli import case_files
from webhook.cli.case_files import Tested


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """The snapshot of a case: its test file, where that names it, its path, and the text that it should have instead."""

    path: str
    place: str
    source: str
    text: str | None


def update(tested: Iterable[Tested]) -> tuple[list[str], list[str]]:
    """Write the snapshots that differ.

    Returns:
        The paths of those that were written, sorted; and why others were not: they would be written over something else,
        outside the folder of their test file, or twice, or cannot be written.
    """
    all_tested = list(tested)
    inputs = {one.path for one in all_tested}
    inputs |= {source for one in all_tested if one.file is not None for source, _ in one.file.inputs()}
    inputs = {os.path.realpath(path) for path in inputs}
    wanted: dict[str, list[_Snapshot]] = {}
    for one in all_tested:
        for outcome in one.outcomes:
            reference = outcome.case.expect.snapshot
            if isinstance(reference, cases.Reference) and outcome.value is not None:
                place = f"{one.path}:{reference.span.line}:{reference.span.column}"
                snapshot = _Snapshot(one.path, place, reference.source, outcome.snapshot)
                wanted.setdefault(os.path.realpath(reference.source), []).append(snapshot)
    written: set[str] = set()
    refused: list[str] = []
    for target, found in wanted.items():
        new = [one for one in found if one.text is not None]
        if not new:
            continue
        fault = _fault(target, found, inputs) or _write(target, new[0])
        if fault:
            refused += [f"{one.place}: {one.source} {fault}" for one in new]
        else:
            written.update(one.source for one in new)
    return sorted(written), refused


def _fault(target: str, found: Sequence[_Snapshot], inputs: Collection[str]) -> str:
    """Return why a file must not be written, and what would be right; "" if it may."""
    if target in inputs:
        return "is not only a snapshot; name another file"
    if any(not case_files.is_below(target, one.path) for one in found):
        return f"is not below the folder of the test file; {cases.BELOW}"
    if len({one.text for one in found}) > 1:
        return "is the snapshot of another case too, with another result; name another file"
    return ""


def _write(target: str, snapshot: _Snapshot) -> str:
    """Write a snapshot; return why that is not possible."""
    try:
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        Path(target).write_text(snapshot.text or "", encoding="utf-8")
    except OSError as error:
        return f"cannot be written: {error.strerror}"
    return ""
