"""``drift`` against a cluster: pods as real controllers make them, and a large fleet in the middle of a roll-out."""

import contextlib
import copy
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.controlplane.installation import CORE, Installation
from tests.controlplane.objects import Object, deployment, job, leader_worker_set
from webhook import workload

pytestmark = pytest.mark.usefixtures("site_lws")

STATE = f"{CORE}/configmaps/hydra-webhook-state"
TEMPLATES = """
templates:
- runtime: vllm-cpu
  podTemplate:
    terminationGracePeriodSeconds: 120
    tolerations: [{key: gpu, operator: Exists}]
    volumes: [{name: shm, emptyDir: {medium: Memory}}]
    initContainers: [{name: fetch, volumeMounts: [{name: shm, mountPath: /shm}]}]
    containerTemplate:
      commandTemplate: [serve, '{{ .ROLE }}']
      argsTemplate: ['--pp={{ .PP_SIZE }}{{ range .CUSTOM_ARGS }} {{ . }}{{ end }}']
      env: [{name: HOME, value: /tmp}]
      ports: [{containerPort: 8000, name: http}]
      volumeMounts: [{name: shm, mountPath: /dev/shm}]
      resources: {limits: {memory: 4Gi}}
      readinessProbe: {httpGet: {path: /health, port: http}}
"""
IMAGES = "registry.example/engine:1", "registry.example/engine:2"
LABELS = {"hydra.io/runtime": "vllm-cpu", "hydra.io/model-id": "m"}
IMAGE_CHANGE = {
    "path": "/spec/containers/name=main/image",
    "removed": [IMAGES[0]],
    "added": [IMAGES[1]],
    "unit": "value",
}

#: Runs a command of the program, and prints its seconds of CPU time and its peak of memory in MiB.
MEASURED = """
import atexit, resource, sys
from webhook import cli
def used():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(f"{usage.ru_utime + usage.ru_stime:.1f}", usage.ru_maxrss // 1024, file=sys.stderr)
atexit.register(used)
cli.main()
"""


def configure(hydra: Installation, image: str, templates: str = TEMPLATES) -> None:
    """Write the configuration; wait until the running webhook uses it and has published that."""
    before = hydra.plane.request("GET", STATE).get("data")
    agent = {"deployment_templates": [{"container_template": {"image": image}}]}
    hydra.configure(templates=templates, agent=yaml.safe_dump(agent))
    if hydra.replicas:
        hydra.plane.wait(lambda: hydra.image() == image, f"pods get {image}")
        hydra.plane.wait(lambda: hydra.plane.request("GET", STATE).get("data") != before, "the state is published")


def drift(hydra: Installation, *arguments: str, kubeconfig: Path | None = None) -> subprocess.CompletedProcess[str]:
    return ask(hydra, "drift", *arguments, kubeconfig=kubeconfig)


def ask(
    hydra: Installation, command: str, *arguments: str, kubeconfig: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command that asks the cluster."""
    program = [sys.executable, "-c", MEASURED, command, "--kubeconfig", str(kubeconfig or hydra.plane.kubeconfig)]
    return hydra.plane.run([*program, *arguments])


def found(hydra: Installation, *arguments: str) -> dict[str, Any]:
    """Return the findings by kind and name, without that on what the installation itself leaves behind."""
    done = drift(hydra, *arguments, "-o", "json")
    assert done.stdout, done.stderr
    (cluster,) = json.loads(done.stdout)["clusters"]
    assert cluster["webhook"]
    return {f"{one['kind']}/{one['name']}": one for one in cluster["workloads"]}


@pytest.fixture
def namespace(hydra: Installation) -> Iterator[str]:
    """A namespace in the cluster of the installation, with the configuration of the first image in use."""
    with configured_namespace(hydra) as name:
        yield name


@contextlib.contextmanager
def configured_namespace(hydra: Installation) -> Iterator[str]:
    """Open a namespace in the cluster of the installation, with the configuration of the first image in use."""
    hydra.configure(
        templates=TEMPLATES,
        agent=yaml.safe_dump({"deployment_templates": [{"container_template": {"image": IMAGES[0]}}]}),
    )
    hydra.run()
    with hydra.plane.fresh_namespace() as name:
        yield name


def labelled(template: Object) -> Object:
    """Make the pods of a pod template ours, in place."""
    metadata = template.setdefault("metadata", {})
    metadata["labels"] = {**metadata.get("labels", {}), **LABELS}
    container = template["spec"]["containers"][0]
    container |= {"image": "auto", "args": ["--a"], "resources": {"limits": {"cpu": "1"}}}
    return template


def controllers(namespace: str) -> list[Object]:
    """Return a controller of each kind, with claims where that is possible."""
    one, batch = deployment("deployment", namespace), job("job", namespace)
    stateful, daemon = (copy.deepcopy(one) for _ in range(2))
    stateful |= {"kind": "StatefulSet", "metadata": {"name": "stateful", "namespace": namespace}}
    stateful["spec"]["volumeClaimTemplates"] = [
        {
            "metadata": {"name": "data"},
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
        }
    ]
    stateful["spec"]["template"]["spec"]["containers"][0]["volumeMounts"] = [{"name": "data", "mountPath": "/data"}]
    daemon |= {"kind": "DaemonSet", "metadata": {"name": "daemon", "namespace": namespace}}
    spec = {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": copy.deepcopy(batch["spec"])}}
    cron = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "cron", "namespace": namespace},
        "spec": spec,
    }
    for value in (one, stateful, daemon, batch):
        labelled(value["spec"]["template"])
    labelled(spec["jobTemplate"]["spec"]["template"])
    for value, app in ((stateful, "stateful"), (daemon, "daemon")):
        value["spec"]["selector"] = {"matchLabels": {"app": app}}
        value["spec"]["template"]["metadata"]["labels"]["app"] = app
    return [one, stateful, daemon, batch, cron]


@pytest.mark.thorough
def test_pods_of_real_controllers_drift_with_the_configuration_and_for_no_other_reason(hydra, namespace):
    plane = hydra.plane
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": f"node-{namespace}"}}
    alone = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "alone", "namespace": namespace, "labels": LABELS}}
    alone["spec"] = {"containers": [{"name": "main", "image": "auto"}]}
    fleet = leader_worker_set("fleet", namespace)
    fleet["metadata"]["labels"] = LABELS
    labelled(fleet["spec"]["leaderWorkerTemplate"]["workerTemplate"])
    in_template = leader_worker_set("in-template", namespace)
    labelled(in_template["spec"]["leaderWorkerTemplate"]["workerTemplate"])
    plane.create(node, *controllers(namespace), alone, fleet, in_template)
    try:
        plane.kubectl("create", "job", "--from=cronjob/cron", "cron-1", "--namespace", namespace)
        expected = {"Deployment/deployment", "StatefulSet/stateful", "DaemonSet/daemon", "Job/job", "CronJob/cron", "Pod/alone",
                    "LeaderWorkerSet/fleet", "LeaderWorkerSet/in-template"}  # fmt: skip
        running = {name: 2 if name.startswith("Leader") else 1 for name in expected}

        def pods() -> dict[str, int]:
            return {
                name: sum(one["pods"] for one in value["running"])
                for name, value in found(hydra, "-n", namespace).items()
            }

        plane.wait(lambda: pods() == running, "every controller has made its pods")

        before = found(hydra, "-n", namespace)
        assert {name: value["verdict"] for name, value in before.items()} == dict.fromkeys(expected, "current")
        said = [one for value in before.values() for part in value["running"] for one in part["judgements"]]
        assert [(one["remarks"], one["unlike_record"], one["not_stored"]) for one in said] == [([], [], [])] * len(said)
        assert drift(hydra, "-n", namespace).returncode == 0

        configure(hydra, IMAGES[0], f"{TEMPLATES}- runtime: unrelated\n")
        assert drift(hydra, "-n", namespace).returncode == 0

        configure(hydra, IMAGES[1])
        after = found(hydra, "-n", namespace)
        assert {name: value["verdict"] for name, value in after.items()} == dict.fromkeys(expected, "drifted")
        said = [*after["LeaderWorkerSet/fleet"]["templates"]]
        for name in expected - {"LeaderWorkerSet/fleet"}:
            said += [one for part in after[name]["running"] for one in part["judgements"]]
        images = [change for one in said for change in one["changes"] if change["path"] == IMAGE_CHANGE["path"]]
        assert images == [IMAGE_CHANGE] * len(said)
        changed = {change["path"] for one in said for change in one["changes"]}
        assert changed == {IMAGE_CHANGE["path"], "/spec/initContainers/name=fetch/image"}

        one = drift(hydra, "deploy/deployment", "-n", namespace)
        assert one.returncode == 1
        assert f"{namespace}  deploy/deployment  1 pod" in one.stdout
        assert "1 workload: 1 drifted" in one.stderr
    finally:
        plane.kubectl("delete", "node", f"node-{namespace}")


def test_who_may_not_read_the_webhooks_state_gets_an_error_that_says_what_to_do(hydra, namespace, tmp_path):
    kubeconfig = hydra.plane.user_kubeconfig("nobody-in-particular")

    done = drift(hydra, "-n", namespace, kubeconfig=kubeconfig)

    assert (done.returncode, done.stdout) == (2, "")
    assert "hydra-webhook-reader" in done.stderr


def test_every_context_is_judged_and_one_that_cannot_be_read_is_an_error_all_the_same(hydra, namespace, tmp_path):
    config = json.loads(hydra.plane.kubeconfig.read_text())
    config["clusters"].append({"name": "away", "cluster": {"server": "https://127.0.0.1:1"}})
    config["contexts"] += [
        {"name": "other", "context": {"cluster": "test", "user": "admin", "namespace": namespace}},
        {"name": "away", "context": {"cluster": "away", "user": "admin"}},
    ]
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(json.dumps(config))
    fleet = leader_worker_set("fleet", namespace)
    fleet["metadata"]["labels"] = LABELS
    labelled(fleet["spec"]["leaderWorkerTemplate"]["workerTemplate"])
    hydra.plane.create(fleet)

    done = drift(hydra, "--context", "test", "--context", "other", "-n", namespace, kubeconfig=kubeconfig)
    partly = drift(hydra, "--context", "other", "--context", "away", "-o", "json", kubeconfig=kubeconfig)

    assert done.returncode == 0, done.stderr
    assert [line.split()[:3] for line in done.stdout.splitlines()[1:]] == [
        [context, namespace, "lws/fleet"] for context in ("test", "other")
    ]
    assert partly.returncode == 2
    assert [one["context"] for one in json.loads(partly.stdout)["clusters"]] == ["other"]


ROLLING = "fleet-rolling"


@pytest.mark.thorough
@pytest.mark.parametrize("count", [pytest.param(50, id="a few"), pytest.param(500, id="all", marks=pytest.mark.long)])
def test_a_large_fleet_of_two_revisions_in_the_middle_of_a_roll_out_is_counted_right(hydra, namespace, count):
    plane, half = hydra.plane, count // 2
    path = f"/apis/leaderworkerset.x-k8s.io/v1/namespaces/{namespace}/leaderworkersets"

    def create(name: str, size: int = 1, replicas: int = 1) -> None:
        value = leader_worker_set(name, namespace, size=size, replicas=replicas)
        value["metadata"]["labels"] = LABELS
        labelled(value["spec"]["leaderWorkerTemplate"]["workerTemplate"])
        if replicas > 1:
            value["spec"]["rolloutStrategy"] = {"type": "RollingUpdate", "rollingUpdateConfiguration": {"partition": 2}}
        plane.request("POST", path, value)

    def groups(value: Object) -> list[tuple[int, str]]:
        return [(one["groups"], one["verdict"]) for one in value["running"]]

    create(ROLLING, size=2, replicas=3)
    for number in range(half):
        create(f"fleet-{number:03}")
    configure(hydra, IMAGES[1])
    for number in range(half, count - 1):
        create(f"fleet-{number:03}")
    plane.wait(lambda: plane.get("pod", f"{ROLLING}-2-1", namespace), "the last group has been made")
    refresh = {"metadata": {"annotations": {workload.REFRESH: "1"}}}
    plane.request("PATCH", f"{path}/{ROLLING}", refresh, kind="merge-patch+json")

    def rolled() -> bool:
        """Replace the only group that the partition lets roll: nothing becomes ready here, for which the controller would wait."""
        leader = plane.get("pod", f"{ROLLING}-2", namespace)
        if leader["spec"]["containers"][0]["image"] == IMAGES[1]:
            worker = plane.get("pod", f"{ROLLING}-2-1", namespace)
            return bool(worker["spec"]["containers"][0]["image"] == IMAGES[1])
        if "deletionTimestamp" not in leader["metadata"]:
            plane.kubectl("delete", "pod", f"{ROLLING}-2", "--namespace", namespace, "--wait=false")
        return False

    plane.wait(rolled, "one group of three has the new revision")
    pods = f"/api/v1/namespaces/{namespace}/pods?labelSelector=hydra.io/runtime"
    plane.wait(lambda: len(plane.request("GET", pods)["items"]) == count - 1 + 6, "every group has its pods")

    began = time.monotonic()
    done = drift(hydra, "-n", namespace, "-o", "json")
    seconds = time.monotonic() - began

    assert done.returncode == 1
    answer = json.loads(done.stdout)
    assert answer["summary"] == {"drifted": half, "rolling-out": 1, "current": count - 1 - half}
    values = {one["name"]: one for one in answer["clusters"][0]["workloads"]}
    assert sorted(groups(values.pop(ROLLING))) == [(1, "current"), (2, "rolling-out")]
    assert {tuple(groups(value)) for value in values.values()} == {((1, "drifted"),), ((1, "current"),)}
    assert len({one["recorded"] for value in values.values() for one in value["templates"]}) == 2
    text = drift(hydra, "-n", namespace).stdout
    assert text.count(IMAGES[0]) <= 4  # what is the same of several workloads is shown once
    *_, cpu, peak = done.stderr.split()
    print(f"\n{count} LeaderWorkerSets judged in {seconds:.1f} s, {cpu} s of CPU time, with {peak} MiB of memory")  # noqa: T201 - the figures
