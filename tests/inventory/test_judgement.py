"""In which state a workload is, by its record and the configuration alone."""

import copy
import json

import pytest

from tests.inventory.workloads import AGENT, TEMPLATES, group, pod, rendered, snapshot
from webhook import catalog
from webhook.inventory import Inventory

NOW = snapshot()


def states(*items, configuration=NOW):
    """Return the states of these objects together, with the number of workloads in each."""
    inventory = Inventory()
    for item in items:
        put = inventory.put_pod if item["kind"] == "Pod" else inventory.put_leader_worker_set
        put(item)
    return {series.state: count for series, count in inventory.counts(configuration).items()}


def with_record(item, **changes):
    """Return a pod whose record has these keys too; None takes one away."""
    changed = copy.deepcopy(item)
    annotations = changed["metadata"]["annotations"]
    record = json.loads(annotations["hydra.io/rendered"]) | changes
    record = {key: value for key, value in record.items() if value is not None}
    annotations["hydra.io/rendered"] = json.dumps(record)
    return changed


def with_metadata(item, **metadata):
    changed = copy.deepcopy(item)
    for field, more in metadata.items():
        changed["metadata"].setdefault(field, {}).update(more)
    return changed


RENDERED = rendered(pod())

PODS = {
    "just rendered": (RENDERED, "current"),
    "bare": (pod(), "unrendered"),
    "a record of a later release": (with_record(RENDERED, version=2), "unknown"),
    "a record with a key of a later release": (with_record(RENDERED, future=1), "unknown"),
    "a record of an earlier release": (with_record(RENDERED, template=None), "unknown"),
    "a record of another runtime": (with_record(RENDERED, runtime="plain"), "unknown"),
    "a record that is not JSON": (with_metadata(RENDERED, annotations={"hydra.io/rendered": "{"}), "unknown"),
    "a record with a very long GPU type": (with_record(RENDERED, gpu_type="g" * 10_000), "unknown"),
    "rendered by another runtime template": (with_record(RENDERED, template="0" * 16), "older"),
    "rendered by another agent entry": (with_record(RENDERED, agent_entry="0" * 16), "older"),
    "rendered for a GPU type that has no entry now": (with_record(RENDERED, gpu_type="h800"), "older"),
    "rendered with another revision, by the same template and entry": (with_record(RENDERED, revision="0" * 16), "current"),
}  # fmt: skip


@pytest.mark.parametrize(("item", "state"), PODS.values(), ids=PODS)
def test_the_state_of_a_pod(item, state):
    assert states(item) == {state: 1}


@pytest.mark.parametrize(
    "item",
    [
        with_metadata(RENDERED, labels={"hydra.io/inject": "false"}),
        with_metadata(RENDERED, annotations={"kubernetes.io/config.mirror": "x"}),
    ],
    ids=["opted out", "mirror pod"],
)
def test_what_the_webhook_leaves_alone_is_not_counted(item):
    assert states(item) == {}


EDITS = {
    "nothing": (snapshot(), "current"),
    "another runtime": (snapshot(TEMPLATES.replace("plain", "plainer")), "current"),
    "the runtime template": (snapshot(TEMPLATES.replace("serve", "serve-newer")), "older"),
    "its agent entry": (snapshot(agent=AGENT.replace("engine:1", "engine:2")), "older"),
    "another agent entry": (snapshot(agent=AGENT.replace("gpu-engine:1", "gpu-engine:2")), "current"),
    "an entry that matches first now": (
        snapshot(
            agent=AGENT.replace(
                "templates:", "templates:\n- {match_gpu_types: [cpu], container_template: {image: other:1}}", 1
            )
        ),
        "older",
    ),
    "the runtime template is gone, and its entry is for it alone": (snapshot("templates: []"), "older"),
    "runtime template and entries are gone": (snapshot("templates: []", "deployment_templates: []"), "unserved"),
    "the runtime template is broken": (snapshot(TEMPLATES.replace("serve", "'{{ if }}'")), "unserved"),
    "its agent entry is broken": (snapshot(agent=AGENT.replace("'engine:1'", "[1]")), "unserved"),
    "nothing has been read yet": (catalog.empty(), "unknown"),
}


@pytest.mark.parametrize(("configuration", "state"), EDITS.values(), ids=EDITS)
def test_after_an_edit_of_the_configuration(configuration, state):
    assert states(RENDERED, configuration=configuration) == {state: 1}


def test_a_last_good_version_counts_as_what_it_is():
    stale = catalog.build([catalog.Document("templates", "t", TEMPLATES.replace("serve", "'{{ if }}'"))], NOW)
    assert stale.runtime_templates["vllm-cpu"].stale is not None
    assert states(RENDERED, configuration=stale) == {"current": 1}


def test_a_runtime_that_only_an_agent_entry_knows():
    by_entry = snapshot("templates: []")
    item = rendered(pod(), by_entry)
    assert json.loads(item["metadata"]["annotations"]["hydra.io/rendered"])["template"] == "none"
    assert states(item, configuration=by_entry) == {"current": 1}
    assert states(item, configuration=NOW) == {"older": 1}


def member(of, state=NOW, number=0):
    """Return a pod of a group, with the record of this configuration."""
    item = with_metadata(rendered(pod(f"{of}-{number}"), state), labels={"leaderworkerset.sigs.k8s.io/name": of})
    item["metadata"]["namespace"] = "default"
    return item


NEWER = snapshot(TEMPLATES.replace("serve", "serve-newer"))
OPTED_OUT = rendered(group())
OPTED_OUT["spec"]["leaderWorkerTemplate"]["leaderTemplate"]["metadata"]["labels"]["hydra.io/inject"] = "false"
del OPTED_OUT["spec"]["leaderWorkerTemplate"]["leaderTemplate"]["metadata"]["annotations"]

GROUPS = {
    "rendered": ([rendered(group())], {"current": 1}),
    "bare": ([group()], {"unrendered": 1}),
    "one template is bare": (
        [
            {
                **group(),
                "spec": {
                    "leaderWorkerTemplate": rendered(group())["spec"]["leaderWorkerTemplate"]
                    | {"workerTemplate": group()["spec"]["leaderWorkerTemplate"]["workerTemplate"]}
                },
            }
        ],
        {"unrendered": 1},
    ),
    "one template opts out": ([OPTED_OUT], {"current": 1}),
    "with its pods": ([rendered(group()), member("fleet"), member("fleet", number=1)], {"current": 1}),
    "a roll-out is under way": ([rendered(group(), NEWER), member("fleet"), member("fleet", NEWER, 1)], {"older": 1}),
    "only the pods are labelled": ([member("fleet"), member("fleet", number=1), member("other")], {"current": 2}),
    "beside pods of no group": ([rendered(group()), rendered(pod("a")), pod("b")], {"current": 2, "unrendered": 1}),
}


@pytest.mark.parametrize(("items", "expected"), GROUPS.values(), ids=GROUPS)
def test_a_leaderworkerset_and_its_pods_are_one_workload_in_the_worst_state_of_them(items, expected):
    configuration = NEWER if "serve-newer" in json.dumps(items) else NOW
    assert states(*items, configuration=configuration) == expected


def test_the_series_has_runtime_and_revision():
    inventory = Inventory()
    inventory.put_pod(RENDERED)
    inventory.put_pod(pod("bare"))
    revision = json.loads(RENDERED["metadata"]["annotations"]["hydra.io/rendered"])["revision"]
    assert inventory.counts(NOW) == {("vllm-cpu", revision, "current"): 1, ("vllm-cpu", "", "unrendered"): 1}
