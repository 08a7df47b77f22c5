"""A user's LeaderWorkerSet and what clients send to change it, each as a function of the object that they find.

A verb applied to the stored object is what an API server sends; the same verb applied to the bare form is what its user means.
"""

import copy
import json
from collections.abc import Callable, Mapping
from typing import Any

from webhook import catalog, rendering
from webhook.settings import Settings

#: Lists that server-side apply merges by the name of their items; any other list is atomic, as in the CRD.
_KEYED = ("containers", "env")
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

Verb = Callable[[dict[str, Any]], dict[str, Any]]


def state(command: str = "serve", image: str = "r.example/vllm:v1", more: str = "") -> rendering.State:
    """Return a configuration of runtimes ``vllm-cpu`` and ``other``; ``more`` are further fields of the first one's container."""
    templates = f"""
templates:
- runtime: vllm-cpu
  podTemplate:
    terminationGracePeriodSeconds: 120
    tolerations: [{{key: gpu, operator: Exists}}]
    volumes: [{{name: shm, emptyDir: {{medium: Memory}}}}]
    containerTemplate:
      commandTemplate: [{command}, '{{{{ .ROLE }}}}', '{{{{ .MODEL_NAME }}}}']
      argsTemplate: ['--size={{{{ .GROUP_SIZE }}}}{{{{ range .CUSTOM_ARGS }}}} {{{{ . }}}}{{{{ end }}}}']
      env: [{{name: A, value: template}}, {{name: Z, value: template}}]
      volumeMounts: [{{name: shm, mountPath: /dev/shm}}]
      ports: [{{containerPort: 8000}}]
      {more}
- runtime: other
  podTemplate: {{containerTemplate: {{argsTemplate: ['--other']}}}}
"""
    agent = f"deployment_templates: [{{container_template: {{image: '{image}'}}}}]"
    return configured(templates, agent)


def without_runtimes() -> rendering.State:
    """Return a configuration from which everything has been deleted."""
    return configured("templates: []", "deployment_templates: []")


def configured(templates: str, agent: str) -> rendering.State:
    """Return a configuration with these texts."""
    documents = [catalog.Document("templates", "t.yaml", templates), catalog.Document("agent", "a.yaml", agent)]
    return rendering.State(catalog.build(documents, None), Settings())


def file(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return a user's file; ``asked`` are the values that differ from one file to the next."""
    annotations = {"hydra.io/model-name": asked["model_name"]} if asked["model_name"] else {}
    worker: dict[str, Any] = {"spec": {"containers": [container("main", asked)], **asked["spec"]}}
    group = {"size": asked["size"], "workerTemplate": worker}
    if asked["leader"] == "own":
        group["leaderTemplate"] = {"spec": {"containers": [container("head", {**asked, "image": "auto"})]}}
    elif asked["leader"] == "metadata":
        group["leaderTemplate"] = {"metadata": {"labels": {"role": "head"}}}
    return {
        "apiVersion": "leaderworkerset.x-k8s.io/v1",
        "kind": "LeaderWorkerSet",
        "metadata": {
            "name": "fleet",
            "labels": {"hydra.io/runtime": asked["runtime"], "hydra.io/model-id": "m"},
            **({"annotations": annotations} if annotations else {}),
        },
        "spec": {"replicas": asked["replicas"], "leaderWorkerTemplate": copy.deepcopy(group)},
    }


def container(name: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return a container of a user's file, without the fields that are None."""
    env = [{"name": key, "value": "own"} for key in asked["env"]] or None
    found = {"name": name, "image": asked["image"], "args": asked["args"], "env": env}
    return {key: value for key, value in found.items() if value is not None}


def client_side_apply(last: Mapping[str, Any], now: Mapping[str, Any]) -> Verb:
    """Return ``kubectl apply``, which for a custom resource is a three-way JSON merge patch; lists are replaced whole."""

    def apply(found: dict[str, Any]) -> dict[str, Any]:
        value = _without(copy.deepcopy(found), last, now)
        return _set(value, now)

    return apply


def helm_upgrade(last: Mapping[str, Any], now: Mapping[str, Any]) -> Verb:
    """Return ``helm upgrade``, which sends what differs between two releases."""
    return lambda found: _set(_without(copy.deepcopy(found), last, now), _difference(last, now))


def server_side_apply(last: Mapping[str, Any], now: Mapping[str, Any]) -> Verb:
    """Return ``kubectl apply --server-side`` by the manager that applied ``last``."""
    return lambda found: _merged(copy.deepcopy(found), last, now)


def replace(now: Mapping[str, Any]) -> Verb:
    """Return ``kubectl replace``."""
    return lambda _: copy.deepcopy(dict(now))


def edit(place: tuple[str, ...], value: Any) -> Verb:
    """Return ``kubectl patch`` of one field, or its removal where the value is None; lists are entered by name."""

    def patched(found: dict[str, Any]) -> dict[str, Any]:
        root = node = copy.deepcopy(found)
        for key in place[:-1]:
            if isinstance(node, list):
                node = next(item for item in node if item["name"] == key)
            else:
                node = node.setdefault(key, {})
        if value is None:
            node.pop(place[-1], None)
        else:
            node[place[-1]] = copy.deepcopy(value)
        return root

    return patched


def get(value: Any, place: tuple[str, ...]) -> Any:
    """Return what is at a place as :func:`edit` finds it; None if there is nothing."""
    for key in place:
        if isinstance(value, list):
            value = next((item for item in value if item.get("name") == key), None)
        else:
            value = (value or {}).get(key)
    return value


def owned(value: Any, key: str = "") -> dict[str, Any]:
    """Return what ``managedFields`` says of an object that was applied on the server's side."""
    if isinstance(value, dict):
        return {f"f:{name}": owned(inner, name) for name, inner in value.items()}
    if isinstance(value, list) and key in _KEYED:
        return {f"k:{json.dumps({'name': item['name']})}": {".": {}, **owned(item)} for item in value}
    return {}


def _set(value: dict[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    for key, inner in wanted.items():
        here = value.get(key)
        both = isinstance(here, dict) and isinstance(inner, dict)
        value[key] = _set(here, inner) if both else copy.deepcopy(inner)
    return value


def _without(value: dict[str, Any], last: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Remove the fields that are no longer in the file."""
    for key, inner in last.items():
        if key not in now:
            value.pop(key, None)
        elif isinstance(inner, dict) and isinstance(value.get(key), dict) and isinstance(now[key], dict):
            _without(value[key], inner, now[key])
    return value


def _difference(last: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for key, inner in now.items():
        if isinstance(inner, dict) and isinstance(last.get(key), dict):
            if differing := _difference(last[key], inner):
                found[key] = differing
        elif key not in last or last[key] != inner:
            found[key] = inner
    return found


def _merged(value: dict[str, Any], last: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    for key in last.keys() - now.keys():
        if key in _KEYED and isinstance(value.get(key), list):
            value[key] = _merged_items(value[key], last[key], [])
            if not value[key]:
                del value[key]
        else:
            value.pop(key, None)
    for key, inner in now.items():
        here, before = value.get(key), last.get(key)
        if key in _KEYED and isinstance(here, list):
            value[key] = _merged_items(here, before or [], inner)
        elif isinstance(here, dict) and isinstance(inner, dict):
            value[key] = _merged(here, before or {}, inner)
        else:
            value[key] = copy.deepcopy(inner)
    return value


def _merged_items(here: list[Any], last: list[Any], now: list[Any]) -> list[Any]:
    found = {item["name"]: item for item in here}
    was, wanted = ({item["name"]: item for item in items} for items in (last, now))
    for name in was.keys() - wanted.keys():
        found.pop(name, None)
    for name, item in wanted.items():
        found[name] = _merged(found.get(name, {}), was.get(name, {}), item)
    return list(found.values())
