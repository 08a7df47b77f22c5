"""The README's installation, line by line as printed, and where docs/troubleshooting.md says that denials can be seen."""

import json
import re
import threading
import urllib.error
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests import pages
from tests.controlplane import binaries
from tests.controlplane.installation import NAMESPACE, Installation
from tests.controlplane.objects import leader_worker_set
from tests.controlplane.plane import ControlPlane
from tests.controlplane.service import Service

README = pages.ROOT / "README.md"
TROUBLESHOOTING = pages.ROOT / "docs" / "troubleshooting.md"
PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
CONFIGURATION = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/hydra-webhook"


class StandInKubelet:
    """Makes the pods of the webhook ready, and the pod of `helm test` succeed: here no pod is ever scheduled."""

    def __init__(self, plane: ControlPlane) -> None:
        self._plane = plane
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(0.2):
            for pod in self._plane.request("GET", PODS).get("items", ()):
                phase = "Succeeded" if pod["metadata"]["name"].endswith("-test") else "Running"
                if pod["status"]["phase"] != phase:
                    self._report(pod["metadata"]["name"], phase)

    def _report(self, name: str, phase: str) -> None:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        ready = {"type": "Ready", "status": "True", "lastTransitionTime": now}
        try:
            status = {"status": {"phase": phase, "conditions": [ready]}}
            self._plane.request("PATCH", f"{PODS}/{name}/status", status, kind="merge-patch+json")
        except urllib.error.HTTPError as error:
            if error.code != 404:  # it may be gone by now
                raise


def environ(kubeconfig: Path) -> dict[str, str]:
    """Return the variables of a shell with the tests' kubectl and helm, and this kubeconfig."""
    programs = {str(found.parent) for name in ("kubectl", "helm") if (found := binaries.find(name))}
    return {"KUBECONFIG": str(kubeconfig), "PATH": f"{':'.join(sorted(programs))}:/usr/bin:/bin"}


@pytest.mark.thorough
def test_the_readmes_installation_ends_in_a_rendered_pod():
    [block] = [block for block in pages.blocks(README) if block.text.startswith("helm install ")]
    install, test, create = block.text.replace("\\\n", " ").splitlines()

    with ControlPlane() as plane, Service() as service, Installation(plane, service) as installation:
        with StandInKubelet(plane):
            for command in (install, test):
                status, printed = pages.run(command, pages.ROOT, environ(plane.kubeconfig))
                assert status == 0, printed
        assert re.search(r"^Phase: +Succeeded$", "\n".join(printed), re.MULTILINE)

        # The API server here cannot reach Services, and no pod of the webhook runs: a process answers in their place.
        configuration = plane.request("GET", CONFIGURATION)
        for webhook in configuration["webhooks"]:
            webhook["clientConfig"] = {"url": installation.url}
        plane.request("PUT", CONFIGURATION, configuration)
        installation.run()

        status, printed = pages.run(create, pages.ROOT, environ(plane.kubeconfig))

        assert status == 0, printed
        assert printed[-1] == "pod/qwen3 created"
        created = plane.get("pod", "qwen3")
        assert created["spec"]["containers"][0]["image"] != "auto"
        assert json.loads(created["metadata"]["annotations"]["hydra.io/rendered"])["runtime"] == "vllm-cpu"


WRONG = {"hydra.io/runtime": "vlm", "hydra.io/model-id": "qwen3"}


def workload(kind: str, group: str, name: str, **spec: object) -> dict:
    template = {
        "metadata": {"labels": {"app": name, **WRONG}},
        "spec": {
            "containers": [{"name": "main", "image": "auto"}],
            **({"restartPolicy": "Never"} if kind == "Job" else {}),
        },
    }
    selector = {} if kind == "Job" else {"selector": {"matchLabels": {"app": name}}}
    return {
        "apiVersion": f"{group}/v1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": {"template": template, **selector, **spec},
    }


@pytest.mark.thorough
def test_denials_of_controllers_are_where_the_page_says(hydra, site_lws):
    [command] = [block.text for block in pages.blocks(TROUBLESHOOTING) if block.text.startswith("kubectl get events")]
    hydra.configure()
    hydra.run()
    with hydra.plane.fresh_namespace() as namespace:
        group = leader_worker_set("groups", namespace)
        group["spec"]["leaderWorkerTemplate"]["workerTemplate"]["metadata"] = {"labels": WRONG}
        kubeconfig = hydra.plane.folder / "where-to-look"
        config = json.loads(hydra.plane.kubectl("config", "view", "--raw", "--flatten", "--output=json").stdout)
        config["contexts"][0]["context"]["namespace"] = namespace
        kubeconfig.write_text(json.dumps(config))
        hydra.plane.create(
            workload("Deployment", "apps", "deployed"),
            workload("StatefulSet", "apps", "stateful", serviceName="stateful"),
            workload("Job", "batch", "once"),
            group,
            kubeconfig=kubeconfig,
        )

        def listed() -> list[list[str]]:
            _, lines = pages.run(command, pages.ROOT, environ(kubeconfig))
            return [line.split(maxsplit=2) for line in lines[1:]]

        wanted = {"ReplicaSet", "StatefulSet", "Job"}
        hydra.plane.wait(lambda: {row[0] for row in listed()} >= wanted, "every controller has said why it has no pod")
        hydra.plane.wait(lambda: "groups" in {row[1] for row in listed()}, "so has the StatefulSet of the leaders")
        assert all(row[2].endswith("[unknown-runtime]") for row in listed())
        deployment = hydra.plane.get("deployment", "deployed", namespace)
        conditions = {one["type"]: one for one in deployment["status"]["conditions"]}
        assert "[unknown-runtime]" in conditions["ReplicaFailure"]["message"]
