"""Small objects to create, and the paths of objects in the API."""

from typing import Any

Object = dict[str, Any]

PLURALS = {
    "ConfigMap": "configmaps",
    "Secret": "secrets",
    "Namespace": "namespaces",
    "MutatingWebhookConfiguration": "mutatingwebhookconfigurations",
}
"""The kinds that tests write by path."""


def path_of(item: Object) -> str:
    """Return the path of an object in the API; an empty string if its kind is not in `PLURALS`."""
    if (plural := PLURALS.get(item["kind"])) is None:
        return ""
    version, metadata = item["apiVersion"], item["metadata"]
    api = f"/apis/{version}" if "/" in version else f"/api/{version}"
    namespace = f"/namespaces/{metadata['namespace']}" if "namespace" in metadata else ""
    return f"{api}{namespace}/{plural}/{metadata['name']}"


def pod_spec(**more: Any) -> Object:
    return {"containers": [{"name": "main", "image": "example.com/image:1"}], **more}


def deployment(name: str, namespace: str) -> Object:
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod_spec()}},
    }


def job(name: str, namespace: str) -> Object:
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"template": {"spec": pod_spec(restartPolicy="Never")}},
    }


def leader_worker_set(name: str, namespace: str, *, size: int = 2, replicas: int = 1) -> Object:
    return {
        "apiVersion": "leaderworkerset.x-k8s.io/v1",
        "kind": "LeaderWorkerSet",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"replicas": replicas, "leaderWorkerTemplate": {"size": size, "workerTemplate": {"spec": pod_spec()}}},
    }
