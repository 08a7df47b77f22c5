"""Whether some work leaves objects that only the garbage collector can free."""

import gc
from collections.abc import Callable


def left_by(work: Callable[[], object]) -> int:
    """Return how many unreachable objects some work leaves, when it is done for the second time.

    What is computed once, such as the pattern of a regular expression, may leave some the first time.
    """
    work()
    gc.freeze()  # what is there already does not count, and takes no time
    gc.disable()
    try:
        work()
        return gc.collect()
    finally:
        gc.enable()
        gc.unfreeze()
