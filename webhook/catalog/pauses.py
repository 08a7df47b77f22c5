"""Pauses in long work: whoever reads a configuration passes a function that is called between small pieces of it.

Nothing in the catalog knows what a pause is for. A server lets its event loop run, so that a configuration of thousands of entries delays
no request. A small piece takes a fraction of a millisecond, unless an entry by itself is large: a hundred events of YAML, or an entry.
"""

from collections.abc import Callable
from typing import Any

#: Lets others run, or does nothing.
Pause = Callable[[], None]


def none() -> None:
    """Let nobody else run."""


def release(items: list[Any], pause: Pause) -> None:
    """Empty a list whose items nobody else has, with pauses: to free thousands of entries at once takes as long as a hundred requests."""
    while items:
        items.pop()
        pause()
