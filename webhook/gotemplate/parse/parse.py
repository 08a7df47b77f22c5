"""Tokens to trees, with Go's messages.

The grammar and the places of messages follow Go's text/template/parse: one token list for the text and all templates
that it defines, a cursor on it, and as line of an error the line of the last token that has been read.
"""

from ..errors import ParseLimitError
from ..fmt.quote import QuoteError, quote, unquote
from ..fmt.runes import byte_length
from ..limits import Limits
from . import nodes
from .bindings import Bindings
from .lex import Kind, Token
from .names import FUNCTION_NAMES, instead_of
from .number import NumberError, parse_number
from .stream import TokenStream

_OPERANDS = frozenset(
    {
        Kind.BOOL,
        Kind.CHAR_CONSTANT,
        Kind.COMPLEX,
        Kind.DOT,
        Kind.FIELD,
        Kind.IDENTIFIER,
        Kind.NUMBER,
        Kind.NIL,
        Kind.RAW_STRING,
        Kind.STRING,
        Kind.VARIABLE,
        Kind.LEFT_PAREN,
    }
)
_BLOCK = "block clause"
_UNDECLARED = "no {{ $x := … }} declares it here; data is written .NAME, and $.NAME inside range and with"
_CONSTANTS = (nodes.Bool, nodes.Dot, nodes.Nil, nodes.Number, nodes.String)


def parse(name: str, text: str, limits: Limits) -> dict[str, nodes.Definition]:
    """Return the templates of a text by name; one of them has the name given.

    Raises:
        ParseError: the text is no template.
        ParseLimitError: it is larger or deeper than `limits`.
    """
    size = byte_length(text)
    if size > limits.text_bytes:
        raise ParseLimitError(
            f"template: {name}: text of {size} bytes is larger than {limits.text_bytes}", name=name, line=1, column=1
        )
    return _Parser(name, text, limits).parse()


class _Parser(TokenStream):
    """Recursive descent; a method for each rule of the grammar."""

    def __init__(self, name: str, text: str, limits: Limits) -> None:
        super().__init__(name, text, limits)
        self.variables = _at_the_start()
        self.range_depth = 0
        self.templates: dict[str, nodes.Definition] = {}

    def parse(self) -> dict[str, nodes.Definition]:
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
        if known is None or nodes.is_empty(known.root):
            self.templates[name] = nodes.Definition(name, root)
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
        """Return the body of a `define` or `block`: it sees none of the variables and loops around it."""
        self.open_block(context.removesuffix(" clause"))
        outer = self.variables, self.range_depth, self.action_start
        read = self.read
        self.variables, self.range_depth, self.action_start = _at_the_start(), 0, None
        body, end = self.item_list()
        if not isinstance(end, nodes.End):
            if context == _BLOCK:
                self.read = read  # this error has the line of the block's own action
            self.error(f"unexpected {end} in {context}")
        self.close_block()
        self.variables, self.range_depth, self.action_start = outer
        return body

    def item_list(self) -> tuple[nodes.List, nodes.Node]:
        """Return what stands before the next `end` or `else` of this level, and that action."""
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
        """Parse the rest of an `if`, `with` or `range`, up to its `end`.

        Args:
            context: the block's keyword.
            chained: the keyword that makes `{{else if}}` one action with a shared `end`, if there is one.
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

    def unquoted(self, token: Token) -> str:
        try:
            return unquote(token.text)
        except QuoteError as error:
            self.error(str(error))

    # --- pipelines ---

    def pipeline(self, context: str, end: Kind) -> nodes.Pipe:
        offset = self.peek_word().offset
        declared: list[nodes.Variable] = []
        assigns = self.declarations(context, declared)
        commands: list[nodes.Command] = []
        while True:
            token = self.peek_word()
            if token.kind is end:
                self.next()
                break
            if token.kind not in _OPERANDS:
                self.next()
                self.unexpected(token, context)
            commands.append(self.command())
        if not commands:
            self.error(f"missing value for {context}")
        for stage, command in enumerate(commands[1:], 2):
            if isinstance(command.args[0], _CONSTANTS):
                self.error(f"non executable command in pipeline stage {stage}")
        return nodes.Pipe(offset, assigns, tuple(declared), tuple(commands))

    def declarations(self, context: str, declared: list[nodes.Variable]) -> bool:
        """Collect the variables before `:=` or `=`; return whether it is `=`."""
        while self.peek_word().kind is Kind.VARIABLE:
            start = self.at
            variable = self.next()
            after = self.peek_word()
            if after.kind in (Kind.ASSIGN, Kind.DECLARE):
                self.next()
                self.declare(variable, declared)
                return after.kind is Kind.ASSIGN
            if after.kind is not Kind.CHAR or after.text != ",":
                self.at = start
                return False
            self.next()
            self.declare(variable, declared)
            if context != "range" or len(declared) > 1:
                self.error(f"too many declarations in {context}")
            if self.peek_word().kind not in (Kind.VARIABLE, Kind.RIGHT_DELIM, Kind.RIGHT_PAREN):
                self.error("range can only initialize variables")
        return False

    def declare(self, variable: Token, declared: list[nodes.Variable]) -> None:
        declared.append(nodes.Variable(variable.offset, (variable.text,), variable.offset))
        self.variables.declare(variable.text, None)

    def command(self) -> nodes.Command:
        offset = self.peek_word().offset
        args: list[nodes.Node] = []
        while True:
            self.peek_word()
            operand = self.operand()
            if operand is not None:
                args.append(operand)
            token = self.next()
            if token.kind is Kind.SPACE:
                continue
            if token.kind in (Kind.RIGHT_DELIM, Kind.RIGHT_PAREN):
                self.at -= 1
            elif token.kind is not Kind.PIPE:
                self.unexpected(token, "operand")
            break
        if not args:
            self.error("empty command")
        return nodes.Command(offset, tuple(args))

    def operand(self) -> nodes.Node | None:
        """Return a term with the fields behind it; None if no term comes next."""
        term = self.term()
        if term is None or self.peek().kind is not Kind.FIELD:
            return term
        offset = self.peek().offset
        names: list[str] = []
        while self.peek().kind is Kind.FIELD:
            names.append(self.next().text[1:])
        if isinstance(term, nodes.Field):
            return nodes.Field(offset, (*term.names, *names), term.start)
        if isinstance(term, nodes.Variable):
            return nodes.Variable(offset, (*term.names, *names), term.start)
        if isinstance(term, _CONSTANTS):
            self.error(f"unexpected . after term {quote(str(term))}")
        return nodes.Chain(offset, term, tuple(names))

    def term(self) -> nodes.Node | None:
        token = self.peek_word()
        kind, text, offset = token
        if kind not in _OPERANDS:
            return None
        self.next()
        if kind is Kind.FIELD:
            return nodes.Field(offset, (text[1:],), offset)
        if kind is Kind.IDENTIFIER:
            if text not in FUNCTION_NAMES:
                self.error(f"function {quote(text)} not defined", hint=instead_of(text))
            return nodes.Identifier(offset, text)
        if kind is Kind.VARIABLE:
            if text not in self.variables:
                self.error(f"undefined variable {quote(text)}", hint=_UNDECLARED)
            return nodes.Variable(offset, (text,), offset)
        if kind is Kind.LEFT_PAREN:
            self.enter()
            pipe = self.pipeline("parenthesized pipeline", Kind.RIGHT_PAREN)
            self.depth -= 1
            return pipe
        return self.constant(token)

    def constant(self, token: Token) -> nodes.Node:
        kind, text, offset = token
        if kind in (Kind.STRING, Kind.RAW_STRING):
            return nodes.String(offset, text, self.unquoted(token))
        if kind is Kind.DOT:
            return nodes.Dot(offset)
        if kind is Kind.NIL:
            return nodes.Nil(offset)
        if kind is Kind.BOOL:
            return nodes.Bool(offset, text == "true")
        try:
            return parse_number(offset, text, kind)
        except NumberError as error:
            self.error(str(error))


def _at_the_start() -> Bindings[None]:
    """Return the variables that every template begins with."""
    variables = Bindings[None]()
    variables.declare("$", None)
    return variables


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
