"""Templates that follow the types of the data, so that Go accepts most of them."""

import random
from typing import Any

from . import values
from .literals import FLOAT_LITERALS, INTEGER_LITERALS, STRING_LITERALS, layout

COMPARISONS = ["eq", "ne", "lt", "le", "gt", "ge"]


class Directed:
    """Generates templates that mostly succeed, by tracking variables and the type of dot."""

    def __init__(self, source: random.Random, data: dict[str, Any]) -> None:
        self.source = source
        self.data = data
        self.variables: list[str] = []
        self.dot = "root"
        self.loop = 0
        self.names = 0

    def root(self, names: list[str]) -> str:
        name = self.source.choice(names)
        return f".{name}" if self.dot == "root" and self.source.random() < 0.8 else f"$.{name}"

    def integer(self, depth: int) -> str:
        pick = self.source.random()
        if depth <= 0 or pick < 0.4:
            return self.root(values.ANY_INTEGERS)
        if pick < 0.7:
            return self.source.choice(INTEGER_LITERALS)
        if pick < 0.85:
            return f"(len {self.source.choice([self.string, self.list_, self.map_])(depth - 1)})"
        if pick < 0.9:
            return f"(index {self.root(['MODEL', 'S', 'Q'])} 0)"  # a byte
        return f"(index {self.root(['I'])} {self.source.choice('012')})"

    def string(self, depth: int) -> str:
        pick = self.source.random()
        if depth <= 0 or pick < 0.35:
            return self.root(values.STRINGS)
        if pick < 0.6:
            return self.source.choice(STRING_LITERALS)
        if pick < 0.7:
            return f"(print {self.any(depth - 1)} {self.any(depth - 1)})"
        if pick < 0.85:
            return f"(printf {layout(self.source)} {self.any(depth - 1)} {self.any(depth - 1)})"
        if pick < 0.9:
            return f"({self.source.choice(['html', 'js', 'urlquery'])} {self.any(depth - 1)})"
        if pick < 0.95:
            return f"(slice {self.root(values.STRINGS)} {self.source.choice(['0', '0 1', '0 0', '1 2', ''])})"
        return f"(index {self.root(['L'])} {self.source.choice('01')})"

    def float_(self, _: int) -> str:
        return self.root(values.FLOATS) if self.source.random() < 0.5 else self.source.choice(FLOAT_LITERALS)

    def complex_(self, _: int) -> str:
        return self.source.choice(["1i", "2.5i", "1+2i", "0i"])

    def boolean(self, depth: int) -> str:
        pick = self.source.random()
        if depth <= 0 or pick < 0.3:
            return self.source.choice([self.root(values.BOOLEANS), "true", "false"])
        if pick < 0.6:
            kind = self.source.choice([self.integer, self.string, self.float_, self.complex_])
            return f"({self.source.choice(COMPARISONS)} {kind(depth - 1)} {kind(depth - 1)})"
        if pick < 0.7:
            return f"(not {self.any(depth - 1)})"
        if pick < 0.8:
            return f"(eq {self.integer(depth - 1)} {self.integer(depth - 1)} {self.integer(depth - 1)})"
        return f"({self.source.choice(['and', 'or'])} {self.any(depth - 1)} {self.any(depth - 1)})"

    def list_(self, depth: int) -> str:
        if depth > 0 and self.source.random() < 0.3:
            return f"(slice {self.list_(depth - 1)} {self.source.choice(['0', '0 1', '0 2', '1', '0 1 2', '0 0 1'])})"
        return self.root(values.LISTS)

    def map_(self, _: int) -> str:
        return self.source.choice([self.root(values.MAPS), f'(index {self.root(["D"])} "d")'])

    def any(self, depth: int) -> str:
        if self.dot != "root" and self.source.random() < 0.3:
            return "."
        if self.variables and self.source.random() < 0.25:
            return self.source.choice(self.variables)
        kinds = [self.integer, self.string, self.float_, self.boolean, self.list_, self.map_]
        pick = self.source.random()
        if pick < 0.05:
            return self.root(["X", "missing", "missing"])
        if pick < 0.15:
            return values.path(self.source, self.data, "$")
        return self.source.choice(kinds)(depth)

    def pipeline(self, depth: int) -> str:
        text = self.any(depth)
        while self.source.random() < 0.25:
            stage = self.source.choice(
                ["print", "len", "html", "js", "urlquery", "not", 'printf "%v"', "printf " + layout(self.source),
                 "println", "and true", "or false", "eq 1", "index .D", "slice"]
            )  # fmt: skip
            text += f" | {stage}"
        return text

    def trim(self, inside: str) -> str:
        left = "{{- " if self.source.random() < 0.15 else "{{"
        right = " -}}" if self.source.random() < 0.15 else "}}"
        return left + inside + right

    def body(self, depth: int) -> str:
        known = len(self.variables)
        text = "".join(self.item(depth) for _ in range(self.source.randint(1, 3)))
        del self.variables[known:]
        return text

    def variable(self) -> str:
        self.names += 1
        return f"$v{self.names % 4}"

    def item(self, depth: int) -> str:
        pick = self.source.random()
        if depth <= 0 or pick < 0.25:
            return self.source.choice([" ", "\n", "a ", " b", "x\n  y", "é", "", "{ ", "}"])
        if pick < 0.5:
            return self.trim(self.pipeline(depth))
        if pick < 0.58:
            name = self.variable()
            text = self.trim(f"{name} := {self.pipeline(depth)}")
            self.variables.append(name)
            return text
        if pick < 0.63 and self.variables:
            return self.trim(f"{self.source.choice(self.variables)} = {self.pipeline(depth)}")
        if pick < 0.75:
            return self.conditional(depth)
        if pick < 0.83:
            return self.with_(depth)
        if pick < 0.95:
            return self.range_(depth)
        if self.loop and pick < 0.98:
            return (
                self.trim(f"if {self.boolean(depth)}") + self.source.choice(["{{break}}", "{{continue}}"]) + "{{end}}"
            )
        if pick < 0.985:
            return "{{/* comment */}}"
        return self.call(depth)

    def conditional(self, depth: int) -> str:
        text = self.trim(f"if {self.pipeline(depth - 1)}") + self.body(depth - 1)
        while self.source.random() < 0.2:
            text += self.trim(f"else if {self.pipeline(depth - 1)}") + self.body(depth - 1)
        if self.source.random() < 0.5:
            text += self.trim("else") + self.body(depth - 1)
        return text + self.trim("end")

    def with_(self, depth: int) -> str:
        known = len(self.variables)
        declared = ""
        name = self.variable() if self.source.random() < 0.4 else ""
        pipe = self.pipeline(depth - 1)
        if name:
            declared = f"{name} := "
            self.variables.append(name)
        dot, self.dot = self.dot, "value"
        text = self.trim(f"with {declared}{pipe}") + self.body(depth - 1)
        self.dot = dot
        if self.source.random() < 0.4:
            text += self.trim("else") + self.body(depth - 1)
        del self.variables[known:]
        return text + self.trim("end")

    def range_(self, depth: int) -> str:
        known = len(self.variables)
        what = self.source.choice(
            [self.list_, self.list_, self.map_, lambda _: self.source.choice(["3", "0", ".Z", "$.Z"])]
        )
        pipe = what(depth - 1)
        declared = self.source.choice([0, 0, 1, 2])
        names = [self.variable() for _ in range(declared)]
        self.variables.extend(names)
        head = f"range {', '.join(names)} := {pipe}" if names else f"range {pipe}"
        dot, self.dot = self.dot, "value"
        self.loop += 1
        text = self.trim(head) + self.body(depth - 1)
        self.loop -= 1
        self.dot = dot
        if self.source.random() < 0.3:
            text += self.trim("else") + self.body(depth - 1)
        del self.variables[known:]
        return text + self.trim("end")

    def call(self, depth: int) -> str:
        if self.source.random() < 0.5:
            return self.trim(f'template "part" {self.any(depth - 1)}')
        variables, self.variables, loop, self.loop = self.variables, [], self.loop, 0
        dot, self.dot = self.dot, "value"
        self.names += 1
        head, self_body = self.trim(f'block "b{self.names}" {"."}'), self.body(depth - 1)
        self.variables, self.loop, self.dot = variables, loop, dot
        return head + self_body + "{{end}}"

    def template(self) -> str:
        text = "".join(self.item(3) for _ in range(self.source.randint(1, 4)))
        if '"part"' in text:
            self.variables, self.loop, self.dot = [], 0, "value"
            text = '{{define "part"}}' + self.body(2) + "{{end}}" + text
        return text


def directed(source: random.Random) -> tuple[str, dict[str, Any]]:
    """Return a template that Go usually accepts."""
    data = values.data(source)
    return Directed(source, data).template(), data
