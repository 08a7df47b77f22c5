"""Pipelines, commands and operands to closures."""

from collections.abc import Callable, Mapping, Sequence

from ..parse import nodes
from ..values import ABSENT
from .calls import Calls
from .compiled import Compiled, CompiledWith, Evaluate, EvaluateWith, failing
from .context import Context
from .scope import Scope, bound_slot
from .state import State

_SINGLE_NAME = 1
_MOST_OPTIONAL = 16
"""How many variables of one name the arguments of `and` and `or` may declare. Each use tries them all."""
_NOT_A_FUNCTION = "can't give argument to non-function "


class Expressions:
    """Compiles the expressions of one template."""

    def __init__(self, context: Context, scope: Scope) -> None:
        self.context = context
        self.scope = scope

    @property
    def calls(self) -> Calls:
        """What compiles calls. It is not kept: with it this would be a cycle, which only the garbage collector frees."""
        return Calls(self.context, self.scope, self.operand)

    # --- pipelines ---

    def printed(self, pipe: nodes.Pipe) -> Evaluate:
        """Compile a pipeline whose value is only printed or tested, where null and no value are the same."""
        if len(pipe.commands) == 1 and not pipe.variables:
            return self.command(pipe.commands[0], pipe).code
        return self.pipeline(pipe).code

    def pipeline(self, pipe: nodes.Pipe) -> Compiled:
        """Compile a pipeline with its variables."""
        code, last = self.command(pipe.commands[0], pipe)
        code = _unwrapping(code, pipe.commands[0])
        for command in pipe.commands[1:]:
            code_with, last = self.command_with(command, last)
            code = _piped(code, code_with)
        if not pipe.variables:
            return Compiled(code, last)
        return Compiled(self.binding(pipe, code, last), last)

    def binding(self, pipe: nodes.Pipe, code: Evaluate, last: nodes.Node | None) -> Evaluate:
        """Return code that also sets a pipeline's variables to its value."""
        if pipe.assigns:
            stores = [self.store(variable.names[0], last) for variable in pipe.variables]

            def assign(dot: object, state: State) -> object:
                value = code(dot, state)
                for store in stores:
                    store(state, value, None)
                return value

            return assign
        slots = [self.declared(variable) for variable in pipe.variables]

        def declare(dot: object, state: State) -> object:
            value = code(dot, state)
            for slot in slots:
                state.variables[slot] = value
                state.containers[slot] = None
            return value

        return declare

    def declared(self, variable: nodes.Variable) -> int:
        """Declare a variable; return its slot."""
        name = variable.names[0]
        slot = self.scope.add(name)
        if self.scope.optional_depth and len(self.scope.slots_of(name)) > _MOST_OPTIONAL + 1:
            message = f"more than {_MOST_OPTIONAL} variables {name} in the arguments of `and` and `or`"
            raise self.context.refusal(variable, message)
        return slot

    def store(self, name: str, last: nodes.Node | None) -> Callable[[State, object, object], None]:
        """Return code that assigns a value to a variable; for an element, also with its container."""
        slots = self.scope.slots_of(name)
        context = self.context

        def store(state: State, value: object, container: object) -> None:
            slot = slots[0] if len(slots) == 1 else bound_slot(slots, state.variables)
            if slot < 0:
                raise context.error(last or state.last, f"undefined variable: {name}")
            state.variables[slot] = value
            state.containers[slot] = container

        return store

    # --- commands ---

    def command(self, command: nodes.Command, before: nodes.Node | None) -> Compiled:
        """Compile the first command of a pipeline; `before` is the node that Go evaluated before it."""
        word = command.args[0]
        extra = len(command.args) > 1
        if isinstance(word, nodes.Identifier):
            return self.calls.function(word, command, command.args[1:])
        if isinstance(word, nodes.Field):
            return self.refused_field(word, word.names, _dot, _container_of_dot) if extra else self.field(word)
        if isinstance(word, nodes.Chain):
            return self.chain(word, refuse=extra)
        if isinstance(word, nodes.Variable):
            if extra and len(word.names) == 1:
                return failing(self.context, self.variable(word), word, _NOT_A_FUNCTION, word)
            return self.variable(word, refuse=extra)
        if extra:
            where = before if isinstance(word, nodes.Pipe) else word
            return failing(self.context, None, where, _NOT_A_FUNCTION, word)
        if isinstance(word, nodes.Nil):
            return failing(self.context, None, word, "nil is not a command")
        return self.pipeline(word) if isinstance(word, nodes.Pipe) else self.operand(word)

    def command_with(self, command: nodes.Command, before: nodes.Node | None) -> CompiledWith:
        """Compile a command after a `|`."""
        word = command.args[0]
        if isinstance(word, nodes.Identifier):
            return self.calls.function_with(word, command, command.args[1:])
        if isinstance(word, nodes.Field):
            code, last = self.refused_field(word, word.names, _dot, _container_of_dot)
        elif isinstance(word, nodes.Chain):
            code, last = self.chain(word, refuse=True)
        elif isinstance(word, nodes.Variable):
            if len(word.names) == 1:
                code, last = failing(self.context, self.variable(word), word, _NOT_A_FUNCTION, word)
            else:
                code, last = self.variable(word, refuse=True)
        else:
            code, last = failing(self.context, None, before, _NOT_A_FUNCTION, word)
        return CompiledWith(lambda dot, state, _: code(dot, state), last)

    # --- operands ---

    def operand(self, node: nodes.Node) -> Compiled:
        """Compile an argument of a function, or a command that is a constant or dot."""
        if isinstance(node, nodes.Field):
            return self.field(node)
        if isinstance(node, nodes.Variable):
            return self.variable(node)
        if isinstance(node, nodes.Dot):
            return Compiled(_dot, node)
        if isinstance(node, nodes.Pipe):
            return self.pipeline(node)
        if isinstance(node, nodes.Identifier):
            return self.calls.function(node, node, ())
        if isinstance(node, nodes.Chain):
            return self.chain(node, refuse=False)
        if isinstance(node, nodes.Number):
            value = ideal(node)
            if value is None:
                return failing(self.context, None, node, f"{node.text} overflows int")
            return Compiled(_constant(value), node)
        if isinstance(node, nodes.String | nodes.Bool):
            return Compiled(_constant(node.value), node)
        assert isinstance(node, nodes.Nil)
        return Compiled(_constant(ABSENT), node)

    def variable(self, node: nodes.Variable, *, refuse: bool = False) -> Compiled:
        """Compile a variable with its fields; `refuse`: the last field has arguments, which always fails."""
        slots = self.scope.slots_of(node.names[0])
        names = node.names[1:]
        context = self.context
        if not slots:
            return failing(self.context, None, node, f"undefined variable: {node.names[0]}")
        if len(slots) > 1:
            return self.optional_variable(node, slots, refuse=refuse)
        slot = slots[0]
        if not names:
            return Compiled(lambda _, state: state.variables[slot], node)
        if refuse:
            return self.refused_field(
                node, names, lambda _, state: state.variables[slot], lambda state: state.containers.get(slot)
            )
        if len(names) == _SINGLE_NAME:
            name = names[0]

            def single(_: object, state: State) -> object:
                receiver = state.variables[slot]
                if isinstance(receiver, Mapping):
                    return receiver.get(name, ABSENT)
                return context.field(node, receiver, name, typed=state.is_typed(state.containers.get(slot)))

            return Compiled(single, node)

        def several(_: object, state: State) -> object:
            typed = state.is_typed(state.containers.get(slot))
            return _walk(context, node, state.variables[slot], names, typed=typed)

        return Compiled(several, node)

    def optional_variable(self, node: nodes.Variable, slots: Sequence[int], *, refuse: bool) -> Compiled:
        """Compile a variable whose slot only the rendering knows."""
        context = self.context
        names = node.names[1:]

        def find(state: State) -> int:
            slot = bound_slot(slots, state.variables)
            if slot < 0:
                raise context.error(node, f"undefined variable: {node.names[0]}")
            return slot

        if refuse:
            return self.refused_field(
                node,
                names,
                lambda _, state: state.variables[find(state)],
                lambda state: state.containers.get(find(state)),
            )

        def load(_: object, state: State) -> object:
            slot = find(state)
            typed = state.is_typed(state.containers.get(slot))
            return _walk(context, node, state.variables[slot], names, typed=typed)

        return Compiled(load, node)

    def field(self, node: nodes.Field) -> Compiled:
        """Compile fields of dot."""
        context = self.context
        names = node.names
        if len(names) == _SINGLE_NAME:
            name = names[0]

            def single(dot: object, state: State) -> object:
                return dot.get(name, ABSENT) if type(dot) is dict else field_of(context, state, node, dot, name)

            return Compiled(single, node)

        def several(dot: object, state: State) -> object:
            return _walk(context, node, dot, names, typed=state.is_typed(state.container))

        return Compiled(several, node)

    def chain(self, node: nodes.Chain, *, refuse: bool) -> Compiled:
        """Compile fields of a parenthesized pipeline or of a function's result; `refuse`: the last field has arguments."""
        context = self.context
        names = node.names
        code, last = self.operand(node.operand)
        if refuse:
            return self.refused_field(last, names, code, _no_container)

        def chain(dot: object, state: State) -> object:
            value = code(dot, state)
            return _walk(context, last or state.last, value, names, typed=True)

        return Compiled(chain, last)

    def refused_field(
        self,
        where: nodes.Node | None,
        names: Sequence[str],
        receiver: Evaluate,
        container: Callable[[State], object],
    ) -> Compiled:
        """Compile fields of which the last has arguments. This fails unless a value is missing: maps have no methods."""
        context = self.context

        def refuse(dot: object, state: State) -> object:
            value = receiver(dot, state)
            node = where or state.last
            typed = state.is_typed(container(state))
            if len(names) > 1:
                value = _walk(context, node, value, names[:-1], typed=typed)
                typed = False
            if isinstance(value, Mapping):
                raise context.error(node, f"{names[-1]} is not a method but has arguments")
            return context.field(node, value, names[-1], typed=typed)

        return Compiled(refuse, where)


def ideal(number: nodes.Number) -> object | None:
    """Return the value of a number literal in the type that Go gives it by default; None if it overflows int."""
    if number.as_complex is not None:
        return number.as_complex
    text = number.text
    is_hex = len(text) > 2 and text[0] == "0" and text[1] in "xX" and not any(mark in text for mark in "pP")
    if number.as_float is not None and not is_hex and text[0] != "'" and any(mark in text for mark in ".eEpP"):
        return number.as_float
    return number.as_int


def _walk(context: Context, node: nodes.Node | None, value: object, names: Sequence[str], *, typed: bool) -> object:
    """Return the field of a field of a value, and so on."""
    for name in names:
        value = value.get(name, ABSENT) if isinstance(value, Mapping) else context.field(node, value, name, typed=typed)
        typed = False
    return value


def field_of(context: Context, state: State, node: nodes.Node, dot: object, name: str) -> object:
    """Return a field of dot."""
    if isinstance(dot, Mapping):
        return dot.get(name, ABSENT)
    return context.field(node, dot, name, typed=state.is_typed(state.container))


def _dot(dot: object, _: State) -> object:
    return dot


def _container_of_dot(state: State) -> object:
    return state.container


def _no_container(_: State) -> object:
    return None


def _constant(value: object) -> Evaluate:
    return lambda _dot, _state: value


def _unwrapping(code: Evaluate, command: nodes.Command) -> Evaluate:
    if isinstance(command.args[0], nodes.String | nodes.Bool | nodes.Number | nodes.Pipe):
        return code

    def unwrap(dot: object, state: State) -> object:
        value = code(dot, state)
        return ABSENT if value is None else value

    return unwrap


def _piped(before: Evaluate, code: EvaluateWith) -> Evaluate:
    def piped(dot: object, state: State) -> object:
        value = code(dot, state, before(dot, state))
        return ABSENT if value is None else value

    return piped
