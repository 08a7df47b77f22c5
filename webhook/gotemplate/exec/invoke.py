"""Calls a predefined function with evaluated arguments: its cost, its refusals, and a fast path for comparisons."""

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from ..errors import CallError, ExecError
from ..limits import OutOfStepsError, TooLongError, container_steps, string_steps
from ..parse import nodes
from ..values import HIGH, LOW, Window
from .comparison import is_nil
from .compiled import Evaluate
from .context import Context
from .funcs import FUNCTIONS
from .state import State

_COMPARISONS: dict[str, Callable[[Any, Any], object]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}
_LONG = 32
"""Scanning a string of fewer characters costs no step."""

Invoke: TypeAlias = Callable[[list[object], State], object]
"""Calls a function with evaluated arguments."""


def invoker(context: Context, name: str, call: nodes.Node, args: Sequence[nodes.Node]) -> Invoke:
    """Return code that calls a predefined function.

    Args:
        context: for errors.
        name: the function.
        call: the node where Go reports that the function failed.
        args: the node of each argument, for reports of `<no value>`.
    """
    function = FUNCTIONS[name]
    run = function.run
    builds_text = function.builds and name != "slice"
    scans = function.scans

    def invoke(values: list[object], state: State) -> object:
        if function.prints and state.on_no_value is not None:
            _report_nil(context, state, values, args)
        for value in values:
            if isinstance(value, str):
                if len(value) >= _LONG and (scans or not value.isascii()):
                    state.steps -= string_steps(value)
            elif builds_text and type(value) is not int and isinstance(value, list | tuple | Mapping):
                state.steps -= container_steps(value, state.steps)
        if state.steps < 0:
            raise context.out_of_steps(state, call)
        try:
            result = run(values, state)
        except CallError as error:
            raise _refusal(context, state, call, name, error) from None
        if function.builds:
            context.charge(state, call, _size(result))
        return result

    return invoke


def comparison(
    name: str,
    left: Evaluate,
    right: Evaluate,
    invoke: Invoke,
) -> Evaluate:
    """Return code that compares two values: two small ints, or two short strings for equality, without `invoke`."""
    compare = _COMPARISONS[name]
    equality = name in ("eq", "ne")

    def run(dot: object, state: State) -> object:
        first = left(dot, state)
        second = right(dot, state)
        kind = type(first)
        if kind is type(second):
            if kind is int:
                if LOW < first < HIGH and LOW < second < HIGH:  # type: ignore[operator]  # ints
                    return compare(first, second)
            elif equality and kind is str and len(first) < _LONG:  # type: ignore[arg-type]  # a str
                return compare(first, second)
        return invoke([first, second], state)

    return run


def _refusal(context: Context, state: State, call: nodes.Node, name: str, error: CallError) -> ExecError:
    """Return the error for a function that refuses its arguments."""
    if isinstance(error, OutOfStepsError):
        return context.out_of_steps(state, call)
    if isinstance(error, TooLongError):
        state.budget = -1  # refused before it was built
        return context.error(call, f"output exceeds {state.allowed_bytes} bytes", limit=True)
    return context.error(call, f"error calling {name}: {error}")


def _report_nil(context: Context, state: State, values: Sequence[object], args: Sequence[nodes.Node]) -> None:
    """Report the arguments that print as `<no value>`."""
    for value, arg in zip(values, args, strict=True):
        if is_nil(value):
            context.no_value(state, arg)


def _size(built: object) -> int:
    """Return about how many bytes a string or list built by a function takes."""
    if isinstance(built, str):
        return len(built)
    assert isinstance(built, Window)
    return 8 * len(built) + 64
