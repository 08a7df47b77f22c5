"""Accelerators in the resources of a configuration."""

import json

import pytest

from tests.linting.configurations import lint

TABLE = '{gpu_configs: [{gpu_type: own, gpu_resource_template_config: {gpu_per_node: {key: "example.com/own-*"}}}]}'


def places(problems):
    return [problem.path for problem in problems if problem.code == "uncounted-gpu"]


def in_template(resources, part="containerTemplate", **more):
    container = {"resources": resources} if part == "containerTemplate" else {part: {"resources": resources}}
    return json.dumps({"templates": [{"runtime": "r", "podTemplate": {"containerTemplate": container}, **more}]})


@pytest.mark.parametrize(
    ("resources", "place"),
    [
        ({"limits": {"nvidia.com/gpu": "4"}}, "limits.nvidia.com/gpu"),
        ({"requests": {"amd.com/gpu": 1}}, "requests.amd.com/gpu"),
        ({"limits": {"google.com/tpu": 4}, "requests": {"google.com/tpu": 4}}, "limits.google.com/tpu"),
        ({"limits": {"example.com/own-1": 1}}, "limits.example.com/own-1"),
    ],
)
def test_an_accelerator_in_a_template_decides_nothing(resources, place):
    found = lint(in_template(resources), gpus=TABLE)

    assert places(found) == [f"templates[0].podTemplate.containerTemplate.resources.{place}"]


@pytest.mark.parametrize(
    "resources",
    [
        None,
        [],
        {"limits": [], "requests": None},
        {"limits": {"cpu": 1, "memory": "1Gi", "example.com/gpu": 1}},
        {"limits": {"nvidia.com/gpu": "0"}},
        {"limits": {"nvidia.com/gpumem": 3000, "nvidia.com/sriov_rdma_vf": 1}},
        {"limits": {"nvidia.com/gpu": {}}},
    ],
)
def test_other_resources_are_left_alone(resources):
    assert places(lint(in_template(resources), gpus=TABLE)) == []


def test_an_amount_that_follows_the_count_is_left_alone():
    text = in_template({"limits": {"nvidia.com/gpu": "{{ .GPU_COUNT }}"}}, renderAll=True)

    assert places(lint(text)) == []


def test_role_overlays_and_agent_entries_are_looked_into_too():
    gpu = {"limits": {"nvidia.com/gpu": 4}}
    agent = {"container_template": {"image": "i", "resources": gpu, "leader": {"resources": gpu}}}
    entries = json.dumps({"deployment_templates": [agent]})

    assert places(lint(in_template(gpu, "worker"))) == [
        "templates[0].podTemplate.containerTemplate.worker.resources.limits.nvidia.com/gpu"
    ]
    assert places(lint(agent=entries)) == [
        "deployment_templates[0].container_template.resources.limits.nvidia.com/gpu",
        "deployment_templates[0].container_template.leader.resources.limits.nvidia.com/gpu",
    ]
