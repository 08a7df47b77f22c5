"""Characters and bytes as Go sees them.

A Go string is a row of bytes that usually holds UTF-8. Here a string is a `str` in which a byte that is not part of
valid UTF-8 stands as the surrogate U+DC80 to U+DCFF that Python's `surrogateescape` gives it. Other surrogates cannot
come from Go; where bytes are asked for, they count as U+FFFD, which is what Go's JSON decoder makes of them.
"""

import re
from bisect import bisect_right
from collections.abc import Callable
from functools import cache
from itertools import accumulate

from . import tables

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_CHUNK = 4_096
_BYTE = re.compile("[\udc80-\udcff]")
_NO_BYTE = re.compile("[\ud800-\udc7f\udd00-\udfff]")
MAX_RUNE = 0x10FFFF


@cache
def _edges(table: str) -> list[int]:
    return list(accumulate(int(length, 36) for length in table.split()))


def is_letter(char: str) -> bool:
    """Return whether a character is a letter (`unicode.IsLetter`)."""
    if char < "\x80":
        return char.isalpha()
    return bisect_right(_edges(tables.LETTER), ord(char)) % 2 == 1


def is_alphanumeric(char: str) -> bool:
    """Return whether a character may stand in an identifier of a template."""
    if char < "\x80":
        return char.isalnum() or char == "_"
    return is_letter(char) or bisect_right(_edges(tables.DIGIT), ord(char)) % 2 == 1


@cache
def _printable() -> bytes:
    # a byte for each character: a hostile text has a million different ones
    return b"".join(bytes([number % 2]) * int(length, 36) for number, length in enumerate(tables.PRINTABLE.split()))


def is_print(char: str) -> bool:
    """Return whether Go prints a character as it is (`strconv.IsPrint`)."""
    if char < "\x80":
        return " " <= char <= "~"
    known = _printable()
    code = ord(char)
    return code < len(known) and known[code] == 1


def is_byte(char: str) -> bool:
    """Return whether a character stands for a byte outside valid UTF-8."""
    return "\udc80" <= char <= "\udcff"


def is_surrogate(code: int) -> bool:
    """Return whether a code point is half of a pair and so no character of its own."""
    return 0xD800 <= code <= 0xDFFF


def to_bytes(text: str) -> bytes:
    """Return the bytes of a Go string."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return _NO_BYTE.sub(REPLACEMENT, text).encode("utf-8", "surrogateescape")


def from_bytes(data: bytes) -> str:
    """Return the Go string of some bytes."""
    return data.decode("utf-8", "surrogateescape")


def byte_length(text: str) -> int:
    """Return the length of a Go string in bytes."""
    return len(text) if text.isascii() else len(to_bytes(text))


def normal(text: str) -> str:
    """Join bytes that came from different strings and now make a character."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return from_bytes(to_bytes(text))
    return text


def escaped(text: str, escape: Callable[[str], str]) -> str:
    """Return a text with each character escaped; asks about each that occurs once for every few thousand."""
    pieces: list[str] = []
    for at in range(0, len(text), _CHUNK):
        chunk = text[at : at + _CHUNK]
        table = {ord(char): new for char in set(chunk) if (new := escape(char)) != char}
        pieces.append(chunk.translate(table) if table else chunk)
    return "".join(pieces)


def to_text(text: str) -> str:
    """Return a string without stray bytes: each becomes U+FFFD, as Go's encoding/json writes it."""
    joined = normal(text)
    return joined if joined.isascii() else _BYTE.sub(REPLACEMENT, joined)
