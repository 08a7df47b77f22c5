"""``rule``: what a code in brackets means."""

import json
import sys

import pytest

from webhook import errors, linting, notices, rules


def test_a_finding_is_explained_with_a_wrong_and_a_right_example(run):
    result = run("rule", "unknown-variable")

    assert (result.status, result.err) == (0, "")
    assert result.out == (
        "unknown-variable: lint warning\n"
        "A template refers to a variable that does not exist; a workload for which it is printed is denied.\n"
        "\n"
        "Wrong, templates.yaml:\n"
        "\n"
        "    templates:\n"
        "      - runtime: my-engine\n"
        "        podTemplate:\n"
        "          containerTemplate:\n"
        '            commandTemplate: [serve, "--name={{ .MODEL_NAM }}"]\n'
        "\n"
        "lint reports:\n"
        "\n"
        "    templates.yaml:5:45: templates[0].podTemplate.containerTemplate.commandTemplate[1]: "
        "the variable .MODEL_NAM does not exist (line 1 of the template); did you mean .MODEL_NAME?\n"
        "\n"
        "Right, templates.yaml:\n"
        "\n"
        "    templates:\n"
        "      - runtime: my-engine\n"
        "        podTemplate:\n"
        "          containerTemplate:\n"
        '            commandTemplate: [serve, "--name={{ .MODEL_NAME }}"]\n'
    )


def test_a_denial_says_what_to_do(run):
    result = run("rule", "invalid-size")

    assert result.out == (
        "invalid-size: denial\n"
        "A tensor-parallel or pipeline-parallel size is not an integer of at least 1.\n"
        "What to do: correct the annotation.\n"
    )


def test_a_warning_is_recognised_by_its_beginning(run):
    result = run("rule", "groups-roll")

    assert result.out.startswith('groups-roll: warning\nThe warning begins with "groups will roll".\n')


def test_a_code_of_several_families_is_explained_for_each(run):
    result = run("rule", "late-field")

    assert [line for line in result.out.splitlines() if line.startswith("late-field: ")] == [
        "late-field: lint warning",
        "late-field: warning",
    ]


COPIED = ["[unknown-runtime]", "error[unknown-runtime]", "[warning: unknown-runtime]", "Unknown-Runtime"]


@pytest.mark.parametrize("code", COPIED)
def test_a_code_can_be_copied_with_what_is_around_it(run, code):
    assert run("rule", code).out.startswith("unknown-runtime: denial\n")


def test_several_codes(run):
    result = run("rule", "no-image", "bare-key")

    assert [line for line in result.out.splitlines() if line.endswith((": denial", ": lint remark"))] == [
        "no-image: lint remark",
        "no-image: denial",
        "bare-key: lint remark",
    ]


def test_an_unknown_code_is_an_error_with_the_nearest(run):
    result = run("rule", "unknown-runtim")

    assert (result.status, result.out) == (2, "")
    assert 'there is no code "unknown-runtim"; did you mean "unknown-runtime"?' in " ".join(result.err.split())


def test_without_a_code_all_are_listed(run):
    rows = [line.split()[0] for line in run("rule").out.splitlines()[1:]]

    assert rows == [*linting.CODES, *(code for code in rows[len(linting.CODES) :])]
    assert sorted(rows[len(linting.CODES) :]) == sorted([*errors.DENIAL_CODES, *notices.NOTICE_CODES])


def test_all_can_be_explained(run):
    result = run("rule", "--all")

    assert result.status == 0
    assert {line.split(":")[0] for line in result.out.splitlines()} >= set(rules.CODES)


def test_all_beside_a_code_is_an_error(run):
    assert run("rule", "--all", "no-image").status == 2


def test_json_has_everything(run):
    [finding, denial] = json.loads(run("rule", "no-image", "-o", "json").out)

    assert (finding["family"], finding["severity"], list(finding["wrong"])) == ("finding", "info", ["agent"])
    assert (denial["family"], denial["severity"], denial["remedy"]) == (
        "denial",
        "",
        "add the image to the agent entry",
    )
    assert len(json.loads(run("rule", "-o", "json").out)) == len(list(rules.every()))


def test_a_link_is_its_words_and_the_page():
    assert rules.plain("see [this](a.md#b) and [that](https://x.y)") == "see this (docs/a.md#b) and that (https://x.y)"


def test_a_terminal_shows_the_list_in_lines_that_fit(run, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    for name, value in {"COLUMNS": "80", "NO_COLOR": "1", "TERM": "dumb"}.items():
        monkeypatch.setenv(name, value)
    lines = run("rule").out.splitlines()

    assert max(map(len, lines)) <= 80
    assert len(lines) == len(list(rules.every())) + 1
