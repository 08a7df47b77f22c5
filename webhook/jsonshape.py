"""The shape of untrusted JSON: a bounded depth, and the maps, lists and strings that the code is about to walk.

A value that does not have its shape is denied with a path as a person would look for it: ``spec.containers[0].ports``,
from the object's root. Checking takes time in proportion to the value, whatever it is.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import msgspec

from webhook import errors

#: Levels of maps and lists inside each other. Kubernetes' own types need fewer than 20, and the recursive code, with up
#: to three Python frames a level, stays far from the interpreter's limit of 1,000.
MOST_LEVELS = 100

#: Steps of the path to a value that is nested too deeply; the rest of the path helps nobody.
_SHOWN_STEPS = 5

#: Most values of an object: scalars, maps and lists, but not keys. The largest LeaderWorkerSets of the field have 350, rendered 500, so
#: this is six times as many, or 1,000 environment variables. A decision takes at most about 10 µs a value, an update twice that.
MOST_VALUES = 3_000

#: Most values of a JSON text that is decoded, as ``too_many_values`` counts them: those of an object, and managed fields, of which
#: each manager notes two or three for each value that it has set. Without a bound, 7 MiB of ``{"":{}}`` took 500 MiB and seconds.
MOST_DECODED = 4 * MOST_VALUES

# Up to the closing quote or the end of the text, so that searching takes linear time whatever the text is.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\Z)', re.DOTALL)

_TYPES = {bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "a list", dict: "a map"}

#: What a value must be: ``str`` is a string.
Shape: TypeAlias = "MapOf | ListOf | type[str]"


class MapOf(msgspec.Struct, frozen=True):
    """A map. Fields that are named here are absent, null or of their shape; any other may hold anything."""

    fields: Mapping[str, Shape] = {}


class ListOf(msgspec.Struct, frozen=True):
    """A list of which every item has one shape; null is not an item."""

    item: "MapOf | type[str]"


def at(path: str, key: str) -> str:
    """Return the path of a key below a path; the root's path is empty."""
    return f"{path}.{key}" if path else key


def too_many_values(text: bytes, most: int) -> bool:
    """Return whether a JSON text holds more than ``most`` values, without decoding it.

    Empty maps and lists count twice, as they cost about as much as two scalars.
    """
    if _signs(text) < most:  # some are in strings, so there are even fewer
        return False
    most_strings = 2 * most  # at most every other one is a key
    without_strings, strings = _STRING.subn(b"", text, most_strings + 1)
    return strings > most_strings or 1 + _signs(without_strings) > most


def check(value: Any, shape: Shape, path: str) -> None:
    """Check the shape of a value, which is at ``path`` in its object; null counts as absent.

    Raises:
        errors.Malformed: part of it has the wrong type.
    """
    if value is not None and (fault := _fault(value, shape)):
        raise errors.Malformed(f"{path}{fault.place}" if path else fault.place.removeprefix("."), fault.cause)


def check_depth(value: Any, path: str) -> int:
    """Check that a value has at most ``MOST_LEVELS`` levels of maps and lists, and return how many values it holds, itself included.

    Raises:
        errors.Malformed: it is nested more deeply; the message has the beginning of the way down.
    """
    levels, values = _measured(value, MOST_LEVELS)
    if levels <= MOST_LEVELS:
        return values
    for step in range(_SHOWN_STEPS):
        most = MOST_LEVELS - step - 1
        key, value = next(child for child in _children(value) if _measured(child[1], most)[0] > most)
        path = f"{path}[{key}]" if isinstance(key, int) else at(path, key)
    raise errors.Malformed(path, f"is nested too deeply: an object has at most {MOST_LEVELS} levels of maps and lists")


def count(value: Any) -> int:
    """Return how many values a value that is not nested too deeply holds, itself included; null counts as absent."""
    return 0 if value is None else _measured(value, MOST_LEVELS)[1]


def mapping(value: Any, path: str) -> dict[str, Any]:
    """Return a map; null counts as an empty one.

    Raises:
        errors.Malformed: the value has another type.
    """
    check(value, MapOf(), path)
    return value or {}


def maps(value: Any, path: str) -> list[dict[str, Any]]:
    """Return a list of maps; null counts as an empty one.

    Raises:
        errors.Malformed: the value or one of its items has another type.
    """
    check(value, ListOf(MapOf()), path)
    return value or []


def type_name(value: Any) -> str:
    """Return the JSON type of a value with its article: ``a list``; ``null`` has none."""
    return _TYPES.get(type(value), "null")


class _Fault(msgspec.Struct, frozen=True):
    """What is wrong, and where below the value that was checked: ``.containers[0].name``."""

    place: str
    cause: str

    def below(self, step: str) -> "_Fault":
        return _Fault(step + self.place, self.cause)


def _fault(value: Any, shape: Shape) -> _Fault | None:
    """Return the first fault of a value that is not null. Paths are put together only once there is a fault."""
    if isinstance(shape, MapOf):
        return _fault_of_map(value, shape.fields)
    if isinstance(shape, ListOf):
        return _fault_of_list(value, shape.item)
    return None if isinstance(value, str) else _Fault("", f"must be a string, not {errors.shown(value)}")


def _fault_of_map(value: Any, fields: Mapping[str, Shape]) -> _Fault | None:
    if not isinstance(value, dict):
        return _Fault("", f"must be a map, not {type_name(value)}")
    for key in fields if len(fields) <= len(value) else value:
        shape = fields.get(key)
        inner = value.get(key)
        if shape is None or inner is None or (shape is str and type(inner) is str):
            continue
        if fault := _fault(inner, shape):
            return fault.below(f".{key}")
    return None


def _fault_of_list(value: Any, item_shape: MapOf | type[str]) -> _Fault | None:
    if isinstance(item_shape, MapOf):
        if not isinstance(value, list):
            return _Fault("", f"must be a list, not {type_name(value)}")
        fields = item_shape.fields
        for index, item in enumerate(value):
            if item != {} and (fault := _fault_of_map(item, fields)):
                return fault.below(f"[{index}]")
        return None
    if not isinstance(value, list):
        return _Fault("", f"must be a list of strings, not {type_name(value)}")
    for index, item in enumerate(value):
        if type(item) is not str:
            remedy = "; put it in quotes" if isinstance(item, bool | int | float) else ""
            return _Fault(f"[{index}]", f"must be a string, not {type_name(item)}{remedy}")
    return None


def _measured(value: Any, most: int) -> tuple[int, int]:
    """Return how many levels of maps and lists a value has, and how many values; without recursion, and no deeper than a level too far."""
    holders = [value] if isinstance(value, dict | list) else []
    levels, values = 0, 1
    while holders and levels <= most:
        levels += 1
        held: list[Any] = []
        for holder in holders:
            held += holder.values() if type(holder) is dict else holder
        values += len(held)
        holders = [one for one in held if type(one) is dict or type(one) is list]
    return levels, values


def _children(value: dict[str, Any] | list[Any]) -> Iterable[tuple[str | int, Any]]:
    return value.items() if isinstance(value, dict) else enumerate(value)


def _signs(text: bytes) -> int:
    """Return how many values begin in a JSON text without strings, besides the first one."""
    return sum(map(text.count, (b",", b"{", b"[")))
