"""The behaviour of the LeaderWorkerSet controller that other tests rely on, whether it is the stand-in or the real one."""

import json

import pytest

from tests.controlplane.objects import leader_worker_set

LABEL = "leaderworkerset.sigs.k8s.io/"
VARIABLES = ["LWS_LEADER_ADDRESS", "LWS_GROUP_SIZE", "LWS_WORKER_INDEX"]


pytestmark = pytest.mark.usefixtures("lws")


def pods(plane, namespace):
    return {each["metadata"]["name"]: each for each in plane.list("pods", namespace)}


def revisions(plane, namespace):
    """Return the template-revision-hash of every pod, by name."""
    label = LABEL + "template-revision-hash"
    return {name: each["metadata"]["labels"][label] for name, each in pods(plane, namespace).items()}


def until_complete(plane, namespace, names=("set-0", "set-0-1")):
    """Wait until exactly these pods exist and the controller has seen the newest spec; return the revisions."""

    def complete():
        status = plane.get("leaderworkerset", "set", namespace)
        seen = status.get("status", {}).get("observedGeneration") == status["metadata"]["generation"]
        return seen and (found := revisions(plane, namespace)).keys() == set(names) and found

    return plane.wait(complete, f"pods {names}")


def change(plane, namespace, patch):
    plane.kubectl(
        "patch", "leaderworkerset", "set", "--namespace", namespace, "--type=merge", "--patch", json.dumps(patch)
    )


def test_a_set_of_size_two_gets_a_leader_and_a_worker_that_know_their_place(plane, namespace):
    plane.create(leader_worker_set("set", namespace))
    until_complete(plane, namespace)
    found = pods(plane, namespace)
    hashes = set()
    for name, index in (("set-0", "0"), ("set-0-1", "1")):
        metadata, spec = found[name]["metadata"], found[name]["spec"]
        labels = {key.removeprefix(LABEL): value for key, value in metadata["labels"].items() if key.startswith(LABEL)}
        hashes.add((labels.pop("template-revision-hash"), labels.pop("group-key")))
        assert labels == {"name": "set", "group-index": "0", "worker-index": index}
        assert metadata["annotations"][LABEL + "size"] == "2"
        assert metadata["annotations"].get(LABEL + "leader-name") == (None if index == "0" else "set-0")
        values = [f"set-0.set.{namespace}", "2", index]
        assert [(each["name"], each["value"]) for each in spec["containers"][0]["env"]] == list(
            zip(VARIABLES, values, strict=True)
        )
    assert len(hashes) == 1


def test_fields_that_the_user_left_out_get_defaults(plane, namespace):
    plane.create(leader_worker_set("set", namespace))
    spec = plane.get("leaderworkerset", "set", namespace)["spec"]
    template = spec.pop("leaderWorkerTemplate")
    assert spec == {
        "replicas": 1,
        "startupPolicy": "LeaderCreated",
        "networkConfig": {"subdomainPolicy": "Shared"},
        "rolloutStrategy": {
            "type": "RollingUpdate",
            "rollingUpdateConfiguration": {"maxSurge": 0, "maxUnavailable": 1, "partition": 0},
        },
    }
    container = {"name": "main", "image": "example.com/image:1", "resources": {}}
    assert template == {
        "size": 2,
        "restartPolicy": "RecreateGroupOnPodRestart",
        "workerTemplate": {"metadata": {}, "spec": {"containers": [container]}},
    }


def test_a_leader_template_applies_to_leaders_only_and_a_set_of_size_one_has_no_workers(plane, namespace):
    workloads = leader_worker_set("set", namespace, size=1, replicas=2)
    template = workloads["spec"]["leaderWorkerTemplate"]
    template["leaderTemplate"] = {"spec": {"containers": [{"name": "leader", "image": "example.com/leader:1"}]}}
    plane.create(workloads)
    until_complete(plane, namespace, ("set-0", "set-1"))
    assert {each["spec"]["containers"][0]["name"] for each in pods(plane, namespace).values()} == {"leader"}


def test_labels_of_the_set_reach_stateful_sets_and_labels_of_a_template_reach_pods(plane, namespace):
    workloads = leader_worker_set("set", namespace)
    workloads["metadata"]["labels"] = {"on": "set"}
    workloads["spec"]["leaderWorkerTemplate"]["workerTemplate"]["metadata"] = {"labels": {"on": "template"}}
    plane.create(workloads)
    until_complete(plane, namespace)
    assert {each["metadata"]["labels"]["on"] for each in pods(plane, namespace).values()} == {"template"}
    assert {each["metadata"]["labels"]["on"] for each in plane.list("statefulsets", namespace)} == {"set"}


def test_any_change_to_a_template_rolls_the_group_and_nothing_else_does(plane, namespace):
    plane.create(leader_worker_set("set", namespace))
    before = until_complete(plane, namespace)
    change(plane, namespace, {"metadata": {"annotations": {"any": "value"}}, "spec": {"replicas": 2}})
    grown = until_complete(plane, namespace, ("set-0", "set-0-1", "set-1", "set-1-1"))
    assert set(grown.values()) == set(before.values())
    change(plane, namespace, {"spec": {"replicas": 1}})
    until_complete(plane, namespace)
    change(
        plane,
        namespace,
        {"spec": {"leaderWorkerTemplate": {"workerTemplate": {"metadata": {"labels": {"any": "value"}}}}}},
    )
    rolled = plane.wait(
        lambda: (found := until_complete(plane, namespace)).items().isdisjoint(before.items()) and found,
        "every pod has been replaced",
    )
    assert len(set(rolled.values())) == 1


def test_deleting_a_set_deletes_its_pods_stateful_sets_and_services(plane, namespace):
    plane.create(leader_worker_set("set", namespace))
    until_complete(plane, namespace)
    plane.kubectl("delete", "leaderworkerset", "set", "--namespace", namespace)
    plane.wait(lambda: not [*plane.list("pods,statefulsets,services", namespace)], "nothing is left")


def test_a_controller_that_was_down_catches_up(plane, namespace, lws):
    plane.create(leader_worker_set("set", namespace))
    until_complete(plane, namespace)
    lws.stop()
    try:
        plane.kubectl("delete", "statefulset", "set", "--namespace", namespace, "--cascade=foreground")
        assert pods(plane, namespace) == {}
    finally:
        lws.start()
    until_complete(plane, namespace)
