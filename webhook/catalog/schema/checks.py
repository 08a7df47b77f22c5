"""Checks that every schema uses: the type of a value, the keys of a map.

Each returns the value it was asked for, or None after reporting what it found instead. A null counts as absent: it gives
None and is not reported.
"""

from collections.abc import Collection, Container, Mapping

from webhook import errors
from webhook.catalog import roots
from webhook.catalog.report import Report
from webhook.catalog.schema import remedies
from webhook.catalog.yaml import nodes
from webhook.catalog.yaml.nodes import Node, Scalar, YamlMapping, YamlPair, YamlSequence

_NAMES: dict[type, str] = {
    str: "a string",
    int: "a whole number",
    bool: "true or false",
    dict: "a map",
    list: "a list",
}

#: Remedies for a Go template where it cannot be; only podspec knows where one can be an integer.
_NO_TEMPLATE: dict[type, str] = {
    int: 'write a number; in a runtime template, a Go template can be here with "renderAll: true" beside runtime',
    bool: "write true or false; a Go template cannot be here",
}


def a_map(report: Report, node: Node | None, path: str, siblings: Container[str] = ()) -> YamlMapping | None:
    """Return a map; ``siblings`` are the keys that may be beside it, see ``wrong_type``."""
    if isinstance(node, YamlMapping):
        return node
    wrong_type(report, node, path, dict, siblings)
    return None


def a_list(report: Report, node: Node | None, path: str, siblings: Container[str] = ()) -> list[Node] | None:
    """Return the items of a list; ``siblings`` as for ``a_map``."""
    if isinstance(node, YamlSequence):
        return node.items
    wrong_type(report, node, path, list, siblings)
    return None


def a_string(report: Report, node: Node | None, path: str) -> str | None:
    """Return a string."""
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return node.value
    wrong_type(report, node, path, str)
    return None


def strings(report: Report, node: Node | None, path: str, siblings: Container[str] = ()) -> list[Scalar]:
    """Return the strings of a list; every other item is reported."""
    items = enumerate(a_list(report, node, path, siblings) or ())
    found = [string_item(report, item, f"{path}[{index}]") for index, item in items]
    return [item for item in found if item is not None]


def string_item(report: Report, item: Node, path: str) -> Scalar | None:
    """Return an item of a list of strings, where a null is reported too."""
    if isinstance(item, Scalar) and isinstance(item.value, str):
        return item
    if nodes.is_null(item):
        report.error("wrong-type", path, item, "must be a string, found nothing", 'remove it, or write ""')
    else:
        wrong_type(report, item, path, str)
    return None


def typed(report: Report, node: Node, path: str, wanted: type) -> bool:
    """Return whether a value has this JSON type (or is null), after reporting it if not."""
    if isinstance(node, YamlMapping):
        right = wanted is dict
    elif isinstance(node, YamlSequence):
        right = wanted is list
    else:
        right = node.value is None or type(node.value) is wanted
    if not right:
        wrong_type(report, node, path, wanted)
    return right


def required(report: Report, mapping: YamlMapping, key: str, path: str, what: str) -> Node | None:
    """Return the value of a required key."""
    node = mapping.get(key)
    if not nodes.is_null(node):
        return node
    report.error("missing-key", path, mapping, f'{what} has no "{key}"', f'add "{key}:" at column {mapping.column}')
    return None


def top(report: Report, root: Node, key: str) -> YamlMapping | None:
    """Return the root of a text if it is a map that has this key."""
    if isinstance(root, YamlMapping) and key in root.pairs:
        return root
    report.own_flaws(root, "")
    if not isinstance(root, YamlMapping) and not root.flaws:
        report.error("wrong-type", "", root, f"must be a map, found {nodes.describe(root)}", _begin(root, key))
    elif isinstance(root, YamlMapping):
        without(report, root, key, f'there is no "{key}"')
    return None


def without(report: Report, root: Node, key: str, cause: str) -> None:
    """Report that a text does not have the key of its configuration; ``cause`` says where the key would have been found."""
    if isinstance(root, YamlMapping) and (swapped := roots.swapped_by_key(key, root.pairs)):
        report.error("wrong-kind", "", root, *swapped)
    else:
        report.error("missing-key", "", root, cause, _begin(root, key))


def _begin(root: Node, key: str) -> str:
    return f'write "{key}:" above it' if isinstance(root, YamlSequence) else f'begin with "{key}:" and a list below it'


def listing(report: Report, holder: YamlMapping, key: str, path: str) -> list[Node] | None:
    """Return the items of a configuration's list, or None after reporting why the list cannot be used.

    Flaws in the items are left to their readers; a flaw outside the list makes the whole configuration unusable.
    """
    since = len(report.problems)
    report.own_flaws(holder, path.removesuffix(key).removesuffix("."))
    for name, other in holder.pairs.items():
        if name == key:
            report.own_flaws(other.node, path)
        else:
            report.flaws(other.node, name)
    pair = holder.pairs[key]
    if nodes.is_null(pair.node):  # more likely a slip than the wish to have no entries
        report.error("wrong-type", path, pair, "must be a list, found nothing", "add entries, or write [] for none")
    items = a_list(report, pair.node, path)
    return None if report.first_error(since) is not None else items or []


def known(
    report: Report, mapping: YamlMapping, path: str, names: Collection[str], homes: Mapping[str, str] | None = None
) -> None:
    """Report every key that is not among these names, in a map of our own format: it is ignored.

    ``homes`` says where a misplaced key belongs.
    """
    _unknown(report, mapping, path, names, homes or {}, "unknown key", "it is ignored")


def fields(
    report: Report, mapping: YamlMapping, path: str, names: Collection[str], homes: Mapping[str, str] | None = None
) -> None:
    """Report every key that is not among these names, in a map of Kubernetes fields.

    A field that is not known may be one of a newer API server, so it is kept. A misplaced key, for which ``homes`` has the
    right place, is ignored.
    """
    _unknown(report, mapping, path, names, homes or {}, "unknown field", "it is passed on as written")


def only(report: Report, mapping: YamlMapping, path: str, names: Collection[str]) -> None:
    """Report every key that is not among these names as an error, in a map that is nothing but our own format."""
    for key, pair in mapping.pairs.items():
        if key not in names:
            report.error("unknown-key", _join(path, key), pair, f'unknown key "{key}"', suggestion(report, key, names))


def suggestion(report: Report, key: str, names: Collection[str]) -> str:
    """Return the remedy for an unknown key: the nearest name, or all of them."""
    near = "" if report.full else errors.nearest(key, names)
    return f'did you mean "{near}"?' if near else f"known: {errors.listed(names)}"


def _unknown(
    report: Report,
    mapping: YamlMapping,
    path: str,
    names: Collection[str],
    homes: Mapping[str, str],
    what: str,
    effect: str,
) -> None:
    for key, pair in mapping.pairs.items():
        if key in names:
            continue
        if key in homes:
            cause, remedy = f'the key "{key}" does not belong here, so it is ignored', f"move it to {homes[key]}"
        else:
            cause, remedy = f'{what} "{key}": {effect}', suggestion(report, key, names)
        report.warning("unknown-key", _join(path, key), pair, cause, remedy)


def wrong_type(report: Report, node: Node | None, path: str, wanted: type, siblings: Container[str] = ()) -> None:
    """Report a value of the wrong type, unless it is absent.

    If it is a map with keys that should be beside it (``siblings``), they are indented too deep, and the report says so.
    """
    if node is None or nodes.is_null(node) or node.flaws:
        return
    shifted = _shifted(node, siblings)
    if shifted:
        key, pair = shifted
        cause = f'must be {_NAMES[wanted]}, found a map: "{key}" at column {pair.column} is indented too deep'
        report.error("wrong-type", path, pair, cause, f'align "{key}" with the key above it')
        return
    template = isinstance(node, Scalar) and "{{" in node.text and wanted in _NO_TEMPLATE
    remedy = _NO_TEMPLATE[wanted] if template else remedies.remedy(node, wanted, report.lines)
    report.error("wrong-type", path, node, f"must be {_NAMES[wanted]}, found {nodes.describe(node)}", remedy)


def _shifted(node: Node, siblings: Container[str]) -> tuple[str, YamlPair] | None:
    """Return the first key of a map that belongs one level up."""
    if not isinstance(node, YamlMapping):
        return None
    return next(((key, pair) for key, pair in node.pairs.items() if key in siblings), None)


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
