"""Findings about the fields of configurations: they are valid, but will not do what was meant.

A rule is a function that adds to a report, listed in one of the tuples at the end. Rules read the YAML nodes, which have
places, as well as the compiled entries.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from webhook import errors, workload
from webhook.catalog import Severity
from webhook.catalog.report import Report
from webhook.catalog.schema import compiling, kubernetes
from webhook.catalog.schema.agent_entries import ReadAgentEntry
from webhook.catalog.schema.runtime_templates import ReadRuntimeTemplate
from webhook.catalog.yaml import nodes
from webhook.catalog.yaml.nodes import Node, Scalar, YamlMapping, YamlPair, YamlSequence
from webhook.linting import near_names, passing, repeated, sections
from webhook.rendering import image
from webhook.shell import argv

#: The largest number of names to search for the nearest one: among 10,000 a search takes 20 ms.
_SUGGEST_FROM = 500


def command_key(entry: ReadRuntimeTemplate, role: workload.Role, key: str) -> tuple[str, YamlPair]:
    """Return path and pair of ``commandTemplate`` or ``argsTemplate``: those of the role's overlay, else the common ones."""
    having = {section.role: section for section in sections.containers(entry) if key in section.fields.pairs}
    section = having.get(role) or having[None]
    return f"{section.path}.{key}", section.fields.pairs[key]


def custom_args_unused(entries: Iterable[ReadRuntimeTemplate], report: Report) -> None:
    """A command that ignores the arguments of the agent entry and the workload."""
    unknown = sections.unknown_starts(report)
    for entry in entries:
        template = entry.draft if entry.path not in unknown else None
        places = {}  # of lone pods and leaders: workers often start something else
        script = False
        for role, startup in template.startups.items() if template is not None else ():
            used = startup.uses_custom_args or startup.others_use_custom_args
            if role != "worker" and startup.command and startup.args and not used:
                where, at = command_key(entry, role, "argsTemplate")
                places[where] = at
                texts = [template.text for template in (*startup.command, *startup.args)]
                script = script or argv.script_at(texts) is not None
        for where, at in places.items():
            cause = "no template refers to .CUSTOM_ARGS: the args of workloads and agent entries are ignored"
            remedy = "move its elements to commandTemplate: without argsTemplate, args are CUSTOM_ARGS"
            if script:
                remedy = passing.PARAMETERS
            report.warning("custom-args-unused", where, at, cause, remedy)


def late_fields(entries: Iterable[ReadRuntimeTemplate | ReadAgentEntry], report: Report) -> None:
    """Fields that the API server has acted on before a pod is mutated (contract section 7)."""
    for entry in entries:
        for path, pod, _ in sections.pods(entry):
            for key in kubernetes.SETTLED_ON_PODS:
                if not nodes.is_null(pod.get(key)):
                    cause = f"{key} only affects LeaderWorkerSets: the API server evaluates it before a pod is mutated"
                    report.warning("late-field", f"{path}.{key}", pod.pairs[key], cause, "set it in the workload")


def plain_command(entries: Iterable[ReadRuntimeTemplate], report: Report) -> None:
    """``command`` and ``args`` that have no effect: those of a template win, and args those of agent entry and workload."""
    for entry in entries:
        for path, container, _ in sections.containers(entry):
            for key in ("command", "args"):
                if nodes.is_null(container.get(key)):
                    continue
                if not nodes.is_null(container.get(f"{key}Template")):
                    cause = f"{key} has no effect beside {key}Template"
                    report.warning("plain-command", f"{path}.{key}", container.pairs[key], cause, "remove one of them")
                elif key == "args":
                    cause = "args are replaced by those of the agent entry or the workload, if it has any"
                    remedy = "use argsTemplate, to which those are added"
                    report.warning("plain-command", f"{path}.{key}", container.pairs[key], cause, remedy)


def unrendered(entries: Iterable[ReadRuntimeTemplate], report: Report) -> None:
    """Actions in keys, which are never rendered, and in strings that are not rendered without ``renderAll``."""
    flawed = {problem.path for problem in report.problems if problem.code == "wrong-type"}
    for entry in entries:
        common = next(sections.pods(entry), None)
        if common is None:
            continue
        for where, key in _keys(common.fields, common.path):
            cause = 'this key contains "{{", but keys are never rendered'
            report.warning("unrendered", where, key, cause, "write the key out")
        if _means_to_render_all(entry.node, common.fields):
            continue
        for where, scalar in _strings(common.fields, common.path):
            if "{{" in scalar.value and not compiling.is_of_startup(where) and flawed.isdisjoint(_above(where)):
                cause = 'this string contains "{{" but is not rendered'
                report.warning("unrendered", where, scalar, cause, 'add "renderAll: true" beside runtime')


def _means_to_render_all(entry: Node, pod_template: YamlMapping) -> bool:
    """Return whether an entry has ``renderAll``, even with another value, misspelt or in the wrong place: that is reported."""
    pairs = {**pod_template.pairs, **(entry.pairs if isinstance(entry, YamlMapping) else {})}
    return any(key.lower() == "renderall" and not _is_false(pair.node) for key, pair in pairs.items())


def _is_false(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value in (False, None)


def _above(path: str) -> Iterator[str]:
    """Yield a key path and those of the maps and lists around it."""
    yield path
    for end in range(len(path) - 1, 0, -1):
        if path[end] in ".[":
            yield path[:end]


def _strings(node: Node, path: str) -> Iterator[tuple[str, Scalar]]:
    """Yield every string of a tree with its key path."""
    if isinstance(node, YamlMapping):
        for key, pair in node.pairs.items():
            yield from _strings(pair.node, f"{path}.{key}")
    elif isinstance(node, YamlSequence):
        for index, item in enumerate(node.items):
            yield from _strings(item, f"{path}[{index}]")
    elif isinstance(node.value, str):
        yield path, node


def _keys(node: Node, path: str) -> Iterator[tuple[str, YamlPair]]:
    """Yield every key of a tree that contains an action, with its key path."""
    if isinstance(node, YamlMapping):
        for key, pair in node.pairs.items():
            if "{{" in key:
                yield f"{path}.{key}", pair
            yield from _keys(pair.node, f"{path}.{key}")
    elif isinstance(node, YamlSequence):
        for index, item in enumerate(node.items):
            yield from _keys(item, f"{path}[{index}]")


def duplicate_items(entries: Iterable[ReadRuntimeTemplate | ReadAgentEntry], report: Report) -> None:
    """Two items of a list that Kubernetes treats as one, and two ports with one name."""
    for entry in entries:
        for path, key, items in _keyed_lists(entry.node, entry.path):
            seen: dict[tuple[Any, ...], int] = {}
            ports: dict[str, int] = {}
            for index, item in enumerate(items):
                if not isinstance(item, YamlMapping):
                    continue
                fields = nodes.plain(item)
                names = kubernetes.MERGE_KEYS[key]
                identity = tuple(str(fields.get(name, kubernetes.OPTIONAL_KEYS.get(name))) for name in names)
                where = f"{path}[{index}]"
                if identity in seen:
                    cause = f"same {' and '.join(names)} as [{seen[identity]}]: Kubernetes treats both as one item"
                    report.warning("duplicate-item", where, item, cause, "remove one of them")
                seen.setdefault(identity, index)
                port = fields.get("name") if key == "ports" else None
                if isinstance(port, str) and port in ports:
                    cause = f'[{ports[port]}] is also named "{port}": the API server rejects duplicate port names'
                    report.warning(
                        "duplicate-port-name", f"{where}.name", item.pairs["name"], cause, "rename one of them"
                    )
                elif isinstance(port, str):
                    ports[port] = index


def _keyed_lists(node: Node, path: str) -> Iterator[tuple[str, str, list[Node]]]:
    """Yield the lists of a tree that Kubernetes merges item by item: path, field name, items."""
    if isinstance(node, YamlMapping):
        for key, pair in node.pairs.items():
            where = f"{path}.{key}"
            if key in kubernetes.MERGE_KEYS and isinstance(pair.node, YamlSequence):
                yield where, key, pair.node.items
            yield from _keyed_lists(pair.node, where)
    elif isinstance(node, YamlSequence):
        for index, item in enumerate(node.items):
            yield from _keyed_lists(item, f"{path}[{index}]")


def undefined_volumes(entries: Iterable[ReadRuntimeTemplate | ReadAgentEntry], report: Report) -> None:
    """Mounts of volumes that the entry does not define for the same role, so that something else must."""
    for entry in entries:
        defined = {section.role: _volumes(section.fields) for section in sections.pods(entry)}
        others = "agent entry or workload" if isinstance(entry, ReadRuntimeTemplate) else "runtime template or workload"
        for where, owner, role in _mounting(entry):
            known = defined.get(None, set()) | (defined.get(role, set()) if role is not None else set())
            mounts = owner.get("volumeMounts")
            for index, mount in enumerate(mounts.items if isinstance(mounts, YamlSequence) else ()):
                name = mount.get("name") if isinstance(mount, YamlMapping) else None
                if isinstance(name, Scalar) and name.value not in known:
                    cause = f'this entry defines no volume "{name.value}", so every {others} must'
                    near = near_names.misspelt(str(name.value), known)
                    remedy = f'did you mean "{near}"?' if near else ""
                    report.info("undefined-volume", f"{where}.volumeMounts[{index}].name", name, cause, remedy)


def _volumes(pod: YamlMapping) -> set[str]:
    return {str(volume.get("name")) for volume in _maps(pod.get("volumes"))}


def _mounting(entry: ReadRuntimeTemplate | ReadAgentEntry) -> Iterator[sections.Section]:
    """Yield the containers of an entry."""
    yield from sections.containers(entry)
    yield from sections.others(entry)


def _maps(node: Node | None) -> list[dict[str, Any]]:
    """Return the maps in a list as JSON values."""
    items = node.items if isinstance(node, YamlSequence) else []
    return [nodes.plain(item) for item in items if isinstance(item, YamlMapping)]


def unreachable_entries(entries: Iterable[ReadAgentEntry], report: Report) -> None:
    """Agent entries that are never used, because an earlier one matches everything they match."""
    by_runtime: dict[str | None, list[ReadAgentEntry]] = {}
    for later in entries:
        if later.agent_entry is None:
            continue
        runtimes, gpu_types = later.agent_entry.runtimes, later.agent_entry.gpu_types
        # an entry that covers this one matches any runtime or this one's first: no others need checking
        for first in (*by_runtime.get(None, ()), *by_runtime.get(runtimes[0] if runtimes else None, ())):
            wide = first.agent_entry
            if wide is not None and _covers(wide.runtimes, runtimes) and _covers(wide.gpu_types, gpu_types):
                cause = f"{first.path} (line {first.node.line}) matches everything that this entry matches"
                report.warning("unreachable-entry", later.path, later.node, cause, "move the narrower entry up")
                break
        for name in runtimes or (None,):
            by_runtime.setdefault(name, []).append(later)


def _covers(wide: tuple[str, ...], narrow: tuple[str, ...]) -> bool:
    return not wide or (bool(narrow) and set(narrow) <= set(wide))


def agent_templates(entries: Iterable[ReadAgentEntry], report: Report) -> None:
    """Actions in agent entries, which are never rendered, and entries without an image."""
    for entry in entries:
        for where, scalar in _strings(entry.node, entry.path):
            if "{{" in scalar.value:
                cause = 'this string contains "{{", but agent entries are not rendered'
                report.warning("unrendered", where, scalar, cause, "move it to the runtime template")
        if entry.problem is None and entry.agent_entry is not None and not entry.agent_entry.image:
            cause = "this entry sets no image, so the workload or the runtime template must"
            report.info("no-image", entry.path, entry.node, cause)


def unmatched_runtimes(
    runtime_templates: Iterable[ReadRuntimeTemplate],
    report: Report,
    agent_entries: Iterable[ReadAgentEntry],
    agent_report: Report,
) -> None:
    """Runtimes that appear in only one of the two configurations."""
    entries = [entry.agent_entry for entry in agent_entries if entry.agent_entry is not None]
    served = {name for entry in entries for name in entry.runtimes}
    serves_any = any(not entry.runtimes for entry in entries)
    names = {one.runtime for one in runtime_templates if one.runtime is not None}
    for one in runtime_templates:
        has_image = one.runtime_template is not None and image.offered(one.runtime_template, "lone")
        if one.runtime is not None and one.runtime not in served and not serves_any and not has_image:
            cause = f'no agent entry matches the runtime "{one.runtime}", so workloads must set an image'
            report.info("no-agent-entry", one.path, one.node, cause)
    for two in agent_entries:
        for index, name in enumerate(two.agent_entry.runtimes if two.agent_entry is not None else ()):
            if name not in names:
                where = f"{two.path}.match_runtimes[{index}]"
                misspelt = near_names.misspelt(name, names)
                near = misspelt or (errors.nearest(name, names) if len(names) <= _SUGGEST_FROM else "")
                remedy = f'did you mean "{near}"?' if near else ""
                cause = f'the runtime "{name}" has no template, so its image runs with its own command'
                severity: Severity = "warning" if misspelt else "info"
                agent_report.add(severity, "no-template", where, _matched(two.node, index), cause, remedy)


def _matched(entry: Node, index: int) -> Node:
    """Return the node of one name in ``match_runtimes``."""
    names = entry.get("match_runtimes") if isinstance(entry, YamlMapping) else None
    return names.items[index] if isinstance(names, YamlSequence) else entry


TEMPLATE_RULES: tuple[Callable[[tuple[ReadRuntimeTemplate, ...], Report], None], ...] = (
    custom_args_unused,
    late_fields,
    plain_command,
    unrendered,
    duplicate_items,
    undefined_volumes,
    sections.bare_keys,
)
AGENT_RULES: tuple[Callable[[tuple[ReadAgentEntry, ...], Report], None], ...] = (
    duplicate_items,
    unreachable_entries,
    agent_templates,
    late_fields,
    undefined_volumes,
    sections.bare_keys,
)
CROSS_RULES: tuple[
    Callable[[tuple[ReadRuntimeTemplate, ...], Report, tuple[ReadAgentEntry, ...], Report], None], ...
] = (unmatched_runtimes, repeated.flags_of_both)
