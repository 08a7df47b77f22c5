"""Random templates with data to hold against Go.

`directed` follows the types of the data, so that Go accepts most of what it writes; `hostile` does not care, and also
breaks the syntax; `mutated` changes templates such as operators write. Each takes a `random.Random` and gives a
template's text; `data` gives the values.
"""

import random
import re
from typing import Any

DATA: list[dict[str, Any]] = [
    {
        "S": "text", "E": "", "U": "héllo €😀", "N": 7, "Z": 0, "M": -3, "F": 2.5, "G": 1e21, "T": True, "B": False,
        "L": ["a", "b c", "d"], "A": [1, "x", None, 2.5, True, ["n"], {"k": "v"}], "O": [], "D": {"k": "v", "n": 1,
        "d": {"x": [1, 2]}}, "P": {}, "X": None, "I": [3, 1, 2], "MODEL": "qwen3-0.6b", "Q": "<a href='x'>&\"\\\n=",
    },
    {
        "S": "%d %s %v", "E": " ", "U": "\u00a0\u2028\ufeffß", "N": 12, "Z": 1,
        "M": -9223372036854775808, "F": -0.001, "G": 123456789.5, "T": False, "B": True, "L": ["", "é"],
        "A": [None, [], {}], "O": [[], [["z"]]], "D": {"k": None, "n": -1.5, "d": {"x": "y"}}, "P": {"": "e", "b": 2,
        "a": 1}, "X": None, "I": [-1, 0, 250], "MODEL": "a/b", "Q": "\u0000\u0001\u007f`tab\t",
    },
]  # fmt: skip

DOMAIN: list[dict[str, Any]] = [
    {
        "RUN_TIME": "vllm-cpu", "MODEL_ID": "qwen3-0.6b", "MODEL_NAME": "qwen", "MODEL_PATH": "/data/serving-model",
        "MODEL_HOST": "0.0.0.0", "MODEL_PORT": 8000, "RAY_PORT": 6379, "CLUSTER": "work-1", "NAMESPACE": "default",
        "IS_DISTRIBUTED": distributed, "IS_LEADER": leader, "TP_SIZE": size, "PP_SIZE": 2 if distributed else 1,
        "CUSTOM_ARGS": args, "GPU_TYPE": "cpu", "GPU_COUNT": size, "GROUP_SIZE": 2 if distributed else 1,
    }
    for distributed, leader in [(False, False), (True, True), (True, False)]
    for size in (1, 8)
    for args in ([], ["--dtype=half", "--max-model-len=8192"])
]  # fmt: skip
"""What the templates of this project are rendered with."""

CORPUS = [
    """{{- if .IS_DISTRIBUTED -}}
  {{- if .IS_LEADER -}}
    ray start --head --port={{ .RAY_PORT }} && vllm serve {{ .MODEL_PATH }} --served-model-name {{ .MODEL_NAME }} --tensor-parallel-size={{ .TP_SIZE }} --pipeline-parallel-size={{ .PP_SIZE }}
  {{- else -}}
    ray start --block --address=$(LWS_LEADER_ADDRESS):{{ .RAY_PORT }}
  {{- end -}}
{{- else -}}
  vllm serve {{ .MODEL_PATH }} {{- if gt .TP_SIZE 1 }} --tensor-parallel-size {{ .TP_SIZE }} {{- end -}}
{{- end -}}
{{- if .CUSTOM_ARGS -}} {{ range .CUSTOM_ARGS }} {{ . }} {{- end -}} {{- end -}}""",
    "--host={{ .MODEL_HOST }}\n--port={{ .MODEL_PORT }}\n{{ range $i, $a := .CUSTOM_ARGS }}{{ if $i }} {{ end }}{{ $a }}{{ end }}",
    '{{ $tp := .TP_SIZE }}{{ with .MODEL_NAME }}--name={{ . | printf "%q" }} --tp={{ $tp }} {{ $.CLUSTER }}{{ end }}',
    '{{ define "flag" }}--{{ index . 0 }}={{ index . 1 }}{{ end }}{{ range .CUSTOM_ARGS }}{{ template "flag" (slice . 2) }}{{ else }}none{{ end }}',
    "{{ if and .IS_DISTRIBUTED (not .IS_LEADER) }}worker{{ else if eq .GROUP_SIZE 1 }}lone{{ else }}leader {{ len .CUSTOM_ARGS }}{{ end }}",
    '{{ range .GROUP_SIZE }}{{ if eq . 1 }}{{ break }}{{ end }}{{ . }}{{ end }}{{/* sizes */}} {{ printf "%05d|%-8s|%v" .RAY_PORT .GPU_TYPE .CUSTOM_ARGS }}',
    '{{ or .MISSING .MODEL_ID | html | print "x=" }}{{ block "tail" . }} {{ .NAMESPACE }}/{{ .RUN_TIME | js }}{{ end }}',
]  # fmt: skip
"""Templates such as operators write."""

INTEGERS = ["N", "Z", "M"]
STRINGS = ["S", "E", "U", "MODEL", "Q"]
FLOATS = ["F", "G"]
BOOLEANS = ["T", "B"]
LISTS = ["L", "A", "O", "I"]
MAPS = ["D", "P"]
NAMES = [*INTEGERS, *STRINGS, *FLOATS, *BOOLEANS, *LISTS, *MAPS, "X", "missing"]

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
]  # fmt: skip
ODD_LITERALS = [
    "1i", "1+2i", "0i", "1e400", "99999999999999999999", "0xFFFFFFFFFFFFFFFF", "18446744073709551615", "08", "0x", "1__0",
    "'ab'", "''", "'\\''", '"\\xff"', '"\\400"', '"\\q"', '"unclosed', "`raw\nline`", "1.5i", "0x1.8p1", "0x1.8", "1+2",
    "-", "+", "5abc", "0b2", "9223372036854775808", "-9223372036854775808", "1e18", "0x1e", "'\\U0010ffff'", "'\\xff'",
    '"\\ud800"', "1e3i", "+1-2.5i", "0x1p4+1i", "-0", "0.0", "1_", "_1", '"\\xe2\\x82" "\\xac"',
]  # fmt: skip
VERBS = list("vdsqxXtTbcoOUeEfFgG%wzé")
FLAGS = ["", "", "", "#", "+", "-", " ", "0", "+#", "-0", "# ", "+0", "#0"]
COMPARISONS = ["eq", "ne", "lt", "le", "gt", "ge"]
FUNCTIONS = [*COMPARISONS, "and", "or", "not", "len", "index", "slice", "print", "printf", "println", "html", "js",
             "urlquery", "call"]  # fmt: skip


def data(source: random.Random, kind: str) -> dict[str, Any]:
    """Return the values that a template of a kind is rendered with."""
    return source.choice(DOMAIN if kind == "mutated" else DATA)


def layout(source: random.Random) -> str:
    """Return a printf layout as a string literal."""
    parts = []
    for _ in range(source.randint(1, 3)):
        parts.append(source.choice(["", "", "x", " ", "é", "="]))
        width = source.choice(["", "", "", "5", "12", "*", "[1]*", "0", "03", "[2]"])
        precision = source.choice(["", "", "", ".2", ".0", ".", ".*", ".10", ".[1]*", ".[3]"])
        index = source.choice(["", "", "", "", "[1]", "[2]", "[9]", "[0]", "[x]", "["])
        verb = source.choice(VERBS[:16]) if source.random() < 0.85 else source.choice([*VERBS, ""])
        parts.append("%" + source.choice(FLAGS) + width + precision + index + verb)
    return '"' + "".join(parts) + '"'


class Directed:
    """Templates that mostly succeed. Tracks variables and what dot is."""

    def __init__(self, source: random.Random) -> None:
        self.source = source
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
            return self.root(INTEGERS)
        if pick < 0.7:
            return self.source.choice(INTEGER_LITERALS)
        if pick < 0.85:
            return f"(len {self.source.choice([self.string, self.list_, self.map_])(depth - 1)})"
        return f"(index {self.root(['I'])} {self.source.choice('012')})"

    def string(self, depth: int) -> str:
        pick = self.source.random()
        if depth <= 0 or pick < 0.35:
            return self.root(STRINGS)
        if pick < 0.6:
            return self.source.choice(STRING_LITERALS)
        if pick < 0.7:
            return f"(print {self.any(depth - 1)} {self.any(depth - 1)})"
        if pick < 0.85:
            return f"(printf {layout(self.source)} {self.any(depth - 1)} {self.any(depth - 1)})"
        if pick < 0.9:
            return f"({self.source.choice(['html', 'js', 'urlquery'])} {self.any(depth - 1)})"
        if pick < 0.95:
            return f"(slice {self.root(STRINGS)} {self.source.choice(['0', '0 1', '0 0', '1 2', ''])})"
        return f"(index {self.root(['L'])} {self.source.choice('01')})"

    def float_(self, _: int) -> str:
        return self.root(FLOATS) if self.source.random() < 0.5 else self.source.choice(FLOAT_LITERALS)

    def boolean(self, depth: int) -> str:
        pick = self.source.random()
        if depth <= 0 or pick < 0.3:
            return self.source.choice([self.root(BOOLEANS), "true", "false"])
        if pick < 0.6:
            kind = self.source.choice([self.integer, self.string, self.float_])
            return f"({self.source.choice(COMPARISONS)} {kind(depth - 1)} {kind(depth - 1)})"
        if pick < 0.7:
            return f"(not {self.any(depth - 1)})"
        if pick < 0.8:
            return f"(eq {self.integer(depth - 1)} {self.integer(depth - 1)} {self.integer(depth - 1)})"
        return f"({self.source.choice(['and', 'or'])} {self.any(depth - 1)} {self.any(depth - 1)})"

    def list_(self, depth: int) -> str:
        if depth > 0 and self.source.random() < 0.3:
            return f"(slice {self.list_(depth - 1)} {self.source.choice(['0', '0 1', '0 2', '1', '0 1 2', '0 0 1'])})"
        return self.root(LISTS)

    def map_(self, _: int) -> str:
        return self.source.choice([self.root(MAPS), f'(index {self.root(["D"])} "d")'])

    def any(self, depth: int) -> str:
        if self.dot != "root" and self.source.random() < 0.3:
            return "."
        if self.variables and self.source.random() < 0.25:
            return self.source.choice(self.variables)
        kinds = [self.integer, self.string, self.float_, self.boolean, self.list_, self.map_]
        if self.source.random() < 0.05:
            return self.root(["X", "missing", "missing"])
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


def directed(source: random.Random) -> str:
    """Return a template that Go mostly accepts."""
    return Directed(source).template()


def _operand(source: random.Random, depth: int) -> str:
    pick = source.random()
    if pick < 0.3:
        text = "." + source.choice(NAMES)
        while source.random() < 0.3:
            text += "." + source.choice([*NAMES, "k", "d", "x"])
        return text
    if pick < 0.4:
        return source.choice(["$", ".", "$x", "$y", "$.N", "$x.k", "$undefined", "nil", "true", "false"])
    if pick < 0.6:
        return source.choice([*INTEGER_LITERALS, *FLOAT_LITERALS, *STRING_LITERALS])
    if pick < 0.63:
        return source.choice(ODD_LITERALS)
    if pick < 0.64:
        return source.choice([*FUNCTIONS, "foo", "break", "continue", "define"])
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
    words = [source.choice(FUNCTIONS) if pick < 0.9 else _operand(source, depth)]
    words.extend(_operand(source, depth) for _ in range(source.choice([0, 1, 1, 2, 2, 2, 3, 4])))
    return " ".join(words)


def _pipeline(source: random.Random, depth: int) -> str:
    text = _command(source, depth)
    while source.random() < 0.2:
        command = _command(source, depth)
        text += " | " + (command if source.random() < 0.2 else f"{source.choice(FUNCTIONS)} {command}")
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
            + _calling_nothing(body)
            + "{{end}}"
        )
    if pick < 0.97:
        return '{{define "' + source.choice(["part", "q", "t"]) + '"}}' + _calling_nothing(body) + "{{end}}"
    return source.choice(
        ["{{break}}", "{{continue}}", "{{end}}", "{{else}}", "{{", "{{.", "{{\n", "{{}}", "{{template}}"]
    )


def _calling_nothing(body: str) -> str:
    """Return a body that calls no template that exists: endless recursion would cost Go its memory."""
    return body.replace('{{template "', '{{template "no ')


def _declaration(source: random.Random, most: int = 1) -> str:
    if source.random() > 0.3:
        return ""
    names = [source.choice(["$x", "$y"]) for _ in range(source.randint(1, most))]
    return ", ".join(names) + source.choice([" := ", " := ", " = ", " "])


def _broken(source: random.Random, text: str) -> str:
    for _ in range(source.randint(1, 3)):
        at = source.randrange(len(text) + 1)
        pick = source.random()
        if pick < 0.4:
            text = text[:at] + text[at + source.randint(1, 4) :]
        elif pick < 0.8:
            piece = source.choice(
                [
                    "{{",
                    "}}",
                    "(",
                    ")",
                    "|",
                    ".",
                    "$",
                    '"',
                    "`",
                    "'",
                    "-",
                    " ",
                    ":=",
                    "=",
                    ",",
                    "\n",
                    "/*",
                    "*/",
                    "{{-",
                    " -}}",
                    "\\",
                    "é",
                    "#",
                    "0x",
                    "end",
                    "{{end}}",
                    "%",
                    "\u00b2",
                    "\u0301",
                ]
            )
            text = text[:at] + piece + text[at:]
        else:
            end = source.randrange(at, len(text) + 1)
            text = text[:at] + text[at:end] * 2 + text[end:]
    return text


def hostile(source: random.Random) -> str:
    """Return a template that does not care about types, and often not about syntax."""
    text = "".join(_item(source, 3) for _ in range(source.randint(1, 3)))
    if source.random() < 0.85:
        text = (
            source.choice(["{{$x := .D}}{{$y := 1}}", "{{$x := .S}}{{$y := .L}}", "{{$x := .X}}{{$y := 2.5}}"]) + text
        )
    if source.random() < 0.1:
        text = '{{define "part"}}' + _calling_nothing(_item(source, 2)) + "{{end}}" + text
    return _broken(source, text) if source.random() < 0.15 else text


_WORD = re.compile(
    r"\.[A-Z_]+|\b(?:if|with|range|else|end|gt|eq|len|index|printf|print|html|or|and|not)\b|\d+|-?}}|{{-?"
)


def mutated(source: random.Random) -> str:
    """Return a template of the corpus with words exchanged, and now and then broken."""
    text = source.choice(CORPUS)
    for _ in range(source.randint(0, 3)):
        words = list(_WORD.finditer(text))
        if not words:
            break
        word = source.choice(words)
        other = source.choice([each for each in words if each[0][0] == word[0][0]])
        text = text[: word.start()] + other[0] + text[word.end() :]
    return _broken(source, text) if source.random() < 0.3 else text


KINDS = {"directed": directed, "hostile": hostile, "mutated": mutated}
