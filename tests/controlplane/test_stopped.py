"""The webhook is away: what goes on and what does not, and what people are told."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.controlplane.installation import CONFIGURATION, NAMESPACE, ROOT, Installation, pod
from tests.controlplane.leaderworkersets import leader_worker_set

Object = dict[str, Any]


@pytest.fixture
def filled_in(hydra: Installation) -> Object:
    """A pod as it is stored, after the webhook has been stopped."""
    hydra.configure()
    hydra.run()
    asked = ["create", "--dry-run=server", "--output", "json", "-f", "-"]
    stored = json.loads(hydra.plane.kubectl(*asked, stdin=json.dumps(pod("one"))).stdout)
    hydra.stop_all()
    hydra.plane.wait(lambda: not hydra.service.targets, "the Service has no replica left")
    return stored


def created(hydra: Installation, item: Object) -> str:
    """Create a pod; return what kubectl says of a refusal."""
    return hydra.plane.kubectl("create", "--dry-run=server", "-f", "-", stdin=json.dumps(item), check=False).stderr


def as_recreated(stored: Object) -> Object:
    """Return the pod that a controller creates from a template which carries its record."""
    metadata = stored["metadata"]
    kept = {key: metadata[key] for key in ("name", "namespace", "labels", "annotations")}
    return {**stored, "metadata": kept, "status": {}}


def test_a_pod_that_carries_its_record_is_admitted(hydra, filled_in):
    assert created(hydra, as_recreated(filled_in)) == ""


def test_a_bare_pod_is_refused_and_told_by_whom(hydra, filled_in):
    message = created(hydra, pod("two"))

    assert 'failed calling webhook "pods.webhook.hydra.io"' in message
    assert hydra.url in message


def test_other_pods_are_none_of_its_business(hydra, filled_in):
    unlabelled, opted_out = pod("two"), pod("two")
    unlabelled["metadata"]["labels"] = {}
    opted_out["metadata"]["labels"]["hydra.io/inject"] = "false"

    assert created(hydra, unlabelled) == created(hydra, opted_out) == ""


def test_without_the_webhook_configuration_the_policy_refuses_a_bare_pod_and_says_what_to_do(hydra, filled_in):
    hydra.plane.kubectl("delete", "mutatingwebhookconfiguration", CONFIGURATION)

    hydra.plane.wait(lambda: "hydra-webhook-record" in created(hydra, pod("two")), "the API server has noticed")
    message = created(hydra, pod("two"))

    assert "pod default/two requests runtime vllm-cpu" in message
    assert "Check Deployment hydra-webhook in namespace hydra-system" in message
    assert 'opt out with the label hydra.io/inject: "false"' in message
    assert created(hydra, as_recreated(filled_in)) == ""


@pytest.mark.usefixtures("site_lws")
def test_without_it_bare_groups_are_refused_and_rendered_ones_admitted(hydra, filled_in, tmp_path):
    bare = leader_worker_set("set", "default")
    bare["metadata"]["labels"] = {"hydra.io/runtime": "vllm-cpu", "hydra.io/model-id": "m"}
    hydra.plane.kubectl("delete", "mutatingwebhookconfiguration", CONFIGURATION)

    hydra.plane.wait(
        lambda: "hydra-webhook-record-leaderworkersets" in created(hydra, bare), "the API server has noticed"
    )

    assert "LeaderWorkerSet default/set requests runtime vllm-cpu" in created(hydra, bare)
    assert created(hydra, rendered(hydra, bare, tmp_path)) == ""


def rendered(hydra: Installation, item: Object, folder: Path) -> Object:
    """Render an object by hand, with the ConfigMaps of the cluster, as docs/cluster.md shows."""
    options = []
    for option, name in (("--templates", "hydra-runtime-template"), ("--agent", "hydra-agent")):
        file = folder / f"{name}.yaml"
        file.write_text(
            hydra.plane.kubectl("get", "configmap", name, "--namespace", NAMESPACE, "--output", "yaml").stdout
        )
        options += [option, str(file)]
    command = [sys.executable, "-m", "webhook", "render", "-f", "-", "--output", "json", *options]
    done = subprocess.run(command, input=json.dumps(item), capture_output=True, text=True, check=True, cwd=ROOT)
    return json.loads(done.stdout)


def test_a_pod_that_was_rendered_by_hand_is_admitted_while_the_webhook_is_away(hydra, filled_in, tmp_path):
    by_hand = rendered(hydra, pod("two"), tmp_path)

    assert created(hydra, by_hand) == ""
    assert by_hand["spec"]["containers"][0]["command"] == filled_in["spec"]["containers"][0]["command"]
