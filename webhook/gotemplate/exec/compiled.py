"""What a compiled template consists of: closures, and the nodes at which they fail."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from ..parse import nodes
from .context import Context
from .state import State

BREAK: Final = 1
CONTINUE: Final = 2
"""How code ends that reached a `break` or `continue` for the loop around it. Other code returns None."""

Evaluate: TypeAlias = Callable[[object, State], object]
"""Compiled expression: takes dot and returns a value."""

EvaluateWith: TypeAlias = Callable[[object, State, object], object]
"""Compiled command after a `|`: takes dot and the value of the previous command."""

Run: TypeAlias = Callable[[object, State], int | None]
"""Compiled action: takes dot, writes output, and returns None, `BREAK` or `CONTINUE`."""


@dataclass(frozen=True, slots=True)
class Program:
    """One compiled template: its code, how many variables it has, and how many steps one run costs."""

    run: Run
    slots: int
    steps: int


class Compiled(NamedTuple):
    """An expression's code, and the node at which Go reports an error that follows its evaluation.

    That is the node which Go evaluated last. None means that only the rendering knows: `and` or `or` has left the node
    in `State.last`.
    """

    code: Evaluate
    last: nodes.Node | None


class CompiledWith(NamedTuple):
    """The same for a command after a `|`."""

    code: EvaluateWith
    last: nodes.Node | None


def failing(
    context: Context, first: Compiled | None, where: nodes.Node | None, message: str, quoted: nodes.Node | str = ""
) -> Compiled:
    """Return code that evaluates `first`, if given, and then fails; `quoted` ends the message."""

    def fail(dot: object, state: State) -> object:
        if first is not None:
            first.code(dot, state)
        raise context.error(where or state.last, f"{message}{quoted}")

    return Compiled(fail, where)
