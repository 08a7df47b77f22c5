"""The parser's view of the tokens: a cursor, and errors with their place."""

from typing import NoReturn

from ..errors import ParseError, ParseLimitError
from ..limits import Limits
from . import hints
from .lex import Kind, Token, tokens
from .lines import Lines

_EOF = Kind.EOF
_SPACE = Kind.SPACE


class TokenStream:
    """The tokens of one text, with a cursor.

    Spaces are tokens, because they separate arguments. The methods with `word` in their names skip them.
    """

    def __init__(self, name: str, text: str, limits: Limits) -> None:
        self.name = name
        self.lines = Lines(text)
        self.limits = limits
        self.tokens = tokens(text)
        self.at = 0  # the next token
        self.read = 0  # the most tokens ever read: the last of them gives an error its line
        self.depth = 0
        self.open: list[tuple[str, int]] = []  # the open blocks: keyword and start of the action
        self.action_start: int | None = None  # offset of the left delimiter of the action being parsed

    def next(self) -> Token:
        """Read a token. The end can be read any number of times."""
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
        """Read the next token that is not a space."""
        token = self.next()
        return self.next() if token.kind is _SPACE else token

    def peek_word(self) -> Token:
        """Skip a space and return the token after it without reading it."""
        at = self.at
        token = self.tokens[at]
        if token.kind is _SPACE:
            self.at = at = at + 1
            token = self.tokens[at]
        if at >= self.read:
            self.read = at + 1
        return token

    def expect(self, kind: Kind, context: str) -> Token:
        """Read a token that must be of the given kind; `context` is what is being parsed, for the message."""
        token = self.next_word()
        if token.kind is not kind:
            self.unexpected(token, context)
        return token

    def error(self, message: str, *, limit: bool = False, hint: str = "") -> NoReturn:
        """Raise an error at the line of the last token read; `hint` adds what Go's message leaves out."""
        token = self.tokens[max(self.read - 1, 0)]
        line, column = self.lines.place(token.offset)
        source = self.lines.source(token.offset)
        missing = self.still_open() if token.kind is Kind.EOF else ""
        raise (ParseLimitError if limit else ParseError)(
            f"template: {self.name}:{line}: {message}",
            name=self.name,
            line=line,
            column=column,
            expression="" if token.kind in (Kind.ERROR, Kind.EOF) else token.text,
            source_line=source,
            hint=missing or hints.hint(message, source, column) or hint,
        )

    def still_open(self) -> str:
        """Return a hint at the innermost open block; "" if no block is open."""
        if not self.open:
            return ""
        keyword, offset = self.open[-1]
        line, column = self.lines.place(offset)
        return f"the {{{{{keyword}}}}} at line {line}, column {column} has no {{{{end}}}}"

    def open_block(self, keyword: str) -> None:
        """Open a block at the action being parsed."""
        self.enter()
        self.open.append((keyword, self.tokens[self.at - 1].offset if self.action_start is None else self.action_start))

    def close_block(self) -> None:
        """Close the innermost block."""
        self.depth -= 1
        self.open.pop()

    def unexpected(self, token: Token, context: str) -> NoReturn:
        """Raise an error for a token that is not allowed in `context`, or for the error that the lexer found there."""
        if token.kind is not Kind.ERROR:
            self.error(f"unexpected {token} in {context}")
        extra = ""
        if self.action_start is not None:
            line, _ = self.lines.place(self.action_start)
            if line != self.lines.place(token.offset)[0]:
                extra = f" in action started at {self.name}:{line}"
                if token.text.endswith(" action"):
                    extra = extra.removeprefix(" in action")
        self.error(f"{token}{extra}")

    def enter(self) -> None:
        """Enter a block or parenthesis."""
        self.depth += 1
        if self.depth > self.limits.nesting:
            self.error(f"blocks and parentheses are nested deeper than {self.limits.nesting}", limit=True)
