"""``demo``: a real server, called over TLS."""

import json
import math
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests import pictures
from webhook import cli

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "manifests" / "examples"


def test_the_first_screen_says_what_came_in_what_came_out_and_what_to_do_next(run, monkeypatch):
    monkeypatch.chdir(ROOT)

    result = run("demo")

    assert (result.status, result.err) == (0, "")
    first, *rest = result.out.splitlines()
    assert re.fullmatch(r"a server on loopback: TLS 1\.[23], certificate verified", first)
    assert "in:  Pod qwen3: runtime vllm-cpu, model qwen3-0.6b" in rest
    assert "in:  LeaderWorkerSet qwen3-cpu: runtime vllm-cpu, model qwen3-0.6b" in rest
    assert "    - image: auto" in rest
    assert "    + image: swr.cn-south-1.myhuaweicloud.com/ascendhub/mindie:2.1.RC1" in rest
    assert re.search(r"^    \+ hydra\.io/rendered: <record, \d{3,4} bytes>$", result.out, re.MULTILINE)
    assert any(line.startswith("next: ") for line in rest)
    assert len(rest) < 40


@pytest.mark.slow
def test_a_terminal_of_80_columns_shows_it_in_40_lines():
    shown = pictures.printed()

    lines = re.sub(r"\x1b\[[0-9;]*m", "", shown).split("\n")
    assert "\x1b[32m" in shown  # what was added is green
    assert sum(max(1, math.ceil(len(line) / pictures.WIDTH)) for line in lines) <= 40


def test_the_commands_to_run_next_work_where_they_are_printed(run, monkeypatch):
    monkeypatch.chdir(ROOT)
    shown = run("demo").out.partition("\nnext: ")[2].splitlines()[1:]

    render, explain, own = (shlex.split(line) for line in shown)

    assert own == [own[0], "demo", "-f", "FILE"]
    for program, *arguments in (render, explain):
        assert Path(program).name == "hydra-webhook"
        done = CliRunner().invoke(cli._app, arguments)
        assert done.exit_code == 0, done.output
        assert "qwen3" in done.output


def test_leader_and_worker_are_compared_with_the_bare_worker_and_share_what_they_have_in_common(run):
    result = run("demo", "-f", EXAMPLES / "leaderworkerset-cpu.yaml")

    _, _, changed = result.out.partition("out: allowed")
    common, _, rest = changed.partition("  leader:\n")
    leader, _, worker = rest.partition("  worker:\n")
    assert "+ leaderTemplate, made from workerTemplate" in common
    assert "+ image: swr.cn-south-1" in common
    assert "ray start --head" in leader
    assert "ray start --block --address=$(LWS_LEADER_ADDRESS):6379" in worker
    assert "image" not in leader + worker.partition("\nnext: ")[0]


def test_scripts_long_values_and_many_fields_are_folded(run):
    result = run("demo", "-f", EXAMPLES / "leaderworkerset.yaml")

    assert re.search(r"\+ command: \[/bin/bash, -c, <\d+ lines>, deepseek-r1\]", result.out)
    assert re.search(r"\+ \d+ more: [\w\[\]=,. ]+\n", result.out) or result.out.count("Probe: {") == 3
    assert all(len(line) <= 100 or "image: " in line or "Warning: " in line for line in result.out.splitlines())


def test_a_denial_is_shown_and_gives_exit_status_1(run):
    pod = (EXAMPLES / "pod.yaml").read_text().replace("vllm-cpu", "vlm-cpu")

    result = run("demo", "-f", "-", stdin=pod)

    assert result.status == 1
    assert 'did you mean "vllm-cpu"' in result.out


def test_the_items_of_a_list_are_sent_even_without_names(run):
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": None}
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": [pod, {**pod, "metadata": {"name": 5}}]})

    result = run("demo", "-f", "-", stdin=text)

    assert result.status == 0
    assert result.out.count("allowed, with a patch of 0 operations") == 2


def test_files_without_a_workload_are_wrong_usage(run):
    assert run("demo", "-f", EXAMPLES / "configmap-hydra-agent.yaml").status == 2


@pytest.mark.slow
def test_every_example_is_shown(run):
    result = run("demo", "-f", EXAMPLES)

    assert result.status == 0
    assert "Deployment default/qwen3-8b: it is left as it is" in result.err
    assert result.out.count("out: allowed, with a patch of") == 6
