"""Objects in a YAML or JSON text, each with its node, so that messages name file, line and column; nothing is looked into."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from webhook.catalog.documents import decoded
from webhook.catalog.model import ConfigKind
from webhook.catalog.report import Report
from webhook.catalog.roots import ROOTS
from webhook.catalog.yaml import compose
from webhook.catalog.yaml.nodes import Node, plain
from webhook.problems import Problem


class Manifest(NamedTuple):
    """One document of a text: its JSON value, which the caller owns, and where that is written."""

    value: Any
    node: Node


def manifests(source: str, content: bytes) -> tuple[tuple[Manifest, ...], tuple[Problem, ...]]:
    """Return the documents of a text that are not empty; none if the text has flaws, and then every flaw.

    Args:
        source: how a person would name the text.
        content: YAML or JSON in UTF-8, read as kubectl reads it.
    """
    report = Report(source)
    text = decoded(content, report)
    if text is None:
        return (), report.listed()
    text = text.removeprefix("\ufeff")
    report.lines = compose.lines(text)
    try:
        documents = compose.parse(text)
    except compose.BadYaml as error:
        for flaw in error.flaws:
            report.error(flaw.code, "", flaw, flaw.cause, flaw.remedy)
        return (), report.listed()
    for document in documents:
        report.flaws(document, "")
    if report.problems:
        return (), report.listed()
    return tuple(Manifest(plain(document), document) for document in documents), ()


def config_kind_of(value: Any) -> ConfigKind | None:
    """Return which configuration a document is, as a ConfigMap or as it is inside one; None if it is none."""
    if not isinstance(value, dict):
        return None
    if value.get("kind") == "ConfigMap":
        metadata = value.get("metadata")
        name = metadata.get("name") if isinstance(metadata, dict) else None
        return next((kind for kind, root in ROOTS.items() if root.config_map == name), None)
    if "kind" in value:
        return None
    holders = (value, _below(value, "global", "config"), _below(value, "configmap"))
    return next((kind for holder in holders for kind, root in ROOTS.items() if root.key in holder), None)


def _below(value: Any, *keys: str) -> Mapping[str, Any]:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}
