"""A walk through a template with shapes in place of values."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from ..errors import CallError
from ..exec.expressions import ideal
from ..exec.funcs import arity_error
from ..exec.observed import BODY, CALLED, ELSE, MANY, NONE, ONE, PASSED
from ..fmt.quote import quote
from ..parse import nodes
from ..parse.bindings import Bindings
from ..values import ABSENT, is_list, is_map, type_name
from . import conditions, loops
from .points import Mark
from .shapes import (
    NOTHING,
    UNKNOWN,
    VAGUE,
    Shape,
    at_least,
    constant,
    element_of,
    result,
    short_circuit,
    turn_count,
    turns,
    typed,
    widened,
)


class Findings:
    """What walks have found, by offset. These are sets, since a template may be walked again with another kind of dot."""

    def __init__(self) -> None:
        self.passed: set[Mark] = set()
        self.passages: set[tuple[int, str]] = set()
        self.entered: set[tuple[int, str, str]] = set()
        self.skipped: set[tuple[int, str, str]] = set()
        self.failures: set[tuple[int, str, str, str]] = set()


def walk(
    templates: Mapping[str, nodes.List],
    name: str,
    data: object,
    certain: Collection[str],
    findings: Findings,
    least: Mapping[str, int],
) -> None:
    """Walk the template `name`, and all that it calls, for one case.

    Args:
        templates: all templates by name.
        name: the template that is given the data.
        data: a sample of the data.
        certain: the variables of the data whose sample is their value, not only of their type.
        findings: where to add what is found.
        least: the least value of integer variables that are not certain.
    """
    case = _Walk(templates, data, certain, findings, least)
    case.calls.append((name, NOTHING if data is None else typed(data)))
    while case.calls:
        case.template(*case.calls.pop())


class _Walk:
    """The walk of one case."""

    def __init__(
        self,
        templates: Mapping[str, nodes.List],
        data: object,
        certain: Collection[str],
        findings: Findings,
        least: Mapping[str, int],
    ) -> None:
        self.templates = templates
        self.data: Mapping[str, object] = data if isinstance(data, Mapping) else {}
        self.certain = frozenset(certain)
        self.least = least
        self.found = findings
        self.visited: set[tuple[str, str]] = set()
        self.calls: list[tuple[str, Shape]] = []  # templates yet to be walked, with their dot
        self.known = Bindings[Shape]()  # the variables of the template being walked
        self.changing: frozenset[str] = frozenset()  # those that may not have the value of their declaration
        self.prints = False  # whether the pipeline being evaluated belongs to an action that prints
        self.assumed: dict[str, bool] = {}  # the truth of expressions, as it follows from the conditions around

    def template(self, name: str, dot: Shape) -> None:
        """Walk a template once for each type of dot, so that recursion ends."""
        kind = "root" if dot.sample is self.data else type_name(dot.sample) if dot.known else ""
        if (name, kind) in self.visited:
            return
        self.visited.add((name, kind))
        root = self.templates[name]
        self.found.passed.add((root.offset, CALLED))
        self.assumed = {}
        self.known, self.changing = Bindings(), frozenset(_changing(root))
        self.declare("$", dot)
        self.list(root, dot)

    # --- actions ---

    def list(self, parent: nodes.List, dot: Shape) -> None:
        known = self.known.mark()
        for at, child in enumerate(parent.nodes):
            if not isinstance(child, nodes.Text | nodes.Branch):
                self.found.passed.add((child.offset, PASSED))
            match child:
                case nodes.Text(offset=offset, text=text):
                    self.found.passages.add((offset, text))
                case nodes.Action(pipe=pipe):
                    self.prints = not pipe.variables
                    self.pipe(pipe, dot)
                    self.prints = False
                case nodes.Branch():
                    self.branch(child, dot)
                case nodes.Call():
                    self.call(child, dot)
                case nodes.Break() | nodes.Continue():
                    if not nodes.is_empty(nodes.List(child.offset, parent.nodes[at + 1 :])):
                        self.found.skipped.add((child.offset, "rest", str(child).strip("{}")))
                    break
        self.known.forget(known)

    def branch(self, node: nodes.Branch, dot: Shape) -> None:
        known = self.known.mark()
        value = self.pipe(node.pipe, dot)
        outcome = value.truth
        inner = dot
        if isinstance(node, nodes.With):
            inner = value
        elif isinstance(node, nodes.Range):
            outcome = self.turns(node.pipe, value)
            inner = self.element(node.pipe, value)
        self.outcomes(node, value, outcome=outcome)
        assumed = self.assumed
        for branch, below, wanted in ((BODY, node.body, True), (ELSE, node.otherwise, False)):
            key = node.pipe.offset, branch, f"{node.keyword} {node.pipe}"
            if below is not None and outcome is (not wanted):
                self.found.skipped.add(key)
            elif below is not None:
                self.found.entered.add(key)
                if not isinstance(node, nodes.Range):
                    self.assumed = {**assumed, **dict(conditions.follows(node.pipe, self.stable(dot), truth=wanted))}
                self.list(below, inner if wanted else dot)
                self.assumed = assumed
        self.known.forget(known)

    def outcomes(self, node: nodes.Branch, value: Shape, *, outcome: bool | None) -> None:
        """Record which outcomes a branch could have."""
        possible = (
            loops.turns(node.body, turn_count(value), value.least or 0)
            if isinstance(node, nodes.Range)
            else {BODY, ELSE}
        )
        if outcome is not None:
            possible -= {ELSE, NONE} if outcome else {BODY, ONE, MANY}
        self.found.passed.update((node.offset, one) for one in possible)

    def with_assumed(self, expression: nodes.Node, dot: Shape, value: Shape) -> Shape:
        """Return the value of an expression with the truth that follows from the conditions around it."""
        if value.truth is not None or not self.assumed:
            return value
        written = conditions.text(expression, self.stable(dot))
        return value._replace(truth=self.assumed.get(written or ""))

    def stable(self, dot: Shape) -> conditions.Stable:
        """Return the test for operands that are the root data, or parts of it."""

        def stable(operand: nodes.Node) -> bool:
            of = self.known.get(operand.names[0], UNKNOWN) if isinstance(operand, nodes.Variable) else dot
            return of.sample is self.data

        return stable

    def turns(self, pipe: nodes.Pipe, value: Shape) -> bool | None:
        """Return whether a loop has any turn; None if that is unknown, or if the loop fails."""
        sample = value.sample
        if len(pipe.variables) > 1 and isinstance(sample, int) and not isinstance(sample, bool):
            self.fail(pipe, "", "can't use an int to iterate over more than one variable")
            return None
        try:
            found = turns(value)
        except CallError as refusal:
            self.fail(pipe, "", str(refusal))
            return None
        return value.truth if found is None and (is_list(sample) or is_map(sample)) else found

    def element(self, pipe: nodes.Pipe, value: Shape) -> Shape:
        """Return dot in a loop's body, and declare the loop's variables."""
        sample = value.sample
        element = element_of(value)
        key = typed("") if is_map(sample) else typed(0) if is_list(sample) else UNKNOWN
        if isinstance(sample, int) and not isinstance(sample, bool):
            element = typed(sample)
        if not pipe.assigns:
            # these hide those that the pipeline itself has declared
            for variable, shape in zip(reversed(pipe.variables), (element, key), strict=False):
                self.declare(variable.names[0], shape)
        return element

    def call(self, node: nodes.Call, dot: Shape) -> None:
        argument = NOTHING if node.pipe is None else widened(self.pipe(node.pipe, dot))
        if argument.known and argument.sample is not self.data and type_name(argument.sample) in VAGUE:
            argument = UNKNOWN
        if node.name in self.templates:
            self.calls.append((node.name, argument))
        else:
            self.fail(node, "", f"template {quote(node.name)} not defined")

    # --- expressions ---

    def pipe(self, pipe: nodes.Pipe, dot: Shape) -> Shape:
        value: Shape | None = None
        for command in pipe.commands:
            value = self.command(command, dot, value)
        assert value is not None
        if not pipe.assigns:
            for variable in pipe.variables:
                self.declare(variable.names[0], value)
        return value

    def declare(self, name: str, value: Shape) -> None:
        self.known.declare(name, UNKNOWN if name in self.changing else value)

    def command(self, command: nodes.Command, dot: Shape, final: Shape | None) -> Shape:
        value = self.evaluated(command, dot, final)
        return value if final is not None else self.with_assumed(command, dot, value)

    def evaluated(self, command: nodes.Command, dot: Shape, final: Shape | None) -> Shape:
        word, *args = command.args
        if isinstance(word, nodes.Identifier):
            return self.function(word, command, args, dot, final)
        value = self.operand(word, dot)
        if not args and final is None:
            if isinstance(word, nodes.Nil):
                self.fail(word, "", "nil is not a command")
            return value
        if isinstance(word, nodes.Field) and dot.sample is self.data and word.names[0] in self.data:
            if len(word.names) == 1:
                self.fail(word, "", f"{word.names[0]} is not a method but has arguments")
        elif args and isinstance(word, nodes.Bool | nodes.Dot | nodes.Nil | nodes.Number | nodes.String):
            self.fail(word, "", f"can't give argument to non-function {word}")
        return UNKNOWN

    def operand(self, node: nodes.Node, dot: Shape) -> Shape:
        match node:
            case nodes.Dot():
                return dot
            case nodes.Field(names=names):
                return self.with_assumed(node, dot, self.fields(node, dot, names))
            case nodes.Variable(names=(name, *names)):
                return self.with_assumed(node, dot, self.fields(node, self.known.get(name, UNKNOWN), names))
            case nodes.Chain(operand=operand, names=names):
                return self.fields(node, self.operand(operand, dot), names)
            case nodes.Pipe():
                return self.pipe(node, dot)
            case nodes.Identifier():
                return self.function(node, node, (), dot, None)
            case nodes.Number():
                number = ideal(node)
                return UNKNOWN if number is None else constant(number)
            case nodes.String() | nodes.Bool():
                if isinstance(node, nodes.String) and self.prints:
                    self.found.passages.add((node.offset + 1, node.quoted[1:-1]))
                return constant(node.value)
            case _:
                return NOTHING

    def fields(self, node: nodes.Node, value: Shape, names: Iterable[str]) -> Shape:
        for name in names:
            sample = value.sample
            if sample is self.data:
                value = self.variable(name)
            elif value.known and sample is not ABSENT and not is_map(sample):
                self.fail(node, "", f"can't evaluate field {name} in type {type_name(sample)}")
                return UNKNOWN
            elif sample is not ABSENT:
                value = UNKNOWN
        return value

    def variable(self, name: str) -> Shape:
        """Return what is known of a variable of the root data. One without a sample may still exist."""
        if name not in self.data:
            return UNKNOWN
        if name in self.certain:
            return constant(self.data[name])
        value = typed(self.data[name])
        return at_least(value, self.least[name]) if name in self.least else value

    def function(
        self, word: nodes.Identifier, call: nodes.Node, args: Sequence[nodes.Node], dot: Shape, final: Shape | None
    ) -> Shape:
        piped = () if final is None else (final,)
        error = arity_error(word.name, len(args) + len(piped), len(args))
        if error:
            self.fail(word, word.name, error)
            return UNKNOWN
        if word.name in ("and", "or"):
            return self.short_circuit(word.name, args, dot, piped)
        values = [*(self.operand(arg, dot) for arg in args), *piped]
        if word.name == "call":
            return UNKNOWN
        if word.name == "printf" and args and self.refuses_layout(args[0], values[0]):
            return UNKNOWN
        if word.name == "index" and len(values) > 1 and values[0].sample is self.data and values[1].certain:
            key = values[1].sample
            if isinstance(key, str):
                values[:2] = [self.variable(key)]
        try:
            return result(word.name, values)
        except CallError as refusal:
            self.fail(call, word.name, str(refusal))
            return UNKNOWN

    def short_circuit(self, name: str, args: Sequence[nodes.Node], dot: Shape, piped: Sequence[Shape]) -> Shape:
        """Evaluate the arguments of `and` or `or` up to the first that certainly decides."""
        values: list[Shape] = []
        for arg in args:
            values.append(self.operand(arg, dot))
            if values[-1].truth is (name == "or"):
                return short_circuit(name, values)
        return short_circuit(name, [*values, *piped])

    def refuses_layout(self, node: nodes.Node, layout: Shape) -> bool:
        """Report a first argument of `printf` that cannot be a string; return whether it is one."""
        if not layout.known or isinstance(layout.sample, str):
            return False
        message = f"wrong type for value; expected string; got {type_name(layout.sample)}"
        if isinstance(node, nodes.Nil):
            message = "cannot assign nil to string"
        elif isinstance(node, nodes.Bool | nodes.Number):
            message = f"expected string; found {node}"
        elif layout.sample is ABSENT:
            message = "invalid value; expected string"
        self.fail(node, "", message)
        return True

    def fail(self, node: nodes.Node, function: str, message: str) -> None:
        self.found.failures.add((node.offset, str(node), function, message))


def _changing(parent: nodes.Node, *, optional: bool = False) -> Iterator[str]:
    """Yield the variables that are assigned to, or declared in an argument of `and` or `or`, which may be skipped."""
    if isinstance(parent, nodes.Pipe) and (parent.assigns or optional):
        yield from (variable.names[0] for variable in parent.variables)
    word = parent.args[0] if isinstance(parent, nodes.Command) else None
    skips = isinstance(word, nodes.Identifier) and word.name in ("and", "or")
    for child in nodes.children(parent):
        yield from _changing(child, optional=optional or skips)
