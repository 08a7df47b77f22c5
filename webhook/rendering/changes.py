"""What rendering changed in a pod template, in a form that undoes it later, when others have changed it too.

A change is named by a path of map keys and, inside keyed lists, merge keys: ``/spec/containers/name=main/image``, escaped
as in JSON Pointer. So it still points at the right place after someone else put an entry before it.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from webhook import patch
from webhook.rendering import fields

#: Maps that others write to as well, so that their keys are recorded one by one.
_SHARED_MAPS = frozenset({"metadata", "labels", "annotations"})

#: Stands for "there is nothing at this path", which null does not.
ABSENT = object()


class Changes(msgspec.Struct, frozen=True):
    """The way back.

    Attributes:
        added: paths of what was not there before, sorted.
        made: paths of maps and lists that were made to hold what others may add to as well; each goes when it is empty
            again.
        replaced: by path, what was there before.
    """

    added: tuple[str, ...] = ()
    made: tuple[str, ...] = ()
    replaced: Mapping[str, Any] = msgspec.field(default_factory=dict)


#: What stands at each changed path, sorted by path; ABSENT where there is nothing.
Current = list[tuple[str, Any]]


def between(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Changes, Current]:
    """Return what leads from ``after`` back to ``before``, and what :func:`current` says of ``after``."""
    found = _Found()
    _compare_maps(before, after, "", found)
    changes = Changes(tuple(sorted(found.added)), tuple(sorted(found.made)), found.replaced)
    return changes, sorted(found.now.items())


def undo(value: Mapping[str, Any], changes: Changes) -> dict[str, Any]:
    """Return the value with the changes taken back. Paths that no longer exist are passed over."""
    root: dict[str, Any] = _copy(value)
    for path in changes.added:
        _remove(root, path)
    for path in sorted(changes.made, reverse=True):  # the inner ones first
        if not _lookup(root, path):
            _remove(root, path)
    for path, original in changes.replaced.items():
        holder, token = _holder(root, path)
        if isinstance(holder, dict):
            holder[token] = original
    return root


def current(value: Mapping[str, Any], changes: Changes) -> Current:
    """Return what now stands at every changed path."""
    return [(path, _lookup(value, path)) for path in sorted([*changes.added, *changes.replaced])]


class _Found(msgspec.Struct):
    """The changes found so far, and what stands at the changed paths."""

    added: list[str] = msgspec.field(default_factory=list)
    made: list[str] = msgspec.field(default_factory=list)
    replaced: dict[str, Any] = msgspec.field(default_factory=dict)
    now: dict[str, Any] = msgspec.field(default_factory=dict)

    def add(self, path: str, value: Any) -> None:
        self.added.append(path)
        self.now[path] = value

    def replace(self, path: str, old: Any, new: Any) -> None:
        self.replaced[path] = old
        self.now[path] = new


def _compare_maps(before: Mapping[str, Any], after: Mapping[str, Any], path: str, found: _Found) -> None:
    common = len(after)
    for key, value in after.items():
        old = before.get(key, ABSENT)
        if old is value:
            continue
        place = f"{path}/{patch.escape(key)}"
        if old is ABSENT:
            common -= 1
            _add(value, key, place, found)
        elif isinstance(old, dict) and isinstance(value, dict):
            _compare_maps(old, value, place, found)
        elif not _compare_keyed(old, value, key, place, found) and not patch.same(old, value):
            found.replace(place, old, value)
    if common < len(before):
        for key in before.keys() - after.keys():
            found.replace(f"{path}/{patch.escape(key)}", before[key], ABSENT)


def _compare_keyed(before: Any, after: Any, name: str, path: str, found: _Found) -> bool:
    """Compare two keyed lists entry by entry; False if they can only be taken whole."""
    old, new = _index(before, name), _index(after, name)
    if old is None or new is None or [key for key in new if key in old] != list(old):
        return False
    for key, entry in new.items():
        if key not in old:
            found.add(f"{path}/{patch.escape(key)}", entry)
        elif old[key] is not entry:
            _compare_maps(old[key], entry, f"{path}/{patch.escape(key)}", found)
    return True


def _index(value: Any, name: str) -> dict[str, Any] | None:
    """Return the entries of a keyed list by merge key, or None if it is no list of entries with keys of their own."""
    keys = fields.MERGE_KEYS.get(name)
    if keys is None or not isinstance(value, list):
        return None
    entries = {fields.selector(entry, keys): entry for entry in value}
    return entries if len(entries) == len(value) and "" not in entries else None


def _add(value: Any, name: str, path: str, found: _Found) -> None:
    """Note a field that was added; entries of lists and maps that others write to as well one by one."""
    entries = _index(value, name)
    if entries:
        found.made.append(path)
        for key, entry in entries.items():
            found.add(f"{path}/{patch.escape(key)}", entry)
    elif name in _SHARED_MAPS and isinstance(value, dict) and value:
        found.made.append(path)
        for key, inner in value.items():
            _add(inner, key, f"{path}/{patch.escape(key)}", found)
    else:
        found.add(path, value)


def _steps(path: str) -> list[str]:
    return [token.replace("~1", "/").replace("~0", "~") for token in path.split("/")[1:]]


def _step(node: Any, token: str, name: str) -> Any:
    """Return what stands at a token below a node; ``name`` is the field that holds the node."""
    if isinstance(node, dict):
        return node.get(token, ABSENT)
    if isinstance(node, list) and (keys := fields.MERGE_KEYS.get(name)):
        return next((entry for entry in node if fields.selector(entry, keys) == token), ABSENT)
    return ABSENT


def _lookup(value: Any, path: str) -> Any:
    node, name = value, ""
    for token in _steps(path):
        node, name = _step(node, token, name), token
    return node


def _holder(root: dict[str, Any], path: str) -> tuple[Any, str]:
    """Return the map or list that holds the last token of a path, and the token."""
    *way, last = _steps(path)
    return _lookup(root, "".join(f"/{patch.escape(token)}" for token in way)), last


def _remove(root: dict[str, Any], path: str) -> None:
    holder, token = _holder(root, path)
    if isinstance(holder, dict):
        holder.pop(token, None)
    elif isinstance(holder, list):
        entry = _lookup(root, path)
        holder[:] = [other for other in holder if other is not entry]


def _copy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copy(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_copy(inner) for inner in value]
    return value
