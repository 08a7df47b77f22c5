"""``lint``: what it prints, and its exit status."""

import json

from tests.cli import published


def test_the_built_in_configuration_has_no_findings(run):
    result = run("lint")

    assert (result.status, result.out) == (0, "")
    assert "no findings" in result.err


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


def test_a_finding_is_one_printable_line(run, tmp_path):
    file = tmp_path / "t.yaml"
    file.write_text('templates:\n  - runtime: a\n    "x\\e[31mred\\nline": 1\n')

    result = run("lint", "--templates", file)

    assert len(result.out.splitlines()) == 1
    assert "\x1b" not in result.out


def test_the_threshold_decides_the_exit_status(run, tmp_path):
    file = tmp_path / "t.yaml"
    file.write_text("templates:\n  - runtime: a\n    podTemplat: {}\n")

    assert run("lint", "--templates", file, "--fail-on", "error").status == 0
    assert run("lint", "--templates", file, "--fail-on", "warning").status == 1
    assert run("lint", "--templates", file, "--fail-on", "never").status == 2
