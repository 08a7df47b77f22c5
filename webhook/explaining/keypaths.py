"""Keys and positions that lead to a value, and the key paths by which messages write them."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from webhook.rendering import fields

Keys: TypeAlias = tuple[str | int, ...]
"""What leads from a value to one inside it."""


def path(keys: Sequence[str | int]) -> str:
    """Return keys and positions as messages write them: ``spec.containers[0].env``."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys).removeprefix(".")


def keys(key_path: str) -> Iterator[str | int]:
    """Yield the keys and positions of a key path, of which no key has a dot or bracket in it."""
    for part in key_path.split("."):
        key, *positions = part.replace("]", "").split("[")
        yield key
        yield from (int(position) for position in positions if position.isdecimal())


def at(value: Any, keys: Sequence[str | int]) -> Any:
    """Return what is at some keys of a value; None if nothing is."""
    for key in keys:
        if isinstance(value, dict) and isinstance(key, str):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int) and key < len(value):
            value = value[key]
        else:
            return None
    return value


def positions(value: Any, keys: Sequence[str | int], items: Sequence[str]) -> Keys:
    """Return the keys by which a value has what another one, which was merged from it, has at some keys.

    Args:
        value: the value, whose lists may have positions of their own.
        keys: those of the other one.
        items: what identifies the items of keyed lists on the way, such as ``name=HF_HOME``.
    """
    left, name = list(items), ""
    found: list[str | int] = []
    for key in keys:
        is_keyed = isinstance(key, int) and fields.is_itemized(name)
        found.append(_position(value, name, left.pop(0)) if is_keyed else key)
        value = at(value, found[-1:])
        name = key if isinstance(key, str) else name
    return tuple(found)


def _position(value: Any, name: str, identity: str) -> int:
    """Return where a list has the item with an identity; its length if it has none, or several, which cannot be told apart."""
    items = value if isinstance(value, list) else []
    found = [at for at, item in enumerate(items) if fields.identity(item, name) == identity]
    return found[0] if len(found) == 1 else len(items)
