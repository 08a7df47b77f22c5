"""Pipelines, commands and operands to trees, with Go's messages (Go's parse.go from `pipeline` on)."""

from ..fmt.quote import QuoteError, quote, unquote
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
_CONSTANTS = (nodes.Bool, nodes.Dot, nodes.Nil, nodes.Number, nodes.String)


class PipelineParser(TokenStream):
    """Recursive descent, with a method for each rule of the grammar of pipelines."""

    def __init__(self, name: str, text: str, limits: Limits) -> None:
        super().__init__(name, text, limits)
        self.variables = initial_variables()

    def unquoted(self, token: Token) -> str:
        """Return the value of a string token."""
        try:
            return unquote(token.text)
        except QuoteError as error:
            self.error(str(error))

    def pipeline(self, context: str, end: Kind) -> nodes.Pipe:
        """Parse a pipeline up to the token `end`.

        Args:
            context: what the pipeline belongs to, for messages.
            end: the kind of token that ends it; the token is consumed.
        """
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
        """Parse `$x :=`, `$x =` or `$i, $x :=` into `declared`; return whether the variables are assigned to (`=`)."""
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
        """Add a variable to the scope and to the pipeline that declares it."""
        declared.append(nodes.Variable(variable.offset, (variable.text,), variable.offset))
        self.variables.declare(variable.text, None)

    def command(self) -> nodes.Command:
        """Parse operands up to a `|` or the end of the pipeline."""
        offset = self.peek_word().offset
        args: list[nodes.Node] = []
        while True:
            self.peek_word()
            operand = self.operand(argument=bool(args))
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

    def operand(self, *, argument: bool) -> nodes.Node | None:
        """Parse a term and the fields after it; return None if no term comes next.

        ``argument`` says, for hints, whether it is one of a command's arguments.
        """
        term = self.term(argument=argument)
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

    def term(self, *, argument: bool) -> nodes.Node | None:
        """Parse a constant, function, field, variable or parenthesized pipeline; return None if none comes next."""
        token = self.peek_word()
        kind, text, offset = token
        if kind not in _OPERANDS:
            return None
        self.next()
        if kind is Kind.FIELD:
            return nodes.Field(offset, (text[1:],), offset)
        if kind is Kind.IDENTIFIER:
            if text not in FUNCTION_NAMES:
                self.error(f"function {quote(text)} not defined", hint=instead_of(text, argument=argument))
            return nodes.Identifier(offset, text)
        if kind is Kind.VARIABLE:
            if text not in self.variables:
                self.error(f"undefined variable {quote(text)}", hint=_undeclared(text))
            return nodes.Variable(offset, (text,), offset)
        if kind is Kind.LEFT_PAREN:
            self.enter()
            pipe = self.pipeline("parenthesized pipeline", Kind.RIGHT_PAREN)
            self.depth -= 1
            return pipe
        return self.constant(token)

    def constant(self, token: Token) -> nodes.Node:
        """Parse a constant."""
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


def _undeclared(variable: str) -> str:
    name = variable.removeprefix("$")
    return (
        f"declare it first with {{{{ {variable} := … }}}}; data is written .{name}, or $.{name} inside range and with"
    )


def initial_variables() -> Bindings[None]:
    """Return the variables in scope at the start of every template: `$`."""
    variables = Bindings[None]()
    variables.declare("$", None)
    return variables
