"""The rows of the GPU table: resources, companions and nodes (contract section 6)."""

import json

import pytest

from webhook import catalog
from webhook.catalog.schema import gpu_types


def read(content):
    return catalog.build([catalog.Document("gpu-configs", "g.yaml", content)], None)


def gpu_row(key, **more):
    resources = {"gpu_per_node": {"key": key}, **more.pop("resources", {})}
    return json.dumps({"gpu_configs": [{"gpu_type": "g", "gpu_resource_template_config": resources, **more}]})


LONG = "a" * 63
RESOURCES = [
    "nvidia.com/gpu", "nvidia.com/gpu.shared", "huawei.com/Ascend910B4", "nvidia.com/mig-*", "a/b", "a.b-c.d/E_f.g", "a/b*", "a/b-*", f"a/{LONG}",
]  # fmt: skip
NOT_RESOURCES = [
    "nvidia.com/*", "*", "nvidia*", "nvidia.com/mig-*-x", "nvidia.com/*gpu", "nvidia.com/g**", "gpu", "memory", "nvidia.com/", "/gpu",
    "nvidia.com/gpu ", "nvidia.com/a b", "nvidia.com/a/b", "Nvidia.com/gpu", "nvidia..com/gpu", "-a/b", "nvidia.com/gpu-", f"a/{LONG}a",
    f"{'a.' * 126}aa/b", "https://nvidia.com/gpu",
]  # fmt: skip


@pytest.mark.parametrize("key", RESOURCES)
def test_a_key_is_the_name_of_an_extended_resource_or_the_beginning_of_several(key):
    snapshot = read(gpu_row(key))

    assert (snapshot.problems, snapshot.gpu_types[0].resource) == ((), key)


@pytest.mark.parametrize("key", NOT_RESOURCES)
def test_a_key_that_cannot_be_the_name_of_a_resource_is_a_bad_value(key):
    snapshot = read(gpu_row(key))

    [problem] = snapshot.problems
    assert (problem.severity, problem.code) == ("error", "bad-value")
    assert problem.path == "gpu_configs[0].gpu_resource_template_config.gpu_per_node.key"
    assert f'"{key}"'[:100] in problem.cause
    assert ("mig-*" if "*" in key else "nvidia.com/gpu") in problem.remedy
    assert snapshot.gpu_types == gpu_types.BUILT_IN


@pytest.mark.parametrize(
    "row",
    [
        {"gpu_type": "cpu"},
        {"gpu_type": "cpu", "gpu_resource_template_config": None},
        {"gpu_type": "cpu", "gpu_resource_template_config": {"gpu_per_node": {}}},
        {"gpu_type": "cpu", "gpu_resource_template_config": {"gpu_per_node": {"key": "cpu"}}},
    ],
)
def test_a_row_for_cpu_needs_no_resource(row):
    snapshot = read(json.dumps({"gpu_configs": [row]}))

    assert (snapshot.problems, snapshot.gpu_types) == ((), gpu_types.BUILT_IN)


def test_a_row_has_a_companion_and_the_labels_of_its_nodes():
    selector = {"b": "2", "a": "1"}
    snapshot = read(gpu_row("a/b", node_selector=selector, resources={"gpu_memory": {"key": "a/memory"}}))

    row = snapshot.gpu_types[0]
    assert snapshot.problems == ()
    assert (row.companion, row.node_selector, row.path) == ("a/memory", (("a", "1"), ("b", "2")), "gpu_configs[0]")


@pytest.mark.parametrize(
    ("more", "severity", "code", "place"),
    [
        ({"node_selector": {"a": 1}}, "error", "wrong-type", "node_selector.a"),
        ({"node_selector": {"a": None}}, "error", "wrong-type", "node_selector.a"),
        ({"node_selector": ["a"]}, "error", "wrong-type", "node_selector"),
        ({"nodeSelector": {"a": "b"}}, "warning", "unknown-key", "nodeSelector"),
        ({"resources": {"gpu_memory": {"key": "memory"}}}, "warning", "bad-value", "gpu_resource_template_config.gpu_memory.key"),
        ({"resources": {"gpu_memory": {"key": "a/b*"}}}, "warning", "bad-value", "gpu_resource_template_config.gpu_memory.key"),
        ({"resources": {"gpu_memory": {"key": 1}}}, "warning", "bad-value", "gpu_resource_template_config.gpu_memory.key"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_rest_of_a_row(more, severity, code, place):
    snapshot = read(gpu_row("a/b", **more))

    [problem] = snapshot.problems
    assert (problem.severity, problem.code, problem.path) == (severity, code, f"gpu_configs[0].{place}")
    assert (snapshot.gpu_types != gpu_types.BUILT_IN) == (severity == "warning")


@pytest.mark.parametrize("memory", [None, {}, {"key": None}, {"key": ""}, "none"])
def test_a_row_may_have_no_companion(memory):
    snapshot = read(gpu_row("a/b", resources={"gpu_memory": memory}))

    assert (snapshot.problems, snapshot.gpu_types[0].companion) == ((), "")
