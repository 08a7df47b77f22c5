"""How many turns a loop may have, given how many elements there are, and its `break` and `continue` actions."""

from ..exec.observed import MANY, NONE, ONE
from ..parse import nodes


def turns(body: nodes.List, count: int | None, least: int) -> set[str]:
    """Return the possible outcomes of a loop over so many elements; None if their number is unknown, but at least so many."""
    possible = {NONE, ONE, MANY}
    if count is not None and count > 0:
        possible.remove(MANY if count == 1 else ONE)
    elif least > 1:
        possible.remove(ONE)
    if _may_break(body):
        possible.add(ONE)
    if _breaks(body):
        possible.discard(MANY)
    return possible


def _breaks(parent: nodes.List) -> bool:
    """Return whether this part of a loop's body ends the loop whenever it is executed without a failure."""
    for child in parent.nodes:
        if isinstance(child, nodes.Break):
            return True
        if _may_continue(child):
            return False
        if (
            isinstance(child, nodes.If | nodes.With)
            and child.otherwise is not None
            and _breaks(child.body)
            and _breaks(child.otherwise)
        ):
            return True
    return False


def _may_break(parent: nodes.Node) -> bool:
    """Return whether there is a `break` for the loop around. One in the else of an inner loop ends that one alone."""
    if isinstance(parent, nodes.Break):
        return True
    return not isinstance(parent, nodes.Range) and any(_may_break(child) for child in nodes.children(parent))


def _may_continue(parent: nodes.Node) -> bool:
    """Return whether there is a `continue` for the loop around. One in the else of an inner loop is for the outer one."""
    if isinstance(parent, nodes.Continue):
        return True
    if isinstance(parent, nodes.Range):
        return parent.otherwise is not None and _may_continue(parent.otherwise)
    return any(_may_continue(child) for child in nodes.children(parent))
