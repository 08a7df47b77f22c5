"""The order of environment variables after merging (contract section 7).

Kubernetes replaces ``$(NAME)`` in a value only by variables that come before it. New variables therefore come before the own ones,
which may refer to them; one that itself refers to an own one comes directly after it.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

#: ``$(NAME)``, or ``$$``, which stands for a dollar sign, so that ``$$(NAME)`` refers to nothing. Source: Kubernetes 1.36,
#: ``third_party/forked/golang/expansion/expand.go``.
_REFERENCE = re.compile(r"\$(?:\$|\(([^)]*)\))")


def merged(own: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return both lists of variables in one, each in its own order.

    A new variable comes directly after the last own one that it refers to, itself or through new ones before it; one that refers
    to none comes before all own ones.
    """
    after = {item.get("name"): at for at, item in enumerate(own, 1)}  # of several with one name, the last
    slots: list[list[dict[str, Any]]] = [[] for _ in range(len(own) + 1)]
    for item in new:
        slot = max((after.get(name, 0) for name in _references(item)), default=0)
        after[item.get("name")] = slot
        slots[slot].append(item)
    found = slots[0]
    for item, following in zip(own, slots[1:], strict=True):
        found += (item, *following)
    return found


def _references(item: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of the variables that a variable refers to."""
    value = item.get("value")
    if isinstance(value, str):
        closed = value[: value.rfind(")") + 1]  # so that every "$(" is closed, and searching takes linear time
        yield from (found[1] for found in _REFERENCE.finditer(closed) if found[1] is not None)
