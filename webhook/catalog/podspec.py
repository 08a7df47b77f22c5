"""Checks of the PodSpec and Container fields inside a configuration: as much as merging relies on (contract section 7).

The API server checks the merged pod in full; here is checked what would break the merge, or name a mistake too late.
"""

from collections.abc import Mapping

from webhook.catalog import checks, kubernetes, nodes
from webhook.catalog.nodes import Node, Scalar
from webhook.catalog.report import Report

#: Maps whose values Kubernetes wants as strings.
_STRING_MAPS = frozenset({"nodeSelector"})
#: Whole numbers that are ports.
_PORTS = frozenset({"containerPort", "hostPort"})
_HIGHEST_PORT = 65_535


def fields(report: Report, mapping: nodes.YamlMapping, path: str, types: Mapping[str, type]) -> None:
    """Check the fields of a PodSpec, a Container or an entry of one of their lists; unknown keys are not looked at."""
    for key, pair in mapping.pairs.items():
        wanted = types.get(key)
        where = f"{path}.{key}"
        if wanted is None or nodes.is_null(pair.node) or not checks.typed(report, pair.node, where, wanted):
            continue
        if wanted is list:
            _list(report, key, pair.node, where)
        elif key in _PORTS and isinstance(pair.node, Scalar) and not 1 <= pair.node.value <= _HIGHEST_PORT:
            cause = f"a port is a number from 1 to {_HIGHEST_PORT}, found {pair.node.text}"
            report.error("bad-value", where, pair.node, cause)
        elif key in _STRING_MAPS and isinstance(pair.node, nodes.YamlMapping):
            for name, value in pair.node.pairs.items():
                checks.typed(report, value.node, f"{where}.{name}", str)


def _list(report: Report, key: str, node: Node, path: str) -> None:
    """Check the entries of a list by what Kubernetes keeps under this key."""
    if key in kubernetes.STRING_LISTS:
        checks.strings(report, node, path)
        return
    types = kubernetes.ENTRIES.get(key, {})
    for index, item in enumerate(node.items if isinstance(node, nodes.YamlSequence) else ()):
        where = f"{path}[{index}]"
        if not isinstance(item, nodes.YamlMapping):
            cause = f"an entry of {key} must be a map, found {nodes.describe(item)}"
            report.error("wrong-type", where, item, cause, _entry_remedy(key))
            continue
        _identified(report, key, item, where)
        if types:
            checks.known(report, item, where, types)
            fields(report, item, where, types)


def _identified(report: Report, key: str, item: nodes.YamlMapping, path: str) -> None:
    """Check that an entry has the fields by which Kubernetes tells it from the others."""
    needed = (*kubernetes.MERGE_KEYS.get(key, ()), *kubernetes.REQUIRED.get(key, ()))
    for name in needed:
        if name in kubernetes.OPTIONAL_KEYS:
            continue
        value = checks.required(report, item, name, path, f"an entry of {key}")
        wanted = kubernetes.ENTRIES.get(key, {}).get(name, str)
        if value is None:
            continue
        if isinstance(value, Scalar) and value.value == "":
            report.error("empty-value", f"{path}.{name}", value, f"{name} is empty", "")
        elif key not in kubernetes.ENTRIES:
            checks.typed(report, value, f"{path}.{name}", wanted)


def _entry_remedy(key: str) -> str:
    keys = kubernetes.MERGE_KEYS.get(key)
    return f'write "- {keys[0]}: ..."' if keys else ""
