"""Labels and annotations that a configuration gives to pods (contract section 4)."""

from typing import Any

from webhook.catalog.model import Fields
from webhook.catalog.report import Report
from webhook.catalog.schema import checks
from webhook.catalog.yaml import nodes
from webhook.catalog.yaml.nodes import Node

_MAPS = ("labels", "annotations")

#: Keys by which others recognise pods or speak to them, so that only they may set them: ours, and those of controllers.
_RESERVED_DOMAINS = ("hydra.io/", "leaderworkerset.sigs.k8s.io/", "batch.kubernetes.io/", "statefulset.kubernetes.io/")
_RESERVED_KEYS = frozenset(
    {
        "kubernetes.io/config.mirror",
        "kubectl.kubernetes.io/default-container",
        "pod-template-hash",
        "controller-revision-hash",
    }
)


def reserved(key: str) -> bool:
    """Return whether a configuration may not set a label or annotation with this key."""
    return key in _RESERVED_KEYS or key.startswith(_RESERVED_DOMAINS)


def check(report: Report, node: Node | None, path: str) -> None:
    """Check a ``metadata`` map; keys that a configuration may not set are reported and ignored."""
    metadata = checks.a_map(report, node, path)
    if metadata is None:
        return
    checks.known(report, metadata, path, _MAPS)
    for name in _MAPS:
        where = f"{path}.{name}"
        values = checks.a_map(report, metadata.get(name), where)
        for key, pair in values.pairs.items() if values is not None else ():
            if reserved(key):
                cause = f'a configuration cannot set "{key}": it belongs to workloads and controllers, so it is ignored'
                report.warning("reserved-key", f"{where}.{key}", pair, cause, "remove it")
            elif not nodes.is_null(pair.node):
                checks.typed(report, pair.node, f"{where}.{key}", str)


def allowed(metadata: Any) -> Fields:
    """Return the labels and annotations that a configuration may set; a null map removes all of them in a role overlay."""
    if metadata is None:
        return dict.fromkeys(_MAPS)
    if not isinstance(metadata, dict):
        return {}
    found: dict[str, Any] = {}
    for name in _MAPS:
        values = metadata.get(name)
        if isinstance(values, dict):
            found[name] = {key: value for key, value in values.items() if not reserved(key)}
        elif name in metadata:
            found[name] = None
    return found
