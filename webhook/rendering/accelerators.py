"""Which resources are accelerators (contract section 6): the one table of their names, and who asks for one.

The names are those of the vendors' device plugins and of HAMi, Volcano and the cloud providers. A row of the GPU table may name
any other resource.
"""

import re
from collections.abc import Mapping
from typing import Any

from webhook import catalog
from webhook.rendering import quantities

#: Domains of which every resource is an accelerator, unless its name has one of the words below.
_DOMAINS = frozenset(
    {
        "nvidia.com",
        "amd.com",
        "huawei.com",
        "cambricon.com",
        "iluvatar.ai",
        "metax-tech.com",
        "mthreads.com",
        "birentech.com",
        "hygon.com",
        "gpu.intel.com",
        "habana.ai",
        "kunlunxin.com",
        "enflame.com",
    }
)

#: Accelerators of domains that have other resources too.
_RESOURCES = re.compile(
    r"google\.com/tpu|aws\.amazon\.com/neuron.*|volcano\.sh/vgpu-number|aliyun\.com/gpu.*|tencent\.com/vcuda-core"
)

#: Words in the names of network cards and other devices of the same vendors, which are not accelerators.
_OTHER_DEVICES = frozenset(
    {"sriov", "rdma", "roce", "nic", "hostdev", "dpdk", "net", "vf", "qat", "sgx", "dsa", "fpga", "imex"}
)
_WORD = re.compile(r"[a-z]+")

#: What a container asks for to get a device of a DeviceClass, which follows, without a claim of its own (Kubernetes, "Dynamic
#: Resource Allocation", extended resources).
_OF_DEVICE_CLASS = "deviceclass.resource.kubernetes.io"

#: Shares of an accelerator. Those of Volcano and Tencent are in domains that have other resources too.
_COMPANIONS = re.compile(
    r"gpumem|gpumem-percentage|gpucores|vgpu-memory|vgpu-cores|Ascend.*-memory|dcumem|dcucores|vcuda-memory|priority"
)
_COMPANION_DOMAINS = _DOMAINS | {"volcano.sh", "tencent.com"}


def asked(container: Mapping[str, Any], table: catalog.GpuTypes) -> dict[str, Any]:
    """Return what a container asks for by resource: its limits over its requests, without amounts of 0 (null is 0 too).

    The resources of every node, such as ``cpu``, are left out unless a row of the GPU table is about them.
    """
    resources = container.get("resources")
    if not resources:
        return {}
    amounts = {**(resources.get("requests") or {}), **(resources.get("limits") or {})}
    return {
        name: amount
        for name, amount in amounts.items()
        if name not in table.ordinary and amount is not None and quantities.parse(amount) != 0
    }


def asks_for_accelerator(container: Mapping[str, Any], table: catalog.GpuTypes) -> bool:
    """Return whether a container asks for an accelerator, or for a share of one, by a resource; a claim does not count.

    Args:
        container: a container whose shape has been checked.
        table: the GPU table.
    """
    return any(is_accelerator(name, table) or is_companion(name, table) for name in asked(container, table))


def is_accelerator(resource: str, table: catalog.GpuTypes) -> bool:
    """Return whether a resource is an accelerator: a row of the GPU table is about it, or it has the name of one."""
    if resource in table.resources:
        return True
    return (resource.startswith(table.beginnings) or is_known(resource)) and not is_companion(resource, table)


def matches(row: catalog.GpuType, resource: str, table: catalog.GpuTypes) -> bool:
    """Return whether a row of the GPU table is about a resource; a key with ``*`` is never about a share of an accelerator."""
    if row.resource == resource:
        return True
    return row.is_pattern and row.names(resource) and not is_companion(resource, table)


def is_companion(resource: str, table: catalog.GpuTypes) -> bool:
    """Return whether a resource is a share of an accelerator, such as its memory, which is asked for beside it.

    ``gpu_memory.key`` of a row of the GPU table names one too.
    """
    domain, _, name = resource.partition("/")
    return resource in table.companions or (domain in _COMPANION_DOMAINS and _COMPANIONS.fullmatch(name) is not None)


def is_known(resource: str) -> bool:
    """Return whether a resource has the name of an accelerator, or of a share of one."""
    domain, _, name = resource.partition("/")
    if domain in _DOMAINS:
        return bool(name) and not _is_other_device(name)
    return bool(name) and _RESOURCES.fullmatch(resource) is not None


def is_of_device_class(resource: str) -> bool:
    """Return whether a resource is a claim in another form: a device of a DeviceClass, which may be an accelerator."""
    domain, _, name = resource.partition("/")
    return domain == _OF_DEVICE_CLASS and not _is_other_device(name)


def _is_other_device(name: str) -> bool:
    return not _OTHER_DEVICES.isdisjoint(_WORD.findall(name.lower()))
