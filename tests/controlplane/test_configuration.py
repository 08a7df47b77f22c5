"""ConfigMaps that are edited while the webhook runs, and read again after a restart."""

import json

import pytest

from tests.controlplane.installation import AGENT, NAMESPACE, Installation, config_map, pod, templates
from tests.controlplane.replica import Replica


@pytest.fixture
def running(hydra: Installation) -> Installation:
    hydra.configure(templates=templates(one="first", **{"vllm-cpu": "serve"}), agent=AGENT)
    hydra.run()
    return hydra


def test_an_edit_is_in_effect_for_the_next_pod(running):
    assert running.command("one") == ["first"]

    running.plane.put(config_map("hydra-runtime-template", templates(one="second")))

    running.plane.wait(lambda: running.command("one") == ["second"], "the edit is in effect")


def test_an_edit_of_the_agent_configuration_is_in_effect_for_the_next_pod(running):
    running.plane.put(config_map("hydra-agent", AGENT.replace("engine:1", "engine:2")))

    running.plane.wait(lambda: running.image("one").endswith("engine:2"), "the edit is in effect")


BROKEN = {
    "not valid YAML": "templates: [",
    "a command that is not a Go template": templates(one="{{ end }}", **{"vllm-cpu": "serve"}),
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_broken_edit_is_reported_and_changes_nothing_even_after_a_restart(running, text):
    (replica,) = running.replicas
    running.until_cached()
    running.plane.put(config_map("hydra-runtime-template", text))

    running.plane.wait(lambda: problems(replica), "the metrics report it")
    assert running.command("one") == ["first"]
    assert any(line["severity"] == "error" for line in replica.events("configuration problem"))
    status, detail = replica.health("/readyz?verbose")
    assert (status, "error: ConfigMap hydra-system/hydra-runtime-template[config.yaml]:" in detail) == (200, True)

    running.stop_all()
    (replica,) = running.run()
    running.plane.wait(lambda: problems(replica), "the metrics report it again")
    assert running.command("one") == ["first"]


def problems(replica: Replica) -> float:
    return replica.metric("hydra_webhook_configuration_problems", kind="templates", severity="error")


def test_deleting_the_configmaps_changes_nothing_even_after_a_restart(running):
    (replica,) = running.replicas
    running.until_cached()
    running.plane.kubectl("delete", "--namespace", NAMESPACE, "configmap", "hydra-runtime-template", "hydra-agent")
    running.plane.wait(
        lambda: "the runtime template configuration no longer exists" in replica.health("/readyz?verbose")[1],
        "it is noticed",
    )
    assert running.command("one") == ["first"]

    running.stop_all()
    running.run()
    assert running.command("one") == ["first"]


def test_without_configmaps_the_webhook_is_ready_and_its_denials_name_what_is_missing(hydra):
    replica = hydra.start()
    hydra.until_forwarded(replica)

    def refusal() -> str:
        return hydra.plane.kubectl("create", "-f", "-", stdin=json.dumps(pod("probe")), check=False).stderr

    hydra.plane.wait(lambda: "ConfigMap" in refusal(), "the API server trusts the webhook")
    assert 'admission webhook "pods.webhook.hydra.io" denied the request' in refusal()
    assert "the runtime template configuration (ConfigMap hydra-runtime-template) cannot be used" in refusal()
    assert replica.ready

    hydra.configure(agent=AGENT)
    hydra.plane.wait(hydra.command, "the webhook fills pods in")
