"""What one rendering carries along, and what compiled code is made of."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from ..errors import ExecError, ExecLimitError, ParseLimitError, shortened
from ..fmt.quote import quote
from ..limits import Allowance, Limits
from ..parse import nodes
from ..parse.lines import Lines
from ..values import ABSENT, Window, holds_interfaces, type_name

_LONG_LIST = 16
"""In a shorter list, types are looked at anew rather than remembered."""
NORMAL, BREAK, CONTINUE = None, 1, 2
"""How the code of a list ends: at its end, or at a `break` or `continue` for the loop around it."""


@dataclass(frozen=True, slots=True)
class NoValue:
    """A place where no value became the text `<no value>`.

    Attributes:
        line: line in the template's text, from 1.
        column: character in that line, from 1.
        expression: canonical source of what had no value, such as `.MODLE_NAME`.
    """

    line: int
    column: int
    expression: str


class State(Allowance):
    """One rendering. Closures read and write these attributes directly: they are the hot path.

    Attributes:
        pieces: the output so far.
        out: appends to it.
        variables: values of the running template's variables by slot; `$` is slot 0.
        last: the node last evaluated by `and` or `or`, for errors that Go reports there.
        steps: how many steps are left.
        budget: how many bytes of built strings are left.
        depth: how many template calls are running.
        container: the list or map whose element dot is, if dot is one.
        containers: likewise for variables, by slot.
        typed: long lists that have been looked through for the type of their elements, by identity.
    """

    __slots__ = (
        "container",
        "containers",
        "deadline",
        "depth",
        "last",
        "on_no_value",
        "out",
        "pieces",
        "typed",
        "variables",
    )

    def __init__(self, limits: Limits, on_no_value: Callable[[NoValue], None] | None, deadline: float | None) -> None:
        self.on_no_value = on_no_value
        self.deadline = deadline
        self.pieces: list[str] = []
        self.out = self.pieces.append
        self.variables: list[object] = []
        self.last: nodes.Node | None = None
        self.steps = limits.steps
        self.budget = limits.output_bytes
        self.depth = 0
        self.container: object = None
        self.containers: dict[int, object] = {}
        self.typed: dict[int, tuple[object, bool]] = {}

    def is_typed(self, container: object) -> bool:
        """Return whether elements of `container` (None: a value that is no element) have a type of their own."""
        if isinstance(container, Window):
            container = container.base  # which is shared by all its parts
        if not isinstance(container, list | tuple) or len(container) < _LONG_LIST:
            return not holds_interfaces(container)
        known = self.typed.get(id(container))
        if known is None:
            # kept together with the list, so that nothing else can come to lie where it is
            known = self.typed[id(container)] = container, not holds_interfaces(container)
        return known[1]


Evaluate: TypeAlias = Callable[[object, State], object]
"""Compiled expression: takes dot, gives a value."""

EvaluateWith: TypeAlias = Callable[[object, State, object], object]
"""Compiled command behind a `|`: takes dot and the value of the command before it."""

Run: TypeAlias = Callable[[object, State], int | None]
"""Compiled action: takes dot, writes output, tells how it ended."""


@dataclass(frozen=True, slots=True)
class Program:
    """One compiled template: its code, how many variables it has, and how many steps one run counts."""

    run: Run
    slots: int
    steps: int


class Context:
    """What compiled code of one template needs to know for its messages."""

    __slots__ = ("limits", "lines", "no_values", "source_name", "template_name")

    def __init__(self, source_name: str, lines: Lines, template_name: str, limits: Limits) -> None:
        self.source_name = source_name
        self.lines = lines
        self.template_name = template_name
        self.no_values: dict[nodes.Node, NoValue] = {}  # one for each place, however often it is come across
        self.limits = limits

    def error(self, node: nodes.Node | None, message: str, *, limit: bool = False) -> ExecError:
        """Return the error that Go reports at a node."""
        assert node is not None
        line, column = self.lines.place(node.offset)
        expression = str(node)
        source = self.lines.source(node.offset)
        byte_column = len(source[: column - 1].encode("utf-8", "surrogatepass"))  # Go counts bytes, from 0
        kind = ExecLimitError if limit else ExecError
        return kind(
            f"template: {self.source_name}:{line}:{byte_column}: executing {quote(self.template_name)} at <{expression}>:"
            f" {message}",
            name=self.source_name,
            line=line,
            column=column,
            expression=expression,
            variable=_variable(node),
            source_line=source,
        )

    def refusal(self, node: nodes.Node, message: str) -> ParseLimitError:
        """Return the error of a template that goes beyond a bound of the compiler."""
        line, column = self.lines.place(node.offset)
        return ParseLimitError(
            f"template: {self.source_name}:{line}: {message}",
            name=self.source_name,
            line=line,
            column=column,
            expression=str(node),
            source_line=self.lines.source(node.offset),
        )

    def no_value(self, state: State, node: nodes.Node) -> None:
        """Report that a node prints as `<no value>`."""
        if state.on_no_value is not None:
            known = self.no_values.get(node)
            if known is None:
                line, column = self.lines.place(start_of(node))
                known = self.no_values[node] = NoValue(line, column, shortened(str(node)))
            state.on_no_value(known)

    def charge(self, state: State, node: nodes.Node, size: int) -> None:
        """Count the bytes of a string that was built."""
        state.budget -= size
        if state.budget < 0:
            raise self.error(node, f"output exceeds {self.limits.output_bytes} bytes", limit=True)

    def out_of_steps(self, state: State, node: nodes.Node) -> ExecError:
        """Return the error of a loop or call that used up the steps or the time."""
        if state.steps < 0:
            return self.error(node, f"exceeded {self.limits.steps} steps", limit=True)
        return self.error(node, "exceeded the time allowed", limit=True)

    def field(self, node: nodes.Node | None, receiver: object, name: str, *, typed: bool) -> object:
        """Refuse a field of something that is no map; no value at all has every field.

        Args:
            node: where Go reports an error.
            receiver: what should have the field.
            name: the field.
            typed: whether Go knows the receiver's own type, not just that of the interface which holds it.
        """
        if receiver is ABSENT:
            return ABSENT
        if receiver is None:
            raise self.error(node, f"nil pointer evaluating interface {{}}.{name}")
        kind = type_name(receiver) if typed else "interface {}"
        raise self.error(node, f"can't evaluate field {name} in type {kind}")


def late(deadline: float) -> bool:
    """Return whether a deadline has passed."""
    return time.monotonic() > deadline


def start_of(node: nodes.Node) -> int:
    """Return where the source of an expression begins; `offset` may be further on."""
    if isinstance(node, nodes.Field | nodes.Variable):
        return node.start
    return node.offset


def _variable(node: nodes.Node) -> str:
    """Return the first field or variable in the source of a node, or ""."""
    if isinstance(node, nodes.Field):
        return node.names[0]
    if isinstance(node, nodes.Variable):
        return node.names[1] if node.names[0] == "$" and len(node.names) > 1 else node.names[0]
    return next((found for child in nodes.children(node) if (found := _variable(child))), "")
