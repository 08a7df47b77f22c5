"""Number and character literals, read as text/template reads them with strconv and fmt.Sscan."""

import re

from ..fmt.quote import QuoteError, quote, unquote_char
from ..values import MAX_INT, MIN_INT
from .lex import Kind
from .nodes import Number

MAX_UINT = 2**64 - 1

# No group is repeated here, since Python's re needs 300 bytes for each repetition. Code checks for double underscores.
_INTEGER = re.compile(
    r"([+-]?)(?:0[xX](?P<hex>[0-9a-fA-F_]*[0-9a-fA-F])|0[oO](?P<octal>[0-7_]*[0-7])|0[bB](?P<binary>[01_]*[01])"
    r"|0(?P<old>(?:[0-7_]*[0-7])?)|(?P<decimal>[1-9](?:[0-9_]*[0-9])?))"
)
_BASES = {"hex": 16, "octal": 8, "binary": 2, "old": 8, "decimal": 10}
_MOST_DIGITS = 70
"""No 64-bit integer has more significant digits than this in any base."""
_DIGITS = r"[0-9](?:[0-9_]*[0-9])?"
_FLOAT = re.compile(rf"[+-]?(?:{_DIGITS}(?:\.(?:{_DIGITS})?)?|\.{_DIGITS})(?:[eE][+-]?{_DIGITS})?")
_HEX = r"[0-9a-fA-F](?:[0-9a-fA-F_]*[0-9a-fA-F])?"
_HEX_FLOAT = re.compile(rf"[+-]?0[xX](?:_?{_HEX}(?:\.(?:{_HEX})?)?|\.{_HEX})[pP][+-]?{_DIGITS}")
_COMPLEX_PART = (
    r"0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?|[0-9_]*(?:\.[0-9_]*)?(?:[eEp][+-]?[0-9_]*)?"
)
# When it scans a part, Go first looks for "Inf" and does not put back an i that it took for the start of one.
_COMPLEX = re.compile(rf"(?P<real>[+-]?i?+(?:{_COMPLEX_PART}))(?P<imaginary>[+-]i?+(?:{_COMPLEX_PART}))i")


class NumberError(ValueError):
    """A literal that is not a number. `str()` is Go's error text."""


def parse_number(offset: int, text: str, kind: Kind) -> Number:
    """Return the node of a number, character or complex literal.

    Raises:
        NumberError: Go rejects the literal.
    """
    if kind is Kind.CHAR_CONSTANT:
        code = _character(text)
        return Number(offset, text, code, float(code), None)
    if kind is Kind.COMPLEX:
        return _complex_node(offset, text, _complex(text))
    if text[-1] == "i":
        imaginary = parse_float(text[:-1])
        if imaginary is not None:
            return _complex_node(offset, text, complex(0, imaginary))
    whole = parse_integer(text)
    if whole is not None and MIN_INT <= whole <= MAX_UINT:
        is_unsigned = whole == 0 or text[0] not in "+-"
        if whole <= MAX_INT or is_unsigned:
            return Number(offset, text, whole if whole <= MAX_INT else None, float(whole), None)
    value = parse_float(text)
    if value is None:
        raise NumberError(f"illegal number syntax: {quote(text)}")
    if not any(mark in text for mark in ".eEpP"):
        raise NumberError(f"integer overflow: {quote(text)}")
    return Number(offset, text, _exact_int(value), value, None)


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
        return Number(offset, text, None, None, value)
    real = value.real
    return Number(offset, text, _exact_int(real), real, value)


def _exact_int(value: float) -> int | None:
    return int(value) if value.is_integer() and MIN_INT <= value <= MAX_INT else None


def parse_integer(text: str) -> int | None:
    """Return the value of a Go integer literal (`strconv.ParseInt` with base 0); None if the text is not one.

    A value far beyond 64 bits may be returned as a smaller one that is also beyond 64 bits.
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
    """Return the value of a Go float literal (`strconv.ParseFloat`); None if the text is not one, or is too large."""
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
