"""The documents from which what is in use can be rebuilt, entry by entry (contract section 12). Pure.

While some entry of the newest document cannot be used, its last good version stays in use, and that may come from any earlier
document. So an earlier document is remembered as long as something of it is in use. This is what a server publishes; what it
saves for its own restart (``last_good``) is coarser, so that it always fits.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from webhook import digests
from webhook.catalog import pauses
from webhook.catalog.build import build, empty
from webhook.catalog.documents import Document
from webhook.catalog.kinds import KINDS
from webhook.catalog.model import ConfigKind, Snapshot

_MOST = 10
"""Documents that are remembered of a kind. Each but the newest has a last good version that no later one has, so that even three
are rare."""


@dataclass(frozen=True, slots=True)
class History:
    """What is remembered of one kind.

    Attributes:
        accepted: documents that could be read as a whole, in order.
        rejected: the newest document, if it could not be: everything in use is marked with its problem.
        absent: says that the newest document does not exist any more.
    """

    accepted: tuple[Document, ...] = ()
    rejected: Document | None = None
    absent: Document | None = None

    @property
    def documents(self) -> tuple[Document, ...]:
        """Return the documents in the order in which they rebuild what is in use."""
        return (*self.accepted, *(one for one in (self.rejected, self.absent) if one is not None))

    def found_again(self, document: Document) -> "History":
        """Return the same with the source of the newest document as it is now: it may have been read from a cache."""
        return replace(self, accepted=(*self.accepted[:-1], document))

    def after(self, document: Document, snapshot: Snapshot, pause: pauses.Pause = pauses.none) -> "History":
        """Return what to remember once this document was taken in, which resulted in ``snapshot``.

        ``pause`` is called between small pieces of work, so that others can run.
        """
        reading = snapshot.readings[document.config_kind]
        if document.content is None:
            return History(self.accepted, self.rejected, document)
        if not reading.accepted:
            return History(self.accepted, document)
        if not any(problem.severity == "error" for problem in reading.problems):
            return History((document,))
        stale = KINDS[document.config_kind].contributions(snapshot).stale
        if stale and len(self.accepted) == 1:  # a shortcut: trying it out would compile everything again
            return History((*self.accepted, document))
        wanted = digest(document.config_kind, snapshot)
        needed = [*self.accepted, document][-_MOST:]
        for one in self.accepted:
            fewer = [other for other in needed if other is not one]
            if digest(document.config_kind, rebuilt(fewer, pause)) == wanted:
                needed = fewer
        return History(tuple(needed))


def rebuilt(documents: Iterable[Document], pause: pauses.Pause = pauses.none) -> Snapshot:
    """Return the snapshot after these documents, taken in one after the other."""
    snapshot = empty()
    for document in documents:
        snapshot = build((document,), snapshot, pause)
    return snapshot


def digest(config_kind: ConfigKind, snapshot: Snapshot) -> str:
    """Return a digest of what is in use of a kind: two snapshots with the same one answer every request alike."""
    return digests.of(KINDS[config_kind].in_use(snapshot))


def rebuilt_differently(digests_of: Mapping[ConfigKind, str], snapshot: Snapshot) -> Sequence[ConfigKind]:
    """Return the kinds of which a snapshot has something else than these digests say."""
    return [kind for kind, one in digests_of.items() if digest(kind, snapshot) != one]
