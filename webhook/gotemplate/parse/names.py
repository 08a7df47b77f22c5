"""The names of the predefined functions, and suggestions for unknown names.

The functions themselves are in `exec`, above the parser.
"""

import difflib
from collections.abc import Collection, Mapping

FUNCTION_NAMES = frozenset(
    {
        "and",
        "call",
        "eq",
        "ge",
        "gt",
        "html",
        "index",
        "js",
        "le",
        "len",
        "lt",
        "ne",
        "not",
        "or",
        "print",
        "printf",
        "println",
        "slice",
        "urlquery",
    }
)


COMPARISON_NAMES = frozenset({"eq", "ge", "gt", "le", "lt", "ne"})

_ALIKE = 0.7
"""How similar names must be to be suggested: difflib's ratio, from 0 to 1."""

_INSTEAD: Mapping[str, str] = {
    **dict.fromkeys(("default", "coalesce"), 'write or .A "value"'),
    **dict.fromkeys(("quote", "toJson"), 'write printf "%q" .A'),
    **dict.fromkeys(("first", "last"), "write index"),
    **dict.fromkeys(("env", "getenv", "expandenv"), "templates cannot read environment variables"),
    **dict.fromkeys(("cat", "concat", "toString"), "write print"),
    **dict.fromkeys(("length", "size", "count"), "write len"),
    **dict.fromkeys(("ternary", "elif", "elseif", "then"), "write if, else if, else and end"),
    **dict.fromkeys(("endif", "endfor", "endrange", "endwith", "done", "fi"), "write end"),
    **dict.fromkeys(("for", "foreach", "join", "list", "until"), "write range"),
    **dict.fromkeys(("True", "TRUE", "yes", "on"), "write true"),
    **dict.fromkeys(("False", "FALSE", "no", "off"), "write false"),
    **dict.fromkeys(("None", "null", "NULL"), "write nil"),
    **dict.fromkeys(("is", "equals", "equal"), "write eq .A .B"),
    **dict.fromkeys(("ifeq", "ifneq"), "write if eq .A .B"),
    "in": "write range .LIST, or range $i, $a := .LIST",
    "empty": "write not",
    "hasPrefix": 'write eq (printf "%.4s" .A) "four"',
    "include": 'write template "name" .',
    "squote": "put ' before and after the action",
    "trim": "write {{- and -}} to trim the space around an action",
    "trunc": 'write printf "%.5s" .A',
}
"""What to write instead of functions and keywords of Helm and other languages."""

_MISSING = frozenset(
    ("add", "sub", "mul", "div", "mod", "int", "float64", "max", "min", "upper", "lower", "title", "replace", "split",
     "contains", "indent", "nindent", "toYaml", "fromYaml", "b64enc", "dict", "set", "required", "fail", "tpl", "lookup")
)  # fmt: skip
"""Functions of Helm without any substitute."""


def nearest(name: str, known: Collection[str]) -> str:
    """Return the known name most similar to this one, ignoring case and underscores; "" if none is similar."""
    by_letters = {_letters(other): other for other in sorted(known)}
    near = difflib.get_close_matches(_letters(name), by_letters, n=1, cutoff=_ALIKE)
    return by_letters[near[0]] if near else ""


def _letters(name: str) -> str:
    return name.replace("_", "").lower()


def instead_of(name: str, *, argument: bool) -> str:
    """Return a hint at what to write instead of an unknown function, which may be an argument of another one."""
    if name in _INSTEAD:
        return _INSTEAD[name]
    if name in _MISSING:
        return f"Go templates have no equivalent of Helm's {name}"
    if name.isupper() and len(name) > 1:
        return f"variables start with a dot: write .{name}"
    if argument:
        return f'a string needs quotes: "{name}"'
    near = nearest(name, FUNCTION_NAMES)
    return f'did you mean "{near}"?' if near else f"functions: {', '.join(sorted(FUNCTION_NAMES))}"
