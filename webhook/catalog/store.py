"""The snapshot in use, and what each update changed in it."""

from dataclasses import dataclass
from typing import Any

from webhook.catalog import pauses
from webhook.catalog.build import build, empty
from webhook.catalog.documents import Document
from webhook.catalog.kinds import KINDS
from webhook.catalog.model import ConfigKind, Snapshot
from webhook.problems import Problem


@dataclass(frozen=True, slots=True)
class Change:
    """What one update did, for the log and the metrics.

    Attributes:
        config_kind, source: of the document.
        accepted: whether the text could be read as a whole; its entries may still have problems.
        added, changed, removed: names of runtimes, or paths of agent entries, or GPU types; sorted.
        stale: those whose last good version is in use instead of the newest.
        broken: those that cannot be used.
        problems: every problem of this document, in the order of their places.
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

    One writer calls ``update``. Any number of readers read ``current`` once per request: it is replaced by a plain assignment,
    so no reader sees half of an update.

    Attributes:
        current: the snapshot in use.
        read_at: by kind, when a document was last read as a whole, by the caller's clock.
    """

    def __init__(self) -> None:
        self.current: Snapshot = empty()
        self.read_at: dict[ConfigKind, float] = {}

    def update(self, document: Document, now: float, pause: pauses.Pause = pauses.none) -> Change:
        """Take in one document at this time (seconds, any clock), and return what changed.

        ``pause`` is called between small pieces of work, so that others can run.
        """
        before = self.current
        self.current = build((document,), before, pause)
        pause()
        reading = self.current.readings[document.config_kind]
        if reading.accepted:
            self.read_at[document.config_kind] = now
        contributions = KINDS[document.config_kind].contributions
        old, (new, stale, broken) = contributions(before).versions, contributions(self.current)
        pause()
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


def replaced(before: Snapshot, after: Snapshot) -> list[Any]:
    """Return the entries that are not in use any more, for ``pauses.release``."""
    kept = {*map(id, after.runtime_templates.values()), *map(id, after.agent_entries)}
    return [one for one in (*before.runtime_templates.values(), *before.agent_entries) if id(one) not in kept]
