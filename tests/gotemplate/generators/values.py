"""Random data: what JSON can represent, with the edge cases of each type."""

import random
import struct
from typing import Any

STRINGS = ["S", "E", "U", "MODEL", "Q"]
INTEGERS = ["N", "Z"]
ANY_INTEGERS = [*INTEGERS, "M"]
FLOATS = ["F", "G"]
BOOLEANS = ["T", "B"]
LISTS = ["L", "A", "O", "I"]
MAPS = ["D", "P"]
NAMES = [*STRINGS, *ANY_INTEGERS, *FLOATS, *BOOLEANS, *LISTS, *MAPS, "X", "R", "missing"]
"""The names in the data by type. Of the integers, only those in `INTEGERS` are small enough for loops."""

_TEXTS = [
    "", " ", "a", "text", "b c", "k", "n", "d", "0", "true", "<a href='x'>&\"\\\n=", "`tab\t", "%d %s %v", "{{.S}}",
    "héllo €😀", "\u00a0\u2028\ufeffß", "\u0000\u0001\u007f", "\ufffd", "e\u0301", "שלום", "😀", "\ue000", "\uffff",
    "\U0010ffff", "日本語", "a/b?c=d&e+f", "--dtype=half", "a\r\nb",
]  # fmt: skip
_PIECES = ["a", "Z", "0", " ", "-", "_", "\n", "\t", "\0", "\x1b", "\x7f", "\x85", "\xad", "é", "€", "\u0301", "א",
           "\u2028", "\ufeff", "\ufffd", "\ue000", "😀", "\U000e0001", "<", ">", "&", "'", '"', "`", "\\", "%", "="]  # fmt: skip
_INTEGERS = [0, 1, -1, 2, 7, 10, 97, 255, 256, -128, 8364, 0xD800, 0xFFFD, 0x1F600, 0x10FFFF, 0x110000, 10**6, 10**18,
             2**53 + 1, 2**63 - 1, -(2**63), 2**63, -(2**63) - 1, 2**64, 2**64 + 1, 10**21, 10**400]  # fmt: skip
_FLOATS = [0.0, -0.0, 0.5, 1.0, -1.0, 2.5, -0.001, 0.1, 1e-5, 1e-7, 1e5, 999999.5, 1e6, 1e20, 1e21, -1e21, 123456789.5,
           2.0**53, 1e308, 1.7976931348623157e308, 5e-324, 2.2250738585072014e-308]  # fmt: skip
_KEYS = ["k", "n", "d", "x", "a", "b", "", "a.b", "x y", "é", "K_1", "😀", "\ue000", "\uffff", "0", "nil", "_"]


def text(source: random.Random) -> str:
    if source.random() < 0.6:
        return source.choice(_TEXTS)
    return "".join(source.choice(_PIECES) for _ in range(source.choice([1, 2, 3, 5, 12, 200])))


def integer(source: random.Random) -> int:
    if source.random() < 0.7:
        return source.choice(_INTEGERS)
    return source.getrandbits(source.randint(1, 66)) * source.choice([1, -1])


def number(source: random.Random) -> float:
    pick = source.random()
    if pick < 0.6:
        return source.choice(_FLOATS)
    if pick < 0.8:
        return round(source.uniform(-1000, 1000), source.randint(0, 6))
    (value,) = struct.unpack("d", struct.pack("Q", source.getrandbits(64)))
    return value if abs(value) < float("inf") else 1.5


def scalar(source: random.Random) -> Any:
    return source.choice([text, text, integer, number, lambda _: None, lambda pick: pick.random() < 0.5])(source)


def value(source: random.Random, depth: int = 3) -> Any:
    """Return any JSON value."""
    pick = source.random()
    if depth <= 0 or pick < 0.4:
        return scalar(source)
    if pick < 0.5:
        return [text(source) for _ in range(source.randint(0, 4))]
    if pick < 0.75:
        return [value(source, depth - 1) for _ in range(source.randint(0, 4))]
    return mapping(source, depth)


def mapping(source: random.Random, depth: int = 3) -> dict[str, Any]:
    return {source.choice(_KEYS): value(source, depth - 1) for _ in range(source.randint(0, 4))}


def data(source: random.Random) -> dict[str, Any]:
    """Return values for all names but `missing`."""
    found: dict[str, Any] = {name: text(source) for name in STRINGS}
    found |= {name: source.choice([0, 0, 1, 2, 3, 7, 12, -3, 97]) for name in INTEGERS}
    found |= {name: number(source) for name in FLOATS}
    return found | {
        "M": integer(source),
        "T": True,
        "B": False,
        "L": [text(source) for _ in range(source.randint(1, 4))],
        "A": [value(source, 2) for _ in range(source.randint(0, 5))],
        "O": source.choice([[], [[], [["z"]]], [None], [{}]]),
        "I": [source.choice([0, 1, 2, 3, -1, 250]) for _ in range(source.randint(3, 4))],
        "D": {"k": scalar(source), "n": number(source), "d": {"x": value(source, 2)}},
        "P": mapping(source, 2),
        "R": value(source),
        "X": None,
    }


def path(source: random.Random, within: Any, start: str) -> str:
    """Return an expression for a value somewhere below that of `start`."""
    while source.random() < 0.75:
        if isinstance(within, dict) and within:
            key = source.choice(list(within))
            plain = key.isidentifier() and key.isascii()
            start = f"{start.rstrip('.')}.{key}" if plain and source.random() < 0.7 else f"(index {start} `{key}`)"
            within = within[key]
        elif isinstance(within, list) and within:
            at = source.randrange(len(within))
            start, within = f"(index {start} {at})", within[at]
        else:
            break
    return start
