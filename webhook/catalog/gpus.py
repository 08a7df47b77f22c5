"""The GPU table: which extended resource stands for which GPU type (contract section 6)."""

from dataclasses import dataclass

from webhook.catalog import checks, nodes
from webhook.catalog.documents import Document, opened
from webhook.catalog.model import GpuType
from webhook.catalog.nodes import Node, YamlMapping
from webhook.catalog.report import Report

DATA_KEY = "gpu-configs.yaml"
_KEY = "gpu_configs"
_RESOURCE_PATH = ("gpu_resource_template_config", "gpu_per_node", "key")

#: Rows that are known without a configuration, after those of the configuration.
BUILT_IN = (
    GpuType("nvidia-gpu", "nvidia.com/gpu"),
    GpuType("nvidia-vgpu", "nvidia.com/vgpu"),
    GpuType("metax-gpu", "metax-tech.com/gpu"),
    GpuType("ascend-gpu-910", "huawei.com/Ascend910"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One entry of ``gpu_configs``: its name as far as it can be read, and the row if it can be used."""

    name: str | None
    gpu_type: GpuType | None


def load(document: Document) -> tuple[tuple[Row, ...] | None, Report]:
    """Return all rows, or None if the text as a whole cannot be used, and the report with every problem."""
    source = opened(document)
    report, root = source.root_at(DATA_KEY)
    return (_rows(root, report) if root is not None else None), report


def _rows(root: Node, report: Report) -> tuple[Row, ...] | None:
    """Return all rows, or None if the text as a whole cannot be used. The table holds more than is read here."""
    top = checks.top(report, root, _KEY)
    items = checks.listing(report, top, _KEY, _KEY) if top is not None else None
    return (
        tuple(_row(report, node, f"{_KEY}[{index}]") for index, node in enumerate(items)) if items is not None else None
    )


def _row(report: Report, node: Node, path: str) -> Row:
    since = len(report.problems)
    report.flaws(node, path)
    if not isinstance(node, YamlMapping):
        cause = f"an entry of {_KEY} must be a map, found {nodes.describe(node)}"
        report.error("wrong-type", path, node, cause, 'write "- gpu_type: NAME"')
        return Row(None, None)
    name = _text(report, node, "gpu_type", path)
    inner: YamlMapping | None = node
    where = path
    for key in _RESOURCE_PATH[:-1]:
        value = checks.required(report, inner, key, where, "the entry") if inner is not None else None
        where = f"{where}.{key}"
        inner = checks.a_map(report, value, where)
    resource = _text(report, inner, _RESOURCE_PATH[-1], where) if inner is not None else None
    if name is None or resource is None or report.first_error(since) is not None:
        return Row(name, None)
    return Row(name, GpuType(name, resource))


def _text(report: Report, mapping: YamlMapping, key: str, path: str) -> str | None:
    """Return a string that must be there and must not be empty."""
    value = checks.a_string(report, checks.required(report, mapping, key, path, "the entry"), f"{path}.{key}")
    if value == "":
        report.error("empty-value", f"{path}.{key}", mapping.pairs[key].node, f"{key} is empty", "")
        return None
    return value
