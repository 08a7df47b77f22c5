"""Pods as the controllers of a cluster create them: of ReplicaSets, and of indexed Jobs."""

import hashlib
import uuid
from typing import Any, NamedTuple

CONTROLLERS = 50
"""Every fifth is an indexed Job. Their pods are created in turn."""

_SPACE = uuid.UUID("6ba7b812-9dad-11d1-80b4-00c04fd430c8")  # of RFC 9562, for names of this kind


class _Owner(NamedTuple):
    api_version: str
    kind: str
    name: str

    @property
    def uid(self) -> str:
        return str(uuid.uuid5(_SPACE, self.name))

    def reference(self) -> dict[str, Any]:
        return {
            "apiVersion": self.api_version,
            "kind": self.kind,
            "name": self.name,
            "uid": self.uid,
            "controller": True,
            "blockOwnerDeletion": True,
        }


def pod(number: int) -> dict[str, Any]:
    """Return one of the pods, as its controller sends it to the API server."""
    turn, controller = divmod(number, CONTROLLERS)
    return _of_a_job(controller, turn) if controller % 5 == 4 else _of_a_replica_set(controller)


def _of_a_replica_set(controller: int) -> dict[str, Any]:
    name = f"engine-{controller:02}"
    template_hash = hashlib.sha1(name.encode()).hexdigest()[:9]
    owner = _Owner("apps/v1", "ReplicaSet", f"{name}-{template_hash}")
    metadata = {
        "generateName": f"{owner.name}-",
        "labels": {**_labels(name), "app": name, "pod-template-hash": template_hash},
        "ownerReferences": [owner.reference()],
    }
    return _pod(metadata, _container(controller), restartPolicy="Always")


def _of_a_job(controller: int, index: int) -> dict[str, Any]:
    owner = _Owner("batch/v1", "Job", f"batch-{controller:02}")
    completion = "batch.kubernetes.io/job-completion-index"
    metadata = {
        "generateName": f"{owner.name}-{index}-",
        "labels": {
            **_labels(owner.name),
            "batch.kubernetes.io/controller-uid": owner.uid,
            "batch.kubernetes.io/job-name": owner.name,
            "controller-uid": owner.uid,
            "job-name": owner.name,
            completion: str(index),
        },
        "annotations": {completion: str(index)},
        "ownerReferences": [owner.reference()],
        "finalizers": ["batch.kubernetes.io/job-tracking"],
    }
    container = _container(controller)
    field = {"fieldRef": {"fieldPath": f"metadata.labels['{completion}']"}}
    container["env"] = [*container["env"], {"name": "JOB_COMPLETION_INDEX", "valueFrom": field}]
    return _pod(metadata, container, restartPolicy="Never", hostname=f"{owner.name}-{index}")


def _labels(name: str) -> dict[str, str]:
    return {"hydra.io/runtime": "vllm-cpu", "hydra.io/model-id": f"model-of-{name}"}


def _container(controller: int) -> dict[str, Any]:
    asked = {"cpu": "2", "memory": "8Gi"}
    return {
        "name": "main",
        "image": "auto",
        "args": ["--max-model-len", str(1024 * (controller + 1))],
        "env": [{"name": "TEAM", "value": f"team-{controller % 7}"}],
        "resources": {"limits": asked, "requests": asked},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "Always",
    }


def _pod(metadata: dict[str, Any], container: dict[str, Any], **spec: Any) -> dict[str, Any]:
    """Return a pod with the defaults that its template got when it was stored."""
    defaults = {
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "securityContext": {},
        "schedulerName": "default-scheduler",
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {"containers": [container], **spec, **defaults},
    }
