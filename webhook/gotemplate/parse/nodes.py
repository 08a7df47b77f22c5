"""The parse tree. Every node knows its place and prints itself back to canonical text.

`offset` is the place that Go reports for the node, in characters of the template's text. For a field or variable with
several names (`.a.b`) that is the second name; `start` is then where the expression begins.

Nobody changes a node. That they are not frozen is for speed: a frozen dataclass sets each field through `object.__setattr__`,
which takes a tenth of the time of reading a template.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ..fmt.quote import quote


@dataclass(slots=True, eq=False)
class Node:
    """Anything in the tree."""

    offset: int


@dataclass(slots=True, eq=False)
class Dot(Node):
    """The cursor `.`."""

    def __str__(self) -> str:
        return "."


@dataclass(slots=True, eq=False)
class Nil(Node):
    """The constant `nil`."""

    def __str__(self) -> str:
        return "nil"


@dataclass(slots=True, eq=False)
class Bool(Node):
    """`true` or `false`."""

    value: bool

    def __str__(self) -> str:
        return "true" if self.value else "false"


@dataclass(slots=True, eq=False)
class Number(Node):
    """A number in every form that can hold it exactly; a form that cannot is None."""

    text: str
    as_int: int | None
    as_uint: int | None
    as_float: float | None
    as_complex: complex | None

    def __str__(self) -> str:
        return self.text


@dataclass(slots=True, eq=False)
class String(Node):
    """A string literal: as written, and what it means."""

    quoted: str
    value: str

    def __str__(self) -> str:
        return self.quoted


@dataclass(slots=True, eq=False)
class Identifier(Node):
    """The name of a function."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(slots=True, eq=False)
class Field(Node):
    """`.a.b`: names without their dots."""

    names: tuple[str, ...]
    start: int

    def __str__(self) -> str:
        return "." + ".".join(self.names)


@dataclass(slots=True, eq=False)
class Variable(Node):
    """`$x.a.b`: the variable with its dollar sign, then field names."""

    names: tuple[str, ...]
    start: int

    def __str__(self) -> str:
        return ".".join(self.names)


@dataclass(slots=True, eq=False)
class Chain(Node):
    """Fields of something that is neither field nor variable, such as `(index .a 1).b`."""

    operand: Node
    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"{_parenthesized(self.operand)}.{'.'.join(self.names)}"


@dataclass(slots=True, eq=False)
class Command(Node):
    """An operand, or a function, method or field with its arguments."""

    args: tuple[Node, ...]

    def __str__(self) -> str:
        return " ".join([_parenthesized(arg) for arg in self.args])


@dataclass(slots=True, eq=False)
class Pipe(Node):
    """Commands that hand their values on, with the variables that take the last one."""

    assigns: bool
    variables: tuple[Variable, ...]
    commands: tuple[Command, ...]

    def __str__(self) -> str:
        text = " | ".join([str(command) for command in self.commands])
        if not self.variables:
            return text
        names = ", ".join([str(variable) for variable in self.variables])
        return f"{names} {'=' if self.assigns else ':='} {text}"


@dataclass(slots=True, eq=False)
class Text(Node):
    """Plain text."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(slots=True, eq=False)
class List(Node):
    """What stands between two control actions."""

    nodes: tuple[Node, ...]

    def __str__(self) -> str:
        return "".join([str(child) for child in self.nodes])


@dataclass(slots=True, eq=False)
class Action(Node):
    """A pipeline whose value is printed, unless it sets variables."""

    pipe: Pipe

    def __str__(self) -> str:
        return f"{{{{{self.pipe}}}}}"


@dataclass(slots=True, eq=False)
class Branch(Node):
    """What `if`, `with` and `range` have in common."""

    pipe: Pipe
    body: List
    otherwise: List | None

    @property
    def keyword(self) -> str:
        """The word that begins the block."""
        return type(self).__name__.lower()

    def __str__(self) -> str:
        otherwise = "" if self.otherwise is None else f"{{{{else}}}}{self.otherwise}"
        return f"{{{{{self.keyword} {self.pipe}}}}}{self.body}{otherwise}{{{{end}}}}"


@dataclass(slots=True, eq=False)
class If(Branch):
    """`{{if}}`."""


@dataclass(slots=True, eq=False)
class With(Branch):
    """`{{with}}`."""


@dataclass(slots=True, eq=False)
class Range(Branch):
    """`{{range}}`."""


@dataclass(slots=True, eq=False)
class Break(Node):
    """`{{break}}`."""

    def __str__(self) -> str:
        return "{{break}}"


@dataclass(slots=True, eq=False)
class Continue(Node):
    """`{{continue}}`."""

    def __str__(self) -> str:
        return "{{continue}}"


@dataclass(slots=True, eq=False)
class Call(Node):
    """`{{template "name" pipeline}}`; a `{{block}}` is one too."""

    name: str
    pipe: Pipe | None

    def __str__(self) -> str:
        pipe = "" if self.pipe is None else f" {self.pipe}"
        return f"{{{{template {quote(self.name)}{pipe}}}}}"


@dataclass(slots=True, eq=False)
class End(Node):
    """`{{end}}`. Never part of a tree."""

    def __str__(self) -> str:
        return "{{end}}"


@dataclass(slots=True, eq=False)
class Else(Node):
    """`{{else}}`. Never part of a tree."""

    def __str__(self) -> str:
        return "{{else}}"


@dataclass(frozen=True, slots=True)
class Definition:
    """One named template: the text's own, or one of its `define` and `block` actions."""

    name: str
    root: List


def _parenthesized(child: Node) -> str:
    return f"({child})" if isinstance(child, Pipe) else str(child)


def is_empty(root: List) -> bool:
    """Return whether a list holds nothing but white space; such a definition does not replace another."""
    return all(isinstance(child, Text) and not child.text.strip(_WHITE) for child in root.nodes)


_WHITE = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
"""What Go's `bytes.TrimSpace` removes."""


def children(parent: Node) -> Iterator[Node]:
    """Yield the nodes directly below one, in the order of the text."""
    match parent:
        case List(nodes=below) | Command(args=below):
            yield from below
        case Pipe(variables=variables, commands=commands):
            yield from variables
            yield from commands
        case Action(pipe=pipe):
            yield pipe
        case Call(pipe=pipe) if pipe is not None:
            yield pipe
        case Branch(pipe=pipe, body=body, otherwise=otherwise):
            yield pipe
            yield body
            if otherwise is not None:
                yield otherwise
        case Chain(operand=operand):
            yield operand
        case _:
            return
