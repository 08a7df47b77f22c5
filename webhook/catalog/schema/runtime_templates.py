"""The runtime template configuration: from its YAML to checked and compiled entries (contract section 4)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from webhook import digests
from webhook.catalog.documents import Opened
from webhook.catalog.model import RuntimeTemplate
from webhook.catalog.report import Report
from webhook.catalog.schema import checks, compiling, kubernetes, podspec
from webhook.catalog.schema.compiling import Compiled
from webhook.catalog.yaml import nodes
from webhook.catalog.yaml.nodes import Node, YamlMapping
from webhook.problems import Problem

_KEY = "templates"
_ENTRY_KEYS = ("runtime", "runtimeZH", "podTemplate", "renderAll")
_POD_KEYS = frozenset({*kubernetes.POD_SPEC, "podSecurityContext", "containerTemplate"})
_CONTAINER_KEYS = frozenset({*kubernetes.CONTAINER, *compiling.COMMAND_KEYS})
_ENTRY_HOMES = {
    **dict.fromkeys((*kubernetes.CONTAINER, *compiling.COMMAND_KEYS), "podTemplate.containerTemplate"),
    **dict.fromkeys((*kubernetes.POD_SPEC, "podSecurityContext", "containerTemplate"), "podTemplate"),
}
_POD_HOMES = {
    **dict.fromkeys(set(kubernetes.CONTAINER) - set(kubernetes.POD_SPEC), "containerTemplate"),
    **dict.fromkeys(compiling.COMMAND_KEYS, "containerTemplate"),
    **dict.fromkeys(("runtime", "runtimeZH", "renderAll"), "the entry itself, beside podTemplate"),
}
_CONTAINER_HOMES = {
    **dict.fromkeys(set(kubernetes.POD_SPEC) - set(kubernetes.CONTAINER), "podTemplate"),
    "podSecurityContext": "podTemplate",
    **dict.fromkeys(("runtime", "runtimeZH", "renderAll"), "the entry itself, beside podTemplate"),
}
_NOT_OF_POD = frozenset({*_POD_HOMES, "containerTemplate"})
_NOT_OF_CONTAINER = frozenset({*_CONTAINER_HOMES, *compiling.COMMAND_KEYS})
#: What a label value may be (Kubernetes, object names and labels): workloads ask for a runtime by a label.
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class ReadRuntimeTemplate:
    """One entry of ``templates`` as it was read.

    Attributes:
        path: its key path.
        runtime: its name; None if the name cannot be read.
        node: its YAML, for findings that need places.
        runtime_template: the compiled entry; None if it cannot be used.
        problem: its first error; None if there is none.
        compiled: every text in it that could be compiled; empty if the entry was taken over from an earlier snapshot.
    """

    path: str
    runtime: str | None
    node: Node
    runtime_template: RuntimeTemplate | None
    problem: Problem | None
    compiled: tuple[Compiled, ...] = ()


@dataclass(frozen=True, slots=True)
class RuntimeTemplates:
    """The runtime template configuration as it was read: its entries in file order, without duplicates."""

    entries: tuple[ReadRuntimeTemplate, ...]


def read(source: Opened, earlier: Mapping[str, RuntimeTemplate]) -> tuple[RuntimeTemplates | None, Report]:
    """Return the configuration, or None if the text as a whole cannot be used; the report has every problem.

    ``earlier`` are compiled runtime templates by digest: an entry with the same content is not compiled again.
    """
    report, root = source.root()
    top = checks.top(report, root, _KEY) if root is not None else None
    if isinstance(root, YamlMapping):
        checks.known(report, root, "", (_KEY,))
    items = checks.listing(report, top, _KEY, _KEY) if top is not None else None
    if items is None:
        return None, report
    return RuntimeTemplates(tuple(_distinct(report, items, earlier))), report


def _distinct(
    report: Report, items: Iterable[Node], earlier: Mapping[str, RuntimeTemplate]
) -> Iterable[ReadRuntimeTemplate]:
    """Yield the entries; one that repeats the name of another is reported and skipped."""
    first: dict[str, tuple[str, Node]] = {}
    for index, node in enumerate(items):
        entry = _entry(report, node, f"{_KEY}[{index}]", earlier)
        if entry.runtime in first:
            path, other = first[entry.runtime]
            cause = f'duplicate runtime "{entry.runtime}", first defined as {path} at line {other.line}'
            report.error("duplicate-runtime", entry.path, node, cause, "remove or rename one; the first is used")
            continue
        if entry.runtime is not None:
            first[entry.runtime] = entry.path, node
        yield entry


def _entry(report: Report, node: Node, path: str, earlier: Mapping[str, RuntimeTemplate]) -> ReadRuntimeTemplate:
    since = len(report.problems)
    report.flaws(node, path)
    if not isinstance(node, YamlMapping):
        cause = f"an item of {_KEY} must be a map, found {nodes.describe(node)}"
        report.error("wrong-type", path, node, cause, 'write "- runtime: NAME"')
        return ReadRuntimeTemplate(path, None, node, None, report.first_error(since))
    checks.known(report, node, path, _ENTRY_KEYS, _ENTRY_HOMES)
    runtime = _runtime(report, node, path)
    _check(report, node, path)
    digest = digests.of(nodes.plain(node))
    problem = report.first_error(since)
    if problem is None and runtime is not None and (same := earlier.get(digest)) is not None:
        moved = replace(same, source=report.source, path=path, stale=None)
        return ReadRuntimeTemplate(path, runtime, node, moved, None)
    compiler = compiling.Compiler(report, runtime or "", _NOT_OF_POD, _NOT_OF_CONTAINER)
    compiled = compiler.runtime_template(node, path, digest)
    problem = report.first_error(since)
    return ReadRuntimeTemplate(
        path, runtime, node, compiled if problem is None else None, problem, tuple(compiler.compiled)
    )


def _runtime(report: Report, mapping: YamlMapping, path: str) -> str | None:
    node = checks.required(report, mapping, "runtime", path, "the entry")
    name = checks.a_string(report, node, f"{path}.runtime")
    if name == "":
        report.error("empty-value", f"{path}.runtime", node, "the runtime's name is empty", "")
        return None
    if name is not None and not _LABEL.fullmatch(name):
        cause = f'no workload can ask for the runtime "{name}": it is not a valid label value'
        remedy = "use at most 63 letters, digits, - _ and ., with a letter or digit at both ends"
        report.warning("runtime-name", f"{path}.runtime", node, cause, remedy)
    return name


def _check(report: Report, mapping: YamlMapping, path: str) -> None:
    """Check everything in an entry but its Go templates."""
    checks.a_string(report, mapping.get("runtimeZH"), f"{path}.runtimeZH")
    flag = mapping.get("renderAll")
    if flag is not None:
        checks.typed(report, flag, f"{path}.renderAll", bool)
    pod = checks.a_map(report, mapping.get("podTemplate"), f"{path}.podTemplate", _ENTRY_KEYS)
    if pod is None:
        return
    where = f"{path}.podTemplate"
    checks.fields(report, pod, where, _POD_KEYS, _POD_HOMES)
    podspec.fields(report, pod, where, {**kubernetes.POD_SPEC, "podSecurityContext": dict})
    if "podSecurityContext" in pod.pairs and "securityContext" in pod.pairs:
        cause = "securityContext and podSecurityContext are the same field; podSecurityContext is used"
        report.warning("two-names", f"{where}.securityContext", pod.pairs["securityContext"], cause, "remove one")
    container = checks.a_map(report, pod.get("containerTemplate"), f"{where}.containerTemplate", _POD_KEYS)
    if container is not None:
        where = f"{where}.containerTemplate"
        checks.fields(report, container, where, _CONTAINER_KEYS, _CONTAINER_HOMES)
        podspec.fields(report, container, where, kubernetes.CONTAINER)
