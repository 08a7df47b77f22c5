"""Workloads as they are stored, bare and rendered, and configurations."""

from typing import Any

from webhook import catalog, mutation, rendering, workload
from webhook.settings import Settings

TEMPLATES = """
templates:
- runtime: vllm-cpu
  podTemplate: {containerTemplate: {commandTemplate: [serve]}}
- runtime: plain
  podTemplate: {containerTemplate: {commandTemplate: [run]}}
"""
AGENT = """
deployment_templates:
- {match_runtimes: [vllm-cpu], match_gpu_types: [cpu], container_template: {image: 'engine:1'}}
- {match_runtimes: [vllm-cpu], match_gpu_types: [nvidia-gpu], container_template: {image: 'gpu-engine:1'}}
"""


def snapshot(templates: str = TEMPLATES, agent: str = AGENT) -> catalog.Snapshot:
    documents = [catalog.Document("templates", "t.yaml", templates), catalog.Document("agent", "a.yaml", agent)]
    return catalog.build(documents, None)


def pod(name: str = "one", namespace: str = "default", runtime: str = "vllm-cpu") -> dict[str, Any]:
    labels = {"hydra.io/runtime": runtime, "hydra.io/model-id": "m"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {"containers": [{"name": "main", "image": "auto"}]},
    }


def group(name: str = "fleet", size: int = 2) -> dict[str, Any]:
    return {
        "apiVersion": "leaderworkerset.x-k8s.io/v1",
        "kind": "LeaderWorkerSet",
        "metadata": pod(name)["metadata"],
        "spec": {"leaderWorkerTemplate": {"size": size, "workerTemplate": {"spec": pod()["spec"]}}},
    }


def rendered(item: dict[str, Any], by: catalog.Snapshot | None = None) -> dict[str, Any]:
    """Return an object as the webhook stores it, by default with the configuration above."""
    object_kind = workload.POD if item["kind"] == "Pod" else workload.LEADER_WORKER_SET
    state = rendering.State(by or snapshot(), Settings())
    return dict(mutation.mutate(item, object_kind, state, namespace="default").value)
