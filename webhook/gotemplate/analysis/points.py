"""The points of a template that a rendering goes through or not: its actions, and the outcomes of its branches."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from ..exec.observed import BODY, CALLED, ELSE, MANY, NONE, ONE, PASSED
from ..fmt.quote import quote
from ..parse import nodes
from ..parse.lines import Lines

Mark: TypeAlias = tuple[int, str]
"""A point as compiled code reports it: an offset in the text, and an outcome."""


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a template.

    Attributes:
        line: line in the template's text where the action's pipeline begins, or the body of a `define`; from 1.
        column: character in that line, from 1.
        action: canonical source: `{{.X}}` for an action that prints or sets variables, `if .X` for one that decides,
            `define "name"` for a definition.
        outcome: "" for an action; `body` or `else` for `if` and `with`, whether or not there is an `{{else}}`; `none`,
            `one` or `many` turns for `range`; `called` for `define`.
    """

    line: int
    column: int
    action: str
    outcome: str


def points(text: str, name: str, templates: Mapping[str, nodes.List]) -> dict[Mark, Point]:
    """Return all points of a text that contains these templates, in the order of the text."""
    place = Lines(text).place
    found: dict[Mark, Point] = {}
    for template, root in templates.items():
        if template != name:
            found[root.offset, CALLED] = Point(*place(root.offset), f"define {quote(template)}", CALLED)
        for node in _actions(root):
            for outcome in _outcomes(node):
                found[node.offset, outcome] = Point(*place(node.offset), _source(node), outcome)
    return dict(sorted(found.items(), key=lambda pair: pair[0][0]))


def _actions(parent: nodes.List) -> Iterator[nodes.Node]:
    for child in parent.nodes:
        if isinstance(child, nodes.Text):
            continue
        yield child
        if isinstance(child, nodes.Branch):
            yield from _actions(child.body)
            if child.otherwise is not None:
                yield from _actions(child.otherwise)


def _outcomes(node: nodes.Node) -> tuple[str, ...]:
    match node:
        case nodes.Range():
            return NONE, ONE, MANY
        case nodes.Branch():
            return BODY, ELSE
        case _:
            return (PASSED,)


def _source(node: nodes.Node) -> str:
    return f"{node.keyword} {node.pipe}" if isinstance(node, nodes.Branch) else str(node)
