"""What the outcome of a condition says about other expressions: in the body of `{{if .X}}`, `.X` is true."""

from collections.abc import Callable, Iterator
from typing import TypeAlias

from ..parse import nodes

Stable: TypeAlias = Callable[[nodes.Node], bool]
"""Returns whether a field, variable or dot stands for the same value wherever it is written in the template."""


def follows(condition: nodes.Node, stable: Stable, *, truth: bool) -> Iterator[tuple[str, bool]]:
    """Yield the truths that follow from the truth of a condition, by `text` of an expression."""
    if (written := text(condition, stable)) is not None:
        yield written, truth
    match condition:
        case nodes.Pipe(commands=(only,)):
            yield from follows(only, stable, truth=truth)
        case nodes.Command(args=(only,)):
            yield from follows(only, stable, truth=truth)
        case nodes.Command(args=(nodes.Identifier(name="not"), operand)):
            yield from follows(operand, stable, truth=not truth)
        case nodes.Command(args=(nodes.Identifier(name=("and" | "or") as name), *operands)) if truth is (name == "and"):
            for operand in operands:
                yield from follows(operand, stable, truth=truth)


def text(expression: nodes.Node, stable: Stable) -> str | None:
    """Return the canonical text of an expression; None if it need not have one value everywhere in the template."""
    if not _constant(expression, stable):
        return None
    match expression:
        case nodes.Pipe(commands=(only,)) | nodes.Command(args=(only,)):
            return text(only, stable)
        case nodes.Pipe(commands=commands):
            return " | ".join(map(str, commands))
        case nodes.Variable(names=(_, *names)) if names:
            return "." + ".".join(names)  # as the same field of dot
        case _:
            return str(expression)


def _constant(expression: nodes.Node, stable: Stable) -> bool:
    """Return whether an expression is made of constants, functions and stable operands. What it declares is left aside."""
    match expression:
        case nodes.Pipe(commands=commands):
            return all(_constant(command, stable) for command in commands)
        case nodes.Field() | nodes.Variable() | nodes.Dot():
            return stable(expression)
        case _:
            below = tuple(nodes.children(expression))
            return all(_constant(child, stable) and not _declares(child) for child in below)


def _declares(expression: nodes.Node) -> bool:
    return isinstance(expression, nodes.Pipe) and bool(expression.variables)
