"""A configuration as it arrives, and the YAML inside it: bare, in a ConfigMap manifest, or in a ConfigMap's data."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from webhook import errors
from webhook.catalog import pauses, roots
from webhook.catalog.model import ConfigKind
from webhook.catalog.report import Report
from webhook.catalog.yaml import compose
from webhook.catalog.yaml.nodes import LITERAL, Node, Scalar, YamlMapping, YamlSequence, describe, is_null
from webhook.problems import Span

#: Kinds of what kubectl prints several ConfigMaps as.
_LISTS = ("List", "ConfigMapList")


@dataclass(frozen=True, slots=True)
class Document:
    """One configuration as it was found.

    Attributes:
        config_kind: which configuration it is.
        source: how a person would name the place: a file path, or ``ConfigMap namespace/name``.
        content: the text of a file, which is bare YAML or whole manifests, of which the ConfigMap of this kind counts (bytes are
            read as UTF-8); or the ``data`` of a ConfigMap from a cluster; or None: it does not exist, or no longer exists.
    """

    config_kind: ConfigKind
    source: str
    content: str | bytes | Mapping[str, str] | None


class Value:
    """The value of one data key, not parsed yet.

    Attributes:
        text: the YAML.
        report: collects its problems.
        at: where it is in a manifest; None elsewhere.
    """

    def __init__(
        self,
        text: str,
        report: Report,
        lines_before: int = 0,
        columns_before: int = 0,
        at: Node | None = None,
        pause: pauses.Pause = pauses.none,
    ) -> None:
        self.text = text
        self.report = report
        self.at = at
        self._pause = pause
        self._before = lines_before, columns_before

    def parse(self) -> Node | None:
        """Return the root of the only YAML document in the text, or None after reporting why there is none."""
        roots = self.roots()
        return self.only(roots) if roots is not None else None

    def roots(self) -> list[Node] | None:
        """Return the roots of all YAML documents in the text that are not empty, or None after reporting why it has none."""
        try:
            return self._roots()
        except compose.BadYaml as error:
            for flaw in error.flaws:
                self.report.error(flaw.code, "", flaw, flaw.cause, flaw.remedy)
            return None

    def only(self, roots: list[Node]) -> Node | None:
        """Return the only one of these roots, or None after reporting that there are several, or none."""
        if len(roots) > 1:
            cause = f"found {len(roots)} YAML documents, expected one"
            self.report.error("several-documents", "", roots[1], cause, "keep one document and remove the --- lines")
            return None
        if not roots:
            self.report.error("empty", "", None, "it is empty", "write the configuration, or leave the file out")
            return None
        return roots[0]

    def peek(self) -> Node | None:
        """Return the root like ``parse``, or None, without reporting: to see whether this value is the one wanted."""
        try:
            roots = self._roots()
        except compose.BadYaml:
            return None
        return roots[0] if len(roots) == 1 else None

    def _roots(self) -> list[Node]:
        lines, columns = self._before
        return compose.parse(self.text, lines_before=lines, columns_before=columns, pause=self._pause)


@dataclass(frozen=True, slots=True)
class Opened:
    """The inside of a document.

    Attributes:
        report: for the document as a whole; the reports of its values add to the same list of problems.
        bare: the YAML if it is bare; None if it is a ConfigMap.
        values: the data keys of a ConfigMap.
        data_key: the one that holds the configuration; empty if it may be any.
        pause: for whoever reads it, to be called between entries.
    """

    report: Report
    bare: Node | None
    values: dict[str, Value]
    data_key: str
    pause: pauses.Pause = pauses.none

    def root(self) -> tuple[Report, Node | None]:
        """Return the bare YAML, or that of the data key, with its report; no YAML after reporting why there is none."""
        if self.bare is not None:
            return self.report, self.bare
        if (value := self.values.get(self.data_key)) is not None:
            return value.report, value.parse()
        self.no_key(f'the ConfigMap has no data key "{self.data_key}"')
        return self.report, None

    def no_key(self, cause: str) -> None:
        """Report that the data key is missing, unless an error already explains why there are none."""
        if self.report.first_error() is None:
            first = next(iter(self.values.values()), None)
            what = "rename the one that holds it" if self.data_key else "write it into one of these"
            remedy = f"{what}: {errors.listed(self.values)}" if first else "add a data key with the YAML"
            self.report.error("missing-data-key", "data", first.at if first else None, cause, remedy)


def opened(document: Document, config_map: str, data_key: str, pause: pauses.Pause = pauses.none) -> Opened:
    """Return the inside of a document. If it cannot be read, the report has errors.

    Args:
        document: what to open.
        config_map: the name that a ConfigMap of this kind should have.
        data_key: as in ``Opened``.
        pause: called between small pieces of work.
    """
    report = Report(document.source)
    content = document.content
    root: Node | None = None
    values: dict[str, Value] = {}
    if content is None:
        report.error("absent", "", None, "not found", "create it")
    elif isinstance(content, Mapping):
        values = {key: _cluster_value(key, text, report, pause) for key, text in content.items()}
    elif (text := content if isinstance(content, str) else decoded(content, report)) is not None:
        text = text.removeprefix("\ufeff")
        report.lines = compose.lines(text, pause)
        value = Value(text, report, pause=pause)
        roots = value.roots() or []
        if manifests := _manifests(roots):
            chosen = _chosen(manifests, config_map, report)
            values = _manifest(config_map, chosen, report, pause) if chosen is not None else {}
        elif report.first_error() is None:
            root = value.only(roots)
    return Opened(report, root, values, data_key, pause)


def _manifests(roots: Iterable[Node]) -> list[YamlMapping]:
    """Return the manifests of Kubernetes objects in a text, those in Lists one by one; none if something else is in it."""
    found: list[YamlMapping] = []
    for root in roots:
        if not isinstance(root, YamlMapping) or not is_object(root):
            return []
        items = root.get("items")
        inside = items.items if _text(root.get("kind")) in _LISTS and isinstance(items, YamlSequence) else []
        found += [item for item in inside if isinstance(item, YamlMapping)] or [root]
    return found


def _chosen(manifests: list[YamlMapping], config_map: str, report: Report) -> YamlMapping | None:
    """Return the manifest of this ConfigMap, or the only one; None after reporting that there is none, or several."""
    if len(manifests) == 1:
        return manifests[0]
    found = [
        one for one in manifests if _text(one.get("kind")) in ("ConfigMap", "")
    ]  # in a ConfigMapList without a kind
    named = [one for one in found if _text(_name(one)) == config_map]
    if len(named) > 1:
        cause = f'found {len(named)} ConfigMaps named "{config_map}", expected one'
        report.error("several-documents", "metadata.name", named[1], cause, "keep one of them")
        return None
    if not named and len(found) != 1:
        names = errors.listed([_text(_name(one)) for one in found])
        cause = f'none of the ConfigMaps in it is named "{config_map}"; found: {names}'
        report.error("absent", "", None, cause, f"add ConfigMap {config_map}, or name another file")
        return None
    return (named or found)[0]


def is_object(root: YamlMapping) -> bool:
    """Return whether a text is a manifest of a Kubernetes object rather than a bare configuration."""
    object_kind = _text(root.get("kind"))
    return object_kind == "ConfigMap" or (object_kind != "" and "apiVersion" in root.pairs)


def _name(manifest: YamlMapping) -> Node | None:
    metadata = manifest.get("metadata")
    return metadata.get("name") if isinstance(metadata, YamlMapping) else None


def _cluster_value(key: str, text: str, report: Report, pause: pauses.Pause) -> Value:
    """Return one value of a ConfigMap from a cluster: lines are counted within the value, so the source names the key."""
    return Value(
        text, Report(f"{report.source}[{key}]", compose.lines(text, pause), problems=report.problems), pause=pause
    )


def decoded(content: bytes, report: Report) -> str | None:
    """Return the text, or None after reporting the first byte that is not UTF-8."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8").split("\n")
        place = Span(len(before), len(before[-1]) + 1)
        report.error("yaml-syntax", "", place, "not valid UTF-8", "save it as UTF-8")
        return None


def _text(node: Node | None) -> str:
    """Return the string that a node holds, else ""."""
    return node.value if isinstance(node, Scalar) and isinstance(node.value, str) else ""


def _manifest(config_map: str, root: YamlMapping, report: Report, pause: pauses.Pause) -> dict[str, Value]:
    """Return the data keys of a manifest, or none after reporting why."""
    report.own_flaws(root, "")
    if "kind" in root.pairs and _text(root.get("kind")) != "ConfigMap":
        found = root.pairs["kind"].node
        remedy = "give the ConfigMap, or only the YAML in it"
        report.error("wrong-kind", "kind", found, f"must be a ConfigMap, found {describe(found)}", remedy)
        return {}
    name = _name(root)
    if name is not None and (swapped := roots.swapped_by_name(config_map, _text(name))):
        report.error("wrong-kind", "metadata.name", name, *swapped)
        return {}
    if name is not None and _text(name) != config_map:
        cause = f'the ConfigMap is named "{_text(name)}", but the webhook reads "{config_map}" from a cluster'
        report.warning("configmap-name", "metadata.name", name, cause, f"name it {config_map}")
    data = root.get("data")
    if not isinstance(data, YamlMapping):
        found_text = "nothing" if is_null(data) or data is None else describe(data)
        report.error(
            "wrong-type",
            "data",
            data or root,
            f"data must be a map of strings, found {found_text}",
            'write "KEY: |" below data, and the YAML below it',
        )
        return {}
    report.own_flaws(data, "data")
    values = {key: value for key, pair in data.pairs.items() if (value := _data_value(key, pair.node, report, pause))}
    return values if report.first_error() is None else {}


def _data_value(key: str, node: Node, report: Report, pause: pauses.Pause) -> Value | None:
    """Return one value of a manifest's ``data``, with the places of its lines where they are known."""
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        cause = f"the value of a data key must be a string, found {describe(node)}"
        remedy = f'write "{key}: |" and indent the YAML below it'
        report.error("wrong-type", f"data[{key}]", node, cause, remedy)
        return None
    if node.style == LITERAL:
        first = next((row for row, line in enumerate(node.text.split("\n"), start=1) if line.strip()), 1)
        return Value(node.value, report, node.line, report.indentation(node, first), node, pause)
    own = Report(report.source, compose.lines(node.value, pause), within=node, problems=report.problems, outer=report)
    return Value(node.value, own, at=node, pause=pause)
