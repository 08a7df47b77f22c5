"""Lists to closures: code run in order, and fast paths for runs of text, fields and dots."""

from collections.abc import Mapping, Sequence

from ..fmt.print import text_of
from ..fmt.runes import byte_length
from ..limits import container_steps
from ..parse import nodes
from ..values import ABSENT
from .compiled import Run
from .context import Context
from .expressions import field_of
from .funcs import NO_VALUE_TEXT
from .state import State


def shown(context: Context, state: State, node: nodes.Node, value: object) -> str:
    """Return the text that an action prints for a value."""
    if type(value) is int:
        return text_of(value)
    if isinstance(value, str):
        return str(value)
    if value is None or value is ABSENT:
        context.no_value(state, node)
        return NO_VALUE_TEXT
    if not isinstance(value, list | tuple | Mapping):
        return text_of(value)
    state.steps -= container_steps(value, state.steps)
    if state.steps < 0:
        raise context.out_of_steps(state, node)
    text = text_of(value)
    context.charge(state, node, byte_length(text))
    return text


def merged(children: Sequence[nodes.Node]) -> list[nodes.Node | list[nodes.Node]]:
    """Return the nodes, with each run of text nodes and plain fields of dot, or of text nodes and dots, as one list."""
    found: list[nodes.Node | list[nodes.Node]] = []
    run: list[nodes.Node] = []
    printed: type[nodes.Node] | None = None  # what the actions of the run print: fields or dots
    for child in [*children, None]:
        kind = None if child is None else _printed(child)
        if child is not None and (kind is nodes.Text or (kind is not None and printed in (None, kind))):
            run.append(child)
            printed = printed if kind is nodes.Text else kind
            continue
        if len(run) > 1:
            found.append(run)
        else:
            found.extend(run)
        run, printed = ([], None) if kind is None or child is None else ([child], kind)
        if child is not None and kind is None:
            found.append(child)
    return found


def _printed(node: nodes.Node) -> type[nodes.Node] | None:
    """Return `Text`, `Field` or `Dot` if a node only prints a text, one field of dot, or dot; None for any other node."""
    if isinstance(node, nodes.Text):
        return nodes.Text
    if not isinstance(node, nodes.Action) or node.pipe.variables or len(node.pipe.commands) > 1:
        return None
    word, *args = node.pipe.commands[0].args
    if args:
        return None
    if isinstance(word, nodes.Dot):
        return nodes.Dot
    return nodes.Field if isinstance(word, nodes.Field) and len(word.names) == 1 else None


def plain_list(codes: Sequence[Run]) -> Run:
    """Return code that runs other code in order."""
    if len(codes) == 1:
        return codes[0]
    if len(codes) == 2:
        first, second = codes

        def run_two(dot: object, state: State) -> None:
            first(dot, state)
            second(dot, state)

        return run_two

    def run(dot: object, state: State) -> None:
        for code in codes:
            code(dot, state)

    return run


def leaving_list(codes: Sequence[Run]) -> Run:
    """Return code that runs other code in order until one leaves the loop."""

    def run(dot: object, state: State) -> int | None:
        for code in codes:
            end = code(dot, state)
            if end is not None:
                return end
        return None

    return run


def run_of_fields(context: Context, parts: Sequence[tuple[str, str, nodes.Node]], tail: str) -> Run:
    """Return code that prints fields of dot, each after a text, and then `tail`."""

    def run(dot: object, state: State) -> None:
        out = state.out
        if type(dot) is dict:
            for text, name, node in parts:
                if text:
                    out(text)
                value = dot.get(name, ABSENT)
                out(value if type(value) is str else shown(context, state, node, value))
        else:
            for text, name, node in parts:
                if text:
                    out(text)
                value = field_of(context, state, node, dot, name)
                out(value if type(value) is str else shown(context, state, node, value))
        if tail:
            out(tail)

    return run


def run_of_dots(context: Context, parts: Sequence[tuple[str, nodes.Node]], tail: str) -> Run:
    """Return code that prints each text followed by dot, and then `tail`."""

    def run(dot: object, state: State) -> None:
        out = state.out
        for text, node in parts:
            if text:
                out(text)
            out(dot if type(dot) is str else shown(context, state, node, dot))
        if tail:
            out(tail)

    return run
