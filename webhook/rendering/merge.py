"""Merging: the workload wins, then the agent entry, then the runtime template (contract section 7).

Every function returns a new map and shares with its arguments what it did not change; arguments are never modified.
"""

from collections.abc import Callable, Mapping
from typing import Any

from webhook import catalog, jsonshape
from webhook.rendering import env, fields

_NOTHING: Mapping[str, Any] = {}

#: Container fields with rules of their own.
_APART = frozenset({"name", "image", "imagePullPolicy"})

_STRINGS = jsonshape.ListOf(str)
_MAPS = jsonshape.ListOf(jsonshape.MapOf())

#: Lists of capabilities, and the list that must not have the same ones.
_OPPOSITES = {"add": "drop", "drop": "add"}


def container(own: Mapping[str, Any], other: Mapping[str, Any], *, is_pod: bool, path: str) -> dict[str, Any]:
    """Merge Container fields into a container, which wins.

    Args:
        own: the container.
        other: the fields to add; its ``image`` and ``imagePullPolicy`` are ignored (see ``image.fill``).
        is_pod: whether the container is that of a Pod at admission, where a value that equals the API server's
            default counts as absent.
        path: of the container, for messages.

    Raises:
        errors.Malformed: the container has a scalar where ``other`` has a map or list.
    """
    added = {key: value for key, value in other.items() if key not in _APART}
    return _merge(own, added, fields.CONTAINER_DEFAULTS if is_pod else _NOTHING, is_pod=is_pod, path=path)


def pod_spec(own: Mapping[str, Any], other: Mapping[str, Any], *, is_pod: bool, path: str) -> dict[str, Any]:
    """Merge PodSpec fields into a pod spec, which wins; a Pod never gets those that admission has acted on already.

    Raises:
        errors.Malformed: as :func:`container`.
    """
    if is_pod:
        other = {key: value for key, value in other.items() if key not in catalog.SETTLED_ON_PODS}
    return _merge(own, other, fields.POD_DEFAULTS if is_pod else _NOTHING, is_pod=is_pod, path=path)


def layers(upper: Mapping[str, Any], lower: Mapping[str, Any]) -> Mapping[str, Any]:
    """Merge one layer of the configuration over another; loading has checked the types of all known fields in both.

    Raises:
        errors.Malformed: an unknown field is a map or list in one of them, and of another type in the other.
    """
    return _merge(upper, lower, _NOTHING, is_pod=False, path="")


def _merge(
    own: Mapping[str, Any], other: Mapping[str, Any], defaults: Mapping[str, Any], *, is_pod: bool, path: str
) -> dict[str, Any]:
    merged = dict(own)
    for key, value in other.items():
        mine = own.get(key)
        if value is None or mine is value:
            continue
        where = jsonshape.at(path, key)
        if isinstance(value, list) and fields.is_itemized(key):
            jsonshape.check(mine, _STRINGS if key in fields.CAPABILITIES else _MAPS, where)
            merged[key] = _listed(mine or [], value, key)
        elif mine is None or (key in defaults and mine == defaults[key]):
            merged[key] = value
        elif isinstance(value, dict) and key not in fields.WHOLE:
            merged[key] = _map(jsonshape.mapping(mine, where), value, key, is_pod=is_pod, path=where)
    return merged


def _map(own: Mapping[str, Any], other: Mapping[str, Any], key: str, *, is_pod: bool, path: str) -> dict[str, Any]:
    alternatives = fields.ONE_OF.get(key, frozenset())
    if alternatives & own.keys():
        other = {name: value for name, value in other.items() if name in own or name not in alternatives}
    if key == "capabilities":
        other = _undecided(own, other)
    defaults = fields.NESTED_DEFAULTS.get(key, _NOTHING) if is_pod else _NOTHING
    return _merge(own, other, defaults, is_pod=is_pod, path=path)


def _undecided(own: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Return the other capabilities without those that the own ones drop or add by name."""
    found = dict(other)
    for key, opposite in _OPPOSITES.items():
        decided, wanted = own.get(opposite), other.get(key)
        if isinstance(decided, list) and isinstance(wanted, list):
            names = {name for name in decided if type(name) is str}
            found[key] = [name for name in wanted if name not in names] or None
    return found


def _name(item: str, _: str) -> str:
    return item


def _listed(own: list[Any], other: list[Any], field: str) -> list[Any]:
    """Return the own items, and those of the other list that are not among them: by merge key, or in a union by value."""
    told_apart_by: Callable[[Any, str], str] = fields.value if field in fields.UNIONS else fields.place
    if field in fields.CAPABILITIES:
        told_apart_by = _name
    taken = {told_apart_by(item, field) for item in own}
    new = []
    for item in other:
        key = told_apart_by(item, field)
        if key not in taken:
            taken.add(key)
            new.append(item)
    if not new:
        return own
    if field == "env":
        return env.merged(own, new)
    return [*new, *own] if field in fields.PREPENDED else [*own, *new]
