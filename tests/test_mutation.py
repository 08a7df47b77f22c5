"""Which reviews are acted on, and what each outcome looks like to the user (contract sections 2, 8, 9 and 11)."""

import base64
import copy
import json
from pathlib import Path

import jsonpatch
import pytest

from webhook import admission, catalog, errors, jsonshape, mutation, rendering, review, workload
from webhook.settings import Settings

SNAPSHOT = catalog.build(catalog.embedded(), None)
REVIEWS = Path(__file__).parent / "reviews"


def recorded(name):
    return json.loads((REVIEWS / f"{name}.json").read_text())


def decide(reviewed, snapshot=SNAPSHOT):
    return review.decide(json.dumps(reviewed).encode(), mutation.handle, rendering.State(snapshot, Settings()))


def response(decision):
    return json.loads(decision.body)["response"]


def rendered(review):
    """Return the object of a review with the patch applied."""
    operations = json.loads(base64.b64decode(response(decide(review))["patch"]))
    return jsonpatch.apply_patch(copy.deepcopy(review["request"]["object"]), operations)


def inference(value):
    return next(container for container in value["spec"]["containers"] if container["name"] == "main")


def test_a_recorded_pod_becomes_runnable():
    review = recorded("pod-kubectl-create")

    decision = decide(review)

    assert (decision.outcome, decision.reason, decision.object_kind, decision.runtime) == (
        "mutated",
        "rendered",
        "Pod",
        "vllm-cpu",
    )
    assert response(decision)["auditAnnotations"] == {"runtime": "vllm-cpu", "revision": decision.revision}
    container = inference(rendered(review))
    assert container["command"] == ["/bin/bash", "-c"]
    assert container["args"] == [
        "vllm serve /data/serving-model --served-model-name qwen3-0.6b --trust-remote-code --dtype=half --max-model-len=8192"
    ]
    assert "imagePullPolicy" not in container


def test_a_templates_grace_period_takes_effect_on_a_pod_that_the_api_server_has_defaulted():
    value = rendered(recorded("pod-two-containers-8-gpus"))

    assert value["spec"]["terminationGracePeriodSeconds"] == 120


def test_a_recorded_group_gets_a_leader_and_workers():
    value = rendered(recorded("lws-without-leader-template"))

    group = value["spec"]["leaderWorkerTemplate"]
    leader, worker = (
        group[name]["spec"]["containers"][0]["command"][2] for name in ("leaderTemplate", "workerTemplate")
    )
    assert "ray start --head --port=6379" in leader
    assert "--tensor-parallel-size=8 --pipeline-parallel-size=2" in leader
    assert "ray start --block --address=$(LWS_LEADER_ADDRESS):6379" in worker


def test_the_published_example_starts_ray_on_leader_and_worker():
    agent = catalog.Document(
        "agent", "agent.yaml", "deployment_templates: [{container_template: {image: example/image:1}}]"
    )
    templates = next(document for document in catalog.embedded() if document.config_kind == "templates")
    review = recorded("lws-without-leader-template")
    review["request"]["object"]["metadata"]["labels"]["hydra.io/runtime"] = "vllm-cpu"
    del review["request"]["object"]["spec"]["leaderWorkerTemplate"]["workerTemplate"]["spec"]["containers"][0]["args"]

    operations = json.loads(
        base64.b64decode(response(decide(review, catalog.build([templates, agent], None)))["patch"])
    )

    group = jsonpatch.apply_patch(review["request"]["object"], operations)["spec"]["leaderWorkerTemplate"]
    leader, worker = (group[name]["spec"]["containers"][0]["args"] for name in ("leaderTemplate", "workerTemplate"))
    assert leader == [
        (
            "ray start --head --port=6379 && vllm serve /data/serving-model --served-model-name deepseek-r1 "
            "--trust-remote-code --tensor-parallel-size=8 --pipeline-parallel-size=2"
        )
    ]
    assert worker == ["ray start --block --address=$(LWS_LEADER_ADDRESS):6379"]


def test_objects_of_other_kinds_are_not_even_decoded(monkeypatch):
    monkeypatch.setattr(admission, "_object_decoder", None)
    huge = {"spec": ["x" * admission.MAX_OBJECT]}

    for request in (
        {"kind": {"version": "v1", "kind": "ConfigMap"}},
        {"subResource": "status"},
        {"operation": "UPDATE"},
    ):
        assert decide(changed(**request, object=huge)).reason == "not-intercepted"


def test_a_bomb_inside_a_record_is_not_decoded():
    review = recorded("pod-kubectl-create")
    bomb = '{"version":1,"replaced":{"/spec":[' + ",".join(['{"":{}}'] * 50_000) + "]}}"
    review["request"]["object"]["metadata"].setdefault("annotations", {})["hydra.io/rendered"] = bomb

    decision = decide(review)

    assert decision.reason == "invalid-record"
    assert f"holds more than {jsonshape.MOST_VALUES} values" in decision.message


def changed(**request):
    review = recorded("pod-kubectl-create")
    review["request"].update(request)
    return review


@pytest.mark.parametrize(
    ("review", "reason"),
    [
        (changed(operation="UPDATE"), "not-intercepted"),
        (changed(operation="DELETE", object=None), "not-intercepted"),
        (changed(subResource="status"), "not-intercepted"),
        (changed(kind={"group": "", "version": "v1", "kind": "ConfigMap"}), "not-intercepted"),
        (changed(object={"metadata": {"labels": {}}}), "not-labelled"),
        (changed(object={"metadata": {"labels": {"hydra.io/runtime": "x", "hydra.io/inject": "false"}}}), "opted-out"),
    ],
)
def test_an_object_that_is_not_ours_is_admitted_unchanged(review, reason):
    decision = decide(review)

    assert (decision.outcome, decision.reason) == ("unchanged", reason)
    assert response(decision) == {"uid": review["request"]["uid"], "allowed": True}


#: A record that names more changes than any template makes.
TOO_MUCH = {
    "version": 1, "runtime": "vllm-cpu", "model": "qwen3-0.6b", "revision": "", "inputs": "", "container": "main",
    "added": [f"/spec/volumes/name={number}" for number in range(3000)], "replaced": {}, "rendered": "",
}  # fmt: skip


def test_a_misspelt_runtime_is_denied_with_the_nearest_name():
    review = recorded("pod-kubectl-create")
    review["request"]["object"]["metadata"]["labels"]["hydra.io/runtime"] = "vllm-cup"

    decision = decide(review)

    status = response(decision)["status"]
    assert (decision.outcome, decision.reason, decision.runtime) == ("denied", "unknown-runtime", "")
    assert (status["code"], status["reason"]) == (422, "Invalid")
    assert status["message"].startswith("Pod default/qwen: label hydra.io/runtime")
    assert 'did you mean "vllm-cpu"?' in status["message"]


def test_the_object_is_named_even_if_it_has_no_name_yet():
    review = recorded("pod-server-dry-run-generate-name")
    review["request"]["object"]["metadata"]["labels"]["hydra.io/model-id"] = ""

    assert response(decide(review))["status"]["message"].startswith("Pod default/dry-*: label hydra.io/model-id")


def test_until_a_configuration_has_been_read_the_message_asks_to_try_again():
    decision = decide(recorded("pod-kubectl-create"), catalog.empty())

    status = response(decision)["status"]
    assert (decision.reason, status["code"], status["reason"]) == ("configuration-missing", 503, "ServiceUnavailable")


def test_an_empty_refresh_is_denied():
    review = recorded("pod-kubectl-create")
    review["request"]["object"]["metadata"]["annotations"] = {"hydra.io/refresh": ""}

    assert "hydra.io/refresh" in decide(review).message


def test_a_null_name_in_a_request_counts_as_empty():
    review = changed(name=None, namespace=None, subResource=None)

    assert decide(review).outcome == "mutated"


def test_a_rendered_pod_is_admitted_even_if_it_lost_the_size_of_its_group():
    review = recorded("pod-of-lws-leader-before-lws-webhook")
    review["request"]["object"] = rendered(review)
    del review["request"]["object"]["metadata"]["annotations"]["leaderworkerset.sigs.k8s.io/size"]

    assert (decide(review).outcome, decide(review).reason) == ("unchanged", "already-rendered")


def test_built_in_agent_entries_do_not_make_a_runtime_known_if_templates_are_supplied():
    own = catalog.Document("templates", "t.yaml", "templates: [{runtime: mine}]")
    agent = next(document for document in catalog.embedded() if document.config_kind == "agent")

    snapshot = catalog.build([own, agent], None)

    assert snapshot.runtimes == ("mine",)
    assert decide(recorded("pod-two-containers-8-gpus"), snapshot).reason == "unknown-runtime"


def test_a_null_in_a_template_does_not_reach_an_object():
    text = "templates: [{runtime: vllm-cpu, podTemplate: {volumes: [{name: v, emptyDir: , hostPath: {path: /x, type: }}]}}]"
    documents = [catalog.Document("templates", "t.yaml", text), catalog.embedded()[1]]

    pod = recorded("pod-kubectl-create")["request"]["object"]
    value = mutation.mutate(
        pod, workload.POD, rendering.State(catalog.build(documents, None), Settings()), namespace="x"
    ).value

    assert value["spec"]["volumes"][-1] == {"name": "v", "hostPath": {"path": "/x"}}


def test_dry_run_gives_the_same_patch():
    review = recorded("pod-kubectl-create")
    wet = response(decide(review))
    review["request"]["dryRun"] = True

    assert response(decide(review)) == wet
    assert decide(review).dry_run


def test_an_internal_error_is_answered_with_an_id_and_no_details(monkeypatch):
    def broken(*_args, **_kwargs):
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr("webhook.mutation.handler.mutate", broken)

    decision = decide(recorded("pod-kubectl-create"))

    status = response(decision)["status"]
    assert (decision.outcome, status["code"]) == ("errored", 500)
    assert decision.error_id in status["message"]
    assert "secret" not in status["message"]
    assert isinstance(decision.error, ZeroDivisionError)


@pytest.mark.parametrize(
    "annotation",
    [json.dumps(TOO_MUCH), "", "{", "[]", "{}", "null", '{"version":2}', "x" * 1000, '{"version":1,"added":[""]}'],
    ids=["too many paths", "empty", "half", "a list", "an empty map", "null", "another version", "text", "too little"],
)
def test_a_record_that_cannot_be_read_is_denied_with_the_remedy(annotation):
    review = recorded("pod-kubectl-create")
    review["request"]["object"]["metadata"]["annotations"] = {"hydra.io/rendered": annotation}

    decision = decide(review)

    assert decision.reason == "invalid-record"
    assert "hydra-webhook restore -f" in decision.message


@pytest.mark.parametrize(
    ("kind", "key", "value"),
    [
        ("labels", "hydra.io/runtime", "sglang"),
        ("labels", "hydra.io/model-id", "other"),
        ("annotations", "hydra.io/container", "other"),
    ],
)
def test_a_record_that_does_not_match_its_pod_is_denied(kind, key, value):
    review = recorded("pod-kubectl-create")
    review["request"]["object"] = rendered(review)
    review["request"]["object"]["metadata"][kind][key] = value

    decision = decide(review)

    assert decision.reason == "invalid-record"
    assert key in decision.message
    assert value in decision.message


def test_a_record_for_a_container_that_no_longer_exists_is_denied():
    review = recorded("pod-kubectl-create")
    review["request"]["object"] = rendered(review)
    review["request"]["object"]["spec"]["containers"][0]["name"] = "renamed"

    assert decide(review).reason == "invalid-record"


def update(change):
    review = recorded("lws-without-leader-template")
    stored = rendered(review)
    review["request"].update(operation="UPDATE", oldObject=stored, object=change(copy.deepcopy(stored)))
    return decide(review)


def scaled(value):
    value["spec"]["replicas"] = 3
    return value


@pytest.mark.parametrize("name", ["leaderTemplate", "workerTemplate"])
def test_a_pod_from_a_rendered_template_is_admitted_unchanged(name):
    template = rendered(recorded("lws-without-leader-template"))["spec"]["leaderWorkerTemplate"][name]
    review = recorded("pod-of-lws-leader-before-lws-webhook")
    pod = review["request"]["object"]
    pod["spec"] = template["spec"]
    for key in ("labels", "annotations"):
        pod["metadata"][key] = {**pod["metadata"][key], **template["metadata"][key]}

    assert (decide(review).outcome, decide(review).reason) == ("unchanged", "already-rendered")


def test_scaling_a_group_passes():
    assert (update(scaled).outcome, update(scaled).reason) == ("unchanged", "update-without-effect")


def test_if_one_pod_template_opts_out_the_other_is_still_rendered():
    value = recorded("lws-with-leader-template")["request"]["object"]
    leader = value["spec"]["leaderWorkerTemplate"]["leaderTemplate"]
    leader["metadata"]["labels"]["hydra.io/inject"] = "false"

    mutated = mutation.mutate(
        value, workload.LEADER_WORKER_SET, rendering.State(SNAPSHOT, Settings()), namespace="default"
    ).value

    group = mutated["spec"]["leaderWorkerTemplate"]
    assert group["leaderTemplate"] is leader
    assert "hydra.io/rendered" in group["workerTemplate"]["metadata"]["annotations"]


def test_an_edit_elsewhere_in_the_configuration_does_not_change_the_revision():
    embedded = catalog.embedded()
    edited = [
        catalog.Document(one.config_kind, one.source, one.content.replace("lmsysorg/sglang", "lmsysorg/sglang2"))
        for one in embedded
    ]
    review = recorded("pod-kubectl-create")

    assert decide(review).revision == decide(review, catalog.build(edited, None)).revision
    review["request"]["object"]["metadata"]["labels"]["hydra.io/runtime"] = "sglang"
    review["request"]["object"]["metadata"]["annotations"] = {"hydra.io/gpu-type": "nvidia-gpu"}
    assert decide(review).revision != decide(review, catalog.build(edited, None)).revision


# Records of later releases (contract section 8)


def with_record(change):
    """Return the review of a rendered pod with a record such as another release might write."""
    reviewed = recorded("pod-kubectl-create")
    reviewed["request"]["object"] = pod = rendered(reviewed)
    record = json.loads(pod["metadata"]["annotations"]["hydra.io/rendered"])
    pod["metadata"]["annotations"]["hydra.io/rendered"] = json.dumps(change(record))
    return reviewed


LATER = {
    "a later version": lambda record: {**record, "version": 2},
    "a later layout": lambda record: {
        "version": 3,
        **{key: record[key] for key in ("runtime", "model", "container")},
        "undo": "…",
    },
    "an unknown key": lambda record: {**record, "color": "blue"},
}


@pytest.mark.parametrize("change", LATER.values(), ids=LATER)
def test_a_pod_with_a_record_of_a_later_release_is_admitted_unchanged(change):
    decision = decide(with_record(change))

    assert (decision.outcome, decision.reason) == ("unchanged", "already-rendered")


@pytest.mark.parametrize("change", LATER.values(), ids=LATER)
def test_a_record_of_a_later_release_must_still_belong_to_its_pod(change):
    decision = decide(with_record(lambda record: {**change(record), "runtime": "other"}))

    assert decision.reason == "invalid-record"


@pytest.mark.parametrize("change", LATER.values(), ids=LATER)
def test_a_record_of_a_later_release_cannot_be_undone_by_this_one(change):
    pod = with_record(change)["request"]["object"]

    with pytest.raises(errors.Denied, match=r"written by a later release.*\[later-record\]$"):
        mutation.restore(pod, workload.POD)


@pytest.mark.parametrize("change", LATER.values(), ids=LATER)
def test_a_leader_template_is_not_created_from_a_worker_template_that_a_later_release_rendered(change):
    reviewed = recorded("lws-without-leader-template")
    reviewed["request"]["object"] = value = rendered(reviewed)
    group = value["spec"]["leaderWorkerTemplate"]
    del group["leaderTemplate"]
    annotations = group["workerTemplate"]["metadata"]["annotations"]
    annotations["hydra.io/rendered"] = json.dumps(change(json.loads(annotations["hydra.io/rendered"])))

    assert decide(reviewed).reason == "later-record"


@pytest.mark.parametrize("change", LATER.values(), ids=LATER)
def test_an_update_that_leaves_a_rendering_of_a_later_release_unchanged_passes(change):
    def scaled_later(value):
        annotations = value["spec"]["leaderWorkerTemplate"]["workerTemplate"]["metadata"]["annotations"]
        annotations["hydra.io/rendered"] = json.dumps(change(json.loads(annotations["hydra.io/rendered"])))
        return value

    reviewed = recorded("lws-without-leader-template")
    stored = scaled_later(rendered(reviewed))
    reviewed["request"].update(operation="UPDATE", oldObject=stored, object=scaled(copy.deepcopy(stored)))

    assert decide(reviewed).reason == "update-without-effect"


def test_a_record_names_the_gpu_type_and_the_agent_entry_by_digest_and_matches_never_by_position():
    pod = rendered(recorded("pod-two-containers-8-gpus"))

    record = json.loads(pod["metadata"]["annotations"]["hydra.io/rendered"])
    entry = next(one for one in SNAPSHOT.agent_entries_for(record["runtime"]) if record["gpu_type"] in one.gpu_types)
    assert record["gpu_type"] == "nvidia-gpu"
    assert record["agent_entry"] == entry.digest
    assert record["runtime"] in record["matches"]
    assert len(record["matches"]) <= 200
    assert entry.path not in json.dumps(record)


# Paths in messages


def group_review(**parts):
    """Return the review of a LeaderWorkerSet with parts of its templates replaced, by dotted path."""
    reviewed = recorded("lws-with-leader-template")
    group = reviewed["request"]["object"]["spec"]["leaderWorkerTemplate"]
    for path, value in parts.items():
        *way, last = path.split("__")
        holder = group
        for key in way:
            holder = holder[int(key)] if isinstance(holder, list) else holder.setdefault(key, {})
        holder[int(last) if isinstance(holder, list) else last] = value
    return reviewed


@pytest.mark.parametrize(
    ("parts", "path"),
    [
        ({"workerTemplate__metadata__labels": []}, "workerTemplate.metadata.labels"),
        ({"workerTemplate__metadata__annotations": "x"}, "workerTemplate.metadata.annotations"),
        ({"leaderTemplate__metadata": 1}, "leaderTemplate.metadata"),
        ({"leaderTemplate__spec": []}, "leaderTemplate.spec"),
        ({"workerTemplate__spec__containers": {}}, "workerTemplate.spec.containers"),
        ({"workerTemplate__spec__containers__0__ports": 1}, "workerTemplate.spec.containers[0].ports"),
        ({"workerTemplate__spec__containers__0__args": [1]}, "workerTemplate.spec.containers[0].args[0]"),
        ({"workerTemplate__spec__containers__0__name": 1}, "workerTemplate.spec.containers[0].name"),
        ({"leaderTemplate__spec__containers__0__resources__limits": 1}, "leaderTemplate.spec.containers[0].resources.limits"),
        ({"volumeClaimTemplates": [{"metadata": []}]}, "volumeClaimTemplates[0].metadata"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_malformed_part_is_reported_with_its_whole_path(parts, path):
    decision = decide(group_review(**parts))

    assert decision.reason == "malformed-object"
    assert decision.message.startswith("LeaderWorkerSet ")
    assert f": spec.leaderWorkerTemplate.{path}: " in decision.message


def test_other_denials_of_a_pod_template_name_the_template_once():
    decision = decide(group_review(workerTemplate__metadata__annotations={"hydra.io/container": "absent"}))

    assert decision.message.count("workerTemplate") == 1


# Shapes (contract section 11: what the author can change is a denial)


def nested(levels):
    value = 1
    for _ in range(levels):
        value = {"a": value}
    return value


def changed_group(where, levels):
    """Return the review of an UPDATE in which the group of the new or the old object is nested so deeply."""
    reviewed = recorded("lws-without-leader-template")
    stored = rendered(reviewed)
    reviewed["request"].update(operation="UPDATE", oldObject=copy.deepcopy(stored), object=copy.deepcopy(stored))
    reviewed["request"][where]["spec"]["leaderWorkerTemplate"]["x"] = nested(levels)
    return reviewed


@pytest.mark.parametrize("levels", [98, 200, 300, 400, 490, 800])
@pytest.mark.parametrize("where", ["object", "oldObject"])
def test_an_update_that_is_nested_too_deeply_is_denied_with_the_place(where, levels):
    decision = decide(changed_group(where, levels))

    assert decision.reason == "malformed-object"
    assert ("oldObject.spec" in decision.message) == (where == "oldObject")
    assert "nested too deeply" in decision.message


def test_a_deep_update_within_the_bound_is_compared():
    assert decide(changed_group("object", 97)).reason == "kept"


@pytest.mark.parametrize("field", ["startupProbe", "readinessProbe", "livenessProbe"])
@pytest.mark.parametrize("handler", ["httpGet", "tcpSocket"])
@pytest.mark.parametrize("value", [5, "x", [], True])
def test_a_probe_handler_of_a_wrong_type_is_denied_with_its_path(field, handler, value):
    review = recorded("pod-kubectl-create")
    review["request"]["object"]["spec"]["containers"][0][field] = {handler: value}

    decision = decide(review)

    assert decision.reason == "malformed-object"
    assert f"spec.containers[0].{field}.{handler}: must be a map" in decision.message


TERMS = "requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: 5}]}"
WRONG_TYPES = [
    ("containerTemplate: {readinessProbe: {httpGet: 5}}", "broken-runtime", "readinessProbe.httpGet: must be a map"),
    ("containerTemplate: {resources: {requests: 5}}", "broken-runtime", "resources.requests: must be a map"),
    ("containerTemplate: {livenessProbe: {tcpSocket: []}}", "broken-runtime", "livenessProbe.tcpSocket: must be a map"),
    (
        f"affinity: {{nodeAffinity: {{{TERMS}}}}}",
        "malformed-object",
        'merged with the configuration of runtime "vllm-cpu", spec.affinity.',
    ),
]


@pytest.mark.parametrize(("fields", "code", "says"), WRONG_TYPES)
def test_a_configuration_of_a_wrong_type_is_denied_naming_the_runtime(fields, code, says):
    text = f"templates: [{{runtime: vllm-cpu, podTemplate: {{{fields}}}}}]"
    snapshot = catalog.build([catalog.Document("templates", "t.yaml", text), catalog.embedded()[1]], None)
    review = recorded("pod-kubectl-create")
    review["request"]["object"]["spec"]["containers"][0].pop("resources", None)

    decision = decide(review, snapshot)

    assert decision.reason == code
    assert 'runtime "vllm-cpu"' in decision.message
    assert says in decision.message


def test_a_label_that_is_a_list_is_no_internal_error_even_if_a_record_calls_it_a_copy():
    review = recorded("lws-without-leader-template")
    review["request"]["object"] = value = rendered(review)
    value["spec"]["leaderWorkerTemplate"]["workerTemplate"]["metadata"]["labels"]["hydra.io/runtime"] = ["vllm"]

    assert (decide(review).outcome, decide(review).reason) == ("unchanged", "already-rendered")
