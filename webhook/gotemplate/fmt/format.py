"""Scalars to text under the flags, width and precision of one printf directive (Go's fmt, format.go)."""

from .ftoa import format_float
from .quote import can_backquote, quote, quote_rune, rune
from .runes import MAX_RUNE, is_print, is_surrogate, to_bytes

_BASES = {2: "b", 8: "o", 10: "d", 16: "x"}
_PREFIXES = {2: "0b", 8: "0", 10: "", 16: "0x"}


class Directive:
    """Flags, width and precision of one directive.

    Attributes:
        minus, plus, sharp, space, zero: the flags as written.
        plus_v, sharp_v: the same flags where the verb is `v`, for which they mean something else.
        width: minimal number of characters, or None.
        precision: meaning depends on the verb, or None.
    """

    __slots__ = ("minus", "plus", "plus_v", "precision", "sharp", "sharp_v", "space", "width", "zero")

    def __init__(self) -> None:
        self.minus = self.plus = self.sharp = self.space = self.zero = False
        self.plus_v = self.sharp_v = False
        self.width: int | None = None
        self.precision: int | None = None

    def pad(self, text: str, *, zero: bool | None = None) -> str:
        """Return `text` filled up to the width; `zero` overrules the flag."""
        if not self.width or self.width <= len(text):
            return text
        if self.minus:
            return text.ljust(self.width)
        return text.rjust(self.width, "0" if (self.zero if zero is None else zero) else " ")

    def sign(self) -> str:
        """Return what stands before a number that is not negative."""
        return "+" if self.plus else " " if self.space else ""

    def truncate(self, text: str) -> str:
        """Return at most as many characters as the precision says."""
        return text if self.precision is None else text[: self.precision]

    def for_value(self) -> None:
        """Give the flags `+` and `#` the meaning that they have before `v`."""
        self.sharp_v, self.sharp = self.sharp, False
        self.plus_v, self.plus = self.plus, False


def format_string(directive: Directive, text: str, verb: str) -> str | None:
    """Return a string under a verb; None if it has no such verb."""
    if verb in "sv" and not directive.sharp_v:
        return directive.pad(directive.truncate(text))
    if verb in "qv":
        text = directive.truncate(text)
        if directive.sharp and can_backquote(text):
            return directive.pad(f"`{text}`")
        return directive.pad(quote(text, ascii_only=directive.plus))
    if verb in "xX":
        # bytes are counted, and no character has less than one
        return _hex_string(directive, to_bytes(directive.truncate(text)), verb)
    return None


def _hex_string(directive: Directive, data: bytes, verb: str) -> str:
    if directive.precision is not None:
        data = data[: directive.precision]
    prefix = "0x" if directive.sharp and data else ""
    text = prefix + (data.hex(" ").replace(" ", f" {prefix}") if directive.space and data else data.hex())
    return directive.pad(text.upper() if verb == "X" else text)


def format_bool(directive: Directive, value: bool, verb: str) -> str | None:  # noqa: FBT001 - the value to format
    """Return a boolean under a verb; None if it has no such verb."""
    return directive.pad("true" if value else "false") if verb in "tv" else None


def format_integer(directive: Directive, value: int, verb: str, *, signed: bool) -> str | None:
    """Return an integer under a verb; None if it has no such verb."""
    if verb == "v":
        return (
            _hex_pointer(directive, value) if directive.sharp_v and not signed else _digits(directive, value, 10, verb)
        )
    base = {"d": 10, "b": 2, "o": 8, "O": 8, "x": 16, "X": 16}.get(verb)
    if base is not None:
        return _digits(directive, value, base, verb)
    unsigned = value & (1 << 64) - 1
    if verb == "c":
        return directive.pad(rune(unsigned))
    if verb == "q":
        return directive.pad(quote_rune(unsigned, ascii_only=directive.plus))
    return _unicode(directive, unsigned) if verb == "U" else None


def _hex_pointer(directive: Directive, value: int) -> str:
    sharp, directive.sharp = directive.sharp, True
    text = _digits(directive, value, 16, "v")
    directive.sharp = sharp
    return text


def format_address(directive: Directive, address: int) -> str:
    """Return an address under `%p`."""
    sharp, directive.sharp = directive.sharp, not directive.sharp
    text = _digits(directive, address, 16, "v")
    directive.sharp = sharp
    return text


def _digits(directive: Directive, value: int, base: int, verb: str) -> str:
    length = 0
    if directive.precision is not None:
        length = directive.precision
        if not length and not value:
            return " " * (directive.width or 0)
    elif directive.zero and not directive.minus and directive.width is not None:
        length = directive.width - (value < 0 or directive.plus or directive.space)
    text = format(abs(value), _BASES[base]).rjust(length, "0")
    if directive.sharp and not (base == 8 and text.startswith("0")):
        text = _PREFIXES[base] + text
    if verb == "X":
        text = text.upper()
    if verb == "O":
        text = "0o" + text
    sign = "-" if value < 0 else directive.sign()
    return directive.pad(sign + text, zero=False)


def _unicode(directive: Directive, code: int) -> str:
    text = f"U+{code:0{max(directive.precision or 0, 4)}X}"
    if directive.sharp and code <= MAX_RUNE and not is_surrogate(code) and is_print(chr(code)):
        text += f" '{chr(code)}'"
    return directive.pad(text, zero=False)


def format_number(directive: Directive, value: float, verb: str) -> str | None:
    """Return a float under a verb; None if it has no such verb."""
    if verb in "vbgGxX":
        return _float(directive, value, "g" if verb == "v" else verb, -1)
    if verb in "feEF":
        return _float(directive, value, verb.replace("F", "f"), 6)
    return None


def _float(directive: Directive, value: float, verb: str, precision: int) -> str:
    if directive.precision is not None:
        precision = directive.precision
    text = format_float(value, verb, precision)
    if text[0] not in "+-":
        text = "+" + text
    if directive.space and text[0] == "+" and not directive.plus:
        text = " " + text[1:]
    if text[1] in "IN":
        if text[1] == "N" and not directive.space and not directive.plus:
            text = text[1:]
        return directive.pad(text, zero=False)
    if directive.sharp and verb != "b":
        text = _with_point(text, verb, precision)
    if directive.plus or text[0] != "+":
        if directive.zero and not directive.minus and directive.width is not None and directive.width > len(text):
            return text[0] + text[1:].rjust(directive.width - 1, "0")
        return directive.pad(text)
    return directive.pad(text[1:])


def _with_point(text: str, verb: str, precision: int) -> str:
    """Return a number as the flag `#` wants it: with a point, and for g and x with all digits."""
    wanted = 0
    if verb in "gGx":
        wanted = 6 if precision == -1 else precision
    hexadecimal = verb in "xX"
    ends = [at for at, char in enumerate(text) if char in "pP" or (char in "eE" and not hexadecimal)]
    body, tail = (text[: ends[0]], text[ends[0] :]) if ends else (text, "")
    significant = body[1:].replace(".", "").lstrip("0")
    wanted -= len(significant)
    if "." not in body:
        if len(body) == 2 and body[1] == "0":
            wanted -= 1
        body += "."
    return body + "0" * max(wanted, 0) + tail


def format_complex(directive: Directive, value: complex, verb: str) -> str | None:
    """Return a complex number under a verb; None if it has no such verb."""
    real = format_number(directive, value.real, verb)
    plus, directive.plus = directive.plus, True
    imaginary = format_number(directive, value.imag, verb)
    directive.plus = plus
    return None if real is None or imaginary is None else f"({real}{imaginary}i)"
