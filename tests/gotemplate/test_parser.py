"""Trees print themselves back, and errors name what is still open. Go's own answers are in the golden files."""

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
        ("a\n {{if .A}}b{{range .L}}c{{end}}", "the {{if}} in line 2, column 2 has no {{end}}"),
        ("{{if .A}}{{else if .B}}", "the {{if}} in line 1, column 17 has no {{end}}"),
        ("{{range .L}}", "the {{range}} in line 1, column 1 has no {{end}}"),
        ("{{with .L}}{{else}}", "the {{with}} in line 1, column 1 has no {{end}}"),
        ("x{{define `a`}}", "the {{define}} in line 1, column 2 has no {{end}}"),
        ("{{block `a` .}}", "the {{block}} in line 1, column 1 has no {{end}}"),
    ],
)
def test_the_block_that_is_still_open_is_named(text: str, hint: str) -> None:
    with pytest.raises(ParseError, match="unexpected EOF") as raised:
        Template(text)
    assert raised.value.hint == hint


def test_an_error_elsewhere_has_no_hint() -> None:
    with pytest.raises(ParseError) as raised:
        Template("{{if .A}}{{)}}")
    assert raised.value.hint == ""


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("{{prnt 1}}", 'did you mean "print"?'),
        ("{{.X | default 1}}", 'write or .A "value"'),
        ("{{if .A}}{{endif}}", "write end"),
        ("{{eq .A True}}", "write true"),
        ("{{add .A 1}}", "Go's templates have nothing in place of Helm's add"),
        ("{{MODEL_ID}}", "a variable begins with a dot: .MODEL_ID"),
        ("{{zzz}}", "functions: and, call, eq, ge, gt, html, index, js, le, len, lt, ne, not, or, print, printf, println, slice, urlquery"),
        ("{{$TP}}", "no {{ $x := … }} declares it here; data is written .NAME, and $.NAME inside range and with"),
        ("{{if .A > 1}}", "there are no operators: write eq .A .B, gt .A 1, and .A .B, not .A; there is no arithmetic"),
        ("{{if .A == 1}}", "there are no operators: write eq .A .B, gt .A 1, and .A .B, not .A; there is no arithmetic"),
        ("{{if !.A}}", "there are no operators: write eq .A .B, gt .A 1, and .A .B, not .A; there is no arithmetic"),
        ("{{print .A, .B}}", ""),
    ],
)  # fmt: skip
def test_a_name_that_does_not_exist_has_a_hint(text: str, hint: str) -> None:
    with pytest.raises(ParseError) as raised:
        Template(text)
    assert raised.value.hint == hint


def test_the_parser_knows_the_functions_that_exist() -> None:
    assert {*FUNCTIONS, "and", "or", "call"} == FUNCTION_NAMES
