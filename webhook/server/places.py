"""How many connections there may be, and which one makes room for a new one. Pure bookkeeping: closes nothing itself."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar


@dataclass(frozen=True, slots=True)
class Limits:
    """How many connections a listener has at a time.

    Attributes:
        total: connections, those in their handshake included.
        per_peer: of them, those of one address.
        evict_busy: whether a connection whose request is not answered yet may make room if none is idle. Only for answers
            that take no time: there, what is busy is a client that does not read.
    """

    total: int
    per_peer: int
    evict_busy: bool = False


REVIEW_LIMITS = Limits(total=1024, per_peer=768)
"""For the port that API servers call. An API server has at most 600 calls under way (its defaults for
``--max-requests-inflight`` and ``--max-mutating-requests-inflight``, 400 and 200, which API Priority and Fairness adds up)
and keeps 25 idle connections for each host. So 768 has room for one that uses all of that for this one replica, and for three
behind one address (NAT) with 200 mutating calls each; and one address leaves 256 to the others."""

HEALTH_LIMITS = Limits(total=64, per_peer=32, evict_busy=True)
"""For probes and metrics, apart from those above: kubelets open a connection for each probe, Prometheus keeps one."""

RESERVED_FILES = 192
"""Open files that ``REVIEW_LIMITS`` may not use: the connections of ``HEALTH_LIMITS``, and 128 for the rest of the process, such
as connections to API servers, files being read, and the exec plugins of kubeconfigs."""


def review_limits(open_files: int) -> Limits:
    """Return ``REVIEW_LIMITS`` within the number of files that the process may open."""
    total = min(REVIEW_LIMITS.total, max(1, open_files - RESERVED_FILES))
    return Limits(total, max(1, REVIEW_LIMITS.per_peer * total // REVIEW_LIMITS.total))


class Full(Exception):  # noqa: N818 - a state, not a fault
    """There is no room for another connection, and none of those that are open may be closed."""


class Guest(Protocol):
    """A connection, as far as its place is concerned."""

    @property
    def peer(self) -> str:
        """The address of its client."""

    @property
    def busy(self) -> bool:
        """Whether a request is being read or answered."""

    @property
    def quiet_since(self) -> float:
        """When it was accepted or its last answer was sent, by the clock of the event loop."""


GuestT = TypeVar("GuestT", bound=Guest)


class Places(Generic[GuestT]):
    """The connections of one listener, from the moment that they are accepted."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._guests: set[GuestT] = set()
        self._peers: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._guests)

    def __iter__(self) -> Iterator[GuestT]:
        return iter(tuple(self._guests))

    def add(self, guest: GuestT) -> None:
        """Give a connection a place."""
        self._guests.add(guest)
        self._peers[guest.peer] += 1

    def remove(self, guest: GuestT) -> None:
        """Free the place of a connection, if it still has one."""
        if guest not in self._guests:
            return
        self._guests.remove(guest)
        self._peers[guest.peer] -= 1
        if not self._peers[guest.peer]:
            del self._peers[guest.peer]

    def who_makes_room(self, peer: str) -> GuestT | None:
        """Return the connection to close before one of this peer is accepted; None if there is room.

        A peer at its limit makes room itself; else the peer with the most connections does. Of a peer's connections, the one
        that has been idle longest goes: Go's HTTP client takes the one that it used last, and never comes to that one.

        Raises:
            Full: there is no room, and every connection that might go is busy.
        """
        if self._peers[peer] >= self._limits.per_peer:
            return self._quietest(peer, only=True)
        if len(self._guests) >= self._limits.total:
            return self._quietest(max(self._peers, key=self._peers.__getitem__))
        return None

    def quietest(self) -> GuestT | None:
        """Return the connection that has been idle longest; None if all are busy."""
        try:
            return self._quietest("")
        except Full:
            return None

    def _quietest(self, peer: str, *, only: bool = False) -> GuestT:
        """Return who has been idle longest, among those of ``peer`` if one of them is idle, or ``only`` among those."""
        candidates = (guest for guest in self._guests if guest.peer == peer or not only)
        found = min(candidates, key=lambda guest: (guest.busy, guest.peer != peer, guest.quiet_since), default=None)
        if found is None or (found.busy and not self._limits.evict_busy):
            raise Full
        return found
