"""The clock of an API server, as the ``Date`` headers of its answers show it, and by how much this machine's differs. No I/O.

Nothing of this needs the two clocks to agree, or this machine's to be left alone: answers are dated by the monotonic clock, so
setting this machine's clock shows at once, without another answer.
"""

import email.utils
import time
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

KEPT = 9
"""Answers to keep, the newest. The one in the middle counts, so that a few odd ones do not: one of three API servers with a
clock of its own, or answers from a cache."""

DRIFT = 0.0005
"""By how much a monotonic clock may run fast or slow: the most by which the kernel lets NTP correct it."""

_STANDING = (
    2.0  # seconds after which the same date again is that of a stored answer; dates have a resolution of one second
)


class _Answer(NamedTuple):
    """The server's Unix time minus this machine's monotonic time was between ``low`` and ``high`` when it ``received`` this."""

    low: float
    high: float
    received: float
    date: datetime


class ServerClock:
    """What is known of the clock of one API server, or of several with one address.

    Args:
        wall: returns Unix time by this machine's clock.
        monotonic: returns seconds that nobody sets.
    """

    def __init__(self, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._wall = wall
        self.monotonic = monotonic
        self._answers: deque[_Answer] = deque(maxlen=KEPT)

    def observe(self, headers: Mapping[str, str], sent: float) -> None:
        """Note the headers of an answer that has just arrived.

        An answer without a readable date is ignored, and so is one that a cache has stored: it says so (``Age``), or has a
        date that did not go on.

        Args:
            headers: of the answer; the mapping ignores case.
            sent: time of ``monotonic`` when the request was sent, or earlier.
        """
        date = http_date(headers.get("Date"))
        if date is None or headers.get("Age", "0").strip() != "0":
            return
        received = self.monotonic()
        if any(known.date == date and received - known.received > _STANDING for known in self._answers):
            return
        # The server wrote the date between the two, in the second that begins with it.
        self._answers.append(_Answer(date.timestamp() - received, date.timestamp() + 1 - sent, received, date))

    @property
    def skew(self) -> timedelta | None:
        """By how much this machine's clock is ahead of the server's; negative: behind; None: unknown.

        The least that explains the answers, so a slow network is not taken for a wrong clock.
        """
        if not self._answers:
            return None
        ordered = sorted(self._answers, key=lambda answer: answer.low + answer.high)
        middle = ordered[len(ordered) // 2]  # of two, the later time: a cache can only be late
        now = self.monotonic()
        ahead, drift = self._wall() - now, DRIFT * (now - middle.received)
        least, most = ahead - middle.high - drift, ahead - middle.low + drift
        return timedelta(seconds=max(least, 0.0) or min(most, 0.0))

    def now(self) -> datetime:
        """Return the time by the server's clock, or by this machine's if the server's is unknown."""
        return datetime.fromtimestamp(self._wall(), UTC) - (self.skew or timedelta(0))


def http_date(header: str | None) -> datetime | None:
    """Return the time in an HTTP date; None if there is no header or it cannot be read."""
    try:
        moment = email.utils.parsedate_to_datetime(header or "")
    except (ValueError, OverflowError):
        return None
    # "-0000" means UTC. A time so early or late that another zone has no such year is not that of a clock.
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return moment if 1970 < moment.year < 9999 else None
