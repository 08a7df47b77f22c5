"""The record: what it contains, and that an untouched rendering is recognised from the object alone."""

import copy
import json
import re
from pathlib import Path

import msgspec
import pytest

from webhook import catalog, errors, mutation, rendering, workload
from webhook.settings import Settings

STATE = rendering.State(catalog.build(catalog.embedded(), None), Settings())
REVIEWS = Path(__file__).parents[1] / "reviews"


def rendered(name, kind):
    value = json.loads((REVIEWS / f"{name}.json").read_text())["request"]["object"]
    return mutation.mutate(value, kind, STATE, namespace="default").value


def templates(value, kind):
    return {template.name: (template, rendering.read(template)) for template in workload.pod_templates(value, kind)}


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


def test_after_the_runtime_come_only_a_digest_and_a_number():
    text = rendered("pod-kubectl-create", workload.POD)["metadata"]["annotations"]["hydra.io/rendered"]

    after = json.loads("{" + text.partition('"runtime":"vllm-cpu",')[2])
    assert after == {"template": STATE.snapshot.runtime_templates["vllm-cpu"].digest, "version": 1}
    assert re.fullmatch("[0-9a-f]{16}", after["template"])


def with_value(template, value):
    return msgspec.structs.replace(template, value=value)


def test_a_rendering_is_untouched_after_a_crd_adds_its_defaults():
    template, record = templates(
        rendered("lws-without-leader-template", workload.LEADER_WORKER_SET), workload.LEADER_WORKER_SET
    )["leaderTemplate"]
    stored = copy.deepcopy(template.value)
    for container in stored["spec"]["containers"]:
        for port in container["ports"]:
            port["protocol"] = "TCP"

    assert rendering.untouched(with_value(template, stored), record)


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
    template, record = templates(
        rendered("lws-without-leader-template", workload.LEADER_WORKER_SET), workload.LEADER_WORKER_SET
    )[name]
    edited = copy.deepcopy(template.value)
    edit(edited["spec"])

    assert rendering.untouched(template, record)
    assert not rendering.untouched(with_value(template, edited), record)


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


# Anybody may write a record


def forged(value, **changes):
    """Return a rendered pod or pod template with a record that says something else as well."""
    forgery = copy.deepcopy(value)
    annotations = forgery["metadata"]["annotations"]
    record = json.loads(annotations["hydra.io/rendered"])
    for key, more in changes.items():
        if isinstance(more, dict):
            record[key] = {**record.get(key, {}), **more}
        else:
            record[key] = [*record.get(key, ()), *more]
    annotations["hydra.io/rendered"] = json.dumps(record)
    return forgery


OUTSIDE = [
    {"replaced": {"/kind": "ClusterRoleBinding", "/apiVersion": "rbac.authorization.k8s.io/v1"}},
    {"replaced": {"/metadata/name": "other"}},
    {"replaced": {"/metadata/namespace": "kube-system"}},
    {"replaced": {"/metadata": {"name": "other"}}},
    {"replaced": {"/metadata": None}},
    {"replaced": {"/metadata/ownerReferences": []}},
    {"replaced": {"/subjects": []}},
    {"replaced": {"/": 1}},
    {"replaced": {"/specs/x": 1}},
    {"replaced": {"/spec~1x": 1}},
    {"replaced": {"spec/x": 1}},
    {"replaced": {"": 1}},
    {"added": ["/metadata"]},
    {"added": ["/metadata/name"]},
    {"added": ["/kind"]},
    {"made": ["/metadata/finalizers"]},
]


@pytest.mark.parametrize("changes", OUTSIDE, ids=json.dumps)
def test_a_record_names_only_paths_below_spec_labels_and_annotations(changes):
    forgery = forged(rendered("pod-kubectl-create", workload.POD), **changes)
    path = next(iter(next(iter(changes.values()))))

    for act in (
        lambda: mutation.restore(forgery, workload.POD),
        lambda: mutation.mutate(forgery, workload.POD, STATE, namespace="default"),
    ):
        with pytest.raises(
            errors.Denied, match=re.escape(json.dumps(path)) if path[:1] == "/" else "outside"
        ) as caught:
            act()
        assert caught.value.code == "invalid-record"


MALFORMED = [
    ({"replaced": {"/spec": 5}}, "spec: must be a map"),
    ({"replaced": {"/spec/containers/name=main/resources": "x"}}, "resources: must be a map"),
    ({"replaced": {"/spec/containers/name=main/env": {"a": 1}}}, "env: must be a list"),
    ({"replaced": {"/metadata/labels": []}}, "metadata.labels: must be a map"),
    ({"replaced": {"/metadata/annotations": {"hydra.io/rendered": "{}"}}}, "restores a record"),
    ({"replaced": {"/metadata/annotations/hydra.io~1rendered": "{}"}}, "restores a record"),
]


@pytest.mark.parametrize(("changes", "message"), MALFORMED, ids=[json.dumps(changes) for changes, _ in MALFORMED])
def test_a_record_restores_a_pod_template_of_the_right_shape_without_a_record(changes, message):
    bare = json.loads((REVIEWS / "lws-without-leader-template.json").read_text())["request"]["object"]
    bare["spec"]["leaderWorkerTemplate"]["workerTemplate"]["metadata"] = {
        "labels": {"a": "b"},
        "annotations": {"c": "d"},
    }
    value = copy.deepcopy(mutation.mutate(bare, workload.LEADER_WORKER_SET, STATE, namespace="default").value)
    group = value["spec"]["leaderWorkerTemplate"]
    del group["leaderTemplate"]
    group["workerTemplate"] = forged(group["workerTemplate"], **changes)

    for act in (
        lambda: mutation.restore(value, workload.LEADER_WORKER_SET),
        lambda: mutation.mutate(value, workload.LEADER_WORKER_SET, STATE, namespace="default"),
    ):
        with pytest.raises(errors.Denied, match=message) as caught:
            act()
        assert caught.value.code == "invalid-record"


def test_a_record_nested_too_deeply_is_denied():
    deep = original = []
    for _ in range(300):
        deep.append([])
        deep = deep[0]
    forgery = forged(rendered("pod-kubectl-create", workload.POD), replaced={"/spec/x": original})

    with pytest.raises(errors.Denied, match="nested too deeply") as caught:
        mutation.restore(forgery, workload.POD)
    assert caught.value.code == "invalid-record"


def test_a_template_whose_metadata_was_null_is_restored():
    value = json.loads((REVIEWS / "lws-with-leader-template.json").read_text())["request"]["object"]
    value["spec"]["leaderWorkerTemplate"]["workerTemplate"]["metadata"] = None

    mutated = mutation.mutate(value, workload.LEADER_WORKER_SET, STATE, namespace="default").value

    assert mutation.restore(mutated, workload.LEADER_WORKER_SET) == value


# A rendering that is not as its record says


def edited(value, kind=workload.POD):
    """Return the names of the pod templates about which a notice says that they were edited."""
    found = mutation.mutate(value, kind, STATE, namespace="default").notices
    assert {notice.code for notice in found} <= {"edited-rendering"}
    return [notice.pod_template for notice in found]


def test_an_edited_rendering_earns_one_warning_a_template():
    value = copy.deepcopy(rendered("lws-with-leader-template", workload.LEADER_WORKER_SET))
    for name in ("leaderTemplate", "workerTemplate"):
        assert edited(value, workload.LEADER_WORKER_SET) == (["leaderTemplate"] if name == "workerTemplate" else [])
        value["spec"]["leaderWorkerTemplate"][name]["spec"]["containers"][0]["image"] = "mine"

    assert edited(value, workload.LEADER_WORKER_SET) == ["leaderTemplate", "workerTemplate"]


def test_an_edited_pod_earns_a_warning_and_foreign_changes_do_not():
    pod = copy.deepcopy(rendered("pod-kubectl-create", workload.POD))
    pod["spec"]["containers"].append({"name": "istio-proxy"})
    pod["metadata"]["labels"]["other"] = "x"
    pod["spec"]["containers"][0]["imagePullPolicy"] = "IfNotPresent"  # as the API server fills it in

    assert edited(pod) == []
    pod["spec"]["containers"][0]["imagePullPolicy"] = "Never"
    assert edited(pod) == [""]


def test_a_pod_made_from_a_created_leader_template_earns_no_warning():
    leader = rendered("lws-without-leader-template", workload.LEADER_WORKER_SET)["spec"]["leaderWorkerTemplate"][
        "leaderTemplate"
    ]
    pod = copy.deepcopy({"apiVersion": "v1", "kind": "Pod", **leader})
    pod["spec"]["nodeName"] = "node-1"

    assert edited(pod) == []


def test_a_rendering_of_a_later_release_earns_no_warning():
    pod = copy.deepcopy(rendered("pod-kubectl-create", workload.POD))
    annotations = pod["metadata"]["annotations"]
    annotations["hydra.io/rendered"] = json.dumps({**json.loads(annotations["hydra.io/rendered"]), "version": 2})
    pod["spec"]["containers"][0]["image"] = "mine"

    assert edited(pod) == []


@pytest.mark.parametrize("value", [5, {}, []], ids=json.dumps)
def test_a_record_that_is_not_a_string_is_denied_with_what_it_is(value):
    pod = copy.deepcopy(rendered("pod-kubectl-create", workload.POD))
    pod["metadata"]["annotations"]["hydra.io/rendered"] = value

    with pytest.raises(errors.Denied, match="not a string") as caught:
        mutation.restore(pod, workload.POD)
    assert caught.value.code == "invalid-record"
