"""Floats to text as Go's strconv does it."""

import math
import struct

_SHORTEST_PRECISION = 6
"""Where no precision is given, `%g` decides between the two notations as if it were this one."""


def format_float(value: float, verb: str, precision: int) -> str:
    """Return `strconv.FormatFloat(value, verb, precision, 64)`.

    Args:
        value: any float.
        verb: one of b e E f g G x X.
        precision: digits after the point (e, f, x) or in all (g); -1 for as few as tell the value from all others.
    """
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if verb in "xX":
        text = _hexadecimal(value, precision)
        return text.upper() if verb == "X" else text
    if verb == "b":
        return _binary(value)
    if precision >= 0:
        return f"{value:.{precision}{verb}}" if verb in "eEf" else _rounded_general(value, verb, precision)
    return _shortest(value, verb)


def _rounded_general(value: float, verb: str, precision: int) -> str:
    return f"{value:.{min(precision or 1, 1100)}{verb}}"


def _shortest(value: float, verb: str) -> str:
    sign = "-" if math.copysign(1, value) < 0 else ""
    mantissa, _, exponent_text = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    # the point stands after this many of the digits
    point = len(whole) + int(exponent_text or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    if not digits:
        digits, point = "0", 1
    exponent = point - 1
    if verb == "f" or (verb in "gG" and -4 <= exponent < _SHORTEST_PRECISION):
        return sign + _decimal(digits, point)
    mark = "E" if verb in "EG" else "e"
    tail = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{tail}{mark}{exponent:+03d}"


def _decimal(digits: str, point: int) -> str:
    if point <= 0:
        return f"0.{'0' * -point}{digits}"
    if point >= len(digits):
        return digits + "0" * (point - len(digits))
    return f"{digits[:point]}.{digits[point:]}"


def _parts(value: float) -> tuple[str, int, int]:
    """Return sign, mantissa and exponent: value = sign mantissa * 2**exponent."""
    (bits,) = struct.unpack(">Q", struct.pack(">d", value))
    sign = "-" if bits >> 63 else ""
    exponent = bits >> 52 & 0x7FF
    mantissa = bits & ((1 << 52) - 1)
    if exponent:
        return sign, mantissa | 1 << 52, exponent - 1075
    return sign, mantissa, -1074


def _binary(value: float) -> str:
    sign, mantissa, exponent = _parts(value)
    return f"{sign}{mantissa}p{exponent:+d}"


def _hexadecimal(value: float, precision: int) -> str:
    sign, mantissa, exponent = _parts(value)
    if mantissa:
        # one bit before the point and 52 behind it
        shift = 53 - mantissa.bit_length()
        mantissa <<= shift
        exponent += 52 - shift
    else:
        exponent = 0
    fraction_digits = 13
    if 0 <= precision < fraction_digits:
        cut = 4 * (fraction_digits - precision)
        half = 1 << (cut - 1)
        rest = mantissa & ((1 << cut) - 1)
        mantissa >>= cut
        if rest > half or (rest == half and mantissa & 1):
            mantissa += 1
        mantissa <<= cut
        if mantissa >> 53:
            mantissa >>= 1
            exponent += 1
    digits = f"{mantissa & ((1 << 52) - 1):013x}"
    digits = digits.rstrip("0") if precision < 0 else digits[:precision].ljust(precision, "0")
    point = "." if digits else ""
    return f"{sign}0x{mantissa >> 52}{point}{digits}p{exponent:+03d}"
