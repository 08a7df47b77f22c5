"""Bare workloads for the built-in runtimes, and what the command line makes of them."""

import functools
import json
from typing import Any

from typer.testing import CliRunner

from webhook import cli

Object = dict[str, Any]

#: The accelerator for which the built-in agent configuration has an image, by runtime.
RESOURCES = {
    "vllm": "nvidia.com/gpu",
    "sglang": "nvidia.com/gpu",
    "image-gen": "nvidia.com/gpu",
    "mindie": "huawei.com/Ascend910",
}
BUILT_IN = ("vllm-cpu", *RESOURCES)


def pod(runtime: str, gpus: int = 8, **annotations: str) -> Object:
    """Return a bare Pod that mounts its model; an annotation ``model_port`` is ``hydra.io/model-port``."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": _metadata(runtime, annotations),
        "spec": _spec(runtime, gpus, annotations),
    }


def group(runtime: str, gpus: int = 8, size: int = 2, **annotations: str) -> Object:
    """Return a bare LeaderWorkerSet."""
    template = {"size": size, "workerTemplate": {"spec": _spec(runtime, gpus, annotations)}}
    return {
        "apiVersion": "leaderworkerset.x-k8s.io/v1",
        "kind": "LeaderWorkerSet",
        "metadata": _metadata(runtime, annotations),
        "spec": {"leaderWorkerTemplate": template},
    }


def _metadata(runtime: str, annotations: dict[str, str]) -> Object:
    return {
        "name": "qwen3",
        "labels": {"hydra.io/runtime": runtime, "hydra.io/model-id": "qwen3-0.6b"},
        "annotations": {f"hydra.io/{key.replace('_', '-')}": value for key, value in annotations.items()},
    }


def _spec(runtime: str, gpus: int, annotations: dict[str, str]) -> Object:
    path = annotations.get("model_path", "/data/serving-model")
    container: Object = {
        "name": "inference",
        "image": "auto",
        "volumeMounts": [{"name": "model", "mountPath": path, "readOnly": True}],
    }
    if runtime in RESOURCES:
        container["resources"] = {"limits": {RESOURCES[runtime]: str(gpus)}}
    return {"containers": [container], "volumes": [{"name": "model", "persistentVolumeClaim": {"claimName": "qwen3"}}]}


def run(*arguments: str, text: str = "") -> str:
    """Run one command of ``hydra-webhook``, which must succeed without a warning; return what it prints."""
    done = CliRunner().invoke(cli._app, arguments, input=text)
    assert (done.exit_code, done.stderr) == (0, ""), done.output
    return done.stdout


def rendered(value: Object) -> Object:
    """Return a workload as the webhook stores it."""
    return json.loads(run("render", "-f", "-", "-o", "json", text=json.dumps(value)))


@functools.cache
def spec(runtime: str, role: str, **annotations: str) -> Object:
    """Return the pod spec that the webhook stores for a role; not to be modified."""
    if role == "lone":
        return rendered(pod(runtime, **annotations))["spec"]
    return rendered(group(runtime, **annotations))["spec"]["leaderWorkerTemplate"][f"{role}Template"]["spec"]


def container(spec: Object) -> Object:
    """Return the inference container."""
    return spec["containers"][0]
