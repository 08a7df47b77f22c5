"""Which labels the nodes of a workload may have, as its nodeSelector and its required node affinity say (contract section 6).

A pod runs on nodes that have the labels of its nodeSelector and that one term of its affinity selects. A term without
expressions and fields selects no node (Kubernetes API reference, NodeSelectorTerm).
"""

from collections.abc import Mapping
from typing import Any

import msgspec

#: Labels with their values, as in the ``node_selector`` of a row of the GPU table.
Labels = tuple[tuple[str, str], ...]


class _Values(msgspec.Struct):
    """Which values a term lets a label have.

    Attributes:
        only: the values of ``In``; None without one.
        never: the values of ``NotIn``.
        absent: whether nodes must not have the label.
    """

    only: frozenset[str] | None = None
    never: set[str] = msgspec.field(default_factory=set)
    absent: bool = False

    def add(self, operator: Any, values: list[str]) -> None:
        """Take in one more expression; Exists, Gt and Lt leave every value possible."""
        if operator == "In":
            self.only = frozenset(values) if self.only is None else self.only.intersection(values)
        elif operator == "NotIn":
            self.never.update(values)
        elif operator == "DoesNotExist":
            self.absent = True

    def allows(self, value: str) -> bool:
        """Return whether a node with this value of the label can be meant."""
        return not self.absent and (self.only is None or value in self.only) and value not in self.never

    def is_only(self, value: str) -> bool:
        """Return whether only nodes with this value of the label are meant."""
        return self.only == frozenset((value,)) and self.allows(value)


class NodeLabels(msgspec.Struct, frozen=True):
    """What a pod spec says about the labels of its nodes.

    Attributes:
        selector: its nodeSelector.
        terms: the terms of its required node affinity that select nodes, each by label.
    """

    selector: Mapping[str, Any]
    terms: tuple[Mapping[str, _Values], ...]

    def exclude(self, labels: Labels) -> bool:
        """Return whether the pods never run on nodes with these labels."""
        if any(label in self.selector and self.selector[label] != value for label, value in labels):
            return True
        return bool(self.terms) and all(
            any(label in term and not term[label].allows(value) for label, value in labels) for term in self.terms
        )

    def require(self, labels: Labels) -> bool:
        """Return whether the pods only run on nodes with these labels."""
        return bool(labels) and all(self._requires(label, value) for label, value in labels)

    def _requires(self, label: str, value: str) -> bool:
        if self.selector.get(label) == value:
            return True
        return bool(self.terms) and all(label in term and term[label].is_only(value) for term in self.terms)


def of(spec: Mapping[str, Any]) -> NodeLabels:
    """Return what a pod spec whose shape has been checked says about the labels of its nodes."""
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}
    terms = required.get("nodeSelectorTerms") or ()
    return NodeLabels(
        spec.get("nodeSelector") or {},
        tuple(_by_label(term) for term in terms if term.get("matchExpressions") or term.get("matchFields")),
    )


def _by_label(term: Mapping[str, Any]) -> dict[str, _Values]:
    found: dict[str, _Values] = {}
    for expression in term.get("matchExpressions") or ():
        values = found.setdefault(str(expression.get("key")), _Values())
        values.add(expression.get("operator"), expression.get("values") or [])
    return found
