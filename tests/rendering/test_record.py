"""The record: what it contains, and that an untouched rendering is recognised from the object alone."""

import copy
import json
from pathlib import Path

import pytest

from webhook import catalog, mutation, rendering, workload
from webhook.settings import Settings

STATE = rendering.State(catalog.build(catalog.embedded(), None), Settings())
REVIEWS = Path(__file__).parents[1] / "reviews"


def rendered(name, kind):
    value = json.loads((REVIEWS / f"{name}.json").read_text())["request"]["object"]
    return mutation.mutate(value, kind, STATE, namespace="default").value


def templates(value, kind):
    return {
        template.name: (template.value, rendering.read(template)) for template in workload.pod_templates(value, kind)
    }


def test_it_is_compact_json_with_sorted_keys():
    pod = rendered("pod-kubectl-create", workload.POD)

    text = pod["metadata"]["annotations"]["hydra.io/rendered"]
    assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))
    assert text.startswith("{")


def test_it_names_what_was_rendered_and_what_was_replaced():
    _, record = templates(rendered("pod-kubectl-create", workload.POD), workload.POD)[""]

    assert (record.runtime, record.model_id, record.container) == ("vllm-cpu", "qwen3-0.6b", "main")
    assert record.replaced == {
        "/spec/containers/name=main/args": ["--dtype=half", "--max-model-len=8192"],
        "/spec/containers/name=main/image": "auto",
        "/spec/containers/name=main/imagePullPolicy": "Always",
    }


def test_a_rendering_is_untouched_after_a_crd_adds_its_defaults():
    value, record = templates(
        rendered("lws-without-leader-template", workload.LEADER_WORKER_SET), workload.LEADER_WORKER_SET
    )["workerTemplate"]
    stored = copy.deepcopy(value)
    for container in stored["spec"]["containers"]:
        for port in container["ports"]:
            port["protocol"] = "TCP"

    assert rendering.untouched(stored, record)


@pytest.mark.parametrize(
    "edit",
    [
        lambda spec: spec["containers"][0].update(image="mine"),
        lambda spec: spec["containers"][0]["command"].append("x"),
        lambda spec: spec["containers"][0].pop("command"),
        lambda spec: spec["volumes"].clear(),
    ],
    ids=["image", "command", "no command", "no volumes"],
)
@pytest.mark.parametrize("name", ["leaderTemplate", "workerTemplate"])
def test_an_edit_of_a_rendered_field_is_noticed(edit, name):
    value, record = templates(
        rendered("lws-without-leader-template", workload.LEADER_WORKER_SET), workload.LEADER_WORKER_SET
    )[name]
    edited = copy.deepcopy(value)
    edit(edited["spec"])

    assert rendering.untouched(value, record)
    assert not rendering.untouched(edited, record)


def test_a_leader_template_created_from_the_workers_is_recorded_as_such_and_removed_when_restored():
    value = rendered("lws-without-leader-template", workload.LEADER_WORKER_SET)

    records = templates(value, workload.LEADER_WORKER_SET)

    assert records["leaderTemplate"][1].created
    assert not records["workerTemplate"][1].created
    assert "leaderTemplate" not in mutation.restore(value, workload.LEADER_WORKER_SET)["spec"]["leaderWorkerTemplate"]


def test_restoring_keeps_what_other_webhooks_added_later():
    pod = copy.deepcopy(rendered("pod-of-lws-worker-before-lws-webhook", workload.POD))
    pod["metadata"]["labels"]["leaderworkerset.sigs.k8s.io/worker-index"] = "1"
    pod["spec"]["containers"].insert(0, {"name": "istio-proxy"})
    pod["spec"]["containers"][1].setdefault("env", []).append({"name": "LWS_WORKER_INDEX", "value": "1"})

    restored = mutation.restore(pod, workload.POD)

    assert [container["name"] for container in restored["spec"]["containers"]] == ["istio-proxy", "main"]
    assert restored["spec"]["containers"][1]["env"] == [{"name": "LWS_WORKER_INDEX", "value": "1"}]
    assert restored["spec"]["containers"][1]["image"] == "auto"
