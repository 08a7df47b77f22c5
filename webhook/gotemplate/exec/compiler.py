"""Templates and their actions to closures. Rendering reads the tree only for the text of errors."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import repeat
from typing import TypeAlias

from ..fmt.print import text_of
from ..fmt.quote import quote
from ..limits import Limits
from ..parse import nodes
from ..parse.lines import Lines
from ..values import ABSENT, Uint8, is_beyond_int
from .compiled import BREAK, CONTINUE, Program, Run
from .context import Context
from .expressions import Expressions
from .lists import leaving_list, merged, plain_list, run_of_dots, run_of_fields, shown
from .scope import Scope
from .state import State, late

_STEP = 4
"""Evaluating this many operands costs one step. A function counts as this many."""
_TURN_STEPS = 2
_CALL_STEPS = 8
"""The cost of a turn of a loop and of a call of a template, besides the actions in them."""


def compile_templates(
    source_name: str,
    text: str,
    templates: Mapping[str, nodes.List],
    limits: Limits,
    compiler: "Callable[[Context], Compiler] | None" = None,
) -> dict[str, Program]:
    """Return the code of each template of a text, by name; `compiler` makes the compiler of one template."""
    programs: dict[str, Program] = {}
    lines = Lines(text)
    for name, root in templates.items():
        context = Context(source_name, lines, name, limits)
        programs[name] = (compiler or Compiler)(context).program(root)
    return programs


class Compiler:
    """Compiles one template."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.scope = Scope()
        self.expressions = Expressions(context, self.scope)
        self.leaves_loop = False  # whether the code compiled last may end with a break or continue
        self.continuing: dict[nodes.List, bool] = {}  # results of `may_continue`
        self.steps = 0  # cost of the loop body or template being compiled, without inner loops

    def program(self, root: nodes.List) -> Program:
        """Compile a whole template."""
        run = self.sequence(root)
        return Program(run, self.scope.slots, self.steps + _CALL_STEPS)

    # --- lists ---

    def sequence(self, root: nodes.List) -> Run:
        """Compile a list; sets `leaves_loop`."""
        codes: list[Run] = []
        leaving: list[bool] = []
        for child in merged(root.nodes):
            self.steps += 1
            self.leaves_loop = False
            if isinstance(child, nodes.Action | nodes.Branch | nodes.Call) and child.pipe is not None:
                self.steps += _weight(child.pipe) // _STEP
            codes.append(self.run_of_prints(child) if isinstance(child, list) else self.action(child))
            leaving.append(self.leaves_loop)
        self.leaves_loop = any(leaving)
        return leaving_list(codes) if self.leaves_loop else plain_list(codes)

    def action(self, node: nodes.Node) -> Run:
        """Compile one action or text; sets `leaves_loop`."""
        match node:
            case nodes.Text(text=text):
                return lambda _dot, state: state.out(text)
            case nodes.Action(pipe=pipe):
                return self.printing(pipe)
            case nodes.If():
                return self.conditional(node)
            case nodes.With():
                return self.with_block(node)
            case nodes.Range():
                return self.loop(node)
            case nodes.Call():
                return self.call(node)
            case nodes.Break():
                self.leaves_loop = True
                return lambda _dot, _state: BREAK
            case _:
                assert isinstance(node, nodes.Continue)
                self.leaves_loop = True
                return lambda _dot, _state: CONTINUE

    def run_of_prints(self, children: Sequence[nodes.Node]) -> Run:
        """Compile a run of text nodes and actions that print fields of dot or dot itself: the bulk of most templates."""
        context = self.context
        parts: list[tuple[str, nodes.Node]] = []  # the text before an action, and what it prints
        tail = ""
        for child in children:
            if isinstance(child, nodes.Text):
                tail += child.text
            else:
                assert isinstance(child, nodes.Action)
                parts.append((tail, child.pipe.commands[0].args[0]))
                tail = ""
        self.steps += len(parts)
        fields = [(text, node.names[0], node) for text, node in parts if isinstance(node, nodes.Field)]
        return run_of_fields(context, fields, tail) if fields else run_of_dots(context, parts, tail)

    def printing(self, pipe: nodes.Pipe) -> Run:
        """Compile an action that prints a pipeline or sets variables."""
        if pipe.variables:
            evaluate = self.expressions.pipeline(pipe).code

            def declare(dot: object, state: State) -> None:
                evaluate(dot, state)

            return declare
        evaluate = self.expressions.printed(pipe)
        context = self.context

        def run(dot: object, state: State) -> None:
            value = evaluate(dot, state)
            state.out(value if type(value) is str else shown(context, state, pipe, value))

        return run

    # --- if, with ---

    def branches(self, node: nodes.Branch) -> tuple[Run, Run | None, bool]:
        """Compile the body and the else; return also whether either may leave the loop around them."""
        mark = self.scope.mark()
        steps = self.steps
        body = self.sequence(node.body)
        leaves = self.leaves_loop
        self.scope.forget(mark)
        otherwise: Run | None = None
        if node.otherwise is not None:
            with_body, self.steps = self.steps, steps
            otherwise = self.sequence(node.otherwise)
            self.steps = max(with_body, self.steps)  # only one of them runs
            leaves = leaves or self.leaves_loop
        return body, otherwise, leaves

    def conditional(self, node: nodes.If) -> Run:
        """Compile an `if`."""
        mark = self.scope.mark()
        test = self.expressions.printed(node.pipe)
        body, otherwise, self.leaves_loop = self.branches(node)
        self.scope.forget(mark)
        if otherwise is None:

            def run_if(dot: object, state: State) -> int | None:
                return body(dot, state) if test(dot, state) else None

            return run_if

        def run_if_else(dot: object, state: State) -> int | None:
            return body(dot, state) if test(dot, state) else otherwise(dot, state)

        return run_if_else

    def with_block(self, node: nodes.With) -> Run:
        """Compile a `with`."""
        mark = self.scope.mark()
        evaluate = self.expressions.pipeline(node.pipe).code
        body, otherwise, self.leaves_loop = self.branches(node)
        self.scope.forget(mark)

        def run(dot: object, state: State) -> int | None:
            value = evaluate(dot, state)
            if not value:
                return None if otherwise is None else otherwise(dot, state)
            container, state.container = state.container, None
            end = body(value, state)
            state.container = container
            return end

        return run

    # --- range ---

    def loop(self, node: nodes.Range) -> Run:
        """Compile a `range`; sets `leaves_loop`."""
        mark = self.scope.mark()
        code, last = self.expressions.pipeline(node.pipe)
        set_element = self.element_setter(node.pipe, last)
        inner_mark = self.scope.mark()
        outer_steps, self.steps = self.steps, _TURN_STEPS
        body = self.turn(node)
        cost, self.steps = self.steps, outer_steps
        self.scope.forget(inner_mark)
        otherwise = None if node.otherwise is None else self.sequence(node.otherwise)
        self.scope.forget(mark)
        # A break or continue of the body ends in this loop. In the else, Go's parser takes both as belonging to the loop
        # around this one, yet when executed, a break ends only this one.
        self.leaves_loop = self.may_continue(node.otherwise)
        context = self.context
        two_variables = len(node.pipe.variables) > 1

        def run(dot: object, state: State) -> int | None:
            value = code(dot, state)
            turns = _turns(value, state)
            if state.steps < 0:
                raise context.out_of_steps(state, node.pipe)
            if turns is None:
                raise context.error(last or state.last, f"range can't iterate over {text_of(value)}")
            keys, elements, inner = turns
            if two_variables and keys is None:
                message = f"can't use {text_of(value)} to iterate over more than one variable"
                raise context.error(last or state.last, message)
            container = state.container
            state.container = inner
            empty = True
            for key, element in zip(keys or repeat(ABSENT), elements, strict=False):
                empty = False
                state.steps -= cost
                if state.steps < 0 or (state.deadline is not None and late(state.deadline)):
                    raise context.out_of_steps(state, node.pipe)
                if set_element is not None:
                    set_element(state, key, element, inner)
                if body(element, state) == BREAK:
                    break
                state.container = inner
            state.container = container
            if empty and otherwise is not None and otherwise(dot, state) == CONTINUE:
                return CONTINUE
            return None

        return run

    def turn(self, node: nodes.Range) -> Run:
        """Compile the body of a loop."""
        return self.sequence(node.body)

    def element_setter(
        self, pipe: nodes.Pipe, last: nodes.Node | None
    ) -> Callable[[State, object, object, object], None] | None:
        """Return code that sets a loop's variables; None if it has none."""
        names = [variable.names[0] for variable in pipe.variables]
        if not names:
            return None
        if pipe.assigns:
            stores = [self.expressions.store(name, last) for name in names]

            def assign(state: State, key: object, element: object, container: object) -> None:
                if len(stores) > 1:
                    stores[0](state, key, None)
                stores[-1](state, element, container)

            return assign
        element_slot = self.scope.slots - 1

        def declare(state: State, key: object, element: object, container: object) -> None:
            state.variables[element_slot] = element
            state.containers[element_slot] = container
            if len(names) > 1:
                state.variables[element_slot - 1] = key

        return declare

    def may_continue(self, root: nodes.List | None) -> bool:
        """Return whether a list contains a continue for the loop around it."""
        if root is None:
            return False
        if root not in self.continuing:
            self.continuing[root] = any(
                isinstance(child, nodes.Continue)
                or (isinstance(child, nodes.Branch) and self.may_continue(child.otherwise))
                or (isinstance(child, nodes.If | nodes.With) and self.may_continue(child.body))
                for child in root.nodes
            )
        return self.continuing[root]

    # --- template ---

    def call(self, node: nodes.Call) -> Run:
        """Compile a `template`."""
        evaluate = None if node.pipe is None else self.expressions.pipeline(node.pipe).code
        context = self.context
        limits = context.limits

        def run(dot: object, state: State) -> None:
            program = state.programs.get(node.name)
            if program is None:
                raise context.error(node, f"template {quote(node.name)} not defined")
            if state.depth >= limits.call_depth:
                message = f"exceeded maximum template depth ({limits.call_depth})"
                raise context.error(node, message, limit=True)
            argument = ABSENT if evaluate is None else evaluate(dot, state)
            state.steps -= program.steps
            if state.steps < 0 or (state.deadline is not None and late(state.deadline)):
                raise context.out_of_steps(state, node)
            outer = state.variables, state.containers, state.container
            state.variables = [argument, *repeat(ABSENT, program.slots - 1)]
            state.containers = {}
            state.container = None
            state.depth += 1
            program.run(argument, state)
            state.depth -= 1
            state.variables, state.containers, state.container = outer

        return run


def _weight(node: nodes.Node) -> int:
    """Return how many operands an expression has."""
    match node:
        case nodes.Identifier():
            return _STEP
        case nodes.Field(names=names) | nodes.Variable(names=names):
            return len(names)
        case nodes.Chain(operand=operand, names=names):
            return _weight(operand) + len(names)
        case nodes.Pipe(commands=children) | nodes.Command(args=children):
            return sum([_weight(child) for child in children])
        case _:
            return 1


_Turns: TypeAlias = tuple[Iterable[object] | None, Iterable[object], object]
"""What a loop iterates over: the indexes or map keys, None for an integer, which has none; the values of dot; the list or
map that contains them. A plain tuple, since each execution of a loop builds one."""


def _turns(value: object, state: State) -> _Turns | None:
    """Return what a loop over a value iterates over; None if Go cannot, or if sorting the keys needs more steps than are left."""
    if isinstance(value, list | tuple):
        return range(len(value)), value, value
    if isinstance(value, Mapping):
        state.steps -= len(value)
        if state.steps < 0:
            return None
        keys = sorted(value)
        return keys, [value[key] for key in keys], value
    if value is ABSENT or value is None:
        return (), (), None
    if isinstance(value, int) and not isinstance(value, bool) and not is_beyond_int(value):
        numbers = range(value)
        return None, map(Uint8, numbers) if isinstance(value, Uint8) else numbers, None
    return None
