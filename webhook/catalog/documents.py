"""A configuration's text as it arrives, and the YAML inside it: bare, in a ConfigMap manifest, or in a ConfigMap's data."""

import collections.abc
from dataclasses import dataclass

from webhook import errors
from webhook.catalog import yamltext
from webhook.catalog.model import ConfigKind
from webhook.catalog.nodes import LITERAL, Node, Scalar, YamlMapping, describe, is_null
from webhook.catalog.report import Place, Report

#: ConfigMap name by kind (contract sections 4 and 6).
CONFIG_MAPS: dict[ConfigKind, str] = {
    "templates": "hydra-runtime-template",
    "agent": "hydra-agent",
    "gpu-configs": "hydra-gpu-configs",
}


@dataclass(frozen=True, slots=True)
class Document:
    """One configuration as it was found.

    Attributes:
        config_kind: which of the three it is.
        source: how a person names the place: a file path, or ``ConfigMap namespace/name``.
        content: the text of a file: bare YAML or a whole ConfigMap manifest (bytes are read as UTF-8); or the ``data`` of a
            ConfigMap that came from a cluster; or None: it is not there, or not any more.
    """

    config_kind: ConfigKind
    source: str
    content: str | bytes | collections.abc.Mapping[str, str] | None


class Value:
    """The value of one data key, not parsed yet.

    Attributes:
        text: the YAML.
        report: collects its problems.
    """

    def __init__(self, text: str, report: Report, lines_before: int = 0, columns_before: int = 0) -> None:
        self.text = text
        self.report = report
        self._before = lines_before, columns_before

    def parse(self) -> Node | None:
        """Return the root of the one document in the text; None after reporting why there is none."""
        try:
            roots = self._roots()
        except yamltext.BadYaml as error:
            for flaw in error.flaws:
                self.report.error(flaw.code, "", flaw, flaw.cause, flaw.remedy)
            return None
        if len(roots) > 1:
            cause = f"the text holds {len(roots)} YAML documents; one is read"
            self.report.error("several-documents", "", roots[1], cause, "keep one document, without --- between")
            return None
        if not roots:
            self.report.error("empty", "", None, "the text is empty", "")
            return None
        return roots[0]

    def peek(self) -> Node | None:
        """Return the root like ``parse``, or None, without a report: to see whether this is the value that is looked for."""
        try:
            roots = self._roots()
        except yamltext.BadYaml:
            return None
        return roots[0] if len(roots) == 1 else None

    def _roots(self) -> list[Node]:
        lines, columns = self._before
        return yamltext.parse(self.text, lines_before=lines, columns_before=columns)


@dataclass(frozen=True, slots=True)
class Opened:
    """What a document turned out to be.

    Attributes:
        report: for what concerns the document as a whole; those of the values add to the same list of problems.
        root: the YAML, if it stands bare; None if it is a ConfigMap.
        values: the data keys of a ConfigMap.
    """

    report: Report
    root: Node | None
    values: dict[str, Value]

    def root_at(self, key: str) -> tuple[Report, Node | None]:
        """Return the bare YAML, or that of this data key, with its report; None after reporting why there is none."""
        if self.root is not None:
            return self.report, self.root
        if (value := self.values.get(key)) is not None:
            return value.report, value.parse()
        self.no_key(f'the ConfigMap has no data key "{key}"')
        return self.report, None

    def no_key(self, cause: str) -> None:
        """Report that no data key is the one looked for, unless an error already says why there are none."""
        if self.report.first_error(0) is None:
            self.report.error("missing-data-key", "data", None, cause, f"found: {errors.listed(self.values)}")


def opened(document: Document) -> Opened:
    """Return what a document holds. If it cannot be read its report has errors."""
    report = Report(document.source)
    content = document.content
    if content is None:
        report.error("absent", "", None, f"{document.source} is not there", "create it")
        return Opened(report, None, {})
    if isinstance(content, collections.abc.Mapping):
        return Opened(report, None, {key: _cluster_value(key, text, report) for key, text in content.items()})
    text = content if isinstance(content, str) else _decoded(content, report)
    if text is None:
        return Opened(report, None, {})
    text = text.removeprefix("\ufeff")
    report.lines = yamltext.LINE_BREAK.split(text)
    root = Value(text, report).parse()
    kind = _text(root.get("kind")) if isinstance(root, YamlMapping) else ""
    if isinstance(root, YamlMapping) and (kind == "ConfigMap" or (kind and "apiVersion" in root.pairs)):
        return Opened(report, None, _manifest(document.config_kind, root, report))
    return Opened(report, root, {})


def _cluster_value(key: str, text: str, report: Report) -> Value:
    """Return one value of a ConfigMap in a cluster: lines are counted in the value, so the source names the key."""
    lines = yamltext.LINE_BREAK.split(text)
    return Value(text, Report(f"{report.source}[{key}]", lines, problems=report.problems))


def _decoded(content: bytes, report: Report) -> str | None:
    """Return the text, or None after reporting the first byte that is no UTF-8."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8").split("\n")
        place = Place(len(before), len(before[-1]) + 1)
        report.error("yaml-syntax", "", place, "the text is no UTF-8", "save it as UTF-8")
        return None


def _text(node: Node | None) -> str:
    """Return the string that a node holds, else ""."""
    return node.value if isinstance(node, Scalar) and isinstance(node.value, str) else ""


def _manifest(kind: ConfigKind, root: YamlMapping, report: Report) -> dict[str, Value]:
    """Return the data keys of a manifest; none after reporting why there are none."""
    report.own_flaws(root, "")
    if _text(root.get("kind")) != "ConfigMap":
        found = root.pairs["kind"].node
        report.error("wrong-kind", "kind", found, f"a ConfigMap is needed here, found {describe(found)}", "")
        return {}
    metadata = root.get("metadata")
    name = metadata.get("name") if isinstance(metadata, YamlMapping) else None
    if name is not None and _text(name) != CONFIG_MAPS[kind]:
        cause = f'the ConfigMap is named "{_text(name)}"; in a cluster it is looked for as "{CONFIG_MAPS[kind]}"'
        report.warning("configmap-name", "metadata.name", name, cause, f"name it {CONFIG_MAPS[kind]}")
    data = root.get("data")
    if not isinstance(data, YamlMapping):
        found_text = "there is none" if is_null(data) or data is None else f"found {describe(data)}"
        report.error("wrong-type", "data", data or root, f"data must be a map of strings; {found_text}", "")
        return {}
    report.own_flaws(data, "data")
    values = {key: value for key, pair in data.pairs.items() if (value := _data_value(key, pair.node, report))}
    return values if report.first_error(0) is None else {}


def _data_value(key: str, node: Node, report: Report) -> Value | None:
    """Return one value of a manifest's ``data``, with the places of its lines where they can be told."""
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        cause = f"the value of a data key must be a string, found {describe(node)}"
        remedy = f'write "{key}: |" and the YAML indented below it'
        report.error("wrong-type", f"data[{key}]", node, cause, remedy)
        return None
    if node.style == LITERAL:
        first = next((row for row, line in enumerate(node.text.split("\n"), start=1) if line.strip()), 1)
        return Value(node.value, report, node.line, report.indentation(node, first))
    own = Report(report.source, yamltext.LINE_BREAK.split(node.value), within=node, problems=report.problems)
    return Value(node.value, own)
