"""The policies of the bench set their annotation where our webhook would be called, and only there."""

import pytest
import yaml

from bench import policies
from tests.controlplane import installation


@pytest.mark.parametrize("mutation", [policies.APPLIED, policies.PATCHED], ids=lambda one: one["patchType"])
def test_a_policy_annotates_the_pods_that_our_webhook_is_called_for(mutation, plane, namespace):
    (webhook, _), *_ = (
        item["webhooks"] for item in yaml.safe_load_all((installation.ROOT / "manifests/base/webhook.yaml").read_text())
    )
    bare = installation.pod("bare", namespace)
    del bare["metadata"]["annotations"]
    plain = {**bare, "metadata": {"name": "plain", "namespace": namespace}}

    def admitted(pod):
        stored = plane.request("POST", f"/api/v1/namespaces/{namespace}/pods?dryRun=All", pod)
        return stored["metadata"].get("annotations", {})

    objects = policies.policy(webhook, namespace, mutation)
    plane.apply(*objects)
    try:
        assert plane.wait(lambda: admitted(bare), "the policy is in force") == {policies.ANNOTATION: "true"}
        assert admitted(plain) == {}
    finally:
        for item in objects:
            plane.kubectl("delete", item["kind"], namespace)
