"""Paths into a pod template that survive insertions: ``/spec/containers/name=main/image``.

A path consists of map keys and, inside keyed lists, merge keys, escaped as in JSON Pointer (RFC 6901). So it still points
at the same place after someone else has put an item in front of it. Inside unions, whose items have no merge key, it
has the item itself as JSON (:func:`fields.value`): ``/spec/tolerations/{"key":"gpu","operator":"Exists"}``.
"""

from typing import Any

from webhook import patch
from webhook.rendering import fields

#: Returned where a path leads nowhere; None is what it returns for null.
ABSENT = object()


class Finder:
    """Finds what is at paths below a value; each list is searched only once, however many paths there are."""

    def __init__(self, root: Any) -> None:
        self._root = root
        # by id of the list, with the list itself: as long as it is held here, no other list can get its id
        self._indexes: dict[int, tuple[list[Any], dict[str, tuple[int, Any]]]] = {}

    def find(self, path: str) -> Any:
        """Return what is at a path, or ABSENT."""
        return self._walk(patch.tokens(path))[0]

    def holder(self, path: str) -> tuple[Any, str | int | None]:
        """Return the map or list that holds what is at a path, and its key or position there.

        A map may not have the key yet. The position is that from when the list was first searched; None if it is not there.
        """
        *way, last = patch.tokens(path)
        node, name = self._walk(way)
        if isinstance(node, list) and fields.is_itemized(name):
            return node, self._index(node, name).get(last, (None, ABSENT))[0]
        return node, last

    def _walk(self, tokens: list[str]) -> tuple[Any, str]:
        """Return what tokens lead to, and the last of them."""
        node, name = self._root, ""
        for token in tokens:
            if isinstance(node, dict):
                node = node.get(token, ABSENT)
            elif isinstance(node, list) and fields.is_itemized(name):
                node = self._index(node, name).get(token, (None, ABSENT))[1]
            else:
                return ABSENT, token
            name = token
        return node, name

    def _index(self, items: list[Any], field: str) -> dict[str, tuple[int, Any]]:
        known = self._indexes.get(id(items))
        if known is None:
            index: dict[str, tuple[int, Any]] = {}
            for at, identity in enumerate(fields.identities(items, field)):
                index.setdefault(identity, (at, items[at]))  # of several items with one key, the first
            known = self._indexes[id(items)] = items, index
        return known[1]
