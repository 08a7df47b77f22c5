"""Names: the predefined functions, and which name was probably meant.

Apart from `builtins`, so that the parser need not load the functions themselves.
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
"""How alike names must be: of 0 to 1, by difflib."""

_INSTEAD: Mapping[str, str] = {
    **dict.fromkeys(("default", "coalesce"), 'or .A "value"'),
    **dict.fromkeys(("quote", "toJson"), 'printf "%q" of a string'),
    **dict.fromkeys(("first", "last", "env"), "index"),
    **dict.fromkeys(("cat", "concat", "toString"), "print"),
    **dict.fromkeys(("length", "size", "count"), "len"),
    **dict.fromkeys(("ternary", "elif", "elseif", "then"), "if, else if, else and end"),
    **dict.fromkeys(("endif", "endfor", "endrange", "endwith", "done", "fi"), "end"),
    **dict.fromkeys(("for", "foreach", "join", "list", "until"), "range"),
    **dict.fromkeys(("True", "TRUE", "yes", "on"), "true"),
    **dict.fromkeys(("False", "FALSE", "no", "off"), "false"),
    **dict.fromkeys(("None", "null", "NULL"), "nil"),
    "empty": "not",
    "hasPrefix": 'eq (printf "%.4s" .A) "four"',
    "include": 'template "name" .',
    "squote": "a pair of ' around the action",
    "trim": "{{- and -}} around what is printed",
    "trunc": 'printf "%.5s"',
}
"""What to write instead of words that people know from Helm and other languages."""

_MISSING = frozenset(
    ("add", "sub", "mul", "div", "mod", "int", "float64", "max", "min", "upper", "lower", "title", "replace", "split",
     "contains", "indent", "nindent", "toYaml", "fromYaml", "b64enc", "dict", "set", "required", "fail", "tpl", "lookup")
)  # fmt: skip
"""Functions of Helm in whose place there is nothing."""


def nearest(name: str, known: Collection[str]) -> str:
    """Return the known name that is most like this one, whatever its case and underscores; "" if none is."""
    by_letters = {_letters(other): other for other in sorted(known)}
    near = difflib.get_close_matches(_letters(name), by_letters, n=1, cutoff=_ALIKE)
    return by_letters[near[0]] if near else ""


def _letters(name: str) -> str:
    return name.replace("_", "").lower()


def instead_of(name: str) -> str:
    """Return what to write in place of a function that does not exist."""
    if name in _INSTEAD:
        return f"write {_INSTEAD[name]}"
    if name in _MISSING:
        return f"Go's templates have nothing in place of Helm's {name}"
    if name.isupper() and len(name) > 1:
        return f"a variable begins with a dot: .{name}"
    near = nearest(name, FUNCTION_NAMES)
    return f'did you mean "{near}"?' if near else f"functions: {', '.join(sorted(FUNCTION_NAMES))}"
