"""Guards over untrusted JSON: each returns the value it expects, or denies the object and names the path.

A path is what a person would look for in the object: ``spec.containers[0].ports``, from the object's root. Callers
pass the whole path, so no message leaves the reader guessing which pod template it is about.
"""

import re
from collections.abc import Mapping
from typing import Any

from webhook import errors

MAX_VALUES = 100_000
"""Most values of a JSON text that is decoded, as ``count_values`` counts them. Pods that API servers send have 100 to 200, so this
is one with hundreds of containers, managed fields included. Decoded, the worst of such texts (maps of one entry) take 12 MiB;
without a bound, 7 MiB of ``{"":{}}`` took more than 500."""

# Up to the closing quote or the end of the text, so that searching takes linear time whatever the text is.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\Z)', re.DOTALL)

_TYPES = {bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "a list", dict: "a map"}


def at(path: str, key: str) -> str:
    """Return the path of a key below a path; the root's path is empty."""
    return f"{path}.{key}" if path else key


def count_values(text: bytes) -> int:
    """Return how many values a JSON text holds, without decoding it: scalars, maps and lists, but not keys.

    Empty maps and lists count twice, as they cost about as much as two scalars. If the text has at most ``MAX_VALUES``, the
    count may be too high by the commas and brackets in its strings, but not above ``MAX_VALUES``.
    """
    count = _count(text)
    return count if count <= MAX_VALUES else _count(_STRING.sub(b"", text))


def _count(text: bytes) -> int:
    return 1 + text.count(b",") + text.count(b"{") + text.count(b"[")


def mapping(value: Any, path: str) -> dict[str, Any]:
    """Return a map; null counts as an empty one.

    Raises:
        errors.Malformed: the value has another type.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise errors.Malformed(path, f"must be a map, not {type_name(value)}")
    return value


def maps(value: Any, path: str) -> list[dict[str, Any]]:
    """Return a list of maps; null counts as an empty one.

    Raises:
        errors.Malformed: the value or one of its items has another type.
    """
    return _list_of(dict, value, path, "a list", "a map")


def strings(value: Any, path: str) -> list[str]:
    """Return a list of strings; null counts as an empty one.

    Raises:
        errors.Malformed: the value or one of its items has another type.
    """
    return _list_of(str, value, path, "a list of strings", "a string", "; put it in quotes")


def check_strings(value: Mapping[str, Any], keys: tuple[str, ...], path: str) -> None:
    """Check that these keys of a map hold strings, or nothing.

    Raises:
        errors.Malformed: one of them holds another type.
    """
    for key in keys:
        found = value.get(key)
        if found is not None and not isinstance(found, str):
            raise errors.Malformed(at(path, key), f"must be a string, not {errors.shown(found)}")


def _list_of(kind: type, value: Any, path: str, whole: str, each: str, remedy: str = "") -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise errors.Malformed(path, f"must be {whole}, not {type_name(value)}")
    for index, item in enumerate(value):
        if not isinstance(item, kind):
            raise errors.Malformed(f"{path}[{index}]", f"must be {each}, not {type_name(item)}{remedy}")
    return value


def type_name(value: Any) -> str:
    """Return the JSON type of a value with its article: ``a list``; ``null`` has none."""
    return _TYPES.get(type(value), "null")
