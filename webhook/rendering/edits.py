"""What is at rendered paths, in a form in which an edit shows and what others fill in does not."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from webhook import catalog, patch
from webhook.rendering import fields, filled_in, paths
from webhook.rendering.changes import Current

#: The longest path that is remembered, in characters; anybody may write a longer key.
_LONGEST_REMEMBERED = 200


def alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two pod templates, their records aside, differ only in what others fill in or leave out."""
    return filled_in.alike(one, other, "", "", unknown=True)


def comparable(current: Current, *, unknown: bool = False) -> list[tuple[str, Any]]:
    """Return what is at rendered paths in one form, whatever was filled in or left out; None where there is nothing.

    Args:
        current: what is there.
        unknown: whether fields count that this release does not know; if not, paths that lead through one are left out.
    """
    by_path = dict(current)
    found = []
    for path, now in current:
        key, holder, dropped = (_remembered_place if len(path) <= _LONGEST_REMEMBERED else _place)(path)
        if unknown or not dropped:
            kept = None if now is paths.ABSENT else filled_in.normal(now, key, holder, unknown=unknown)
            if key == "imagePullPolicy" and kept == filled_in.pull_policy(by_path.get(path.removesuffix("PullPolicy"))):
                kept = None
            found.append((path, kept))
    return found


def _place(path: str) -> tuple[str, str, bool]:
    """Return the key at the end of a path, the key before it, and whether what is there may be dropped."""
    tokens = patch.tokens(path)
    return tokens[-1], "".join(tokens[-2:-1]), may_be_dropped(tokens)


_remembered_place = lru_cache(maxsize=1024)(_place)  # all renderings of one runtime have the same few dozen paths


def carried_over(rendered: Mapping[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return a rendered pod template with what LeaderWorkerSet's webhook and CRD have filled in in the stored one.

    They would fill it in again; until then it would look like a difference.
    """
    found: dict[str, Any] = _carried_over(rendered, stored, "")
    return found


def _carried_over(value: Any, stored: Any, key: str) -> Any:
    if patch.same(value, stored):
        return value
    if isinstance(value, dict) and isinstance(stored, dict):
        found = {name: _carried_over(inner, stored.get(name), name) for name, inner in value.items()}
        missing = {name: inner for name, inner in stored.items() if name not in value}
        return found | {name: inner for name, inner in missing.items() if filled_in.by_the_crd(name, inner)}
    if isinstance(value, list) and isinstance(stored, list) and key in fields.MERGE_KEYS:
        items = dict(zip(fields.identities(stored, key), stored, strict=True))
        mine = fields.identities(value, key)
        return [_carried_over(item, items.get(identity), key) for identity, item in zip(mine, value, strict=True)]
    return value


def may_be_dropped(tokens: list[str]) -> bool:
    """Return whether a path leads through a field that is unknown, which an API server drops if it does not know it either."""
    if tokens[:1] == ["spec"] and len(tokens) > 1 and tokens[1] not in catalog.POD_SPEC:
        return True
    return any(
        field in catalog.ITEMS and inner not in catalog.ITEMS[field]
        for field, inner in zip(tokens, tokens[2:], strict=False)
    )
