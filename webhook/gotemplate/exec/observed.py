"""Templates to code that also reports what a rendering goes through. Plain code knows nothing of it and pays nothing for it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from ..limits import Limits
from ..parse import nodes
from .compiled import Program, Run
from .compiler import Compiler, compile_templates
from .context import Context
from .lists import plain_list
from .state import State

Note: TypeAlias = Callable[[int, str], None]
"""Receives the offset of a node, and its outcome, each time that a rendering goes through it."""

PASSED: Final = ""
"""The outcome of an action, of which there is only one."""
BODY: Final = "body"
ELSE: Final = "else"
"""The outcomes of `if` and `with`, also of those without an `{{else}}`."""
NONE: Final = "none"
ONE: Final = "one"
MANY: Final = "many"
"""The outcomes of `range`: how many turns it had."""
CALLED: Final = "called"
"""The outcome of a `define`."""


def compile_observed(
    source_name: str, text: str, templates: Mapping[str, nodes.List], limits: Limits, note: Note
) -> dict[str, Program]:
    """Return the code of each template of a text, by name. It prints and fails as plain code does, and calls `note`."""

    def compiler(context: Context) -> Compiler:
        return _Observed(context, note)

    return compile_templates(source_name, text, templates, limits, compiler)


class _Observed(Compiler):
    """Compiles one template. Its code must not run in two threads at once."""

    def __init__(self, context: Context, note: Note) -> None:
        super().__init__(context)
        self.note = note
        self.turns: list[int] = []  # how many turns each running loop has had, the innermost last

    def program(self, root: nodes.List) -> Program:
        program = super().program(root)
        return Program(self.noted(root.offset, CALLED, program.run), program.slots, program.steps)

    def action(self, node: nodes.Node) -> Run:
        run = super().action(node)
        if isinstance(node, nodes.Action | nodes.Call | nodes.Break | nodes.Continue):
            return self.noted(node.offset, PASSED, run)
        return run

    def run_of_prints(self, children: Sequence[nodes.Node]) -> Run:
        # one by one, since the run may fail in the middle; at the cost of a run
        self.steps += sum(isinstance(child, nodes.Action) for child in children)
        return plain_list([self.action(child) for child in children])

    def branches(self, node: nodes.Branch) -> tuple[Run, Run | None, bool]:
        body, otherwise, leaves = super().branches(node)
        otherwise = otherwise or (lambda _dot, _state: None)
        return self.noted(node.offset, BODY, body), self.noted(node.offset, ELSE, otherwise), leaves

    def turn(self, node: nodes.Range) -> Run:
        body, turns = super().turn(node), self.turns

        def run(dot: object, state: State) -> int | None:
            turns[-1] += 1
            return body(dot, state)

        return run

    def loop(self, node: nodes.Range) -> Run:
        loop, turns, note, offset = super().loop(node), self.turns, self.note, node.offset

        def run(dot: object, state: State) -> int | None:
            turns.append(0)
            try:
                end = loop(dot, state)
                note(offset, (NONE, ONE, MANY)[min(turns[-1], 2)])
            finally:
                turns.pop()
            return end

        return run

    def noted(self, offset: int, outcome: str, run: Run) -> Run:
        """Return code that notes an outcome and then runs other code."""
        note = self.note

        def noting(dot: object, state: State) -> int | None:
            note(offset, outcome)
            return run(dot, state)

        return noting
