"""The same job for kopf, whose command runs this file in a virtual environment without the product:

    kopf run --standalone --all-namespaces kopf_webhook.py

It reads the product's configuration. Go templates are nothing for Python, so those of the runtime are here in Jinja. Environment
variables say where it listens (``PORT``), where the certificate is (``CERT_DIR``), where the configuration is (``TEMPLATES``,
``AGENT``), and where an API server for kopf is (``API_SERVER``).
"""

import functools
import hashlib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import kopf
import yaml

RUNTIME, MODEL_ID, RECORD = "hydra.io/runtime", "hydra.io/model-id", "hydra.io/rendered"
DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"
ACCELERATORS = {
    "nvidia.com/gpu": "nvidia-gpu",
    "nvidia.com/vgpu": "nvidia-vgpu",
    "metax-tech.com/gpu": "metax-gpu",
    "huawei.com/Ascend910": "ascend-gpu-910",
}
KEYED = {
    "env": ("name",),
    "ports": ("containerPort", "protocol"),
    "volumeMounts": ("mountPath",),
    "volumes": ("name",),
    "initContainers": ("name",),
}
FIRST = {"env", "initContainers"}  # what goes before the workload's own

#: The argsTemplate of each runtime, in Jinja.
ARGS = {
    "vllm-cpu": """\
{%- if IS_DISTRIBUTED -%}
  {%- if IS_LEADER -%}
    ray start --head --port={{ RAY_PORT }} && vllm serve {{ MODEL_PATH }} --served-model-name {{ MODEL_NAME }} --trust-remote-code --tensor-parallel-size={{ TP_SIZE }} --pipeline-parallel-size={{ PP_SIZE }}
  {%- else -%}
    ray start --block --address=$(LWS_LEADER_ADDRESS):{{ RAY_PORT }}
  {%- endif -%}
{%- else -%}
  vllm serve {{ MODEL_PATH }} --served-model-name {{ MODEL_NAME }} --trust-remote-code {%- if TP_SIZE > 1 %} --tensor-parallel-size {{ TP_SIZE }} {%- endif -%}
{%- endif -%}
{%- for argument in CUSTOM_ARGS %} {{ argument }} {%- endfor -%}
"""
}


@dataclass(frozen=True)
class Plan:
    """How pods of a runtime are filled in where an agent entry applies."""

    gpu_types: list[str]
    matches: str
    image: str
    agent_args: list[str]
    command: list[str]
    args: list[jinja2.Template]
    container: dict[str, Any]
    pod: dict[str, Any]
    digests: dict[str, str]


def digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def merged(own: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    """Return a container or PodSpec with what it lacks: lists by merge key, maps key by key, all else where absent."""
    found = dict(own)
    for name, value in fields.items():
        mine = found.get(name)
        if not mine:
            found[name] = value
        elif name in KEYED:
            keys = {key_of(name, one) for one in mine}
            new = [one for one in value if key_of(name, one) not in keys]
            found[name] = new + mine if name in FIRST else mine + new
        elif isinstance(mine, dict):
            found[name] = merged(mine, value)
    return found


def key_of(name: str, item: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(item.get(key, "TCP" if key == "protocol" else None) for key in KEYED[name])


def load() -> dict[str, list[Plan]]:
    """Return the plans of each runtime that has its template here, in the order of the agent entries."""
    templates = yaml.safe_load(Path(os.environ["TEMPLATES"]).read_text())["templates"]
    entries = yaml.safe_load(Path(os.environ["AGENT"]).read_text())["deployment_templates"]
    plans: dict[str, list[Plan]] = {}
    for one in templates:
        if one["runtime"] not in ARGS:
            continue
        for entry in entries:
            if one["runtime"] in entry.get("match_runtimes", [one["runtime"]]):
                plans.setdefault(one["runtime"], []).append(plan(one, entry))
    return plans


def plan(one: dict[str, Any], entry: dict[str, Any]) -> Plan:
    pod = dict(one["podTemplate"])
    container = pod.pop("containerTemplate")
    if "podSecurityContext" in pod:
        pod["securityContext"] = pod.pop("podSecurityContext")
    fields = {key: value for key, value in container.items() if key not in {"commandTemplate", "argsTemplate"}}
    agent = {key: value for key, value in entry["container_template"].items() if key not in {"image", "args"}}
    image = entry["container_template"]["image"]
    runtimes, gpu_types = entry.get("match_runtimes", []), entry.get("match_gpu_types", [])
    return Plan(
        gpu_types=gpu_types,
        matches=f"runtimes {', '.join(runtimes)}; GPU types {', '.join(gpu_types)}",
        image=f"{image['registry']}/{image['repository']}:{image['tag']}",
        agent_args=entry["container_template"].get("args", []),
        command=container["commandTemplate"],
        args=[jinja2.Template(ARGS[one["runtime"]])],
        container=merged(agent, fields),
        pod=merged(entry.get("pod_template", {}), pod),
        digests={"agent_entry": digest(entry), "template": digest(one), "revision": digest([one, entry])},
    )


PLANS = load()


@kopf.on.startup()
async def configure(settings: kopf.OperatorSettings, **_: Any) -> None:
    folder = Path(os.environ["CERT_DIR"])
    settings.admission.server = kopf.WebhookServer(
        addr="127.0.0.1", port=int(os.environ["PORT"]), certfile=folder / "tls.crt", pkeyfile=folder / "tls.key"
    )


@kopf.on.login()
async def login(**_: Any) -> kopf.ConnectionInfo:
    return kopf.ConnectionInfo(server=os.environ["API_SERVER"])


@kopf.on.mutate("v1", "pods", id="mutate", operation="CREATE", labels={RUNTIME: kopf.PRESENT})  # the id is the path
async def inject(  # a coroutine, since kopf runs functions in threads
    body: kopf.Body, namespace: str | None, patch: kopf.Patch, warnings: list[str], logger: kopf.Logger, **_: Any
) -> None:
    if RECORD in body.metadata.annotations:
        return
    runtime, model_id = body.metadata.labels[RUNTIME], body.metadata.labels.get(MODEL_ID)
    if not model_id:
        raise kopf.AdmissionError(f"label {MODEL_ID} is missing", code=422)
    annotations = dict(body.metadata.annotations)
    containers = body.spec["containers"]
    at = inference_container(containers, annotations)
    container = containers[at]
    resource, count = asked(container)
    gpu_type = annotations.get("hydra.io/gpu-type") or ACCELERATORS.get(resource, "cpu")
    if runtime not in PLANS:
        raise kopf.AdmissionError(f"runtime {runtime!r} has no template", code=422)
    chosen = next((one for one in PLANS[runtime] if not one.gpu_types or gpu_type in one.gpu_types), None)
    if chosen is None:
        raise kopf.AdmissionError(f"no agent entry matches runtime {runtime!r} on GPU type {gpu_type!r}", code=422)

    data = variables(body, annotations, chosen, container, namespace or "", gpu_type, count)
    filled, replaced, added = dict(container), {}, []
    path = f"/spec/containers/name={container['name']}"
    if container.get("command"):
        warnings.append("the workload sets command, so its command and args are kept and nothing is rendered")
    else:
        filled |= {"command": chosen.command, "args": [one.render(data) for one in chosen.args]}
        added.append(f"{path}/command")
        if container.get("args"):
            replaced[f"{path}/args"] = container["args"]
        else:
            added.append(f"{path}/args")
    if container.get("image", "").strip() in {"", "auto"}:
        replaced[f"{path}/image"] = container.get("image")
        filled["image"] = chosen.image
        if filled.get("imagePullPolicy") == "Always":  # the API server's default for the placeholder
            replaced[f"{path}/imagePullPolicy"] = filled.pop("imagePullPolicy")
    filled = merged(filled, chosen.container)
    if warning := unmounted(filled, data["MODEL_PATH"]):
        warnings.append(warning)
    record = {
        "added": added,
        "container": container["name"],
        "gpu_type": gpu_type,
        "inputs": digest([annotations, dict(container)]),
        "matches": chosen.matches,
        "model": model_id,
        "rendered": digest(filled),
        "replaced": replaced,
        "runtime": runtime,
        "version": 1,
        **chosen.digests,
    }
    annotations = {DEFAULT_CONTAINER: container["name"], **annotations}
    annotations[RECORD] = json.dumps(record, sort_keys=True, separators=(",", ":"))
    patch.fns.append(functools.partial(write, at=at, container=filled, pod=chosen.pod, annotations=annotations))
    logger.info("mutated", extra={"runtime": runtime, "revision": chosen.digests["revision"]})


def write(
    body: dict[str, Any], at: int, container: dict[str, Any], pod: dict[str, Any], annotations: dict[str, str]
) -> None:
    """Change the copy of the pod that kopf compares with the original."""
    body["metadata"]["annotations"] = annotations
    body["spec"]["containers"][at] = container
    body["spec"] = merged(body["spec"], pod)


def inference_container(containers: list[dict[str, Any]], annotations: dict[str, str]) -> int:
    """Return the index of the container to fill in."""
    for key in ("hydra.io/container", DEFAULT_CONTAINER):
        if name := annotations.get(key):
            for at, one in enumerate(containers):
                if one["name"] == name:
                    return at
            raise kopf.AdmissionError(f"annotation {key}: the pod has no container {name!r}", code=422)
    for chosen in (lambda one: one.get("image", "") in {"", "auto"}, lambda one: asked(one)[0], lambda _: True):
        for at, one in enumerate(containers):
            if one["name"] != "istio-proxy" and chosen(one):
                return at
    raise kopf.AdmissionError("the pod has no container to fill in", code=422)


def asked(container: dict[str, Any]) -> tuple[str, int]:
    """Return the accelerator that a container asks for, and how many."""
    for name, quantity in container.get("resources", {}).get("limits", {}).items():
        if name in ACCELERATORS and quantity != "0":
            return name, int(quantity)
    return "", 0


def unmounted(container: dict[str, Any], path: str) -> str:
    """Return a warning if a container uses the path of the model and mounts nothing there."""
    for mount in container.get("volumeMounts", []):
        where = mount["mountPath"].rstrip("/")
        if path == where or path.startswith(f"{where}/"):
            return ""
    if any(path in text for key in ("command", "args") for text in container.get(key, [])):
        return f"nothing is mounted at MODEL_PATH: {path}; mount the model unless the image has it"
    return ""


def variables(
    body: kopf.Body,
    annotations: dict[str, str],
    plan: Plan,
    container: dict[str, Any],
    namespace: str,
    gpu_type: str,
    count: int,
) -> dict[str, Any]:
    """Return what templates may print."""
    labels = body.metadata.labels
    size = int(annotations.get("leaderworkerset.sigs.k8s.io/size", "1"))
    leader = size > 1 and labels.get("leaderworkerset.sigs.k8s.io/worker-index") == "0"
    gpus = int(annotations.get("hydra.io/gpu-count", count))
    model_id = labels[MODEL_ID]
    return {
        "RUN_TIME": labels[RUNTIME],
        "MODEL_ID": model_id,
        "MODEL_NAME": annotations.get("hydra.io/model-name") or model_id,
        "MODEL_SLUG": re.sub("[^a-z0-9]", "-", model_id.lower()).strip("-")[:52].rstrip("-"),
        "MODEL_PATH": annotations.get("hydra.io/model-path", "/data/serving-model"),
        "MODEL_HOST": "0.0.0.0",
        "MODEL_PORT": int(annotations.get("hydra.io/model-port", 8000)),
        "RAY_PORT": 6379,
        "CLUSTER": "",
        "NAMESPACE": namespace,
        "IS_DISTRIBUTED": size > 1,
        "IS_LEADER": leader,
        "ROLE": "lone" if size == 1 else "leader" if leader else "worker",
        "TP_SIZE": int(annotations.get("hydra.io/tensor-parallel-size", gpus or 1)),
        "PP_SIZE": int(annotations.get("hydra.io/pipeline-parallel-size", size)),
        "DP_SIZE": int(annotations.get("hydra.io/data-parallel-size", 1)),
        "CUSTOM_ARGS": [*plan.agent_args, *container.get("args", [])],
        "CONTAINER_NAME": container["name"],
        "GPU_TYPE": gpu_type,
        "GPU_COUNT": gpus,
        "GROUP_SIZE": size,
        "TOTAL_GPU_COUNT": gpus * size,
    }
