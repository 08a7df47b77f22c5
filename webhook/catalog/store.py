"""The snapshot in use, and how it came to be."""

from collections.abc import Collection
from dataclasses import dataclass

from webhook.catalog import building
from webhook.catalog.documents import Document
from webhook.catalog.model import ConfigKind, Problem, Snapshot


@dataclass(frozen=True, slots=True)
class Change:
    """What one update did, for the log and the metrics.

    Attributes:
        config_kind, source: of the document.
        accepted: whether the text could be read as a whole; its entries may have problems all the same.
        added, changed, removed: names of runtimes, or paths of agent entries, or GPU types; sorted.
        stale: those whose last good version is in use instead of the newest text.
        broken: those that nobody can use.
        problems: every problem of this document, in order of position.
    """

    config_kind: ConfigKind
    source: str
    accepted: bool
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    stale: tuple[str, ...]
    broken: tuple[str, ...]
    problems: tuple[Problem, ...]


class Store:
    """Holds the snapshot that requests read.

    One writer calls ``update``; any number of readers read ``current`` once per request: it is swapped by a plain assignment, so
    nobody sees half of an edit.

    Attributes:
        current: the snapshot in use.
        read_at: by kind, when a document was last read as a whole, in the caller's clock.
    """

    def __init__(self, required: Collection[ConfigKind] = building.REQUIRED) -> None:
        self._required = tuple(required)
        self.current: Snapshot = building.empty(self._required)
        self.read_at: dict[ConfigKind, float] = {}

    def update(self, document: Document, now: float) -> Change:
        """Take in one document, at this time (seconds, any clock), and return what changed."""
        before = self.current
        after = building.build((document,), before, required=self._required)
        self.current = after
        reading = after.readings[document.config_kind]
        if reading.accepted:
            self.read_at[document.config_kind] = now
        old, new = _digests(document.config_kind, before), _digests(document.config_kind, after)
        stale, broken = _harmed(document.config_kind, after)
        return Change(
            config_kind=document.config_kind,
            source=document.source,
            accepted=reading.accepted,
            added=tuple(sorted(new.keys() - old.keys())),
            changed=tuple(sorted(name for name in new.keys() & old.keys() if new[name] != old[name])),
            removed=tuple(sorted(old.keys() - new.keys())),
            stale=stale,
            broken=broken,
            problems=reading.problems,
        )


def _digests(kind: ConfigKind, snapshot: Snapshot) -> dict[str, str]:
    """Return what a kind contributes to a snapshot, by name, in a form that shows changes."""
    if kind == "templates":
        return {name: template.digest for name, template in snapshot.runtime_templates.items()}
    if kind == "agent":
        return {entry.path: entry.digest for entry in snapshot.agent_entries}
    return {row.name: row.resource for row in snapshot.gpu_types}


def _harmed(kind: ConfigKind, snapshot: Snapshot) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of what is stale and of what is broken."""
    if kind == "templates":
        stale = sorted(name for name, template in snapshot.runtime_templates.items() if template.stale is not None)
        return tuple(stale), tuple(sorted(snapshot.broken))
    if kind == "agent":
        stale = [entry.path for entry in snapshot.agent_entries if entry.stale is not None]
        return tuple(stale), tuple(entry.path for entry in snapshot.agent_entries if entry.broken is not None)
    return (), ()
