"""What a Pod or LeaderWorkerSet declares: roles, sizes, labels, and why it may be left unchanged."""

import json
from pathlib import Path

import pytest

from webhook import errors, workload

LABELS = {"hydra.io/runtime": "vllm", "hydra.io/model-id": "qwen3"}
GROUP = "leaderworkerset.sigs.k8s.io/"


def pod(labels=None, annotations=None, **spec):
    return {"metadata": {"labels": {**LABELS, **(labels or {})}, "annotations": annotations or {}}, "spec": spec}


def leader_worker_set(size=None, **group):
    group = {"workerTemplate": {"spec": {}}, **group, **({} if size is None else {"size": size})}
    return {"metadata": {"labels": LABELS}, "spec": {"leaderWorkerTemplate": group}}


def only(value, kind=workload.POD):
    (template,) = workload.pod_templates(value, kind)
    return template


@pytest.mark.parametrize(
    ("labels", "annotations", "role", "size"),
    [
        ({}, {}, "lone", 1),
        ({GROUP + "name": "g", GROUP + "worker-index": "0"}, {GROUP + "size": "4"}, "leader", 4),
        ({GROUP + "name": "g", GROUP + "worker-index": "3"}, {GROUP + "size": "4"}, "worker", 4),
        ({GROUP + "name": "g"}, {GROUP + "size": "4", GROUP + "leader-name": "g-0"}, "worker", 4),
        ({GROUP + "name": "g", GROUP + "worker-index": "0"}, {GROUP + "size": "1"}, "lone", 1),
        ({GROUP + "worker-index": "0"}, {GROUP + "size": "4"}, "lone", 1),
    ],
    ids=[
        "outside a group",
        "the leader",
        "a worker",
        "a worker without an index yet",
        "a group of one",
        "no group name",
    ],
)
def test_a_pod_knows_its_role_from_its_labels(labels, annotations, role, size):
    template = only(pod(labels, annotations))

    assert (template.role, template.group_size, template.is_pod) == (role, size, True)


@pytest.mark.parametrize("size", [None, "", "0", "-1", "two", "4.0", "9" * 5000])
def test_a_pod_of_a_group_without_a_size_is_denied(size):
    annotations = {} if size is None else {GROUP + "size": size}

    with pytest.raises(errors.Denied, match=r"leaderworkerset\.sigs\.k8s\.io/size") as caught:
        workload.pod_templates(pod({GROUP + "name": "g"}, annotations), workload.POD)

    assert caught.value.code == "invalid-group-size"


def names(value):
    return [
        (template.name, template.role, template.group_size, template.created)
        for template in workload.pod_templates(value, workload.LEADER_WORKER_SET)
    ]


def test_a_group_without_leader_template_gets_one_made_from_the_workers():
    assert names(leader_worker_set(2)) == [
        ("leaderTemplate", "leader", 2, True),
        ("workerTemplate", "worker", 2, False),
    ]


def test_a_leader_template_of_its_own_is_kept():
    assert names(leader_worker_set(2, leaderTemplate={"spec": {}})) == [
        ("leaderTemplate", "leader", 2, False),
        ("workerTemplate", "worker", 2, False),
    ]


@pytest.mark.parametrize("size", [1, None])
def test_a_group_of_one_is_not_distributed_and_gets_no_leader_template(size):
    assert names(leader_worker_set(size)) == [("workerTemplate", "lone", 1, False)]


@pytest.mark.parametrize("size", [0, -1, "2", 2.5, True])
def test_a_group_size_that_is_not_a_number_of_pods_is_denied(size):
    with pytest.raises(errors.Denied, match="size"):
        names(leader_worker_set(size))


def test_a_templates_own_labels_override_those_of_the_set():
    value = leader_worker_set(1, workerTemplate={"metadata": {"labels": {"hydra.io/runtime": "sglang"}}})

    template = only(value, workload.LEADER_WORKER_SET)

    assert workload.declaration(template).runtime == "sglang"
    assert workload.declaration(template).model_id == "qwen3"


def test_volume_claim_templates_define_volumes():
    claims = [{"metadata": {"name": "models"}}]

    template = only(leader_worker_set(1, volumeClaimTemplates=claims), workload.LEADER_WORKER_SET)

    assert template.claims == {"models"}


@pytest.mark.parametrize("kind", workload.POD_TEMPLATE_PLACES, ids=lambda kind: kind[2])
def test_the_pod_template_of_each_kind_is_found_where_kubernetes_has_it(kind):
    value = pod()
    for key in reversed(workload.POD_TEMPLATE_PLACES[kind]):
        value = {key: value}

    template = only(value, kind)

    assert workload.declaration(template).runtime == "vllm"
    assert not template.is_pod


def test_a_kind_without_pod_templates_has_none():
    assert workload.pod_templates(pod(), ("", "v1", "ConfigMap")) == ()


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (pod(), ""),
        (pod({"hydra.io/inject": "true"}), ""),
        (pod({"hydra.io/inject": "false"}), "opted-out"),
        (pod({}, {"kubernetes.io/config.mirror": "x"}), "mirror-pod"),
        ({"metadata": {"labels": {"app": "x"}}}, "not-labelled"),
        ({"metadata": {"labels": None}}, "not-labelled"),
        ({}, "not-labelled"),
    ],
)
def test_objects_that_the_selectors_exclude_are_excluded_here_too(value, reason):
    assert workload.exclusion(value) == reason


def test_annotations_are_read():
    annotations = {
        "hydra.io/model-name": "Qwen3",
        "hydra.io/gpu-type": "nvidia-gpu",
        "hydra.io/tensor-parallel-size": "8",
        "hydra.io/pipeline-parallel-size": "2",
        "hydra.io/data-parallel-size": "4",
        "hydra.io/gpu-count": "0",
        "hydra.io/model-path": "/models/qwen3",
        "hydra.io/model-port": "9000",
        "hydra.io/dataset": "weights",
        "hydra.io/container": "main",
    }

    assert workload.declaration(only(pod({}, annotations))) == workload.Declaration(
        "vllm",
        "qwen3",
        "Qwen3",
        "nvidia-gpu",
        "main",
        gpu_count=0,
        tensor_parallel_size=8,
        pipeline_parallel_size=2,
        data_parallel_size=4,
        dataset="weights",
        constants={"MODEL_PATH": "/models/qwen3", "MODEL_PORT": 9000},
    )


@pytest.mark.parametrize(
    ("labels", "annotations", "reason", "key"),
    [
        ({"hydra.io/model-id": ""}, {}, "empty-value", "hydra.io/model-id"),
        ({"hydra.io/runtime": " "}, {}, "empty-value", "hydra.io/runtime"),
        ({"hydra.io/runtime": 1000.0}, {}, "invalid-value", "hydra.io/runtime"),
        ({}, {"hydra.io/model-name": ""}, "empty-value", "hydra.io/model-name"),
        ({}, {"hydra.io/container": ""}, "empty-value", "hydra.io/container"),
        ({}, {"hydra.io/tensor-parallel-size": "two"}, "invalid-size", "hydra.io/tensor-parallel-size"),
        ({}, {"hydra.io/tensor-parallel-size": "0"}, "invalid-size", "hydra.io/tensor-parallel-size"),
        ({}, {"hydra.io/pipeline-parallel-size": "1.5"}, "invalid-size", "hydra.io/pipeline-parallel-size"),
        ({}, {"hydra.io/pipeline-parallel-size": "٣"}, "invalid-size", "hydra.io/pipeline-parallel-size"),
        ({}, {"hydra.io/pipeline-parallel-size": True}, "invalid-value", "hydra.io/pipeline-parallel-size"),
        ({}, {"hydra.io/data-parallel-size": "0"}, "invalid-size", "hydra.io/data-parallel-size"),
        ({}, {"hydra.io/gpu-count": "-1"}, "invalid-size", "hydra.io/gpu-count"),
        ({}, {"hydra.io/model-path": "models"}, "invalid-value", "hydra.io/model-path"),
        ({}, {"hydra.io/model-port": "0"}, "invalid-value", "hydra.io/model-port"),
        ({}, {"hydra.io/model-port": "65536"}, "invalid-value", "hydra.io/model-port"),
        ({}, {"hydra.io/model-port": "http"}, "invalid-value", "hydra.io/model-port"),
        ({}, {"hydra.io/dataset": " "}, "empty-value", "hydra.io/dataset"),
    ],
)
def test_a_bad_value_is_denied_naming_key_and_value(labels, annotations, reason, key):
    template = only(pod(labels, annotations))

    with pytest.raises(errors.Denied) as caught:
        workload.declaration(template)

    value = {**labels, **annotations}[key]
    assert caught.value.code == reason
    assert key in caught.value.message
    assert (value if isinstance(value, str) else json.dumps(value)).rstrip("0.") in caught.value.message


def test_a_missing_model_id_is_denied():
    value = {"metadata": {"labels": {"hydra.io/runtime": "vllm"}}}

    with pytest.raises(errors.Denied, match=r"label hydra\.io/model-id is missing"):
        workload.declaration(only(value))


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"metadata": []}, "metadata: must be a map, not a list"),
        ({"metadata": {"labels": "x"}}, "metadata.labels: must be a map, not a string"),
        ({"metadata": {"annotations": 1}}, "metadata.annotations: must be a map, not a number"),
    ],
)
def test_a_malformed_object_is_denied_with_the_path(value, path):
    with pytest.raises(errors.Denied) as caught:
        workload.pod_templates(value, workload.POD)

    assert caught.value.message == path


REVIEWS = Path(__file__).parent / "reviews"


@pytest.mark.parametrize(
    ("file", "roles"),
    [
        ("pod-kubectl-create", ["lone"]),
        ("pod-of-lws-leader-before-lws-webhook", ["leader"]),
        ("pod-of-lws-leader-reinvoked", ["leader"]),
        ("pod-of-lws-worker-before-lws-webhook", ["worker"]),
        ("pod-of-lws-worker-reinvoked", ["worker"]),
        ("lws-without-leader-template", ["leader", "worker"]),
        ("lws-with-leader-template", ["leader", "worker"]),
    ],
)
def test_recorded_objects_have_the_roles_that_the_controller_gave_them(file, roles):
    request = json.loads((REVIEWS / f"{file}.json").read_text())["request"]
    kind = tuple(request["kind"][key] for key in ("group", "version", "kind"))

    assert [template.role for template in workload.pod_templates(request["object"], kind)] == roles
