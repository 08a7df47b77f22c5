"""Checks of the PodSpec and Container fields inside a configuration, as far as merging relies on them (contract section 7).

The API server checks the merged pod in full. What is checked here would break the merge, or is better reported early.
"""

from collections.abc import Mapping

from webhook.catalog.report import Report
from webhook.catalog.schema import checks, kubernetes, remedies
from webhook.catalog.yaml import nodes
from webhook.catalog.yaml.nodes import Node, Scalar, YamlMapping, YamlSequence

#: Maps whose values must be strings.
_STRING_MAPS = frozenset({"nodeSelector"})
#: Fields that are port numbers.
_PORTS = frozenset({"containerPort", "hostPort"})
_HIGHEST_PORT = 65_535
#: Types of what is inside maps, by the field that holds them; integers too, which are often written in quotes.
_NESTED: dict[str, dict[str, type]] = {holder: dict(types) for holder, types in kubernetes.NESTED.items()}
for _holder, _key in kubernetes.INTEGERS - kubernetes.INTEGER_LISTS:
    _NESTED.setdefault(_holder, {})[_key] = int
_NESTED["podSecurityContext"] = _NESTED["securityContext"]  # which a runtime template may write under this name
_STRING_LISTS = kubernetes.STRING_LISTS | kubernetes.NESTED_STRING_LISTS


def fields(
    report: Report, mapping: YamlMapping, path: str, types: Mapping[str, type], *, render_all: bool = False
) -> None:
    """Check the known fields of a PodSpec, a Container, a map inside them or an item of one of their lists.

    With ``render_all``, a Go template may also be where Kubernetes wants an integer (contract section 4).
    """
    for key, pair in mapping.pairs.items():
        wanted = types.get(key)
        where = f"{path}.{key}"
        if wanted is None or nodes.is_null(pair.node) or (render_all and wanted is int and _has_action(pair.node)):
            continue
        if wanted is list and isinstance(pair.node, YamlMapping) and key in kubernetes.MERGE_KEYS:
            remedy = remedies.of_map(kubernetes.MERGE_KEYS[key][0], pair.node)
            report.error("wrong-type", where, pair.node, "must be a list, found a map", remedy)
            continue
        if not checks.typed(report, pair.node, where, wanted):
            continue
        if wanted is list:
            _list(report, key, pair.node, where, render_all=render_all)
        elif key in _PORTS and isinstance(pair.node, Scalar) and not 1 <= pair.node.value <= _HIGHEST_PORT:
            cause = f"must be a port from 1 to {_HIGHEST_PORT}, found {pair.node.text}"
            report.error("bad-value", where, pair.node, cause)
        elif key in _STRING_MAPS and isinstance(pair.node, YamlMapping):
            for name, value in pair.node.pairs.items():
                checks.typed(report, value.node, f"{where}.{name}", str)
        elif key in _NESTED and isinstance(pair.node, YamlMapping):
            fields(report, pair.node, where, _NESTED[key], render_all=render_all)


def _has_action(node: Node) -> bool:
    return isinstance(node, Scalar) and isinstance(node.value, str) and "{{" in node.value


def _list(report: Report, key: str, node: Node, path: str, *, render_all: bool) -> None:
    """Check the items of the list that Kubernetes has under this key."""
    if key in _STRING_LISTS:
        checks.strings(report, node, path)
        return
    types = kubernetes.ITEMS.get(key, {})
    for index, item in enumerate(node.items if isinstance(node, YamlSequence) else ()):
        where = f"{path}[{index}]"
        if not isinstance(item, YamlMapping):
            cause = f"an item of {key} must be a map, found {nodes.describe(item)}"
            report.error("wrong-type", where, item, cause, _item_remedy(key, item))
            continue
        _identified(report, key, item, where)
        if types:
            checks.fields(report, item, where, types)
            fields(report, item, where, types, render_all=render_all)


def _identified(report: Report, key: str, item: YamlMapping, path: str) -> None:
    """Check that an item has the fields by which Kubernetes identifies it."""
    needed = (*kubernetes.MERGE_KEYS.get(key, ()), *kubernetes.REQUIRED.get(key, ()))
    for name in needed:
        if name in kubernetes.OPTIONAL_KEYS:
            continue
        value = checks.required(report, item, name, path, f"an item of {key}")
        wanted = kubernetes.ITEMS.get(key, {}).get(name, str)
        if value is None:
            continue
        if isinstance(value, Scalar) and value.value == "":
            report.error("empty-value", f"{path}.{name}", value, f"{name} is empty", "give it a value")
        elif key not in kubernetes.ITEMS:
            checks.typed(report, value, f"{path}.{name}", wanted)


def _item_remedy(key: str, item: Node) -> str:
    keys = kubernetes.MERGE_KEYS.get(key)
    return remedies.of_item(keys[0], item) if keys else ""
