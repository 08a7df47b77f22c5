"""Python's garbage collector, which stops everything while it looks for cycles, for as long as it takes to look at all objects in question.

Hardly anything here needs it: neither a request nor a compiled configuration leaves cycles, and tests make sure of both.
"""

import contextlib
import gc
from collections.abc import Iterator

#: New containers after which the collector looks at them, and how many such looks until it looks at those that survived one. A request
#: allocates about two thousand and frees them again. A look at ten thousand takes a millisecond or two; one at those of several
#: looks, which are not in the processor's caches any more, takes ten times as long for each.
_COLLECT_AFTER, _LOOKS = 10_000, 1

#: How many looks at survivors until it looks at everything that is not frozen; by then tens of millions have been allocated.
_FULL_LOOKS = 1_000


def start() -> None:
    """Let the collector look at few objects at a time. Call it once, when the process starts."""
    gc.set_threshold(_COLLECT_AFTER, _LOOKS, _FULL_LOOKS)


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
    """Read a configuration without collections, and then keep the collector from ever looking at what was made.

    What is frozen is still freed when nothing refers to it any more. Only cycles are not, of which there are none.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()  # takes no time, however many there are
        if enabled:
            gc.enable()
