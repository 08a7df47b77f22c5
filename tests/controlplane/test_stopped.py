"""The webhook is away: what goes on and what does not, and what people are told."""

import json
from typing import Any

import pytest

from tests.controlplane.installation import CONFIGURATION, Installation, pod

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

    assert "pod default/two asks for runtime vllm-cpu" in message
    assert "Check Deployment hydra-webhook in namespace hydra-system" in message
    assert 'opt out with the label hydra.io/inject: "false"' in message
    assert created(hydra, as_recreated(filled_in)) == ""
