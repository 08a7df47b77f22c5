"""Short digests of JSON values: revisions, inputs and renderings are compared by them. Not a security boundary."""

import hashlib
from typing import Any

import msgspec


def of(value: Any) -> str:
    """Return 16 hex digits of the SHA-256 of a JSON value; the order of map keys does not matter.

    Structs count as maps and tuples as lists, as msgspec encodes them.
    """
    return hashlib.sha256(msgspec.json.encode(value, order="sorted")).hexdigest()[:16]
