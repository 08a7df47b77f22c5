"""Trees print canonical text, and errors have hints. Go's own answers are in the golden files."""

import pytest

from webhook.gotemplate import ParseError, Template
from webhook.gotemplate.exec.funcs import FUNCTIONS
from webhook.gotemplate.parse.names import FUNCTION_NAMES


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("a {{- .X -}} b", "a{{.X}}b"),
        ("{{ .X.Y  |print  1 }}", "{{.X.Y | print 1}}"),
        ("{{$x:=1}}{{ $x  =  2 }}", "{{$x := 1}}{{$x = 2}}"),
        ("{{ range $i,$e:=.L }}x{{else }}y{{ end}}", "{{range $i, $e := .L}}x{{else}}y{{end}}"),
        ("{{if .A}}1{{else if .B}}2{{else}}3{{end}}", "{{if .A}}1{{else}}{{if .B}}2{{else}}3{{end}}{{end}}"),
        ("{{with .A}}1{{else with .B}}2{{end}}", "{{with .A}}1{{else}}{{with .B}}2{{end}}{{end}}"),
        ("{{ (index .A 0).B }}", "{{(index .A 0).B}}"),
        ("{{ template `a` . }}{{/* c */}}", '{{template "a" .}}'),
        ('{{define "a"}}x{{end}}{{block "b" .}}y{{end}}', '{{template "b" .}}'),
        ("{{range .L}}{{ break }}{{continue }}{{end}}", "{{range .L}}{{break}}{{continue}}{{end}}"),
        ("{{print nil true 0x1F 'a' `r` .}}", "{{print nil true 0x1F 'a' `r` .}}"),
    ],
)
def test_a_tree_prints_its_canonical_text(text: str, canonical: str) -> None:
    assert str(Template(text)) == canonical
    assert str(Template(canonical)) == canonical


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("a\n {{if .A}}b{{range .L}}c{{end}}", "the {{if}} at line 2, column 2 has no {{end}}"),
        ("{{if .A}}{{else if .B}}", "the {{if}} at line 1, column 17 has no {{end}}"),
        ("{{range .L}}", "the {{range}} at line 1, column 1 has no {{end}}"),
        ("{{with .L}}{{else}}", "the {{with}} at line 1, column 1 has no {{end}}"),
        ("x{{define `a`}}", "the {{define}} at line 1, column 2 has no {{end}}"),
        ("{{block `a` .}}", "the {{block}} at line 1, column 1 has no {{end}}"),
    ],
)
def test_an_unexpected_end_has_a_hint_at_the_open_block(text: str, hint: str) -> None:
    with pytest.raises(ParseError, match="unexpected EOF") as raised:
        Template(text)
    assert raised.value.hint == hint


def test_other_errors_have_no_hint_at_open_blocks() -> None:
    with pytest.raises(ParseError) as raised:
        Template("{{if .A}}{{)}}")
    assert raised.value.hint == "remove the ), or open its parenthesis"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("{{prnt 1}}", 'did you mean "print"?'),
        ("{{.X | default 1}}", 'write or .A "value"'),
        ("{{if .A}}{{endif}}", "write end"),
        ("{{eq .A True}}", "write true"),
        ("{{add .A 1}}", "Go templates have no equivalent of Helm's add"),
        ("{{MODEL_ID}}", "variables start with a dot: write .MODEL_ID"),
        ("{{zzz}}", "functions: and, call, eq, ge, gt, html, index, js, le, len, lt, ne, not, or, print, printf, println, slice, urlquery"),
        ("{{$TP}}", "declare it first with {{ $TP := … }}; data is written .TP, or $.TP inside range and with"),
        ("{{if .A > 1}}", "templates have no operators and no arithmetic: write eq .A .B, gt .A 1, and .A .B, not .A"),
        ("{{if .A == 1}}", "templates have no operators and no arithmetic: write eq .A .B, gt .A 1, and .A .B, not .A"),
        ("{{if !.A}}", "templates have no operators and no arithmetic: write eq .A .B, gt .A 1, and .A .B, not .A"),
        ("{{print .A, .B}}", "separate a function and its arguments by spaces, without parentheses and commas: and .A .B"),
        ("{{not(.A)}}", "separate a function and its arguments by spaces, without parentheses and commas: and .A .B"),
        ("{{.A }", "close the action with }}"),
        ("{{.A", "close the action with }}"),
        ("{{if .A}}a{{end}", "close the action with }}"),
        ("{{eq .A 'bc'}}", 'write strings in double quotes: "text"'),
        ("{{eq .A “b”}}", 'write plain quotes: "text"'),
        ('{{eq .A "b}}', 'close the string with "'),
        ("{{eq .A b}}", 'a string needs quotes: "b"'),
        ("{{eq .A b-c}}", "a name has only letters, digits and _; write a string in double quotes"),
        ("{{.A-B}}", "a name has only letters, digits and _; write a string in double quotes"),
        ("{{.A-}}", "write a space before -}}"),
        ("{{-.A}}", "write a space after {{-"),
        ("{{.A + 1}}", "templates have no operators and no arithmetic: write eq .A .B, gt .A 1, and .A .B, not .A"),
        ("{{end}}", "remove it: no block is open here"),
        ("{{else}}", "remove it: no block is open here"),
        ("{{if .A}}{{else}}{{else}}{{end}}", "a block has one {{else}}: write {{else if}} for another condition"),
        ("{{if (eq .A 1}}{{end}}", "close the parenthesis with )"),
        ("{{if eq .A 1)}}{{end}}", "remove the ), or open its parenthesis"),
        ("{{{.A}}}", "an action begins with two braces, and there can be no action inside another"),
        ("{{ }}", "write a value in it, or remove it"),
        ("{{if}}{{end}}", "write a condition after it, such as {{if .A}}"),
        ("{{ /* a */ }}", "write a comment as {{/* text */}}, without spaces between it and the braces"),
        ("{{ // a }}", "write a comment as {{/* text */}}, without spaces between it and the braces"),
        ("{{.L[0]}}", "write index .LIST 0 for the first item of a list"),
        ("{{.L.0}}", "write index .LIST 0 for the first item of a list"),
        ("{{break}}", "write it between {{range}} and its {{end}}"),
        ("{{range $i, $a in .L}}{{end}}", "write range $i, $a := .LIST"),
        ("{{if .A is true}}{{end}}", "write eq .A .B"),
        ('{{env "A"}}', "templates cannot read environment variables"),
    ],
)  # fmt: skip
def test_a_common_mistake_has_a_hint(text: str, hint: str) -> None:
    with pytest.raises(ParseError) as raised:
        Template(text)
    assert raised.value.hint == hint


def test_the_parser_knows_all_predefined_functions() -> None:
    assert {*FUNCTIONS, "and", "or", "call"} == FUNCTION_NAMES
