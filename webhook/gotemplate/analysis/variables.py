"""Which variables of the root data, and which functions, a template refers to."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..parse import nodes
from ..parse.bindings import Bindings
from ..parse.lines import Lines


@dataclass(frozen=True, slots=True)
class VariableUse:
    """A place that refers to a variable of the root data.

    Attributes:
        name: first field name: `X` for `.X`, `.X.Y` and `$.X`, and for `index . "X"`, where the name's place counts.
        line: line in the template's text, from 1.
        column: character in that line, from 1.
    """

    name: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class UnknownVariable:
    """A place that refers to a variable that does not exist.

    Attributes:
        name: the variable.
        nearest: the variable that was probably meant, or "".
        line: line in the template's text, from 1.
        column: character in that line, from 1.
    """

    name: str
    nearest: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class FunctionUse:
    """A place that calls a predefined function.

    Attributes:
        name: the function.
        line: line in the template's text, from 1.
        column: character in that line, from 1.
    """

    name: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Uses:
    """What a template refers to, sorted by place."""

    variables: tuple[VariableUse, ...]
    functions: tuple[FunctionUse, ...]


def analyse(text: str, name: str, templates: Mapping[str, nodes.Definition]) -> Uses:
    """Return what the template `name` and those that it calls refer to."""
    walk = _Walk(templates)
    walk.run(name)
    place = Lines(text).place
    return Uses(
        tuple(VariableUse(name, *place(offset)) for offset, name in sorted(walk.variables)),
        tuple(FunctionUse(name, *place(offset)) for offset, name in sorted(walk.functions)),
    )


class _Walk:
    """Follows dot, `$` and other variables as far as they may be the root data."""

    def __init__(self, templates: Mapping[str, nodes.Definition]) -> None:
        self.templates = templates
        self.variables: set[tuple[int, str]] = set()
        self.functions: set[tuple[int, str]] = set()
        self.visited: set[tuple[str, bool]] = set()
        self.waiting: list[tuple[str, bool]] = []  # templates to visit; chains of calls may be long
        self.roots = Bindings[bool]()  # variables known, and whether each may be the root data
        self.bound: dict[nodes.Pipe, bool] = {}  # whether a pipeline that set variables may be the root data

    def run(self, name: str) -> None:
        """Visit a template that is given the root data, and all that it calls."""
        self.call(name, root=True)
        while self.waiting:
            name, root = self.waiting.pop()
            self.roots, self.bound = Bindings(), {}
            self.roots.declare("$", root)
            self.below(self.templates[name].root, dot=root)

    def call(self, name: str, *, root: bool) -> None:
        """Note a template that is given the root data, or something else."""
        if name in self.templates and (name, root) not in self.visited:
            self.visited.add((name, root))
            self.waiting.append((name, root))

    def below(self, parent: nodes.Node, *, dot: bool) -> None:
        """Visit everything below a node."""
        for child in nodes.children(parent):
            self.node(child, dot=dot)

    def node(self, node: nodes.Node, *, dot: bool) -> None:
        if isinstance(node, nodes.Branch):
            self.branch(node, dot=dot)
            return
        self.below(node, dot=dot)
        match node:
            case nodes.Field(start=start, names=(name, *_)) if dot:
                self.variables.add((start, name))
            case nodes.Variable(start=start, names=(variable, name, *_)) if self.is_root(variable):
                self.variables.add((start, name))
            case nodes.Identifier(offset=offset, name=name):
                self.functions.add((offset, name))
            case nodes.Chain(operand=operand, names=names) if self.value_is_root(operand, dot=dot):
                self.variables.add((operand.offset, names[0]))
            case nodes.Command(
                args=(nodes.Identifier(name="index"), item, nodes.String(offset=offset, value=name), *_)
            ):
                if self.value_is_root(item, dot=dot):
                    self.variables.add((offset, name))
            case nodes.Pipe():
                self.bind(node, dot=dot)
            case nodes.Call(name=name, pipe=pipe):
                self.call(name, root=pipe is not None and self.value_is_root(pipe, dot=dot))

    def branch(self, node: nodes.Branch, *, dot: bool) -> None:
        known = self.roots.mark()
        self.node(node.pipe, dot=dot)
        inner = dot
        if isinstance(node, nodes.With):
            inner = self.value_is_root(node.pipe, dot=dot)
        elif isinstance(node, nodes.Range):
            inner = False
            for name in self.roots.forget(known):
                self.roots.declare(name, False)
        after_pipe = self.roots.mark()
        self.below(node.body, dot=inner)
        self.roots.forget(after_pipe)
        if node.otherwise is not None:
            self.below(node.otherwise, dot=dot)
        self.roots.forget(known)

    def bind(self, pipe: nodes.Pipe, *, dot: bool) -> None:
        """Remember what a pipeline declares; an assignment can only add the possibility."""
        if not pipe.variables:
            return
        self.bound[pipe] = root = self.value_is_root(pipe, dot=dot)
        for variable in pipe.variables:
            name = variable.names[0]
            self.roots.declare(name, root or (pipe.assigns and self.is_root(name)))

    def is_root(self, name: str) -> bool:
        """Return whether a variable may be the root data."""
        return self.roots.get(name, False)

    def value_is_root(self, node: nodes.Node, *, dot: bool) -> bool:
        """Return whether an expression may be the root data."""
        match node:
            case nodes.Dot():
                return dot
            case nodes.Variable(names=(name,)):
                return self.is_root(name)
            case nodes.Pipe() if node in self.bound:
                return self.bound[node]
            case nodes.Pipe(commands=commands):
                return any(self.command_is_root(command, dot=dot) for command in commands[-1:])
            case _:
                return False

    def command_is_root(self, command: nodes.Command, *, dot: bool) -> bool:
        first, *args = command.args
        if isinstance(first, nodes.Identifier):
            return first.name in ("and", "or") and any(self.value_is_root(arg, dot=dot) for arg in args)
        return not args and self.value_is_root(first, dot=dot)
