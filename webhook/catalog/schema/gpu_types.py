"""The GPU table: which extended resource means which GPU type (contract section 6)."""

from dataclasses import dataclass

from webhook.catalog.documents import Opened
from webhook.catalog.model import GpuType
from webhook.catalog.report import Report
from webhook.catalog.schema import checks
from webhook.catalog.yaml import nodes
from webhook.catalog.yaml.nodes import Node, YamlMapping

_KEY = "gpu_configs"
_RESOURCE_PATH = ("gpu_resource_template_config", "gpu_per_node", "key")

#: Rows that are there without a configuration, and after those of the configuration.
BUILT_IN = (
    GpuType("nvidia-gpu", "nvidia.com/gpu"),
    GpuType("nvidia-vgpu", "nvidia.com/vgpu"),
    GpuType("metax-gpu", "metax-tech.com/gpu"),
    GpuType("ascend-gpu-910", "huawei.com/Ascend910"),
)


@dataclass(frozen=True, slots=True)
class ReadRow:
    """One entry of ``gpu_configs`` as it was read: its name if that can be read, and the row if it can be used."""

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
    return GpuTable(tuple(_row(report, node, f"{_KEY}[{index}]") for index, node in enumerate(items))), report


def _row(report: Report, node: Node, path: str) -> ReadRow:
    since = len(report.problems)
    report.flaws(node, path)
    if not isinstance(node, YamlMapping):
        cause = f"an item of {_KEY} must be a map, found {nodes.describe(node)}"
        report.error("wrong-type", path, node, cause, 'write "- gpu_type: NAME"')
        return ReadRow(None, None)
    name = _text(report, node, "gpu_type", path)
    inner: YamlMapping | None = node
    where = path
    for key in _RESOURCE_PATH[:-1]:
        value = checks.required(report, inner, key, where, "the entry") if inner is not None else None
        where = f"{where}.{key}"
        inner = checks.a_map(report, value, where)
    resource = _text(report, inner, _RESOURCE_PATH[-1], where) if inner is not None else None
    if name is None or resource is None or report.first_error(since) is not None:
        return ReadRow(name, None)
    return ReadRow(name, GpuType(name, resource))


def _text(report: Report, mapping: YamlMapping, key: str, path: str) -> str | None:
    """Return a required string that must not be empty."""
    value = checks.a_string(report, checks.required(report, mapping, key, path, "the entry"), f"{path}.{key}")
    if value == "":
        report.error("empty-value", f"{path}.{key}", mapping.pairs[key].node, f"{key} is empty", "")
        return None
    return value
