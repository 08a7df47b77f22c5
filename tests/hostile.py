"""Hostile reviews and records, each from a number: mangled objects, forged records, and what must hold for all of them.

The same number gives the same input everywhere, so that a failure of a run of many processes is repeated by its number.
"""

import contextlib
import json
import random
from pathlib import Path
from typing import Any

import msgspec

from webhook import admission, catalog, errors, mutation, patch, rendering, review, workload
from webhook.settings import Settings

HERE = Path(__file__).parent
STATE = rendering.State(
    catalog.build(
        [
            catalog.Document(kind, f"{kind}.yaml", (HERE / "configuration" / f"{kind}.yaml").read_text())
            for kind in ("templates", "agent")
        ],
        None,
    ),
    Settings(),
)
EMBEDDED = rendering.State(catalog.build(catalog.embedded(), None), Settings())
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
KINDS = {"Pod": workload.POD, "LeaderWorkerSet": workload.LEADER_WORKER_SET}
RECORD = "hydra.io/rendered"
RUNTIMES = ("rich", "plain", "args-only", "agent-only", "rendered-whole")

Json = Any


def _bases() -> list[tuple[rendering.State, bytes, bytes]]:
    """Return recorded objects with a configuration each, bare and rendered, as JSON: small, and quick to copy."""
    found = []
    for path in sorted((HERE / "reviews").glob("*.json")):
        value = json.loads(path.read_text())["request"]["object"]
        value["metadata"].pop("managedFields", None)
        for state, runtimes in ((EMBEDDED, ("vllm", "sglang")), (STATE, RUNTIMES)):
            for runtime in runtimes:
                value["metadata"]["labels"]["hydra.io/runtime"] = runtime
                try:
                    rendered = mutation.mutate(value, KINDS[value["kind"]], state, namespace="ns").value
                except errors.Denied:
                    continue
                found.append((state, msgspec.json.encode(value), msgspec.json.encode(rendered)))
    return found


BASES = _bases()

#: Steps of paths that lead somewhere in most objects, or should lead nowhere.
STEPS = (
    "spec", "metadata", "labels", "annotations", "name", "namespace", "kind", "apiVersion", "finalizers",
    "ownerReferences", "containers", "name=main", "name=inference", "name=", "env", "args", "command", "image", "resources",
    "limits", "requests", "ports", "containerPort=8000,protocol=TCP", "volumes", "volumeMounts", "mountPath=/tmp",
    "readinessProbe", "httpGet", "port", "tolerations", "securityContext", "initContainers", "leaderWorkerTemplate",
    "workerTemplate", "hydra.io~1runtime", "hydra.io~1rendered", "hydra.io~1model-id", "-", "..", ".", "", "~0~1", "~", "~2",
    "0", "-1", "99999999999999999999", "name=main~1x", "é", "\x00", "__class__", "affinity", "persistentVolumeClaim",
)  # fmt: skip

_SCALARS = (
    None, True, False, 0, -1, 1, 8, 2**31, 2**63, -(2**70), 1.5, 1e300, "", " ", "auto", "x", "8", "1e3", "500m", "a" * 300,
    "<no value>", "{{.MODEL_ID}}", "$(A)", "\n", "\x00", "é\u2028", "/", "name=main", "false", "{}", "[]",
)  # fmt: skip


class Hostile:
    """Draws hostile values from one source of numbers."""

    def __init__(self, number: int) -> None:
        self._random = random.Random(number)
        self.chance, self.choice, self.below = self._random.random, self._random.choice, self._random.randrange

    def value(self, levels: int = 3) -> Json:
        """Return any JSON value, at times far too deep, long or wide."""
        kind = self.chance()
        if kind < 0.45 or levels == 0:
            return self.choice(_SCALARS)
        if kind < 0.65:
            return [self.value(levels - 1) for _ in range(self.below(4))]
        if kind < 0.95:
            return {self.key(): self.value(levels - 1) for _ in range(self.below(4))}
        if kind < 0.97:
            return self.nested(self.choice((20, 80, 99, 101, 200, 350, 490, 700)))
        return {self.key() * 50: [{"name": "main"}] * self.below(40)}

    def key(self) -> str:
        return self.choice(STEPS).replace("~1", "/")

    def nested(self, levels: int) -> Json:
        value: Json = self.choice(_SCALARS)
        in_map = self.chance() < 0.5
        for _ in range(levels):
            value = {"a": value} if in_map else [value]
        return value

    def path(self) -> str:
        start = self.choice(
            (
                "/spec",
                "/metadata/labels",
                "/metadata/annotations",
                "/spec/containers/name=main",
                "",
                "/metadata",
                "spec",
            )
        )
        return start + "".join(f"/{self.choice(STEPS)}" for _ in range(self.below(5)))

    def place(self, value: Json) -> tuple[Json, Any]:
        """Return a map or list of a value that is not empty, and one of its keys or indices."""
        node = value
        for _ in range(self.below(10)):
            deeper = [
                inner
                for inner in (node.values() if isinstance(node, dict) else node)
                if inner and isinstance(inner, dict | list)
            ]
            if not deeper:
                break
            node = self.choice(deeper)
        return node, self.choice(list(node)) if isinstance(node, dict) else self.below(len(node))

    def mangle(self, value: Json) -> None:
        """Change one place of a value."""
        node, at = self.place(value)
        match self.below(8):
            case 0 if isinstance(node, list):
                node.append(node[at])
            case 1:
                del node[at]
            case 2:
                node[at] = [node[at]]
            case 3:
                node[at] = {self.key(): node[at]}
            case 4 if isinstance(node, dict):
                node[self.key()] = node.pop(at)
            case _:
                node[at] = self.value()
        if not value:
            value["kind"] = "Pod"

    def forge(self, value: Json) -> None:
        """Give one pod template of an object a record that the webhook never wrote, or take its record away."""
        templates = _templates(value)
        template = self.choice(templates)
        metadata = template.setdefault("metadata", {})
        annotations = metadata.setdefault("annotations", {})
        record = json.loads(annotations.get(RECORD) or '{"version":1,"added":[],"replaced":{}}')
        for _ in range(1 + self.below(5)):
            self._forge_once(record)
        annotations[RECORD] = json.dumps(record) if self.chance() < 0.95 else self.value()
        if self.chance() < 0.3 and value["kind"] == "LeaderWorkerSet":
            value["spec"]["leaderWorkerTemplate"].pop("leaderTemplate", None)

    def _forge_once(self, record: Json) -> None:
        replaced = record.get("replaced")
        match self.below(10):
            case 0 | 1 | 2:
                key = self.choice(("added", "added", "made"))
                paths = record.get(key)
                record[key] = [*(paths if isinstance(paths, list) else ()), self.path()]
            case 3 | 4 | 5:
                record["replaced"] = {**(replaced if isinstance(replaced, dict) else {}), self.path(): self.value()}
            case 6 if isinstance(replaced, dict) and replaced:
                replaced[self.choice(list(replaced))] = self.value()
            case 7 if isinstance(record.get("added"), list):
                record["added"] = (record["added"] * self.choice((2, 2, 500)))[:3000]
            case 8:
                record[self.choice(("version", "color", "created", "container", "rendered"))] = self.value(1)
            case _ if record:
                key = self.choice(list(record))
                if self.chance() < 0.5:
                    record.pop(key)
                else:
                    record[key] = self.value()


def _templates(value: Json) -> list[Json]:
    if value["kind"] == "Pod":
        return [value]
    group = value["spec"]["leaderWorkerTemplate"]
    return [group[name] for name in ("leaderTemplate", "workerTemplate") if name in group]


def request(number: int) -> tuple[rendering.State, Json]:
    """Return the request of this number, and the configuration that it meets: even ones are mangled, odd ones are forged."""
    hostile = Hostile(number)
    state, bare, rendered = hostile.choice(BASES)
    value = _decode(rendered if number % 2 or hostile.chance() < 0.3 else bare)
    kind = value["kind"]
    if number % 2:
        hostile.forge(value)
    for _ in range(0 if number % 2 and hostile.chance() < 0.7 else 1 + hostile.below(3)):
        hostile.mangle(value)
    group, version, name = KINDS[kind]
    asked = {
        "uid": "u", "kind": {"group": group, "version": version, "kind": name}, "namespace": "ns", "operation": "CREATE",
        "object": value,
    }  # fmt: skip
    if hostile.chance() < (0.4 if kind == "LeaderWorkerSet" else 0.05):
        asked["operation"] = "UPDATE"
        asked["oldObject"] = _decode(hostile.choice((bare, rendered)))
        if hostile.chance() < 0.3:
            asked["object"], asked["oldObject"] = asked["oldObject"], asked["object"]
        elif hostile.chance() < 0.3:
            hostile.mangle(asked["oldObject"])
    return state, asked


def hold(number: int) -> str:
    """Hold everything that must hold for the input of this number; return how it ended, as a word or two."""
    state, asked = request(number)
    try:
        body = _encode({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": asked})
        decision = review.decide(body, mutation.handle, state)
    except errors.MalformedReview:
        return "malformed-review"
    if decision.error is not None:
        raise AssertionError(f"input {number} is an internal error") from decision.error
    assert decision.body == _decided_without_changing_the_input(body, state), f"input {number}: two answers"
    response = _decode(decision.body)["response"]
    if not response["allowed"]:
        status = response["status"]
        assert decision.reason in errors.DENIAL_CODES, f"input {number}"
        assert status["code"] == 422, f"input {number}"
        assert status["message"].endswith(f" [{decision.reason}]"), f"input {number}"
    _hold_restoring(asked["object"], number)
    return decision.reason


def _decided_without_changing_the_input(body: bytes, state: rendering.State) -> bytes:
    parsed = admission.parse(body)
    before = _encode(parsed)
    try:
        response = mutation.handle(parsed, state).response
    except errors.Denied as denial:
        response = admission.denied(denial)
    assert _encode(parsed) == before, "the input was modified"
    return admission.encode(response, parsed.uid)


def _hold_restoring(value: Json, number: int) -> None:
    kind = KINDS.get(value.get("kind") if isinstance(value.get("kind"), str) else "", workload.POD)
    before = _encode(value)
    restored = value
    with contextlib.suppress(errors.Denied):
        restored = mutation.restore(value, kind)
    assert _encode(value) == before, f"input {number}: restoring modified the input"
    assert patch.same(_untouchable(restored, kind), _untouchable(value, kind)), (
        f"input {number}: restoring changed more"
    )


def _untouchable(value: Json, kind: workload.GroupVersionKind) -> Json:
    """Return what restoring must never change: everything but spec, labels and annotations of pod templates."""
    if kind == workload.POD:
        return _without_rendered(value)
    spec = value.get("spec")
    group = spec.get("leaderWorkerTemplate") if isinstance(spec, dict) else None
    if not isinstance(group, dict):
        return value
    rest = {key: inner for key, inner in group.items() if key not in ("leaderTemplate", "workerTemplate")}
    return {**value, "spec": {**spec, "leaderWorkerTemplate": [rest, _without_rendered(group.get("workerTemplate"))]}}


def _without_rendered(template: Json) -> Json:
    if not isinstance(template, dict):
        return template
    rest = {key: inner for key, inner in template.items() if key not in ("spec", "metadata")}
    metadata = template.get("metadata")
    kept = metadata
    if isinstance(metadata, dict):
        kept = {key: inner for key, inner in metadata.items() if key not in ("labels", "annotations")}
    return [rest, kept or None]
