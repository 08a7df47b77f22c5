"""What rendering changed in a pod template, in a form that can be undone later, after others have changed it as well."""

from collections.abc import Mapping
from typing import Any

import msgspec

from webhook import patch
from webhook.rendering import fields, paths
from webhook.rendering.paths import ABSENT

#: Maps that others write to as well, so that their keys are recorded one by one.
_SHARED_MAPS = frozenset({"metadata", "labels", "annotations", "securityContext", "capabilities"})


#: What has to be copied; scalars do not.
_HOLDERS = frozenset({dict, list})


class Changes(msgspec.Struct, frozen=True):
    """How to undo a rendering. Paths are those of :mod:`webhook.rendering.paths`.

    Attributes:
        added: paths of what was not there before, sorted.
        made: paths of maps and lists that were created to hold what others may add to as well; each is removed once it
            is empty again.
        replaced: by path, what was there before.
    """

    added: tuple[str, ...] = ()
    made: tuple[str, ...] = ()
    replaced: Mapping[str, Any] = msgspec.field(default_factory=dict)

    @property
    def paths(self) -> list[str]:
        """Return every changed path, sorted."""
        return sorted([*self.added, *self.replaced])


#: What is at each changed path, sorted by path; ABSENT where there is nothing.
Current = list[tuple[str, Any]]


def between(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Changes, Current]:
    """Return what leads from ``after`` back to ``before``, and what :func:`current` returns for ``after``."""
    found = _Found()
    _compare_maps(before, after, "", found)
    changes = Changes(tuple(sorted(found.added)), tuple(sorted(found.made)), found.replaced)
    return changes, sorted(found.now.items())


def undo(value: Mapping[str, Any], changes: Changes) -> dict[str, Any]:
    """Return the value with the changes undone. Paths that no longer exist are skipped."""
    root: dict[str, Any] = copied(value)
    finder = paths.Finder(root)
    doomed: dict[int, tuple[list[Any], set[int]]] = {}  # by list, the positions to empty, all at once in the end
    for path in changes.added:
        holder, key = finder.holder(path)
        if isinstance(holder, dict):
            holder.pop(key, None)
        elif isinstance(holder, list) and isinstance(key, int):
            doomed.setdefault(id(holder), (holder, set()))[1].add(key)
    for holder, positions in doomed.values():
        holder[:] = [item for at, item in enumerate(holder) if at not in positions]
    for path in sorted(changes.made, reverse=True):  # inner ones first
        holder, key = finder.holder(path)
        if isinstance(holder, dict) and not holder.get(key, ABSENT):
            del holder[key]
    for path, original in changes.replaced.items():
        holder, key = finder.holder(path)
        if isinstance(holder, dict):
            holder[key] = copied(original)  # a later path may lead into it
    return root


def current(value: Mapping[str, Any], changes: Changes) -> Current:
    """Return what is now at every changed path."""
    finder = paths.Finder(value)
    return [(path, finder.find(path)) for path in changes.paths]


class _Found(msgspec.Struct):
    """The changes found so far, and what is at the changed paths."""

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
        elif not _compare_items(old, value, key, place, found) and not patch.same(old, value):
            found.replace(place, old, value)
    if common < len(before):
        for key in before.keys() - after.keys():
            found.replace(f"{path}/{patch.escape(key)}", before[key], ABSENT)


def _compare_items(before: Any, after: Any, name: str, path: str, found: _Found) -> bool:
    """Compare two lists item by item; return False if they can only be replaced as a whole."""
    if not isinstance(before, list) or not isinstance(after, list):
        return False
    compare = _compare_unions if name in fields.UNIONS else _compare_keyed
    return compare(before, after, name, path, found)


def _compare_keyed(before: list[Any], after: list[Any], name: str, path: str, found: _Found) -> bool:
    old, new = _index(before, name), _index(after, name)
    if old is None or new is None or [key for key in new if key in old] != list(old):
        return False
    for key, item in new.items():
        if key not in old:
            found.add(f"{path}/{patch.escape(key)}", item)
        elif old[key] is not item:
            _compare_maps(old[key], item, f"{path}/{patch.escape(key)}", found)
    return True


def _compare_unions(before: list[Any], after: list[Any], name: str, path: str, found: _Found) -> bool:
    """Compare two unions, of which the second has the items of the first in their order, and others between them."""
    kept, new = 0, []
    for item in after:
        if kept < len(before) and patch.same(before[kept], item):
            kept += 1
        else:
            new.append(item)
    added = _index(new, name)
    if kept < len(before) or added is None:
        return False
    if added and not added.keys().isdisjoint(fields.value(item, name) for item in before):
        return False
    for key, item in added.items():
        found.add(f"{path}/{patch.escape(key)}", item)
    return True


def _index(value: Any, name: str) -> dict[str, Any] | None:
    """Return the items of a list by merge key or value; None if some item has none, or not one of its own."""
    if not isinstance(value, list) or not fields.is_itemized(name):
        return None
    items = dict(zip(fields.identities(value, name), value, strict=True))
    return items if len(items) == len(value) and "" not in items else None


def _add(value: Any, name: str, path: str, found: _Found) -> None:
    """Note a field that was added; what is in lists and maps that others write to as well is noted item by item."""
    items = _index(value, name)
    if items:
        found.made.append(path)
        for key, item in items.items():
            found.add(f"{path}/{patch.escape(key)}", item)
    elif name in _SHARED_MAPS and isinstance(value, dict) and value:
        found.made.append(path)
        for key, inner in value.items():
            _add(inner, key, f"{path}/{patch.escape(key)}", found)
    else:
        found.add(path, value)


def copied(value: Any) -> Any:
    """Return a copy of a JSON value, of which nothing is shared."""
    if isinstance(value, dict):
        return {key: copied(inner) if type(inner) in _HOLDERS else inner for key, inner in value.items()}
    if isinstance(value, list):
        return [copied(inner) if type(inner) in _HOLDERS else inner for inner in value]
    return value
