"""Compiles a runtime template's Go templates: commandTemplate, argsTemplate, and with ``renderAll`` every other string."""

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from webhook import gotemplate
from webhook.catalog.model import IntegerTemplate, Part, RuntimeTemplate, Startup
from webhook.catalog.report import AROUND, Report
from webhook.catalog.schema import checks, kubernetes, pod_metadata
from webhook.catalog.yaml import nodes
from webhook.catalog.yaml.nodes import Node, Scalar, YamlMapping, YamlSequence
from webhook.workload import GROUP_ROLES, ROLES, Role

#: Keys of ``containerTemplate`` that become command and args.
COMMAND_KEYS = ("commandTemplate", "argsTemplate")

_OF_STARTUP = re.compile(
    rf"\.containerTemplate\.(?:(?:{'|'.join(GROUP_ROLES)})\.)?(?:{'|'.join(COMMAND_KEYS)})\[\d+\]$"
)

#: Container fields that become the same without being Go templates.
_PLAIN_KEYS = {"commandTemplate": "command", "argsTemplate": "args"}

#: Values of the wrong type that say "true".
_MEANT_AS_TRUE = frozenset({"1", "on", "true", "y", "yes"})

#: PodSpec fields that a runtime template may write under a name of its own.
_POD_NAMES = {"podSecurityContext": "securityContext"}


class Compiled(NamedTuple):
    """A compiled Go template, with its key path and its YAML.

    Attributes:
        roles: whose pods it is rendered for.
    """

    path: str
    scalar: Scalar
    template: gotemplate.Template
    roles: tuple[Role, ...]


@dataclass(frozen=True, slots=True)
class Compiler:
    """Compiles the Go templates of one entry.

    A Go template is named after its runtime and its place in the entry, but not the entry's index, which edits may change.

    Attributes:
        report: collects their mistakes.
        runtime: the entry's name.
        not_of_pod, not_of_container: keys of ``podTemplate`` and ``containerTemplate`` that are not fields of a PodSpec and of a
            Container. All other keys are, even unknown ones: a newer API server may know them.
        render_all: whether every string is a Go template.
        compiled: every Go template that has been compiled so far.
        roles: whose pods it compiles for.
    """

    report: Report
    runtime: str
    not_of_pod: Container[str]
    not_of_container: Container[str]
    render_all: bool = False
    compiled: list[Compiled] = field(default_factory=list)
    roles: tuple[Role, ...] = ROLES

    def runtime_template(self, mapping: YamlMapping, path: str, digest: str) -> RuntimeTemplate:
        """Return the entry with its Go templates compiled; report their mistakes."""
        pod_node = mapping.get("podTemplate")
        container_node = pod_node.get("containerTemplate") if isinstance(pod_node, YamlMapping) else None
        pod_path = f"{path}.podTemplate"
        container_path = f"{pod_path}.containerTemplate"
        commands = {key: self._items(container_node, key, container_path) or () for key in COMMAND_KEYS}
        common = self._part(pod_node, container_node, pod_path, container_path)
        overlays: dict[Role, Part] = {}
        by_role: dict[Role, Mapping[str, tuple[gotemplate.Template, ...]]] = {"lone": commands}
        for role in GROUP_ROLES:
            compiler = replace(self, roles=(role,))
            replaced, overlay = compiler.overlay(role, pod_node, container_node, pod_path)
            by_role[role] = {**commands, **replaced}
            if overlay != Part():
                overlays[role] = overlay
        return RuntimeTemplate(
            runtime=self.runtime,
            display_name=_scalar(mapping, "runtimeZH") or self.runtime,
            common=common,
            overlays=overlays,
            startups={role: self._startup(role, items) for role, items in by_role.items()},
            render_all=self.render_all,
            templates=tuple(one.template for one in self.compiled),
            digest=digest,
            source=self.report.source,
            path=path,
        )

    def overlay(
        self, role: Role, pod_node: Node | None, container_node: Node | None, pod_path: str
    ) -> tuple[dict[str, tuple[gotemplate.Template, ...]], Part]:
        """Return the command and args that a role overlay replaces, by key, and its fields.

        A plain ``command`` replaces a ``commandTemplate`` of the common part as well, since an overlay wins; so with ``args``.
        """
        pod, container = (
            node.get(role) if isinstance(node, YamlMapping) else None for node in (pod_node, container_node)
        )
        where = f"{pod_path}.containerTemplate.{role}"
        found = {key: self._items(container, key, where) for key in COMMAND_KEYS}
        replaced = {key: items for key, items in found.items() if items is not None}
        for key, plain in _PLAIN_KEYS.items():
            if isinstance(container, YamlMapping) and not nodes.is_null(container.get(plain)):
                replaced.setdefault(key, ())
        return replaced, self._part(pod, container, f"{pod_path}.{role}", where, overlay=True)

    def _startup(self, role: Role, commands: Mapping[str, tuple[gotemplate.Template, ...]]) -> Startup:
        """Return how pods of a role start, once every Go template of the entry is compiled."""
        command, args = (commands[key] for key in COMMAND_KEYS)
        others = [one.template for one in self.compiled if role in one.roles and not is_of_startup(one.path)]
        return Startup(command, args, _use_custom_args((*command, *args)), _use_custom_args(others))

    def _items(self, container: Node | None, key: str, path: str) -> tuple[gotemplate.Template, ...] | None:
        """Return the compiled items of ``commandTemplate`` or ``argsTemplate``; None if the key is absent.

        A null has no items: in a role overlay it removes those of the common part.
        """
        node = container.get(key) if isinstance(container, YamlMapping) else None
        if node is None:
            return None
        where = f"{path}.{key}"
        found = []
        for index, item in enumerate(checks.a_list(self.report, node, where) or ()):
            scalar = checks.string_item(self.report, item, f"{where}[{index}]")
            template = self._text(scalar, f"{where}[{index}]", ".containerTemplate.") if scalar is not None else None
            found.append(template)
        return tuple(template for template in found if template is not None)

    def _part(
        self, pod: Node | None, container: Node | None, pod_path: str, container_path: str, *, overlay: bool = False
    ) -> Part:
        """Return the common part of the entry or a role overlay."""
        pod_fields = self._fields(pod, pod_path, "spec", self.not_of_pod, overlay=overlay)
        metadata = pod_fields.pop("metadata", {})
        return Part(
            pod={_POD_NAMES.get(key, key): value for key, value in pod_fields.items()},
            container=self._fields(container, container_path, "containers", self.not_of_container, overlay=overlay),
            metadata=pod_metadata.allowed(metadata),
        )

    def _fields(
        self, node: Node | None, path: str, holder: str, others: Container[str], *, overlay: bool
    ) -> dict[str, Any]:
        """Return the Kubernetes fields of a map; a null field only in a role overlay."""
        if not isinstance(node, YamlMapping):
            return {}
        # an own name wins over Kubernetes'
        ordered = sorted(node.pairs.items(), key=lambda pair: pair[0] in _POD_NAMES)
        return {
            key: self._value(pair.node, f"{path}.{key}", key, holder, overlay=overlay)
            for key, pair in ordered
            if key not in others and (overlay or not nodes.is_null(pair.node))
        }

    def _value(self, node: Node, path: str, key: str, holder: str, *, overlay: bool) -> Any:
        """Return the JSON value of a field, in which with ``renderAll`` every string with an action is compiled."""
        value = self._leaves(node, path, _POD_NAMES.get(key, key), holder) if self.render_all else nodes.plain(node)
        return nodes.with_removals(value) if overlay else nodes.present(value)

    def _text(self, scalar: Scalar, path: str, below: str) -> gotemplate.Template | None:
        """Return one compiled text, or None after reporting its mistake at its place in the source.

        Its name begins after ``below`` in its path.
        """
        name = path.split(below, 1)[1]
        try:
            template = gotemplate.Template(scalar.value, f"{self.runtime}/{name}")
        except gotemplate.ParseError as error:
            place = self.report.inside(scalar, error.line, error.column) if error.line else scalar
            self.report.error("template-syntax", path, place, str(error), error.hint, error.excerpt(AROUND))
            return None
        self.compiled.append(Compiled(path, scalar, template, self.roles))
        return template

    def _leaves(self, node: Node, path: str, key: str, holder: str) -> Any:
        """Return a JSON value in which every string with an action is compiled.

        Args:
            node: its YAML.
            path: its key path.
            key: its key; of an item of a list, that of the list.
            holder: the key of the map or list that holds this key.
        """
        if isinstance(node, YamlMapping):
            return {name: self._leaves(pair.node, f"{path}.{name}", name, key) for name, pair in node.pairs.items()}
        if isinstance(node, YamlSequence):
            return [self._leaves(item, f"{path}[{index}]", key, holder) for index, item in enumerate(node.items)]
        if not isinstance(node.value, str) or "{{" not in node.value:
            return node.value
        template = self._text(node, path, ".podTemplate.")
        or_string = (holder, key) in kubernetes.INTEGERS_OR_STRINGS
        if template is not None and (or_string or (holder, key) in kubernetes.INTEGERS):
            return IntegerTemplate(template, or_string)
        return template


def is_of_startup(path: str) -> bool:
    """Return whether a key path is that of an item of ``commandTemplate`` or ``argsTemplate``, also in a role overlay."""
    return _OF_STARTUP.search(path) is not None


def renders_all(entry: Node) -> bool:
    """Return whether every string of an entry is a Go template.

    Also true where ``renderAll`` means to say so with a value of the wrong type. Such an entry is not used, but what is found in it
    should not be a consequence of that.
    """
    value = _scalar(entry, "renderAll") if isinstance(entry, YamlMapping) else None
    return value if isinstance(value, bool) else str(value).lower() in _MEANT_AS_TRUE


def _use_custom_args(templates: Iterable[gotemplate.Template]) -> bool:
    return any(use.name == "CUSTOM_ARGS" for template in templates for use in template.variables)


def _scalar(mapping: YamlMapping, key: str) -> Any:
    node = mapping.get(key)
    return node.value if isinstance(node, Scalar) else None
