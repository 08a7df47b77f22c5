"""The objects that the stand-in for the LeaderWorkerSet controller creates and changes. Its process is in `lws`."""

import hashlib
import json
from datetime import UTC, datetime

from tests.controlplane.objects import Object

DOMAIN = "leaderworkerset.sigs.k8s.io"
NAME = f"{DOMAIN}/name"
GROUP_INDEX = f"{DOMAIN}/group-index"
GROUP_KEY = f"{DOMAIN}/group-key"
WORKER_INDEX = f"{DOMAIN}/worker-index"
REVISION = f"{DOMAIN}/template-revision-hash"
SIZE = f"{DOMAIN}/size"
REPLICAS = f"{DOMAIN}/replicas"
LEADER_NAME = f"{DOMAIN}/leader-name"


# Changes by the webhooks


def default_set(workloads: Object) -> None:
    """Fill in the defaults that are not in the CRD, and the empty values that the real controller writes."""
    spec = workloads["spec"]
    spec.setdefault("networkConfig", {"subdomainPolicy": "Shared"})
    rollout = spec.setdefault("rolloutStrategy", {"type": "RollingUpdate"})
    rollout.setdefault("rollingUpdateConfiguration", {"maxSurge": 0, "maxUnavailable": 1, "partition": 0})
    template = spec["leaderWorkerTemplate"]
    if template["restartPolicy"] == "Default":
        template["restartPolicy"] = "None"
    for pods in (template.get("leaderTemplate"), template["workerTemplate"]):
        if pods is not None:
            pods.setdefault("metadata", {})
            for container in [*pods["spec"]["containers"], *pods["spec"].get("initContainers", [])]:
                container.setdefault("resources", {})
    workloads.setdefault("status", {})


def default_pod(pod: Object) -> None:
    """Add labels that place a pod in its group, and variables ahead of each container's own."""
    metadata = pod["metadata"]
    labels, ordinal = metadata["labels"], metadata["name"].rpartition("-")[2]
    if labels.get(WORKER_INDEX) == "0":
        labels.setdefault(GROUP_INDEX, ordinal)
        key = f"{metadata['namespace']}/{metadata['name']}"
        labels.setdefault(GROUP_KEY, hashlib.sha1(key.encode()).hexdigest())
    else:
        labels[WORKER_INDEX] = ordinal
    leader = f"{labels[NAME]}-{labels[GROUP_INDEX]}.{pod['spec']['subdomain']}.{metadata['namespace']}"
    variables = {
        "LWS_LEADER_ADDRESS": leader,
        "LWS_GROUP_SIZE": metadata["annotations"][SIZE],
        "LWS_WORKER_INDEX": labels[WORKER_INDEX],
    }
    ours = [{"name": name, "value": value} for name, value in variables.items()]
    for container in [*pod["spec"]["containers"], *pod["spec"].get("initContainers", [])]:
        container["env"] = ours + [each for each in container.get("env", []) if each["name"] not in variables]


# Objects that the controller creates for a LeaderWorkerSet


def revision(workloads: Object) -> str:
    """Return the template-revision-hash, which changes with the pod templates and the size."""
    parts = [workloads["spec"]["leaderWorkerTemplate"], workloads["spec"]["networkConfig"]]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:10]


def leaders(workloads: Object) -> Object:
    """Return the StatefulSet of the leader pods."""
    metadata, spec = workloads["metadata"], workloads["spec"]
    template = spec["leaderWorkerTemplate"]
    rollout = spec["rolloutStrategy"]["rollingUpdateConfiguration"]
    selector = {NAME: metadata["name"], WORKER_INDEX: "0"}
    return stateful_set(
        workloads,
        metadata["name"],
        owner=workloads,
        selector=selector,
        labels={NAME: metadata["name"], REVISION: revision(workloads)},
        annotations={REPLICAS: str(spec["replicas"])},
        spec={
            "replicas": spec["replicas"],
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": rollout["partition"]}},
        },
        pods=with_metadata(
            template.get("leaderTemplate", template["workerTemplate"]),
            labels={**selector, REVISION: revision(workloads)},
            annotations={SIZE: str(template["size"])},
        ),
    )


def workers(workloads: Object, leader: Object) -> Object:
    """Return the StatefulSet of the worker pods of one leader pod."""
    template, name = workloads["spec"]["leaderWorkerTemplate"], leader["metadata"]["name"]
    selector = {key: leader["metadata"]["labels"][key] for key in (NAME, GROUP_INDEX, GROUP_KEY)}
    labels = {**selector, REVISION: revision(workloads)}
    annotations = {SIZE: str(template["size"]), LEADER_NAME: name}
    return stateful_set(
        workloads,
        name,
        owner=leader,
        selector=selector,
        labels=labels,
        annotations={},
        spec={"replicas": template["size"] - 1, "ordinals": {"start": 1}},
        pods=with_metadata(template["workerTemplate"], labels, annotations),
    )


def stateful_set(
    workloads: Object,
    name: str,
    *,
    owner: Object,
    selector: dict[str, str],
    labels: dict[str, str],
    annotations: dict[str, str],
    spec: Object,
    pods: Object,
) -> Object:
    metadata = workloads["metadata"]
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {
            "name": name,
            "namespace": metadata["namespace"],
            "labels": {**metadata.get("labels", {}), **labels},
            "annotations": {**metadata.get("annotations", {}), **annotations},
            "ownerReferences": [owned_by(owner)],
        },
        "spec": {
            "serviceName": metadata["name"],
            "podManagementPolicy": "Parallel",
            "selector": {"matchLabels": selector},
            "template": pods,
            **spec,
        },
    }


def service(workloads: Object) -> Object:
    """Return the headless Service that gives the pods their DNS names."""
    name, namespace = workloads["metadata"]["name"], workloads["metadata"]["namespace"]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {NAME: name},
            "ownerReferences": [owned_by(workloads)],
        },
        "spec": {"clusterIP": "None", "selector": {NAME: name}, "publishNotReadyAddresses": True},
    }


def status(workloads: Object, pods: list[Object]) -> Object:
    """Return the status, given the leader pods."""
    metadata = workloads["metadata"]
    updated = sum(pod["metadata"]["labels"].get(REVISION) == revision(workloads) for pod in pods)
    ready = sum(is_ready(pod) for pod in pods)
    if ready == updated == workloads["spec"]["replicas"]:
        condition = {"type": "Available", "reason": "AllGroupsReady", "message": "All replicas are ready"}
    else:
        condition = {"type": "Progressing", "reason": "GroupsProgressing", "message": "Replicas are progressing"}
    since = {each["type"]: each["lastTransitionTime"] for each in workloads.get("status", {}).get("conditions", [])}
    condition |= {
        "status": "True",
        "observedGeneration": metadata["generation"],
        "lastTransitionTime": since.get(condition["type"], datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")),
    }
    return {
        "replicas": len(pods),
        "updatedReplicas": updated,
        "readyReplicas": ready,
        "hpaPodSelector": f"{NAME}={metadata['name']},{WORKER_INDEX}=0",
        "observedGeneration": metadata["generation"],
        "conditions": [condition],
    }


def with_metadata(pods: Object, labels: dict[str, str], annotations: dict[str, str]) -> Object:
    metadata = pods.get("metadata", {})
    more = {
        "labels": {**metadata.get("labels", {}), **labels},
        "annotations": {**metadata.get("annotations", {}), **annotations},
    }
    return {**pods, "metadata": {**metadata, **more}}


def owned_by(owner: Object) -> Object:
    metadata = owner["metadata"]
    identity = {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": metadata["name"],
        "uid": metadata["uid"],
    }
    return {**identity, "controller": True, "blockOwnerDeletion": True}


def is_ready(pod: Object) -> bool:
    return any(
        each["type"] == "Ready" and each["status"] == "True" for each in pod.get("status", {}).get("conditions", [])
    )
