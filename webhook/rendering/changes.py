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
    finder = _Finder(root)
    doomed: dict[int, tuple[list[Any], set[int]]] = {}  # by list, the entries to remove, all at once in the end
    for path in changes.added:
        holder, token = finder.holder(path)
        if isinstance(holder, dict):
            holder.pop(token, None)
        elif isinstance(holder, list):
            _, entries = doomed.setdefault(id(holder), (holder, set()))
            entries.add(id(finder.find(path)))
    for holder, entries in doomed.values():
        holder[:] = [entry for entry in holder if id(entry) not in entries]
    for path in sorted(changes.made, reverse=True):  # the inner ones first
        holder, token = finder.holder(path)
        if isinstance(holder, dict) and not holder.get(token, ABSENT):
            del holder[token]
    for path, original in changes.replaced.items():
        holder, token = finder.holder(path)
        if isinstance(holder, dict):
            holder[token] = original
    return root


def current(value: Mapping[str, Any], changes: Changes) -> Current:
    """Return what now stands at every changed path."""
    finder = _Finder(value)
    return [(path, finder.find(path)) for path in sorted([*changes.added, *changes.replaced])]


class _Finder:
    """Finds what stands at paths below a value; looks through each keyed list once, however many paths there are."""

    def __init__(self, root: Any) -> None:
        self._root = root
        self._indexes: dict[int, dict[str, Any]] = {}

    def find(self, path: str) -> Any:
        """Return what stands at a path, or ABSENT."""
        return self._walk(patch.tokens(path))

    def holder(self, path: str) -> tuple[Any, str]:
        """Return the map or list that holds the last token of a path, and the token."""
        *way, last = patch.tokens(path)
        return self._walk(way), last

    def _walk(self, tokens: list[str]) -> Any:
        node, name = self._root, ""
        for token in tokens:
            if isinstance(node, dict):
                node = node.get(token, ABSENT)
            elif isinstance(node, list) and name in fields.MERGE_KEYS:
                node = self._index(node, fields.MERGE_KEYS[name]).get(token, ABSENT)
            else:
                return ABSENT
            name = token
        return node

    def _index(self, entries: list[Any], keys: tuple[str, ...]) -> dict[str, Any]:
        index = self._indexes.get(id(entries))
        if index is None:
            # reversed, so that of entries with one key the first is found
            index = {fields.selector(entry, keys): entry for entry in reversed(entries)}
            self._indexes[id(entries)] = index
        return index


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


def _copy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copy(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_copy(inner) for inner in value]
    return value
