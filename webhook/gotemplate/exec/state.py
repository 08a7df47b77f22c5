"""The state of one rendering."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..limits import Allowance, Limits
from ..parse import nodes
from ..values import Window, holds_interfaces

if TYPE_CHECKING:
    from .compiled import Program

_LONG_LIST = 16
"""The types of shorter lists are not cached."""


@dataclass(frozen=True, slots=True)
class NoValue:
    """A place that printed `<no value>`.

    Attributes:
        line: line in the template's text, from 1.
        column: character in that line, from 1.
        expression: canonical source of the expression without a value, such as `.MODLE_NAME`.
    """

    line: int
    column: int
    expression: str


class State(Allowance):
    """One rendering. Closures read and write these attributes directly: they are the hot path.

    Attributes:
        pieces: the output so far.
        out: appends to it.
        variables: values of the running template's variables, by slot; `$` is slot 0.
        last: the node last evaluated by `and` or `or`, for errors that Go reports there.
        steps: how many steps are left.
        budget: how many bytes of built strings are left.
        allowed_steps, allowed_bytes: how many there were at the beginning, for errors.
        depth: how many template calls are running.
        container: the list or map that contains dot; None if dot is not an element.
        containers: the same for variables, by slot.
        typed: for long lists, by identity: whether their elements have a type of their own.
        programs: the templates that may be called, by name. They are here because a call that had them would be part of them, a
            cycle that only the garbage collector frees.
    """

    __slots__ = (
        "allowed_bytes",
        "allowed_steps",
        "container",
        "containers",
        "deadline",
        "depth",
        "last",
        "on_no_value",
        "out",
        "pieces",
        "programs",
        "typed",
        "variables",
    )

    def __init__(
        self,
        limits: Limits,
        on_no_value: Callable[[NoValue], None] | None,
        deadline: float | None,
        programs: "Mapping[str, Program]",
    ) -> None:
        self.on_no_value = on_no_value
        self.deadline = deadline
        self.pieces: list[str] = []
        self.out = self.pieces.append
        self.variables: list[object] = []
        self.last: nodes.Node | None = None
        self.steps = self.allowed_steps = limits.steps
        self.budget = self.allowed_bytes = limits.output_bytes
        self.depth = 0
        self.container: object = None
        self.containers: dict[int, object] = {}
        self.typed: dict[int, tuple[object, bool]] = {}
        self.programs = programs

    def is_typed(self, container: object) -> bool:
        """Return whether the elements of `container` have a type of their own; true for None: not an element."""
        if isinstance(container, Window):
            container = container.base  # shared by all its parts
        if not isinstance(container, list | tuple) or len(container) < _LONG_LIST:
            return not holds_interfaces(container)
        known = self.typed.get(id(container))
        if known is None:
            # the entry holds the list, so that no other object can get its id
            known = self.typed[id(container)] = container, not holds_interfaces(container)
        return known[1]


def late(deadline: float) -> bool:
    """Return whether a deadline has passed."""
    return time.monotonic() > deadline
