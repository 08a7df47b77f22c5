"""``demo``: a real server, called over TLS."""

import json
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "manifests" / "examples"


def test_the_change_to_each_example_is_shown(run):
    result = run("demo", "-f", EXAMPLES / "pod.yaml", "-f", EXAMPLES / "leaderworkerset-cpu.yaml")

    assert (result.status, result.err) == (0, "")
    assert "Pod qwen3: allowed, with a patch" in result.out
    assert "LeaderWorkerSet qwen3-cpu: allowed, with a patch" in result.out
    assert "-    image: auto\n" in result.out
    assert "ray start --block --address=$(LWS_LEADER_ADDRESS):6379" in result.out


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


def test_without_files_an_example_of_each_kind_is_shown(run):
    result = run("demo")

    assert (result.status, result.err) == (0, "")
    assert "Pod qwen3: allowed, with a patch" in result.out
    assert "LeaderWorkerSet deepseek-r1: allowed, with a patch" in result.out
