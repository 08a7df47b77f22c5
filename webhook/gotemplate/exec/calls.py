"""Calls of functions to closures.

Beside each closure stands the node at which Go would report an error that comes up after the evaluation: the node it
looked at last. None means that only the rendering knows; then `and` or `or` has left it in `State.last`.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ..errors import CallError, ExecError
from ..limits import OutOfStepsError, TooLongError, container_steps, string_steps
from ..parse import nodes
from ..values import ABSENT, HIGH, LOW, Window, type_name
from .comparison import is_nil
from .funcs import FUNCTIONS, Boxed, Function
from .scope import UNSET, Scope
from .state import Context, Evaluate, EvaluateWith, State


class Compiled(NamedTuple):
    """An expression's code and the node that it looks at last."""

    code: Evaluate
    last: nodes.Node | None


class CompiledWith(NamedTuple):
    """Likewise for a command that takes the value of the one before it."""

    code: EvaluateWith
    last: nodes.Node | None


_COMPARISONS: dict[str, Callable[[Any, Any], object]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}
_LONG = 32
"""A string of fewer characters takes no step to look through."""


class Calls:
    """Compiles the calls of one template; `operand` compiles an argument."""

    def __init__(self, context: Context, scope: Scope, operand: Callable[[nodes.Node], Compiled]) -> None:
        self.context = context
        self.scope = scope
        self.operand = operand

    def function(self, word: nodes.Identifier, call: nodes.Node, args: Sequence[nodes.Node]) -> Compiled:
        """Compile a call; `call` is the node where Go reports that the function failed."""
        error = arity_error(word.name, len(args), len(args))
        if error:
            return failing(self.context, None, word, error)
        if word.name in ("and", "or"):
            return self.short_circuit(word, args)
        operands = self.arguments(word.name, args)
        last = operands[-1].last if operands else word
        codes = [operand.code for operand in operands]
        if word.name == "call":
            return Compiled(self.call_of_no_function(call, codes, args[0]), last)
        function = FUNCTIONS[word.name]
        finish = self.finisher(word.name, function, call, args)
        if word.name in _COMPARISONS and len(codes) == 2:
            return Compiled(_comparison(_COMPARISONS[word.name], codes[0], codes[1], finish), last)
        if len(codes) == 1:
            only = codes[0]
            return Compiled(lambda dot, state: finish([only(dot, state)], state), last)
        return Compiled(lambda dot, state: finish([code(dot, state) for code in codes], state), last)

    def function_with(self, word: nodes.Identifier, call: nodes.Command, args: Sequence[nodes.Node]) -> CompiledWith:
        """Compile a call that takes the value of the command before it as its last argument."""
        error = arity_error(word.name, len(args) + 1, len(args))
        if error:
            refusal = failing(self.context, None, word, error)
            return CompiledWith(lambda dot, state, _: refusal.code(dot, state), word)
        if word.name in ("and", "or"):
            return self.short_circuit_with(word, args)
        operands = self.arguments(word.name, args)
        last = operands[-1].last if operands else word
        codes = [operand.code for operand in operands]
        if word.name == "call":
            return self.call_with(call, codes, args, last)
        function = FUNCTIONS[word.name]
        finish = self.finisher(word.name, function, call, (*args, call))
        check = self.layout_check(last) if function.takes_layout and not args else None

        def run(dot: object, state: State, final: object) -> object:
            values = [code(dot, state) for code in codes]
            if check is not None:
                check(final, state)
            values.append(final)
            return finish(values, state)

        return CompiledWith(run, last)

    def arguments(self, name: str, args: Sequence[nodes.Node]) -> list[Compiled]:
        """Compile arguments; the first of `printf` must be a string."""
        operands = [self.operand(arg) for arg in args]
        if name == "slice":
            return [*operands[:1], *map(self.boxed, args[1:], operands[1:])]
        if args and name in FUNCTIONS and FUNCTIONS[name].takes_layout:
            operands[0] = self.layout_argument(args[0], operands[0])
        return operands

    def boxed(self, node: nodes.Node, operand: Compiled) -> Compiled:
        """Return code for an index of `slice`, which Go refuses if its type is that of an interface."""
        code, last = operand
        if isinstance(node, nodes.Field | nodes.Chain) or (isinstance(node, nodes.Variable) and len(node.names) > 1):

            def box(dot: object, state: State) -> object:
                value = code(dot, state)
                return value if value is ABSENT else Boxed(value)

            return Compiled(box, last)
        if isinstance(node, nodes.Dot):
            return Compiled(
                lambda dot, state: code(dot, state) if state.is_typed(state.container) else Boxed(code(dot, state)),
                last,
            )
        if isinstance(node, nodes.Variable):
            slots = self.scope.slots_of(node.names[0])

            def box_element(dot: object, state: State) -> object:
                value = code(dot, state)
                slot = next((slot for slot in slots if slot >= 0 and state.variables[slot] is not UNSET), -1)
                return value if state.is_typed(state.containers.get(slot)) else Boxed(value)

            return Compiled(box_element, last)
        return operand

    def layout_argument(self, node: nodes.Node, operand: Compiled) -> Compiled:
        """Return code for an argument that must be a string."""
        if isinstance(node, nodes.String):
            return operand
        if isinstance(node, nodes.Nil):
            return failing(self.context, None, node, "cannot assign nil to string")
        if isinstance(node, nodes.Bool | nodes.Number):
            return failing(self.context, None, node, f"expected string; found {node}")
        check = self.layout_check(operand.last)

        def checked(dot: object, state: State) -> object:
            value = operand.code(dot, state)
            check(value, state)
            return value

        return Compiled(checked, operand.last)

    def layout_check(self, where: nodes.Node | None) -> Callable[[object, State], None]:
        """Return code that fails unless a value is a string."""
        context = self.context

        def check(value: object, state: State) -> None:
            if isinstance(value, str):
                return
            if value is ABSENT:
                raise context.error(where or state.last, "invalid value; expected string")
            raise context.error(where or state.last, f"wrong type for value; expected string; got {type_name(value)}")

        return check

    def finisher(
        self, name: str, function: Function, call: nodes.Node, args: Sequence[nodes.Node]
    ) -> Callable[[list[object], State], object]:
        """Return code that hands evaluated arguments to a function and reports what it says."""
        context = self.context
        run = function.run
        prints = function.builds and name != "slice"
        scans = function.scans

        def finish(values: list[object], state: State) -> object:
            if function.prints and state.on_no_value is not None:
                _report_nil(context, state, values, args)
            for value in values:
                if isinstance(value, str):
                    if len(value) >= _LONG and (scans or not value.isascii()):
                        state.steps -= string_steps(value)
                elif prints and type(value) is not int and isinstance(value, list | tuple | Mapping):
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

        return finish

    def call_of_no_function(self, call: nodes.Node, codes: Sequence[Evaluate], named: nodes.Node) -> Evaluate:
        """Return code for `call`: no JSON value is a function."""
        context = self.context

        def run(dot: object, state: State) -> object:
            values = [code(dot, state) for code in codes]
            raise context.error(call, _call_error(values[0], str(named)))

        return run

    def call_with(
        self, call: nodes.Command, codes: Sequence[Evaluate], args: Sequence[nodes.Node], last: nodes.Node | None
    ) -> CompiledWith:
        """Return code for `call` behind a `|`."""
        context = self.context

        def run(dot: object, state: State, final: object) -> object:
            values = [*[code(dot, state) for code in codes], final]
            name = str(args[0]) if args else final if isinstance(final, str) else f"<{type_name(final)} Value>"
            raise context.error(call, _call_error(values[0], name))

        return CompiledWith(run, last)

    # --- and, or ---

    def short_circuit(self, word: nodes.Identifier, args: Sequence[nodes.Node]) -> Compiled:
        """Compile `and` or `or`: arguments behind the first that decides are not evaluated."""
        decide, optional = self.deciders(args)
        is_or = word.name == "or"

        def run(dot: object, state: State) -> object:
            for slot in optional:
                state.variables[slot] = UNSET
            value: object = ABSENT
            for code, last in decide:
                value = code(dot, state)
                if last is not None:
                    state.last = last
                if bool(value) is is_or:
                    break
            return value

        return Compiled(run, None)

    def short_circuit_with(self, word: nodes.Identifier, args: Sequence[nodes.Node]) -> CompiledWith:
        """Compile `and` or `or` behind a `|`: the value before it is the last argument."""
        decide, optional = self.deciders(args)
        is_or = word.name == "or"

        def run(dot: object, state: State, final: object) -> object:
            for slot in optional:
                state.variables[slot] = UNSET
            state.last = word
            for code, last in decide:
                value = code(dot, state)
                if last is not None:
                    state.last = last
                if bool(value) is is_or:
                    return value
            return final

        return CompiledWith(run, None)

    def deciders(self, args: Sequence[nodes.Node]) -> tuple[list[Compiled], range]:
        """Compile the arguments; return also the slots of variables that they may or may not declare."""
        first = self.scope.slots
        self.scope.optional_depth += 1
        decide = [self.operand(arg) for arg in args]
        self.scope.optional_depth -= 1
        return decide, range(first, self.scope.slots)


def failing(
    context: Context, first: Compiled | None, where: nodes.Node | None, message: str, quoted: nodes.Node | str = ""
) -> Compiled:
    """Return code that evaluates `first`, if there is one, and then fails; `quoted` is what the message ends with."""

    def fail(dot: object, state: State) -> object:
        if first is not None:
            first.code(dot, state)
        raise context.error(where or state.last, f"{message}{quoted}")

    return Compiled(fail, where)


def arity_error(name: str, count: int, written: int) -> str:
    """Return what is wrong with the number of a function's arguments, or "".

    Args:
        name: the function.
        count: how many it gets.
        written: how many of them stand behind its name.
    """
    function = FUNCTIONS.get(name)
    at_least = function.at_least if function else 1
    if function and function.exact:
        return f"wrong number of args for {name}: want {at_least} got {count}" if count != at_least else ""
    return f"wrong number of args for {name}: want at least {at_least} got {written}" if count < at_least else ""


def _refusal(context: Context, state: State, call: nodes.Node, name: str, error: CallError) -> ExecError:
    """Return the error of a function that refuses its arguments."""
    if isinstance(error, OutOfStepsError):
        return context.out_of_steps(state, call)
    if isinstance(error, TooLongError):
        return context.error(call, f"output exceeds {context.limits.output_bytes} bytes", limit=True)
    return context.error(call, f"error calling {name}: {error}")


def _report_nil(context: Context, state: State, values: Sequence[object], args: Sequence[nodes.Node]) -> None:
    """Report the arguments that print as `<no value>`."""
    for value, arg in zip(values, args, strict=True):
        if is_nil(value):
            context.no_value(state, arg)


def _size(built: object) -> int:
    """Return about how many bytes a string or list takes that a function has built."""
    if isinstance(built, str):
        return len(built)
    assert isinstance(built, Window)
    return 8 * len(built) + 64


def _call_error(value: object, name: str) -> str:
    if is_nil(value):
        return "error calling call: call of nil"
    return f"error calling call: non-function {name} of type {type_name(value)}"


def _comparison(
    compare: Callable[[Any, Any], object],
    left: Evaluate,
    right: Evaluate,
    finish: Callable[[list[object], State], object],
) -> Evaluate:
    """Return code for a comparison of two values; two small ints, or equality of two strings, take the short way."""
    equality = compare in (operator.eq, operator.ne)

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
        return finish([first, second], state)

    return run
