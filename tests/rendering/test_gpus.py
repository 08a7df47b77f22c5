"""Which GPU type and how many GPUs the inference container asks for (contract section 6)."""

import pytest

from webhook import catalog, errors, workload
from webhook.catalog.schema.gpu_types import BUILT_IN
from webhook.rendering import containers, gpus

H100 = catalog.GpuType("h100", "nvidia.com/gpu", node_selector=(("product", "H100"),), path="gpu_configs[0]")
L40S = catalog.GpuType("l40s", "nvidia.com/gpu", node_selector=(("product", "L40S"),), path="gpu_configs[1]")
ANYWHERE = catalog.GpuType("anywhere", "nvidia.com/gpu", path="gpu_configs[2]")
SMALL = catalog.GpuType("small", "nvidia.com/mig-1g.10gb", path="gpu_configs[3]")
NPU = catalog.GpuType("npu", "huawei.com/Ascend*", path="gpu_configs[4]")
NODES = (H100, L40S, *BUILT_IN)


def request(limits=None, table=BUILT_IN, gpu_type="", spec=None, claims=(), **declared):
    resources = {"limits": limits or {}, "claims": [{"name": name} for name in claims]}
    container = containers.InferenceContainer(
        {"name": "main", "resources": resources}, "spec.containers[0]", 0, "the first"
    )
    return gpus.request(declaration(gpu_type, **declared), container, spec or {}, catalog.GpuTypes(table))


def declaration(gpu_type="", **declared):
    return workload.Declaration("r", "m", gpu_type=gpu_type, **declared)


def noticed(asked, gpu_type="", **declared):
    """Return the notices about the first choice."""
    return gpus.notices(declaration(gpu_type, **declared), asked, asked.choices[0])


def codes(found):
    return [notice.code for notice in found]


GPU, SLICES = {"nvidia.com/gpu": "2"}, {"nvidia.com/mig-1g.10gb": 1, "nvidia.com/mig-2g.20gb": "2"}

CHOICES = [
    pytest.param({}, BUILT_IN, [("cpu", 0)], id="nothing"),
    pytest.param(GPU, BUILT_IN, [("nvidia-gpu", 2)], id="a built-in row"),
    pytest.param(GPU, NODES, [("h100", 2), ("l40s", 2), ("nvidia-gpu", 2)], id="every row of the resource, in order"),
    pytest.param(SLICES, BUILT_IN, [("nvidia-gpu", 3)], id="all that begins like the key is summed"),
    pytest.param({"nvidia.com/mig-1g.10gb": 1}, (SMALL, *BUILT_IN), [("small", 1), ("nvidia-gpu", 1)], id="an exact key and a beginning"),
    pytest.param(SLICES, (SMALL, *BUILT_IN), [("small", 1), ("nvidia-gpu", 3)], id="each row has a count of its own"),
    pytest.param({"huawei.com/Ascend910B4": 1, "huawei.com/Ascend910B4-memory": 9}, (NPU,), [("npu", 1)], id="a companion is never counted"),
    pytest.param({"huawei.com/Ascend910": 1, "huawei.com/Ascend910B4": 2}, (NPU, *BUILT_IN), [("npu", 3), ("ascend-gpu-910", 1)], id="the built-in row of part of it"),
    pytest.param({"nvidia.com/gpu": 1, "nvidia.com/vgpu": 1}, BUILT_IN, [("nvidia-gpu", 1)], id="rows of other resources are not choices"),
    pytest.param({"cpu": 4, "memory": "1Gi"}, (catalog.GpuType("cores", "cpu"), *BUILT_IN), [("cores", 4)], id="a row about a resource of every node"),
    pytest.param({"cpu": 4, "memory": 2}, (catalog.GpuType("any", "mem*"), *BUILT_IN), [("any", 2)], id="a row about all that begins like one"),
]  # fmt: skip


@pytest.mark.parametrize(("limits", "table", "choices"), CHOICES)
def test_the_rows_of_the_first_resource_are_the_choices(limits, table, choices):
    found = request(limits, table)

    assert [(choice.gpu_type, choice.count) for choice in found.choices] == choices


@pytest.mark.parametrize(
    ("limits", "table", "spec", "rows"),
    [
        (GPU, NODES, {}, ["h100", "l40s", "nvidia-gpu"]),
        (GPU, NODES, {"nodeSelector": {"product": "L40S"}}, ["l40s", "nvidia-gpu"]),
        (GPU, NODES, {"nodeSelector": {"product": "A100"}}, ["nvidia-gpu"]),
        ({**GPU, "nvidia.com/vgpu": 1}, NODES, {"nodeSelector": {"product": "A100"}}, ["nvidia-gpu", "nvidia-vgpu"]),
        ({}, NODES, {}, []),
    ],
)
def test_the_rows_that_match_are_those_of_every_resource_for_possible_nodes(limits, table, spec, rows):
    assert [row.name for row in request(limits, table, spec=spec).rows] == rows


def test_a_row_is_certain_once_its_nodes_are_required():
    choices = request(GPU, NODES, spec={"nodeSelector": {"product": "H100"}}).choices

    assert [(choice.gpu_type, choice.certain) for choice in choices] == [("h100", True), ("nvidia-gpu", False)]
    assert not any(choice.certain for choice in request(GPU, NODES).choices)


def test_a_built_in_row_is_a_fallback_where_the_table_has_a_row_for_any_node():
    assert [choice.fallback for choice in request(GPU, (H100, ANYWHERE, *BUILT_IN)).choices] == [False, False, True]
    assert not any(choice.fallback for choice in request(GPU, NODES).choices)


ANNOTATED = [
    pytest.param(GPU, (ANYWHERE, *BUILT_IN), "nvidia-gpu", 2, [], id="a row of its own"),
    pytest.param(GPU, BUILT_IN, "other", 2, [], id="no row of its own: the first row counts"),
    pytest.param({**GPU, "nvidia.com/vgpu": 1}, BUILT_IN, "nvidia-vgpu", 1, [], id="the row of the type counts"),
    pytest.param({**GPU, "nvidia.com/vgpu": 1}, BUILT_IN, "other", 2, ["several-accelerators"], id="of several the first, with a notice"),
    pytest.param({"amd.com/gpu": 8}, BUILT_IN, "other", 0, ["gpus-not-counted"], id="no row counts"),
    pytest.param({"amd.com/gpu": 8}, BUILT_IN, "cpu", 0, [], id="not an accelerator"),
    pytest.param({"example.com/x": 8}, BUILT_IN, "other", 0, [], id="nothing to count"),
]  # fmt: skip


@pytest.mark.parametrize(("limits", "table", "gpu_type", "count", "notices"), ANNOTATED)
def test_the_annotation_overrides_the_type_but_not_the_count(limits, table, gpu_type, count, notices):
    found = request(limits, table, gpu_type)

    [choice] = found.choices
    assert (choice.gpu_type, choice.count, codes(noticed(found, gpu_type))) == (gpu_type, count, notices)


@pytest.mark.parametrize("declared", [{"gpu_count": 8}, {"tensor_parallel_size": 8}])
def test_what_no_row_counts_is_fine_once_an_annotation_does(declared):
    assert noticed(request({"amd.com/gpu": 8}, gpu_type="other"), "other", **declared) == []


def test_a_claim_that_nothing_counts_is_named():
    [notice] = noticed(request(claims=["one", "two"], gpu_type="other"), "other")

    assert notice.cases == ('resource claim "one"', 'resource claim "two"')


def test_what_is_not_counted_depends_on_the_choice():
    asked = request(SLICES, (SMALL, *BUILT_IN))

    found = [gpus.notices(declaration(), asked, choice) for choice in asked.choices]
    assert [codes(one) for one in found] == [["several-accelerators"], ["several-slices"]]
    assert found[0][0].cases == [("nvidia.com/mig-2g.20gb", "nvidia.com/mig-1g.10gb")]


def test_nodes_that_exclude_the_annotated_row_do_not_change_the_count():
    [choice] = request(GPU, (H100,), "h100", {"nodeSelector": {"product": "A100"}}).choices

    assert choice.count == 2


COUNTS = [
    pytest.param(GPU, {}, [], id="nothing to note"),
    pytest.param(GPU, {"gpu_count": 2}, [], id="the same count"),
    pytest.param(GPU, {"gpu_count": 0}, ["gpu-count-replaced"], id="another count"),
    pytest.param(SLICES, {}, ["several-slices"], id="several slices"),
    pytest.param(SLICES, {"tensor_parallel_size": 3}, [], id="several slices, but their size is given"),
    pytest.param(SLICES, {"gpu_count": 1}, ["gpu-count-replaced"], id="one slice by annotation"),
    pytest.param({"nvidia.com/mig-1g.10gb": 1}, {}, [], id="one slice"),
    pytest.param({}, {"gpu_count": 8}, [], id="no row counts"),
]  # fmt: skip


@pytest.mark.parametrize(("limits", "declared", "notices"), COUNTS)
def test_what_the_author_should_know_about_the_count(limits, declared, notices):
    assert codes(noticed(request(limits), **declared)) == notices


CLAIM = {"resourceClaims": [{"name": "gpu", "resourceClaimName": "shared"}, {"name": "nic"}]}
DENIED = [
    pytest.param({"amd.com/gpu": 8}, {}, (), ["amd.com/gpu, which no row", "gpu_per_node: {key: amd.com/gpu}"], id="an accelerator"),
    pytest.param({"amd.com/gpu": 8, "nvidia.com/gpumem": 1}, {}, (), ["asks for amd.com/gpu, which"], id="an accelerator with a companion"),
    pytest.param({"amd.com/gpu": "some"}, {}, (), ["amd.com/gpu"], id="an amount that is not a quantity"),
    pytest.param({"amd.com/gpu": 1, "huawei.com/npu": 1}, {}, (), ["asks for amd.com/gpu, huawei.com/npu, which"], id="two accelerators"),
    pytest.param({"nvidia.com/gpumem": 1}, {}, (), ["nvidia.com/gpumem, a share of", "too (nvidia.com/gpu, nvidia.com/mig-*, nvidia.com/vgpu)"], id="a companion alone"),
    pytest.param({"hygon.com/dcumem": 1}, {}, (), ["hygon.com/dcumem, a share of", "ask for the accelerator too, or"], id="a companion of unknown accelerators"),
    pytest.param({}, CLAIM, ["gpu"], ['resource claim "gpu" (ResourceClaim shared), which may be'], id="a claim"),
    pytest.param({}, {}, ["gpu"], ['resource claim "gpu", which may be'], id="a claim that the pod does not define"),
    pytest.param({"amd.com/gpu": 8}, CLAIM, ["gpu"], ["amd.com/gpu, which no row", 'and for resource claim "gpu"'], id="both"),
]  # fmt: skip


@pytest.mark.parametrize(("limits", "spec", "claims", "says"), DENIED)
def test_what_may_be_an_accelerator_is_never_taken_for_cpu(limits, spec, claims, says):
    with pytest.raises(errors.Denied) as denial:
        request(limits, spec=spec, claims=claims)

    assert denial.value.code == "unknown-accelerator"
    for text in (
        *says,
        'container "main" (spec.containers[0], the first)',
        "ConfigMap hydra-gpu-configs",
        "hydra.io/gpu-count",
        "hydra.io/gpu-type: cpu",
    ):
        assert text in denial.value.message


def test_a_resource_of_every_node_may_be_a_share_of_an_accelerator():
    table = (catalog.GpuType("own", "example.com/own", companion="memory"),)

    with pytest.raises(errors.Denied, match="asks for memory, a share of an accelerator"):
        request({"memory": "1Gi"}, table)


@pytest.mark.parametrize(
    ("limits", "spec", "claims"),
    [({}, CLAIM, []), ({"cpu": 8, "example.com/gpu": 1}, {}, []), ({"amd.com/gpu": "0"}, {}, [])],
    ids=["a claim that another container uses", "other resources", "an amount of 0"],
)
def test_what_asks_for_no_accelerator_is_cpu(limits, spec, claims):
    found = request(limits, spec=spec, claims=claims)

    assert found == gpus.Request((gpus.Choice("cpu"),))


def test_a_claim_beside_a_resource_that_a_row_names_is_fine():
    assert request(GPU, claims=["nic"]).choices[0].gpu_type == "nvidia-gpu"
