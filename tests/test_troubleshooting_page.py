"""docs/troubleshooting.md: what kubectl prints in its examples is what the webhook says."""

import re

import pytest

from tests import pages
from webhook import catalog, errors, mutation, notices, rendering, workload
from webhook.settings import Settings

PAGE = pages.ROOT / "docs" / "troubleshooting.md"
CONSOLES = [block.text for block in pages.blocks(PAGE) if block.language == "console"]
DENIAL, WARNING = CONSOLES


def test_the_denial_is_that_of_a_misspelt_runtime():
    [example] = catalog.load_all((pages.ROOT / "manifests" / "examples" / "pod.yaml").read_text())
    example["metadata"]["labels"]["hydra.io/runtime"] = "vlm"
    state = rendering.State(catalog.build(catalog.embedded(), None), Settings())

    with pytest.raises(errors.Denied) as raised:
        mutation.mutate(example, workload.POD, state, namespace="default")

    assert "denied the request: Pod default/qwen3: " in DENIAL
    assert DENIAL.rstrip().endswith(str(raised.value))


def test_the_warning_is_that_of_arguments_that_a_runtime_ignores():
    templates = (
        "templates: [{runtime: r, podTemplate: {containerTemplate: {commandTemplate: [x], argsTemplate: [--z]}}}]"
    )
    agent = "deployment_templates: [{container_template: {image: i}}]"
    documents = [catalog.Document("templates", "t", templates), catalog.Document("agent", "a", agent)]
    args = [f"--{letter}" for letter in "abcde"]
    [group] = catalog.load_all((pages.ROOT / "manifests" / "examples" / "leaderworkerset-cpu.yaml").read_text())
    group["metadata"]["labels"]["hydra.io/runtime"] = "r"
    group["spec"]["leaderWorkerTemplate"]["workerTemplate"]["spec"]["containers"][0]["args"] = args

    mutated = mutation.mutate(
        group,
        workload.LEADER_WORKER_SET,
        rendering.State(catalog.build(documents, None), Settings()),
        namespace="default",
    )

    [shown] = re.findall(r"^Warning: (.*)$", WARNING, re.MULTILINE)
    assert shown in notices.lines(mutated.notices)
