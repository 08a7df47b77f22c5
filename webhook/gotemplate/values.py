"""Which Go type a JSON value has.

| Python | Go |
|---|---|
| str | string |
| bool, int, float, complex | bool, int, float64, complex128 |
| int beyond 64 bits | float64, as Go reads such a JSON number; see `go_number` |
| `Uint8` | uint8: a byte of a string |
| list or tuple of str only, or empty | []string |
| other list or tuple | []interface {} |
| `Window` | the type of the list that it is part of |
| mapping | map[string]interface {} |
| None | a nil interface value: a null in the data |
| `ABSENT` | Go's zero reflect.Value: a missing map key, or a null that has passed through a pipeline |

Each is true in Python exactly when it is true in a Go template.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Final

MAX_INT: Final = 2**63 - 1
MIN_INT: Final = -(2**63)
LOW: Final = -(10**9)
HIGH: Final = 10**9
"""Python compares integers between these two fastest."""


class Absent:
    """The type of `ABSENT`."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent()
"""No value at all. Prints as `<no value>`."""


class Uint8(int):
    """A byte: an element of a string."""

    __slots__ = ()


class Window(list[object]):
    """A part of a list. Like a Go slice it can be extended again, up to its capacity."""

    __slots__ = ("base", "capacity", "start", "strings")

    def __init__(self, base: Sequence[object], start: int, stop: int, capacity: int) -> None:
        super().__init__(base[start:stop])
        self.base = base
        self.start = start
        self.capacity = capacity
        self.strings: bool | None = None  # whether the base has only strings; None until asked


_NAMES: dict[type, str] = {
    str: "string",
    bool: "bool",
    int: "int",
    float: "float64",
    complex: "complex128",
    Uint8: "uint8",
    dict: "map[string]interface {}",
}
_BASES = (str, bool, Uint8, int, float, complex)


def is_list(value: object) -> bool:
    """Return whether a value is a slice in Go."""
    return isinstance(value, list | tuple)


def is_map(value: object) -> bool:
    """Return whether a value is a map in Go."""
    return isinstance(value, Mapping)


def of_strings(items: Sequence[object]) -> bool:
    """Return whether a list is a []string rather than a []interface {}."""
    if isinstance(items, Window):
        if items.strings is None:
            items.strings = of_strings(items.base)
        return items.strings
    return all(isinstance(item, str) for item in items)


def scalar_type(value: object) -> type | None:
    """Return the Python type that represents the Go type of a string, bool or number; None for anything else."""
    found = type(value)
    if found not in _NAMES:
        found = next((base for base in _BASES if isinstance(value, base)), dict)
    if found is int and is_beyond_int(value):
        return float
    return None if found is dict else found


def is_beyond_int(value: object) -> bool:
    """Return whether a value is an integer that does not fit a Go int."""
    return isinstance(value, int) and not MIN_INT <= value <= MAX_INT


def go_number(value: object) -> object:
    """Return a value; an integer beyond 64 bits as a float, infinite if it does not fit a float either."""
    if not isinstance(value, int) or MIN_INT <= value <= MAX_INT:
        return value
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def type_name(value: object) -> str:
    """Return the name of a value's Go type; of null, the interface type that holds it."""
    name = _NAMES.get(type(value))
    if name is not None and not is_beyond_int(value):
        return name
    if isinstance(value, list | tuple):
        return "[]string" if of_strings(value) else "[]interface {}"
    if isinstance(value, Mapping):
        return _NAMES[dict]
    scalar = scalar_type(value)
    return _NAMES[scalar] if scalar is not None else "interface {}"


def holds_interfaces(container: object) -> bool:
    """Return whether the element type of a container is interface {}."""
    if isinstance(container, list | tuple):
        return not of_strings(container)
    return isinstance(container, Mapping)
