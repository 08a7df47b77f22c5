"""``lint --select`` and ``--ignore``."""

import json

import pytest

TEMPLATES = "templates:\n- runtime: a\n  podTemplate: {priorityClassName: high, hostname: '{{ .X }}'}\n"


@pytest.fixture
def codes(run, tmp_path):
    """A function that lints a text with these options, and returns the codes and the exit status."""

    def codes(*options, text=TEMPLATES):
        (tmp_path / "t.yaml").write_text(text)
        result = run("lint", tmp_path / "t.yaml", "-o", "json", *options)
        return [one["code"] for one in json.loads(result.out)], result.status

    return codes


def test_all_findings_are_reported_without_a_selection(codes):
    assert codes() == (["late-field", "unrendered"], 1)


SELECTIONS = {
    "one": (["--select", "unrendered"], ["unrendered"]),
    "one that is not there": (["--select", "flag-twice"], []),
    "a list": (["--select", "unrendered, late-field"], ["late-field", "unrendered"]),
    "repeated": (["--select", "unrendered", "--select", "late-field"], ["late-field", "unrendered"]),
    "ignored": (["--ignore", "unrendered"], ["late-field"]),
    "an ignored list": (["--ignore", "unrendered,late-field"], []),
    "both": (["--select", "unrendered,late-field", "--ignore", "late-field"], ["unrendered"]),
}


@pytest.mark.parametrize(("options", "expected"), SELECTIONS.values(), ids=SELECTIONS)
def test_findings_are_selected_and_ignored(codes, options, expected):
    assert codes(*options) == (expected, 1 if expected else 0)


def test_an_error_that_makes_a_file_unreadable_is_always_selected(codes):
    assert codes("--select", "late-field", text="templates: [") == (["yaml-syntax"], 1)
    assert codes("--select", "late-field", text="templates: [{runtime: 1}]") == ([], 0)


def test_a_selection_is_not_read_from_the_environment(codes, monkeypatch):
    monkeypatch.setenv("HYDRA_WEBHOOK_IGNORE", "unrendered,late-field")

    assert codes() == (["late-field", "unrendered"], 1)


UNKNOWN = {
    "a near one": ("late-fields", 'there is no finding with the code "late-fields"; did you mean "late-field"?'),
    "one like no other": ("xyz", 'there is no finding with the code "xyz"; hydra-webhook rule lists all codes'),
    "that of a denial": ("unknown-runtime", '"unknown-runtime" is the code of a denial, not of a finding'),
    "that of a warning": ("groups-roll", '"groups-roll" is the code of a warning, not of a finding'),
}


@pytest.mark.parametrize("flag", ["--select", "--ignore"])
@pytest.mark.parametrize(("code", "message"), UNKNOWN.values(), ids=UNKNOWN)
def test_an_unknown_code_is_an_error(run, flag, code, message):
    result = run("lint", flag, f"late-field,{code}")

    assert (result.status, result.out) == (2, "")
    assert message in " ".join(result.err.split())
    assert flag in result.err
