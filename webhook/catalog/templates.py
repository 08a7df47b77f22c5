"""The runtime template configuration: its text to checked and compiled entries (contract section 4)."""

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from webhook import gotemplate
from webhook.catalog import checks, kubernetes, nodes, podspec
from webhook.catalog.documents import Document, opened
from webhook.catalog.model import Problem, RuntimeTemplate
from webhook.catalog.nodes import Node, Scalar
from webhook.catalog.report import Report

DATA_KEY = "config.yaml"
_ROOT_KEYS = ("templates",)
_ENTRY_KEYS = ("runtime", "runtimeZH", "podTemplate", "renderAll")
_POD_FIELDS = frozenset({*kubernetes.POD_SPEC, "podSecurityContext"})
_POD_KEYS = frozenset({*_POD_FIELDS, "containerTemplate"})
_CONTAINER_KEYS = frozenset({*kubernetes.CONTAINER, "commandTemplate", "argsTemplate"})
_ENTRY_HOMES = {
    **dict.fromkeys(kubernetes.CONTAINER, "podTemplate.containerTemplate"),
    **dict.fromkeys(kubernetes.POD_SPEC, "podTemplate"),
    **dict.fromkeys(("podSecurityContext", "containerTemplate"), "podTemplate"),
    **dict.fromkeys(("commandTemplate", "argsTemplate"), "podTemplate.containerTemplate"),
}
_POD_HOMES = {
    **dict.fromkeys(set(kubernetes.CONTAINER) - set(kubernetes.POD_SPEC), "containerTemplate"),
    **dict.fromkeys(("commandTemplate", "argsTemplate"), "containerTemplate"),
    **dict.fromkeys(("runtimeZH", "renderAll"), "the entry itself, beside podTemplate"),
}
_CONTAINER_HOMES = {
    **dict.fromkeys(set(kubernetes.POD_SPEC) - set(kubernetes.CONTAINER), "podTemplate"),
    "podSecurityContext": "podTemplate",
}
#: What a label value may be (Kubernetes object names and labels): a runtime is asked for by a label.
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")


class Compiled(NamedTuple):
    """A template that could be compiled, with its key path and its YAML."""

    path: str
    scalar: Scalar
    template: gotemplate.Template


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of ``templates`` as it was read.

    Attributes:
        path: its key path.
        runtime: its name; None if it has none that can be read.
        node: its YAML, for findings that need places.
        template: the entry, compiled; None if it cannot be used.
        problem: the first error; None if there is none.
        compiled: every template that could be compiled anew.
    """

    path: str
    runtime: str | None
    node: Node
    template: RuntimeTemplate | None
    problem: Problem | None
    compiled: tuple[Compiled, ...] = ()


@dataclass(frozen=True, slots=True)
class Loaded:
    """A text of this kind as it was read.

    Attributes:
        entries: in file order, without duplicates; None if the text as a whole cannot be used.
        report: has every problem.
    """

    entries: tuple[Entry, ...] | None
    report: Report


def load(document: Document, compiled: Mapping[str, RuntimeTemplate]) -> Loaded:
    """Read a document. ``compiled`` are templates of earlier readings by digest: what did not change is not compiled again."""
    source = opened(document)
    report, root = source.root_at(DATA_KEY)
    return Loaded(_entries(root, report, compiled) if root is not None else None, report)


def _entries(root: Node, report: Report, compiled: Mapping[str, RuntimeTemplate]) -> tuple[Entry, ...] | None:
    """Return all entries, or None if the text as a whole cannot be used."""
    top = checks.top(report, root, "templates")
    if isinstance(root, nodes.YamlMapping):
        checks.known(report, root, "", _ROOT_KEYS)
    items = checks.listing(report, top, "templates", "templates") if top is not None else None
    return tuple(_distinct(report, items, compiled)) if items is not None else None


def _distinct(report: Report, items: Iterable[Node], compiled: Mapping[str, RuntimeTemplate]) -> Iterable[Entry]:
    """Yield the entries; a second one of the same name is reported and left out."""
    first: dict[str, tuple[str, Node]] = {}
    for index, node in enumerate(items):
        entry = _entry(report, node, f"templates[{index}]", compiled)
        if entry.runtime in first:
            path, earlier = first[entry.runtime]
            cause = f'the runtime "{entry.runtime}" stands twice: first as {path} at line {earlier.line}'
            report.error("duplicate-runtime", entry.path, node, cause, "remove or rename one; the first is used")
            continue
        if entry.runtime is not None:
            first[entry.runtime] = entry.path, node
        yield entry


def _entry(report: Report, node: Node, path: str, compiled: Mapping[str, RuntimeTemplate]) -> Entry:
    since = len(report.problems)
    report.flaws(node, path)
    mapping = node if isinstance(node, nodes.YamlMapping) else None
    if mapping is None:
        cause = f"an entry of templates must be a map, found {nodes.describe(node)}"
        report.error("wrong-type", path, node, cause, 'write "- runtime: NAME"')
        return Entry(path, None, node, None, report.first_error(since))
    checks.known(report, mapping, path, _ENTRY_KEYS, _ENTRY_HOMES)
    runtime = _runtime(report, mapping, path)
    _check(report, mapping, path)
    content = nodes.plain(mapping)
    digest = nodes.digest(content)
    problem = report.first_error(since)
    if problem is None and runtime is not None and (known := compiled.get(digest)) is not None:
        template = replace(known, source=report.source, path=path, stale=None)
        return Entry(path, runtime, node, template, None)
    compiler = _Compiler(report, runtime or "")
    template = _compile(compiler, mapping, path, digest)
    problem = report.first_error(since)
    return Entry(path, runtime, node, template if problem is None else None, problem, tuple(compiler.made))


def _runtime(report: Report, mapping: nodes.YamlMapping, path: str) -> str | None:
    node = checks.required(report, mapping, "runtime", path, "the entry")
    name = checks.a_string(report, node, f"{path}.runtime")
    if name == "":
        report.error("empty-value", f"{path}.runtime", node, "the runtime's name is empty", "")
        return None
    if name is not None and not _LABEL.fullmatch(name):
        cause = f'no workload can ask for the runtime "{name}": it is no label value'
        remedy = "use at most 63 letters, digits, - _ and ., with a letter or digit at both ends"
        report.warning("runtime-name", f"{path}.runtime", node, cause, remedy)
    return name


def _check(report: Report, mapping: nodes.YamlMapping, path: str) -> None:
    """Check everything in an entry but its templates."""
    checks.a_string(report, mapping.get("runtimeZH"), f"{path}.runtimeZH")
    flag = mapping.get("renderAll")
    if flag is not None:
        checks.typed(report, flag, f"{path}.renderAll", bool)
    pod = checks.a_map(report, mapping.get("podTemplate"), f"{path}.podTemplate", _ENTRY_KEYS)
    if pod is None:
        return
    where = f"{path}.podTemplate"
    checks.known(report, pod, where, _POD_KEYS, _POD_HOMES)
    podspec.fields(report, pod, where, {**kubernetes.POD_SPEC, "podSecurityContext": dict})
    if "podSecurityContext" in pod.pairs and "securityContext" in pod.pairs:
        cause = "securityContext and podSecurityContext say the same field twice; podSecurityContext is used"
        report.warning("two-names", f"{where}.securityContext", pod.pairs["securityContext"], cause, "remove one")
    container = checks.a_map(report, pod.get("containerTemplate"), f"{where}.containerTemplate", _POD_KEYS)
    if container is not None:
        where = f"{where}.containerTemplate"
        checks.known(report, container, where, _CONTAINER_KEYS, _CONTAINER_HOMES)
        podspec.fields(report, container, where, kubernetes.CONTAINER)


def _compile(compiler: "_Compiler", mapping: nodes.YamlMapping, path: str, digest: str) -> RuntimeTemplate:
    """Return the entry with its templates compiled; mistakes in them are reported."""
    pod_node = mapping.get("podTemplate")
    container_node = pod_node.get("containerTemplate") if isinstance(pod_node, nodes.YamlMapping) else None
    where = f"{path}.podTemplate"
    command = compiler.each(container_node, "commandTemplate", where)
    args = compiler.each(container_node, "argsTemplate", where)
    render_all = _scalar(mapping, "renderAll") is True
    pod = compiler.fields(pod_node, where, _POD_FIELDS, render_all=render_all)
    container = compiler.fields(
        container_node, f"{where}.containerTemplate", kubernetes.CONTAINER, render_all=render_all
    )
    if "podSecurityContext" in pod:
        pod["securityContext"] = pod.pop("podSecurityContext")
    templated = {key for fields in (pod, container) for key, value in fields.items() if _holds_template(value)}
    return RuntimeTemplate(
        runtime=compiler.runtime,
        display_name=_scalar(mapping, "runtimeZH") or compiler.runtime,
        command=command,
        args=args,
        container=container,
        pod=pod,
        templated=frozenset(templated),
        uses_custom_args=any(use.name == "CUSTOM_ARGS" for part in (*command, *args) for use in part.variables),
        digest=digest,
        source=compiler.report.source,
        path=path,
    )


def _holds_template(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_template, value.values()))
    if isinstance(value, list):
        return any(map(_holds_template, value))
    return isinstance(value, gotemplate.Template)


def _scalar(mapping: nodes.YamlMapping, key: str) -> Any:
    node = mapping.get(key)
    return node.value if isinstance(node, Scalar) else None


@dataclass(frozen=True, slots=True)
class _Compiler:
    """Compiles the templates of one entry. A template's name says whose it is and where, but no index that an edit shifts."""

    report: Report
    runtime: str
    made: list[Compiled] = field(default_factory=list)

    def each(self, container: Node | None, key: str, path: str) -> tuple[gotemplate.Template, ...]:
        """Return the compiled templates of ``commandTemplate`` or ``argsTemplate``."""
        node = container.get(key) if isinstance(container, nodes.YamlMapping) else None
        where = f"{path}.containerTemplate.{key}"
        found = []
        for index, item in enumerate(checks.a_list(self.report, node, where) or ()):
            scalar = checks.string_item(self.report, item, f"{where}[{index}]")
            template = self.one(scalar, f"{where}[{index}]", f"{key}[{index}]") if scalar is not None else None
            found.append(template)
        return tuple(template for template in found if template is not None)

    def fields(self, node: Node | None, path: str, known: Container[str], *, render_all: bool) -> dict[str, Any]:
        """Return the known fields of a map. Others the API server would drop, so they never reach a pod."""
        if not isinstance(node, nodes.YamlMapping):
            return {}
        return {
            key: nodes.present(self.leaves(pair.node, f"{path}.{key}") if render_all else nodes.plain(pair.node))
            for key, pair in node.pairs.items()
            if key in known and not nodes.is_null(pair.node)
        }

    def one(self, scalar: Scalar, path: str, name: str) -> gotemplate.Template | None:
        """Return one template, or None after reporting its mistake at its place in the source."""
        try:
            template = gotemplate.Template(scalar.value, f"{self.runtime}/{name}")
        except gotemplate.ParseError as error:
            place = self.report.inside(scalar, error.line, error.column) if error.line else scalar
            self.report.error("template-syntax", path, place, str(error), error.hint)
            return None
        self.made.append(Compiled(path, scalar, template))
        return template

    def leaves(self, node: Node, path: str) -> Any:
        """Return a JSON value in which every string that holds an action is a compiled template."""
        if isinstance(node, nodes.YamlMapping):
            return {key: self.leaves(pair.node, f"{path}.{key}") for key, pair in node.pairs.items()}
        if isinstance(node, nodes.YamlSequence):
            return [self.leaves(item, f"{path}[{index}]") for index, item in enumerate(node.items)]
        if isinstance(node.value, str) and "{{" in node.value:
            return self.one(node, path, path.split(".podTemplate.", 1)[1])
        return node.value
