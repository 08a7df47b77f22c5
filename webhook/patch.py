"""The difference of two JSON values as RFC 6902 operations.

Pure and free of domain words. Values are what a JSON decoder gives: dict, list, str, bool, int, float, None. Neither side
is modified, and operations share their values with ``after``.

The result is minimal in the sense that matters to readers and to other writers of the same object: values that are the
same on both sides do not appear, a list that keeps some of its entries is changed entry by entry, and only a map or list
that keeps nothing is replaced as a whole.
"""

import marshal
from collections.abc import Iterator
from typing import Any

Operation = dict[str, Any]

#: If aligning two lists would take more comparisons than this, their entries are paired by position instead: alignment is
#: quadratic, and 10,000 comparisons (two lists of 100 changed entries each) are far more than a pod needs.
_ALIGNMENT_CELLS = 10_000

_HOLDERS = frozenset({dict, list})

#: A version of marshal's format in which the bytes depend on types, values and the order of keys alone. Equal bytes tell in C what
#: a walk would; only maps whose keys are in another order have to be walked.
_PLAIN = 2


def diff(before: Any, after: Any) -> list[Operation]:
    """Return the operations that turn ``before`` into ``after``, in the order in which they must be applied.

    The empty list means that both are the same JSON value (``1`` and ``true`` are not; nor are ``1`` and ``1.0``, which
    would not be stored as the same bytes).
    """
    operations: list[Operation] = []
    _compare(before, after, "", operations)
    return operations


def same(one: Any, other: Any) -> bool:
    """Return whether two JSON values are the same, including their types (in Python, ``True == 1``)."""
    if one is other:
        return True
    if one != other or type(one) is not type(other):
        return False
    return (
        type(one) not in _HOLDERS
        or marshal.dumps(one, _PLAIN) == marshal.dumps(other, _PLAIN)
        or _same_types(one, other)
    )


def escape(token: str) -> str:
    """Return a map key as a JSON Pointer reference token (RFC 6901 section 3)."""
    return token.replace("~", "~0").replace("/", "~1") if "~" in token or "/" in token else token


def tokens(path: str) -> list[str]:
    """Return the reference tokens of a JSON Pointer, unescaped."""
    found = path.split("/")[1:]
    return [token.replace("~1", "/").replace("~0", "~") for token in found] if "~" in path else found


def _same_types(one: Any, other: Any) -> bool:
    """Return whether two JSON values that are equal in Python have the same types too."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return all(_same_types(inner, other[key]) for key, inner in one.items())
    if isinstance(one, list):
        return all(map(_same_types, one, other))
    return True


def _compare(before: Any, after: Any, path: str, operations: list[Operation]) -> None:
    if before is after:
        return
    if type(before) is type(after):
        if isinstance(before, dict):
            if len(before) + len(after) < 2 or not before.keys().isdisjoint(after):
                _compare_maps(before, after, path, operations)
                return
        elif isinstance(before, list):
            _compare_lists(before, after, path, operations)
            return
        elif before == after:
            return
    operations.append({"op": "replace", "path": path, "value": after})


def _compare_maps(before: dict[str, Any], after: dict[str, Any], path: str, operations: list[Operation]) -> None:
    added = 0
    for key, value in after.items():
        if key not in before:
            operations.append({"op": "add", "path": f"{path}/{escape(key)}", "value": value})
            added += 1
        elif before[key] is not value:
            _compare(before[key], value, f"{path}/{escape(key)}", operations)
    if len(after) - added < len(before):
        operations.extend({"op": "remove", "path": f"{path}/{escape(key)}"} for key in before if key not in after)


def _compare_lists(before: list[Any], after: list[Any], path: str, operations: list[Operation]) -> None:
    start = 0
    shorter = min(len(before), len(after))
    while start < shorter and same(before[start], after[start]):
        start += 1
    end = 0
    while end < shorter - start and same(before[-1 - end], after[-1 - end]):
        end += 1
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    if len(old) == len(new) == 1:  # one entry was changed in place: by far the most frequent case
        _compare(old[0], new[0], f"{path}/{start}", operations)
        return
    whole = not start and not end
    if whole and _are_disjoint_strings(old, new):  # the args of a container, mostly
        operations.append({"op": "replace", "path": path, "value": after})
        return
    steps = list(_align(old, new))
    if whole and len(steps) > 1 and not any(_stays(one, other) for one, other in steps):
        operations.append({"op": "replace", "path": path, "value": after})
        return
    position = start
    for one, other in steps:
        if other is None:
            operations.append({"op": "remove", "path": f"{path}/{position}"})
            continue
        if one is None:
            operations.append({"op": "add", "path": f"{path}/{position}", "value": other[0]})
        else:
            _compare(one[0], other[0], f"{path}/{position}", operations)
        position += 1


def _are_disjoint_strings(old: list[Any], new: list[Any]) -> bool:
    """Return whether both lists contain only strings, and none in common."""
    return bool(old and new) and {*map(type, old), *map(type, new)} == {str} and set(old).isdisjoint(new)


#: A list entry, boxed so that a JSON null is not taken for "no entry".
_Box = tuple[Any]


def _align(old: list[Any], new: list[Any]) -> Iterator[tuple[_Box | None, _Box | None]]:
    """Pair the entries of two lists in order; None on one side means that only the other list has the entry.

    Equal entries anchor the pairing; between two anchors, entries are paired by position.
    """
    taken_old = taken_new = 0
    for at_old, at_new in [*_anchors(old, new), (len(old), len(new))]:
        gap_old, gap_new = old[taken_old:at_old], new[taken_new:at_new]
        paired = min(len(gap_old), len(gap_new))
        yield from (((one,), (other,)) for one, other in zip(gap_old, gap_new, strict=False))
        yield from (((one,), None) for one in gap_old[paired:])
        yield from ((None, (other,)) for other in gap_new[paired:])
        if at_old < len(old) and at_new < len(new):
            yield (old[at_old],), (new[at_new],)
        taken_old, taken_new = at_old + 1, at_new + 1


def _anchors(old: list[Any], new: list[Any]) -> list[tuple[int, int]]:
    """Return the index pairs of a longest common subsequence."""
    if not old or not new or len(old) * len(new) > _ALIGNMENT_CELLS:
        return []
    lengths = [[0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in range(len(old) - 1, -1, -1):
        for j in range(len(new) - 1, -1, -1):
            if same(old[i], new[j]):
                lengths[i][j] = lengths[i + 1][j + 1] + 1
            else:
                lengths[i][j] = max(lengths[i + 1][j], lengths[i][j + 1])
    pairs: list[tuple[int, int]] = []
    i = j = 0
    while lengths[i][j]:
        if lengths[i][j] == lengths[i + 1][j]:
            i += 1
        elif lengths[i][j] == lengths[i][j + 1]:
            j += 1
        else:
            pairs.append((i, j))
            i, j = i + 1, j + 1
    return pairs


def _stays(one: _Box | None, other: _Box | None) -> bool:
    """Return whether a pair keeps a part of the old entry, so that the list must not be replaced as a whole."""
    if one is None or other is None:
        return False
    old, new = one[0], other[0]
    if isinstance(old, dict) and isinstance(new, dict) and old.keys() & new.keys():
        return True
    if isinstance(old, list) and isinstance(new, list) and old and new:
        return True
    return same(old, new)
