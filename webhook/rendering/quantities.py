"""Kubernetes resource quantities as exact numbers (Kubernetes reference, "Quantity")."""

import re
from decimal import Decimal
from functools import lru_cache
from typing import Any

_QUANTITY = re.compile(r"([+-]?(?:[0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30}))([eE][+-]?[0-9]{1,2}|[a-zA-Z]{0,2})")
#: Characters of the longest text that may be one.
_LONGEST = 80
_SUFFIXES = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY_SUFFIXES = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}


def parse(value: Any) -> Decimal | None:
    """Return a quantity (``8``, ``"500m"``, ``"16Gi"``, ``"1e3"``) as a number; None if the value is not a quantity."""
    if type(value) is not str:
        if type(value) not in (int, float):
            return None
        value = str(value)
    return _parse(value) if len(value) <= _LONGEST else None


@lru_cache(maxsize=256)  # most are a few numbers, each of which a decision asks for several times
def _parse(text: str) -> Decimal | None:
    match = _QUANTITY.fullmatch(text)
    if match is None:
        return None
    number, suffix = Decimal(match[1]), match[2]
    if suffix in _SUFFIXES:
        return number.scaleb(_SUFFIXES[suffix])
    if suffix in _BINARY_SUFFIXES:
        return number * Decimal(1024 ** _BINARY_SUFFIXES[suffix])
    if suffix[:1] in ("e", "E") and len(suffix) > 1:
        return number.scaleb(int(suffix[1:]))
    return None
