"""The agent configuration: from its YAML to checked entries (contract section 6)."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from webhook import digests
from webhook.catalog import pauses
from webhook.catalog.documents import Opened
from webhook.catalog.model import AgentEntry, Part
from webhook.catalog.report import Report
from webhook.catalog.schema import agent_root, checks, kubernetes, pod_metadata, podspec
from webhook.catalog.yaml import nodes
from webhook.catalog.yaml.nodes import Node, Scalar, YamlMapping
from webhook.problems import Problem
from webhook.workload import GROUP_ROLES, Role

_ENTRY_KEYS = ("match_runtimes", "match_gpu_types", "container_template", "pod_template", "image")
_IMAGE_KEYS = ("registry", "repository", "tag", "digest")
_HOLDER_KEYS = (agent_root.KEY, "cluster_name")
_ENTRY_HOMES: dict[str, str] = {
    **dict.fromkeys(kubernetes.POD_SPEC, "pod_template"),
    **dict.fromkeys(kubernetes.CONTAINER, "container_template"),
    **dict.fromkeys(_IMAGE_KEYS, "container_template.image"),
    **dict.fromkeys(GROUP_ROLES, "container_template or pod_template"),
    "cluster_name": f"the top of the file, beside {agent_root.KEY}",
}
_BESIDE_ENTRY = dict.fromkeys(("match_runtimes", "match_gpu_types"), "the entry itself, beside container_template")
_CONTAINER_HOMES: dict[str, str] = {
    **dict.fromkeys(_IMAGE_KEYS, "image"),
    **_BESIDE_ENTRY,
    "command": "containerTemplate of the runtime template, as commandTemplate",  # which alone decides how an engine starts
    **dict.fromkeys((*(set(kubernetes.POD_SPEC) - set(kubernetes.CONTAINER)), "metadata"), "pod_template"),
    **dict.fromkeys(GROUP_ROLES, "container_template"),  # out of another overlay
}
_POD_HOMES: dict[str, str] = {
    **dict.fromkeys(set(kubernetes.CONTAINER) - set(kubernetes.POD_SPEC), "container_template"),
    **_BESIDE_ENTRY,
    **dict.fromkeys(GROUP_ROLES, "pod_template"),  # out of another overlay
    "podSecurityContext": "securityContext",
}
_CONTAINER_KEYS = frozenset(kubernetes.CONTAINER) - {"command"}
_POD_KEYS = frozenset({*kubernetes.POD_SPEC, "metadata"})
#: Types of all fields but image, which may also be a map here.
_CONTAINER_TYPES = {
    key: json_type for key, json_type in kubernetes.CONTAINER.items() if key in _CONTAINER_KEYS - {"image"}
}
#: What an entry does not pass on as Kubernetes' fields.
_NOT_OF_CONTAINER = frozenset({*_CONTAINER_HOMES, *GROUP_ROLES, "image", "args"})
_NOT_OF_POD = frozenset({*_POD_HOMES, *GROUP_ROLES, "metadata"})
_DIGEST = re.compile(r"[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-fA-F]{32,}")


@dataclass(frozen=True, slots=True)
class ReadAgentEntry:
    """One entry of ``deployment_templates`` as it was read.

    Attributes:
        path: its key path.
        node: its YAML, for findings that need places.
        agent_entry: the entry; without fields and args if it cannot be used; None if its match lists cannot be
            read, since it might then match workloads that it is not for.
        problem: its first error; None if it can be used.
    """

    path: str
    node: Node
    agent_entry: AgentEntry | None
    problem: Problem | None


@dataclass(frozen=True, slots=True)
class AgentConfiguration:
    """The agent configuration as it was read.

    Attributes:
        entries: in file order.
        cluster_name: None if it is absent or not a string.
        cluster_problem: why it is not a string.
    """

    entries: tuple[ReadAgentEntry, ...]
    cluster_name: str | None
    cluster_problem: Problem | None


def read(source: Opened) -> tuple[AgentConfiguration | None, Report]:
    """Return the configuration, or None if the text as a whole cannot be used; the report has every problem."""
    root = agent_root.find(source)
    if root is None:
        return None, source.report
    report = root.report
    entries = _entries(root, source.pause)
    since = len(report.problems)
    name = checks.a_string(report, root.cluster_name, "cluster_name")
    if entries is None:
        return None, report
    return AgentConfiguration(entries, name, report.first_error(since)), report


def _entries(root: agent_root.Root, pause: pauses.Pause) -> tuple[ReadAgentEntry, ...] | None:
    """Return all entries, or None if the text as a whole cannot be used."""
    report = root.report
    if root.holder is None:
        items = checks.a_list(report, root.items, root.path)
    else:
        checks.known(report, root.holder, root.path.removesuffix(agent_root.KEY).removesuffix("."), _HOLDER_KEYS)
        items = checks.listing(report, root.holder, agent_root.KEY, root.path)
    if items is None:
        return None
    entries = []
    for index, node in enumerate(items):
        pause()
        entries.append(entry(report, node, f"{root.path}[{index}]"))
    return tuple(entries)


def entry(report: Report, node: Node, path: str) -> ReadAgentEntry:
    """Read one entry; its problems are reported."""
    since = len(report.problems)
    report.flaws(node, path)
    if not isinstance(node, YamlMapping):
        cause = f"an item of {agent_root.KEY} must be a map, found {nodes.describe(node)}"
        report.error("wrong-type", path, node, cause, 'write "- match_runtimes: [NAME]"')
        return ReadAgentEntry(path, node, None, report.first_error(since))
    checks.known(report, node, path, _ENTRY_KEYS, _ENTRY_HOMES)
    before = len(report.problems)
    runtimes = _matches(report, node, "match_runtimes", path)
    gpu_types = _matches(report, node, "match_gpu_types", path)
    if report.first_error(before) is None:
        bare = AgentEntry(path, runtimes, gpu_types, digests.of(nodes.plain(node)), report.source)
    else:
        bare = None
    container = _section(report, node, "container_template", path, _check_container, _CONTAINER_KEYS)
    pod = _section(report, node, "pod_template", path, _check_pod, _POD_KEYS)
    where = f"{path}.container_template"
    images: dict[str, str | None] = {"": _image(report, node, container, path)}
    for role in GROUP_ROLES:
        images[role] = _reference(report, _below(container, role, "image"), f"{where}.{role}.image")
    problem = report.first_error(since)
    if bare is None or problem is not None:
        return ReadAgentEntry(path, node, replace(bare, broken=problem) if bare is not None else None, problem)
    overlays = {role: _part(_map(pod, role), _map(container, role), images[role], overlay=True) for role in GROUP_ROLES}
    return ReadAgentEntry(
        path,
        node,
        replace(
            bare,
            common=_part(pod, container, images[""], overlay=False),
            overlays={role: overlay for role, overlay in overlays.items() if overlay != Part()},
            args={"lone": _args(container, None), **{role: _args(container, role) for role in GROUP_ROLES}},
        ),
        None,
    )


def _section(
    report: Report,
    entry: YamlMapping,
    key: str,
    path: str,
    check: Callable[[Report, YamlMapping, str, frozenset[str]], None],
    known: frozenset[str],
) -> YamlMapping | None:
    """Return ``container_template`` or ``pod_template``, with everything in it and in its role overlays checked."""
    section = checks.a_map(report, entry.get(key), f"{path}.{key}", _ENTRY_KEYS)
    if section is None:
        return None
    check(report, section, f"{path}.{key}", known | set(GROUP_ROLES))
    for role in GROUP_ROLES:
        overlay = checks.a_map(report, section.get(role), f"{path}.{key}.{role}")
        if overlay is not None:
            check(report, overlay, f"{path}.{key}.{role}", known)
    return section


def _check_container(report: Report, container: YamlMapping, path: str, known: frozenset[str]) -> None:
    checks.fields(report, container, path, known, _CONTAINER_HOMES)
    podspec.fields(report, container, path, _CONTAINER_TYPES)


def _check_pod(report: Report, pod: YamlMapping, path: str, known: frozenset[str]) -> None:
    checks.fields(report, pod, path, known, _POD_HOMES)
    podspec.fields(report, pod, path, kubernetes.POD_SPEC)
    pod_metadata.check(report, pod.get("metadata"), f"{path}.metadata")


def _map(node: Node | None, key: str) -> YamlMapping | None:
    """Return the map below a key."""
    inner = node.get(key) if isinstance(node, YamlMapping) else None
    return inner if isinstance(inner, YamlMapping) else None


def _below(node: Node | None, role: str, key: str) -> Node | None:
    """Return the value of a key in a role overlay."""
    overlay = _map(node, role)
    return overlay.get(key) if overlay is not None else None


def _part(pod: YamlMapping | None, container: YamlMapping | None, image: str | None, *, overlay: bool) -> Part:
    """Return the common part of an entry or a role overlay, in which a null is a removal."""
    kept = nodes.with_removals if overlay else nodes.present
    pod_fields = kept(nodes.plain(pod)) if pod is not None else {}
    container_fields = kept(nodes.plain(container)) if container is not None else {}
    fields = {key: value for key, value in container_fields.items() if key not in _NOT_OF_CONTAINER}
    if image is not None or (overlay and "image" in container_fields):
        fields["image"] = image
    return Part(
        pod={key: value for key, value in pod_fields.items() if key not in _NOT_OF_POD},
        container=fields,
        metadata=pod_metadata.allowed(pod_fields.get("metadata", {})),
    )


def _args(container: YamlMapping | None, role: Role | None) -> tuple[str, ...]:
    """Return the parameters for a role: the common ones, unless its overlay removes them, and its own."""
    own = _below(container, role, "args") if role is not None else None
    found: list[str] = []
    if own is None or not nodes.is_null(own):
        found += nodes.plain(common) or () if container is not None and (common := container.get("args")) else ()
    return (*found, *(nodes.plain(own) or () if own is not None else ()))


def _matches(report: Report, entry: YamlMapping, key: str, path: str) -> tuple[str, ...]:
    return tuple(item.value for item in checks.strings(report, entry.get(key), f"{path}.{key}", _ENTRY_KEYS))


def _image(report: Report, entry: YamlMapping, container: YamlMapping | None, path: str) -> str | None:
    """Return the image of an entry, which is inside ``container_template`` or beside it."""
    inside = container.get("image") if container is not None else None
    beside = entry.get("image")
    if nodes.is_null(beside):
        return _reference(report, inside, f"{path}.container_template.image")
    cause = "image is beside container_template instead of inside it, but is used"
    at = entry.pairs["image"]
    if not nodes.is_null(inside):
        cause = "duplicate image: the one inside container_template is used, not this one beside it"
        report.warning("image-beside", f"{path}.image", at, cause, "remove this one")
        return _reference(report, inside, f"{path}.container_template.image")
    report.warning("image-beside", f"{path}.image", at, cause, "move it into container_template")
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
    tag = _tag(report, node, path)
    digest = checks.a_string(report, node.get("digest"), f"{path}.digest") or ""
    if digest and not _DIGEST.fullmatch(digest):
        cause = f'the digest "{digest}" is not of the form sha256:HEX'
        report.error("bad-value", f"{path}.digest", node.pairs["digest"].node, cause)
    if report.first_error(since) is not None:
        return None
    path_in_registry = (repository or "").strip("/")
    name = f"{registry.rstrip('/')}/{path_in_registry}" if registry else path_in_registry
    return _whole(report, node, path, f"{name}{':' if tag else ''}{tag}{'@' if digest else ''}{digest}")


def _tag(report: Report, image: YamlMapping, path: str) -> str:
    """Return the tag of an image; one that YAML reads as a number is taken as it is written."""
    node = image.get("tag")
    if isinstance(node, Scalar) and type(node.value) in (int, float):
        cause = f"the tag {node.text} is a number to YAML; it is used as it is written"
        report.warning("unquoted-tag", f"{path}.tag", node, cause, f'quote it: "{node.text}"')
        return node.text
    return checks.a_string(report, node, f"{path}.tag") or ""


def _whole(report: Report, node: Node, path: str, reference: str) -> str | None:
    """Return a reference if it is not empty and has no whitespace."""
    if not reference or any(char.isspace() for char in reference):
        cause = f'"{reference}" is not an image reference: it {"contains whitespace" if reference else "is empty"}'
        report.error("bad-value", path, node, cause, "write registry/repository:tag")
        return None
    return reference
