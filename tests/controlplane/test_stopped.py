"""While the webhook is down: which workloads are admitted, which are refused, and what users read."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.controlplane.installation import NAMESPACE, ROOT, WEBHOOKS, Installation, pod
from tests.controlplane.objects import Object, leader_worker_set


@pytest.fixture
def filled_in(hydra: Installation) -> Object:
    """A pod that the webhook has filled in before it was stopped."""
    hydra.configure()
    hydra.run()
    stored = hydra.admitted(pod("one"))
    hydra.stop_all()
    return stored


def refusal(hydra: Installation, item: Object) -> str:
    """Return what kubectl prints when the object is refused, or an empty string if it is admitted."""
    return hydra.plane.kubectl("create", "--dry-run=server", "-f", "-", stdin=json.dumps(item), check=False).stderr


def as_recreated(stored: Object) -> Object:
    """Return the pod that a controller would create from a template with this pod's record."""
    metadata = stored["metadata"]
    kept = {key: metadata[key] for key in ("name", "namespace", "labels", "annotations")}
    return {**stored, "metadata": kept, "status": {}}


def test_a_pod_that_carries_its_record_is_admitted(hydra, filled_in):
    assert refusal(hydra, as_recreated(filled_in)) == ""


def test_a_bare_pod_is_refused_and_the_message_names_the_webhook(hydra, filled_in):
    message = refusal(hydra, pod("two"))

    assert 'failed calling webhook "pods.webhook.hydra.io"' in message
    assert hydra.url in message


def test_pods_that_do_not_ask_for_a_runtime_are_admitted(hydra, filled_in):
    unlabelled, opted_out = pod("two"), pod("two")
    unlabelled["metadata"]["labels"] = {}
    opted_out["metadata"]["labels"]["hydra.io/inject"] = "false"

    assert refusal(hydra, unlabelled) == refusal(hydra, opted_out) == ""


def test_without_the_webhook_configuration_the_policy_refuses_a_bare_pod_and_suggests_a_remedy(hydra, filled_in):
    hydra.plane.request("DELETE", WEBHOOKS)

    hydra.plane.wait(
        lambda: "hydra-webhook-record" in refusal(hydra, pod("two")), "the API server has forgotten the webhook"
    )
    message = refusal(hydra, pod("two"))

    assert "pod default/two requests runtime vllm-cpu" in message
    assert "Check Deployment hydra-webhook in namespace hydra-system" in message
    assert 'opt out with the label hydra.io/inject: "false"' in message
    assert refusal(hydra, as_recreated(filled_in)) == ""


@pytest.mark.usefixtures("site_lws")
def test_without_the_webhook_configuration_bare_groups_are_refused_and_rendered_ones_admitted(
    hydra, filled_in, tmp_path
):
    bare = leader_worker_set("set", "default")
    bare["metadata"]["labels"] = {"hydra.io/runtime": "vllm-cpu", "hydra.io/model-id": "m"}
    hydra.plane.request("DELETE", WEBHOOKS)

    hydra.plane.wait(
        lambda: "hydra-webhook-record-leaderworkersets" in refusal(hydra, bare),
        "the API server has forgotten the webhook",
    )

    assert "LeaderWorkerSet default/set requests runtime vllm-cpu" in refusal(hydra, bare)
    assert refusal(hydra, rendered(hydra, bare, tmp_path)) == ""


def rendered(hydra: Installation, item: Object, folder: Path) -> Object:
    """Render an object with the ConfigMaps of the cluster, by the command of docs/cluster.md."""
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


def test_a_pod_that_was_rendered_on_the_command_line_is_admitted(hydra, filled_in, tmp_path):
    by_hand = rendered(hydra, pod("two"), tmp_path)

    assert refusal(hydra, by_hand) == ""
    assert by_hand["spec"]["containers"][0]["command"] == filled_in["spec"]["containers"][0]["command"]
