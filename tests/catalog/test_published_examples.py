"""The two published examples: character for character, and the agent's with its indentation corrected."""

import pathlib

import pytest

from webhook import catalog, linting

FOLDER = pathlib.Path(__file__).parent / "published"
TEMPLATES = (FOLDER / "hydra-runtime-template.yaml").read_text(encoding="utf-8")
AS_PRINTED = (FOLDER / "hydra-agent-as-printed.yaml").read_text(encoding="utf-8")

IMAGE = "swr.cn-south-1.myhuaweicloud.com/ascendhub/mindie:2.1.RC1"
INSIDE = """\
deployment_templates:
- match_runtimes: [vllm-cpu]
  match_gpu_types: [cpu]
  container_template:
    image:
      registry: swr.cn-south-1.myhuaweicloud.com
      repository: ascendhub/mindie
      tag: 2.1.RC1
"""
BESIDE = AS_PRINTED.replace("\n    ", "\n  ")


def agent(text):
    return catalog.build([catalog.Document("agent", "hydra-agent.yaml", text)], None)


def test_the_runtime_template_loads_and_lint_only_remarks_how_it_passes_arguments():
    document = catalog.Document("templates", "t.yaml", TEMPLATES)
    snapshot = catalog.build([document], None)

    template = snapshot.runtime_templates["vllm-cpu"]
    assert snapshot.problems == ()
    assert {(one.code, one.severity) for one in linting.lint([document])} == {("spliced-argument", "info")}
    assert template.display_name == "vLLM"
    assert [part.text for part in template.startups["lone"].command] == ["/bin/bash", "-c"]
    assert template.startups["lone"].args[0].text.startswith("{{- if .IS_DISTRIBUTED -}}\n  {{- if .IS_LEADER -}}\n")
    assert template.startups["lone"].uses_custom_args
    assert (template.common.container, template.common.pod) == ({}, {})


def test_the_agent_example_as_printed_reports_the_misaligned_key_and_the_right_column():
    snapshot = agent(AS_PRINTED)

    [problem] = snapshot.problems
    assert (problem.severity, problem.code) == ("error", "yaml-syntax")
    assert (problem.line, problem.column) == (3, 5)
    assert problem.cause == (
        'the key "match_gpu_types" is at column 5, but the keys of its map are at column 3 ("match_runtimes" at line 2)'
    )
    assert problem.remedy.startswith("align the keys of this map at column 3")
    assert snapshot.agent_entries == ()


VARIANTS = {
    "a list on lines of its own": (
        "deployment_templates:\n- match_runtimes:\n  - vllm-cpu\n    match_gpu_types: [cpu]\n",
        (4, 5),
        '"match_gpu_types" at column 5',
    ),
    "a runtime in quotes": (
        'deployment_templates:\n- match_runtimes: ["vllm-cpu"]\n    match_gpu_types: [cpu]\n',
        (3, 5),
        '"match_gpu_types" is at column 5',
    ),
    "a bare name": (
        "deployment_templates:\n- match_runtimes: vllm-cpu\n    match_gpu_types: [cpu]\n",
        (3, 5),
        '"match_gpu_types" at column 5',
    ),
    "nothing after the first key": (
        "deployment_templates:\n- match_runtimes:\n    match_gpu_types: [cpu]\n",
        (3, 5),
        '"match_gpu_types" at column 5 is indented too deep',
    ),
    "container_template deeper": (
        "deployment_templates:\n- match_runtimes: [a]\n  match_gpu_types: [cpu]\n    container_template: {}\n",
        (4, 5),
        '"container_template" is at column 5',
    ),
    "image too shallow": (
        "deployment_templates:\n- match_runtimes: [a]\n  container_template:\n      args: []\n    image: x\n",
        (5, 5),
        '"image" is at column 5',
    ),
}


@pytest.mark.parametrize(("text", "place", "cause"), VARIANTS.values(), ids=VARIANTS)
def test_a_misaligned_key_is_reported_with_its_column(text, place, cause):
    problem = agent(text).problems[0]
    assert (problem.severity, problem.line, problem.column) == ("error", *place)
    assert cause in problem.cause
    assert problem.remedy


def test_with_the_image_inside_the_agent_example_loads_without_any_finding():
    snapshot = agent(INSIDE)
    [entry] = snapshot.agent_entries
    assert snapshot.problems == ()
    assert (entry.runtimes, entry.gpu_types, entry.image) == (("vllm-cpu",), ("cpu",), IMAGE)


def test_with_the_image_beside_the_agent_example_loads_with_one_finding():
    snapshot = agent(BESIDE)
    [entry] = snapshot.agent_entries
    [problem] = snapshot.problems
    assert entry.image == IMAGE
    assert (problem.severity, problem.code, problem.line, problem.column) == ("warning", "image-beside", 5, 3)
    assert problem.path == "deployment_templates[0].image"


def test_the_built_in_configuration_has_no_errors_and_no_warnings():
    documents = catalog.embedded()
    snapshot = catalog.build(documents, None)
    assert [problem for problem in linting.lint(documents) if problem.severity != "info"] == []
    assert snapshot.missing == ()
    assert {"vllm-cpu", "vllm", "sglang", "image-gen", "mindie"} <= set(snapshot.runtime_templates)
