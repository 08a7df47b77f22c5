"""``plan`` against a cluster: what it says beforehand is what ``drift`` finds afterwards; and a large fleet."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.controlplane.installation import Installation
from tests.controlplane.objects import Object, deployment, leader_worker_set
from tests.controlplane.test_drift import (
    IMAGE_CHANGE,
    IMAGES,
    LABELS,
    TEMPLATES,
    ask,
    configure,
    configured_namespace,
    controllers,
    found,
    labelled,
)

pytestmark = pytest.mark.usefixtures("site_lws")


@pytest.fixture
def namespace(hydra: Installation) -> Iterator[str]:
    with configured_namespace(hydra) as name:
        yield name


@pytest.fixture
def new_agent(tmp_path: Path) -> str:
    """A file with the agent configuration of the second image."""
    file = tmp_path / "agent.yaml"
    file.write_text(yaml.safe_dump({"deployment_templates": [{"container_template": {"image": IMAGES[1]}}]}))
    return str(file)


def plan(hydra: Installation, *arguments: str) -> dict[str, Any]:
    """Return what is planned, after the exit status of it has been checked."""
    done = ask(hydra, "plan", *arguments, "-o", "json")
    assert done.stdout, done.stderr
    planned: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == int(bool(planned["summary"].keys() & {"changed", "newly-denied", "no-longer-denied"}))
    return planned


def by_name(planned: dict[str, Any]) -> dict[str, str]:
    return {
        f"{one['kind']}/{one['name']}": outcome["effect"]
        for outcome in planned["outcomes"]
        for one in outcome["workloads"]
    }


@pytest.mark.thorough
def test_what_is_planned_is_what_drifts_once_the_configuration_is_there(hydra, namespace, new_agent, tmp_path):
    plane = hydra.plane
    alone = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "alone", "namespace": namespace, "labels": LABELS}}
    alone["spec"] = {"containers": [{"name": "main", "image": "auto"}]}
    fleet, inside = leader_worker_set("fleet", namespace), leader_worker_set("inside", namespace)
    fleet["metadata"]["labels"] = LABELS
    labelled(fleet["spec"]["leaderWorkerTemplate"]["workerTemplate"])
    labelled(inside["spec"]["leaderWorkerTemplate"]["workerTemplate"])
    plane.create(*controllers(namespace), alone, fleet, inside)
    plane.kubectl("create", "job", "--from=cronjob/cron", "cron-1", "--namespace", namespace)
    running = {"Deployment", "StatefulSet", "Job", "LeaderWorkerSet", "Pod"}  # no node is there, for a DaemonSet's
    expected = {"Deployment/deployment", "StatefulSet/stateful", "DaemonSet/daemon", "Job/job", "CronJob/cron",
                "LeaderWorkerSet/fleet", "LeaderWorkerSet/inside"}  # fmt: skip

    def pods() -> int:
        return sum(one["pods"] for value in found(hydra, "-n", namespace).values() for one in value["running"])

    plane.wait(lambda: pods() == 9, "every controller has made its pods")

    unrelated = tmp_path / "templates.yaml"
    unrelated.write_text(f"{TEMPLATES}- runtime: unrelated\n")
    same = plan(hydra, "-n", namespace, "--templates", str(unrelated))
    planned = plan(hydra, "-n", namespace, "--agent", new_agent)
    named = plan(hydra, "-n", namespace, "--agent", new_agent, "lws/fleet", "deploy/deployment")

    assert same["webhook"]
    assert by_name(same) == {**dict.fromkeys(expected, "unchanged"), "Pod/alone": "unaffected"}
    assert by_name(planned) == {**dict.fromkeys(expected, "changed"), "Pod/alone": "unaffected"}
    assert by_name(named) == dict.fromkeys(["LeaderWorkerSet/fleet", "Deployment/deployment"], "changed")
    for outcome in planned["outcomes"]:
        for changes in outcome["changes"].values():
            assert IMAGE_CHANGE in changes

    configure(hydra, IMAGES[1])
    after = found(hydra, "-n", namespace)
    drifted = {name for name, one in after.items() if one["verdict"] == "drifted"}
    assert {name for name in expected if name.partition("/")[0] in running} <= drifted
    for outcome in planned["outcomes"]:
        for one in outcome["workloads"]:
            said = after[f"{one['kind']}/{one['name']}"]
            judgements = said["templates"] or [each for part in said["running"] for each in part["judgements"]]
            for judged in judgements if outcome["changes"] else ():
                assert judged["changes"] in outcome["changes"].values()
                assert [judged["recorded"], judged["now"]] == [*one["revisions_before"], *one["revisions_after"]]


def fleet_of(count: int, namespace: str) -> Iterator[Object]:
    """Yield workloads without pods, half LeaderWorkerSets and half Deployments, each with a model of its own."""
    for number in range(count):
        labels = {**LABELS, "hydra.io/model-id": f"m-{number}"}
        if number % 2:
            value = leader_worker_set(f"fleet-{number:03}", namespace, replicas=0)
            template = value["spec"]["leaderWorkerTemplate"]["workerTemplate"]
            value["metadata"]["labels"] = labels
        else:
            value = deployment(f"fleet-{number:03}", namespace)
            value["spec"]["replicas"], template = 0, value["spec"]["template"]
        labelled(template)["metadata"]["labels"].update(labels)
        yield value


@pytest.mark.thorough
def test_five_hundred_workloads_of_a_cluster_are_planned(hydra, namespace, new_agent):
    for value in fleet_of(500, namespace):
        plural = {"Deployment": "deployments", "LeaderWorkerSet": "leaderworkersets"}[value["kind"]]
        hydra.plane.request("POST", f"/apis/{value['apiVersion']}/namespaces/{namespace}/{plural}", value)

    began = time.monotonic()
    done = ask(hydra, "plan", "-n", namespace, "--agent", new_agent)
    seconds = time.monotonic() - began

    assert done.returncode == 1
    assert "500 workloads: 500 changed" in done.stderr
    assert done.stdout.count(IMAGES[0]) <= 4  # what is the same of several workloads is shown once
    *_, cpu, peak = done.stderr.split()
    print(f"\n500 workloads planned in {seconds:.1f} s, {cpu} s of CPU time, with {peak} MiB of memory")  # noqa: T201 - the figures
