"""The errors of compiled code, with their place and Go's words."""

from ..errors import ExecError, ExecLimitError, ParseLimitError, shortened
from ..fmt.quote import quote
from ..limits import Limits
from ..parse import nodes
from ..parse.lines import Lines
from ..values import ABSENT, type_name
from .state import NoValue, State


class Context:
    """What compiled code of one template needs for its errors."""

    __slots__ = ("limits", "lines", "no_values", "source_name", "template_name")

    def __init__(self, source_name: str, lines: Lines, template_name: str, limits: Limits) -> None:
        self.source_name = source_name
        self.lines = lines
        self.template_name = template_name
        self.no_values: dict[nodes.Node, NoValue] = {}  # one for each place, however often it is reached
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
        """Return the error for a template that exceeds a limit of the compiler."""
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
                line, column = self.lines.place(_start_of(node))
                known = self.no_values[node] = NoValue(line, column, shortened(str(node)))
            state.on_no_value(known)

    def charge(self, state: State, node: nodes.Node, size: int) -> None:
        """Count the bytes of a string that was built.

        Raises:
            ExecLimitError: the rendering has built too many.
        """
        state.budget -= size
        if state.budget < 0:
            raise self.error(node, f"output exceeds {state.allowed_bytes} bytes", limit=True)

    def out_of_steps(self, state: State, node: nodes.Node) -> ExecError:
        """Return the error for a loop or call that used up the steps or the time."""
        if state.steps < 0:
            return self.error(node, f"exceeded {state.allowed_steps} steps", limit=True)
        return self.error(node, "exceeded the time allowed", limit=True)

    def field(self, node: nodes.Node | None, receiver: object, name: str, *, typed: bool) -> object:
        """Return `ABSENT` as the field of a missing value; fail for any other value, which is not a map.

        Args:
            node: where Go reports the error.
            receiver: the value whose field is evaluated.
            name: the field.
            typed: whether Go knows the receiver's own type, not just that of the interface which holds it.

        Raises:
            ExecError: the receiver has no fields.
        """
        if receiver is ABSENT:
            return ABSENT
        if receiver is None:
            raise self.error(node, f"nil pointer evaluating interface {{}}.{name}")
        kind = type_name(receiver) if typed else "interface {}"
        raise self.error(node, f"can't evaluate field {name} in type {kind}")


def _start_of(node: nodes.Node) -> int:
    """Return where the source of an expression begins, which may be before its `offset`."""
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
