"""Actions to trees, with Go's messages (Go's parse.go).

As in Go, one list of tokens serves the text and all templates defined in it, and the line of an error is that of the
last token read.
"""

from ..errors import ParseLimitError
from ..fmt.quote import quote
from ..fmt.runes import byte_length
from ..limits import Limits
from . import nodes
from .lex import LEFT, Kind, Token
from .pipelines import PipelineParser, initial_variables

_BLOCK = "block clause"


def parse(name: str, text: str, limits: Limits) -> dict[str, nodes.List]:
    """Return the templates of a text by name; the text itself under `name`.

    Raises:
        ParseError: the text is not a template.
        ParseLimitError: it is larger, or nested deeper, than `limits` allow.
    """
    size = byte_length(text)
    if size > limits.text_bytes:
        raise ParseLimitError(
            f"template: {name}: text of {size} bytes is larger than {limits.text_bytes} bytes",
            name=name,
            line=1,
            column=1,
        )
    if LEFT not in text:  # so are most of the arguments in a configuration
        return {name: nodes.List(0, (nodes.Text(0, text),) if text else ())}
    return _Parser(name, text, limits).parse()


class _Parser(PipelineParser):
    """Recursive descent, with a method for each kind of action."""

    def __init__(self, name: str, text: str, limits: Limits) -> None:
        super().__init__(name, text, limits)
        self.range_depth = 0
        self.templates: dict[str, nodes.List] = {}

    def parse(self) -> dict[str, nodes.List]:
        offset = self.peek().offset
        found: list[nodes.Node] = []
        while self.peek().kind is not Kind.EOF:
            if self.peek().kind is Kind.LEFT_DELIM:
                left = self.at
                start = self.next().offset
                if self.next_word().kind is Kind.DEFINE:
                    self.definition(start)
                    continue
                self.at = left
            child = self.text_or_action()
            if isinstance(child, nodes.End | nodes.Else):
                self.error(f"unexpected {child}")
            found.append(child)
        self.add(self.name, nodes.List(offset, tuple(found)))
        return self.templates

    def add(self, name: str, root: nodes.List) -> None:
        known = self.templates.get(name)
        if known is None or nodes.is_empty(known):
            self.templates[name] = root
        elif not nodes.is_empty(root):
            self.error(f"template: multiple definition of template {quote(name)}")

    def definition(self, start: int) -> None:
        context = "define clause"
        token = self.next_word()
        if token.kind not in (Kind.STRING, Kind.RAW_STRING):
            self.unexpected(token, context)
        name = self.unquoted(token)
        token = self.next_word()
        if token.kind is not Kind.RIGHT_DELIM:
            self.unexpected(token, context)
        self.action_start = start
        self.add(name, self.body_of(context))
        self.action_start = None

    def body_of(self, context: str) -> nodes.List:
        """Parse the body of a `define` or `block`, which sees no variables or loops around it."""
        self.open_block(context.removesuffix(" clause"))
        outer = self.variables, self.range_depth, self.action_start
        read = self.read
        self.variables, self.range_depth, self.action_start = initial_variables(), 0, None
        body, end = self.item_list()
        if not isinstance(end, nodes.End):
            if context == _BLOCK:
                self.read = read  # Go reports this error in the line of the block's action
            self.error(f"unexpected {end} in {context}")
        self.close_block()
        self.variables, self.range_depth, self.action_start = outer
        return body

    def item_list(self) -> tuple[nodes.List, nodes.Node]:
        """Parse up to the next `end` or `else` of this level; return the list and that action."""
        offset = self.peek_word().offset
        found: list[nodes.Node] = []
        while self.peek_word().kind is not Kind.EOF:
            child = self.text_or_action()
            if isinstance(child, nodes.End | nodes.Else):
                return nodes.List(offset, tuple(found)), child
            found.append(child)
        return self.error("unexpected EOF")

    def text_or_action(self) -> nodes.Node:
        token = self.next_word()
        if token.kind is Kind.TEXT:
            return nodes.Text(token.offset, token.text)
        if token.kind is not Kind.LEFT_DELIM:
            self.unexpected(token, "input")
        self.action_start = token.offset
        child = self.action()
        self.action_start = None
        return child

    # --- actions ---

    def action(self) -> nodes.Node:
        token = self.peek_word()
        control = _CONTROLS.get(token.kind)
        if control is not None:
            self.next()
            return control(self, token)
        return nodes.Action(token.offset, self.pipeline("command", Kind.RIGHT_DELIM))

    def break_control(self, token: Token) -> nodes.Node:
        self.loop_control("{{break}}")
        return nodes.Break(token.offset)

    def continue_control(self, token: Token) -> nodes.Node:
        self.loop_control("{{continue}}")
        return nodes.Continue(token.offset)

    def loop_control(self, source: str) -> None:
        token = self.next_word()
        if token.kind is not Kind.RIGHT_DELIM:
            self.unexpected(token, source)
        if not self.range_depth:
            self.error(f"{source} outside {{{{range}}}}")

    def end_control(self, _: Token) -> nodes.Node:
        return nodes.End(self.expect(Kind.RIGHT_DELIM, "end").offset)

    def else_control(self, _: Token) -> nodes.Node:
        token = self.peek_word()
        if token.kind in (Kind.IF, Kind.WITH):
            return nodes.Else(token.offset)
        return nodes.Else(self.expect(Kind.RIGHT_DELIM, "else").offset)

    def if_control(self, _: Token) -> nodes.Node:
        pipe, body, otherwise = self.block("if", Kind.IF)
        return nodes.If(pipe.offset, pipe, body, otherwise)

    def with_control(self, _: Token) -> nodes.Node:
        pipe, body, otherwise = self.block("with", Kind.WITH)
        return nodes.With(pipe.offset, pipe, body, otherwise)

    def range_control(self, _: Token) -> nodes.Node:
        pipe, body, otherwise = self.block("range", None)
        return nodes.Range(pipe.offset, pipe, body, otherwise)

    def block(self, context: str, chained: Kind | None) -> tuple[nodes.Pipe, nodes.List, nodes.List | None]:
        """Parse an `if`, `with` or `range` after its keyword, up to its `end`.

        Args:
            context: the block's keyword.
            chained: the keyword that may follow `else` and share the `end`: `if` in `{{else if}}`; None for none.
        """
        self.open_block(context)
        known = self.variables.mark()
        pipe = self.pipeline(context, Kind.RIGHT_DELIM)
        loop = context == "range"
        self.range_depth += loop
        body, end = self.item_list()
        self.range_depth -= loop
        otherwise: nodes.List | None = None
        if isinstance(end, nodes.Else):
            token = self.peek()
            if chained is not None and token.kind is chained:
                self.next()
                otherwise = nodes.List(end.offset, (_CONTROLS[chained](self, token),))
            else:
                otherwise, end = self.item_list()
                if not isinstance(end, nodes.End):
                    self.error(f"expected end; found {end}")
        self.variables.forget(known)
        self.close_block()
        return pipe, body, otherwise

    def block_control(self, _: Token) -> nodes.Node:
        context = _BLOCK
        token = self.next_word()
        name = self.template_name(token, context)
        pipe = self.pipeline(context, Kind.RIGHT_DELIM)
        self.add(name, self.body_of(context))
        return nodes.Call(token.offset, name, pipe)

    def template_control(self, _: Token) -> nodes.Node:
        context = "template clause"
        token = self.next_word()
        name = self.template_name(token, context)
        if self.peek_word().kind is Kind.RIGHT_DELIM:
            self.next()
            return nodes.Call(token.offset, name, None)
        return nodes.Call(token.offset, name, self.pipeline(context, Kind.RIGHT_DELIM))

    def template_name(self, token: Token, context: str) -> str:
        if token.kind not in (Kind.STRING, Kind.RAW_STRING):
            self.unexpected(token, context)
        return self.unquoted(token)


_CONTROLS = {
    Kind.BLOCK: _Parser.block_control,
    Kind.BREAK: _Parser.break_control,
    Kind.CONTINUE: _Parser.continue_control,
    Kind.ELSE: _Parser.else_control,
    Kind.END: _Parser.end_control,
    Kind.IF: _Parser.if_control,
    Kind.RANGE: _Parser.range_control,
    Kind.TEMPLATE: _Parser.template_control,
    Kind.WITH: _Parser.with_control,
}
