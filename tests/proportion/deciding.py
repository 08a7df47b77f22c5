"""The decision about a review as the server takes it, with the configuration that uses every rule of merging."""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from webhook import catalog, errors, mutation, rendering, review, workload
from webhook.rendering import fields, record, revision
from webhook.settings import Settings

_CONFIGURATION = Path(__file__).parents[1] / "configuration"

#: Rows of one resource that only the labels of nodes tell apart.
_GPUS = """
gpu_configs:
  - {gpu_type: a, node_selector: {gpu: a}, gpu_resource_template_config: {gpu_per_node: {key: nvidia.com/gpu}}}
  - {gpu_type: b, node_selector: {gpu: b}, gpu_resource_template_config: {gpu_per_node: {key: nvidia.com/gpu}}}
"""


@functools.cache
def state() -> rendering.State:
    """Return the configuration and settings."""
    documents = [
        catalog.Document(kind, f"{kind}.yaml", (_CONFIGURATION / f"{kind}.yaml").read_text(encoding="utf-8"))
        for kind in ("templates", "agent")
    ]
    documents.append(catalog.Document("gpu-configs", "gpu-configs.yaml", _GPUS))
    return rendering.State(catalog.build(documents, None), Settings())


def decide(body: bytes) -> review.Decision:
    """Decide about a body."""
    return review.decide(body, mutation.handle, state())


def decide_first(body: bytes) -> review.Decision:
    """Decide about a body as if it were the first of its kind: what earlier decisions left in memory is forgotten."""
    for module in (fields, record, revision):
        for remembered in vars(module).values():
            if isinstance(remembered, functools._lru_cache_wrapper):
                remembered.cache_clear()
    return decide(body)


def rendered(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a Pod or LeaderWorkerSet as it is stored once it has been created; as it is if it is denied.

    Raises:
        errors.TooLarge: it is denied because of its size, so that nothing like it is ever stored.
    """
    object_kind = workload.POD if value["kind"] == "Pod" else workload.LEADER_WORKER_SET
    try:
        return mutation.mutate(value, object_kind, state(), namespace="ns").value
    except errors.TooLarge:
        raise
    except errors.Denied:
        return value
