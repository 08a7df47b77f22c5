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


_FROM_HELM: Mapping[str, str] = {
    "cat": "print",
    "coalesce": "or .A .B",
    "default": 'or .A "value"',
    "empty": "not",
    "include": 'template "name" .',
    "join": "range",
    "quote": 'printf "%q"',
    "squote": "a pair of ' around the action",
    "ternary": "if, else and end",
    "toString": "print",
    "trim": "{{- and -}} around what is printed",
}
"""Functions that people know from Helm, and what does the same here."""


def nearest(name: str, known: Collection[str]) -> str:
    """Return the known name that is most like this one, or "" if none is."""
    return next(iter(difflib.get_close_matches(name, sorted(known), n=1)), "")


def instead_of(name: str) -> str:
    """Return what to write in place of a function that does not exist."""
    if name in _FROM_HELM:
        return f"{name} is a function of Helm; write {_FROM_HELM[name]}"
    near = nearest(name, FUNCTION_NAMES)
    return f'did you mean "{near}"?' if near else f"functions: {', '.join(sorted(FUNCTION_NAMES))}"
