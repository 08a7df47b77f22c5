"""Workloads as a cluster stores them: rendered, defaulted, and with the pods that controllers make of them."""

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests import fleet
from webhook import mutation, rendering, workload

Object = dict[str, Any]

REVIEWS = Path(__file__).parents[1] / "reviews"
LWS = workload.LEADER_WORKER_SET
GROUP = ("spec", "leaderWorkerTemplate")
LABELS = {"hydra.io/runtime": "vllm-cpu", "hydra.io/model-id": "m"}
ASKED: Mapping[str, Any] = {
    "args": ["--a"], "image": "auto", "env": ["B"], "spec": {}, "size": 2, "leader": None, "replicas": 2, "model_name": "",
    "runtime": "vllm-cpu",
}  # fmt: skip


def lws(state: rendering.State, name: str = "fleet", **asked: Any) -> Object:
    """Return a LeaderWorkerSet as it is stored after its creation under a configuration."""
    value = fleet.file({**ASKED, **asked})
    value["metadata"]["name"] = name
    return filled_in(rendered(value, LWS, state))


def rendered(value: Mapping[str, Any], object_kind: workload.GroupVersionKind, state: rendering.State) -> Object:
    return copy.deepcopy(dict(mutation.mutate(value, object_kind, state, namespace="default").value))


def filled_in(value: Object) -> Object:
    """Return a LeaderWorkerSet as its webhook and CRD fill it in."""
    for name in fleet.get(value, GROUP).keys() & {"leaderTemplate", "workerTemplate"}:
        for container in fleet.get(value, (*GROUP, name, "spec", "containers")):
            container.setdefault("resources", {})
            for port in container.get("ports", ()):
                port.setdefault("protocol", "TCP")
    return value


def group_pods(value: Object, index: int, template_hash: str = "h1") -> list[Object]:
    """Return the pods of a group, with what LeaderWorkerSet and the API server put into them."""
    group, name = fleet.get(value, GROUP), value["metadata"]["name"]
    pods = []
    for number in range(group["size"]):
        template = group["leaderTemplate"] if number == 0 and "leaderTemplate" in group else group["workerTemplate"]
        pod = copy.deepcopy(template)
        pod |= {"apiVersion": "v1", "kind": "Pod", "status": {"phase": "Running"}}
        metadata = pod.setdefault("metadata", {})
        prefix = "leaderworkerset.sigs.k8s.io/"
        metadata["labels"] = metadata.get("labels", {}) | {
            f"{prefix}name": name, f"{prefix}group-index": str(index), f"{prefix}worker-index": str(number),
            f"{prefix}template-revision-hash": template_hash, "controller-revision-hash": f"{name}-x",
        }  # fmt: skip
        metadata["annotations"] = metadata.get("annotations", {}) | {f"{prefix}size": str(group["size"])}
        metadata["name"] = f"{name}-{index}" if number == 0 else f"{name}-{index}-{number}"
        metadata["ownerReferences"] = [owned_by("apps/v1", "StatefulSet", name if number == 0 else f"{name}-{index}")]
        for container in [*pod["spec"]["containers"], *pod["spec"].get("initContainers", ())]:
            container["env"] = [{"name": "LWS_GROUP_SIZE", "value": "2"}, *container.get("env", [])]
        pods.append(defaulted(pod))
    return pods


def owned_by(api_version: str, kind: str, name: str) -> Object:
    return {"apiVersion": api_version, "kind": kind, "name": name, "uid": f"uid-{name}", "controller": True}


def defaulted(pod: Object) -> Object:
    """Return a pod with what the API server fills in before it calls webhooks."""
    spec = pod["spec"]
    token = {"name": "kube-api-access-x", "projected": {"sources": []}}
    mount = {
        "name": "kube-api-access-x",
        "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
        "readOnly": True,
    }
    defaults = {
        "restartPolicy": "Always", "dnsPolicy": "ClusterFirst", "schedulerName": "default-scheduler",
        "serviceAccountName": "default", "serviceAccount": "default", "terminationGracePeriodSeconds": 30,
        "securityContext": {}, "enableServiceLinks": True, "priority": 0, "preemptionPolicy": "PreemptLowerPriority",
    }  # fmt: skip
    pod["spec"] = spec = {**defaults, **spec}
    spec["volumes"] = [*spec.get("volumes", ()), token]
    spec["tolerations"] = [
        *spec.get("tolerations", ()),
        *(
            {"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
            for key in ("not-ready", "unreachable")
        ),
    ]
    for container in spec["containers"]:
        container.setdefault("imagePullPolicy", "Always" if container["image"] == "auto" else "IfNotPresent")
        container.setdefault("terminationMessagePath", "/dev/termination-log")
        container.setdefault("terminationMessagePolicy", "File")
        container.setdefault("resources", {})
        if limits := container["resources"].get("limits"):
            container["resources"]["requests"] = {**limits, **container["resources"].get("requests", {})}
        container["volumeMounts"] = [*container.get("volumeMounts", ()), mount]
    return pod


def after_admission(pod: Object) -> Object:
    """Return a rendered pod as it is stored: the API server defaults what a patch has added, too."""
    for container in pod["spec"]["containers"]:
        container.setdefault("imagePullPolicy", "IfNotPresent")
        if limits := container["resources"].get("limits"):
            container["resources"]["requests"] = {**limits, **container["resources"].get("requests", {})}
        for port in container.get("ports", ()):
            port.setdefault("protocol", "TCP")
    if "serviceAccountName" in pod["spec"]:
        pod["spec"]["serviceAccount"] = pod["spec"]["serviceAccountName"]
    return pod


def controller(kind: str, name: str, owner: Object | None = None, **spec: Any) -> Object:
    """Return a controller whose pods are bare."""
    template = {
        "metadata": {"labels": {**LABELS, "app": name}},
        "spec": {"containers": [{"name": "main", "image": "auto", "args": ["--a"], **spec}]},
    }
    inner = {"template": template}
    if kind == "CronJob":
        inner = {"jobTemplate": {"spec": inner}}
    api_version = "batch/v1" if kind in ("Job", "CronJob") else "apps/v1"
    metadata = {"name": name, "namespace": "default", **({"ownerReferences": [owner]} if owner else {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": inner}


def pods_of(value: Object, state: rendering.State, count: int, **labels: str) -> list[Object]:
    """Return pods that a controller made while a configuration was in use."""
    pods = []
    for number in range(count):
        pod = copy.deepcopy(value["spec"]["template"])
        pod["apiVersion"], pod["kind"] = "v1", "Pod"
        pod["metadata"]["labels"] |= {"pod-template-hash": "t1", **labels}
        pod["metadata"]["ownerReferences"] = [owned_by(value["apiVersion"], value["kind"], value["metadata"]["name"])]
        stored = after_admission(rendered(defaulted(pod), workload.POD, state))
        stored["metadata"]["name"] = f"{value['metadata']['name']}-{labels.get('n', '')}{number}"
        stored["spec"]["nodeName"] = "node-1"
        stored["status"] = {"phase": "Running"}
        pods.append(stored)
    return pods


def pod(state: rendering.State, name: str = "alone", **container: Any) -> Object:
    """Return a pod without a controller, as it is stored."""
    value = {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": dict(LABELS)},
        "spec": {"containers": [{"name": "main", "image": "auto", **container}]},
    }  # fmt: skip
    return after_admission(rendered(defaulted(value), workload.POD, state))


def reviewed(name: str) -> Object:
    """Return the object of a recorded review."""
    value: Object = json.loads((REVIEWS / f"{name}.json").read_text())["request"]["object"]
    return value


def kinds(*values: Object) -> list[tuple[workload.GroupVersionKind, Object]]:
    """Return objects with their kinds."""
    found = []
    for value in values:
        group, _, version = value["apiVersion"].rpartition("/")
        found.append(((group, version, value["kind"]), value))
    return found
