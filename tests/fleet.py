"""A user's LeaderWorkerSet and what clients send to change it, each as a function of the object that they find.

A verb applied to the stored object is what an API server sends; the same verb applied to the bare form is what its user means.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from webhook import catalog, rendering
from webhook.settings import Settings

#: Lists that server-side apply merges by the name of their items; any other list is atomic, as in the CRD.
_KEYED = ("containers", "env")
RECORD = "hydra.io/rendered"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

Verb = Callable[[dict[str, Any]], dict[str, Any]]


ARGS = "--size={{ .GROUP_SIZE }}{{ range .CUSTOM_ARGS }} {{ . }}{{ end }}"
ARGS_OF_LEADERS = '--{{ .ROLE }}{{ if eq .ROLE "leader" }}{{ range .CUSTOM_ARGS }} {{ . }}{{ end }}{{ end }}'


def templates(command: str = "serve", more: str = "", args: str = ARGS) -> str:
    """Return runtime templates with runtime ``vllm-cpu`` alone; ``more`` are further fields of its container."""
    return f"""
templates:
- runtime: vllm-cpu
  podTemplate:
    terminationGracePeriodSeconds: 120
    tolerations: [{{key: gpu, operator: Exists}}]
    volumes: [{{name: shm, emptyDir: {{medium: Memory}}}}]
    containerTemplate:
      commandTemplate: [{command}, '{{{{ .ROLE }}}}', '{{{{ .MODEL_NAME }}}}']
      argsTemplate: ['{args}']
      env: [{{name: A, value: template}}, {{name: Z, value: template}}]
      volumeMounts: [{{name: shm, mountPath: /dev/shm}}]
      ports: [{{containerPort: 8000}}]
      {more}
"""


def state(
    command: str = "serve", image: str = "r.example/vllm:v1", more: str = "", args: str = ARGS
) -> rendering.State:
    """Return a configuration of the runtimes ``vllm-cpu`` (see :func:`templates`) and ``other``."""
    other = "- runtime: other\n  podTemplate: {containerTemplate: {argsTemplate: ['--other']}}\n"
    agent = f"deployment_templates: [{{container_template: {{image: '{image}'}}}}]"
    return configured(templates(command, more, args) + other, agent)


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
        "spec": {"replicas": asked["replicas"], "leaderWorkerTemplate": copied(group)},
    }


def container(name: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return a container of a user's file, without the fields that are None."""
    env = [{"name": key, "value": "own"} for key in asked["env"]] or None
    found = {"name": name, "image": asked["image"], "args": asked["args"], "env": env}
    return {key: value for key, value in found.items() if value is not None}


def client_side_apply(last: Mapping[str, Any], now: Mapping[str, Any]) -> Verb:
    """Return ``kubectl apply``, which for a custom resource is a three-way JSON merge patch; lists are replaced whole."""

    def apply(found: dict[str, Any]) -> dict[str, Any]:
        value = _without(copied(found), last, now)
        return _set(value, now)

    return apply


def helm_upgrade(last: Mapping[str, Any], now: Mapping[str, Any]) -> Verb:
    """Return ``helm upgrade``, which sends what differs between two releases."""
    return lambda found: _set(_without(copied(found), last, now), _difference(last, now))


def server_side_apply(last: Mapping[str, Any], now: Mapping[str, Any]) -> Verb:
    """Return ``kubectl apply --server-side`` by the manager that applied ``last``."""
    return lambda found: _merged(copied(found), last, now)


def replace(now: Mapping[str, Any]) -> Verb:
    """Return ``kubectl replace``."""
    return lambda _: copied(now)


def edit(place: tuple[str, ...], value: Any) -> Verb:
    """Return ``kubectl patch`` of one field, or its removal where the value is None; lists are entered by name."""

    def patched(found: dict[str, Any]) -> dict[str, Any]:
        root = node = copied(found)
        for key in place[:-1]:
            if isinstance(node, list):
                node = next(item for item in node if item["name"] == key)
            else:
                node = node.setdefault(key, {})
        if value is None:
            node.pop(place[-1], None)
        else:
            node[place[-1]] = copied(value)
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


def _defaults(template: dict[str, Any]) -> None:
    """Fill in what LeaderWorkerSet's webhook and CRD fill in."""
    template.setdefault("metadata", {})
    for one in _containers(template):
        one.setdefault("resources", {})
        for port in one.get("ports", ()):
            port.setdefault("protocol", "TCP")


def _sidecar(template: dict[str, Any]) -> None:
    if containers := _containers(template):
        _add(containers, {"name": "sidecar", "image": "sidecar:1"})


def _variable(template: dict[str, Any]) -> None:
    for one in _containers(template):
        _add(one.setdefault("env", []), {"name": "HTTP_PROXY", "value": "http://proxy"})


def _toleration(template: dict[str, Any]) -> None:
    if _containers(template):
        _add(template["spec"].setdefault("tolerations", []), {"key": "team", "operator": "Exists"})


def _containers(template: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (template.get("spec") or {}).get("containers") or []
    return found


def _add(items: list[Any], item: dict[str, Any]) -> None:
    if item not in items:
        items.append(item)


#: What other webhooks do to a pod template, between our two calls.
NEIGHBOURS: dict[str, Callable[[dict[str, Any]], None]] = {
    "nobody": lambda _: None,
    "defaults": _defaults,
    "sidecar": _sidecar,
    "variable": _variable,
    "toleration": _toleration,
}


def changed(value: Mapping[str, Any], neighbour: str) -> dict[str, Any]:
    """Return an object as another webhook changes it; what it has added before, it leaves alone."""
    found: dict[str, Any] = copied(value)
    group = found["spec"]["leaderWorkerTemplate"]
    for name in ("leaderTemplate", "workerTemplate"):
        if name in group:
            NEIGHBOURS[neighbour](group[name])
    return found


def of_an_older_release(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object whose records an older release wrote: with fewer keys, and digests that it computed in another way."""
    found: dict[str, Any] = copied(value)
    for template in found["spec"]["leaderWorkerTemplate"].values():
        annotations = get(template, ("metadata", "annotations")) if isinstance(template, dict) else None
        if annotations and RECORD in annotations:
            record = json.loads(annotations[RECORD])
            for key in ("gpu_type", "agent_entry", "matches"):
                record.pop(key, None)
            record |= dict.fromkeys(("inputs", "rendered", "revision"), "0123456789abcdef")
            annotations[RECORD] = json.dumps(record, sort_keys=True, separators=(",", ":"))
    return found


def copied(value: Any) -> Any:
    """Return a copy as a JSON document, in which no two places share a value."""
    return msgspec.json.decode(msgspec.json.encode(value))


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
        value[key] = _set(here, inner) if both else copied(inner)
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
            value[key] = copied(inner)
    return value


def _merged_items(here: list[Any], last: list[Any], now: list[Any]) -> list[Any]:
    found = {item["name"]: item for item in here}
    was, wanted = ({item["name"]: item for item in items} for items in (last, now))
    for name in was.keys() - wanted.keys():
        found.pop(name, None)
    for name, item in wanted.items():
        found[name] = _merged(found.get(name, {}), was.get(name, {}), item)
    return list(found.values())
