"""The built-in configuration: no problems, what Go renders from it, and nothing that a lone pod or bash would trip over."""

import json
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.builtin import go_renderings, workloads
from webhook import catalog, cli, gotemplate
from webhook.rendering import budget, command

SNAPSHOT = go_renderings.SNAPSHOT

#: Command and args of every case, rendered by Go 1.27.
RENDERED = json.loads(go_renderings.RENDERED.read_text())


def test_there_are_five_runtimes_without_problems():
    assert SNAPSHOT.runtimes == ("image-gen", "mindie", "sglang", "vllm", "vllm-cpu")
    assert SNAPSHOT.problems == ()


def test_lint_only_remarks_how_the_published_example_passes_arguments():
    done = CliRunner().invoke(cli._app, ["lint", "-o", "json"])

    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert {(one["code"], one["severity"]) for one in found} == {("spliced-argument", "info")}
    assert {SNAPSHOT.runtime_templates["vllm-cpu"].path} == {one["path"].partition(".")[0] for one in found}


@pytest.mark.parametrize("key", go_renderings.KEYS)
def test_command_and_args_are_what_go_renders(key):
    runtime, role, request = key.split("/")
    data = go_renderings.variables(runtime, role, request)

    found = command.command(SNAPSHOT.runtime_templates[runtime].startups[role], data, budget.new())

    assert {"command": found.command, "args": found.args} == RENDERED[key]
    assert found.notices == ()


def test_every_rendering_of_go_is_compared():
    assert set(RENDERED) == set(go_renderings.KEYS)


@pytest.mark.parametrize("key", RENDERED)
def test_every_script_is_valid_bash(key):
    shell, option, script = (*RENDERED[key]["command"], *RENDERED[key]["args"])[:3]

    checked = subprocess.run(["bash", "-n", "-c", script], capture_output=True, text=True, check=False)

    assert (shell, option) == ("/bin/bash", "-c")
    assert checked.stderr == ""


@pytest.mark.parametrize("runtime", SNAPSHOT.runtimes)
def test_a_lone_pod_refers_to_no_variable_of_a_group(runtime):
    assert "LWS_" not in json.dumps(workloads.rendered(workloads.pod(runtime))["spec"])


@pytest.mark.parametrize("runtime", SNAPSHOT.runtimes)
def test_every_runtime_has_an_image_on_some_gpu_type(runtime):
    assert any(entry.image for entry in SNAPSHOT.agent_entries_for(runtime))


def test_the_published_example_is_built_in_character_for_character():
    example = (Path(__file__).parents[2] / "manifests/examples/configmap-hydra-runtime-template.yaml").read_text()
    published = catalog.build(
        [
            catalog.Document("templates", "example", example),
            *(d for d in catalog.embedded() if d.config_kind == "agent"),
        ],
        None,
    )

    assert published.runtime_templates["vllm-cpu"].digest == SNAPSHOT.runtime_templates["vllm-cpu"].digest
    assert all(
        isinstance(part, gotemplate.Template) for part in published.runtime_templates["vllm-cpu"].startups["lone"].args
    )
