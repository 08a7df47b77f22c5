"""Misprints of runtimes and GPU types, and names that only resemble a known one."""

import pytest

from tests.linting.configurations import lint
from webhook.linting import near_names

TABLE = "gpu_configs: [{gpu_type: A100, gpu_resource_template_config: {gpu_per_node: {key: example.com/a100}}}]"


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("A1OO", "A100"),
        ("a100", "A100"),
        ("Nvidia_GPU", "nvidia-gpu"),
        ("nvdia-gpu", "nvidia-gpu"),
        ("nvidai-gpu", "nvidia-gpu"),
        ("nvibia-gpu", "nvidia-gpu"),
        ("vlm-cpu", "vllm-cpu"),
        ("vlllm-cpu", "vllm-cpu"),
        ("ascend-gpu-91O", "ascend-gpu-910"),
    ],
)
def test_a_misprint(name, known):
    assert near_names.misspelt(name, ["another", known]) == known


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("A100", "A100"),
        ("A800", "A100"),
        ("H100", "A100"),
        ("vllm", "vllm-cpu"),
        ("vllm-cpu", "vllm"),
        ("vllm2", "vllm"),
        ("my-vllm", "vllm"),
        ("ascend-gpu-910b", "ascend-gpu-910"),
        ("ascend-gpu-310", "ascend-gpu-910"),
        ("amd-gpu", "nvidia-gpu"),
        ("cpu", "gpu"),
        ("sglang", "vllm"),
        ("", "a"),
    ],
)
def test_another_name(name, known):
    assert near_names.misspelt(name, [known]) == ""


def test_a_gpu_type_near_to_one_of_the_table():
    agent = (
        "deployment_templates: [{match_gpu_types: [A100, A800, A1OO, cpu, nvdia-gpu], container_template: {image: i}}]"
    )
    problems = lint(agent=agent, gpus=TABLE)

    assert [(one.severity, one.code, one.path[-18:], one.remedy) for one in problems] == [
        ("warning", "unknown-gpu-type", "match_gpu_types[2]", 'did you mean "A100"?'),
        ("warning", "unknown-gpu-type", "match_gpu_types[4]", 'did you mean "nvidia-gpu"?'),
    ]


def test_a_runtime_near_to_one_with_a_template():
    problems = lint(
        "templates: [{runtime: vllm-cpu}, {runtime: other}]",
        "deployment_templates: [{match_runtimes: [vlm-cpu, vllm, other, vllm-cpu], container_template: {image: i}}]",
    )

    assert [(one.severity, one.code, one.remedy) for one in problems] == [
        ("warning", "no-template", 'did you mean "vllm-cpu"?'),
        ("info", "no-template", 'did you mean "vllm-cpu"?'),
    ]


def test_a_volume_near_to_one_of_the_entry():
    [problem] = lint(
        "templates: [{runtime: r, podTemplate: {volumes: [{name: models}], "
        "containerTemplate: {volumeMounts: [{name: modles, mountPath: /m}]}}}]"
    )

    assert (problem.severity, problem.code, problem.remedy) == ("info", "undefined-volume", 'did you mean "models"?')
