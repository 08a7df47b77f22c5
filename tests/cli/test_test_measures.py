"""``test --coverage`` and ``--mutate``: what they print, where to, and their exit status."""

import json

import pytest

from webhook.cli import case_files, case_mutants

TEMPLATES = """\
templates:
  - runtime: engine
    podTemplate:
      containerTemplate:
        commandTemplate: [serve]
        argsTemplate: ["{{ if gt .TP_SIZE 1 }}--tp={{ .TP_SIZE }}{{ else }}--alone{{ end }}"]
"""
CASES = """\
templates: templates.yaml
cases:
- name: alone
  workload:
    apiVersion: v1
    kind: Pod
    metadata: {name: one, labels: {hydra.io/runtime: engine, hydra.io/model-id: m}}
    spec: {containers: [{name: main, image: i}]}
  expect: {container: {args: [--alone]}}
"""
TEXT = """\
ok    hydra-test.yaml: 1 case
1 case in 1 file: 1 passed
templates.yaml
  engine  33.3 % (1 of 3)

templates.yaml:6:31: engine: {{if gt .TP_SIZE 1}} is never true
templates.yaml:6:55: engine: {{.TP_SIZE}} is never executed
    argsTemplate: ["{{ if gt .TP_SIZE 1 }}--tp={{ .TP_SIZE }}{{ else }}--alone{{ end }}"]
                          ^

total 33.3 % (1 of 3)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder, with a runtime template and one case of two that it needs."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "templates.yaml").write_text(TEMPLATES)
    (tmp_path / "hydra-test.yaml").write_text(CASES)
    return tmp_path


def test_text_follows_the_results(run, folder):
    result = run("test", "--coverage", "text")
    assert (result.status, result.out, result.err) == (0, TEXT, "")


@pytest.mark.parametrize(("form", "begins"), [("lcov", "TN:\nSF:templates.yaml\n"), ("html", "<!doctype html>\n")])
def test_other_forms_have_standard_output_for_themselves(run, folder, form, begins):
    result = run("test", "--coverage", form)
    assert result.status == 0
    assert result.out.startswith(begins)
    assert result.err.endswith("1 case in 1 file: 1 passed\n")


@pytest.mark.parametrize("form", ["text", "lcov", "html"])
def test_coverage_can_go_to_a_file(run, folder, form):
    result = run("test", "--coverage", form, "--coverage-file", "found")
    assert result.out == "ok    hydra-test.yaml: 1 case\n1 case in 1 file: 1 passed\n"
    assert result.err == "wrote found\n"
    assert "templates.yaml" in (folder / "found").read_text()


def test_a_file_that_cannot_be_written_is_named(run, folder):
    result = run("test", "--coverage", "lcov", "--coverage-file", "no/found")
    assert result.status == 2
    assert "cannot write no/found" in result.err


def test_a_file_alone_is_not_enough(run, folder):
    result = run("test", "--coverage-file", "found")
    assert result.status == 2
    assert "needs --coverage" in result.err


@pytest.mark.parametrize(("least", "status"), [("33.3", 0), ("33.4", 1), ("100", 1), ("0", 0)])
@pytest.mark.parametrize("form", [(), ("--coverage", "text"), ("--coverage", "lcov")])
def test_too_little_coverage_fails(run, folder, form, least, status):
    result = run("test", *form, "--fail-under", least)
    assert result.status == status
    assert ("coverage 33.3 % is below" in result.err) == (status == 1)


def test_json_stays_json(run, folder):
    result = run("test", "-o", "json", "--coverage", "text")
    assert json.loads(result.out)["summary"]["passed"] == 1
    assert "total 33.3 %" in result.err


def test_a_failing_case_still_counts(run, folder):
    (folder / "hydra-test.yaml").write_text(CASES.replace("--alone", "--other"))
    result = run("test", "--coverage", "text", "--fail-under", "0")
    assert result.status == 1
    assert "total 33.3 % (1 of 3)" in result.out


def test_what_no_case_notices_is_printed(run, folder):
    result = run("test", "--mutate")
    assert result.status == 0
    assert (
        "templates.yaml:6:52: no case notices a dropped pipeline in engine/argsTemplate[0]\n"
        "    - {{ if gt .TP_SIZE 1 }}--tp={{ .TP_SIZE }}{{ else }}--alone{{ end }}\n"
        "    + {{ if gt .TP_SIZE 1 }}--tp={{/**/}}{{ else }}--alone{{ end }}\n"
    ) in result.out
    assert "mutation score 40.0 %: 2 killed, 3 survived, 0 equivalent\n" in result.out


@pytest.mark.parametrize(("least", "status"), [("40", 0), ("41", 1)])
def test_a_low_score_fails(run, folder, least, status):
    result = run("test", "--mutate", "--fail-under", least)
    assert result.status == status
    assert ("mutation score 40.0 % is below 41 %" in result.err) == (status == 1)


def test_mutants_wait_until_every_case_passes(run, folder):
    (folder / "hydra-test.yaml").write_text(CASES.replace("--alone", "--other"))
    result = run("test", "--mutate")
    assert result.status == 1
    assert "mutants are tried once every case passes" in result.err


def test_only_the_selected_cases_are_run_with_changes(run, folder):
    other = CASES.partition("cases:\n")[2].replace("alone", "other")
    (folder / "hydra-test.yaml").write_text(CASES + other)
    result = run("test", "--mutate", "-k", "alone")
    assert "mutation score 40.0 %: 2 killed, 3 survived, 0 equivalent\n" in result.out


def test_what_there_was_no_time_for_is_counted(run, folder):
    result = run("test", "--mutate", "--mutate-seconds", "0")
    assert "5 more changes were not tried: the time was too short" in result.out


@pytest.mark.thorough
def test_several_processes_find_the_same_as_one(folder):
    text = TEMPLATES + "".join(TEMPLATES.removeprefix("templates:\n").replace("engine", f"e{n}") for n in range(3))
    (folder / "templates.yaml").write_text(text)
    runner = case_files.Runner()
    suites = case_mutants.suites([runner.run("hydra-test.yaml")])

    one, left = case_mutants.tried(suites, seconds=600, processes=1)
    several, left_by_several = case_mutants.tried(suites, seconds=600, processes=2)

    assert (left, left_by_several) == (0, 0)
    assert len(one) == 20
    assert [(mutant, verdict) for mutant, verdict in several] == one
