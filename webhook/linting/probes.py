"""Findings about probes: ports that nothing has, and probes that workers get though they serve nothing."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from webhook import catalog, errors
from webhook.catalog.report import Report
from webhook.catalog.schema.agent_entries import ReadAgentEntry
from webhook.catalog.schema.runtime_templates import ReadRuntimeTemplate
from webhook.catalog.yaml import nodes
from webhook.catalog.yaml.nodes import Node, Scalar, YamlMapping, YamlPair, YamlSequence
from webhook.linting import sample_variables, sections
from webhook.rendering import budget, command
from webhook.shell import argv, commands
from webhook.workload import GROUP_ROLES, Role

_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
_HANDLERS = ("httpGet", "tcpSocket")


class _Probed(NamedTuple):
    """A port that a probe asks by its name."""

    path: str
    port: Scalar


def ports(entry: ReadRuntimeTemplate | ReadAgentEntry, report: Report) -> None:
    """Report probes of a named port that the container does not have, for each role that gets the probe.

    The inference container gets its ports from elsewhere too: if a runtime template names none, that is only remarked. An agent
    entry mostly relies on those of a runtime template.
    """
    if isinstance(entry, ReadRuntimeTemplate):
        _of_inference_container({section.role: section for section in sections.containers(entry)}, report)
    for section in sections.others(entry):
        names = _port_names(section.fields, None)
        for probed in _probed(section, None):
            if probed.port.value not in names:
                _report(probed, names, report, others=False)


def _of_inference_container(parts: Mapping[Role | None, sections.Section], report: Report) -> None:
    reported: set[str] = set()
    common = parts.get(None)
    if common is None:
        return
    for role in (None, *GROUP_ROLES):
        overlay = parts.get(role) if role is not None else None
        names = _port_names(common.fields, overlay.fields if overlay is not None else None)
        for probed in _probed(common, overlay):
            if probed.port.value not in names and probed.path not in reported:
                reported.add(probed.path)
                _report(probed, names, report, others=True)


def _report(probed: _Probed, names: frozenset[str], report: Report, *, others: bool) -> None:
    name = errors.shown(probed.port.value)
    if not names and others:
        cause = f"no port of this entry is named {name}, so every agent entry or workload must name one"
        report.info("unknown-probe-port", probed.path, probed.port, cause)
        return
    cause = f"the container has no port named {name}"
    remedy = (
        errors.among(str(probed.port.value), names) if names else f"add it to ports, with name: {probed.port.value}"
    )
    report.warning("unknown-probe-port", probed.path, probed.port, cause, remedy)


def _port_names(common: YamlMapping, overlay: YamlMapping | None) -> frozenset[str]:
    """Return the names of a container's ports; an overlay adds to the common ones, and a null removes them."""
    own = overlay.get("ports") if overlay is not None else None
    removed = own is not None and nodes.is_null(own)
    found: set[str] = set()
    for ports_ in (own, None if removed else common.get("ports")):
        for item in ports_.items if isinstance(ports_, YamlSequence) else ():
            name = item.get("name") if isinstance(item, YamlMapping) else None
            if isinstance(name, Scalar) and isinstance(name.value, str):
                found.add(name.value)
    return frozenset(found)


def _probed(common: sections.Section, overlay: sections.Section | None) -> Iterator[_Probed]:
    """Yield the named ports that probes ask."""
    for probe in _PROBES:
        for handler in _HANDLERS:
            keys = (probe, handler, "port")
            for section in (overlay, common):
                if section is None:
                    continue
                node = _at(section.fields, keys)
                if isinstance(node, Scalar) and isinstance(node.value, str) and _is_name(node.value):
                    yield _Probed(f"{section.path}.{'.'.join(keys)}", node)
                if section is overlay and _decides(section.fields, keys):
                    break


def _is_name(port: str) -> bool:
    return bool(port) and not port.strip().isdecimal() and "{{" not in port


def _at(node: Node | None, keys: tuple[str, ...]) -> Node | None:
    """Return what a map has at these keys."""
    for key in keys:
        node = node.get(key) if isinstance(node, YamlMapping) else None
    return node


def _decides(overlay: YamlMapping, keys: tuple[str, ...]) -> bool:
    """Return whether an overlay gives or removes what is at these keys, or something above it."""
    for length in range(1, len(keys) + 1):
        node = _at(overlay, keys[:length])
        if node is not None and (nodes.is_null(node) or length == len(keys)):
            return True
    return False


def of_workers(entry: ReadRuntimeTemplate, report: Report) -> None:
    """Remark HTTP probes of the common part that workers get, if they start something else than their leader."""
    template = entry.runtime_template
    parts = {section.role: section.fields for section in sections.containers(entry)}
    if template is None or None not in parts:
        return
    common, worker = parts[None], parts.get("worker")
    found = [probe for probe in _PROBES if _reaches(common, worker, probe)]
    if not found or not _differs(template):
        return
    path = next(section.path for section in sections.containers(entry) if section.role is None)
    for probe in found:
        at: YamlPair = common.pairs[probe]
        cause = "workers get this probe too, but they start something else than their leader"
        remedy = f'if they do not serve HTTP, add "worker: {{{probe}: null}}" to containerTemplate'
        report.info("probe-of-workers", f"{path}.{probe}", at, cause, remedy)


def _reaches(common: YamlMapping, worker: YamlMapping | None, probe: str) -> bool:
    """Return whether workers get the HTTP request of a probe, unchanged by their overlay."""
    keys = (probe, "httpGet")
    return isinstance(_at(common, keys), YamlMapping) and (worker is None or probe not in worker.pairs)


def _differs(template: catalog.RuntimeTemplate) -> bool:
    """Return whether workers start another program than their leader, or as a part of a group that serves nothing."""
    leader, worker = (_started(template, role) for role in GROUP_ROLES)
    return bool(leader and worker) and (
        leader[:2] != worker[:2] or ("--headless" in worker and "--headless" not in leader)
    )


def _started(template: catalog.RuntimeTemplate, role: Role) -> list[str]:
    """Return the last command that a role starts, which is its engine; empty if it is not known."""
    variables: Mapping[str, object] = sample_variables.of(
        template.runtime, role, (), sample_variables.SIZES[0], sample_variables.USUAL_GPU_TYPE
    )
    try:
        rendered = command.command(template.startups[role], variables, budget.new())
    except errors.Denied:
        return []  # trials report it
    started = [*(rendered.command or ()), *rendered.args]
    script = argv.script_at(started)
    if script is None:
        return started
    last = [words for words in commands.simple_commands(started[script]) if words]
    words = last[-1] if last else []
    return words[1:] if words[:1] == ["exec"] else words
