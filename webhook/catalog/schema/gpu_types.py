"""The GPU table: which extended resource means which GPU type, on which nodes (contract section 6)."""

import re
from dataclasses import dataclass

from webhook import errors
from webhook.catalog.documents import Opened
from webhook.catalog.model import CPU, GpuType
from webhook.catalog.report import Report
from webhook.catalog.roots import ROOTS
from webhook.catalog.schema import checks
from webhook.catalog.yaml import nodes
from webhook.catalog.yaml.nodes import Node, Scalar, YamlMapping

_KEY = ROOTS["gpu-configs"].key
_RESOURCES = "gpu_resource_template_config"

#: The name of an extended resource, or the beginning of several (Kubernetes reference, "Extended resources").
_NAME = r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_LABEL = r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?"
_RESOURCE = re.compile(rf"(?=[^/]{{1,253}}/){_LABEL}(?:\.{_LABEL})*/(?:{_NAME}|[A-Za-z0-9][-A-Za-z0-9_.]{{0,62}}\*)")

#: Rows that are there without a configuration, and after those of the configuration.
BUILT_IN = (
    GpuType("nvidia-gpu", "nvidia.com/gpu"),
    GpuType("nvidia-gpu", "nvidia.com/mig-*"),
    GpuType("nvidia-vgpu", "nvidia.com/vgpu"),
    GpuType("metax-gpu", "metax-tech.com/gpu"),
    GpuType("ascend-gpu-910", "huawei.com/Ascend910"),
)


@dataclass(frozen=True, slots=True)
class ReadRow:
    """One entry of ``gpu_configs`` as it was read.

    Attributes:
        path: its key path.
        node: its YAML.
        name: the GPU type; None if that cannot be read.
        gpu_type: the row; None if it cannot be used.
    """

    path: str
    node: Node
    name: str | None
    gpu_type: GpuType | None


@dataclass(frozen=True, slots=True)
class GpuTable:
    """The GPU table as it was read: its rows in file order."""

    rows: tuple[ReadRow, ...]


def read(source: Opened) -> tuple[GpuTable | None, Report]:
    """Return the table, or None if the text as a whole cannot be used; the report has every problem.

    The configuration has more keys than are read here, so others are not reported.
    """
    report, root = source.root()
    top = checks.top(report, root, _KEY) if root is not None else None
    items = checks.listing(report, top, _KEY, _KEY) if top is not None else None
    if items is None:
        return None, report
    rows = []
    for index, node in enumerate(items):
        source.pause()
        rows.append(_row(report, node, f"{_KEY}[{index}]"))
    return GpuTable(tuple(rows)), report


def _row(report: Report, node: Node, path: str) -> ReadRow:
    since = len(report.problems)
    report.flaws(node, path)
    if not isinstance(node, YamlMapping):
        cause = f"an item of {_KEY} must be a map, found {nodes.describe(node)}"
        report.error("wrong-type", path, node, cause, 'write "- gpu_type: NAME"')
        return ReadRow(path, node, None, None)
    name = _text(report, node, "gpu_type", path)
    resource = "" if name == CPU and _names_no_device(node) else _resource(report, node, path)
    selector = _node_selector(report, node, path)
    companion = _companion(report, node, path)
    if name is None or not resource or report.first_error(since) is not None:
        return ReadRow(path, node, name, None)
    return ReadRow(path, node, name, GpuType(name, resource, companion, selector, path))


def _names_no_device(row: YamlMapping) -> bool:
    """Return whether a row has no resource, or Kubernetes' own for the time of processors."""
    inner: Node | None = row
    for key in (_RESOURCES, "gpu_per_node", "key"):
        inner = inner.get(key) if isinstance(inner, YamlMapping) else None
    return nodes.is_null(inner) or (isinstance(inner, Scalar) and inner.value == CPU)


def _resource(report: Report, row: YamlMapping, path: str) -> str | None:
    """Return ``gpu_per_node.key``, which must be the name of an extended resource or end in ``*``."""
    inner: YamlMapping | None = row
    where = path
    for key in (_RESOURCES, "gpu_per_node"):
        value = checks.required(report, inner, key, where, "the entry") if inner is not None else None
        where = f"{where}.{key}"
        inner = checks.a_map(report, value, where)
    resource = _text(report, inner, "key", where) if inner is not None else None
    if inner is None or resource is None or _RESOURCE.fullmatch(resource):
        return resource
    cause = f"{errors.shown(resource)} cannot be the name of an extended resource"
    remedy = "write DOMAIN/NAME, such as nvidia.com/gpu"
    if "*" in resource:
        cause = f"{errors.shown(resource)} cannot be the beginning of names of extended resources"
        remedy = "write DOMAIN/ and the beginning of the name before one * at the end, such as nvidia.com/mig-*"
    report.error("bad-value", f"{where}.key", inner.pairs["key"], cause, remedy)
    return None


def _node_selector(report: Report, row: YamlMapping, path: str) -> tuple[tuple[str, str], ...]:
    """Return the labels of the nodes that a row is about, sorted."""
    if "nodeSelector" in row.pairs:
        cause = 'unknown key "nodeSelector": it is ignored'
        where = f"{path}.nodeSelector"
        report.warning("unknown-key", where, row.pairs["nodeSelector"], cause, 'did you mean "node_selector"?')
    where = f"{path}.node_selector"
    selector = checks.a_map(report, row.get("node_selector"), where)
    found = []
    for label, pair in selector.pairs.items() if selector is not None else ():
        if (value := checks.a_string(report, pair.node, f"{where}.{label}")) is not None:
            found.append((label, value))
        elif nodes.is_null(pair.node):
            report.error("wrong-type", f"{where}.{label}", pair, "must be a string, found nothing", "give it a value")
    return tuple(sorted(found))


def _companion(report: Report, row: YamlMapping, path: str) -> str:
    """Return ``gpu_memory.key``; "" if there is none or, since the row does without it, if it cannot be used."""
    resources = row.get(_RESOURCES)
    memory = resources.get("gpu_memory") if isinstance(resources, YamlMapping) else None
    key = memory.get("key") if isinstance(memory, YamlMapping) else None
    if not isinstance(key, Scalar) or not key.value:
        return ""
    if isinstance(key.value, str) and _RESOURCE.fullmatch(key.value) and not key.value.endswith("*"):
        return key.value
    where = f"{path}.{_RESOURCES}.gpu_memory.key"
    cause = f"{key.text} cannot be the name of an extended resource, so it is ignored"
    report.warning("bad-value", where, key, cause, "write DOMAIN/NAME, such as nvidia.com/gpumem")
    return ""


def _text(report: Report, mapping: YamlMapping, key: str, path: str) -> str | None:
    """Return a required string that must not be empty."""
    value = checks.a_string(report, checks.required(report, mapping, key, path, "the entry"), f"{path}.{key}")
    if value == "":
        report.error("empty-value", f"{path}.{key}", mapping.pairs[key].node, f"{key} is empty", "give it a value")
        return None
    return value
