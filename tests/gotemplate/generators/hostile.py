"""Templates that ignore types and, often, syntax."""

import random
from typing import Any

from . import values
from .directed import COMPARISONS
from .literals import (
    FLOAT_LITERALS,
    INTEGER_LITERALS,
    ODD_LITERALS,
    STRING_LITERALS,
    layout,
    number,
    string,
)
from .mutated import broken
from .scopes import calling_nothing

FUNCTIONS = [*COMPARISONS, "and", "or", "not", "len", "index", "slice", "print", "printf", "println", "html", "js",
             "urlquery", "call"]  # fmt: skip

_RARE = ["(index .S 0)", "(index `az` 1)", "(index `é` 0)", "(index `az` 0)", "1i", "2i", "(index .A 0 0)", "(slice .L 1 0 1)", "(slice .L 0 2 1)",
         "(slice .L 1)", "(index .A nil)", "(index .D .k)"]  # fmt: skip
"""Operands of types that only functions and literals have, and indexes that are wrong in every way."""


def _operand(source: random.Random, depth: int) -> str:
    pick = source.random()
    if pick < 0.3:
        text = "." + source.choice(values.NAMES)
        while source.random() < 0.3:
            text += "." + source.choice([*values.NAMES, "k", "d", "x"])
        return text
    if pick < 0.4:
        return source.choice(["$", ".", "$x", "$y", "$.N", "$x.k", "$undefined", "nil", "true", "false"])
    if pick < 0.6:
        return source.choice([*INTEGER_LITERALS, *FLOAT_LITERALS, *STRING_LITERALS])
    if pick < 0.63:
        return source.choice([*ODD_LITERALS, number(source), string(source)])
    if pick < 0.64:
        return source.choice([*FUNCTIONS, "foo", "break", "continue", "define"])
    if pick < 0.68:
        return source.choice(_RARE)
    if depth <= 0:
        return ".A"
    declared = f"{source.choice(['$x', '$y'])} {source.choice([':=', '='])} " if source.random() < 0.08 else ""
    text = f"({declared}{_pipeline(source, depth - 1)})"
    return text + (".k" if source.random() < 0.2 else "") + (".d.x" if source.random() < 0.1 else "")


def _command(source: random.Random, depth: int) -> str:
    pick = source.random()
    if pick < 0.35:
        return _operand(source, depth)
    if pick < 0.45:
        return "printf " + layout(source) + "".join(" " + _operand(source, depth) for _ in range(source.randint(0, 3)))
    if pick < 0.5:
        return " ".join(
            [source.choice(FUNCTIONS), *[source.choice([*_RARE, "nil", ".L"]) for _ in range(source.randint(0, 3))]]
        )
    words = [source.choice(FUNCTIONS) if pick < 0.9 else _operand(source, depth)]
    words.extend(_operand(source, depth) for _ in range(source.choice([0, 1, 1, 2, 2, 2, 3, 4, 5])))
    return " ".join(words)


def _pipeline(source: random.Random, depth: int) -> str:
    text = _command(source, depth)
    while source.random() < 0.2:
        command = _command(source, depth)
        function = source.choice(FUNCTIONS)
        text += " | " + source.choice([command, function, *[f"{function} {command}"] * 3])
    return text


def _item(source: random.Random, depth: int) -> str:
    pick = source.random()
    if depth <= 0 or pick < 0.2:
        return source.choice(["text", " ", "\n", "a\n\tb ", "é", "{", "}}", "{{/* c */}}", "{{- /* c\n */ -}}"])
    if pick < 0.55:
        return "{{" + source.choice(["", " ", "- "]) + _pipeline(source, depth) + source.choice(["", " ", " -"]) + "}}"
    if pick < 0.6:
        return (
            "{{"
            + source.choice(["$x", "$y", "$"])
            + source.choice([" := ", " = ", ":="])
            + _pipeline(source, depth)
            + "}}"
        )
    body = "".join(_item(source, depth - 1) for _ in range(source.randint(0, 2)))
    tail = "{{else}}" + _item(source, depth - 1) if source.random() < 0.3 else ""
    if pick < 0.7:
        middle = "{{else if " + _pipeline(source, 1) + "}}z" if source.random() < 0.2 else ""
        return "{{if " + _declaration(source) + _pipeline(source, depth - 1) + "}}" + body + middle + tail + "{{end}}"
    if pick < 0.78:
        middle = "{{else with " + _pipeline(source, 1) + "}}z" if source.random() < 0.2 else ""
        return "{{with " + _declaration(source) + _pipeline(source, depth - 1) + "}}" + body + middle + tail + "{{end}}"
    if pick < 0.9:
        if source.random() < 0.2:
            body += source.choice(["{{break}}", "{{continue}}", "{{if .N}}{{break}}{{end}}y", "{{break 1}}"])
        return "{{range " + _declaration(source, 2) + _pipeline(source, depth - 1) + "}}" + body + tail + "{{end}}"
    return _template_item(source, body)


def _template_item(source: random.Random, body: str) -> str:
    pick = 0.9 + source.random() / 10
    if pick < 0.93:
        return '{{template "' + source.choice(["part", "q", "none"]) + '" ' + _operand(source, 1) + "}}"
    if pick < 0.95:
        return (
            '{{block "'
            + source.choice(["part", "q"])
            + '" '
            + _operand(source, 1)
            + "}}"
            + calling_nothing(body)
            + "{{end}}"
        )
    if pick < 0.97:
        return '{{define "' + source.choice(["part", "q", "t"]) + '"}}' + calling_nothing(body) + "{{end}}"
    return source.choice(
        ["{{break}}", "{{continue}}", "{{end}}", "{{else}}", "{{", "{{.", "{{\n", "{{}}", "{{template}}"]
    )


def _declaration(source: random.Random, most: int = 1) -> str:
    if source.random() > 0.3:
        return ""
    names = [source.choice(["$x", "$y"]) for _ in range(source.randint(1, most))]
    return ", ".join(names) + source.choice([" := ", " := ", " = ", " "])


def hostile(source: random.Random) -> tuple[str, dict[str, Any]]:
    """Return a template with wrong types, undefined names, bad verbs or broken syntax."""
    data = values.data(source)
    text = "".join(_item(source, 3) for _ in range(source.randint(1, 3)))
    if source.random() < 0.85:
        first = source.choice([".D", ".S", ".X", ".R", values.path(source, data, "$")])
        text = f"{{{{$x := {first}}}}}{{{{$y := {source.choice(['1', '.L', '2.5', '.M', '.'])}}}}}" + text
    if source.random() < 0.1:
        text = '{{define "part"}}' + calling_nothing(_item(source, 2)) + "{{end}}" + text
    return broken(source, text) if source.random() < 0.15 else text, data
