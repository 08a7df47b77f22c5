"""Compiles calls of functions."""

from collections.abc import Callable, Sequence

from ..parse import nodes
from ..parse.names import COMPARISON_NAMES
from ..values import ABSENT, type_name
from .comparison import is_nil
from .compiled import Compiled, CompiledWith, Evaluate, failing
from .context import Context
from .funcs import FUNCTIONS, Boxed, arity_error
from .invoke import comparison, invoker
from .scope import UNSET, Scope, bound_slot
from .state import State


class Calls:
    """Compiles the function calls of one template; `operand` compiles an argument."""

    def __init__(self, context: Context, scope: Scope, operand: Callable[[nodes.Node], Compiled]) -> None:
        self.context = context
        self.scope = scope
        self.operand = operand

    def function(self, word: nodes.Identifier, call: nodes.Node, args: Sequence[nodes.Node]) -> Compiled:
        """Compile a call; `call` is the node at which Go reports that the function failed."""
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
        invoke = invoker(self.context, word.name, call, args)
        if word.name in COMPARISON_NAMES and len(codes) == 2:
            return Compiled(comparison(word.name, codes[0], codes[1], invoke), last)
        if len(codes) == 1:
            only = codes[0]
            return Compiled(lambda dot, state: invoke([only(dot, state)], state), last)
        return Compiled(lambda dot, state: invoke([code(dot, state) for code in codes], state), last)

    def function_with(self, word: nodes.Identifier, call: nodes.Command, args: Sequence[nodes.Node]) -> CompiledWith:
        """Compile a call after a `|`: the value of the previous command is its last argument."""
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
        invoke = invoker(self.context, word.name, call, (*args, call))
        check = self.layout_check(last) if FUNCTIONS[word.name].takes_layout and not args else None

        def run(dot: object, state: State, final: object) -> object:
            values = [code(dot, state) for code in codes]
            if check is not None:
                check(final, state)
            values.append(final)
            return invoke(values, state)

        return CompiledWith(run, last)

    def arguments(self, name: str, args: Sequence[nodes.Node]) -> list[Compiled]:
        """Compile arguments, with the checks of their static types that Go makes for `printf` and `slice`."""
        operands = [self.operand(arg) for arg in args]
        if name == "slice":
            return [*operands[:1], *map(self.boxed, args[1:], operands[1:])]
        if args and name in FUNCTIONS and FUNCTIONS[name].takes_layout:
            operands[0] = self.layout_argument(args[0], operands[0])
        return operands

    def boxed(self, node: nodes.Node, operand: Compiled) -> Compiled:
        """Return code for an index of `slice`, which Go refuses if its static type is an interface."""
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
                container = state.containers.get(bound_slot(slots, state.variables))
                return value if state.is_typed(container) else Boxed(value)

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

    def call_of_no_function(self, call: nodes.Node, codes: Sequence[Evaluate], named: nodes.Node) -> Evaluate:
        """Return code for `call`, which always fails: no JSON value is a function."""
        context = self.context

        def run(dot: object, state: State) -> object:
            values = [code(dot, state) for code in codes]
            raise context.error(call, _call_error(values[0], str(named)))

        return run

    def call_with(
        self, call: nodes.Command, codes: Sequence[Evaluate], args: Sequence[nodes.Node], last: nodes.Node | None
    ) -> CompiledWith:
        """Return code for `call` after a `|`."""
        context = self.context

        def run(dot: object, state: State, final: object) -> object:
            values = [*[code(dot, state) for code in codes], final]
            name = str(args[0]) if args else final if isinstance(final, str) else f"<{type_name(final)} Value>"
            raise context.error(call, _call_error(values[0], name))

        return CompiledWith(run, last)

    # --- and, or ---

    def short_circuit(self, word: nodes.Identifier, args: Sequence[nodes.Node]) -> Compiled:
        """Compile `and` or `or`: arguments after the first one that decides are not evaluated."""
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
        """Compile `and` or `or` after a `|`: the piped value is the last argument."""
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
        """Compile the arguments; return also the slots of the variables that they declare if they are evaluated."""
        first = self.scope.slots
        self.scope.optional_depth += 1
        decide = [self.operand(arg) for arg in args]
        self.scope.optional_depth -= 1
        return decide, range(first, self.scope.slots)


def _call_error(value: object, name: str) -> str:
    if is_nil(value):
        return "error calling call: call of nil"
    return f"error calling call: non-function {name} of type {type_name(value)}"
