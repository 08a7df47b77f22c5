"""Updates of a LeaderWorkerSet of one runtime, decided as an API server lets them be decided: called a second time within the request."""

import copy

from webhook import catalog, mutation, rendering, workload
from webhook.settings import Settings

IMAGE = "r.example/vllm/vllm-openai:v0.11.0"


def state(image=IMAGE, command="serve", more=""):
    """Return a configuration of one runtime."""
    templates = (
        "templates:\n- runtime: vllm-cpu\n  podTemplate:\n    terminationGracePeriodSeconds: 120\n"
        "    tolerations: [{key: gpu, operator: Exists}]\n"
        f"    containerTemplate:\n      commandTemplate: [{command}, '{{{{ .ROLE }}}}']\n"
        f"      argsTemplate: ['--tp={{{{ .TP_SIZE }}}}{{{{ range .CUSTOM_ARGS }}}} {{{{ . }}}}{{{{ end }}}}']\n"
        f"      env: [{{name: A, value: template}}]\n{more}"
    )
    agent = f"deployment_templates: [{{match_runtimes: [vllm-cpu], container_template: {{image: '{image}'}}}}]"
    documents = [catalog.Document("templates", "t.yaml", templates), catalog.Document("agent", "a.yaml", agent)]
    return rendering.State(catalog.build(documents, None), Settings())


STATE, NEWER = state(), state(command="serve-newer")


def bare(args=("--a",), **more):
    """Return the file of a user."""
    container = {"name": "main", "image": "auto", "args": list(args)}
    return {
        "apiVersion": "leaderworkerset.x-k8s.io/v1",
        "kind": "LeaderWorkerSet",
        "metadata": {"name": "fleet", "labels": {"hydra.io/runtime": "vllm-cpu", "hydra.io/model-id": "m"}, **more},
        "spec": {"replicas": 2, "leaderWorkerTemplate": {"size": 2, "workerTemplate": {"spec": {"containers": [container]}}}},
    }  # fmt: skip


def created(value, state=STATE):
    return copy.deepcopy(mutation.mutate(value, workload.LEADER_WORKER_SET, state, namespace="ns").value)


def updated(value, old, state=STATE, manager=""):
    """Decide an update, after checking that neither object is modified and that a second call within the request changes nothing.

    The API server calls a second time if LeaderWorkerSet's webhook has filled something in meanwhile.
    """
    before = copy.deepcopy((value, old))
    decided = mutation.update(value, old, state, namespace="ns", manager=manager)
    assert (value, old) == before
    again = mutation.update(decided.value, old, state, namespace="ns", manager=manager)
    assert again.value == decided.value, "the second call changed something"
    stored = filled_in(old)
    first = mutation.update(value, stored, state, namespace="ns", manager=manager)
    sent = filled_in(first.value)
    again = mutation.update(sent, stored, state, namespace="ns", manager=manager)
    assert again.value == sent, "the second call changed something that LeaderWorkerSet's webhook had filled in"
    if first.reason == "rendered" and any(workload.RECORD in str(one) for one in templates(stored)):
        announced = any(notice.code == "groups-roll" for notice in first.notices)
        assert announced == (group(sent) != group(stored)), "what rolls and what is announced differ"
    return decided
    assert decided.reason != "rendered" or group(sent) == group(filled_in(old)), "rolls without a warning"
    return decided


def filled_in(value):
    """Return a LeaderWorkerSet as its webhook and CRD fill it in."""
    filled = copy.deepcopy(value)
    for name in group(filled).keys() & {"leaderTemplate", "workerTemplate"}:
        group(filled)[name].setdefault("metadata", {})
        for container in group(filled)[name]["spec"]["containers"]:
            container.setdefault("resources", {})
            for port in container.get("ports", ()):
                port.setdefault("protocol", "TCP")
    return filled


def templates(value):
    return [group(value)[name] for name in ("leaderTemplate", "workerTemplate") if name in group(value)]


def group(value):
    return value["spec"]["leaderWorkerTemplate"]


def main(value, name="workerTemplate"):
    return group(value)[name]["spec"]["containers"][0]


def codes(decided):
    return [notice.code for notice in decided.notices if notice.code != "model-not-mounted"]
