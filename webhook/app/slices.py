"""Long work in a thread, in slices between which the event loop runs: what reading a large configuration does to requests.

Only one thread at a time runs Python. When the loop wants to go on after it has waited, it gets its turn once the other thread has had its
own, 5 ms by default, and it waits several times in each request: for the client, and wherever TLS lets go. So a thread that works
without pauses for a second makes each request of that second last some 30 ms, and more requests arrive than are answered.
Here the thread stops by itself after each slice until the loop has gone round, so a request waits for about one slice.
"""

import asyncio
import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from webhook import catalog
from webhook.app import collector

_Result = TypeVar("_Result")

SLICE_SECONDS = 0.002
"""How long the thread works at a time; at half of its load a server goes round in twice that time."""

_SWITCH_SECONDS = 0.001
"""How long the thread runs at most once the loop waits, for work that has no pauses: a single entry may be large."""

_ROUNDS = 3
"""A request that has arrived is read, handled and answered in this many rounds of the loop."""

_LONGEST_WAIT = 1.0  # seconds; a loop that does not go round, because it ends, must not keep the thread


async def run(work: Callable[[catalog.pauses.Pause], _Result]) -> _Result:
    """Do some work in a thread and return its result; it is given the pause that it must call between small pieces.

    While it runs, no garbage is collected (see ``collector.undisturbed``). So no two works may run at the same time.
    """
    pause = Slices(asyncio.get_running_loop())

    def undisturbed() -> _Result:
        with collector.undisturbed(), _short_turns():
            return work(pause)

    return await asyncio.to_thread(undisturbed)


class Slices:
    """A pause that lets an event loop run whenever a slice is over. It is called in another thread than the loop's.

    Args:
        loop: which must be running.
        clock: seconds, of any clock.

    Attributes:
        count: how many slices are over.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: Callable[[], float] = time.perf_counter) -> None:
        self._loop = loop
        self._clock = clock
        self._ends = clock() + SLICE_SECONDS
        self.count = 0

    def __call__(self) -> None:
        """Wait until the loop has done what is ready, if the slice is over."""
        if self._clock() < self._ends:
            return
        self.count += 1
        rounds = asyncio.run_coroutine_threadsafe(_rounds(), self._loop)
        with contextlib.suppress(TimeoutError):
            rounds.result(_LONGEST_WAIT)
        self._ends = self._clock() + SLICE_SECONDS


async def _rounds() -> None:
    for _ in range(_ROUNDS):
        await asyncio.sleep(0)


@contextlib.contextmanager
def _short_turns() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
