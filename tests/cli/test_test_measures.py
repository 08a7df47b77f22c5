"""``test --coverage`` and ``--mutate``: what they print, where to, and their exit status."""

import json
import xml.etree.ElementTree as ET

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


# For programs


def test_json_has_the_coverage_and_what_is_missing(run, folder):
    assert json.loads(run("test", "-o", "json", "--coverage", "text").out)["coverage"] == {
        "percent": 33.3,
        "counted": 3,
        "covered": 1,
        "parts": [{"source": "templates.yaml", "owner": "engine", "percent": 33.3, "counted": 3, "covered": 1}],
        "missed": [
            {
                "source": "templates.yaml", "line": 6, "column": 31, "owner": "engine", "what": "branch",
                "subject": "if gt .TP_SIZE 1", "message": "{{if gt .TP_SIZE 1}} is never true",
            },
            {
                "source": "templates.yaml", "line": 6, "column": 55, "owner": "engine", "what": "action",
                "subject": "{{.TP_SIZE}}", "message": "{{.TP_SIZE}} is never executed",
            },
        ],
    }  # fmt: skip


def test_json_has_the_score_and_the_survivors(run, folder):
    extra = "  - runtime: other\n    podTemplate: {containerTemplate: {commandTemplate: [a]}}\n"
    (folder / "templates.yaml").write_text(TEMPLATES + extra)
    found = json.loads(run("test", "-o", "json", "--mutate").out)["mutants"]

    survivors = found.pop("survivors")
    assert found == {
        "score": 33.3, "killed": 2, "survived": 3, "untested": 1, "equivalent": 0, "untried": 0,
        "withoutCases": [{"source": "templates.yaml", "runtime": "other", "changes": 1}],
    }  # fmt: skip
    assert [(one["line"], one["column"], one["kind"]) for one in survivors] == [
        (6, 43, "changed-literal"),
        (6, 52, "dropped-pipeline"),
        (5, 27, "removed-item"),
    ]
    assert survivors[2] == {
        "source": "templates.yaml", "line": 5, "column": 27, "kind": "removed-item",
        "where": "engine/containerTemplate.commandTemplate[0]",
        "removed": ["commandTemplate: [serve]"], "added": ["commandTemplate: []"],
        "message": "no case notices a removed list item in engine/containerTemplate.commandTemplate[0]",
    }  # fmt: skip


def test_what_is_not_measured_is_left_out_of_json(run, folder):
    assert set(json.loads(run("test", "-o", "json").out)) == {"files", "summary"}
    (folder / "hydra-test.yaml").write_text(CASES.replace("--alone", "--other"))
    assert set(json.loads(run("test", "-o", "json", "--mutate").out)) == {"files", "summary"}


@pytest.mark.parametrize(("least", "failures"), [("0", 0), ("33", 1), ("40", 1), ("100", 2)])
def test_junit_has_a_suite_for_each_measure(run, folder, least, failures):
    result = run("test", "-o", "junit", "--coverage", "text", "--mutate", "--fail-under", least)

    suites = ET.fromstring(result.out)
    assert [suite.get("name") for suite in suites] == ["hydra-test.yaml", "coverage", "mutants"]
    coverage, mutants = (suite.find("testcase") for suite in suites[1:])
    assert (suites.get("tests"), suites.get("failures")) == ("3", str(failures - (least == "33")))
    assert result.status == int(suites.get("failures") != "0")
    for case, text in ((coverage, "total 33.3 % (1 of 3)"), (mutants, "mutation score 40.0 %")):
        (child,) = case
        assert child.tag in ("failure", "system-out")
        assert text in child.text
    assert {suite.get("failures") for suite in suites} <= {"0", "1"}
    if least == "100":
        assert coverage[0].get("message") == "coverage 33.3 % is below 100 %"
        assert mutants[0].get("message") == "mutation score 40.0 % is below 100 %"
    for suite in suites:
        counted = [suite.get("tests"), suite.get("failures"), suite.get("errors")]
        assert counted == [str(len(list(suite.iter(tag)))) for tag in ("testcase", "failure", "error")]


def test_junit_of_failures_alone_has_measures_that_are_not_enough(run, folder):
    enough = run("test", "-o", "junit", "--fail-only", "--coverage", "text")
    short = run("test", "-o", "junit", "--fail-only", "--fail-under", "100")

    assert list(ET.fromstring(enough.out)) == []
    assert [suite.get("name") for suite in ET.fromstring(short.out)] == ["coverage"]


ANNOTATIONS = """\
::warning file=templates.yaml,line=6,col=31,title=coverage::engine: {{if gt .TP_SIZE 1}} is never true
::warning file=templates.yaml,line=6,col=55,title=coverage::engine: {{.TP_SIZE}} is never executed
"""


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--coverage", "text"), ANNOTATIONS),
        (("--fail-under", "33"), ""),
        (("--fail-under", "50"), f"{ANNOTATIONS}::error title=coverage::coverage 33.3 %25 is below 50 %25\n"),
    ],
    ids=["asked for", "enough", "not enough"],
)
def test_github_gets_a_warning_beside_what_no_case_goes_through(run, folder, options, expected):
    assert run("test", "-o", "github", *options).out == expected


ARGS = "{{ if gt .TP_SIZE 1 }}--tp={{ .TP_SIZE }}{{ else }}--alone{{ end }}"
IN_ARGS = "::warning file=templates.yaml,line=6,col=%d,title=mutant::no case notices a %s in engine/argsTemplate[0]%%0A- %s%%0A+ %s\n"
MUTANTS = (
    IN_ARGS % (43, "changed literal", ARGS, ARGS.replace("1", "2"))
    + IN_ARGS % (52, "dropped pipeline", ARGS, ARGS.replace("{{ .TP_SIZE }}", "{{/**/}}"))
    + "::warning file=templates.yaml,line=5,col=27,title=mutant::no case notices a removed list item in"
    " engine/containerTemplate.commandTemplate[0]%0A- commandTemplate: [serve]%0A+ commandTemplate: []\n"
    "::error title=mutants::mutation score 40.0 %25 is below 50 %25\n"
)


def test_github_gets_a_warning_beside_each_change_that_no_case_notices(run, folder):
    result = run("test", "-o", "github", "--mutate", "--fail-under", "50")

    assert result.out == MUTANTS
    assert result.status == 1


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
