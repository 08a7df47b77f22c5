"""Nested variables, blocks, loops and templates: which value is visible where, and where control goes."""

import random
from typing import Any

_DATA: dict[str, Any] = {
    "L": ["a", "b", "c"], "O": [], "A": [1, None, "x"], "M": {"k": 1, "j": None, "e": {"z": "q"}}, "N": 3, "Z": 0, "X": None,
    "LL": [["a", 1], [], [["b"]]], "ML": [{"k": 1}, {"k": [1]}, {}],
}  # fmt: skip
_VALUES = [
    "$.L",
    "$.M",
    "$.X",
    "$.N",
    "$.O",
    "$.LL",
    "$.ML",
    "$.A",
    "$.missing",
    ".",
    ".",
    "1",
    "0",
    "true",
    '"s"',
    '""',
]
_VARIABLES = ["$a", "$b", "$c"]
_ENDINGS = [
    "{{break}}", "{{continue}}", "{{if %s}}{{break}}{{end}}", "{{if %s}}{{continue}}{{end}}",
    "{{with %s}}{{continue}}{{else}}{{break}}{{end}}",
]  # fmt: skip
_EMPTY_BODIES = ["", " ", "\n{{/* c */}} ", "\u00a0", "\u200b", "\x0b", "{{- /* x */ -}}", "\ufeff"]
_MOST_ITEMS = 40


class _Scopes:
    def __init__(self, source: random.Random) -> None:
        self.source = source
        self.variables = ["$"]
        self.loops = 0
        self.items = 0

    def value(self, depth: int = 2) -> str:
        pick = self.source.random()
        if pick < 0.35:
            return self.source.choice(self.variables)
        if pick < 0.7 or depth <= 0:
            return self.source.choice(_VALUES)
        if pick < 0.85:
            text = f"({self.pipeline(depth - 1)})"
        elif pick < 0.95:
            name = self.source.choice(_VARIABLES)
            text = f"({name} := {self.pipeline(depth - 1)})"
            self.variables.append(name)
        else:
            text = f"({self.source.choice(self.variables)} = {self.pipeline(depth - 1)})"
        return text

    def pipeline(self, depth: int = 2) -> str:
        pick = self.source.random()
        if pick < 0.5:
            return self.value(depth)
        if pick < 0.7:
            function = self.source.choice(["and", "or", "and", "or", "eq", "print", "index"])
            return f"{function} {self.value(depth - 1)} {self.value(depth - 1)}"
        if pick < 0.85:
            stage = self.source.choice(["print", "len", "not", "html", "and", "or", "and 1", "or $", "eq 1", None])
            first = self.value(depth - 1)
            return f"{first} | {stage or self.source.choice(['and', 'or']) + ' ' + self.value(depth - 1)}"
        if pick < 0.93:
            return f"{self.source.choice(['len', 'not', 'print', 'and', 'or'])} {self.value(depth - 1)}"
        argument = " 1" if self.source.random() < 0.1 else ""
        if pick < 0.95:
            return f"{self.value(0)} {self.value(0)}"
        holder = self.source.choice([*self.variables, ""])
        return holder + self.source.choice([".k", ".e.z", ".x"]) + argument

    def body(self, depth: int) -> str:
        return "".join(self.item(depth) for _ in range(self.source.randint(0, 3)))

    def item(self, depth: int) -> str:
        self.items += 1
        if self.items > _MOST_ITEMS:
            return "."
        pick = self.source.random()
        if pick < 0.1:
            return self.source.choice([" ", "x", "\n", "y ", "{{.k}}{{.x}} ", "{{.k}}"])
        if depth <= 0 or pick < 0.3:
            return f"{{{{{self.pipeline()}}}}}"
        if pick < 0.42:
            pipe, name = self.pipeline(), self.source.choice(_VARIABLES)
            self.variables.append(name)
            return f"{{{{{name} := {pipe}}}}}"
        if pick < 0.5:
            return f"{{{{{self.source.choice(self.variables)} = {self.pipeline()}}}}}"
        if pick < 0.8:
            return self.block(depth, self.source.choice(["if", "with", "range", "range"]))
        if pick < 0.9 and (self.loops or self.source.random() < 0.05):
            return self.ending()
        return self.template(depth)

    def ending(self) -> str:
        return self.source.choice(_ENDINGS).replace("%s", self.value(0))

    def block(self, depth: int, keyword: str) -> str:
        known = len(self.variables)
        pipe = self.pipeline()
        if keyword == "range" and self.source.random() < 0.6:
            pipe = self.source.choice(_VALUES)
        names = [
            self.source.choice(_VARIABLES) for _ in range(self.source.choice([0, 0, 1, 2 if keyword == "range" else 1]))
        ]
        self.variables += names
        declared = ", ".join(names) + self.source.choice([" := ", " := ", " = "]) if names else ""
        text = f"{{{{{keyword} {declared}{pipe}}}}}"
        self.loops += keyword == "range"
        text += self.body(depth - 1)
        self.loops -= keyword == "range"
        while keyword != "range" and self.source.random() < 0.25:
            text += f"{{{{else {keyword} {self.pipeline()}}}}}" + self.body(depth - 1)
        if self.source.random() < 0.4:
            text += "{{else}}" + self.body(depth - 1)
            if self.loops and self.source.random() < 0.3:
                text += self.ending()
        if self.source.random() < 0.9:
            del self.variables[known:]
        return text + "{{end}}"

    def template(self, depth: int) -> str:
        argument = f" {self.pipeline()}" if self.source.random() < 0.8 else ""
        if self.source.random() < 0.6:
            return f'{{{{template "{self.source.choice(["p", "q", "r", "none"])}"{argument}}}}}'
        variables, self.variables, loops, self.loops = self.variables, ["$"], self.loops, 0
        body = calling_nothing(self.body(depth - 1))
        self.variables, self.loops = variables, loops
        return f'{{{{block "{self.source.choice(["b", "c", "d"])}" {argument or "."}}}}}{body}{{{{end}}}}'


def calling_nothing(body: str) -> str:
    """Return a body that calls neither existing templates nor itself: endless recursion would exhaust Go's memory."""
    return body.replace('{{template "', '{{template "no ').replace('{{block "', '{{block "in ')


def scopes(source: random.Random) -> tuple[str, dict[str, Any]]:
    """Return a text with definitions before and after it, some of them with its own name or a duplicate name."""
    main = _Scopes(source)
    text = "".join(main.item(3) for _ in range(source.randint(1, 4)))
    for name, often in [("p", [0, 1, 1, 2]), ("q", [0, 1, 1, 1]), ("r", [0, 1]), ("t", [0, 0, 0, 0, 1])]:
        for _ in range(source.choice(often)):
            body = calling_nothing(_Scopes(source).body(2)) if source.random() < 0.7 else source.choice(_EMPTY_BODIES)
            definition = f'{{{{define "{name}"}}}}{body}{{{{end}}}}'
            text = definition + text if source.random() < 0.5 else text + definition
    return text, _DATA
