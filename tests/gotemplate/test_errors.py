"""Errors have Go's text, and also what a person needs to find the place."""

import pytest

from webhook.gotemplate import ExecError, NoValue, ParseError, Template, TemplateError, excerpt

TEXT = "first\n  é{{ .N.K }}\nlast"


def test_an_execution_error_has_gos_text_and_a_place_in_characters() -> None:
    with pytest.raises(ExecError) as raised:
        Template(TEXT, "args").render({"N": 1})
    error = raised.value
    # Go counts columns in bytes from 0, and reports the place of the last name
    assert str(error) == 'template: args:2:9: executing "args" at <.N.K>: can\'t evaluate field K in type interface {}'
    assert (error.name, error.line, error.column) == ("args", 2, 9)
    assert error.expression == ".N.K"
    assert error.variable == "N"
    assert error.source_line == "  é{{ .N.K }}"
    assert error.excerpt() == "  é{{ .N.K }}\n        ^"


def test_a_parse_error_has_gos_text_and_also_a_column() -> None:
    with pytest.raises(ParseError) as raised:
        Template("ok\n\t{{ foo }}", "args")
    error = raised.value
    assert str(error) == 'template: args:2: function "foo" not defined'
    assert (error.line, error.column, error.expression) == (2, 5, "foo")
    assert error.excerpt() == "\t{{ foo }}\n\t   ^"


def test_an_error_without_a_place_has_no_excerpt() -> None:
    assert TemplateError("no place").excerpt() == ""


@pytest.mark.parametrize(
    ("line", "column", "expected"),
    [
        ("--名={{", 5, "--名={{\n     ^"),
        ("e\N{COMBINING ACUTE ACCENT}={{", 4, "e\N{COMBINING ACUTE ACCENT}={{\n  ^"),
        ("\x1b[31m\tx", 7, "\N{REPLACEMENT CHARACTER}[31m\tx\n     \t^"),
        ("", 0, "\n^"),
    ],
    ids=["wide", "combining", "control", "empty"],
)
def test_the_caret_is_below_its_column_on_a_terminal(line: str, column: int, expected: str) -> None:
    assert excerpt(line, column) == expected


def test_an_excerpt_of_a_long_line_is_what_is_around_the_column() -> None:
    assert excerpt("0123456789", 6, around=3) == "…234567…\n    ^"
    assert excerpt("0123456789", 2, around=3) == "0123…\n ^"
    assert excerpt("0123456789", 9, around=3) == "…56789\n    ^"


@pytest.mark.parametrize(
    ("text", "variable"),
    [
        ("{{index .L 9}}", "L"),
        ("{{len $.N}}", "N"),
        ("{{$x := 1}}{{$x.y}}", "$x"),
        ("{{gt .S 1}}", "S"),
        ("{{range .N.K}}{{end}}", "N"),
        ('{{template "none"}}', ""),
    ],
)
def test_an_execution_error_names_the_variable(text: str, variable: str) -> None:
    with pytest.raises(ExecError) as raised:
        Template(text).render({"L": [], "N": 1, "S": "s"})
    assert raised.value.variable == variable


def test_an_error_in_another_template_names_it_and_the_file() -> None:
    with pytest.raises(ExecError) as raised:
        Template('{{define "in\\"ner"}}\n{{.X.Y}}{{end}}{{template "in\\"ner" .}}', "outer").render({"X": 1})
    assert str(raised.value).startswith('template: outer:2:4: executing "in\\"ner" at <.X.Y>: ')
    assert raised.value.name == "outer"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{.MODLE_NAME}}", [NoValue(1, 3, ".MODLE_NAME")]),
        ("a\nbé{{ .A.B }}", [NoValue(2, 6, ".A.B")]),
        ("{{.D.missing}}{{.D.missing.deeper}}", [NoValue(1, 3, ".D.missing"), NoValue(1, 17, ".D.missing.deeper")]),
        ("{{.X}}", [NoValue(1, 3, ".X")]),
        ('{{index .D "none"}}', [NoValue(1, 3, 'index .D "none"')]),
        ("{{range .L}}{{.}}{{end}}", [NoValue(1, 15, ".")] * 2),
        ("{{html .A}}", [NoValue(1, 8, ".A")]),
        ("{{.A | js}}", [NoValue(1, 8, "js")]),
        ("{{(.A)}}", [NoValue(1, 3, "(.A)")]),
        ('{{template "t2"}}{{define "t2"}}{{.}}{{end}}', [NoValue(1, 35, ".")]),
        ("{{print .A}}{{if .A}}{{end}}{{$x := .A}}", []),
    ],
)
def test_each_missing_value_is_reported_with_its_place(text: str, expected: list[NoValue]) -> None:
    found: list[NoValue] = []
    output = Template(text).render({"D": {}, "X": None, "L": [None, None]}, on_no_value=found.append)
    assert found == expected
    assert output.count("no value") == len(expected)
