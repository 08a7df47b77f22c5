"""The agent configuration: its text, in all shapes that were published, to checked entries (contract section 6)."""

import re
from dataclasses import dataclass, replace

from webhook.catalog import checks, kubernetes, nodes, podspec
from webhook.catalog.documents import Document, Opened, Value, opened
from webhook.catalog.model import AgentEntry, Problem
from webhook.catalog.nodes import PLAIN, Node, Scalar, YamlMapping, YamlSequence
from webhook.catalog.report import Report

KEY = "deployment_templates"
_ENTRY_KEYS = ("match_runtimes", "match_gpu_types", "container_template", "image")
_IMAGE_KEYS = ("registry", "repository", "tag", "digest")
_HOLDER_KEYS = (KEY, "cluster_name")
_ENTRY_HOMES = {
    **dict.fromkeys(kubernetes.CONTAINER, "container_template"),
    **dict.fromkeys(_IMAGE_KEYS, "container_template.image"),
    "cluster_name": "the top of the file, beside deployment_templates",
}
_CONTAINER_HOMES = {
    **dict.fromkeys(_IMAGE_KEYS, "image"),
    **dict.fromkeys(("match_runtimes", "match_gpu_types"), "the entry itself, beside container_template"),
    "command": "containerTemplate of the runtime template, as commandTemplate",
    **dict.fromkeys(set(kubernetes.POD_SPEC) - set(kubernetes.CONTAINER), "podTemplate of the runtime template"),
}
#: How an engine is started is the runtime template's business.
_CONTAINER_KEYS = frozenset(kubernetes.CONTAINER) - {"command"}
#: All but image, which may be a map here.
_CONTAINER_FIELDS = {key: kind for key, kind in kubernetes.CONTAINER.items() if key in _CONTAINER_KEYS - {"image"}}
_DIGEST = re.compile(r"[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-fA-F]{32,}")


@dataclass(frozen=True, slots=True)
class _Root:
    """Where the entries stand.

    Attributes:
        path: key path of the list, e.g. ``global.config.deployment_templates``.
        items: the node that should be the list.
        holder: the map that the key stands in; None if the list is a data key's whole value.
        cluster_name: the node that names the cluster, if there is one.
        report: for what is found in it.
        data_key: of the ConfigMap, if it stands in one.
    """

    path: str
    items: Node
    holder: YamlMapping | None
    cluster_name: Node | None
    report: Report
    data_key: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of ``deployment_templates`` as it was read.

    Attributes:
        path: its key path.
        node: its YAML, for findings that need places.
        entry: the entry; without image, args and container if it cannot be used; None if not even what it matches can
            be read: an entry that might match anything would harm workloads that are none of its business.
        problem: the first error; None if it can be used.
    """

    path: str
    node: Node
    entry: AgentEntry | None
    problem: Problem | None


@dataclass(frozen=True, slots=True)
class Loaded:
    """A text of this kind as it was read.

    Attributes:
        entries: in file order; None if the text as a whole cannot be used.
        cluster_name: None if it is absent or no string.
        cluster_problem: why it is no string.
        report: has every problem.
    """

    entries: tuple[Entry, ...] | None
    cluster_name: str | None
    cluster_problem: Problem | None
    report: Report


def _find_root(source: Opened) -> _Root | None:
    """Return where ``deployment_templates`` stands, or None after reporting that it is nowhere or in two places."""
    report = source.report
    if source.root is not None:
        found = _holders(source.root, report)
        if not found:
            report.own_flaws(source.root, "")
            cause = f'there is no "{KEY}", neither at the top nor under global.config or configmap'
            report.error("missing-key", "", source.root, cause, f'begin with "{KEY}:" and a list below it')
        return _only(found)
    return _only(_in_data(source))


def _in_data(source: Opened) -> list[_Root]:
    """Return every place in the data keys of a ConfigMap, after reporting if there is none."""
    found: list[_Root] = []
    unread: list[tuple[str, Value]] = []
    named = source.values.get("cluster_name")
    for key, value in source.values.items():
        if key != KEY and KEY not in value.text:
            continue
        root = value.peek()
        if key == KEY and isinstance(root, YamlSequence):
            name = Scalar(named.text.strip(), named.text, PLAIN, 0, 0) if named is not None else None
            found.append(_Root(KEY, root, None, name, value.report, data_key=key))
        elif root is not None:
            found.extend(replace(one, data_key=key) for one in _holders(root, value.report))
        else:
            unread.append((key, value))
    for key, value in unread:
        if found:
            cause = f"the data key speaks of {KEY} but is no YAML; it is not read"
            source.report.warning("unread-data-key", f"data[{key}]", None, cause, "mend or remove it")
        else:
            value.parse()
    if not found:
        source.no_key(f"no data key of the ConfigMap holds {KEY}")
    return found


def _holders(root: Node, report: Report) -> list[_Root]:
    """Return every place of a document in which ``deployment_templates`` stands."""
    paths = ((), ("global", "config"), ("configmap",))
    found = []
    for path in paths:
        node: Node | None = root
        for key in path:
            node = node.get(key) if isinstance(node, YamlMapping) else None
        if isinstance(node, YamlMapping) and KEY in node.pairs:
            where = ".".join((*path, KEY))
            found.append(_Root(where, node.pairs[KEY].node, node, node.get("cluster_name"), report))
    return found


def _only(found: list[_Root]) -> _Root | None:
    """Return the one place, or None after reporting all of several."""
    if len(found) < 2:
        return found[0] if found else None
    places = ", ".join(
        f"{f'data[{root.data_key}].' if root.data_key else ''}{root.path} at line {root.items.line}" for root in found
    )
    cause = f"{KEY} stands in {len(found)} places: {places}"
    found[1].report.error("several-lists", found[1].path, found[1].items, cause, "keep one")
    return None


def load(document: Document) -> Loaded:
    """Read a document."""
    source = opened(document)
    root = _find_root(source)
    if root is None:
        return Loaded(None, None, None, source.report)
    entries = _entries(root)
    since = len(root.report.problems)
    name = checks.a_string(root.report, root.cluster_name, "cluster_name")
    return Loaded(entries, name, root.report.first_error(since), root.report)


def _entries(root: _Root) -> tuple[Entry, ...] | None:
    """Return all entries, or None if the text as a whole cannot be used."""
    report = root.report
    if root.holder is None:
        items = checks.a_list(report, root.items, root.path)
    else:
        checks.known(report, root.holder, root.path.removesuffix(KEY).removesuffix("."), _HOLDER_KEYS)
        items = checks.listing(report, root.holder, KEY, root.path)
    if items is None:
        return None
    return tuple(_entry(report, node, f"{root.path}[{index}]") for index, node in enumerate(items))


def _entry(report: Report, node: Node, path: str) -> Entry:
    since = len(report.problems)
    report.flaws(node, path)
    if not isinstance(node, YamlMapping):
        cause = f"an entry of {KEY} must be a map, found {nodes.describe(node)}"
        report.error("wrong-type", path, node, cause, 'write "- match_runtimes: [NAME]"')
        return Entry(path, node, None, report.first_error(since))
    checks.known(report, node, path, _ENTRY_KEYS, _ENTRY_HOMES)
    before = len(report.problems)
    runtimes = _matches(report, node, "match_runtimes", path)
    gpu_types = _matches(report, node, "match_gpu_types", path)
    if report.first_error(before) is None:
        bare = AgentEntry(path, runtimes, gpu_types, None, (), {}, nodes.digest(nodes.plain(node)), report.source)
    else:
        bare = None
    where = f"{path}.container_template"
    container = checks.a_map(report, node.get("container_template"), where, _ENTRY_KEYS)
    if container is not None:
        checks.known(report, container, where, _CONTAINER_KEYS, _CONTAINER_HOMES)
        podspec.fields(report, container, where, _CONTAINER_FIELDS)
    image = _image(report, node, container, path)
    problem = report.first_error(since)
    if bare is None or problem is not None:
        return Entry(path, node, replace(bare, broken=problem) if bare is not None else None, problem)
    present = nodes.present(nodes.plain(container)) if container is not None else {}
    fields = {key: value for key, value in present.items() if key in _CONTAINER_FIELDS}
    args = tuple(fields.pop("args", ()))
    return Entry(path, node, replace(bare, image=image, args=args, container=fields), None)


def _matches(report: Report, entry: YamlMapping, key: str, path: str) -> tuple[str, ...]:
    return tuple(item.value for item in checks.strings(report, entry.get(key), f"{path}.{key}", _ENTRY_KEYS))


def _image(report: Report, entry: YamlMapping, container: YamlMapping | None, path: str) -> str | None:
    """Return the image that an entry names, inside ``container_template`` or beside it."""
    inside = container.get("image") if container is not None else None
    beside = entry.get("image")
    if nodes.is_null(beside):
        return _reference(report, inside, f"{path}.container_template.image")
    cause = "image stands beside container_template"
    at = entry.pairs["image"]
    if not nodes.is_null(inside):
        cause = "image stands twice: beside container_template and inside it; the one inside is used"
        report.warning("image-beside", f"{path}.image", at, cause, "remove the one beside it")
        return _reference(report, inside, f"{path}.container_template.image")
    report.warning(
        "image-beside", f"{path}.image", at, cause, "put it inside container_template; it is used all the same"
    )
    return _reference(report, beside, f"{path}.image")


def _reference(report: Report, node: Node | None, path: str) -> str | None:
    """Return an image reference as one string."""
    if nodes.is_null(node) or node is None:
        return None
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return _whole(report, node, path, node.value)
    if not isinstance(node, YamlMapping):
        cause = f"must be a string or a map of {', '.join(_IMAGE_KEYS)}, found {nodes.describe(node)}"
        report.error("wrong-type", path, node, cause)
        return None
    checks.known(report, node, path, _IMAGE_KEYS)
    since = len(report.problems)
    repository = checks.a_string(
        report, checks.required(report, node, "repository", path, "the image"), f"{path}.repository"
    )
    registry = checks.a_string(report, node.get("registry"), f"{path}.registry") or ""
    tag = checks.a_string(report, node.get("tag"), f"{path}.tag") or ""
    digest = checks.a_string(report, node.get("digest"), f"{path}.digest") or ""
    if digest and not _DIGEST.fullmatch(digest):
        cause = f'the digest "{digest}" is not of the form sha256:HEX'
        report.error("bad-value", f"{path}.digest", node.pairs["digest"].node, cause)
    if report.first_error(since) is not None:
        return None
    path_in_registry = (repository or "").strip("/")
    name = f"{registry.rstrip('/')}/{path_in_registry}" if registry else path_in_registry
    return _whole(report, node, path, f"{name}{':' if tag else ''}{tag}{'@' if digest else ''}{digest}")


def _whole(report: Report, node: Node, path: str, reference: str) -> str | None:
    """Return a reference that is not blank and has no blanks."""
    if not reference or any(char.isspace() for char in reference):
        cause = f'"{reference}" is no image reference: it is empty or holds blanks'
        report.error("bad-value", path, node, cause, "write registry/repository:tag")
        return None
    return reference
