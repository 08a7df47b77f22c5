"""``explain`` of objects that are stored in a cluster, judged by the configuration of its webhook."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.controlplane.fleets import LABELS, Fleet, configure
from tests.controlplane.installation import Installation
from tests.controlplane.test_commands import run, until_published

pytestmark = pytest.mark.thorough

FIRST, SECOND = "registry.example/engine:1", "registry.example/engine:2"


def deployment(name: str, namespace: str) -> str:
    labels = {**LABELS, "app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": "auto"}]}}
    spec = {"selector": {"matchLabels": {"app": name}}, "template": template}
    metadata = {"name": name, "namespace": namespace}
    return json.dumps({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec})


def explained(*arguments: str | Path) -> Any:
    """Return the explanation of one object."""
    result = run("explain", *arguments, "-o", "json")
    assert result.status == 0, result.err
    (found,) = json.loads(result.out)
    return found


def image(found: Any) -> tuple[str, str]:
    """Return the image of the first pod template, and where the configuration says so."""
    (field,) = [one for one in found["pod_templates"][0]["fields"] if one["path"] == "spec.containers[0].image"]
    return field["value"], field["written"]["source"]


@pytest.mark.usefixtures("site_lws")
def test_stored_objects_are_explained_with_the_revision_that_they_have(hydra: Installation, tmp_path: Path) -> None:
    agent_file = tmp_path / "agent.yaml"
    agent_file.write_text("deployment_templates: [{container_template: {image: registry.example/other:1}}]\n")
    configure(hydra, FIRST)
    hydra.run()
    until_published(hydra, "templates")
    with hydra.plane.fresh_namespace() as namespace:
        admin = ("--kubeconfig", hydra.plane.kubeconfig, "-n", namespace)
        fleet = Fleet(hydra, "fleet", namespace)
        fleet.send("apply")
        fleet.seen()
        hydra.plane.kubectl("apply", "-f", "-", stdin=deployment("web", namespace))
        pods = hydra.plane.wait(
            lambda: hydra.plane.request("GET", f"/api/v1/namespaces/{namespace}/pods?labelSelector=app%3Dweb")["items"],
            "the Deployment has a pod",
        )
        pod = pods[0]["metadata"]["name"]

        found = explained("lws/fleet", *admin)
        assert (found["kind"], found["namespace"], found["outcome"]) == ("LeaderWorkerSet", namespace, "rendered")
        assert {one["stored"]["newest"] for one in found["pod_templates"]} == {True}
        assert image(found)[0] == FIRST
        assert image(found)[1].startswith("ConfigMap hydra-system/hydra-agent")

        by_controller = explained(f"pod/{pod}", *admin)
        assert (by_controller["kind"], by_controller["name"]) == ("Deployment", "web")
        assert by_controller["pod_templates"][0]["stored"]["newest"] is True
        assert by_controller["remarks"] == [f"explained by its controller, since others changed the stored pod {pod}"]

        leader = explained("pod/fleet-0", *admin)
        assert (leader["kind"], leader["name"]) == ("LeaderWorkerSet", "fleet")

        everything = run("explain", *admin, "-o", "json")
        assert [(one["kind"], one["name"]) for one in json.loads(everything.out)] == [
            ("LeaderWorkerSet", "fleet"),
            ("Deployment", "web"),
        ]
        of_all = run("explain", "-A", "--kubeconfig", hydra.plane.kubeconfig, "-o", "json")
        assert {namespace, "default"} >= {one["namespace"] for one in json.loads(of_all.out)} >= {namespace}

        by_file = run("explain", "lws/fleet", *admin, "--agent", agent_file, "-o", "json")
        assert image(json.loads(by_file.out)[0]) == ("registry.example/other:1", str(agent_file))
        assert "the agent configuration of this command is not the one that the webhook uses" in by_file.err

        configure(hydra, SECOND)
        hydra.plane.wait(lambda: image(explained("lws/fleet", *admin))[0] == SECOND, "the new state is published")
        older = explained("lws/fleet", *admin)
        assert {one["stored"]["same_result"] for one in older["pod_templates"]} == {False}
        (step,) = older["next_steps"]
        assert f"kubectl annotate --overwrite leaderworkerset fleet -n {namespace} hydra.io/refresh=" in step
        (step,) = explained(f"pod/{pod}", *admin)["next_steps"]
        assert step == f"to get the newest revision: kubectl rollout restart deployment web -n {namespace}"

        before = fleet.seen()
        hydra.plane.kubectl("annotate", "leaderworkerset", "fleet", "-n", namespace, "hydra.io/refresh=1")
        hydra.plane.wait(lambda: fleet.seen() != before, "the groups roll")
        assert explained("lws/fleet", *admin)["next_steps"] == []

        missing = run("explain", "lws/none", *admin)
        assert (missing.status, missing.out) == (2, "")
        assert "none" in missing.err
