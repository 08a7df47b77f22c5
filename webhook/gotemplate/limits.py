"""How much a template may ask for, and how much a rendering may still use."""

from collections.abc import Mapping
from dataclasses import dataclass

from .errors import CallError
from .values import Window


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one template. Exceeding one raises `LimitError`.

    Attributes:
        text_bytes: size of the template's text in UTF-8.
        nesting: how deep blocks and parentheses may be nested.
        steps: roughly how many actions, functions and pieces of text one rendering may execute. Each turn of a loop and
            each call of a template costs what is in it, and a function costs extra for long strings, lists and layouts.
            Of two branches the longer one counts. Everything else runs once, so the size of the text bounds it.
        output_bytes: size of the output, and also the total size of all strings that functions build.
        call_depth: how deep templates may call one another (Go's own limit is 100,000).
    """

    text_bytes: int = 262_144
    nesting: int = 100
    steps: int = 100_000
    output_bytes: int = 1_048_576
    call_depth: int = 64


DEFAULT_LIMITS = Limits()
"""A rendering takes about 50 ms, at most a few times that, and a few MB besides data and output. Parsing takes time and
memory in proportion to the text: a text of nothing but actions takes about 4 µs and 200 bytes per character."""

_SCANNED = 128
_SCANNED_WIDE = 32
"""Scanning this many characters of a string costs one step: if all are ASCII, and otherwise."""
_TYPED = 16
"""Checking the types of this many elements costs one step."""
_FLOAT_STEPS = 5
"""The extra cost of printing a float. Other elements cost one step each."""


class OutOfStepsError(CallError):
    """A function needs more steps than are left."""


class TooLongError(CallError):
    """A function would build a string that is longer than the output may be."""


class Budget:
    """What several renderings may use together. Pass it to each of them.

    Unlike a single rendering, it also pays for what runs only once: many templates could be large.

    Attributes:
        steps: how many are left; negative once a rendering needed more.
        size: how many bytes of output and of built strings are left; negative once a rendering needed more.
    """

    __slots__ = ("size", "steps")

    def __init__(self, steps: int, size: int) -> None:
        self.steps = steps
        self.size = size

    @property
    def exceeded(self) -> bool:
        """Return whether a rendering failed because it needed more than was left."""
        return self.steps < 0 or self.size < 0


class Allowance:
    """The steps, and the bytes of built strings, that are left. Functions check both before they begin."""

    __slots__ = ("budget", "steps")

    def __init__(self, steps: int, budget: int) -> None:
        self.steps = steps
        self.budget = budget

    def spend(self, steps: int) -> None:
        """Use up steps.

        Raises:
            OutOfStepsError: fewer are left.
        """
        self.steps -= steps
        if self.steps < 0:
            raise OutOfStepsError

    def hold(self, size: int) -> None:
        """Check that a string of at least `size` bytes may be built.

        Raises:
            TooLongError: it would be too long.
        """
        if size > self.budget:
            raise TooLongError


def string_steps(text: str, narrow: int = _SCANNED, wide: int = _SCANNED_WIDE) -> int:
    """Return the cost of scanning a string; one step scans `narrow` characters if all are ASCII, otherwise `wide`."""
    return len(text) // (narrow if text.isascii() else wide)


def typing_steps(value: object) -> int:
    """Return the cost of finding out whether all elements of a list are strings."""
    items = value.base if isinstance(value, Window) else value
    return len(items) // _TYPED if isinstance(items, list | tuple) else 0


def container_steps(value: object, most: int) -> int:
    """Return the cost of printing a list or map; some number above `most` if it costs more than that."""
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
                waiting.append(element)  # the same list may occur many times over
    return count
