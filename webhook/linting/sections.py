"""The parts of an entry: Kubernetes' fields, common ones and role overlays, of the pod and of the container; what starts."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from webhook.catalog.report import Report
from webhook.catalog.schema.agent_entries import ReadAgentEntry
from webhook.catalog.schema.runtime_templates import ReadRuntimeTemplate
from webhook.catalog.yaml import nodes
from webhook.catalog.yaml.nodes import Node, Scalar, YamlMapping, YamlSequence
from webhook.workload import GROUP_ROLES, Role

#: Key paths of what is started, in an entry.
_OF_START = re.compile(
    r"(templates\[\d+\])\.podTemplate\.containerTemplate(?:\.(?:leader|worker))?"
    r"(?:\.(?:command|args)(?:Template)?(?:\[\d+\].*)?)?"
)


class Section(NamedTuple):
    """A map of fields, its key path, and the role that it is for; None in the common part."""

    path: str
    fields: YamlMapping
    role: Role | None


def pods(entry: ReadRuntimeTemplate | ReadAgentEntry) -> Iterator[Section]:
    """Yield the parts with PodSpec fields, the common one first."""
    key = "podTemplate" if isinstance(entry, ReadRuntimeTemplate) else "pod_template"
    return _with_overlays(_below(entry.node, key), f"{entry.path}.{key}")


def containers(entry: ReadRuntimeTemplate | ReadAgentEntry) -> Iterator[Section]:
    """Yield the parts with fields of the inference container, the common one first."""
    if isinstance(entry, ReadAgentEntry):
        return _with_overlays(_below(entry.node, "container_template"), f"{entry.path}.container_template")
    pod = _below(entry.node, "podTemplate")
    return _with_overlays(_below(pod, "containerTemplate"), f"{entry.path}.podTemplate.containerTemplate")


def others(entry: ReadRuntimeTemplate | ReadAgentEntry) -> Iterator[Section]:
    """Yield the other containers of the parts with PodSpec fields: init containers and sidecars."""
    for path, pod, role in pods(entry):
        for key in ("initContainers", "containers"):
            found = pod.get(key)
            for index, item in enumerate(found.items if isinstance(found, YamlSequence) else ()):
                if isinstance(item, YamlMapping):
                    yield Section(f"{path}.{key}[{index}]", item, role)


def _with_overlays(section: YamlMapping | None, path: str) -> Iterator[Section]:
    if section is None:
        return
    yield Section(path, section, None)
    for role in GROUP_ROLES:
        overlay = _below(section, role)
        if overlay is not None:
            yield Section(f"{path}.{role}", overlay, role)


def _below(node: Node | None, key: str) -> YamlMapping | None:
    inner = node.get(key) if isinstance(node, YamlMapping) else None
    return inner if isinstance(inner, YamlMapping) else None


def unknown_starts(report: Report) -> frozenset[str]:
    """Return the paths of the entries of which something is wrong with command or args, so that nobody knows what they start."""
    errors = (problem.path for problem in report.problems if problem.severity == "error")
    return frozenset(found[1] for path in errors if (found := _OF_START.fullmatch(path)))


def bare_keys(entries: Iterable[ReadRuntimeTemplate | ReadAgentEntry], report: Report) -> None:
    """Keys without a value, which remove a field where they are in a role overlay; and overlays without anything."""
    for entry in entries:
        for section in (*pods(entry), *containers(entry)):
            if section.role is not None:
                _bare(report, section.fields, section.path)
                continue
            for role in GROUP_ROLES:
                overlay = section.fields.get(role)
                if overlay is not None and nodes.is_null(overlay):
                    cause = f"{role} is empty, so there is no overlay"
                    at = section.fields.pairs[role]
                    report.info("bare-key", f"{section.path}.{role}", at, cause, "remove it, or write its fields")


def _bare(report: Report, fields: YamlMapping, path: str) -> None:
    for key, pair in fields.pairs.items():
        if isinstance(pair.node, YamlMapping):
            _bare(report, pair.node, f"{path}.{key}")
        elif isinstance(pair.node, Scalar) and nodes.is_null(pair.node) and not pair.node.text:
            cause = f"{key} has no value, which removes the field from all parts below this overlay"
            report.info("bare-key", f"{path}.{key}", pair, cause, "write null if that is meant")
