"""Which JSON value kubectl reads from a YAML scalar.

kubectl uses sigs.k8s.io/yaml 1.6, which builds on go.yaml.in/yaml/v2: YAML 1.1 without base-60 numbers, and dates stay
strings. The JSON that it sends has one kind of number: ``1e3`` and ``1.0`` arrive as ``1000`` and ``1``.
"""

import base64
import binascii
import math
import re
import struct
from decimal import Decimal
from functools import lru_cache

Value = str | int | float | bool | None

_PREFIX = "tag:yaml.org,2002:"
_WORDS: dict[str, bool | float | None] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_INTEGER = re.compile(
    r"[-+]?(?:0[xX](?P<hex>[0-9a-fA-F]+)|0[bB](?P<bin>[01]+)|0[oO]?(?P<oct>[0-7]+)|(?P<dec>0|[1-9][0-9]*))"
)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
#: Types that a tag accepts; with any other tag the text stays a string.
_TAGS: dict[str, tuple[type, ...]] = {"bool": (bool,), "int": (int,), "float": (int, float), "null": (type(None),)}
_BASES = (("dec", 10), ("hex", 16), ("oct", 8), ("bin", 2))
#: Go writes a float64 below this without an exponent, so a whole one is read back as an integer (encoding/json).
_EXPONENT_FROM = 1e21
#: Longer than any real number; guards against converting a megabyte of digits.
_LONGEST_NUMBER = 400


class NoValue(Exception):  # noqa: N818 - control flow between two modules of this room, never leaves it
    """The scalar has no JSON value; ``str()`` says why."""


@lru_cache(maxsize=4096)
def untagged(text: str) -> Value:
    """Return the JSON value of a plain scalar without a tag.

    Raises:
        NoValue: infinity or NaN, which JSON cannot express.
    """
    return _json(_resolve(text), text)


def tagged(tag: str, text: str) -> Value:
    """Return the JSON value of a scalar with an explicit tag such as ``!!str``.

    Raises:
        NoValue: the text does not have the tag's type, or JSON cannot express its value.
    """
    return _json(_resolve_tagged(tag, text), text)


@lru_cache(maxsize=4096)
def key(tag: str | None, text: str) -> str:
    """Return the JSON object key for a scalar that is plain or has a tag.

    Raises:
        NoValue: null and integers beyond 64 bits cannot be keys, nor can a text that does not have its tag's type.
    """
    value = _resolve(text) if tag is None else _resolve_tagged(tag, text)
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        raise NoValue("a key cannot be null")
    if isinstance(value, float):
        return _short_float(value)
    if value >= 2**63:
        raise NoValue(f"the key {text[:60]} does not fit into 64 bits")
    return str(value)


def _resolve_tagged(tag: str, text: str) -> Value:
    """Return the value of a scalar with an explicit tag, as go-yaml decodes it."""
    short = tag.removeprefix(_PREFIX) if tag.startswith(_PREFIX) else ""
    if short == "binary":
        return _binary(text)
    if short not in _TAGS:
        return text
    value = _resolve(text)
    if isinstance(value, str) or type(value) not in _TAGS[short]:
        raise NoValue(f'"{text[:60]}" is not a valid !!{short}')
    return float(value) if short == "float" and value is not None else value


def _resolve(text: str) -> Value:
    """Return the value that go-yaml gives a plain scalar; floats are not JSON numbers yet."""
    first = text[:1]
    if text in _WORDS:
        return _WORDS[text]
    if first == ".":
        return _float(text) if _FLOAT.fullmatch(text) else text
    if not first.isascii() or not (first.isdigit() or (first and first in "+-")):
        return text
    if len(text) > _LONGEST_NUMBER:
        return text
    digits = text.replace("_", "")
    if match := _INTEGER.fullmatch(digits):
        return _integer(match, text)
    return _float(digits, text) if _FLOAT.fullmatch(digits) else text


def _integer(match: re.Match[str], text: str) -> str | int | float:
    """Return the integer; beyond 64 bits a decimal one becomes a float and any other a string, as in go-yaml."""
    base = next(base for name, base in _BASES if match[name] is not None)
    name = next(name for name, _ in _BASES if match[name] is not None)
    value = int(match[name], base)
    value = -value if match[0].startswith("-") else value
    signed = match[0][0] in "+-"
    if -(2**63) <= value < (2**63 if signed else 2**64):
        return value
    return _float(match[0], text) if _FLOAT.fullmatch(match[0]) else text


def _float(digits: str, text: str | None = None) -> str | float:
    """Return the float, or the text if it is out of a float64's range."""
    value = float(digits)
    return (digits if text is None else text) if math.isinf(value) else value


def _json(value: Value, text: str) -> Value:
    """Return the value as Go's JSON encodes it: 1e3 is 1000."""
    if not isinstance(value, float):
        return value
    if not math.isfinite(value):
        raise NoValue(f"JSON has no number {text}")
    if abs(value) < _EXPONENT_FROM and value.is_integer():
        return int(Decimal(repr(value)))
    return value


def _binary(text: str) -> str:
    """Decode ``!!binary``; each byte that is not UTF-8 becomes U+FFFD, as in Go's JSON."""
    try:
        data = base64.b64decode("".join(text.split("\n")), validate=True)
    except (binascii.Error, ValueError):
        raise NoValue("!!binary needs valid base64") from None
    decoded = data.decode("utf-8", "surrogateescape")
    return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in decoded)


def _short_float(value: float) -> str:
    """Return a float key as Go's ``FormatFloat(value, 'g', -1, 32)`` writes it."""
    if math.isnan(value):
        return ".nan"
    try:
        single = struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        single = math.copysign(math.inf, value)
    if math.isinf(single):
        return ".inf" if single > 0 else "-.inf"
    for digits in range(1, 10):
        text = f"{single:.{digits - 1}e}"
        if struct.unpack("f", struct.pack("f", float(text)))[0] == single:
            break
    mantissa, exponent = text.split("e")
    power = int(exponent)
    if power < -4 or power >= 6:
        return f"{mantissa}e{power:+03d}"
    return f"{Decimal(text):f}"
