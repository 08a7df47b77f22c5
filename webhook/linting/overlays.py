"""Findings that depend on role overlays: ``leader`` and ``worker`` below a common part (contract section 4).

Rules are functions as those of ``fields``, which lists them.
"""

from collections.abc import Iterable, Iterator

from webhook import workload
from webhook.catalog.report import Report
from webhook.catalog.schema.agent_entries import ReadAgentEntry
from webhook.catalog.schema.runtime_templates import ReadRuntimeTemplate
from webhook.catalog.yaml import nodes
from webhook.catalog.yaml.nodes import Node, Scalar, YamlMapping, YamlSequence

#: Where the parts of an entry are that have role overlays.
_HOLDERS = (("podTemplate",), ("podTemplate", "containerTemplate"), ("pod_template",), ("container_template",))


def role_parts(common: Node | None, path: str) -> Iterator[tuple[YamlMapping, str, workload.Role | None]]:
    """Yield a common part and the role overlays in it, each with its path and its role; None for the common part."""
    if not isinstance(common, YamlMapping):
        return
    yield common, path, None
    for role in workload.GROUP_ROLES:
        if isinstance(overlay := common.get(role), YamlMapping):
            yield overlay, f"{path}.{role}", role


def bare_keys(entries: Iterable[ReadRuntimeTemplate | ReadAgentEntry], report: Report) -> None:
    """Keys of a role overlay without a value. It is null, which removes the field, but may be an oversight."""
    for entry in entries:
        for keys in _HOLDERS:
            for part, path, role in role_parts(_below(entry.node, keys), ".".join((entry.path, *keys))):
                for where, key, at in _bare(part, path) if role else ():
                    cause = f"without a value, this removes {key} from the common part and from every layer below"
                    report.info("bare-key", where, at, cause, f"write {key}: null if that is meant, or give it a value")


def plain_command(entries: Iterable[ReadRuntimeTemplate], report: Report) -> None:
    """``command`` and ``args`` where ``commandTemplate`` and ``argsTemplate`` are meant.

    A ``command`` is used beside ``argsTemplate`` alone (contract section 5).
    """
    keys = ("podTemplate", "containerTemplate")
    for entry in entries:
        common = _below(entry.node, keys)
        for part, path, role in role_parts(common, ".".join((entry.path, *keys))):
            used = any(_has_args_alone(common, one) for one in ((role,) if role else workload.ROLES))
            for key in ("args",) if used else ("command", "args"):
                if not nodes.is_null(part.get(key)):
                    cause = f"{key} is not a template and is not used to build the command"
                    report.warning(
                        "plain-command", f"{path}.{key}", part.pairs[key], cause, f"use {key}Template instead"
                    )


def _has_args_alone(container: Node | None, role: workload.Role) -> bool:
    """Return whether pods of a role start with ``argsTemplate``, but without ``commandTemplate``."""
    return _has_items(container, role, "argsTemplate") and not _has_items(container, role, "commandTemplate")


def _has_items(container: Node | None, role: workload.Role, key: str) -> bool:
    overlay = _below(container, (role,))
    holder = overlay if isinstance(overlay, YamlMapping) and key in overlay.pairs else container
    items = _below(holder, (key,))
    return isinstance(items, YamlSequence) and bool(items.items)


def _bare(mapping: YamlMapping, path: str) -> Iterator[tuple[str, str, nodes.YamlPair]]:
    """Yield each key without a value, at any depth of maps: its path, the key, and its place."""
    for key, pair in mapping.pairs.items():
        where = f"{path}.{key}"
        if isinstance(pair.node, Scalar) and nodes.is_null(pair.node) and not pair.node.text:
            yield where, key, pair
        elif isinstance(pair.node, YamlMapping):
            yield from _bare(pair.node, where)


def _below(node: Node | None, keys: tuple[str, ...]) -> Node | None:
    """Return what is at these keys of maps."""
    for key in keys:
        node = node.get(key) if isinstance(node, YamlMapping) else None
    return node
