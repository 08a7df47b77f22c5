"""What users create in a cluster becomes runnable: every example, by kubectl, through real controllers."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.controlplane.installation import AGENT, EXAMPLES, ROOT, Installation, pod, templates
from tests.controlplane.leaderworkersets import LeaderWorkerSets, leader_worker_set

Object = dict[str, Any]

BUILT_IN = ROOT / "webhook" / "catalog" / "builtin"
LONE = ["pod.yaml", "pod-gpu.yaml"]
CONTROLLED = {"deployment.yaml": 2, "job.yaml": 1}
GROUPS = sorted(path.name for path in EXAMPLES.glob("leaderworkerset*.yaml"))


@pytest.fixture(scope="module")
def cluster(site: Installation, request: pytest.FixtureRequest):
    """The webhook with the built-in runtimes as ConfigMaps, and LeaderWorkerSets beside it."""
    site.reset()
    site.configure(
        templates=(BUILT_IN / "hydra-runtime-template.yaml").read_text(),
        agent=(BUILT_IN / "hydra-agent.yaml").read_text(),
    )
    site.run()
    yield site
    site.stop_all()


@pytest.fixture
def namespace(cluster: Installation):
    with cluster.plane.fresh_namespace() as name:
        yield name


def test_all_examples_are_tried():
    tried = {*LONE, *CONTROLLED, *GROUPS}
    assert {path.name for path in EXAMPLES.iterdir()} == tried | {f"configmap-{name}.yaml" for name in CONFIG_MAPS}


CONFIG_MAPS = ("hydra-agent", "hydra-runtime-template")


def create(cluster: Installation, namespace: str, example: str) -> Object:
    """Create the objects of an example; return the workload among them as it was written."""
    cluster.plane.kubectl("create", "--namespace", namespace, "-f", EXAMPLES / example)
    return next(yaml.safe_load_all((EXAMPLES / example).read_text()))


def inference(spec: Object) -> Object:
    return spec["containers"][0]


def expect_runnable(metadata: Object, spec: Object) -> None:
    container = inference(spec)
    record = json.loads(metadata["annotations"]["hydra.io/rendered"])
    assert container["image"].count("/") >= 1  # a registry's, not the placeholder
    assert "command" in container
    assert record["runtime"] == metadata["labels"]["hydra.io/runtime"]
    assert metadata["annotations"]["kubectl.kubernetes.io/default-container"] == container["name"]
    mounted = {mount["name"] for mount in container.get("volumeMounts", ())}
    assert mounted <= {volume["name"] for volume in spec["volumes"]}


@pytest.mark.parametrize("example", LONE)
def test_a_pod_is_stored_complete(cluster, namespace, example):
    bare = create(cluster, namespace, example)

    stored = cluster.plane.get("pod", bare["metadata"]["name"], namespace)

    expect_runnable(stored["metadata"], stored["spec"])


@pytest.mark.parametrize(("example", "number"), CONTROLLED.items(), ids=CONTROLLED)
def test_the_pods_of_a_controller_are_stored_complete(cluster, namespace, example, number):
    create(cluster, namespace, example)

    pods = cluster.plane.wait(
        lambda: (found := cluster.plane.list("pods", namespace)) and len(found) == number and found, "its pods"
    )

    for stored in pods:
        expect_runnable(stored["metadata"], stored["spec"])
