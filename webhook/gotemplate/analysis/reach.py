"""What renderings of a template could do, found without rendering it.

The walk follows the tree as a rendering would, with shapes in place of values, and enters every branch that some value
would enter. So it covers all data of certain types at once: which text could be printed, which branches are never
entered, and which expressions always fail. Where nothing is known of a value, nothing is reported.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from ..parse import nodes
from ..parse.lines import Lines
from ..parse.names import COMPARISON_NAMES
from .points import Point, points
from .walk import Findings, walk


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of text, or a string in an action that prints, that a rendering with such data could reach.

    Attributes:
        text: as written in the template; of a string, the part between its quotation marks.
        line: line in the template's text where it begins, from 1.
        column: character in that line, from 1.
    """

    text: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Unreached:
    """A branch that no rendering with such data enters.

    Attributes:
        action: canonical source of the action that decides, such as `if gt 1 2` or `break`.
        branch: `body`, `else`, or `rest`: what follows a `break` or `continue` in the same list.
        line: line in the template's text where the action's pipeline begins, from 1.
        column: character in that line, from 1.
    """

    action: str
    branch: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Failure:
    """An expression that fails whenever a rendering with such data reaches it.

    Attributes:
        expression: its canonical source.
        function: the function that refuses its arguments, or "".
        message: the reason; if a function refuses its arguments, in Go's words.
        line: line in the template's text where Go reports it, from 1.
        column: character in that line, from 1.
    """

    expression: str
    function: str
    message: str
    line: int
    column: int

    @property
    def compares(self) -> bool:
        """Whether the failure is a comparison of two types that cannot be compared."""
        return self.function in COMPARISON_NAMES and "type" in self.message


@dataclass(frozen=True, slots=True)
class Reach:
    """What renderings with data of certain types could do. Each tuple is sorted by place.

    Attributes:
        passages: text that could be printed.
        unreached: branches that are never entered.
        failures: expressions that always fail.
        points: actions and outcomes that could be gone through.
    """

    passages: tuple[Passage, ...]
    unreached: tuple[Unreached, ...]
    failures: tuple[Failure, ...]
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Given:
    """What is known of the data of a rendering.

    Attributes:
        data: a mapping with a sample of each variable. Only the sample's type counts; for a list, also the type of its
            elements. For a template whose data is not a mapping, a sample of the data itself.
        certain: the variables whose sample is their value, not only of their type.
        least: of integer variables that are not certain, the least value that they may have.
    """

    data: object
    certain: Collection[str] = ()
    least: Mapping[str, int] = field(default_factory=dict)


def reach(text: str, name: str, templates: Mapping[str, nodes.List], cases: Iterable[Given]) -> Reach:
    """Return what renderings of the template `name` could do in any of the cases.

    Args:
        text: the text that contains all the templates.
        name: the template.
        templates: all templates by name.
        cases: what is known of the data.
    """
    findings = Findings()
    for given in cases:
        walk(templates, name, given.data, given.certain, findings, given.least)
    place = Lines(text).place
    return Reach(
        tuple(Passage(found, *place(offset)) for offset, found in sorted(findings.passages)),
        tuple(
            Unreached(action, branch, *place(offset))
            for offset, branch, action in sorted(findings.skipped - findings.entered)
        ),
        tuple(
            Failure(expression, function, message, *place(offset))
            for offset, expression, function, message in sorted(findings.failures)
        ),
        tuple(point for mark, point in points(text, name, templates).items() if mark in findings.passed),
    )
