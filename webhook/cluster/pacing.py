"""How soon the next request may be made. Pure; the time and the dice are arguments."""

from collections import deque
from collections.abc import Callable

REQUESTS = 3
WINDOW = 2.0
"""Seconds in which one reflector makes at most ``REQUESTS``, whatever the server does. A start takes two, list and watch;
the third is for the first attempt after a failure."""

FIRST_PAUSE = 0.5  # seconds; with an edit on the way it is still seen within a second or so
LONGEST_PAUSE = 30.0


class Limiter:
    """Allows at most ``REQUESTS`` in any ``WINDOW`` seconds."""

    def __init__(self) -> None:
        self._made: deque[float] = deque(maxlen=REQUESTS)

    def wait(self, now: float) -> float:
        """Return how many seconds from ``now`` on no request may be made; 0 if one may be made now."""
        if len(self._made) < REQUESTS:
            return 0.0
        return max(0.0, self._made[0] + WINDOW - now)

    def note(self, now: float) -> None:
        """Count a request that is made at ``now``."""
        self._made.append(now)


class Backoff:
    """Pauses between failures that double, up to ``LONGEST_PAUSE``.

    Each is drawn between half of its length and the whole, so that replicas that failed together do not come back
    together.

    Args:
        random: returns a number from 0 up to 1.
    """

    def __init__(self, random: Callable[[], float]) -> None:
        self._random = random
        self._next = FIRST_PAUSE

    def pause(self) -> float:
        """Return the seconds to wait after one more failure."""
        longest = self._next
        self._next = min(2 * longest, LONGEST_PAUSE)
        return longest * (0.5 + self._random() / 2)

    def reset(self) -> None:
        """Begin again with short pauses: something has worked for a while."""
        self._next = FIRST_PAUSE
