"""Quoting and unquoting as Go's strconv does it."""

import re

from .runes import MAX_RUNE, REPLACEMENT, escaped, from_bytes, is_byte, is_print, is_surrogate, normal, to_bytes

_SHORT = {"\a": r"\a", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\v": r"\v"}
_ESCAPED = {escape[1]: char for char, escape in _SHORT.items()}
_HEX_LENGTHS = {"x": 2, "u": 4, "U": 8}
_HEX = re.compile(r"[0-9a-fA-F]+")
_OCTAL = re.compile(r"[0-7]{3}")
_PLAIN = re.compile(r"[ !#-\[\]-~]*")
_NOT_BACKQUOTED = re.compile("[\0-\x08\n-\x1f`\x7f\ufeff\udc80-\udcff]")


class QuoteError(ValueError):
    """A literal that Go cannot read; `str()` is strconv's text."""


def _escape(char: str, quote: str, *, ascii_only: bool) -> str:
    if char in (quote, "\\"):
        return "\\" + char
    if is_byte(char):
        return f"\\x{ord(char) - 0xDC00:02x}"
    if is_print(char) and (not ascii_only or char < "\x80"):
        return char
    if char in _SHORT:
        return _SHORT[char]
    code = ord(char)
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    if is_surrogate(code):
        code = 0xFFFD
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def quote(text: str, *, ascii_only: bool = False) -> str:
    """Return a string as a double-quoted Go literal (`strconv.Quote`, `QuoteToASCII`)."""
    if _PLAIN.fullmatch(text):
        return f'"{text}"'
    text = normal(text)
    return f'"{escaped(text, lambda char: _escape(char, chr(34), ascii_only=ascii_only))}"'


def quote_rune(code: int, *, ascii_only: bool = False) -> str:
    """Return a code point as a single-quoted Go literal (`strconv.QuoteRune`, `QuoteRuneToASCII`)."""
    return "'" + _escape(rune(code), "'", ascii_only=ascii_only) + "'"


def rune(code: int) -> str:
    """Return the character of a code point; U+FFFD if there is none."""
    return REPLACEMENT if code < 0 or code > MAX_RUNE or is_surrogate(code) else chr(code)


def can_backquote(text: str) -> bool:
    """Return whether a string can stand between backquotes on one line (`strconv.CanBackquote`)."""
    return not _NOT_BACKQUOTED.search(normal(text))


def unquote_char(text: str, at: int, mark: str) -> tuple[int, bool, int]:
    """Read one character or escape of a literal (`strconv.UnquoteChar`).

    Args:
        text: the literal.
        at: where to begin.
        mark: the quotation mark around the literal; only this one may be escaped, and it may not stand bare.

    Returns:
        The code point or byte, whether it is a code point above ASCII, and where the next character begins.
    """
    char = text[at : at + 1]
    if char in ("", mark):
        raise QuoteError("invalid syntax")
    if char != "\\":
        return (0xFFFD if is_byte(char) else ord(char)), char >= "\x80", at + 1
    kind = text[at + 1 : at + 2]
    at += 2
    if kind in _HEX_LENGTHS:
        digits = text[at : at + _HEX_LENGTHS[kind]]
        if len(digits) < _HEX_LENGTHS[kind] or not _HEX.fullmatch(digits):
            raise QuoteError("invalid syntax")
        code = int(digits, 16)
        if kind != "x" and (code > MAX_RUNE or is_surrogate(code)):
            raise QuoteError("invalid syntax")
        return code, kind != "x", at + len(digits)
    if octal := _OCTAL.match(text, at - 1):
        code = int(octal[0], 8)
        if code > 0xFF:
            raise QuoteError("invalid syntax")
        return code, False, octal.end()
    if kind in _ESCAPED:
        return ord(_ESCAPED[kind]), False, at
    if kind == "\\" or (kind and kind == mark):
        return ord(kind), False, at
    raise QuoteError("invalid syntax")


def unquote(literal: str) -> str:
    """Return the string that a double-quoted or backquoted Go literal means (`strconv.Unquote`)."""
    body = literal[1:-1]
    if literal[0] == "`":
        return body.replace("\r", "")
    if "\\" not in body and body.isascii():
        return body
    end = len(literal) - 1
    at = 1
    out = bytearray()
    while at < end:
        code, wide, at = unquote_char(literal, at, '"')
        if wide:
            out += to_bytes(chr(code))
        else:
            out.append(code)
    return from_bytes(bytes(out))
