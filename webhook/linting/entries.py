"""Findings about the fields of configurations: what can be read but will not do what was meant.

A rule is a function that adds to a report; it stands in one of the tuples at the end. Rules read the YAML nodes, which have places,
beside the compiled entries. Every code is described in ``docs/configuration.md``.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from webhook import errors
from webhook.catalog import agent, kubernetes, nodes, templates
from webhook.catalog.nodes import Node, Scalar, YamlMapping, YamlSequence
from webhook.catalog.report import Report

#: Nearest names are looked for among at most so many: one look takes 20 ms with 10,000.
_SUGGEST_FROM = 500


def parts(entry: templates.Entry) -> tuple[YamlMapping | None, YamlMapping | None, str]:
    """Return podTemplate and containerTemplate of an entry, and the path of the former."""
    pod = entry.node.get("podTemplate") if isinstance(entry.node, YamlMapping) else None
    container = pod.get("containerTemplate") if isinstance(pod, YamlMapping) else None
    return (
        pod if isinstance(pod, YamlMapping) else None,
        container if isinstance(container, YamlMapping) else None,
        f"{entry.path}.podTemplate",
    )


def custom_args_unused(entries: Iterable[templates.Entry], report: Report) -> None:
    """A command of its own that never takes the parameters of agent entry and workload."""
    for entry in entries:
        template = entry.template
        _, container, path = parts(entry)
        if template is not None and template.command and template.args and not template.uses_custom_args and container:
            at = container.pairs["argsTemplate"]
            cause = "no template refers to .CUSTOM_ARGS: the args of workloads and agent entries are ignored"
            remedy = "write {{- range .CUSTOM_ARGS }} {{ . }}{{ end }} where they belong"
            report.warning("custom-args-unused", f"{path}.containerTemplate.argsTemplate", at, cause, remedy)


def late_fields(entries: Iterable[templates.Entry], report: Report) -> None:
    """Fields that come too late on a pod (contract section 7)."""
    for entry in entries:
        pod, _, path = parts(entry)
        for key in kubernetes.SETTLED_ON_PODS:
            if pod is not None and not nodes.is_null(pod.get(key)):
                cause = f"{key} reaches LeaderWorkerSets only: on a pod the API server has acted on it before"
                report.warning("late-field", f"{path}.{key}", pod.pairs[key], cause, "set it in the workload")


def plain_command(entries: Iterable[templates.Entry], report: Report) -> None:
    """``command`` and ``args`` where ``commandTemplate`` and ``argsTemplate`` are meant."""
    for entry in entries:
        _, container, path = parts(entry)
        for key in ("command", "args"):
            if container is not None and not nodes.is_null(container.get(key)):
                cause = f"{key} is no template and takes no part in making the command"
                at = container.pairs[key]
                report.warning("plain-command", f"{path}.containerTemplate.{key}", at, cause, f"write {key}Template")


def unrendered(entries: Iterable[templates.Entry], report: Report) -> None:
    """Actions in strings that are not rendered without ``renderAll``."""
    for entry in entries:
        pod, _, path = parts(entry)
        if pod is None or (entry.template is not None and entry.template.templated):
            continue
        for where, scalar in _strings(pod, path):
            if "{{" in scalar.value and not where.startswith(
                (f"{path}.containerTemplate.commandTemplate", f"{path}.containerTemplate.argsTemplate")
            ):
                cause = "{{ stands in a string that is not rendered"
                report.warning("unrendered", where, scalar, cause, 'write "renderAll: true" beside runtime')


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


def duplicate_entries(entries: Iterable[templates.Entry | agent.Entry], report: Report) -> None:
    """Two entries of a list that Kubernetes takes for the same, and two ports of one name."""
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
                    cause = f"{' and '.join(names)} are those of [{seen[identity]}]: Kubernetes takes both for one"
                    report.warning("duplicate-entry", where, item, cause, "remove one")
                seen.setdefault(identity, index)
                port = fields.get("name") if key == "ports" else None
                if isinstance(port, str) and port in ports:
                    cause = f'the port name "{port}" is that of [{ports[port]}]: the API server refuses two'
                    report.warning("duplicate-port-name", f"{where}.name", item.pairs["name"], cause, "rename one")
                elif isinstance(port, str):
                    ports[port] = index


def _keyed_lists(node: Node, path: str) -> Iterator[tuple[str, str, list[Node]]]:
    """Yield the lists of a tree that Kubernetes merges entry by entry: path, field name, items."""
    if isinstance(node, YamlMapping):
        for key, pair in node.pairs.items():
            where = f"{path}.{key}"
            if key in kubernetes.MERGE_KEYS and isinstance(pair.node, YamlSequence):
                yield where, key, pair.node.items
            yield from _keyed_lists(pair.node, where)
    elif isinstance(node, YamlSequence):
        for index, item in enumerate(node.items):
            yield from _keyed_lists(item, f"{path}[{index}]")


def undefined_volumes(entries: Iterable[templates.Entry], report: Report) -> None:
    """Mounts of volumes that the template does not define: the workload must bring them."""
    for entry in entries:
        pod, container, path = parts(entry)
        if pod is None:
            continue
        known = {str(volume.get("name")) for volume in _maps(pod.get("volumes"))}
        owners = [(f"{path}.containerTemplate", container)] if container is not None else []
        inits = pod.get("initContainers")
        for index, item in enumerate(inits.items if isinstance(inits, YamlSequence) else ()):
            if isinstance(item, YamlMapping):
                owners.append((f"{path}.initContainers[{index}]", item))
        for where, owner in owners:
            mounts = owner.get("volumeMounts")
            for index, mount in enumerate(mounts.items if isinstance(mounts, YamlSequence) else ()):
                name = mount.get("name") if isinstance(mount, YamlMapping) else None
                if isinstance(name, Scalar) and name.value not in known:
                    cause = f'the template has no volume "{name.value}": every workload must bring it'
                    report.info("undefined-volume", f"{where}.volumeMounts[{index}].name", name, cause)


def _maps(node: Node | None) -> list[dict[str, Any]]:
    """Return the maps in a list as JSON values."""
    items = node.items if isinstance(node, YamlSequence) else []
    return [nodes.plain(item) for item in items if isinstance(item, YamlMapping)]


def unreachable_entries(entries: Iterable[agent.Entry], report: Report) -> None:
    """Agent entries for which an earlier one is always taken."""
    by_runtime: dict[str | None, list[agent.Entry]] = {}
    for later in entries:
        if later.entry is None:
            continue
        runtimes, gpu_types = later.entry.runtimes, later.entry.gpu_types
        # whoever covers this entry matches any runtime, or its first one: the others need not be looked at
        for first in (*by_runtime.get(None, ()), *by_runtime.get(runtimes[0] if runtimes else None, ())):
            wide = first.entry
            if wide is not None and _covers(wide.runtimes, runtimes) and _covers(wide.gpu_types, gpu_types):
                cause = f"{first.path} (line {first.node.line}) matches everything that this entry matches"
                report.warning("unreachable-entry", later.path, later.node, cause, "put the narrower entry first")
                break
        for name in runtimes or (None,):
            by_runtime.setdefault(name, []).append(later)


def _covers(wide: tuple[str, ...], narrow: tuple[str, ...]) -> bool:
    return not wide or (bool(narrow) and set(narrow) <= set(wide))


def agent_templates(entries: Iterable[agent.Entry], report: Report) -> None:
    """Actions in agent entries, which are never rendered, and entries that name no image."""
    for entry in entries:
        for where, scalar in _strings(entry.node, entry.path):
            if "{{" in scalar.value:
                cause = "{{ stands in an agent entry, where nothing is rendered"
                report.warning("unrendered", where, scalar, cause, "put it into the runtime template")
        if entry.problem is None and entry.entry is not None and entry.entry.image is None:
            cause = "the entry names no image: the workload or the runtime template must"
            report.info("no-image", entry.path, entry.node, cause)


def unmatched_runtimes(loaded: templates.Loaded, configured: agent.Loaded) -> None:
    """Runtimes that only one of the two configurations knows."""
    entries = [entry.entry for entry in configured.entries or () if entry.entry is not None]
    served = {name for entry in entries for name in entry.runtimes}
    serves_any = any(not entry.runtimes for entry in entries)
    names = {one.runtime for one in loaded.entries or () if one.runtime is not None}
    for one in loaded.entries or ():
        has_image = one.template is not None and one.template.container.get("image")
        if one.runtime is not None and one.runtime not in served and not serves_any and not has_image:
            cause = f'no agent entry serves the runtime "{one.runtime}": workloads must bring an image'
            loaded.report.info("no-agent-entry", one.path, one.node, cause)
    for two in configured.entries or ():
        for index, name in enumerate(two.entry.runtimes if two.entry is not None else ()):
            if name not in names:
                where = f"{two.path}.match_runtimes[{index}]"
                near = errors.nearest(name, names) if len(names) <= _SUGGEST_FROM else ""
                remedy = f'did you mean "{near}"?' if near else ""
                cause = f'no template describes the runtime "{name}": it runs with the image\'s own command'
                configured.report.info("no-template", where, _matched(two.node, index), cause, remedy)


def _matched(entry: Node, index: int) -> Node:
    """Return the node of one name in ``match_runtimes``."""
    names = entry.get("match_runtimes") if isinstance(entry, YamlMapping) else None
    return names.items[index] if isinstance(names, YamlSequence) else entry


TEMPLATE_RULES: tuple[Callable[[tuple[templates.Entry, ...], Report], None], ...] = (
    custom_args_unused,
    late_fields,
    plain_command,
    unrendered,
    duplicate_entries,
    undefined_volumes,
)
AGENT_RULES: tuple[Callable[[tuple[agent.Entry, ...], Report], None], ...] = (
    duplicate_entries,
    unreachable_entries,
    agent_templates,
)
CROSS_RULES: tuple[Callable[[templates.Loaded, agent.Loaded], None], ...] = (unmatched_runtimes,)
