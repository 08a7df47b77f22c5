"""The template: parsed and compiled once, rendered any number of times, from any number of threads."""

import copy
from collections.abc import Callable, Collection, Mapping

from .analysis.points import Point, points
from .analysis.reach import Given, Reach, reach
from .analysis.variables import UnknownVariable, Uses, VariableUse, uses
from .errors import ExecLimitError, ParseLimitError
from .exec.compiler import compile_templates
from .exec.observed import compile_observed
from .exec.state import NoValue, State, late
from .fmt.runes import byte_length, to_text
from .limits import DEFAULT_LIMITS, Budget, Limits
from .parse.names import nearest
from .parse.nodes import List, Text
from .parse.parse import parse
from .values import ABSENT


class Template:
    """A template in the language of Go 1.27's text/template.

    Args:
        text: its text.
        name: its name, with which errors begin. Go reads a percent sign in the name as a directive of its own messages
            and garbles them; here the name appears unchanged.
        limits: bounds on the text and on each rendering.

    Raises:
        ParseError: the text is not a template.
        ParseLimitError: the text is too large or nested too deep.
    """

    __slots__ = ("_constant", "_limits", "_name", "_program", "_programs", "_templates", "_text", "_uses")

    def __init__(self, text: str, name: str = "template", *, limits: Limits = DEFAULT_LIMITS) -> None:
        try:
            templates = parse(name, text, limits)
            self._programs = compile_templates(name, text, templates, limits)
        except RecursionError:
            raise _too_deep(name) from None
        self._name = name
        self._text = text
        self._limits = limits
        self._program = self._programs[name]
        self._templates = templates
        self._uses: Uses | None = None
        self._constant = _constant(templates[name], limits)

    @property
    def name(self) -> str:
        """The template's name."""
        return self._name

    @property
    def text(self) -> str:
        """The template's text."""
        return self._text

    @property
    def variables(self) -> tuple[VariableUse, ...]:
        """The places where the template refers to variables of the root data, sorted.

        These are `.X` where dot may be the root data, `$.X`, and the same in templates called with the root data.
        Templates that are never called do not count.
        """
        return self._analysis().variables

    def may_read(self, name: str) -> bool:
        """Return whether a rendering may read a variable of the root data: the template refers to it, or to all of them."""
        found = self._analysis()
        return found.whole or any(use.name == name for use in found.variables)

    def unknown_variables(self, known: Collection[str]) -> tuple[UnknownVariable, ...]:
        """Return the places where the template refers to variables that are not known, sorted."""
        return tuple(
            UnknownVariable(use.name, nearest(use.name, known), use.line, use.column)
            for use in self.variables
            if use.name not in known
        )

    def reach(self, *cases: Given) -> Reach:
        """Return what renderings could do in any of the cases: what they print, never enter, and fail at.

        Raises:
            ParseLimitError: the template, or a sample, is nested too deep.
        """
        try:
            return reach(self._text, self._name, self._templates, cases)
        except RecursionError:
            raise _too_deep(self._name, "blocks, parentheses or samples") from None

    @property
    def points(self) -> tuple[Point, ...]:
        """The points of the template that a rendering goes through or not, sorted by place."""
        return tuple(points(self._text, self._name, self._templates).values())

    def observed(self, note: Callable[[Point], None]) -> "Template":
        """Return a template that renders the same and reports each point that it goes through, each time.

        A loop is reported when it ends, everything else before it is executed. Each level of blocks and calls takes more
        of Python's stack than in this template. Unlike other templates, this one must not be rendered by two threads at once.
        """
        known = points(self._text, self._name, self._templates)

        def noted(offset: int, outcome: str) -> None:
            point = known.get((offset, outcome))
            if point is not None:
                note(point)

        twin = copy.copy(self)
        twin._constant = None  # noqa: SLF001 - of its own kind
        programs = compile_observed(self._name, self._text, self._templates, self._limits, noted)
        twin._program, twin._programs = programs[self._name], programs  # noqa: SLF001
        return twin

    def _analysis(self) -> Uses:
        # computed on first use; two threads that ask at once compute the same
        if self._constant is not None:
            return _NO_USES
        if self._uses is None:
            try:
                self._uses = uses(self._text, self._name, self._templates)
            except RecursionError:
                raise _too_deep(self._name) from None
        return self._uses

    def __str__(self) -> str:
        """Return the canonical text, as Go's parse tree prints it: without comments, trim markers and definitions."""
        try:
            return str(self._templates[self._name])
        except RecursionError:
            raise _too_deep(self._name) from None

    def __repr__(self) -> str:
        return f"Template({self._text!r}, {self._name!r})"

    def render(
        self,
        data: object,
        *,
        on_no_value: Callable[[NoValue], None] | None = None,
        deadline: float | None = None,
        budget: Budget | None = None,
    ) -> str:
        """Return the output for the given data, which is never modified.

        A byte that is not part of valid UTF-8, which slicing a string can produce, becomes U+FFFD in the output, as in
        Go's encoding/json.

        Args:
            data: the value of dot, usually a mapping. JSON-like: str, bool, int, float, list or tuple, mapping with str
                keys, None. An int is a Go int; a float, and an int beyond 64 bits, is a float64; a list of only str is
                a []string, any other list a []any; a mapping is a map[string]any.
            on_no_value: called each time that a missing value or null is printed as `<no value>`. Rendering goes on.
            deadline: when to give up, in seconds of the clock `time.monotonic`. It is checked in each turn of a loop
                and each call of a template; the steps and the size of the text bound the work between two checks.
            budget: what this and other renderings may use together. What this one uses is taken from it.

        Raises:
            ExecError: rendering failed, as it would in Go.
            ExecLimitError: rendering exceeded a limit, the deadline or the budget.
        """
        if budget is not None:
            left, budget.steps = budget.steps, budget.steps - self._program.steps
            if budget.steps < 0:
                raise self._stopped(f"exceeded {left} steps")
        if self._constant is not None and deadline is None:
            return self._constant if budget is None else self._charged(budget, self._constant)
        state = State(self._limits, on_no_value, deadline, self._programs)
        return self._rendered(data, state) if budget is None else self._within(budget, data, state)

    def _within(self, budget: Budget, data: object, state: State) -> str:
        """Return the output, and take from the budget what it costs."""
        steps, size = budget.steps, budget.size
        if steps < state.steps:
            state.steps, state.allowed_steps = steps, steps + self._program.steps
        else:
            steps = state.steps
        if size < state.budget:
            state.budget = state.allowed_bytes = size
        else:
            size = state.budget
        try:
            output = self._rendered(data, state)
        finally:
            budget.steps -= steps - state.steps
            budget.size -= size - state.budget
        return self._charged(budget, output)

    def _charged(self, budget: Budget, output: str) -> str:
        """Return the output, and take its size from the budget."""
        left = budget.size
        budget.size = left - (len(output) if output.isascii() else byte_length(output))
        if budget.size < 0:
            raise self._stopped(f"output exceeds {left} bytes")
        return output

    def _rendered(self, data: object, state: State) -> str:
        root = _as_dot(data)
        state.variables = [root, *[ABSENT] * (self._program.slots - 1)]
        if state.deadline is not None and late(state.deadline):
            raise self._stopped("exceeded the time allowed")
        try:
            self._program.run(root, state)
        except RecursionError:
            raise self._stopped("templates, blocks or data are nested too deep") from None
        return self._joined(state.pieces, state)

    def _joined(self, pieces: list[str], state: State) -> str:
        limit = state.allowed_bytes
        # the pieces may be one string many times over: check the sum before joining
        if sum(map(len, pieces)) <= limit:
            output = "".join(pieces)
            if output.isascii():
                return output
            output = to_text(output)
            if byte_length(output) <= limit:
                return output
        state.budget = -1
        raise self._stopped(f"output exceeds {limit} bytes")

    def _stopped(self, message: str) -> ExecLimitError:
        return ExecLimitError(f"template: {self._name}: {message}", name=self._name)


_NO_USES = Uses((), whole=False)


def _as_dot(data: object) -> object:
    """Return data as compiled code expects it: a dict, which is the fastest mapping, and `ABSENT` instead of None."""
    if type(data) is not dict and isinstance(data, Mapping):
        return dict(data)
    return ABSENT if data is None else data


def _too_deep(name: str, what: str = "blocks and parentheses") -> ParseLimitError:
    # under the default limits this needs a caller that is itself deep in calls, or deep samples
    return ParseLimitError(f"template: {name}: {what} are nested too deep", name=name)


def _constant(root: List, limits: Limits) -> str | None:
    """Return the output of a template that consists of plain text only; None for any other template."""
    if not all(isinstance(node, Text) for node in root.nodes):
        return None
    text = str(root)
    return text if text.isascii() and len(text) <= limits.output_bytes else None
