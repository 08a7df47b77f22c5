"""Where the list of agent entries is, in all shapes of the agent configuration that were published (contract section 6).

The list may be at the top of a file, under ``global.config`` or ``configmap`` as in Helm values, or in any data key of a
ConfigMap, which may also hold just the list.
"""

from dataclasses import dataclass, replace

from webhook.catalog.documents import Opened, Value
from webhook.catalog.report import Report
from webhook.catalog.roots import ROOTS
from webhook.catalog.schema import checks
from webhook.catalog.yaml.nodes import PLAIN, Node, Scalar, YamlMapping, YamlSequence

KEY = ROOTS["agent"].key
_HOLDERS = ((), ("global", "config"), ("configmap",))


@dataclass(frozen=True, slots=True)
class Root:
    """Where the entries are.

    Attributes:
        path: key path of the list, e.g. ``global.config.deployment_templates``.
        items: the node that should be the list.
        holder: the map that has the key; None if the list is the whole value of a data key.
        cluster_name: the node that names the cluster, if there is one.
        report: for what is found in it.
        data_key: of the ConfigMap, if it is in one.
    """

    path: str
    items: Node
    holder: YamlMapping | None
    cluster_name: Node | None
    report: Report
    data_key: str = ""


def find(source: Opened) -> Root | None:
    """Return where the entries are, or None after reporting that they are nowhere or in several places."""
    report = source.report
    if source.bare is None:
        return _only(_in_data(source))
    found = _holders(source.bare, report)
    if not found:
        report.own_flaws(source.bare, "")
        cause = f'there is no "{KEY}" at the top, under global.config or under configmap'
        checks.without(report, source.bare, KEY, cause)
    return _only(found)


def has_list(root: Node) -> bool:
    """Return whether the list is somewhere in a YAML document where it is looked for."""
    return bool(_holders(root, Report("")))


def _in_data(source: Opened) -> list[Root]:
    """Return every place in the data keys of a ConfigMap; none after reporting it."""
    found: list[Root] = []
    unread: list[tuple[str, Value]] = []
    named = source.values.get("cluster_name")
    for key, value in source.values.items():
        if key != KEY and KEY not in value.text:
            continue
        root = value.peek()
        if key == KEY and isinstance(root, YamlSequence):
            name = Scalar(named.text.strip(), named.text, PLAIN, 0, 0) if named is not None else None
            found.append(Root(KEY, root, None, name, value.report, data_key=key))
        elif root is not None:
            found.extend(replace(one, data_key=key) for one in _holders(root, value.report))
        else:
            unread.append((key, value))
    for key, value in unread:
        if found:
            cause = f"the value mentions {KEY} but is not valid YAML, so it is ignored"
            source.report.warning("unread-data-key", f"data[{key}]", value.at, cause, "fix it, or remove the data key")
        else:
            value.parse()
    if not found:
        source.no_key(f"no data key of the ConfigMap has {KEY}")
    return found


def _holders(root: Node, report: Report) -> list[Root]:
    """Return every place of one YAML document that has the list."""
    found = []
    for keys in _HOLDERS:
        node: Node | None = root
        for key in keys:
            node = node.get(key) if isinstance(node, YamlMapping) else None
        if isinstance(node, YamlMapping) and KEY in node.pairs:
            path = ".".join((*keys, KEY))
            found.append(Root(path, node.pairs[KEY].node, node, node.get("cluster_name"), report))
    return found


def _only(found: list[Root]) -> Root | None:
    """Return the only place, or None after reporting several."""
    if len(found) < 2:
        return found[0] if found else None
    places = ", ".join(
        f"{f'data[{root.data_key}].' if root.data_key else ''}{root.path} at line {root.items.line}" for root in found
    )
    cause = f"found {KEY} in {len(found)} places: {places}"
    found[1].report.error("several-lists", found[1].path, found[1].items, cause, "keep one")
    return None
