"""Goes through Kubernetes' fields as far as they go, and holds each against what the API server says about it.

What reading a configuration has reported is not reported again.
"""

from collections.abc import Collection, Mapping

from webhook import errors
from webhook.catalog import Severity
from webhook.catalog.report import Placed, Report
from webhook.catalog.schema import checks, kubernetes, pod_fields
from webhook.catalog.schema.pod_fields import ListType, MapType, ObjectType, Type, ValueType
from webhook.catalog.yaml import nodes
from webhook.catalog.yaml.nodes import Node, Scalar, YamlMapping, YamlSequence
from webhook.linting import objects, values
from webhook.linting.values import Slot
from webhook.problems import ProblemCode
from webhook.rendering import fields as merged_fields
from webhook.rendering import names
from webhook.workload.names import NameRule

_ALIASES = {"podSecurityContext": "securityContext"}

#: Fields that Kubernetes requires, but an API server takes for empty or 0 where a pod leaves them out.
_ABSENT_IS_EMPTY = frozenset(
    {("HTTPHeader", "value"), ("ISCSIVolumeSource", "lun"), ("ScaleIOVolumeSource", "secretRef"), ("Sysctl", "value")}
)

#: Where volumes have the name of another object, which the API server does not check: by type and key.
_REFERENCES = frozenset(
    {
        ("ConfigMapProjection", "name"),
        ("ConfigMapVolumeSource", "name"),
        ("PersistentVolumeClaimVolumeSource", "claimName"),
        ("SecretProjection", "name"),
        ("SecretVolumeSource", "secretName"),
    }
)

#: Types of a value as ``checks`` names them.
_TYPES: Mapping[str, type] = {"string": str, "integer": int, "boolean": bool}
_OTHER_TYPES = {"quantity": 'a quantity such as "16Gi"', "int-or-string": "a whole number or a string"}

#: How many maps a misplaced key may belong to, so that naming them helps.
_FEW = 3


class FieldWalk:
    """Goes through the fields of the entries of one text.

    Attributes:
        report: receives the findings.
        render_all: whether the strings of the current entry are Go templates.
        slots: where Go templates are, by key path.
    """

    def __init__(self, report: Report) -> None:
        self.report = report
        self.render_all = False
        self.slots: dict[str, Slot] = {}
        self._known = {(problem.code, problem.path) for problem in report.problems}

    def add(self, severity: Severity, code: ProblemCode, path: str, at: Placed, cause: str, remedy: str) -> None:
        """Add a finding, unless there is one with this code and path."""
        if (code, path) not in self._known:
            self._known.add((code, path))
            self.report.add(severity, code, path, at, cause, remedy)

    def fields(
        self,
        mapping: YamlMapping,
        path: str,
        wanted: ObjectType,
        rules: names.Names,
        own: Collection[str] = (),
        *,
        complete: bool,
        whole: bool = False,
    ) -> None:
        """Go through the fields of a map.

        Args:
            mapping: the map.
            path: its key path.
            wanted: its type.
            rules: the rules for names in it.
            own: keys that are left out.
            complete: whether this is where its fields are given, so that a required one should be.
            whole: whether merging uses it as a whole, so that a required one must be.
        """
        optional = mapping.get("optional")
        need_not_exist = isinstance(optional, Scalar) and optional.value is True
        for key, pair in mapping.pairs.items():
            inner = wanted.fields.get(_ALIASES.get(key, key))
            if inner is not None and key not in own:
                where = f"{path}.{key}"
                below = {} if need_not_exist and (wanted.name, key) in _REFERENCES else _below(rules, key)
                self.value(pair.node, where, inner, below, wanted.name, key, complete=complete, whole=whole)
        objects.check(wanted.name, mapping, path, self.add)

    def value(
        self,
        node: Node,
        path: str,
        wanted: Type,
        rules: "NameRule | names.Names",
        holder: str,
        key: str,
        *,
        complete: bool = False,
        whole: bool = False,
    ) -> None:
        """Go through a value. A null is an absent field, or in a role overlay removes one."""
        if nodes.is_null(node) or node.flaws:
            return
        if isinstance(wanted, ValueType):
            self._scalar(node, path, Slot(holder, key, wanted, *_rule(rules, holder, key)))
        elif isinstance(wanted, ListType):
            for index, item in enumerate(node.items if self._is(node, path, list) else ()):  # type: ignore[union-attr]
                where = f"{path}[{index}]"
                self.value(item, where, wanted.items, rules, holder, key, complete=complete, whole=True)
        elif isinstance(wanted, MapType):
            for name, pair in node.pairs.items() if self._is(node, path, dict) else ():  # type: ignore[union-attr]
                if key in values.LABELS and (flaw := values.of_label_key(name)):
                    self.add(flaw.severity, flaw.code, f"{path}.{name}", pair, flaw.cause, flaw.remedy)
                self.value(pair.node, f"{path}.{name}", wanted.values, _below(rules, name), holder, name)
        elif self._is(node, path, dict) and isinstance(node, YamlMapping):
            whole = whole or key in merged_fields.WHOLE
            self._unknown(node, path, wanted, holder)
            self._missing(node, path, wanted, key, complete=complete, whole=whole)
            below = rules if not isinstance(rules, NameRule) else {}
            self.fields(node, path, wanted, below, complete=complete, whole=whole)

    def _is(self, node: Node, path: str, wanted: type) -> bool:
        """Return whether a value is a list or a map, after reporting it if not."""
        right = isinstance(node, YamlSequence if wanted is list else YamlMapping)
        if not right and ("wrong-type", path) not in self._known:
            checks.wrong_type(self.report, node, path, wanted)
        return right

    def _scalar(self, node: Node, path: str, slot: Slot) -> None:
        wanted = slot.type.kind
        value = node.value if isinstance(node, Scalar) else None
        is_template = isinstance(value, str) and "{{" in value
        right = isinstance(node, Scalar) and (
            type(value) is _TYPES[wanted]
            if wanted in _TYPES
            else type(value) in ((int, str) if wanted == "int-or-string" else (int, float, str))
        )
        if is_template and (right or (wanted == "integer" and self.render_all)):
            if self.render_all and wanted != "integer":  # trials check what an integer's template prints
                self.slots[path] = slot
        elif not right:
            self._wrong_type(node, path, wanted)
        elif isinstance(value, str | int | float) and (flaw := values.flaw(slot, value)):
            self.add(flaw.severity, flaw.code, path, node, flaw.cause, flaw.remedy)

    def _wrong_type(self, node: Node, path: str, wanted: str) -> None:
        if ("wrong-type", path) in self._known:
            return
        if wanted in _TYPES:
            checks.wrong_type(self.report, node, path, _TYPES[wanted])
        else:
            self.add(
                "error", "wrong-type", path, node, f"must be {_OTHER_TYPES[wanted]}, found {nodes.describe(node)}", ""
            )

    def _unknown(self, mapping: YamlMapping, path: str, wanted: ObjectType, holder: str) -> None:
        """Report every key that the API server does not know. A newer one may, so it is passed on."""
        for key, pair in mapping.pairs.items():
            if key not in wanted.fields and ("unknown-key", f"{path}.{key}") not in self._known:
                remedy = self._place(key, path, wanted, holder) or checks.suggestion(self.report, key, wanted.fields)
                cause = f'unknown field "{key}": it is passed on as written'
                self.add("warning", "unknown-key", f"{path}.{key}", pair, cause, remedy)

    def _place(self, key: str, path: str, wanted: ObjectType, holder: str) -> str:
        """Return where a misplaced key belongs: into a map beside it, or beside the map that it is in; "" if that is not known."""
        inside = [name for name, one in wanted.fields.items() if isinstance(one, ObjectType) and key in one.fields]
        if 0 < len(inside) <= _FEW:
            return f"move it into {' or '.join(inside)}"
        above = pod_fields.objects().get(holder)
        if above is not None and key in above.fields and not errors.nearest(key, wanted.fields):
            return f'move it up, beside "{path.rpartition(".")[2]}"'
        return ""

    def _missing(
        self, mapping: YamlMapping, path: str, wanted: ObjectType, key: str, *, complete: bool, whole: bool
    ) -> None:
        """Report required fields that are absent. What is merged key by key may get them from elsewhere."""
        read = (*kubernetes.MERGE_KEYS.get(key, ()), *kubernetes.REQUIRED.get(key, ())) if path.endswith("]") else ()
        for name in wanted.required if whole or complete else ():
            if name in read or (wanted.name, name) in _ABSENT_IS_EMPTY or not nodes.is_null(mapping.get(name)):
                continue
            what = f"an item of {key}" if path.endswith("]") else key
            self.report.add(
                "error" if whole else "warning",
                "missing-key",
                path,
                mapping,
                f'{what} has no "{name}"',
                f'add "{name}:"',
            )


def _below(rules: "NameRule | names.Names", key: str) -> "NameRule | names.Names":
    """Return the rules for what is below a key."""
    if isinstance(rules, NameRule):
        return {}
    return rules.get(_ALIASES.get(key, key), rules.get(names.ANY, {}))


def _rule(rules: "NameRule | names.Names", holder: str, key: str) -> tuple[NameRule | None, bool]:
    """Return the rule for a name, and whether it is the name of another object."""
    if not isinstance(rules, NameRule):
        return None, False
    return rules, (holder, key) in _REFERENCES
