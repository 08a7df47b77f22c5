"""``lint``: what it prints, and its exit status."""

import json
import re
import sys

import pytest

from tests.cli import published


def test_the_built_in_configuration_has_only_remarks_about_the_published_example(run):
    result = run("lint")

    assert result.status == 0
    assert result.out.count("[info: spliced-argument]") == 2
    assert result.err == "2 remarks\n"


def test_the_published_agent_example_is_reported_with_place_and_remedy(run, tmp_path):
    file = tmp_path / "agent.yaml"
    file.write_text(published.AGENT_AS_PRINTED)

    result = run("lint", "--agent", file)

    assert result.status == 1
    assert result.out.startswith(f"{file}:3:5: ")
    assert "column 3" in result.out


def test_a_finding_has_a_place_and_a_code(run, tmp_path):
    file = tmp_path / "t.yaml"
    file.write_text("templates:\n  - runtime: a\n    podTemplat: {}\n")

    result = run("lint", "--templates", file)
    as_json = json.loads(run("lint", "--templates", file, "-o", "json").out)

    assert result.status == 1
    assert f"{file}:3:5: " in result.out
    assert "[warning: unknown-key]" in result.out
    assert "podTemplate" in result.out
    assert [
        (finding["code"], finding["line"], finding["column"]) for finding in as_json if finding["severity"] == "warning"
    ] == [("unknown-key", 3, 5)]


def test_only_the_given_files_are_checked(run, tmp_path):
    file = tmp_path / "t.yaml"
    file.write_text("templates:\n  - runtime: a\n")

    result = run("lint", "--templates", file)

    assert (result.status, result.out) == (0, "")
    assert "no findings" in result.err


TEMPLATES = """\
templates:
  - runtime: a
    podTemplate:
      containerTemplate:
        argsTemplate:
          - |-
            --名={{ .MODEL_NAM }}
          - >-
            --b=1
            {{ .X } }
"""


def test_a_finding_is_one_line_with_its_excerpt_indented_below(run, tmp_path):
    file = tmp_path / "t.yaml"
    file.write_text(TEMPLATES)

    result = run("lint", "--templates", file)

    assert result.out == (
        f"{file}:7:20: templates[0].podTemplate.containerTemplate.argsTemplate[0]: "
        "the variable .MODEL_NAM does not exist (line 1 of the template); did you mean .MODEL_NAME? "
        "[warning: unknown-variable]\n"
        "    --名={{ .MODEL_NAM }}\n"
        "            ^^^^^^^^^^\n"
        f"{file}:10:19: templates[0].podTemplate.containerTemplate.argsTemplate[1]: "
        'template: a/argsTemplate[1]:1: unexpected "}" in operand; close the action with }} [error: template-syntax]\n'
        "    --b=1 {{ .X } }\n"
        "                ^\n"
    )
    assert result.err == "1 error, 1 warning\n"


def test_a_terminal_shows_a_finding_in_several_lines_none_of_them_wrapped(run, tmp_path, monkeypatch):
    file = tmp_path / "t.yaml"
    file.write_text(TEMPLATES)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    for name, value in {"COLUMNS": "80", "NO_COLOR": "1", "TERM": "dumb"}.items():
        monkeypatch.setenv(name, value)

    result = run("lint", "--templates", "t.yaml")

    assert result.out == (
        "t.yaml:7:20 warning[unknown-variable]: the variable .MODEL_NAM does not exist (line 1 of the template)\n"
        "    --名={{ .MODEL_NAM }}\n"
        "            ^^^^^^^^^^\n"
        "    at templates[0].podTemplate.containerTemplate.argsTemplate[0]\n"
        "    help: did you mean .MODEL_NAME?\n"
        "\n"
        't.yaml:10:19 error[template-syntax]: template: a/argsTemplate[1]:1: unexpected "}" in operand\n'
        "    --b=1 {{ .X } }\n"
        "                ^\n"
        "    at templates[0].podTemplate.containerTemplate.argsTemplate[1]\n"
        "    help: close the action with }}\n"
        "\n"
    )


def test_json_has_the_excerpt_in_a_field_of_its_own(run, tmp_path):
    file = tmp_path / "t.yaml"
    file.write_text(TEMPLATES)

    [first, _] = json.loads(run("lint", "--templates", file, "-o", "json").out)

    assert first["excerpt"] == f"--名={{{{ .MODEL_NAM }}}}\n        {'^' * 10}"


def test_findings_are_printable(run, tmp_path):
    file = tmp_path / "t.yaml"
    file.write_text('templates:\n  - runtime: a\n    "x\\e[31mred\\nline": 1\n    "\x9b31mred": 1\n')

    result = run("lint", "--templates", file)

    findings = [line for line in result.out.splitlines() if not line.startswith("    ")]
    assert all(line.isprintable() for line in result.out.split("\n"))
    assert all(line.startswith(f"{file}:") for line in findings)


def test_the_threshold_decides_the_exit_status(run, tmp_path):
    file = tmp_path / "t.yaml"
    file.write_text("templates:\n  - runtime: a\n    podTemplat: {}\n")

    assert run("lint", "--templates", file, "--fail-on", "error").status == 0
    assert run("lint", "--templates", file, "--fail-on", "warning").status == 1
    assert run("lint", "--templates", file, "--fail-on", "never").status == 2


@pytest.fixture
def shown(run, tmp_path, monkeypatch):
    """A function that returns what a terminal of 80 columns shows with these variables in the environment."""
    file = tmp_path / "t.yaml"
    file.write_text(TEMPLATES)
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)

    def shown(**variables):
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
        for name, value in {"COLUMNS": "80", "TERM": "xterm-256color", **variables}.items():
            monkeypatch.setenv(name, value)
        return run("lint", "t.yaml").out

    return shown


#: An escape sequence that sets a colour, among other things.
COLOUR = re.compile(r"\x1b\[(\d+;)*(3[0-9]|9[0-7])(;\d+)*m")
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def test_a_terminal_shows_the_severity_and_the_place_in_colour(shown):
    out = shown()

    assert f"\x1b[1;33m        {'^' * 10}\x1b[0m" in out
    assert "\x1b[1;31m            ^\x1b[0m" in out


def test_no_color_takes_the_colours_away_and_nothing_else(shown):
    coloured = shown()
    plain = shown(NO_COLOR="1")

    assert COLOUR.search(coloured)
    assert not COLOUR.search(plain)
    assert ESCAPE.sub("", plain) == ESCAPE.sub("", coloured)


SPANS = {
    "a key": ("templates: []\nother: 1", "other: 1", "^^^^^"),
    "a value": ("templates: {}", "templates: {}", "           ^^"),
    "a quoted string": ('templates: [{runtime: ""}]', 'templates: [{runtime: ""}]', "                      ^^"),
    "wide characters": ("templates: []\n引擎: 1", "引擎: 1", "^^^^"),
    "a list of several lines": ("templates:\n- []\n-\n  - a\n  - b", "- a", "^"),
}


@pytest.mark.parametrize(("text", "line", "carets"), SPANS.values(), ids=SPANS)
def test_carets_are_below_all_that_a_finding_is_about(run, tmp_path, text, line, carets):
    file = tmp_path / "t.yaml"
    file.write_text(text)

    assert f"    {line}\n    {carets}\n" in run("lint", "--templates", file).out


def test_a_line_that_is_cut_has_carets_only_below_what_is_shown(run, tmp_path):
    file = tmp_path / "t.yaml"
    file.write_text(f"templates: []\n{'x' * 60}: 1")

    assert f"\n    {'x' * 36}…\n    {'^' * 36}\n" in run("lint", "--templates", file).out
