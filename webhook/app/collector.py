"""Python's garbage collector, which stops everything while it looks for cycles, for as long as it takes to look at all objects in question.

Hardly anything here needs it: neither a request nor a compiled configuration leaves cycles, and tests make sure of both.
"""

import contextlib
import gc
from collections.abc import Iterator

#: How many new containers there are until it looks at them, how many such looks until it looks at those that survived one, and how many
#: of those looks until it looks at everything that is not frozen; by then tens of millions have been allocated. A request allocates
#: about two thousand and frees them again. A look at ten thousand new ones takes a millisecond or two; old ones, which are not in
#: the processor's caches any more, take ten times as long.
_THRESHOLDS = (10_000, 1, 1_000)


def start() -> None:
    """Let the collector look at few objects at a time. Call it once, when the process starts."""
    gc.set_threshold(*_THRESHOLDS)


def tune() -> None:
    """Configure the collector for serving. Call it once, when the server is first ready.

    Most objects that exist by then live as long as the process. Freezing them saves long pauses: a catalog of 10,000
    runtimes has a million objects for the collector to look at.
    """
    gc.unfreeze()  # what was read before may have cycles beside it
    gc.collect()
    gc.freeze()
    start()


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Read a configuration without collections, and then, in a process that serves, keep the collector from ever looking at it.

    What is frozen is still freed when nothing refers to it any more. Only cycles are not, of which a server has none; where other
    programs run beside it, as in tests, nothing is frozen.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if gc.get_threshold() == _THRESHOLDS:
            gc.freeze()  # takes no time, however many objects there are
        if enabled:
            gc.enable()
