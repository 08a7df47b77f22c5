"""Literals and printf layouts, well formed or not."""

import random

from . import values

INTEGER_LITERALS = [
    "0",
    "1",
    "2",
    "-1",
    "3",
    "10",
    "0x1F",
    "0b101",
    "0o17",
    "017",
    "1_000",
    "'a'",
    "'\\n'",
    "'é'",
    "+5",
]
FLOAT_LITERALS = ["1.5", "-0.25", "1e3", ".5", "2.", "0x1p-2", "1e21", "1e20", "123456789.0", "1e-7", "-0x1e", "0.1"]
STRING_LITERALS = [
    '"a"', '""', '"b c"', "`raw`", '"\\t\\n"', '"\\u00e9"', '"\\x41"', '"k"', '"n"', '"<&>"', '"é"', '"%d"', '"text"',
    '"\\xff"', '"\\xe2\\x82"', '"\\U0001F600"', "`a\r\nb`",
]  # fmt: skip
ODD_LITERALS = [
    "1i", "1+2i", "0i", "1e400", "99999999999999999999", "0xFFFFFFFFFFFFFFFF", "18446744073709551615", "08", "0x", "1__0",
    "'ab'", "''", "'\\''", '"\\400"', '"\\q"', '"unclosed', "`raw\nline`", "1.5i", "0x1.8p1", "0x1.8", "1+2",
    "-", "+", "5abc", "0b2", "9223372036854775808", "+9223372036854775808", "-9223372036854775808", "1e18", "0x1e", "'\\U0010ffff'", "'\\xff'",
    '"\\ud800"', "1e3i", "+1-2.5i", "0x1p4+1i", "-0", "0.0", "1_", "_1", '"\\xe2\\x82" "\\xac"',
]  # fmt: skip
_DIGITS = ["0", "1", "7", "9", "_", "00", "12", "a", "f", "F"]
_PREFIXES = ["1" * 80, "", "", "", "0", "0x", "0X", "0b", "0B", "0o", "0O", "i", "Inf", "NaN", "."]
_EXPONENTS = ["", "", "", "e", "e5", "E+5", "e-7", "e400", "e-400", "p1", "P-3", "p2000", "e1_0", "e_1"]
_CHARACTERS = ["a", "\\", "n", "x41", "xff", "u00e9", "é", "0", "07", "377", "777", "U0010ffff", "ud800", "'", '"', "\\\\",
               "\\'", '\\"', "\\a", "\\v", "\\303\\251", "😀", "\r", "\n", ""]  # fmt: skip
_FLAGS = ["", "", "", "#", "+", "-", " ", "0", "+#", "-0", "# ", "+0", "#0", "+q", "-+# 0"]
_WIDTHS = [
    "",
    "",
    "",
    "",
    "5",
    "12",
    "40",
    "80",
    "99999999999",
    "*",
    "[1]*",
    "[3]*",
    "0",
    "03",
    "[2]",
    "[1]5",
    "[2][1]",
]
_PRECISIONS = [
    "",
    "",
    "",
    ".2",
    ".0",
    ".",
    ".*",
    ".10",
    ".20",
    ".90",
    ".99999999999",
    ".[1]*",
    ".[3]",
    ".-3",
    "..",
    "[1].",
    ".[",
    ".[2]3",
]
_INDEXES = ["", "", "", "", "", "[1]", "[2]", "[3]", "[9]", "[0]", "[x]", "[", "[]", "[-1]", "[ 1]", "[1000001]"]
_VERBS = list("vdsqxXtTbcoOUeEfFgG")
_ODD_VERBS = ["", "%", "w", "z", "é", "!", "\n", "\0", "[", "*", "."]


def number(source: random.Random) -> str:
    """Return a text that may be a number."""
    parts = [_part(source) for _ in range(source.choice([1, 1, 1, 2, 2, 3]))]
    return source.choice(["", "", "+", "-"]) + source.choice(["+", "-", ""]).join(parts) + source.choice(["", "", "i"])


def _part(source: random.Random) -> str:
    digits = "".join(source.choice(_DIGITS) for _ in range(source.randint(0, 4)))
    fraction = source.choice(["", "", "", ".", ".5", "._5", ".0_1", "." + "0" * 30 + "1"])
    return source.choice(_PREFIXES) + digits + fraction + source.choice(_EXPONENTS)


def string(source: random.Random) -> str:
    """Return a text that may be a string or a character."""
    mark = source.choice(['"', '"', "`", "'"])
    inside = "".join(source.choice(["", "", "\\"]) + source.choice(_CHARACTERS) for _ in range(source.randint(0, 4)))
    return mark + inside + (mark if source.random() < 0.9 else "")


def layout(source: random.Random) -> str:
    """Return a printf layout without `%p`, which prints addresses."""
    parts = []
    for _ in range(source.randint(1, 3)):
        verb = source.choice(_VERBS) if source.random() < 0.9 else source.choice(_ODD_VERBS)
        middle = source.choice(_WIDTHS) + source.choice(_PRECISIONS) + source.choice(_INDEXES)
        parts.append(source.choice(["", "", "x", " ", "é", "="]) + "%" + source.choice(_FLAGS) + middle + verb)
    return '"' + "".join(parts).replace("\n", "\\n").replace("\0", "\\x00") + '"'


def layouts(source: random.Random) -> tuple[str, dict[str, object]]:
    """Return calls of printf with random layouts and values."""
    data = values.data(source) | {"V": [values.value(source, 2) for _ in range(4)]}
    operands = ["(index .V 0)", "(index .V 1)", "(index .V 2)", "(index .V 3)", ".S", ".M", ".F", ".R", ".missing", "nil",
                "3", "-2", "'é'", "1.5", "2i", "(index .MODEL 0)", "(slice .L 1)", "true", '"é"', "1000001"]  # fmt: skip
    parts = []
    for _ in range(source.randint(1, 3)):
        args = " ".join(source.choice(operands) for _ in range(source.choice([0, 1, 1, 2, 3, 4])))
        parts.append("{{printf " + layout(source) + f" {args}" + "}}")
    if source.random() < 0.2:
        parts.append(
            source.choice(
                ["{{print .R .V | html}}", "{{println .R .V | js}}", "{{urlquery .R .S .V}}", "{{print .F .M .R}}"]
            )
        )
    return "|".join(parts), data
