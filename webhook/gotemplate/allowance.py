"""What one rendering may still use, and how much a value takes to look through."""

from collections.abc import Mapping

from .errors import CallError
from .values import Window

_SCANNED = 128
_SCANNED_WIDE = 32
"""So many characters of a string are looked through in the time of one step, where all are ASCII and elsewhere."""
_TYPED = 16
"""Likewise of elements whose types are looked at."""
_FLOAT_STEPS = 5
"""What a float takes to print more than other elements, which take one step each."""


class OutOfStepsError(CallError):
    """A function takes more steps than are left."""


class TooLongError(CallError):
    """A function builds a string longer than the output may be."""


class Allowance:
    """Steps and bytes of built strings that are left. Functions look at both before they begin."""

    __slots__ = ("budget", "steps")

    def __init__(self, steps: int, budget: int) -> None:
        self.steps = steps
        self.budget = budget

    def spend(self, steps: int) -> None:
        """Use steps up.

        Raises:
            OutOfStepsError: there are not that many.
        """
        self.steps -= steps
        if self.steps < 0:
            raise OutOfStepsError

    def hold(self, size: int) -> None:
        """Refuse to begin a string of at least so many bytes if it is too long.

        Raises:
            TooLongError: it is.
        """
        if size > self.budget:
            raise TooLongError


def string_steps(text: str, narrow: int = _SCANNED, wide: int = _SCANNED_WIDE) -> int:
    """Return how many steps it takes to go through a string, of which one step does so many ASCII or other characters."""
    return len(text) // (narrow if text.isascii() else wide)


def typing_steps(value: object) -> int:
    """Return how many steps it takes to find out whether a list is one of strings."""
    items = value.base if isinstance(value, Window) else value
    return len(items) // _TYPED if isinstance(items, list | tuple) else 0


def container_steps(value: object, most: int) -> int:
    """Return how many steps it takes to print a list or map; anything above `most` if it is more than that."""
    count = 0
    waiting = [value]
    while waiting:
        item = waiting.pop()
        assert isinstance(item, list | tuple | Mapping)
        elements = item if isinstance(item, list | tuple) else item.values()
        count += len(item) + 1 if elements is item else 2 * len(item) + 1
        if count > most:
            return count
        for element in elements:
            kind = type(element)
            if kind is float:
                count += _FLOAT_STEPS
            elif kind is not str and kind is not int and isinstance(element, list | tuple | Mapping):
                waiting.append(element)  # one list may be there many times over
    return count
