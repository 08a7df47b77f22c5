"""Merging: the workload wins, then the agent entry, then the template (contract section 7).

Every function returns a new map and shares with its arguments what it did not change; arguments are never modified.
"""

from collections.abc import Mapping
from typing import Any

from webhook import catalog, patch, workload
from webhook.rendering import containers, fields

_NOTHING: Mapping[str, Any] = {}


def container(own: Mapping[str, Any], other: Mapping[str, Any], *, is_pod: bool) -> dict[str, Any]:
    """Merge Container fields into a container that wins.

    Args:
        own: the container.
        other: fields to add; ``image`` and ``imagePullPolicy`` are left to :func:`image`.
        is_pod: ``own`` is of a Pod at admission, where a value that equals the API server's default counts as absent.
    """
    added = {key: value for key, value in other.items() if key not in ("name", "image", "imagePullPolicy")}
    return _merge(
        own, added, fields.CONTAINER_DEFAULTS if is_pod else _NOTHING, is_pod=is_pod, path="inference container"
    )


def image(own: Mapping[str, Any], other: Mapping[str, Any], *, is_pod: bool) -> dict[str, Any]:
    """Return a container whose placeholder image, if it has one, is replaced, with the pull policy that follows.

    The API server gives a placeholder on a Pod ``imagePullPolicy: Always``. Replaced, the policy of ``other`` is set;
    without one the field is removed and the API server fills in what the real image deserves.
    """
    merged = dict(own)
    policy = other.get("imagePullPolicy")
    if containers.is_placeholder(own.get("image")) and other.get("image"):
        merged["image"] = other["image"]
        if is_pod and own.get("imagePullPolicy") == "Always":
            del merged["imagePullPolicy"]
    if policy is not None and merged.get("imagePullPolicy") is None:
        merged["imagePullPolicy"] = policy
    return merged


def pod_spec(own: Mapping[str, Any], other: Mapping[str, Any], *, is_pod: bool) -> dict[str, Any]:
    """Merge PodSpec fields into a pod spec that wins; on a Pod those on which admission has acted are left out."""
    if is_pod:
        other = {key: value for key, value in other.items() if key not in catalog.SETTLED_ON_PODS}
    return _merge(own, other, fields.POD_DEFAULTS if is_pod else _NOTHING, is_pod=is_pod, path="spec")


def layers(upper: Mapping[str, Any], lower: Mapping[str, Any]) -> dict[str, Any]:
    """Merge the agent entry's Container fields over the template's, both bare configuration."""
    merged = _merge(upper, lower, _NOTHING, is_pod=False, path="inference container")
    if not containers.is_placeholder(upper.get("image")):
        return merged
    return {**merged, "image": lower["image"]} if lower.get("image") else merged


def _merge(
    own: Mapping[str, Any], other: Mapping[str, Any], defaults: Mapping[str, Any], *, is_pod: bool, path: str
) -> dict[str, Any]:
    merged = dict(own)
    for key, value in other.items():
        mine = own.get(key)
        if value is None or mine is value:
            continue
        place = f"{path}.{key}"
        if key in fields.MERGE_KEYS and isinstance(value, list):
            merged[key] = _keyed(workload.entries(mine, place), value, key)
        elif key in fields.UNIONS and isinstance(value, list):
            merged[key] = _union(workload.entries(mine, place), value)
        elif mine is None or (key in defaults and mine == defaults[key]):
            merged[key] = value
        elif isinstance(value, dict) and key not in fields.WHOLE:
            merged[key] = _map(workload.mapping(mine, place), value, key, is_pod=is_pod, path=place)
    return merged


def _map(own: Mapping[str, Any], other: Mapping[str, Any], key: str, *, is_pod: bool, path: str) -> dict[str, Any]:
    alternatives = fields.ONE_OF.get(key, frozenset())
    if alternatives & own.keys():
        other = {name: value for name, value in other.items() if name in own or name not in alternatives}
    defaults = fields.NESTED_DEFAULTS.get(key, _NOTHING) if is_pod else _NOTHING
    return _merge(own, other, defaults, is_pod=is_pod, path=path)


def _keyed(own: list[dict[str, Any]], other: list[Any], field: str) -> list[Any]:
    """Return the own entries and those of the other list whose merge key they lack."""
    keys = fields.MERGE_KEYS[field]
    taken = {fields.selector(entry, keys) for entry in own}
    new = []
    for entry in other:
        key = fields.selector(entry, keys)
        if key not in taken:
            taken.add(key)
            new.append(entry)
    if not new:
        return own
    return [*new, *own] if field in fields.PREPENDED else [*own, *new]


def _union(own: list[dict[str, Any]], other: list[Any]) -> list[Any]:
    new = [entry for entry in other if not any(patch.same(entry, mine) for mine in own)]
    return [*own, *new] if new else own
