"""Random templates and data for the comparison with Go, by kind. The given `random.Random` is the only source of chance."""

import random
from collections.abc import Callable
from typing import Any

from . import values
from .directed import directed
from .hostile import hostile
from .literals import layouts
from .mutated import mutated
from .scopes import scopes
from .tokens import tokens

KINDS: dict[str, Callable[[random.Random], tuple[str, dict[str, Any]]]] = {
    "directed": directed,
    "hostile": hostile,
    "layouts": layouts,
    "mutated": mutated,
    "scopes": scopes,
    "tokens": tokens,
}
_NAMES = ['a"b', "two\nlines", "é😀", "a:b", "{{", "\t", "`"]
"""Names that errors quote. None has a percent sign, which Go reads as a directive of its own messages."""
_MANY = 10_000


def case(kind: str, source: random.Random) -> dict[str, Any]:
    """Return a template of a kind with its data, occasionally with other data, and sometimes with a name."""
    template, data = KINDS[kind](source)
    if source.random() < 0.02:
        data = values.value(source)
    found = {"template": template, "data": _countable(data) if "range" in template else data}
    return found | {"name": source.choice(_NAMES)} if source.random() < 0.03 else found


def _countable(value: Any) -> Any:
    """Return a value without integers to which a loop would count for hours."""
    if isinstance(value, dict):
        return {key: _countable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_countable(item) for item in value]
    return value % _MANY if type(value) is int and _MANY < value < 2**63 else value
