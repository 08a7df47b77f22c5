"""Which actions and branches a rendering goes through, and which no rendering can."""

import contextlib
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.gotemplate import conformance, generators, markers
from webhook.gotemplate import Budget, Given, Template, TemplateError

SEEDS = st.integers(0, 2**32)
QUICK = settings(max_examples=80, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


def passed(template, data):
    """Return the points that a rendering goes through, also one that fails."""
    found = set()
    with contextlib.suppress(TemplateError):
        template.observed(found.add).render(data)
    return found


def outcomes(points):
    return sorted((point.action, point.outcome) for point in points)


@pytest.mark.parametrize(
    ("text", "data", "expected"),
    [
        ("plain", {}, []),
        ("{{.X}}", {}, [("{{.X}}", "")]),
        ("{{if .X}}a{{end}}", {"X": 1}, [("if .X", "body")]),
        ("{{if .X}}a{{end}}", {"X": 0}, [("if .X", "else")]),
        ("{{if .X}}a{{else if .Y}}b{{end}}", {"Y": 0}, [("if .X", "else"), ("if .Y", "else")]),
        ("{{with .X}}{{.}}{{end}}", {"X": 1}, [("with .X", "body"), ("{{.}}", "")]),
        ("{{with .X}}{{.}}{{else}}b{{end}}", {}, [("with .X", "else")]),
        ("{{range .X}}{{.}}{{end}}", {"X": []}, [("range .X", "none")]),
        ("{{range .X}}{{.}}{{end}}", {"X": [1]}, [("range .X", "one"), ("{{.}}", "")]),
        ("{{range .X}}{{.}}{{end}}", {"X": [1, 2]}, [("range .X", "many"), ("{{.}}", "")]),
        ("{{range .X}}{{break}}{{end}}", {"X": [1, 2]}, [("range .X", "one"), ("{{break}}", "")]),
        ("{{range .X}}{{continue}}{{.}}{{end}}", {"X": [1, 2]}, [("range .X", "many"), ("{{continue}}", "")]),
        (
            '{{define "a"}}{{.}}{{end}}{{define "b"}}{{end}}{{template "a" .X}}',
            {"X": 1},
            [('define "a"', "called"), ('{{template "a" .X}}', ""), ("{{.}}", "")],
        ),
        (
            "{{range .X}}{{range .}}{{.}}{{end}}{{end}}",
            {"X": [[], [1]]},
            [("range .", "none"), ("range .", "one"), ("range .X", "many"), ("{{.}}", "")],
        ),
        ("{{.A}}{{index .B 1}}{{.C}}", {"B": []}, [("{{.A}}", ""), ("{{index .B 1}}", "")]),
        ("{{.A}} {{.B.c}} {{.C}}", {"B": 1}, [("{{.A}}", ""), ("{{.B.c}}", "")]),
    ],
)
def test_a_rendering_reports_each_point_that_it_goes_through(text, data, expected):
    assert outcomes(passed(Template(text), data)) == sorted(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{.X}}", []),
        ("{{if .X}}{{end}}", []),
        ("{{if .T}}{{end}}", [("if .T", "else")]),
        ("{{if .T}}a{{else}}{{.X}}{{end}}", [("if .T", "else"), ("{{.X}}", "")]),
        ("{{if .X}}{{range .X}}{{end}}{{end}}", [("range .X", "none")]),
        ("{{with .X}}{{range $.X}}{{end}}{{end}}", [("range $.X", "none")]),
        ("{{if not .X}}{{else}}{{range $i, $x := .X}}{{end}}{{end}}", [("range $i, $x := .X", "none")]),
        ("{{if and .X .Y}}{{if .Y}}a{{else}}b{{end}}{{end}}", [("if .Y", "else")]),
        ("{{if or .X .Y}}{{else}}{{if .Y}}a{{end}}{{end}}", [("if .Y", "body")]),
        ("{{if or .X .Y}}{{if .Y}}a{{end}}{{end}}", []),
        ("{{if gt .N 1}}{{if gt .N 1}}a{{end}}{{end}}", [("if gt .N 1", "else")]),
        ("{{if .X}}{{end}}{{range .X}}{{end}}", []),
        ("{{range .X}}{{if .X}}{{if .X}}{{end}}{{end}}{{end}}", []),
        ("{{$n := .N}}{{if gt $n 1}}{{$n = 1}}{{if gt $n 1}}{{end}}{{end}}", []),
        ("{{range .X}}{{break}}{{end}}", [("range .X", "many")]),
        ("{{range .X}}{{if $.Y}}{{break}}{{end}}{{end}}", []),
        ("{{range .X}}{{if $.Y}}{{continue}}{{end}}{{break}}{{end}}", []),
        ("{{range 3}}{{end}}", [("range 3", "none"), ("range 3", "one")]),
        ('{{define "a"}}{{.}}{{end}}', [('define "a"', "called"), ("{{.}}", "")]),
        ('{{define "a"}}{{range .X}}{{end}}{{end}}{{if .X}}{{template "a" .}}{{end}}', []),
    ],
)
def test_what_no_rendering_can_go_through_is_known(text, expected):
    template = Template(text)
    reach = template.reach(Given({"X": ["a"], "Y": "y", "N": 1, "T": True}, ("T",)))

    assert outcomes(set(template.points) - set(reach.points)) == sorted(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{if .N}}{{end}}", [("if .N", "else")]),
        ("{{range .N}}{{end}}", [("range .N", "none"), ("range .N", "one")]),
        ("{{range $i := .N}}{{if $i}}{{break}}{{end}}{{end}}", [("range $i := .N", "none")]),
        ("{{$n := .N}}{{range $n}}{{end}}", [("range $n", "none"), ("range $n", "one")]),
        *(
            (f"{{{{if {comparison}}}}}{{{{end}}}}", [(f"if {comparison}", outcome)] if outcome else [])
            for comparison, outcome in {
                "gt .N 1": "else", "gt .N 2": "", "ge .N 2": "else", "ge .N 3": "", "lt .N 2": "body", "lt .N 3": "",
                "le .N 1": "body", "le .N 2": "", "eq .N 1": "body", "eq .N 2": "", "ne .N 1": "else", "ne .N 2": "",
                "gt 2 .N": "body", "gt 3 .N": "", "lt 1 .N": "else", "lt 2 .N": "", "ge 1 .N": "body", "le 2 .N": "else",
                "eq 1 .N": "body", "ne 1 .N": "else", "eq .N 1 2": "", "gt .N .M": "",
            }.items()
        ),
    ],
)  # fmt: skip
def test_an_integer_that_is_not_less_than_another_keeps_renderings_out_of_branches(text, expected):
    template = Template(text)
    reach = template.reach(Given({"N": 7, "M": 1}, least={"N": 2}))

    assert outcomes(set(template.points) - set(reach.points)) == sorted(expected)


def check_against_markers(template, data):
    """Compare with the template that prints markers; return whether there was anything to compare."""
    instrumented = markers.Marked(template.text)
    try:
        output = Template(instrumented.text, template.name).render(data)
    except TemplateError:
        return False
    assert markers.at_offsets(template, template.points) == instrumented.points
    assert markers.at_offsets(template, passed(template, data)) == markers.passed(output)
    return True


@given(SEEDS, st.sampled_from(("directed", "scopes")))
@QUICK
def test_points_are_those_at_which_markers_print(seed, kind):
    case = generators.case(kind, random.Random(seed))
    try:
        template = Template(case["template"], "t")
    except TemplateError:
        return
    check_against_markers(template, case["data"])


def test_points_of_the_golden_templates_are_those_at_which_markers_print():
    compared = 0
    for path in sorted(conformance.GOLDEN.glob("*.jsonl")):
        for case in conformance.golden_cases(path):
            if case["verdict"] == "ok":
                compared += check_against_markers(Template(case["template"], "no define has this name"), case["data"])
    assert compared > 500


@given(SEEDS, st.sampled_from(sorted(generators.KINDS)))
@QUICK
def test_an_observed_template_renders_the_same_at_the_same_cost(seed, kind):
    case = generators.case(kind, random.Random(seed))
    try:
        template = Template(case["template"], "t")
    except TemplateError:
        return
    assert result(template.observed(lambda _: None), case["data"]) == result(template, case["data"])


def result(template, data):
    missing, budget = [], Budget(100_000, 1_000_000)
    try:
        output = template.render(data, on_no_value=missing.append, budget=budget)
    except TemplateError as error:
        output = str(error)
    return output, missing, budget.steps, budget.size


@given(SEEDS)
@QUICK
def test_renderings_go_only_through_points_that_are_within_reach(seed):
    case = generators.case("directed", random.Random(seed))
    data = case["data"]
    try:
        template = Template(case["template"], "t")
    except TemplateError:
        return
    variables = data if isinstance(data, dict) else {}
    least = {name: value - seed % 3 for name, value in variables.items() if type(value) is int}
    for known in (Given(data), Given(data, list(variables)), Given(data, (), least)):
        assert passed(template, data) <= set(template.reach(known).points)


def test_observing_leaves_the_template_itself_as_it_is():
    template = Template("{{if .X}}{{.Y}}{{end}}")
    program, found = template._program, set()
    assert template.observed(found.add).render({}) == template.render({})
    assert template._program is program
    assert outcomes(found) == [("if .X", "else")]
