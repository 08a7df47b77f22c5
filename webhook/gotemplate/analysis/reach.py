"""What a rendering could do, found without one.

Walks the tree as a rendering would, with shapes in place of values, and enters every branch that some value would enter.
So it says, for all data of some types at once, which text could be printed, which branches are never entered, and which
expressions fail whenever a rendering comes to them. Where nothing is known of a value, nothing is said.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..errors import CallError
from ..exec.calls import arity_error
from ..exec.expressions import ideal
from ..fmt.quote import quote
from ..parse import nodes
from ..parse.bindings import Bindings
from ..parse.lines import Lines
from ..parse.names import COMPARISON_NAMES
from ..values import ABSENT, is_list, is_map, type_name
from .shapes import NOTHING, UNKNOWN, VAGUE, Shape, constant, element_of, result, short_circuit, turns, typed, widened


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of text, or a string in an action that prints, to which a rendering with such data could come.

    Attributes:
        text: as it is written: of a string what stands between its quotation marks.
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
        branch: `body`, `else`, or `rest`: what stands behind a `break` or `continue` in the same list.
        line: line in the template's text where the action's pipeline begins, from 1.
        column: character in that line, from 1.
    """

    action: str
    branch: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Failure:
    """An expression that fails whenever a rendering with such data comes to it.

    Attributes:
        expression: its canonical source.
        function: the function that refuses its arguments, or "".
        message: what is wrong; of a function that refuses its arguments, Go's words.
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
        """Whether two values cannot be compared, whatever they are."""
        return self.function in COMPARISON_NAMES and "type" in self.message


@dataclass(frozen=True, slots=True)
class Reach:
    """What renderings with data of some types could do, each kind sorted by place."""

    passages: tuple[Passage, ...]
    unreached: tuple[Unreached, ...]
    failures: tuple[Failure, ...]


@dataclass(frozen=True, slots=True)
class Given:
    """What is known of the data of a rendering.

    Attributes:
        data: a sample of each variable, of which the type counts; of a list also the type of its elements. A template
            that is not given a mapping has no variables; then it is a sample of what it is given.
        certain: names of the variables that have the very value of their sample.
    """

    data: object
    certain: Collection[str] = ()


def reach(text: str, name: str, templates: Mapping[str, nodes.Definition], cases: Iterable[Given]) -> Reach:
    """Return what renderings of the template `name` could do in any of the cases.

    Args:
        text: the text that all templates are from.
        name: the template.
        templates: all templates by name.
        cases: what is known of the data.
    """
    findings = _Findings()
    for given in cases:
        walk = _Walk(templates, given, findings)
        walk.calls.append((name, NOTHING if given.data is None else typed(given.data)))
        while walk.calls:
            walk.template(*walk.calls.pop())
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
    )


class _Findings:
    """What walks have found, by offset. Sets, since a template may be walked again with another kind of dot."""

    def __init__(self) -> None:
        self.passages: set[tuple[int, str]] = set()
        self.entered: set[tuple[int, str, str]] = set()
        self.skipped: set[tuple[int, str, str]] = set()
        self.failures: set[tuple[int, str, str, str]] = set()


class _Walk:
    """The walk of one case."""

    def __init__(self, templates: Mapping[str, nodes.Definition], given: Given, findings: _Findings) -> None:
        self.templates = templates
        self.data: Mapping[str, object] = given.data if isinstance(given.data, Mapping) else {}
        self.certain = frozenset(given.certain)
        self.found = findings
        self.visited: set[tuple[str, str]] = set()
        self.calls: list[tuple[str, Shape]] = []  # templates still to be walked, with what they are given
        self.known = Bindings[Shape]()  # the variables of the template being walked
        # those of them that do not always have the value of their declaration
        self.changing: frozenset[str] = frozenset()
        self.prints = False  # whether what is being evaluated belongs to an action that prints

    def template(self, name: str, dot: Shape) -> None:
        """Walk a template. What it is given counts by its type only, so that recursion comes to an end."""
        kind = "root" if dot.sample is self.data else type_name(dot.sample) if dot.known else ""
        if (name, kind) in self.visited:
            return
        self.visited.add((name, kind))
        root = self.templates[name].root
        self.known, self.changing = Bindings(), frozenset(_changing(root))
        self.declare("$", dot)
        self.list(root, dot)

    # --- actions ---

    def list(self, parent: nodes.List, dot: Shape) -> None:
        known = self.known.mark()
        for at, child in enumerate(parent.nodes):
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
        for branch, below, wanted in (("body", node.body, True), ("else", node.otherwise, False)):
            key = node.pipe.offset, branch, f"{node.keyword} {node.pipe}"
            if below is not None and outcome is (not wanted):
                self.found.skipped.add(key)
            elif below is not None:
                self.found.entered.add(key)
                self.list(below, inner if wanted else dot)
        self.known.forget(known)

    def turns(self, pipe: nodes.Pipe, value: Shape) -> bool | None:
        """Return whether a loop has any turn; None if that is not known, or if it fails."""
        sample = value.sample
        if len(pipe.variables) > 1 and isinstance(sample, int) and not isinstance(sample, bool):
            self.fail(pipe, "", "can't use an int to iterate over more than one variable")
            return None
        try:
            return turns(value)
        except CallError as refusal:
            self.fail(pipe, "", str(refusal))
            return None

    def element(self, pipe: nodes.Pipe, value: Shape) -> Shape:
        """Return what dot is in a loop's body, and give the loop's variables their values."""
        sample = value.sample
        element = element_of(value)
        key = typed("") if is_map(sample) else typed(0) if is_list(sample) else UNKNOWN
        if isinstance(sample, int) and not isinstance(sample, bool):
            element = typed(sample)
        if not pipe.assigns:
            # these hide those that the pipeline has declared with the list itself
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
                return self.fields(node, dot, names)
            case nodes.Variable(names=(name, *names)):
                return self.fields(node, self.known.get(name, UNKNOWN), names)
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
        """Return what is known of a variable of the root data. One that does not exist may be one that is not known here."""
        if name not in self.data:
            return UNKNOWN
        return constant(self.data[name]) if name in self.certain else typed(self.data[name])

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
        """Look at the arguments of `and` or `or` up to the first that surely decides."""
        values: list[Shape] = []
        for arg in args:
            values.append(self.operand(arg, dot))
            if values[-1].truth is (name == "or"):
                return short_circuit(name, values)
        return short_circuit(name, [*values, *piped])

    def refuses_layout(self, node: nodes.Node, layout: Shape) -> bool:
        """Report a first argument of `printf` that can be no string."""
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
    """Yield the variables that something assigns to, or that an argument of `and` or `or` declares, which may be skipped."""
    if isinstance(parent, nodes.Pipe) and (parent.assigns or optional):
        yield from (variable.names[0] for variable in parent.variables)
    word = parent.args[0] if isinstance(parent, nodes.Command) else None
    skips = isinstance(word, nodes.Identifier) and word.name in ("and", "or")
    for child in nodes.children(parent):
        yield from _changing(child, optional=optional or skips)
