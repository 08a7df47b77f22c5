"""What renderings could do, found without rendering: text they may print, branches never entered, certain failures."""

import pytest

from webhook.gotemplate import Failure, Given, ParseLimitError, Passage, Template, Unreached

DATA = {"NAME": "n", "SIZE": 1, "FLAG": False, "ARGS": ["a"], "RATIO": 0.5, "MIXED": ["a", 1], "OTHER": [1], "NONE": [],
        "LISTS": [["a"], [1.5]]}  # fmt: skip


def reach(text, *certain):
    return Template(text, "t").reach(Given(DATA, certain))


@pytest.mark.parametrize(
    ("text", "function", "message"),
    [
        ("{{gt .NAME 1}}", "gt", "incompatible types for comparison: string and int"),
        ("{{if lt 1 .NAME}}{{end}}", "lt", "incompatible types for comparison: int and string"),
        ('{{eq .SIZE "8"}}', "eq", "incompatible types for comparison: int and string"),
        ('{{eq .SIZE 1 "8"}}', "eq", "incompatible types for comparison: int and string"),
        ("{{ne .SIZE 1.5}}", "ne", "incompatible types for comparison: int and float64"),
        ("{{ge .FLAG true}}", "ge", "invalid type for comparison"),
        ('{{eq .ARGS "a"}}', "eq", "incompatible types for comparison: []string and string"),
        ("{{eq .ARGS .ARGS}}", "eq", "incompatible types for comparison: []string and []string"),
        ('{{.SIZE | eq "8"}}', "eq", "incompatible types for comparison: string and int"),
        ('{{gt (len .ARGS) "0"}}', "gt", "incompatible types for comparison: int and string"),
        ("{{eq (print .SIZE) 8}}", "eq", "incompatible types for comparison: string and int"),
        ("{{$x := .NAME}}{{gt $x 1}}", "gt", "incompatible types for comparison: string and int"),
        ("{{with .NAME}}{{gt . 1}}{{end}}", "gt", "incompatible types for comparison: string and int"),
        ("{{range .ARGS}}{{gt . 1}}{{end}}", "gt", "incompatible types for comparison: string and int"),
        ("{{range $i, $e := .ARGS}}{{gt $i $e}}{{end}}", "gt", "incompatible types for comparison: int and string"),
        ("{{range .SIZE}}{{gt . `a`}}{{end}}", "gt", "incompatible types for comparison: int and string"),
        ("{{range $i := 3}}{{gt $i `a`}}{{end}}", "gt", "incompatible types for comparison: int and string"),
        ("{{gt (index .ARGS 0) 1}}", "gt", "incompatible types for comparison: string and int"),
        ('{{gt (index . "NAME") 1}}', "gt", "incompatible types for comparison: string and int"),
        ('{{define "a"}}{{gt . 1}}{{end}}{{template "a" .NAME}}', "gt", "incompatible types for comparison: string and int"),
        ("{{(.).NAME | lt 1}}", "lt", "incompatible types for comparison: int and string"),
        ("{{eq .NAME}}", "eq", "missing argument for comparison"),
        ("{{gt .SIZE}}", "gt", "wrong number of args for gt: want 2 got 1"),
        ("{{len .SIZE}}", "len", "len of type int"),
        ("{{index .SIZE 0}}", "index", "can't index item of type int"),
        ("{{slice .SIZE 0}}", "slice", "can't slice item of type int"),
        ("{{printf .SIZE}}", "", "wrong type for value; expected string; got int"),
        ("{{printf 1}}", "", "expected string; found 1"),
        ("{{printf nil}}", "", "cannot assign nil to string"),
        ("{{index .ARGS `a`}}", "index", "cannot index slice/array with type string"),
        ("{{index . 1}}", "index", "value has type int; should be string"),
        ("{{.NAME 1}}", "", "NAME is not a method but has arguments"),
        ("{{1 2}}", "", "can't give argument to non-function 1"),
        ("{{nil}}", "", "nil is not a command"),
        ("{{range $i, $n := .SIZE}}{{end}}", "", "can't use an int to iterate over more than one variable"),
        ("{{index `a` 1}}", "index", "reflect: string index out of range"),
        ("{{.NAME.x}}", "", "can't evaluate field x in type string"),
        ("{{range .NAME}}x{{end}}", "", "range can't iterate over a string"),
        ("{{range .FLAG}}x{{end}}", "", "range can't iterate over a bool"),
        ('{{template "none"}}', "", 'template "none" not defined'),
    ],
)  # fmt: skip
def test_an_expression_that_always_fails_is_found(text, function, message):
    [failure] = reach(text).failures
    assert (failure.function, failure.message) == (function, message)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{{gt .SIZE 1}}{{eq .NAME `n`}}{{eq .FLAG true}}{{gt .RATIO 0.1}}", id="comparisons of one type"),
        pytest.param("{{gt .UNKNOWN 1}}{{len .UNKNOWN}}{{range .UNKNOWN}}{{gt . 1}}{{end}}", id="unknown values"),
        pytest.param("{{$x := 1}}{{if .FLAG}}{{$x = `a`}}{{end}}{{eq $x `a`}}", id="a variable that changes"),
        pytest.param("{{$ = .SIZE}}{{eq $ 1}}", id="the root that changes"),
        pytest.param("{{$x := 1}}{{and .FLAG ($x := `a`)}}{{gt $x 0}}", id="a variable that and may declare"),
        pytest.param("{{range (or .MIXED .OTHER)}}{{eq . 1.5}}{{end}}", id="lists of anything"),
        pytest.param("{{range .LISTS}}{{range .}}{{eq . 1}}{{end}}{{end}}", id="lists in lists"),
        pytest.param("{{(or .NONE .).SIZE | eq `a`}}", id="the root, or something else"),
        pytest.param(
            '{{define "a"}}{{range .}}{{eq . 1}}{{end}}{{end}}{{template "a" .MIXED}}', id="a list of anything, given"
        ),
        pytest.param("{{range .MIXED}}{{gt . 1}}{{end}}", id="a list of several types"),
        pytest.param("{{range .NONE}}{{gt . 1}}{{end}}", id="an empty list is a list of anything"),
        pytest.param("{{index .ARGS 9}}{{slice .NAME 9}}", id="the failure depends on the value"),
        pytest.param("{{eq .NAME nil}}{{eq nil .ARGS}}", id="null compares with everything"),
        pytest.param("{{and .FLAG (gt .SIZE 1)}}{{not .NAME}}{{or .NAME 1 | print}}", id="and, or, not"),
        pytest.param("{{eq .UNKNOWN `a` 1}}", id="the first value is unknown"),
        pytest.param("{{if false}}{{gt .NAME 1}}{{end}}", id="in a branch that is never entered"),
        pytest.param("{{and false (gt .NAME 1)}}", id="after an argument that decides"),
        pytest.param("{{index . .NAME}}{{index .}}{{slice .ARGS 0 | len}}", id="index and slice"),
        pytest.param("{{printf `%1000000d` 1 | len | gt 1}}", id="a constant that is too long to compute"),
        pytest.param("{{(index .MIXED 0).x}}", id="a field of something unknown"),
    ],
)
def test_an_expression_that_may_succeed_is_not_a_failure(text):
    assert reach(text).failures == ()


@pytest.mark.parametrize(
    ("text", "branches"),
    [
        ("{{if false}}a{{end}}", ["body if false"]),
        ("{{if true}}a{{else}}b{{end}}", ["else if true"]),
        ("{{if true}}a{{end}}", []),
        ("{{if gt 1 2}}a{{else if eq 1 1}}b{{else}}c{{end}}", ["body if gt 1 2", "else if eq 1 1"]),
        ("{{if and .FLAG false}}a{{end}}", ["body if and .FLAG false"]),
        ("{{if or .FLAG 1}}a{{else}}b{{end}}", ["else if or .FLAG 1"]),
        ("{{if and .FLAG true}}a{{else}}b{{end}}", []),
        ("{{if not true}}a{{end}}", ["body if not true"]),
        ("{{if not (and .FLAG false)}}a{{else}}b{{end}}", ["else if not (and .FLAG false)"]),
        ("{{$x := 2}}{{if gt $x 3}}a{{end}}", ["body if gt $x 3"]),
        ("{{if eq (len `abc`) 3}}a{{else}}b{{end}}", ["else if eq (len `abc`) 3"]),
        ("{{with ``}}a{{else}}b{{end}}", ["body with ``"]),
        ("{{range 0}}a{{end}}", ["body range 0"]),
        ("{{range -1}}a{{else}}b{{end}}", ["body range -1"]),
        ("{{range 2}}a{{else}}b{{end}}", ["else range 2"]),
        ("{{range .ARGS}}a{{break}}b{{end}}", ["rest break"]),
        ("{{range .ARGS}}{{if .}}{{continue}}{{end}}b{{end}}", []),
        ("{{range .ARGS}}{{if .}}{{continue}} b{{end}}b{{end}}", ["rest continue"]),
        ("{{range .ARGS}}a{{break}}\n{{end}}", []),
        ("{{if .FLAG}}a{{else}}b{{end}}{{with .NAME}}{{end}}{{range .SIZE}}{{else}}{{end}}", []),
        ("{{if .UNKNOWN}}a{{else}}b{{end}}", []),
        ('{{define "a"}}{{if .}}x{{end}}{{end}}{{template "a"}}', ["body if ."]),
        ('{{define "a"}}{{if .}}x{{end}}{{end}}{{template "a"}}{{template "a" 1}}', []),
        ('{{define "a"}}{{if .}}x{{else}}y{{end}}{{end}}{{template "a" .NAME}}{{template "a" (or .NAME "x")}}', []),
        ('{{define "a"}}{{if .}}x{{else}}y{{end}}{{end}}{{template "a" (or .NAME "x")}}{{template "a" .NAME}}', []),
        ("{{$y := .SIZE}}{{or (len .NAME) ($y := not true)}}{{if $y}}x{{end}}", []),
        ("{{range `a`}}x{{else}}y{{end}}", []),
        ("{{if false}}{{if false}}a{{end}}{{end}}", ["body if false"]),
    ],
)
def test_a_branch_that_constants_exclude_is_found(text, branches):
    assert [f"{each.branch} {each.action}" for each in reach(text).unreached] == branches


def test_a_variable_with_a_certain_value_excludes_branches_too():
    text = "{{if .FLAG}}a{{else}}b{{end}}"
    assert reach(text).unreached == ()
    assert reach(text, "FLAG").unreached == (Unreached("if .FLAG", "body", 1, 6),)
    assert [passage.text for passage in reach(text, "FLAG").passages] == ["b"]


def test_a_branch_is_reached_if_any_case_enters_it():
    template = Template("{{if .FLAG}}{{if .SIZE}}a{{else}}b{{end}}{{else}}c{{end}}")
    case_on, case_off = Given({"FLAG": True, "SIZE": 0}, ("FLAG", "SIZE")), Given(DATA, ("FLAG", "SIZE"))
    assert template.reach(case_on, case_off).unreached == (Unreached("if .SIZE", "body", 1, 18),)
    assert [passage.text for passage in template.reach(case_on, case_off).passages] == ["b", "c"]


def test_passages_are_text_and_printed_strings_with_their_places():
    text = (
        'é{{if .FLAG}}\n x{{end}}{{print "y\\t"}}{{if false}}z{{end}}{{/* c */}}{{$v := "v"}}{{if eq .NAME "w"}}{{end}}'
    )
    assert reach(text).passages == (Passage("é", 1, 1), Passage("\n x", 1, 14), Passage("y\\t", 2, 19))


def test_failures_have_the_place_that_go_reports():
    assert reach("a\n {{ if gt .NAME 1 }}{{ end }}").failures == (
        Failure("gt .NAME 1", "gt", "incompatible types for comparison: string and int", 2, 8),
    )


def test_recursion_and_growing_constants_terminate():
    text = (
        '{{define "a"}}{{template "a" (print . "x")}}{{template "b" .}}{{end}}{{define "b"}}{{template "a" 1}}{{end}}'
    )
    assert reach(text + '{{template "a" .}}').failures == ()
    assert reach('{{$a := "abc"}}' + "{{$a := print $a $a}}" * 60).failures == ()


def test_a_template_that_is_never_called_is_not_analysed():
    assert reach('{{define "a"}}{{gt .NAME 1}}{{end}}').failures == ()


def test_each_of_many_variables_takes_constant_time():
    text = "{{$z := 1}}" + "{{$a := $z}}" * 12_000
    assert reach(text).failures == ()


def test_calls_with_huge_samples_are_not_computed():
    shared: list[object] = ["x"]
    for _ in range(40):
        shared = [shared, shared]
    assert Template("{{print .Z 1}}").reach(Given({"Z": shared}, ["Z"])).failures == ()


@pytest.mark.parametrize(
    ("data", "failures"),
    [
        (5, ["can't evaluate field A in type int"]),
        (None, []),
        ("s", ["can't evaluate field A in type string"]),
        ([], ["can't evaluate field A in type []string"]),
    ],
)
def test_the_data_of_a_template_may_be_any_value(data, failures):
    assert [failure.message for failure in Template("{{.A}}").reach(Given(data)).failures] == failures


def test_samples_nested_too_deep_are_refused():
    deep: list[object] = []
    for _ in range(1_900):
        deep = [deep]
    with pytest.raises(ParseLimitError, match="samples are nested too deep") as raised:
        Template("{{print .D}}").reach(Given({"D": deep}, ["D"]))
    assert raised.value.excerpt() == ""
