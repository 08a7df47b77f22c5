"""Small objects to create."""

from typing import Any

Object = dict[str, Any]

POD = {"containers": [{"name": "main", "image": "example.com/image:1"}]}


def deployment(name: str, namespace: str) -> Object:
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": POD}},
    }


def job(name: str, namespace: str) -> Object:
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"template": {"spec": {**POD, "restartPolicy": "Never"}}},
    }
