"""The template: parsed and compiled once, rendered as often as wanted, by as many threads as wanted."""

from collections.abc import Callable, Collection, Mapping

from .analysis.reach import Given, Reach, reach
from .analysis.variables import FunctionUse, UnknownVariable, Uses, VariableUse, analyse
from .errors import ExecLimitError, ParseLimitError
from .exec.compiler import compile_templates
from .exec.state import NoValue, State, late
from .fmt.runes import byte_length, to_text
from .limits import DEFAULT_LIMITS, Limits
from .parse.names import nearest
from .parse.nodes import List, Text
from .parse.parse import parse
from .values import ABSENT


class Template:
    """A text in the language of Go 1.27's text/template.

    Args:
        text: the text.
        name: the template's name, which errors begin with. Go takes a percent sign in it for a directive of its own
            messages and garbles them; here it stands as it is.
        limits: bounds on the text and on each rendering.

    Raises:
        ParseError: the text is no template; `ParseLimitError` if it is too large or too deep.
    """

    __slots__ = ("_constant", "_limits", "_name", "_program", "_root", "_templates", "_text", "_uses")

    def __init__(self, text: str, name: str = "template", *, limits: Limits = DEFAULT_LIMITS) -> None:
        try:
            templates = parse(name, text, limits)
            programs = compile_templates(name, text, templates, limits)
        except RecursionError:
            raise _too_deep(name) from None
        self._name = name
        self._text = text
        self._limits = limits
        self._root: List = templates[name].root
        self._program = programs[name]
        self._templates = templates
        self._uses: Uses | None = None
        self._constant = _constant(self._root, limits)

    @property
    def name(self) -> str:
        """The template's name."""
        return self._name

    @property
    def text(self) -> str:
        """The text as it was given."""
        return self._text

    @property
    def variables(self) -> tuple[VariableUse, ...]:
        """Where the template refers to variables of the root data, sorted by place.

        Counted are `.X` where dot may be the root data, `$.X`, and the like in the templates that are called with the
        root data. A template that is never called counts for nothing.
        """
        return self._analysis().variables

    @property
    def functions(self) -> tuple[FunctionUse, ...]:
        """Where the template calls which functions, sorted by place."""
        return self._analysis().functions

    def unknown_variables(self, known: Collection[str]) -> tuple[UnknownVariable, ...]:
        """Return where the template refers to variables that are not among the known ones, sorted by place."""
        return tuple(
            UnknownVariable(use.name, nearest(use.name, known), use.line, use.column)
            for use in self.variables
            if use.name not in known
        )

    def reach(self, *cases: Given) -> Reach:
        """Return what renderings could do in any of some cases: what they print, never enter, and fail at."""
        try:
            return reach(self._text, self._name, self._templates, cases)
        except RecursionError:
            raise _too_deep(self._name, "blocks, parentheses or samples") from None

    def _analysis(self) -> Uses:
        # worked out when first asked for; two threads that ask at once find the same
        if self._uses is None:
            try:
                self._uses = analyse(self._text, self._name, self._templates)
            except RecursionError:
                raise _too_deep(self._name) from None
        return self._uses

    def __str__(self) -> str:
        """Return the canonical text, as Go's parse tree prints it: without comments, trimming and definitions."""
        try:
            return str(self._root)
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
    ) -> str:
        """Return the output for some data. The data is only read.

        Args:
            data: what dot is, mostly a mapping; JSON-like: str, bool, int, float, list or tuple, mapping with str keys,
                None. An int is a Go int, or, beyond 64 bits, like a float a float64; a list of only str is a []string,
                any other list a []any, a mapping a map[string]any.
            on_no_value: called each time that no value becomes the text `<no value>`. Rendering goes on.
            deadline: time on the clock `time.monotonic`, in seconds, at which a rendering that is still busy is given
                up. It is looked at in each turn of a loop and each call of a template.
                What comes between two looks is bounded by the steps and the size of the text.

        Raises:
            ExecError: Go would fail as well; `ExecLimitError` if the rendering goes beyond the limits.

        A byte that is not part of valid UTF-8, as slicing a string can leave behind, becomes U+FFFD in the output, as
        Go's encoding/json would write it.
        """
        if self._constant is not None and deadline is None:
            return self._constant
        state = State(self._limits, on_no_value, deadline)
        root = _as_dot(data)
        state.variables = [root, *[ABSENT] * (self._program.slots - 1)]
        if deadline is not None and late(deadline):
            raise self._stopped("exceeded the time allowed")
        try:
            self._program.run(root, state)
        except RecursionError:
            raise self._stopped("templates, blocks or data are nested too deep") from None
        return self._joined(state.pieces)

    def _joined(self, pieces: list[str]) -> str:
        limit = self._limits.output_bytes
        # pieces may be one string many times over: add up before joining
        if sum(map(len, pieces)) > limit:
            raise self._stopped(f"output exceeds {limit} bytes")
        output = "".join(pieces)
        if output.isascii():
            return output
        output = to_text(output)
        if byte_length(output) > limit:
            raise self._stopped(f"output exceeds {limit} bytes")
        return output

    def _stopped(self, message: str) -> ExecLimitError:
        return ExecLimitError(f"template: {self._name}: {message}", name=self._name)


def _as_dot(data: object) -> object:
    """Return data as the code takes it: a plain dict is the fastest of mappings, and null has no value of its own."""
    if type(data) is not dict and isinstance(data, Mapping):
        return dict(data)
    return ABSENT if data is None else data


def _too_deep(name: str, what: str = "blocks and parentheses") -> ParseLimitError:
    # with the limits as they are, this takes a caller that is itself deep in calls, or data that is deep
    return ParseLimitError(f"template: {name}: {what} are nested too deep", name=name)


def _constant(root: List, limits: Limits) -> str | None:
    """Return the output of a template that is nothing but text; None if there is more to it."""
    if not all(isinstance(node, Text) for node in root.nodes):
        return None
    text = str(root)
    return text if text.isascii() and len(text) <= limits.output_bytes else None
