"""Which variables of the root data a template refers to, and where."""

import pytest

from webhook.gotemplate import Template, UnknownVariable, VariableUse


@pytest.mark.parametrize(
    ("text", "names"),
    [
        pytest.param("{{.A}}{{.B.C}}{{$.D}}", "A B D", id="fields of dot and of $"),
        pytest.param("{{range .L}}{{.X}}{{$.Y}}{{end}}", "L Y", id="in a range dot is an element"),
        pytest.param("{{range .L}}{{.X}}{{else}}{{.Y}}{{end}}", "L Y", id="in the else of a range dot is unchanged"),
        pytest.param("{{with .W}}{{.X}}{{else}}{{.Y}}{{end}}", "W Y", id="in a with dot is the value"),
        pytest.param("{{with $}}{{.X}}{{end}}{{with .}}{{.Y}}{{end}}", "X Y", id="with the root"),
        pytest.param("{{if .A}}{{.B}}{{else if .C}}{{.D}}{{end}}", "A B C D", id="if does not change dot"),
        pytest.param(
            '{{define "a"}}{{.X}}{{$.Y}}{{end}}{{template "a" .}}', "X Y", id="a template called with the root"
        ),
        pytest.param('{{define "a"}}{{.X}}{{$.Y}}{{end}}{{template "a" .Z}}', "Z", id="a template called with a part"),
        pytest.param('{{define "a"}}{{.X}}{{end}}{{template "a"}}', "", id="a template called with nothing"),
        pytest.param('{{define "a"}}{{.X}}{{end}}', "", id="a template never called"),
        pytest.param('{{block "a" .}}{{.X}}{{end}}', "X", id="a block"),
        pytest.param('{{define "a"}}{{.X}}{{template "a" .}}{{end}}{{template "a" .}}', "X", id="recursion"),
        pytest.param("{{$r := .}}{{$r.X}}", "X", id="a variable that is the root"),
        pytest.param("{{$r := .D}}{{$r.X}}", "D", id="a variable that is not the root"),
        pytest.param("{{$r := .D}}{{$r = $}}{{$r.X}}", "D X", id="a variable that becomes the root"),
        pytest.param("{{range $i, $e := .L}}{{$e.X}}{{end}}", "L", id="a loop's variable"),
        pytest.param("{{(.).X}}{{(or .A .).Y}}", "X Y A", id="fields of parentheses"),
        pytest.param("{{printf (print .A) .B | len}}", "A B", id="arguments"),
        pytest.param('{{index . "X"}}{{index $ "Y" 0}}{{. | index .L "Z"}}', "X Y L", id="index of the root"),
        pytest.param('{{index .D "X"}}{{with .D}}{{index . "Y"}}{{end}}', "D D", id="index of something else"),
    ],
)
def test_variables_are_first_fields_of_the_root_data(text: str, names: str) -> None:
    assert [use.name for use in Template(text).variables] == names.split()


def test_uses_are_sorted_and_have_places_in_characters() -> None:
    template = Template("{{.B}}é{{ .A.X }}\n  {{if gt .N 1}}{{print .B}}{{end}}")
    assert template.variables == (
        VariableUse("B", 1, 3),
        VariableUse("A", 1, 11),
        VariableUse("N", 2, 11),
        VariableUse("B", 2, 25),
    )


def test_a_use_has_a_name_a_line_and_a_column() -> None:
    (use,) = Template("{{.A}}").variables
    assert (use.name, use.line, use.column) == ("A", 1, 3)


def test_an_unknown_variable_has_the_nearest_name() -> None:
    template = Template("{{.MODEL_NAME}}\n{{ .MODLE_NAME }}{{.zzz}}")
    assert template.unknown_variables({"MODEL_NAME", "MODEL_ID"}) == (
        UnknownVariable("MODLE_NAME", "MODEL_NAME", 2, 4),
        UnknownVariable("zzz", "", 2, 20),
    )


@pytest.mark.parametrize("name", ["model_name", "ModelName", "MODLE_NAME", "MODEL_NAM"])
def test_the_nearest_name_ignores_case_and_underscores(name: str) -> None:
    [unknown] = Template("{{." + name + "}}").unknown_variables({"MODEL_NAME", "GPU_TYPE"})
    assert unknown.nearest == "MODEL_NAME"


@pytest.mark.parametrize(
    ("text", "reads_b"),
    [
        ("{{.A}}", False),
        ("{{.B}}", True),
        ("{{if false}}{{.B}}{{end}}", True),
        ("{{.}}", True),
        ("{{$}}", True),
        ("{{$all := .}}{{$all}}", True),
        ("{{$all := .}}{{$all.A}}", False),
        ("{{range .}}{{.}}{{end}}", True),
        ("{{with .}}{{.A}}{{end}}", False),
        ("{{if .}}{{.A}}{{end}}", False),
        ("{{(or .A .)}}", True),
        ("{{(or . .A).A}}", False),
        ("{{printf `%v` .}}", True),
        ("{{. | printf `%v`}}", True),
        ("{{index . .A}}", True),
        ("{{index . `A`}}", False),
        ("{{print (index $ `A`)}}", False),
        ('{{define "t"}}{{.}}{{end}}{{template "t" .}}', True),
        ('{{define "t"}}{{.A}}{{end}}{{template "t" .}}', False),
        ('{{define "t"}}{{.}}{{end}}{{template "t" .A}}', False),
    ],
)
def test_a_template_may_read_what_it_names_and_everything_once_it_uses_all_of_it(text: str, *, reads_b: bool) -> None:
    template = Template(text)

    assert template.may_read("B") is reads_b
