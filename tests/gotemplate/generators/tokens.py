"""Token soup for the lexer and the parser."""

import random

from . import values
from .literals import ODD_LITERALS, number, string

_TOKENS = [
    "if", "else", "end", "range", "with", "define", "block", "template", "break", "continue", "nil", "true", "false",
    ".", "$", "$z", "$z\n", "\n .S", "$x", "$y", ":=", "=", "|", "(", ")", ",", '"a"', '"t"', "`r`", ".S", ".N", ".A", ".D", ".D.k", ".L", ".X",
    ".missing", "print", "printf", "len", "index", "not", "and", "or", "eq", "html", "call", "foo", "1", "2.5", "'a'",
    "1i", "1+2i", "\n", "-", "/*", "*/", "é", ".é", "$é", "#", "{", "}", "_", ":", "''", '"', "`", "'", "0x1F", "..",
    "$.S", "$.D.d", "().x", "(1).k", "nil.k", "\u00b2", "\u0660", "\r\n", "\x00", "\u2028", "\ufffd", "&", "==", "%", "\\",
    "@", "~", "\x7f", "5a", "-1", "+", ".5", "break.x", "print.k", "(print).k",
]  # fmt: skip
_FRAMES = [
    "{{%s}}", "{{%s}}", "{{%s}}", "{{- %s}}", "{{%s -}}", "{{if %s}}", "{{range %s}}", "{{with %s}}", "{{$x := %s}}",
    "{{range $x, $y := %s}}", '{{template "q" %s}}', '{{block "b" %s}}', "{{(%s)}}", "{{print (%s).k}}", "{{else if %s}}",
    "{{else with %s}}", "{{/* %s */}}", "{{- /* %s */ -}}", "{{end}}", "{{end}}", "{{else}}", "text\n", " ", "{{break}}",
    '{{define "q"}}', '{{define "z"}}', "{{define `a\nb`}}",
    '{{define "\\q"}}',
    '{{template "\\xff"}}', "\n{{", "é", " \n\t", "{{range 2}}", "{{continue}}", "}}",
    "{{template %s}}", "{{define %s}}", "{{block %s}}", "{{/* a */", "\ufeff", "\r\n",
]  # fmt: skip
_OPENING = ("{{if", "{{range", "{{with", "{{block", "{{define")


def _inside(source: random.Random, *, countable: bool) -> str:
    pick = source.random() if not countable else 1
    if pick < 0.1:
        return number(source)
    if pick < 0.2:
        return string(source)
    if pick < 0.3:
        return f"print {source.choice(ODD_LITERALS)}"
    spaces = [" ", " ", "", "  "]
    return "".join(source.choice(_TOKENS) + source.choice(spaces) for _ in range(source.randint(0, 6)))


def tokens(source: random.Random) -> tuple[str, dict[str, object]]:
    """Return pieces of templates in random order."""
    text = source.choice(["", "{{$x := 1}}{{$y := .D}}"])
    blocks = 0
    for place in range(source.randint(1, 6)):
        # a block of the same name inside another would call itself
        frame = source.choice(_FRAMES).replace('"b"', f'"b{place}"')
        blocks += frame.startswith(_OPENING) - (frame == "{{end}}")
        # a number might have a loop count up to it for hours
        text += frame.replace("%s", _inside(source, countable=frame.startswith("{{range")))
    if source.random() < 0.8:
        text += "{{end}}" * max(blocks, 0)
    return text.replace('{{template "q"', '{{template "no"') if "define" in text else text, values.data(source)
