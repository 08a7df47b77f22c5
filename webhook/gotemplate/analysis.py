"""Which variables of the root data, and which functions, a template refers to."""

from collections.abc import Mapping
from dataclasses import dataclass

from . import nodes


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
    walk.template(name, root=True)

    return Uses(
        tuple(VariableUse(name, *place_of(text, offset)) for offset, name in sorted(walk.variables)),
        tuple(FunctionUse(name, *place_of(text, offset)) for offset, name in sorted(walk.functions)),
    )


def place_of(text: str, offset: int) -> tuple[int, int]:
    """Return line and column of an offset in a text, from 1."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


class _Walk:
    """Follows dot, `$` and other variables as far as they may be the root data."""

    def __init__(self, templates: Mapping[str, nodes.Definition]) -> None:
        self.templates = templates
        self.variables: set[tuple[int, str]] = set()
        self.functions: set[tuple[int, str]] = set()
        self.visited: set[tuple[str, bool]] = set()
        self.roots: list[tuple[str, bool]] = []  # variables known, and whether each may be the root data

    def template(self, name: str, *, root: bool) -> None:
        """Visit a template that is given the root data, or something else."""
        if name not in self.templates or (name, root) in self.visited:
            return
        self.visited.add((name, root))
        outer, self.roots = self.roots, [("$", root)]
        self.below(self.templates[name].root, dot=root)
        self.roots = outer

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
                self.template(name, root=pipe is not None and self.value_is_root(pipe, dot=dot))

    def branch(self, node: nodes.Branch, *, dot: bool) -> None:
        known = len(self.roots)
        self.node(node.pipe, dot=dot)
        inner = dot
        if isinstance(node, nodes.With):
            inner = self.value_is_root(node.pipe, dot=dot)
        elif isinstance(node, nodes.Range):
            inner = False
            self.roots[known:] = [(name, False) for name, _ in self.roots[known:]]
        after_pipe = len(self.roots)
        self.below(node.body, dot=inner)
        del self.roots[after_pipe:]
        if node.otherwise is not None:
            self.below(node.otherwise, dot=dot)
        del self.roots[known:]

    def bind(self, pipe: nodes.Pipe, *, dot: bool) -> None:
        """Remember what a pipeline declares; an assignment can only add the possibility."""
        if not pipe.variables:
            return
        root = self.value_is_root(pipe, dot=dot)
        for variable in pipe.variables:
            self.roots.append((variable.names[0], root or (pipe.assigns and self.is_root(variable.names[0]))))

    def is_root(self, name: str) -> bool:
        """Return whether a variable may be the root data."""
        return next((root for known, root in reversed(self.roots) if known == name), False)

    def value_is_root(self, node: nodes.Node, *, dot: bool) -> bool:
        """Return whether an expression may be the root data."""
        match node:
            case nodes.Dot():
                return dot
            case nodes.Variable(names=(name,)):
                return self.is_root(name)
            case nodes.Pipe(commands=commands):
                return any(self.command_is_root(command, dot=dot) for command in commands[-1:])
            case _:
                return False

    def command_is_root(self, command: nodes.Command, *, dot: bool) -> bool:
        first, *args = command.args
        if isinstance(first, nodes.Identifier):
            return first.name in ("and", "or") and any(self.value_is_root(arg, dot=dot) for arg in args)
        return not args and self.value_is_root(first, dot=dot)
