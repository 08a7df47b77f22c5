"""Template text to tokens.

Trimming spaces beside `{{-` and `-}}` happens here and nowhere else. An error is a token, the last one: the parser
meets it where it stands and reports it then, or reports something that stands before it.
"""

import re
from enum import IntEnum
from typing import NamedTuple

from ..fmt.quote import quote
from ..fmt.runes import REPLACEMENT, is_alphanumeric, is_byte, is_print

LEFT = "{{"
RIGHT = "}}"
SPACES = " \t\r\n"


class Kind(IntEnum):
    """What a token is. Keywords come after `KEYWORD`."""

    ERROR = 0
    BOOL = 1
    CHAR = 2
    CHAR_CONSTANT = 3
    COMPLEX = 4
    ASSIGN = 5
    DECLARE = 6
    EOF = 7
    FIELD = 8
    IDENTIFIER = 9
    LEFT_DELIM = 10
    LEFT_PAREN = 11
    NUMBER = 12
    PIPE = 13
    RAW_STRING = 14
    RIGHT_DELIM = 15
    RIGHT_PAREN = 16
    SPACE = 17
    STRING = 18
    TEXT = 19
    VARIABLE = 20
    KEYWORD = 21
    BLOCK = 22
    BREAK = 23
    CONTINUE = 24
    DOT = 25
    DEFINE = 26
    ELSE = 27
    END = 28
    IF = 29
    NIL = 30
    RANGE = 31
    TEMPLATE = 32
    WITH = 33


class Token(NamedTuple):
    """One token: its kind, its text (of an error: the message) and the offset of its first character."""

    kind: Kind
    text: str
    offset: int

    def __str__(self) -> str:
        """Return the token as Go names it in messages."""
        if self.kind is Kind.EOF:
            return "EOF"
        if self.kind is Kind.ERROR:
            return self.text
        if self.kind > Kind.KEYWORD:
            return f"<{self.text}>"
        if len(self.text.encode("utf-8", "surrogatepass")) > 10:
            return quote(self.text[:10]) + "..."
        return quote(self.text)


_WORDS = {
    "block": Kind.BLOCK,
    "break": Kind.BREAK,
    "continue": Kind.CONTINUE,
    "define": Kind.DEFINE,
    "else": Kind.ELSE,
    "end": Kind.END,
    "if": Kind.IF,
    "nil": Kind.NIL,
    "range": Kind.RANGE,
    "template": Kind.TEMPLATE,
    "with": Kind.WITH,
    "true": Kind.BOOL,
    "false": Kind.BOOL,
}

_WORD = re.compile(r"[\w\x80-\U0010ffff]*")
_SPACE = re.compile(r"[ \t\r\n]+")
_NUMBER = re.compile(
    r"[+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?"
    r"|0[oO][0-7_]*(?:\.[0-7_]*)?"
    r"|0[bB][01_]*(?:\.[01_]*)?"
    r"|[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?)i?"
)
_STRING = re.compile(r'"[^"\\\n]*(?:\\[^\n][^"\\\n]*)*"')
_RAW_STRING = re.compile(r"`[^`]*`")
_CHAR_CONSTANT = re.compile(r"'[^'\\\n]*(?:\\[^\n][^'\\\n]*)*'")
_QUOTED = {
    '"': (_STRING, Kind.STRING, "unterminated quoted string"),
    "`": (_RAW_STRING, Kind.RAW_STRING, "unterminated raw quoted string"),
    "'": (_CHAR_CONSTANT, Kind.CHAR_CONSTANT, "unterminated character constant"),
}
_SPACES = frozenset(SPACES)
_COMMON = re.compile(
    r"([ \t\r\n]+)(?![ \t\r\n]|-\}\})|(\.[A-Za-z_][A-Za-z0-9_]*)(?=[ \t\r\n.|)]|\}\})"
    r"|([A-Za-z_][A-Za-z0-9_]*)(?=[ \t\r\n.|)]|\}\})"
)
"""The shapes of token that most actions are made of: spaces before no trim marker, and fields and words in ASCII."""
_SHAPES = (Kind.TEXT, Kind.SPACE, Kind.FIELD)
_WORD_SHAPE = 3
_MARKS = {"=": Kind.ASSIGN, "|": Kind.PIPE}
_TERMINATORS = frozenset(" \t\r\n.,|:)(")


class _LexError(Exception):
    """Ends the scan; becomes the last token."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


def tokens(text: str) -> list[Token]:
    """Return the tokens of a template; the last one is the end or an error."""
    found: list[Token] = []
    try:
        end = _lex_text(text, found)
    except _LexError as error:
        found.append(Token(Kind.ERROR, error.message, error.offset))
    else:
        found.append(Token(Kind.EOF, "EOF", end))
    return found


def _lex_text(text: str, found: list[Token]) -> int:
    at = 0
    while True:
        left = text.find(LEFT, at)
        if left < 0:
            if at < len(text):
                found.append(Token(Kind.TEXT, text[at:], at))
            return len(text)
        inside = left + 2
        plain = text[at:left]
        if text.startswith("-", inside) and text[inside + 1 : inside + 2] in _SPACES:
            inside += 2
            plain = plain.rstrip(SPACES)
        if plain:
            found.append(Token(Kind.TEXT, plain, at))
        if text.startswith("/*", inside):
            at = _skip_comment(text, inside)
        else:
            found.append(Token(Kind.LEFT_DELIM, LEFT, left))
            at = _lex_action(text, inside, found)


def _trims_right(text: str, at: int) -> bool:
    return text.startswith("-}}", at + 1) and text[at] in _SPACES


def _after_trim(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return space.end() if space else at


def _skip_comment(text: str, start: int) -> int:
    close = text.find("*/", start + 2)
    if close < 0:
        raise _LexError("unclosed comment", start)
    at = close + 2
    if text.startswith(RIGHT, at):
        return at + 2
    if _trims_right(text, at):
        return _after_trim(text, at + 4)
    raise _LexError("comment ends before closing delimiter", start)


def _lex_action(text: str, at: int, found: list[Token]) -> int:
    """Add the tokens of one action; return where the text after it begins."""
    depth = 0
    append = found.append
    length = len(text)
    while at < length:
        common = _COMMON.match(text, at)
        if common:
            shape = common.lastindex or 1
            found_text = common[0]
            kind = _WORDS.get(found_text, Kind.IDENTIFIER) if shape == _WORD_SHAPE else _SHAPES[shape]
            append(Token(kind, found_text, at))
            at = common.end()
            continue
        char = text[at]
        right = _right_delimiter(text, at, char)
        if right >= 0:
            if depth:
                raise _LexError("unclosed left paren", at)
            append(Token(Kind.RIGHT_DELIM, RIGHT, right))
            return right + 2 if right == at else _after_trim(text, right + 2)
        if char in _SPACES:
            end = _after_trim(text, at)
            if text.startswith("-}}", end):
                end -= 1  # the last space belongs to the trim marker
            append(Token(Kind.SPACE, text[at:end], at))
            at = end
        elif char in "()":
            depth += 1 if char == "(" else -1
            if depth < 0:
                raise _LexError("unexpected right paren", at)
            append(Token(Kind.LEFT_PAREN if char == "(" else Kind.RIGHT_PAREN, char, at))
            at += 1
        else:
            token = _operand(text, at, char)
            append(token)
            at += len(token.text)
    raise _LexError("unclosed action", length)


def _right_delimiter(text: str, at: int, char: str) -> int:
    """Return where a right delimiter stands that begins at `at`, maybe with a trim marker; -1 if none does."""
    if char == "}" and text.startswith(RIGHT, at):
        return at
    return at + 2 if char in _SPACES and text.startswith("-}}", at + 1) else -1


def _operand(text: str, at: int, char: str) -> Token:
    """Return the token at a character that is neither space, delimiter nor parenthesis."""
    if char == "." and not "0" <= text[at + 1 : at + 2] <= "9" and at + 1 < len(text):
        end = _name_end(text, at, at + 1)
        return Token(Kind.FIELD if end > at + 1 else Kind.DOT, text[at:end], at)
    if char == "$":
        end = _name_end(text, at, at + 1)
        return Token(Kind.VARIABLE, text[at:end], at)
    if char in ".+-" or "0" <= char <= "9":
        return _number(text, at)
    if is_alphanumeric(char):
        end = _name_end(text, at, at)
        word = text[at:end]
        return Token(_WORDS.get(word, Kind.IDENTIFIER), word, at)
    if char in _QUOTED:
        pattern, kind, message = _QUOTED[char]
        literal = pattern.match(text, at)
        if not literal:
            raise _LexError(message, at)
        return Token(kind, literal[0], at)
    return _mark(text, at, char)


def _mark(text: str, at: int, char: str) -> Token:
    if char == ":":
        if not text.startswith(":=", at):
            raise _LexError("expected :=", at)
        return Token(Kind.DECLARE, ":=", at)
    if " " < char <= "~":
        return Token(_MARKS.get(char, Kind.CHAR), char, at)
    raise _LexError(f"unrecognized character in action: {_code_point(char)}", at)


def _name_end(text: str, begin: int, start: int) -> int:
    """Return where the letters and digits from `start` on end, in a token from `begin` on; a terminator must follow."""
    word = _WORD.match(text, start)
    assert word
    end = word.end()
    if not word[0].isascii():
        end = start
        while end < len(text) and is_alphanumeric(text[end]):
            end += 1
    if end < len(text) and text[end] not in _TERMINATORS and not text.startswith(RIGHT, end):
        raise _LexError(f"bad character {_code_point(text[end])}", begin)
    return end


def _number(text: str, at: int) -> Token:
    """Return the number at `at`; what is wrong inside it is the parser's to find."""
    end = _scan_number(text, at, at)
    if text[end : end + 1] in ("+", "-"):
        end = _scan_number(text, end, at)
        if text[end - 1] != "i":
            raise _LexError(f"bad number syntax: {quote(text[at:end])}", at)
        return Token(Kind.COMPLEX, text[at:end], at)
    return Token(Kind.NUMBER, text[at:end], at)


def _scan_number(text: str, at: int, start: int) -> int:
    number = _NUMBER.match(text, at)
    assert number
    end = number.end()
    if end < len(text) and is_alphanumeric(text[end]):
        raise _LexError(f"bad number syntax: {quote(text[start : end + 1])}", start)
    return end


def _code_point(char: str) -> str:
    """Return a character as Go's `%#U` does: U+0023 '#'."""
    if is_byte(char):
        char = REPLACEMENT
    return f"U+{ord(char):04X}" + (f" '{char}'" if is_print(char) else "")
