"""The excerpt of a problem: the line that its place is in, and a caret below the place."""

import pytest

from tests.linting.configurations import lint
from webhook import catalog, linting

ARGUMENTS = "templates:\n- runtime: a\n  podTemplate:\n    containerTemplate:\n      argsTemplate:\n      - "
MANIFEST = "apiVersion: v1\nkind: ConfigMap\ndata:\n  config.yaml: "
CASES = {
    "a key": ("templates: []\nother: 1", "other: 1", "^^^^^"),
    "an indented key": ("templates:\n- runtime: a\n  other: 1", "other: 1", "^^^^^"),
    "a key in a block of a manifest": (MANIFEST + "|\n    templates: []\n    other: 1", "other: 1", "^^^^^"),
    "a key in a quoted string of a manifest": (MANIFEST + '"templates: []\\nother: 1"', "other: 1", "^^^^^"),
    "a template on one line": (ARGUMENTS + "'--a={{ .NO }}'", "- '--a={{ .NO }}'", "          ^^^"),
    "a template in a block": (ARGUMENTS + "|-\n        --a\n          {{ .NO }}", "{{ .NO }}", "   ^^^"),
    "a template that does not parse, in a folded block": (
        ARGUMENTS + ">-\n        --a\n        {{ .A } }",
        "--a {{ .A } }",
        "          ^",
    ),
    "a template that does not render, in a folded block": (
        ARGUMENTS + ">-\n        --a={{\n        index .CUSTOM_ARGS 9 }}",
        "--a={{ index .CUSTOM_ARGS 9 }}",
        "       ^",
    ),
}


@pytest.mark.parametrize(("text", "line", "caret"), CASES.values(), ids=CASES)
def test_the_excerpt_is_the_line_and_a_caret(text, line, caret):
    [problem] = [one for one in lint(text) if one.severity != "info"]
    assert problem.excerpt == f"{line}\n{caret}"


def test_a_long_line_is_cut_to_what_fits_a_terminal():
    [problem] = lint(f"templates: [{{runtime: a, {'x' * 100}: 1, podTemplate: {{}}}}]")
    line, caret = problem.excerpt.split("\n")
    assert line.endswith("x" * 36 + "…")
    assert caret == " " * len("templates: [{runtime: a, ") + "^" * 36
    assert len(line) <= 74


def test_a_problem_without_a_place_has_no_excerpt():
    [problem] = linting.lint([catalog.Document("templates", "file", None)])
    assert problem.excerpt == ""


def test_bytes_that_are_not_utf_8_have_no_excerpt():
    [problem] = linting.lint([catalog.Document("templates", "file", b"\xff")])
    assert (problem.line, problem.excerpt) == (1, "")
