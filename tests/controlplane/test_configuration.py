"""ConfigMaps, edited while the webhook runs and while it does not."""

import json

import pytest

from tests.controlplane.installation import AGENT, NAMESPACE, Installation, config_map, pod, templates


def command(hydra: Installation, runtime: str = "one") -> list[str]:
    """Return the command that a pod gets now."""
    asked = ["create", "--dry-run=server", "--output", "json", "-f", "-"]
    stored = json.loads(hydra.plane.kubectl(*asked, stdin=json.dumps(pod("probe", runtime=runtime))).stdout)
    return stored["spec"]["containers"][0].get("command", [])


@pytest.fixture
def running(hydra: Installation) -> Installation:
    hydra.configure(templates=templates(one="first", **{"vllm-cpu": "serve"}), agent=AGENT)
    hydra.run()
    return hydra


def test_an_edit_is_in_effect_for_the_next_pod(running):
    assert command(running) == ["first"]

    running.plane.apply(config_map("hydra-runtime-template", templates(one="second")))

    running.plane.wait(lambda: command(running) == ["second"], "the edit is in effect")


def test_an_edit_of_the_agent_configuration_is_in_effect_for_the_next_pod(running):
    running.plane.apply(config_map("hydra-agent", AGENT.replace("engine:1", "engine:2")))

    running.plane.wait(lambda: image(running).endswith("engine:2"), "the edit is in effect")


def image(hydra: Installation) -> str:
    asked = ["create", "--dry-run=server", "--output", "jsonpath={.spec.containers[0].image}", "-f", "-"]
    return hydra.plane.kubectl(*asked, stdin=json.dumps(pod("probe", runtime="one"))).stdout


BROKEN = {
    "the text is no YAML": "templates: [",
    "the runtime's template is no Go template": templates(one="{{ end }}", **{"vllm-cpu": "serve"}),
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_broken_edit_changes_nothing_and_shows_also_after_a_restart(running, text):
    (replica,) = running.replicas
    running.plane.apply(config_map("hydra-runtime-template", text))

    running.plane.wait(lambda: problems(replica), "the metrics tell")
    assert command(running) == ["first"]
    assert any(line["severity"] == "error" for line in replica.events("configuration problem"))
    status, detail = replica.health("/readyz?verbose")
    assert (status, "error: ConfigMap hydra-system/hydra-runtime-template[config.yaml]:" in detail) == (200, True)

    running.stop_all()
    (replica,) = running.run()
    running.plane.wait(lambda: problems(replica), "the metrics tell again")
    assert command(running) == ["first"]


def problems(replica) -> float:
    return replica.metric("hydra_webhook_configuration_problems", kind="templates", severity="error")


def test_deleting_a_configmap_changes_nothing_also_after_a_restart(running):
    (replica,) = running.replicas
    running.plane.kubectl("delete", "--namespace", NAMESPACE, "configmap", "hydra-runtime-template", "hydra-agent")
    running.plane.wait(
        lambda: "the runtime template configuration no longer exists" in replica.health("/readyz?verbose")[1],
        "it is noticed",
    )
    assert command(running) == ["first"]

    running.stop_all()
    running.run()
    assert command(running) == ["first"]


def test_without_configmaps_the_webhook_is_ready_and_says_what_is_missing(hydra):
    (replica,) = [hydra.start().until_ready()]
    hydra.plane.wait(lambda: hydra.service.targets, "the Service forwards")

    def refusal() -> str:
        return hydra.plane.kubectl("create", "-f", "-", stdin=json.dumps(pod("probe")), check=False).stderr

    hydra.plane.wait(lambda: "ConfigMap" in refusal(), "the API server trusts the webhook")
    assert 'admission webhook "pods.webhook.hydra.io" denied the request' in refusal()
    assert "the runtime template configuration (ConfigMap hydra-runtime-template) cannot be used" in refusal()
    assert replica.ready

    hydra.configure(agent=AGENT)
    hydra.plane.wait(lambda: command(hydra, "vllm-cpu"), "the webhook fills pods in")
