"""The time by which one replica judges certificates, and how far it may trust its own clock. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

TOLERANCE = timedelta(minutes=1)
"""By how much clocks may differ: well below ``pki.BACKDATE``, so that a replica whose clock is fast by this much still creates
certificates that are valid at once for one whose clock is slow by as much."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A replica's clock and what is known of the API server's, which decides whether the replica's leaf is accepted.

    Attributes:
        own: the time by the replica's own clock, in UTC.
        skew: by how much that is ahead of the API server's clock, negative if it is behind; None if that is unknown.
    """

    own: datetime
    skew: timedelta | None = None

    @property
    def agrees(self) -> bool:
        """Whether nothing speaks against the replica's own clock: it agrees with the API server's, or that is unknown."""
        return self.skew is None or abs(self.skew) <= TOLERANCE

    @property
    def now(self) -> datetime:
        """The time to judge by: the API server's if the two clocks disagree, else the replica's own."""
        return self.own if self.skew is None or self.agrees else self.own - self.skew


def has_begun(not_before: datetime, now: datetime) -> bool:
    """Return whether a certificate may be used: its validity has begun, by a clock that may be slow by ``TOLERANCE``."""
    return not_before <= now + TOLERANCE
