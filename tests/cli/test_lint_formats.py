"""The formats of ``lint`` for CI systems, each read as its reader does."""

import json
import re
import xml.etree.ElementTree as ET
from collections import Counter
from urllib.parse import unquote, urlsplit

import pytest

from webhook.cli import ci_formats, lint_reports
from webhook.problems import Problem, Span

TEMPLATES = """\
templates:
- runtime: a
  podTemplat: {}
- runtime: 1
- runtime: "50%, a: b"
  podTemplate:
    priorityClassName: high
- runtime: c
  podTemplate: {containerTemplate: {env: [{name: A}, {name: A}, {name: A}]}}
"""


@pytest.fixture
def lint(run, tmp_path, monkeypatch):
    """A function that lints files in the working directory with these options."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my templates.yaml").write_text(TEMPLATES)
    (tmp_path / "agent.yaml").write_text("deployment_templates: []\n")

    def lint(output, *paths):
        result = run("lint", *(paths or ("my templates.yaml", "agent.yaml")), "-o", output)
        assert result.status == 1
        assert re.fullmatch(r"(\d+ (error|warning|remark)s?(, )?)+\n", result.err)
        return result.out

    return lint


def as_json(lint):
    return json.loads(lint("json"))


def test_every_format_has_every_finding(lint):
    found = len(as_json(lint))

    assert found == 9
    assert len(json.loads(lint("gitlab"))) == found
    assert len(json.loads(lint("sarif"))["runs"][0]["results"]) == found
    assert len(lint("github").splitlines()) == found
    assert len(ET.fromstring(lint("junit")).findall(".//testcase")) == found + 1  # agent.yaml passes


# GitHub

#: docs.github.com, "Workflow commands for GitHub Actions": the values of properties have neither of these, nor line breaks.
COMMAND = re.compile(r"::(error|warning|notice) ((?:\w+=[^,:\r\n]*,)*\w+=[^,:\r\n]*)::([^\r\n]*)")


def unescaped(text, *, value):
    """Undo the escapes of a message, or of a property's value, as the runner does."""
    for escape, character in (
        ("%0D", "\r"),
        ("%0A", "\n"),
        *((("%3A", ":"), ("%2C", ",")) if value else ()),
        ("%25", "%"),
    ):
        text = text.replace(escape, character)
    return text


def commands(out):
    for line in out.splitlines():
        command = COMMAND.fullmatch(line)
        assert command, line
        properties = dict(part.split("=", 1) for part in command[2].split(","))
        yield (
            command[1],
            {key: unescaped(value, value=True) for key, value in properties.items()},
            unescaped(command[3], value=False),
        )


def test_annotations_say_what_the_json_says(lint):
    levels = {"error": "error", "warning": "warning", "info": "notice"}
    for finding, (level, properties, message) in zip(as_json(lint), commands(lint("github")), strict=True):
        assert level == levels[finding["severity"]]
        assert properties["file"] == finding["source"]
        assert properties["title"] == finding["code"]
        assert int(properties["line"]) == finding["line"]
        assert message.startswith(f"{finding['path']}: {finding['cause']}")


def test_columns_are_given_only_within_one_line(lint):
    found = list(commands(lint("github")))
    of_one_line = [properties for _, properties, _ in found if properties.get("endLine") == properties["line"]]
    of_several = [properties for _, properties, _ in found if properties.get("endLine") != properties["line"]]

    assert of_one_line
    assert of_several
    assert all(int(one["col"]) <= int(one["endColumn"]) for one in of_one_line)
    assert not any({"col", "endColumn"} & one.keys() for one in of_several)


def test_an_annotation_escapes_what_separates():
    text = ci_formats.annotation("warning", "50%: a,b", "100%\nof a,b: c\r", "a,b:c%.yaml", Span(1, 2, 1, 3))

    assert text == (
        "::warning file=a%2Cb%3Ac%25.yaml,line=1,endLine=1,col=2,endColumn=3,title=50%25%3A a%2Cb::100%25%0Aof a,b: c%0D"
    )
    assert next(commands(text))[1:] == (
        {"file": "a,b:c%.yaml", "line": "1", "endLine": "1", "col": "2", "endColumn": "3", "title": "50%: a,b"},
        "100%\nof a,b: c\r",
    )


PLACES = {
    "nothing is known": (Span(), {}),
    "only the beginning": (Span(3, 4), {"line": "3", "col": "4"}),
    "several lines": (Span(3, 4, 5, 1), {"line": "3", "endLine": "5"}),
}


@pytest.mark.parametrize(("place", "expected"), PLACES.values(), ids=PLACES)
def test_an_annotation_has_what_is_known_of_a_place(place, expected):
    [(_, properties, _)] = commands(ci_formats.annotation("error", "t", "m", "f", place))

    assert properties == {"file": "f", "title": "t", **expected}


def test_what_is_not_a_file_is_named_in_the_text(run):
    result = run("lint", "-", "-o", "github", stdin=TEMPLATES)
    [(_, properties, message), *_] = commands(result.out)

    assert properties == {"title": "unknown-key"}
    assert message.startswith("standard input:3:3: templates[0].podTemplat: ")


# GitLab


def test_a_code_quality_report_has_what_gitlab_asks_for(lint):
    for finding, issue in zip(as_json(lint), json.loads(lint("gitlab")), strict=True):
        assert issue.keys() == {"description", "check_name", "fingerprint", "severity", "location"}
        assert issue["check_name"] == finding["code"]
        assert finding["cause"] in issue["description"]
        assert issue["severity"] == {"error": "critical", "warning": "major", "info": "info"}[finding["severity"]]
        assert issue["location"] == {"path": finding["source"], "lines": {"begin": finding["line"]}}


def fingerprints(lint):
    return [issue["fingerprint"] for issue in json.loads(lint("gitlab"))]


def test_fingerprints_are_unique_and_do_not_depend_on_lines(lint, tmp_path):
    before = fingerprints(lint)
    (tmp_path / "my templates.yaml").write_text(f"# one more line\n{TEMPLATES}")

    assert len(set(before)) == len(before)
    assert fingerprints(lint) == before


def test_fingerprints_are_the_same_for_a_file_that_is_named_in_another_way(lint, tmp_path):
    assert json.loads(lint("gitlab", tmp_path / "my templates.yaml")) == json.loads(lint("gitlab", "my templates.yaml"))


def test_equal_findings_of_one_key_have_fingerprints_of_their_own():
    problem = Problem("late-field", "warning", "a", "b", 1, 1, "c")

    assert len(set(lint_reports.fingerprints([problem, problem]))) == 2


def test_what_has_no_place_is_at_the_first_line(lint, tmp_path):
    (tmp_path / "t.yaml").write_text("# nothing\n")
    (tmp_path / "m.yaml").write_text("{apiVersion: v1, kind: ConfigMap, metadata: {name: hydra-agent}, data: {}}")
    [issue] = json.loads(lint("gitlab", "m.yaml"))

    assert issue["location"] == {"path": "m.yaml", "lines": {"begin": 1}}


# SARIF 2.1.0


def checked(log):
    """Check a log against what the schema of SARIF 2.1.0 requires of the objects that we write, and what it says in prose."""
    assert log.keys() == {"$schema", "version", "runs"}
    assert log["version"] == "2.1.0"
    [run] = log["runs"]
    assert run.keys() == {"tool", "columnKind", "results"}
    assert run["columnKind"] in {"utf16CodeUnits", "unicodeCodePoints"}
    driver = run["tool"]["driver"]
    assert driver.keys() == {"name", "semanticVersion", "rules"}
    identifiers = [rule["id"] for rule in driver["rules"]]
    assert len(set(identifiers)) == len(identifiers)
    for rule in driver["rules"]:
        assert rule.keys() == {"id", "shortDescription", "help", "defaultConfiguration"}
        assert rule["shortDescription"].keys() == rule["help"].keys() == {"text"}
        assert rule["defaultConfiguration"]["level"] in {"none", "note", "warning", "error"}
    for result in run["results"]:
        assert result.keys() == {"ruleId", "ruleIndex", "level", "message", "locations", "partialFingerprints"}
        assert identifiers[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in {"none", "note", "warning", "error"}
        assert result["message"].keys() == {"text"}
        assert all(isinstance(value, str) for value in result["partialFingerprints"].values())
        [location] = result["locations"]
        assert location.keys() <= {"physicalLocation", "logicalLocations"}
        if place := location.get("physicalLocation"):
            located(place)
        for logical in location["logicalLocations"]:
            assert logical.keys() == {"fullyQualifiedName"}
    return run


def located(place):
    uri = urlsplit(place["artifactLocation"]["uri"])
    assert uri.scheme in {"", "file"}
    assert re.fullmatch(r"[A-Za-z0-9._~/%-]+", uri.path)
    region = place.get("region", {"startLine": 1})
    assert region.keys() <= {"startLine", "startColumn", "endLine", "endColumn"}
    assert all(number >= 1 for number in region.values())
    if "endLine" in region:
        assert (region["startLine"], region["startColumn"]) <= (region["endLine"], region["endColumn"])


def test_sarif_has_the_form_of_its_schema_and_says_what_the_json_says(lint):
    run = checked(json.loads(lint("sarif")))
    for finding, result in zip(as_json(lint), run["results"], strict=True):
        place = result["locations"][0]["physicalLocation"]
        assert result["ruleId"] == finding["code"]
        assert result["level"] == {"error": "error", "warning": "warning", "info": "note"}[finding["severity"]]
        assert finding["cause"] in result["message"]["text"]
        assert unquote(place["artifactLocation"]["uri"]) == finding["source"]
        region = place["region"]
        assert (region["startLine"], region["startColumn"]) == (finding["line"], finding["column"])
        assert (region.get("endLine", 0), region.get("endColumn", 0)) == (finding["end_line"], finding["end_column"])


def test_sarif_describes_the_rules_that_it_uses(lint):
    run = checked(json.loads(lint("sarif")))

    assert Counter(rule["id"] for rule in run["tool"]["driver"]["rules"]) == Counter(
        {result["ruleId"] for result in run["results"]}
    )


def test_sarif_without_findings(run, tmp_path):
    (tmp_path / "t.yaml").write_text("templates: []\n")
    result = run("lint", tmp_path / "t.yaml", "-o", "sarif")

    assert result.status == 0
    assert checked(json.loads(result.out))["results"] == []


def test_sarif_names_what_is_not_a_file(run):
    result = run("lint", "-", "-o", "sarif", stdin=TEMPLATES)
    [first, *_] = checked(json.loads(result.out))["results"]

    assert first["locations"] == [
        {"logicalLocations": [{"fullyQualifiedName": "standard input: templates[0].podTemplat"}]}
    ]


def test_sarif_of_a_file_elsewhere_has_its_absolute_uri(run, tmp_path, tmp_path_factory, monkeypatch):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    (tmp_path / "ü.yaml").write_text(TEMPLATES)
    [first, *_] = checked(json.loads(run("lint", tmp_path / "ü.yaml", "-o", "sarif").out))["results"]

    uri = first["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == (tmp_path / "ü.yaml").as_uri()


# JUnit


def test_junit_has_a_suite_for_each_file(lint):
    root = ET.fromstring(lint("junit"))

    assert root.tag == "testsuites"
    assert [suite.get("name") for suite in root] == ["my templates.yaml", "agent.yaml"]
    for suite in root:
        cases = suite.findall("testcase")
        assert suite.tag == "testsuite"
        assert int(suite.get("tests")) == len(cases)
        assert int(suite.get("failures")) == len(suite.findall("testcase/failure"))
        assert {(case.get("classname"), case.get("file")) for case in cases} == {(suite.get("name"),) * 2}
    assert int(root.get("tests")) == sum(int(suite.get("tests")) for suite in root)
    assert int(root.get("failures")) == sum(int(suite.get("failures")) for suite in root)
    assert [case.get("name") for case in root[1]] == ["no findings"]


def test_junit_fails_for_what_makes_the_command_fail(lint, run):
    failures = ET.fromstring(lint("junit")).findall(".//failure")
    worst = ET.fromstring(run("lint", "my templates.yaml", "-o", "junit", "--fail-on", "error").out)

    assert Counter(failure.get("type") for failure in failures) == {"error": 1, "warning": 5}
    assert [failure.get("type") for failure in worst.findall(".//failure")] == ["error"]
    assert len(worst.findall(".//system-out")) == 5


def test_junit_says_what_the_json_says(lint):
    cases = ET.fromstring(lint("junit"))[0]
    for finding, case in zip(as_json(lint), cases, strict=True):
        assert case.get("name") == f"{finding['code']} at {finding['line']}:{finding['column']}"
        assert int(case.get("line")) == finding["line"]
        assert finding["cause"] in case[0].text
        if case[0].tag == "failure":
            assert finding["cause"] in case[0].get("message")


@pytest.mark.parametrize("output", ["gitlab", "sarif", "junit", "github"])
def test_control_characters_do_no_harm(run, tmp_path, output):
    (tmp_path / "t.yaml").write_text('templates:\n- runtime: a\n  "x\\e[31m\\nline\\0": 1\n')
    result = run("lint", tmp_path / "t.yaml", "-o", output)

    if output == "junit":
        ET.fromstring(result.out)
    assert "\x1b" not in result.out
    assert "\0" not in result.out
    assert result.status == 1
