"""Number literals: Go's ideal constants, read as text/template reads them with strconv and fmt.Sscan."""

import re

from ..fmt.quote import QuoteError, quote, unquote_char
from ..values import MAX_INT, MIN_INT
from .lex import Kind
from .nodes import Number

MAX_UINT = 2**64 - 1

# No group is repeated here: Python's re takes 300 bytes for each turn of one. Two underscores are looked for apart.
_INTEGER = re.compile(
    r"([+-]?)(?:0[xX](?P<hex>[0-9a-fA-F_]*[0-9a-fA-F])|0[oO](?P<octal>[0-7_]*[0-7])|0[bB](?P<binary>[01_]*[01])"
    r"|0(?P<old>(?:[0-7_]*[0-7])?)|(?P<decimal>[1-9](?:[0-9_]*[0-9])?))"
)
_BASES = {"hex": 16, "octal": 8, "binary": 2, "old": 8, "decimal": 10}
_MOST_DIGITS = 70
"""More significant digits than this fit no integer of 64 bits, whatever the base; how many more is of no interest."""
_DIGITS = r"[0-9](?:[0-9_]*[0-9])?"
_FLOAT = re.compile(rf"[+-]?(?:{_DIGITS}(?:\.(?:{_DIGITS})?)?|\.{_DIGITS})(?:[eE][+-]?{_DIGITS})?")
_HEX = r"[0-9a-fA-F](?:[0-9a-fA-F_]*[0-9a-fA-F])?"
_HEX_FLOAT = re.compile(rf"[+-]?0[xX](?:_?{_HEX}(?:\.(?:{_HEX})?)?|\.{_HEX})[pP][+-]?{_DIGITS}")
_COMPLEX_PART = (
    r"0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?|[0-9_]*(?:\.[0-9_]*)?(?:[eEp][+-]?[0-9_]*)?"
)
# Scanning each part, Go first looks for "Inf" and does not give back an i that it took for its beginning.
_COMPLEX = re.compile(rf"(?P<real>[+-]?i?+(?:{_COMPLEX_PART}))(?P<imaginary>[+-]i?+(?:{_COMPLEX_PART}))i")


class NumberError(ValueError):
    """A literal that is no number; `str()` is Go's text."""


def parse_number(offset: int, text: str, kind: Kind) -> Number:
    """Return the node of a number, character or complex literal.

    Raises:
        NumberError: Go refuses the literal.
    """
    if kind is Kind.CHAR_CONSTANT:
        code = _character(text)
        return Number(offset, text, code, code, float(code), None)
    if kind is Kind.COMPLEX:
        return _complex_node(offset, text, _complex(text))
    if text[-1] == "i":
        imaginary = parse_float(text[:-1])
        if imaginary is not None:
            return _complex_node(offset, text, complex(0, imaginary))
    whole = parse_integer(text)
    if whole is not None and MIN_INT <= whole <= MAX_UINT:
        as_int = whole if whole <= MAX_INT else None
        as_uint = whole if whole == 0 or text[0] not in "+-" else None
        if as_int is not None or as_uint is not None:
            return Number(offset, text, as_int, as_uint, float(whole), None)
    value = parse_float(text)
    if value is None:
        raise NumberError(f"illegal number syntax: {quote(text)}")
    if not any(mark in text for mark in ".eEpP"):
        raise NumberError(f"integer overflow: {quote(text)}")
    return Number(offset, text, _exact(value, MIN_INT, MAX_INT), _exact(value, 0, MAX_UINT), value, None)


def _character(text: str) -> int:
    try:
        code, _, end = unquote_char(text, 1, "'")
    except QuoteError as error:
        raise NumberError(str(error)) from None
    if text[end:] != "'":
        raise NumberError(f"malformed character constant: {text}")
    return code


def _complex_node(offset: int, text: str, value: complex) -> Number:
    if value.imag != 0:
        return Number(offset, text, None, None, None, value)
    real = value.real
    return Number(offset, text, _exact(real, MIN_INT, MAX_INT), _exact(real, 0, MAX_UINT), real, value)


def _exact(value: float, low: int, high: int) -> int | None:
    return int(value) if value.is_integer() and low <= value <= high else None


def parse_integer(text: str) -> int | None:
    """Return a Go integer literal's value (`strconv.ParseInt` with base 0); None if it is none.

    A value far beyond 64 bits may come out smaller than it is, but never as small as that.
    """
    found = _INTEGER.fullmatch(text)
    if not found or "__" in text:
        return None
    group = found.lastgroup or "old"
    digits = (found[group] or "0").replace("_", "")
    if len(digits) > _MOST_DIGITS:
        digits = digits.lstrip("0")[:_MOST_DIGITS] or "0"
    value = int(digits, _BASES[group])
    return -value if found[1] == "-" else value


def parse_float(text: str) -> float | None:
    """Return a Go float literal's value (`strconv.ParseFloat`); None if it is none or too large."""
    if "__" in text:
        return None
    if _FLOAT.fullmatch(text):
        value = float(text)
    elif _HEX_FLOAT.fullmatch(text):
        try:
            value = float.fromhex(text.replace("_", ""))
        except OverflowError:
            return None
    else:
        return None
    return None if value in (float("inf"), float("-inf")) else value


def _complex(text: str) -> complex:
    found = _COMPLEX.fullmatch(text)
    if not found:
        raise NumberError("syntax error scanning complex number")
    return complex(_part(found["real"]), _part(found["imaginary"]))


def _part(text: str) -> float:
    value = parse_float(text)
    if value is not None:
        return value
    well_formed = "__" not in text and (_FLOAT.fullmatch(text) or _HEX_FLOAT.fullmatch(text))
    reason = "value out of range" if well_formed else "invalid syntax"
    raise NumberError(f"strconv.ParseFloat: parsing {quote(text)}: {reason}")
