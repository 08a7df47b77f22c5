"""Objects of which only the pods are rendered, one by one at their own admission: because only their pod templates are labelled."""

import json

import msgspec
import pytest

from tests.explaining import field_cases, test_golden
from tests.explaining.test_explain import AGENT, LABELS, TEMPLATES, configured, explain, group, pod
from webhook import mutation, workload
from webhook.rendering import arrival


def unlabelled(size=2, leader=None, labels=LABELS, annotations=None, **metadata):
    """Return a LeaderWorkerSet whose pod templates have these labels, and which has none itself."""
    value = group(size, leader, args=["--own"])
    value["metadata"] = {"name": "g", **metadata}
    own = {"labels": labels, **({"annotations": annotations} if annotations else {})}
    for one in value["spec"]["leaderWorkerTemplate"].values():
        if isinstance(one, dict):
            one["metadata"] = own
    return value


def controller(kind="Deployment", labels=LABELS, **metadata):
    template = {"metadata": {"labels": labels}, "spec": pod()["spec"]}
    spec = {"jobTemplate": {"spec": {"template": template}}} if kind == "CronJob" else {"template": template}
    api_version = "batch/v1" if kind in ("Job", "CronJob") else "apps/v1"
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "d", **metadata}, "spec": spec}


def test_the_pods_of_a_leader_worker_set_are_explained_if_only_its_pod_templates_are_labelled():
    found = explain(unlabelled(4))
    leader, worker = found.pod_templates

    assert (found.outcome, found.denial) == ("rendered", None)
    assert "at its own admission" in found.reason
    assert not any("left alone" in line for line in field_cases.lines(found))
    assert [(one.role, one.group_size, one.pod_by_pod) for one in (leader, worker)] == [
        ("leader", 4, True),
        ("worker", 4, True),
    ]
    assert [one.origin for one in (leader, worker)] == ["made from workerTemplate"] * 2
    assert "leader pods, group of 4, made from workerTemplate, rendered when they are created" in field_cases.lines(
        found
    )
    values = {one.name: one.value for one in worker.variables}
    assert (values["GROUP_SIZE"], values["ROLE"], values["PP_SIZE"]) == (4, "worker", 4)


def test_such_pods_get_what_requests_give_them():
    value = unlabelled(3)
    for one, (_, bare) in zip(
        explain(value).pod_templates, arrival.pods(value, workload.LEADER_WORKER_SET), strict=True
    ):
        made = mutation.mutate(bare, workload.POD, configured().state, namespace="team-a").value
        for field in one.fields:
            there = made
            for key in field.keys[:-1]:
                there = there[key]
            if field.removed:
                assert field.keys[-1] not in there
            else:
                assert there[field.keys[-1]] == field.value, field.path


def test_what_kubernetes_adds_to_a_pod_is_told_apart_from_what_its_author_wrote():
    (one,) = explain(controller()).pod_templates
    setters = {field.path: field.set_by for field in one.fields}

    assert setters["spec.restartPolicy"] == setters["spec.containers[0].terminationMessagePath"] == "Kubernetes"
    assert setters["spec.containers[0].name"] == "workload"
    assert setters["spec.containers[0].imagePullPolicy"] == "webhook"


def test_the_container_of_such_a_pod_has_its_path_in_the_object():
    deployment, lws = explain(controller()), explain(unlabelled())

    assert deployment.pod_templates[0].container.path == "spec.template.spec.containers[0]"
    assert lws.pod_templates[0].container.path == "spec.leaderWorkerTemplate.workerTemplate.spec.containers[0]"


def test_a_field_that_comes_too_late_for_a_pod_is_not_said_to_be_set_on_a_deployment():
    templates = TEMPLATES.replace("podSecurityContext:", "priorityClassName: high\n      podSecurityContext:")
    found = explain(controller(), configured(templates))

    assert "spec.priorityClassName" not in {field.path for field in found.pod_templates[0].fields}
    assert found.warnings == ("left out because too late for a pod: priorityClassName; set them in the workload",)


@pytest.mark.parametrize("value", [unlabelled(), controller()], ids=["LeaderWorkerSet", "Deployment"])
def test_the_json_is_as_the_schema_describes_it(value):
    schema = json.loads(test_golden.SCHEMA.read_text())

    test_golden.checked(json.loads(msgspec.json.encode([explain(value)])), schema, schema)


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob"])
def test_the_pods_of_every_controller_are_explained(kind):
    found = explain(controller(kind))

    assert (found.outcome, found.reason) == ("rendered", "rendered")
    assert found.pod_templates[0].pod_by_pod


def test_labels_and_annotations_that_pods_do_not_get_are_named_with_where_they_belong():
    annotations = {"hydra.io/gpu-type": "h100", "other": "x"}
    in_deployment = explain(controller(annotations=annotations))
    in_group = explain(unlabelled(annotations={"hydra.io/gpu-type": "h100"}))

    assert in_deployment.pod_templates[0].gpu_types[0].gpu_type == "cpu"
    assert in_deployment.next_steps == (
        "write hydra.io/gpu-type into spec.template.metadata: pods get nothing from the metadata of the Deployment itself",
    )
    assert in_group.pod_templates[0].gpu_types[0].gpu_type == "h100"
    assert in_group.next_steps == (
        "to have its pod templates rendered instead, put labels hydra.io/runtime and hydra.io/model-id into its own metadata",
    )


def test_labels_of_a_deployment_itself_are_not_said_to_be_missing():
    found = explain(controller(labels={"app": "x"}) | {"metadata": {"name": "d", "labels": LABELS}})

    assert found.outcome == "not-labelled"
    assert found.reason == (
        "left alone: it has label hydra.io/runtime, but not in its pod template, from which pods get their labels"
    )
    (step,) = found.next_steps
    assert step.startswith("write hydra.io/model-id, hydra.io/runtime into spec.template.metadata: ")


def test_opting_out_on_a_leader_worker_set_does_not_reach_its_labelled_pods():
    value = unlabelled()
    value["metadata"]["labels"] = {**LABELS, "hydra.io/inject": "false"}
    found = explain(value)

    assert found.outcome == "rendered"
    assert 'since its label hydra.io/inject: "false" does not reach its pods' in found.reason
    assert found.next_steps[0].startswith(
        'to leave its pods alone as well, set label hydra.io/inject: "false" in spec.'
    )


def test_a_template_that_has_no_label_beside_one_that_has_is_left_alone():
    value = unlabelled(leader={"spec": pod()["spec"]})
    value["spec"]["leaderWorkerTemplate"]["leaderTemplate"]["metadata"] = {}
    found = explain(value)

    assert [one.outcome for one in found.pod_templates] == ["not-labelled", "rendered"]
    assert "leader pods, group of 2, made from leaderTemplate: left alone, without label hydra.io/runtime" in (
        field_cases.lines(found)
    )


def test_a_denial_of_such_pods_names_the_object_and_the_pods():
    agent = AGENT.replace("[engine]", "[third]").replace("  - container_template: {image: example/any:1}\n", "")
    found = explain(unlabelled(), configured(agent=agent))

    assert found.outcome == "denied"
    assert found.denial.message.startswith("LeaderWorkerSet team-a/g: leader pods: container ")
    assert [one.outcome for one in found.pod_templates] == ["denied", "denied"]


@pytest.mark.parametrize(("role", "name"), [("0", "leaderTemplate"), ("1", "workerTemplate")])
def test_the_record_of_a_pod_is_that_of_its_own_template(role, name):
    value = unlabelled()
    bare = next(arrival.pods(value, workload.LEADER_WORKER_SET))[1]
    bare["metadata"] = {**bare["metadata"], "labels": {**bare["metadata"]["labels"], workload.WORKER_INDEX: role}}
    stored = mutation.mutate(bare, workload.POD, configured().state, namespace="team-a").value
    newer = configured(agent=AGENT.replace('tag: "1"', 'tag: "2"'))
    found = explain(value, newer, pod=stored)

    assert [one.name for one in found.pod_templates if one.stored is not None] == [name]
    assert found.next_steps[-1].startswith("to get the newest revision: kubectl delete pod -l leaderworkerset")


@pytest.mark.parametrize("size", [0, 2**31 - 1, "2"])
def test_a_size_of_which_no_pods_are_made_makes_nothing_fail(size):
    assert explain(unlabelled(size)).outcome in ("not-labelled", "denied")


def test_a_leader_worker_set_without_any_label_stays_left_alone():
    found = explain(unlabelled(labels={"app": "x"}))

    assert (found.outcome, found.reason) == ("not-labelled", "left alone: it has no label hydra.io/runtime")
    assert field_cases.answers(found) == {"leaderTemplate": "not-labelled", "workerTemplate": "not-labelled"}
