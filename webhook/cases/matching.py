"""A rendered object, compared with the part of it that is expected (contract section 13).

Maps are compared by key, items of keyed lists by merge key, as merging tells them apart; everything else has to be equal. What is
not mentioned is not looked at. Two values have a meaning of their own: null stands for a field that is absent, and an empty list
for one that has no items.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import msgspec

from webhook import errors, jsonshape, patch, rendering
from webhook.catalog.report import Placed
from webhook.catalog.yaml.nodes import Node, YamlMapping, YamlSequence, is_null, plain

#: There is nothing.
ABSENT = msgspec.UNSET


class Failure(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that is not as a case expects.

    Attributes:
        path: below ``expect``, where it is expected: ``leader.image``.
        message: what is wrong.
        line, column: where in the test file it is expected.
        expected, found: what should be there and what is, as JSON; unset where there is nothing.
        remedy: what might be meant; empty if nothing suggests itself.
    """

    path: str
    message: str
    line: int
    column: int
    expected: Any = ABSENT
    found: Any = ABSENT
    remedy: str = ""


def failures(node: Node, found: Any, path: str, field: str = "") -> Iterator[Failure]:
    """Yield what is missing from a value, or different in it.

    Args:
        node: the expected part.
        found: the value; ``ABSENT`` if there is none.
        path: where it is, for messages.
        field: the key that holds it, which tells whether a list is keyed.
    """
    if is_null(node):
        if found is not ABSENT and found is not None:
            yield failure(node, path, "should be absent", found=found)
    elif isinstance(node, YamlMapping) and isinstance(found, dict):
        yield from _in_map(node, found, path)
    elif isinstance(node, YamlSequence) and rendering.fields.is_itemized(field) and node.items:
        yield from _in_list(node, found, path, field)
    elif isinstance(node, YamlSequence) and not node.items and found in (ABSENT, None):
        return
    elif found is ABSENT:
        yield failure(node, path, "is absent", plain(node))
    elif not patch.same(plain(node), found):
        yield failure(node, path, "is different", plain(node), found)


def failure(
    at: Placed, path: str, message: str, expected: Any = ABSENT, found: Any = ABSENT, remedy: str = ""
) -> Failure:
    """Return a failure at a place of the test file."""
    return Failure(path, message, at.line, at.column, expected, found, remedy)


def in_order_of(value: Any, model: Any) -> Any:
    """Return a value with the keys of its maps in the order of another value, its other keys last; for showing both side by side."""
    if isinstance(value, dict):
        known: Mapping[str, Any] = model if isinstance(model, dict) else {}
        names = [*(name for name in known if name in value), *(name for name in value if name not in known)]
        return {name: in_order_of(value[name], known.get(name)) for name in names}
    if isinstance(value, list):
        models = model if isinstance(model, list) else []
        return [in_order_of(item, models[at] if at < len(models) else None) for at, item in enumerate(value)]
    return value


def _in_map(node: YamlMapping, found: dict[str, Any], path: str, known: Collection[str] = ()) -> Iterator[Failure]:
    """Compare two maps, but for the keys that are known to fit: merge keys may be written in several ways."""
    for key, pair in node.pairs.items():
        if key in known:
            continue
        where = jsonshape.at(path, key)
        if key in found or isinstance(pair.node, YamlSequence) or is_null(pair.node):
            yield from failures(pair.node, found.get(key, ABSENT), where, key)
        else:
            near = errors.nearest(key, [other for other in found if other not in node.pairs])
            remedy = f'did you mean "{near}"?' if near else ""
            yield failure(pair, where, "is absent", plain(pair.node), remedy=remedy)


def _in_list(node: YamlSequence, found: Any, path: str, field: str) -> Iterator[Failure]:
    if not isinstance(found, list):
        yield failure(node, path, "is absent" if found is ABSENT else "is different", plain(node), found)
        return
    union = field in rendering.fields.UNIONS
    items: dict[str, Any] = {}
    for item in found:
        items.setdefault(rendering.fields.value(item, field) if union else rendering.fields.place(item, field), item)
    for index, expected in enumerate(node.items):
        value = plain(expected)
        if union:
            if rendering.fields.value(value, field) not in items:
                yield failure(expected, f"{path}[{index}]", "is not among the items", value, found)
            continue
        key = rendering.fields.place(value, field)
        if not key:
            keys = " and ".join(rendering.fields.MERGE_KEYS[field])
            message = f"cannot be looked for: the items of {field} are told apart by {keys}"
            yield failure(expected, f"{path}[{index}]", message, value, remedy=f"add {keys}")
        elif key in items:
            assert isinstance(expected, YamlMapping)
            yield from _in_map(expected, items[key], f"{path}[{key}]", rendering.fields.MERGE_KEYS[field])
        else:
            remedy = f"there are {errors.listed(items)}" if items else "the list is empty"
            yield failure(expected, f"{path}[{key}]", "is absent", value, remedy=remedy)
