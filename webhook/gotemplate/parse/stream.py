"""The parser's view of the tokens: a cursor, and errors that name the place."""

from typing import NoReturn

from ..errors import ParseError, ParseLimitError
from ..limits import Limits
from .lex import Kind, Token, tokens
from .lines import Lines

_OPERATORS = frozenset("=<>!&+*/%?")
_NO_OPERATORS = "there are no operators: write eq .A .B, gt .A 1, and .A .B, not .A; there is no arithmetic"
_EOF = Kind.EOF
_SPACE = Kind.SPACE


class TokenStream:
    """The tokens of one text, read from left to right with as much looking ahead as wanted.

    Spaces are tokens, because they separate arguments; the methods named `word` skip them.
    """

    def __init__(self, name: str, text: str, limits: Limits) -> None:
        self.name = name
        self.lines = Lines(text)
        self.limits = limits
        self.tokens = tokens(text)
        self.at = 0  # the next token
        self.read = 0  # how many tokens have been read at most: the last of them gives an error its line
        self.depth = 0
        self.open: list[tuple[str, int]] = []  # keywords of the blocks around the cursor, and where their actions begin
        self.action_start: int | None = None  # offset of the left delimiter of the action being parsed

    def next(self) -> Token:
        """Read a token. The end can be read again and again."""
        at = self.at
        if at >= self.read:
            self.read = at + 1
        token = self.tokens[at]
        if token.kind is not _EOF:
            self.at = at + 1
        return token

    def peek(self) -> Token:
        """Return the next token without moving on."""
        at = self.at
        if at >= self.read:
            self.read = at + 1
        return self.tokens[at]

    def next_word(self) -> Token:
        """Read the next token that is no space."""
        token = self.next()
        return self.next() if token.kind is _SPACE else token

    def peek_word(self) -> Token:
        """Move on to the next token that is no space and return it."""
        at = self.at
        token = self.tokens[at]
        if token.kind is _SPACE:
            self.at = at = at + 1
            token = self.tokens[at]
        if at >= self.read:
            self.read = at + 1
        return token

    def expect(self, kind: Kind, context: str) -> Token:
        """Read a token that must be of one kind; `context` names what is being parsed."""
        token = self.next_word()
        if token.kind is not kind:
            self.unexpected(token, context)
        return token

    def error(self, message: str, *, limit: bool = False, hint: str = "") -> NoReturn:
        """Report an error at the line of the last token read; `hint` says more than Go does."""
        token = self.tokens[max(self.read - 1, 0)]
        line, column = self.lines.place(token.offset)
        raise (ParseLimitError if limit else ParseError)(
            f"template: {self.name}:{line}: {message}",
            name=self.name,
            line=line,
            column=column,
            expression="" if token.kind in (Kind.ERROR, Kind.EOF) else token.text,
            source_line=self.lines.source(token.offset),
            hint=hint or (self.still_open() if token.kind is Kind.EOF else ""),
        )

    def still_open(self) -> str:
        """Return which block is still open, or ""."""
        if not self.open:
            return ""
        keyword, offset = self.open[-1]
        line, column = self.lines.place(offset)
        return f"the {{{{{keyword}}}}} in line {line}, column {column} has no {{{{end}}}}"

    def open_block(self, keyword: str) -> None:
        """Begin a block at the action that is being parsed."""
        self.enter()
        self.open.append((keyword, self.tokens[self.at - 1].offset if self.action_start is None else self.action_start))

    def close_block(self) -> None:
        """End the innermost block."""
        self.depth -= 1
        self.open.pop()

    def unexpected(self, token: Token, context: str) -> NoReturn:
        """Report a token that cannot stand in `context`, or the error that the lexer found there."""
        if token.kind is not Kind.ERROR:
            operator = token.kind in (Kind.ASSIGN, Kind.CHAR) and token.text in _OPERATORS
            self.error(f"unexpected {token} in {context}", hint=_NO_OPERATORS if operator else "")
        extra = ""
        if self.action_start is not None:
            line, _ = self.lines.place(self.action_start)
            if line != self.lines.place(token.offset)[0]:
                extra = f" in action started at {self.name}:{line}"
                if token.text.endswith(" action"):
                    extra = extra.removeprefix(" in action")
        self.error(f"{token}{extra}")

    def enter(self) -> None:
        """Go one level deeper into blocks and parentheses."""
        self.depth += 1
        if self.depth > self.limits.nesting:
            self.error(f"blocks and parentheses are nested deeper than {self.limits.nesting}", limit=True)
