"""``runtimes``: the table, and the same as JSON."""

import json

import pytest

from tests.cli import published


@pytest.mark.parametrize("agent", [published.AGENT_BESIDE, published.AGENT_INSIDE], ids=["beside", "inside"])
def test_the_corrected_agent_example_loads(run, tmp_path, agent):
    file = tmp_path / "agent.yaml"
    file.write_text(agent)

    result = run("runtimes", "--agent", file, "-o", "json")

    rows = {row["runtime"]: row for row in json.loads(result.out)}
    assert rows["vllm-cpu"]["images"] == [
        {"gpu_type": "cpu", "image": "swr.cn-south-1.myhuaweicloud.com/ascendhub/mindie:2.1.RC1"}
    ]


def test_errors_in_the_configuration_go_to_standard_error(run, tmp_path):
    file = tmp_path / "t.yaml"
    file.write_text("templates:\n  - runtime: a\n    podTemplate: 1\n")

    assert f"{file}:3:" in run("runtimes", "--templates", file).err


def test_the_table_of_runtimes_shows_names_gpu_types_and_images(run):
    result = run("runtimes")

    lines = [line.split() for line in result.out.splitlines()]
    assert not any(line.endswith(" ") for line in result.out.splitlines())
    assert lines[0] == ["RUNTIME", "NAME", "GPU", "TYPE", "IMAGE"]
    assert ["vllm-cpu", "vLLM", "cpu", "swr.cn-south-1.myhuaweicloud.com/ascendhub/mindie:2.1.RC1"] in lines
