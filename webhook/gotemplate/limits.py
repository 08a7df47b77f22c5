"""How much a template may ask for."""

from collections.abc import Mapping
from dataclasses import dataclass

from .errors import CallError
from .values import Window


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one template. Going beyond one raises `LimitError`.

    Attributes:
        text_bytes: size of the template's text in UTF-8.
        nesting: blocks and parentheses inside one another.
        steps: about how many actions, functions and pieces of text one rendering may carry out. Counted are the turns
            of loops and the calls of templates, by what is in them, and whatever takes functions long: long strings,
            lists and layouts. Of two branches the longer one counts. What else stands outside loops is bounded by the
            text's size.
        output_bytes: size of the output, and also of all strings that functions build on the way.
        call_depth: templates that call one another (Go's own bound is 100,000).
    """

    text_bytes: int = 262_144
    nesting: int = 100
    steps: int = 100_000
    output_bytes: int = 1_048_576
    call_depth: int = 64


DEFAULT_LIMITS = Limits()
"""One rendering: about 50 ms of work, at most a few times that, and a few MB beside data and output. Reading takes time
and memory in proportion to the text: a text that is nothing but actions takes about 4 µs and 200 bytes a character."""

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
