"""Checks that every schema of this room uses: the type of a value, the keys of a map.

Each returns the value it asked for, or None after reporting what it found instead. A null counts as absent: it gives None
and reports nothing.
"""

from collections.abc import Collection, Mapping

from webhook import errors
from webhook.catalog import nodes
from webhook.catalog.nodes import Node, Scalar
from webhook.catalog.report import Report

_NAMES: dict[type, str] = {
    str: "a string",
    int: "a whole number",
    bool: "true or false",
    dict: "a map",
    list: "a list",
}


def a_map(report: Report, node: Node | None, path: str, siblings: Collection[str] = ()) -> nodes.YamlMapping | None:
    """Return a map; ``siblings`` are the keys that may stand beside it, see ``wrong_type``."""
    if isinstance(node, nodes.YamlMapping):
        return node
    wrong_type(report, node, path, dict, siblings)
    return None


def a_list(report: Report, node: Node | None, path: str, siblings: Collection[str] = ()) -> list[Node] | None:
    """Return the items of a list; ``siblings`` as for ``a_map``."""
    if isinstance(node, nodes.YamlSequence):
        return node.items
    wrong_type(report, node, path, list, siblings)
    return None


def a_string(report: Report, node: Node | None, path: str) -> str | None:
    """Return a string."""
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return node.value
    wrong_type(report, node, path, str)
    return None


def strings(report: Report, node: Node | None, path: str, siblings: Collection[str] = ()) -> list[Scalar]:
    """Return the nodes of a list of strings; what is no string is reported and left out."""
    items = enumerate(a_list(report, node, path, siblings) or ())
    found = [string_item(report, item, f"{path}[{index}]") for index, item in items]
    return [item for item in found if item is not None]


def string_item(report: Report, item: Node, path: str) -> Scalar | None:
    """Return an entry of a list of strings, where a null is no string either."""
    if isinstance(item, Scalar) and isinstance(item.value, str):
        return item
    if nodes.is_null(item):
        report.error("wrong-type", path, item, "must be a string, found nothing", 'remove it, or write ""')
    else:
        wrong_type(report, item, path, str)
    return None


def typed(report: Report, node: Node, path: str, wanted: type) -> bool:
    """Tell whether a value has this JSON type (or is null), after reporting that it has not."""
    if isinstance(node, nodes.YamlMapping):
        right = wanted is dict
    elif isinstance(node, nodes.YamlSequence):
        right = wanted is list
    else:
        right = node.value is None or type(node.value) is wanted
    if not right:
        wrong_type(report, node, path, wanted)
    return right


def required(report: Report, mapping: nodes.YamlMapping, key: str, path: str, what: str) -> Node | None:
    """Return the value of a key that must be there."""
    node = mapping.get(key)
    if not nodes.is_null(node):
        return node
    report.error("missing-key", path, mapping, f'{what} has no "{key}"', f'add "{key}:" at column {mapping.column}')
    return None


def top(report: Report, root: Node, key: str) -> nodes.YamlMapping | None:
    """Return the root of a text if it is a map that has this key."""
    if not isinstance(root, nodes.YamlMapping):
        report.own_flaws(root, "")
        wrong_type(report, root, "", dict)
        return None
    if key in root.pairs:
        return root
    report.own_flaws(root, "")
    report.error("missing-key", "", root, f'there is no "{key}"', f'begin with "{key}:" and a list below it')
    return None


def listing(report: Report, holder: nodes.YamlMapping, key: str, path: str) -> list[Node] | None:
    """Return the items of the list that a configuration is about; None after reporting why it cannot be used.

    Flaws of the items are left to those who read them; flaws beside them concern the text as a whole.
    """
    since = len(report.problems)
    report.own_flaws(holder, path.removesuffix(key).removesuffix("."))
    for name, pair in holder.pairs.items():
        if name == key:
            report.own_flaws(pair.node, path)
        else:
            report.flaws(pair.node, name)
    pair = holder.pairs[key]
    if nodes.is_null(pair.node):  # more likely a slip than the wish to have no entry left
        report.error("wrong-type", path, pair, "there is nothing here", "give it a list; [] if there shall be no entry")
    items = a_list(report, pair.node, path)
    return None if report.first_error(since) is not None else items or []


def known(
    report: Report,
    mapping: nodes.YamlMapping,
    path: str,
    names: Collection[str],
    homes: Mapping[str, str] | None = None,
) -> None:
    """Report every key that is none of these names; ``homes`` says where a misplaced one belongs."""
    for key, pair in mapping.pairs.items():
        if key in names:
            continue
        near = errors.nearest(key, names)
        if homes and key in homes:
            remedy = f"it belongs under {homes[key]}"
        else:
            remedy = f'did you mean "{near}"?' if near else f"known: {errors.listed(names)}"
        report.warning("unknown-key", _join(path, key), pair, f'the key "{key}" is not known here and left out', remedy)


def wrong_type(report: Report, node: Node | None, path: str, wanted: type, siblings: Collection[str] = ()) -> None:
    """Report a value of another type, unless it is absent.

    If it is a map of keys that should stand beside it (``siblings``) the reason is their indentation, and the report says so.
    """
    if node is None or nodes.is_null(node) or node.flaws:
        return
    shifted = _shifted(node, siblings)
    if shifted:
        key, pair = shifted
        cause = f'must be {_NAMES[wanted]}, found a map: "{key}" at column {pair.column} is indented too deep'
        report.error("wrong-type", path, pair, cause, f'"{key}" belongs beside the key above it')
        return
    remedy = ""
    if isinstance(node, Scalar) and wanted is str:
        remedy = f'quote it: "{node.text}"'
    elif isinstance(node, Scalar) and wanted is list and isinstance(node.value, str):
        remedy = f"write [{node.text}]" if "\n" not in node.text else 'begin each entry with "- "'
    elif isinstance(node, Scalar) and isinstance(node.value, str) and wanted in (int, bool):
        remedy = "write it without quotes"
    report.error("wrong-type", path, node, f"must be {_NAMES[wanted]}, found {nodes.describe(node)}", remedy)


def _shifted(node: Node, siblings: Collection[str]) -> tuple[str, nodes.YamlPair] | None:
    """Return the first key of a map that belongs one level up."""
    if not isinstance(node, nodes.YamlMapping):
        return None
    return next(((key, pair) for key, pair in node.pairs.items() if key in siblings), None)


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
