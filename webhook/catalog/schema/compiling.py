"""Compiles a runtime template's Go templates: commandTemplate, argsTemplate, and with ``renderAll`` every other string."""

from collections.abc import Container
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from webhook import gotemplate
from webhook.catalog.model import RuntimeTemplate
from webhook.catalog.report import AROUND, Report
from webhook.catalog.schema import checks
from webhook.catalog.yaml import nodes
from webhook.catalog.yaml.nodes import Node, Scalar, YamlMapping, YamlSequence

#: Keys of ``containerTemplate`` that become command and args.
COMMAND_KEYS = ("commandTemplate", "argsTemplate")


class Compiled(NamedTuple):
    """A compiled Go template, with its key path and its YAML."""

    path: str
    scalar: Scalar
    template: gotemplate.Template


@dataclass(frozen=True, slots=True)
class Compiler:
    """Compiles the Go templates of one entry.

    A Go template is named after its runtime and its place in the entry, but not the entry's index, which edits may change.

    Attributes:
        report: collects their mistakes.
        runtime: the entry's name.
        not_of_pod, not_of_container: keys of ``podTemplate`` and ``containerTemplate`` that are not fields of a PodSpec and of a
            Container. All other keys are, even unknown ones: a newer API server may know them.
        compiled: every Go template that has been compiled so far.
    """

    report: Report
    runtime: str
    not_of_pod: Container[str]
    not_of_container: Container[str]
    compiled: list[Compiled] = field(default_factory=list)

    def runtime_template(self, mapping: YamlMapping, path: str, digest: str) -> RuntimeTemplate:
        """Return the entry with its Go templates compiled; report their mistakes."""
        pod_node = mapping.get("podTemplate")
        container_node = pod_node.get("containerTemplate") if isinstance(pod_node, YamlMapping) else None
        pod_path = f"{path}.podTemplate"
        container_path = f"{pod_path}.containerTemplate"
        command, args = (self._items(container_node, key, container_path) for key in COMMAND_KEYS)
        render_all = _scalar(mapping, "renderAll") is True
        pod = self._fields(pod_node, pod_path, self.not_of_pod, render_all=render_all)
        container = self._fields(container_node, container_path, self.not_of_container, render_all=render_all)
        if "podSecurityContext" in pod:
            pod["securityContext"] = pod.pop("podSecurityContext")
        templated = {key for fields in (pod, container) for key, value in fields.items() if _holds_template(value)}
        return RuntimeTemplate(
            runtime=self.runtime,
            display_name=_scalar(mapping, "runtimeZH") or self.runtime,
            command=command,
            args=args,
            container=container,
            pod=pod,
            templated=frozenset(templated),
            templates=tuple(one.template for one in self.compiled),
            uses_custom_args=any(use.name == "CUSTOM_ARGS" for part in (*command, *args) for use in part.variables),
            digest=digest,
            source=self.report.source,
            path=path,
        )

    def _items(self, container: Node | None, key: str, path: str) -> tuple[gotemplate.Template, ...]:
        """Return the compiled items of ``commandTemplate`` or ``argsTemplate``."""
        node = container.get(key) if isinstance(container, YamlMapping) else None
        where = f"{path}.{key}"
        found = []
        for index, item in enumerate(checks.a_list(self.report, node, where) or ()):
            scalar = checks.string_item(self.report, item, f"{where}[{index}]")
            template = self._text(scalar, f"{where}[{index}]", f"{key}[{index}]") if scalar is not None else None
            found.append(template)
        return tuple(template for template in found if template is not None)

    def _fields(self, node: Node | None, path: str, others: Container[str], *, render_all: bool) -> dict[str, Any]:
        """Return the Kubernetes fields of a map."""
        if not isinstance(node, YamlMapping):
            return {}
        return {
            key: nodes.present(self._leaves(pair.node, f"{path}.{key}") if render_all else nodes.plain(pair.node))
            for key, pair in node.pairs.items()
            if key not in others and not nodes.is_null(pair.node)
        }

    def _text(self, scalar: Scalar, path: str, name: str) -> gotemplate.Template | None:
        """Return one compiled text, or None after reporting its mistake at its place in the source."""
        try:
            template = gotemplate.Template(scalar.value, f"{self.runtime}/{name}")
        except gotemplate.ParseError as error:
            place = self.report.inside(scalar, error.line, error.column) if error.line else scalar
            self.report.error("template-syntax", path, place, str(error), error.hint, error.excerpt(AROUND))
            return None
        self.compiled.append(Compiled(path, scalar, template))
        return template

    def _leaves(self, node: Node, path: str) -> Any:
        """Return a JSON value in which every string with an action is compiled."""
        if isinstance(node, YamlMapping):
            return {key: self._leaves(pair.node, f"{path}.{key}") for key, pair in node.pairs.items()}
        if isinstance(node, YamlSequence):
            return [self._leaves(item, f"{path}[{index}]") for index, item in enumerate(node.items)]
        if isinstance(node.value, str) and "{{" in node.value:
            return self._text(node, path, path.split(".podTemplate.", 1)[1])
        return node.value


def _holds_template(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_template, value.values()))
    if isinstance(value, list):
        return any(map(_holds_template, value))
    return isinstance(value, gotemplate.Template)


def _scalar(mapping: YamlMapping, key: str) -> Any:
    node = mapping.get(key)
    return node.value if isinstance(node, Scalar) else None
