"""Short digests of JSON values: revisions, inputs and renderings are compared by them. Not a security boundary."""

import hashlib
import json
import re
from typing import Any

import msgspec

#: Up to this many keys of a map msgspec sorts them: it is ten times as fast as the standard library, but its quicksort takes
#: quadratic time for keys that are nearly in order (80,000 keys of 1 MB: 3.4 s, 500: 1 ms).
_FEW_KEYS = 500

#: How a map of more keys begins in MessagePack: a byte, then their number in two bytes, or in four of which the first is 0.
_WIDE_MAP, _WIDEST_MAP = re.compile(rb"\xde(?:\x01[\xf5-\xff]|[\x02-\xff])"), b"\xdf\x00"

_encode_many = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=msgspec.to_builtins
).encode


def canonical(value: Any) -> bytes:
    """Return a JSON value as compact JSON with sorted keys, in time proportional to n·log n of its size.

    Structs count as maps and tuples as lists, as msgspec encodes them.
    """
    if _may_be_wide(value) and _widest(msgspec.to_builtins(value)) > _FEW_KEYS:
        return _encode_many(value).encode()
    return msgspec.json.encode(value, order="sorted")


def of(value: Any) -> str:
    """Return 16 hex digits of the SHA-256 of a JSON value; the order of map keys does not matter."""
    return of_text(canonical(value))


def of_text(text: bytes) -> str:
    """Return 16 hex digits of the SHA-256 of a value that is canonical already."""
    return hashlib.sha256(text).hexdigest()[:16]


def _may_be_wide(value: Any) -> bool:
    """Return whether a JSON value may have a map of more than ``_FEW_KEYS`` keys.

    In MessagePack each such map begins in a way that is rare elsewhere. Nothing in it is escaped, so it is made far faster than
    the JSON of a long text.
    """
    try:
        packed = msgspec.msgpack.encode(value)
    except OverflowError:  # an integer of more than 64 bits
        return True
    return (
        _WIDEST_MAP in packed or _WIDE_MAP.search(packed) is not None
    )  # both skip text that does not have their first byte


def _widest(value: Any) -> int:
    """Return how many keys the widest map of a JSON value has, without recursion."""
    widest = 0
    holders: list[Any] = [[value]]
    while holders:
        widest = max(widest, *(len(holder) if type(holder) is dict else 0 for holder in holders))
        holders = [
            inner
            for holder in holders
            for inner in (holder.values() if type(holder) is dict else holder)
            if isinstance(inner, dict | list | tuple)
        ]
    return widest
