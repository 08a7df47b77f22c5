"""The tables of codes in the docs, made from what ``rule`` prints."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from webhook.rules.data import every
from webhook.rules.rule import Rule


class _Form(NamedTuple):
    """How a table looks: the names of its columns, and the cells of a rule."""

    columns: tuple[str, ...]
    cells: Callable[[Rule], tuple[str, ...]]


_MEANING = _Form(("code", "meaning"), lambda rule: (f"`{rule.code}`", rule.meaning))
_SEVERITY = _Form(("code", "severity", "meaning"), lambda rule: (f"`{rule.code}`", rule.severity, rule.meaning))
_DENIAL = _Form(("code", "meaning", "what to do"), lambda rule: (f"`{rule.code}`", rule.meaning, rule.remedy))
_WARNING = _Form(
    ("code", "warning", "meaning, and what to do"), lambda rule: (f"`{rule.code}`", rule.title, rule.meaning)
)

#: The form of each table by the group of its rules.
TABLES: Mapping[str, _Form] = MappingProxyType(
    {
        "whole": _MEANING,
        "entry": _MEANING,
        "reading": _SEVERITY,
        "lint": _SEVERITY,
        "fields": _SEVERITY,
        "The workload": _DENIAL,
        "The configuration": _DENIAL,
        "Rendered objects": _DENIAL,
        "The webhook itself": _DENIAL,
        "Warnings": _WARNING,
    }
)


def table(group: str) -> str:
    """Return a table as Markdown, with a row for each rule of the group."""
    columns, cells = TABLES[group]
    rows = [columns, *(cells(rule) for rule in every() if rule.group == group)]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], "|---" * len(columns) + "|", *lines[1:]])
