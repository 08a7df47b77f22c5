"""The environment sets what a server is installed with, and nothing of a single invocation."""

import json

import pytest
import typer
import yaml

from tests.cli.test_object_files import POD
from webhook import cli

#: The health check asks the server whose environment it shares.
OF_A_SERVER = {"serve": None, "healthy": {"HYDRA_WEBHOOK_HOST", "HYDRA_WEBHOOK_HEALTH_PORT"}}


def options(command):
    """Return the options of a command, and of those in it."""
    inner = [one for name in getattr(command, "commands", {}) for one in options(command.commands[name])]
    return [*(one for one in command.params if one.param_type_name == "option"), *inner]


@pytest.mark.parametrize("name", cli._COMMANDS)
def test_only_settings_of_a_server_are_read_from_the_environment(name):
    command = typer.main.get_command(cli._app).commands[name]

    found = {one.opts[0]: one.envvar for one in options(command) if one.envvar}

    if name == "serve":
        expected = {one.opts[0] for one in options(command)} - {"--help"}
        assert found.keys() == expected
        assert found["--drain-seconds"] == "HYDRA_WEBHOOK_DRAIN_SECONDS"
    else:
        assert set(found.values()) == OF_A_SERVER.get(name, set())


def test_variables_of_a_server_change_nothing_that_a_command_says(run, monkeypatch, tmp_path):
    (tmp_path / "templates.yaml").write_text(
        'templates: [{runtime: vllm-cpu, podTemplate: {containerTemplate: {commandTemplate: ["{{ .NAMESPACE }} {{ .MODEL_PATH }}"]}}}]'
    )
    arguments = ["render", "-f", "-", "-o", "json", "--templates", tmp_path / "templates.yaml"]
    before = run(*arguments, stdin=POD)

    for variable in (
        "NAMESPACE",
        "OUTPUT",
        "MODEL_PATH",
        "POD_TEMPLATES",
        "TEMPLATES",
        "FILENAME",
        "KUBECONFIG",
        "CLUSTER",
    ):
        monkeypatch.setenv(f"HYDRA_WEBHOOK_{variable}", "/elsewhere")

    assert run(*arguments, stdin=POD) == before
    assert json.loads(before.out)["spec"]["containers"][0]["command"] == ["default /data/serving-model"]
    assert yaml.safe_load(run("render", "-f", "-", stdin=POD).out)["kind"] == "Pod"
