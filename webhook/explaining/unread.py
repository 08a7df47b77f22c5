"""Labels and annotations of ours that say nothing where they are: pods get only those of their pod template."""

from collections.abc import Mapping
from typing import Any

from webhook import workload

#: The object of a CronJob that its pod template is in has metadata of its own.
_HOLDERS: dict[str, tuple[str, ...]] = {"CronJob": ("spec", "jobTemplate")}

_OURS = workload.LABELS | workload.ANNOTATIONS


def of(value: Mapping[str, Any], object_kind: workload.GroupVersionKind) -> tuple[str, ...]:
    """Return our labels and annotations in the metadata of an object of which the pods are rendered one by one."""
    holders: list[Any] = [value]
    holder: Any = value
    for key in _HOLDERS.get(object_kind[2], ()):
        holder = _inner(holder, key)
    holders.append(holder)
    found = {key for one in holders for name in ("labels", "annotations") for key in _keys(one, name)}
    return tuple(sorted(found & _OURS))


def _keys(holder: Any, name: str) -> set[str]:
    values = _inner(_inner(holder, "metadata"), name)
    return {key for key in values if isinstance(key, str)} if isinstance(values, dict) else set()


def _inner(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None
