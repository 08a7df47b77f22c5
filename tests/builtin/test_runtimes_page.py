"""What docs/runtimes.md shows: scripts are those that are rendered, and the entry for the platform's own image generation works."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests import pages
from tests.builtin import workloads
from webhook import cli

PAGE = (Path(__file__).parents[2] / "docs/runtimes.md").read_text()
RENDERINGS = PAGE[PAGE.index("## What each renders to") : PAGE.index("## What a workload must provide")]
SCRIPTS = [
    (section.split("\n")[0], script)
    for section in RENDERINGS.split("\n### ")[1:]
    for script in re.findall(r"```sh\n(.*?)\n```", section, re.DOTALL)
]


@pytest.mark.parametrize(("runtime", "script"), SCRIPTS)
def test_a_script_is_what_a_pod_or_a_leader_runs(runtime, script):
    rendered = [workloads.container(workloads.spec(runtime, role))["command"][2] for role in ("lone", "leader")]

    assert [text for text in rendered if text.endswith(script)]


def test_scripts_of_three_runtimes_are_shown():
    assert [runtime for runtime, _ in SCRIPTS] == ["vllm", "vllm", "sglang", "image-gen"]


def test_the_image_generation_of_the_platform(tmp_path):
    options = []
    for kind in ("templates", "agent"):
        (text,) = re.findall(rf"```yaml\n# {kind}.yaml\n(.*?)```", PAGE, re.DOTALL)
        (tmp_path / f"{kind}.yaml").write_text(text)
        options += [f"--{kind}", str(tmp_path / f"{kind}.yaml")]
    pod = workloads.pod("image-gen", gpus=1, model_port="9000")
    pod["spec"]["containers"][0]["args"] = ["--steps=4"]

    lint = CliRunner().invoke(cli._app, ["lint", "--fail-on", "info", *options])
    container = workloads.container(
        json.loads(workloads.run("render", "-f", "-", "-o", "json", *options, text=json.dumps(pod)))["spec"]
    )

    assert (lint.exit_code, lint.output) == (0, "no findings\n")
    assert container["image"] == "registry.example.com/hydra/image-gen:v1.0.0"
    assert "command" not in container
    assert container["args"] == [
        "--model=/data/serving-model",
        "--host=0.0.0.0",
        "--port=9000",
        "--served-model-name=qwen3-0.6b",
        "--steps=4",
    ]
    assert container["readinessProbe"]["httpGet"] == {"path": "/health", "port": 9000}


def test_the_commands_for_a_runtime_of_your_own_run_as_printed(tmp_path):
    page = Path(__file__).parents[2] / "docs" / "runtimes.md"
    [block] = [block for block in pages.blocks(page) if block.text.startswith("hydra-webhook lint --templates my-")]
    (tmp_path / "manifests").symlink_to(pages.ROOT / "manifests")
    built_in = pages.ROOT / "webhook" / "catalog" / "builtin" / "hydra-runtime-template.yaml"
    (tmp_path / "my-templates.yaml").write_text(built_in.read_text(encoding="utf-8"))

    for command in block.text.splitlines():
        status, printed = pages.run(command.partition("  #")[0].strip(), tmp_path)
        assert status == 0, printed
