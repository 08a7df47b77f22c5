"""Short digests of JSON values: revisions, inputs and renderings are compared by them. Not a security boundary."""

import hashlib
import json
from typing import Any

import msgspec

#: Up to this many keys msgspec sorts them: it is several times as fast as the standard library, but its quicksort takes
#: quadratic time for keys that are nearly in order (80,000 keys of 1 MB: 3.4 s).
_FEW_KEYS = 500

_encode_many = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=msgspec.to_builtins
).encode


def canonical(value: Any) -> bytes:
    """Return a JSON value as compact JSON with sorted keys, in time proportional to n·log n of its size.

    Structs count as maps and tuples as lists, as msgspec encodes them.
    """
    text = msgspec.json.encode(value)
    few = text.count(b'":') <= _FEW_KEYS  # each key is followed by this; so may be other text, which does not matter
    return msgspec.json.encode(value, order="sorted") if few else _encode_many(value).encode()


def of(value: Any) -> str:
    """Return 16 hex digits of the SHA-256 of a JSON value; the order of map keys does not matter."""
    return of_text(canonical(value))


def of_text(text: bytes) -> str:
    """Return 16 hex digits of the SHA-256 of a value that is canonical already."""
    return hashlib.sha256(text).hexdigest()[:16]
