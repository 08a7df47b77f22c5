"""The decision about a review as the server takes it, with the configuration that uses every rule of merging."""

from collections.abc import Callable
from pathlib import Path

from webhook import catalog, mutation, rendering, review
from webhook.settings import Settings

_CONFIGURATION = Path(__file__).parents[1] / "configuration"

#: Rows of one resource that only the labels of nodes tell apart.
_GPUS = """
gpu_configs:
  - {gpu_type: a, node_selector: {gpu: a}, gpu_resource_template_config: {gpu_per_node: {key: nvidia.com/gpu}}}
  - {gpu_type: b, node_selector: {gpu: b}, gpu_resource_template_config: {gpu_per_node: {key: nvidia.com/gpu}}}
"""


def decision() -> Callable[[bytes], review.Decision]:
    """Return what decides about a body."""
    documents = [
        catalog.Document(kind, f"{kind}.yaml", (_CONFIGURATION / f"{kind}.yaml").read_text(encoding="utf-8"))
        for kind in ("templates", "agent")
    ]
    documents.append(catalog.Document("gpu-configs", "gpu-configs.yaml", _GPUS))
    state = rendering.State(catalog.build(documents, None), Settings())
    return lambda body: review.decide(body, mutation.handle, state)
