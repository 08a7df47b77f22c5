"""``lint`` and ``runtimes``."""

import json

import pytest

from tests.cli import published


def test_the_built_in_configuration_is_clean_and_lint_says_so(run):
    result = run("lint")

    assert (result.status, result.out) == (0, "")
    assert "no findings" in result.err


def test_the_published_agent_example_as_printed_names_place_and_remedy(run, tmp_path):
    file = tmp_path / "agent.yaml"
    file.write_text(published.AGENT_AS_PRINTED)

    result = run("lint", "--agent", file)

    assert result.status == 1
    assert result.out.startswith(f"{file}:3:5: ")
    assert "column 3" in result.out


@pytest.mark.parametrize("agent", [published.AGENT_BESIDE, published.AGENT_INSIDE], ids=["beside", "inside"])
def test_the_published_agent_example_put_right_loads(run, tmp_path, agent):
    file = tmp_path / "agent.yaml"
    file.write_text(agent)

    result = run("runtimes", "--agent", file, "-o", "json")

    rows = {row["runtime"]: row for row in json.loads(result.out)}
    assert rows["vllm-cpu"]["images"] == [
        {"gpu_type": "cpu", "image": "swr.cn-south-1.myhuaweicloud.com/ascendhub/mindie:2.1.RC1"}
    ]


def test_findings_are_coded_and_have_a_place(run, tmp_path):
    file = tmp_path / "t.yaml"
    file.write_text("templates:\n  - runtime: a\n    podTemplat: {}\n")

    result = run("lint", "--templates", file)
    as_json = json.loads(run("lint", "--templates", file, "-o", "json").out)

    assert result.status == 1
    assert f"{file}:3:5: " in result.out
    assert "[warning: unknown-key]" in result.out
    assert "podTemplate" in result.out
    assert [
        (finding["code"], finding["line"], finding["column"]) for finding in as_json if finding["severity"] == "warning"
    ] == [("unknown-key", 3, 5)]


def test_only_the_given_files_are_checked(run, tmp_path):
    file = tmp_path / "t.yaml"
    file.write_text("templates:\n  - runtime: a\n")

    result = run("lint", "--templates", file)

    assert (result.status, result.out) == (0, "")
    assert "no findings" in result.err


def test_a_finding_is_one_printable_line(run, tmp_path):
    file = tmp_path / "t.yaml"
    file.write_text('templates:\n  - runtime: a\n    "x\\e[31mred\\nline": 1\n')

    result = run("lint", "--templates", file)

    assert len(result.out.splitlines()) == 1
    assert "\x1b" not in result.out


def test_runtimes_says_what_cannot_be_used(run, tmp_path):
    file = tmp_path / "t.yaml"
    file.write_text("templates:\n  - runtime: a\n    podTemplate: 1\n")

    assert f"{file}:3:" in run("runtimes", "--templates", file).err


def test_the_threshold_decides_the_status(run, tmp_path):
    file = tmp_path / "t.yaml"
    file.write_text("templates:\n  - runtime: a\n    podTemplat: {}\n")

    assert run("lint", "--templates", file, "--fail-on", "error").status == 0
    assert run("lint", "--templates", file, "--fail-on", "warning").status == 1
    assert run("lint", "--templates", file, "--fail-on", "never").status == 2


def test_the_table_of_runtimes_shows_names_gpu_types_and_images(run):
    result = run("runtimes")

    lines = [line.split() for line in result.out.splitlines()]
    assert lines[0] == ["RUNTIME", "NAME", "GPU", "TYPE", "IMAGE"]
    assert ["vllm-cpu", "vLLM", "cpu", "swr.cn-south-1.myhuaweicloud.com/ascendhub/mindie:2.1.RC1"] in lines


def test_the_version_is_shown(run):
    assert run("--version").out.strip().count(".") == 2
