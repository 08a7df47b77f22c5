"""The runtime template configuration: from its YAML to checked and compiled entries (contract section 4)."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from webhook import digests
from webhook.catalog import pauses, roots
from webhook.catalog.documents import Opened
from webhook.catalog.model import RuntimeTemplate
from webhook.catalog.report import Report
from webhook.catalog.roots import ROOTS
from webhook.catalog.schema import checks, compiling, kubernetes, pod_metadata, podspec
from webhook.catalog.schema.compiling import Compiled
from webhook.catalog.yaml import nodes
from webhook.catalog.yaml.nodes import Node, YamlMapping
from webhook.problems import Problem
from webhook.workload import GROUP_ROLES
from webhook.workload.names import LABEL_VALUE

_KEY = ROOTS["templates"].key
_ENTRY_KEYS = ("runtime", "runtimeZH", "podTemplate", "renderAll")
#: What other configurations call the name of an entry.
_NAME = "name"
#: Keys of podTemplate that are not fields of a PodSpec.
_BESIDE_POD = ("containerTemplate", "metadata", *GROUP_ROLES)
_POD_FIELDS = {**kubernetes.POD_SPEC, "podSecurityContext": dict}
_POD_KEYS = frozenset({*_POD_FIELDS, *_BESIDE_POD})
_CONTAINER_KEYS = frozenset({*kubernetes.CONTAINER, *compiling.COMMAND_KEYS, *GROUP_ROLES})
_ENTRY_HOMES = {
    **dict.fromkeys((*kubernetes.CONTAINER, *compiling.COMMAND_KEYS), "podTemplate.containerTemplate"),
    **dict.fromkeys((*_POD_FIELDS, *_BESIDE_POD), "podTemplate"),
}
_BESIDE_ENTRY = dict.fromkeys(("runtime", "runtimeZH", "renderAll"), "the entry itself, beside podTemplate")
_POD_HOMES: dict[str, str] = {
    **dict.fromkeys(set(kubernetes.CONTAINER) - set(kubernetes.POD_SPEC), "containerTemplate"),
    **dict.fromkeys(compiling.COMMAND_KEYS, "containerTemplate"),
    **dict.fromkeys(GROUP_ROLES, "podTemplate"),  # out of another overlay
    **_BESIDE_ENTRY,
}
_CONTAINER_HOMES: dict[str, str] = {
    **dict.fromkeys(set(kubernetes.POD_SPEC) - set(kubernetes.CONTAINER), "podTemplate"),
    **dict.fromkeys(("podSecurityContext", "metadata"), "podTemplate"),
    **dict.fromkeys(GROUP_ROLES, "containerTemplate"),  # out of another overlay
    **_BESIDE_ENTRY,
}
_NOT_OF_POD = frozenset({*_POD_HOMES, *_BESIDE_POD} - {"metadata"})
_NOT_OF_CONTAINER = frozenset({*_CONTAINER_HOMES, *compiling.COMMAND_KEYS, *GROUP_ROLES})


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
        draft: the entry without what is wrong with it, for findings of lint; None if nothing of it can be read.
    """

    path: str
    runtime: str | None
    node: Node
    runtime_template: RuntimeTemplate | None
    problem: Problem | None
    compiled: tuple[Compiled, ...] = ()
    draft: RuntimeTemplate | None = None


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
    if isinstance(root, YamlMapping) and (top is not None or roots.swapped_by_key(_KEY, root.pairs) is None):
        checks.known(report, root, "", (_KEY,))
    items = checks.listing(report, top, _KEY, _KEY) if top is not None else None
    if items is None:
        return None, report
    return RuntimeTemplates(tuple(_distinct(report, items, earlier, source.pause))), report


def _distinct(
    report: Report, items: Iterable[Node], earlier: Mapping[str, RuntimeTemplate], pause: pauses.Pause
) -> Iterable[ReadRuntimeTemplate]:
    """Yield the entries; one that repeats the name of another is reported and skipped."""
    first: dict[str, tuple[str, Node]] = {}
    for index, node in enumerate(items):
        pause()
        one = entry(report, node, f"{_KEY}[{index}]", earlier)
        if one.runtime in first:
            path, other = first[one.runtime]
            cause = f'duplicate runtime "{one.runtime}", first defined as {path} at line {other.line}'
            report.error("duplicate-runtime", one.path, node, cause, "remove or rename one; the first is used")
            continue
        if one.runtime is not None:
            first[one.runtime] = one.path, node
        yield one


def entry(report: Report, node: Node, path: str, earlier: Mapping[str, RuntimeTemplate]) -> ReadRuntimeTemplate:
    """Read one entry; its problems are reported. ``earlier`` is as in :func:`read`."""
    since = len(report.problems)
    report.flaws(node, path)
    if not isinstance(node, YamlMapping):
        cause = f"an item of {_KEY} must be a map, found {nodes.describe(node)}"
        report.error("wrong-type", path, node, cause, 'write "- runtime: NAME"')
        return ReadRuntimeTemplate(path, None, node, None, report.first_error(since))
    checks.known(report, node, path, (*_ENTRY_KEYS, _NAME), _ENTRY_HOMES)
    runtime = _runtime(report, node, path)
    _check(report, node, path)
    digest = digests.of(nodes.plain(node))
    problem = report.first_error(since)
    if problem is None and runtime is not None and (same := earlier.get(digest)) is not None:
        if (same.source, same.path, same.stale) != (report.source, path, None):
            same = replace(same, source=report.source, path=path, stale=None)
        return ReadRuntimeTemplate(path, runtime, node, same, None, draft=same)
    compiler = compiling.Compiler(
        report, runtime or "", _NOT_OF_POD, _NOT_OF_CONTAINER, render_all=compiling.renders_all(node)
    )
    compiled = compiler.runtime_template(node, path, digest)
    problem = report.first_error(since)
    return ReadRuntimeTemplate(
        path, runtime, node, compiled if problem is None else None, problem, tuple(compiler.compiled), compiled
    )


def _runtime(report: Report, mapping: YamlMapping, path: str) -> str | None:
    named = mapping.pairs.get(_NAME)
    if named is not None and nodes.is_null(mapping.get("runtime")):
        report.error("missing-key", path, named, f'the entry has no "runtime", but "{_NAME}"', "rename it to runtime")
        return None
    if named is not None:
        cause = f'the key "{_NAME}" does not belong here, so it is ignored'
        report.warning(
            "unknown-key", f"{path}.{_NAME}", named, cause, "remove it: the name of the entry is its runtime"
        )
    node = checks.required(report, mapping, "runtime", path, "the entry")
    name = checks.a_string(report, node, f"{path}.runtime")
    if name == "":
        report.error("empty-value", f"{path}.runtime", node, "the runtime's name is empty", "give it a name")
        return None
    if name is not None and not LABEL_VALUE.accepts(name):
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
    render_all = compiling.renders_all(mapping)
    where = f"{path}.podTemplate"
    pod = checks.a_map(report, mapping.get("podTemplate"), where, _ENTRY_KEYS)
    if pod is None:
        return
    _check_pod(report, pod, where, _POD_KEYS, render_all=render_all)
    container = checks.a_map(report, pod.get("containerTemplate"), f"{where}.containerTemplate", _POD_KEYS)
    if container is not None:
        _check_container(report, container, f"{where}.containerTemplate", _CONTAINER_KEYS, render_all=render_all)
    for role in GROUP_ROLES:
        if (overlay := checks.a_map(report, pod.get(role), f"{where}.{role}")) is not None:
            known = _POD_KEYS - {"containerTemplate", *GROUP_ROLES}
            homes = {**_POD_HOMES, "containerTemplate": f"podTemplate, as containerTemplate.{role}"}
            _check_pod(report, overlay, f"{where}.{role}", known, homes, render_all=render_all)
        inner = container.get(role) if container is not None else None
        if (overlay := checks.a_map(report, inner, f"{where}.containerTemplate.{role}")) is not None:
            known = _CONTAINER_KEYS - set(GROUP_ROLES)
            _check_container(report, overlay, f"{where}.containerTemplate.{role}", known, render_all=render_all)


def _check_pod(
    report: Report,
    pod: YamlMapping,
    path: str,
    known: Collection[str],
    homes: Mapping[str, str] = _POD_HOMES,
    *,
    render_all: bool,
) -> None:
    checks.fields(report, pod, path, known, homes)
    podspec.fields(report, pod, path, _POD_FIELDS, render_all=render_all)
    pod_metadata.check(report, pod.get("metadata"), f"{path}.metadata")
    if "podSecurityContext" in pod.pairs and "securityContext" in pod.pairs:
        cause = "securityContext and podSecurityContext are the same field; podSecurityContext is used"
        report.warning("two-names", f"{path}.securityContext", pod.pairs["securityContext"], cause, "remove one")


def _check_container(
    report: Report, container: YamlMapping, path: str, known: Collection[str], *, render_all: bool
) -> None:
    checks.fields(report, container, path, known, _CONTAINER_HOMES)
    podspec.fields(report, container, path, kubernetes.CONTAINER, render_all=render_all)
