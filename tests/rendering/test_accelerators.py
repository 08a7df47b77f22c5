"""Which resources are accelerators (contract section 6)."""

import pytest

from webhook import catalog
from webhook.catalog.schema.gpu_types import BUILT_IN
from webhook.rendering import accelerators

TABLE = catalog.GpuTypes(
    (
        catalog.GpuType("own", "example.com/own-*", "example.com/own-memory"),
        catalog.GpuType("net", "nvidia.com/net"),
        *BUILT_IN,
    )
)

ACCELERATORS = [
    "nvidia.com/gpu", "nvidia.com/gpu.shared", "nvidia.com/mig-1g.10gb", "nvidia.com/pgpu", "amd.com/gpu", "amd.com/cpx_nps4", "huawei.com/Ascend310P",
    "huawei.com/npu-core", "cambricon.com/mlu", "cambricon.com/mlu370", "iluvatar.ai/gpu", "iluvatar.ai/vgpu", "metax-tech.com/sgpu", "mthreads.com/vgpu",
    "birentech.com/gpu", "hygon.com/dcunum", "gpu.intel.com/i915", "gpu.intel.com/xe", "habana.ai/gaudi", "kunlunxin.com/xpu", "enflame.com/gcu",
    "google.com/tpu", "aws.amazon.com/neuron", "aws.amazon.com/neuroncore", "aws.amazon.com/neurondevice", "volcano.sh/vgpu-number",
    "aliyun.com/gpu", "aliyun.com/gpu-mem", "aliyun.com/gpu-core.percentage", "tencent.com/vcuda-core", "example.com/own-1", "nvidia.com/net",
    "nvidia.com/internet", "amd.com/vnicol", "huawei.com/ascendnet",
]  # fmt: skip
COMPANIONS = [
    "nvidia.com/gpumem", "nvidia.com/gpumem-percentage", "nvidia.com/gpucores", "nvidia.com/priority", "volcano.sh/vgpu-memory", "volcano.sh/vgpu-cores",
    "huawei.com/Ascend910B4-memory", "huawei.com/Ascend310P-memory", "hygon.com/dcumem", "hygon.com/dcucores", "tencent.com/vcuda-memory",
    "example.com/own-memory", "iluvatar.ai/vcuda-memory",
]  # fmt: skip
OTHERS = [
    "cpu", "memory", "hugepages-2Mi", "", "/", "nvidia.com", "example.com/gpu", "example.com/gpumem", "example.com/priority", "google.com/tpus", "google.com/net",
    "aws.amazon.com/other", "aliyun.com/eni", "tencent.com/vcuda", "volcano.sh/other", "fake.nvidia.com/gpu", "nvidia.com.evil/gpu", "intel.com/gpu",
    "nvidia.com/sriov_rdma_vf", "nvidia.com/mlnx-rdma", "nvidia.com/rdma0", "nvidia.com/hostdev", "huawei.com/RoCE", "amd.com/nic", "huawei.com/dpdk.1",
    "huawei.com/net", "amd.com/vf", "huawei.com/qat", "amd.com/sgx", "huawei.com/dsa", "amd.com/fpga-u250", "nvidia.com/imex-channel",
    "aliyun.com/", "deviceclass.resource.kubernetes.io/gpu.nvidia.com",
]  # fmt: skip


@pytest.mark.parametrize("resource", ACCELERATORS)
def test_an_accelerator(resource):
    assert accelerators.is_accelerator(resource, TABLE)
    assert not accelerators.is_companion(resource, TABLE)
    assert accelerators.asks_for_accelerator({"resources": {"limits": {resource: 1}}}, TABLE)


@pytest.mark.parametrize("resource", COMPANIONS)
def test_a_share_of_an_accelerator(resource):
    assert accelerators.is_companion(resource, TABLE)
    assert not accelerators.is_accelerator(resource, TABLE)
    assert accelerators.asks_for_accelerator({"resources": {"requests": {resource: "8k"}}}, TABLE)


@pytest.mark.parametrize("resource", OTHERS)
def test_any_other_resource(resource):
    assert not accelerators.is_accelerator(resource, TABLE)
    assert not accelerators.is_companion(resource, TABLE)
    assert not accelerators.asks_for_accelerator({"resources": {"limits": {resource: 1}}}, TABLE)


@pytest.mark.parametrize(
    "resources",
    [
        None,
        {},
        {"limits": None, "requests": None},
        {"limits": {"nvidia.com/gpu": "0"}},
        {"limits": {"nvidia.com/gpu": None}},
        {"limits": {"nvidia.com/gpu": 0}, "requests": {"nvidia.com/gpu": 1}},
        {"claims": [{"name": "gpu"}]},
    ],
)
def test_nothing_of_an_accelerator_is_asked_for(resources):
    assert not accelerators.asks_for_accelerator({"name": "main", "resources": resources}, TABLE)


@pytest.mark.parametrize("name", ["gpu.nvidia.com", "dra.cpu"])
def test_a_device_of_a_class_may_be_an_accelerator(name):
    assert accelerators.is_of_device_class(f"deviceclass.resource.kubernetes.io/{name}")


@pytest.mark.parametrize(
    "resource", ["deviceclass.resource.kubernetes.io/intel-sriov-nic", "resource.kubernetes.io/gpu", "nvidia.com/gpu"]
)
def test_other_resources_are_not_devices_of_a_class(resource):
    assert not accelerators.is_of_device_class(resource)


@pytest.mark.parametrize(
    ("row", "resource", "matches"),
    [
        (catalog.GpuType("g", "a/b"), "a/b", True),
        (catalog.GpuType("g", "a/b"), "a/bc", False),
        (catalog.GpuType("g", "a/b*"), "a/b", True),
        (catalog.GpuType("g", "a/b*"), "a/bc", True),
        (catalog.GpuType("g", "a/b*"), "a/c", False),
        (catalog.GpuType("g", "nvidia.com/gpu*"), "nvidia.com/gpumem", False),
        (catalog.GpuType("g", "nvidia.com/gpumem"), "nvidia.com/gpumem", True),
        (catalog.GpuType("g", "a/b*", "a/bytes"), "a/bytes", False),
    ],
)
def test_a_row_is_about_its_resource_and_by_an_asterisk_about_those_that_begin_like_it(row, resource, matches):
    assert accelerators.matches(row, resource, catalog.GpuTypes((row,))) == matches
