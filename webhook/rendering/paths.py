"""Paths into a pod template that survive insertions: ``/spec/containers/name=main/image``.

A path consists of map keys and, inside keyed lists, merge keys, escaped as in JSON Pointer (RFC 6901). So it still points
at the same place after someone else has put an item in front of it.
"""

from typing import Any

from webhook import patch
from webhook.rendering import fields

#: Returned where a path leads nowhere; None is what it returns for null.
ABSENT = object()


class Finder:
    """Finds what is at paths below a value; each keyed list is searched only once, however many paths there are."""

    def __init__(self, root: Any) -> None:
        self._root = root
        # by id of the list, with the list itself: as long as it is held here, no other list can get its id
        self._indexes: dict[int, tuple[list[Any], dict[str, Any]]] = {}

    def find(self, path: str) -> Any:
        """Return what is at a path, or ABSENT."""
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

    def _index(self, items: list[Any], keys: tuple[str, ...]) -> dict[str, Any]:
        known = self._indexes.get(id(items))
        if known is None:
            # reversed, so that the first of several items with one key is found
            known = items, {fields.selector(item, keys): item for item in reversed(items)}
            self._indexes[id(items)] = known
        return known[1]
