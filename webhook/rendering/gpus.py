"""Which GPU type the inference container asks for, and how many GPUs (contract section 6)."""

from typing import Any

import msgspec

from webhook import catalog, errors, workload
from webhook.rendering import quantities
from webhook.rendering.containers import InferenceContainer

#: The GPU type of a container that asks for no GPU.
CPU = "cpu"

#: More GPUs than any node has; a larger amount is a mistake.
_MOST_GPUS = 10**6


class Request(msgspec.Struct, frozen=True):
    """What the inference container asks for.

    Attributes:
        types: the GPU types that fit, the likeliest first; never empty.
        count: how many GPUs it asks for.
        rows: the rows of the GPU table whose resource it asks for.
    """

    types: tuple[str, ...]
    count: int = 0
    rows: tuple[catalog.GpuType, ...] = ()


def request(
    declaration: workload.Declaration, container: InferenceContainer, table: tuple[catalog.GpuType, ...]
) -> Request:
    """Return what the inference container asks for; the annotation overrides the type, not the count.

    Args:
        declaration: what the pod template declares.
        container: the inference container.
        table: the GPU table in order of precedence.

    Raises:
        errors.Denied: the amount is not a whole number.
    """
    asked = _amounts(container)
    rows = tuple(row for row in table if row.resource in asked)
    if not rows:
        return Request((declaration.gpu_type or CPU,))
    annotated = [row for row in rows if row.name == declaration.gpu_type]
    resource = (annotated or rows)[0].resource
    count = _whole(asked[resource], resource, container.path)
    if declaration.gpu_type:
        return Request((declaration.gpu_type,), count, rows)
    return Request(tuple(row.name for row in rows if row.resource == resource), count, rows)


def _amounts(container: InferenceContainer) -> dict[str, Any]:
    """Return what a container asks for by resource: its limits over its requests, without amounts of 0."""
    resources = container.value.get("resources") or {}
    asked = {**(resources.get("requests") or {}), **(resources.get("limits") or {})}
    return {name: amount for name, amount in asked.items() if quantities.parse(amount) != 0}


def _whole(amount: Any, resource: str, path: str) -> int:
    number = quantities.parse(amount)
    if number is None or not 1 <= number <= _MOST_GPUS or number != int(number):
        message = f"{path}.resources: {resource} is {errors.shown(amount)}; it must be a whole number of GPUs"
        raise errors.Denied("invalid-gpu-count", message)
    return int(number)
