"""The format of test files: what they say, and every problem of one at its place."""

import pytest

from webhook import cases
from webhook.settings import Settings

POD = "{apiVersion: v1, kind: Pod}"
FULL = """\
templates: templates.yaml
agent: ../agent.yaml
gpuConfigs: /etc/gpus.yaml
settings: {modelPort: 9000, known_keys: [hydra.io/team]}
cases:
  - name: two nodes
    workload: lws.yaml
    namespace: team-a
    expect:
      rendered: {spec: {replicas: 1}}
      leader: {command: [serve]}
      worker: {image: i}
      warnings: [mount]
  - name: denied
    workload: {apiVersion: v1, kind: Pod}
    expect:
      denied: {code: unknown-runtime, message: vllm}
  - name: whole
    workload: {apiVersion: v1, kind: Pod}
    expect: {snapshot: snapshots/whole.yaml}
"""


def problems(text, source="tests/hydra-test.yaml"):
    file, found = cases.read(source, text)
    assert file is None
    return [str(problem) for problem in found]


def test_a_whole_file():
    file, found = cases.read("tests/hydra-test.yaml", FULL)

    assert found == ()
    assert {kind: one.source for kind, one in file.configurations.items()} == {
        "templates": "tests/templates.yaml",
        "agent": "agent.yaml",
        "gpu-configs": "/etc/gpus.yaml",
    }
    assert file.settings == Settings(model_port=9000, known_keys=("hydra.io/team",))
    first, second, third = file.cases
    assert (first.name, first.namespace, first.workload.source) == ("two nodes", "team-a", "tests/lws.yaml")
    assert list(first.expect.containers) == ["leader", "worker"]
    assert [text.value for text in first.expect.warnings] == ["mount"]
    assert (second.workload, second.expect.warnings) == ({"apiVersion": "v1", "kind": "Pod"}, None)
    assert (second.expect.denied.code.value, [text.value for text in second.expect.denied.message]) == (
        "unknown-runtime",
        ["vllm"],
    )
    assert third.expect.snapshot.source == "tests/snapshots/whole.yaml"
    assert [one.source for one in file.references()] == [
        "tests/templates.yaml",
        "agent.yaml",
        "/etc/gpus.yaml",
        "tests/lws.yaml",
    ]


def test_the_settings_may_be_in_a_file():
    file, _ = cases.read(
        "hydra-test.yaml", f"settings: s.yaml\ncases: [{{name: a, workload: {POD}, expect: {{warnings: []}}}}]"
    )

    assert file.settings.source == "s.yaml"


ONE = {
    "an unknown key of the file": (
        f"case: []\ncases: [{{name: a, workload: {POD}, expect: {{warnings: []}}}}]",
        '1:1: case: unknown key "case"; did you mean "cases"?',
    ),
    "no cases": ("templates: t.yaml", 'the test file has no "cases"'),
    "an empty list of cases": ("cases: []", "there are no cases; add one"),
    "cases that are not a list": ("cases: {}", "1:8: cases: must be a list, found a map"),
    "a case that is not a map": ("cases: [a]", '1:9: cases[0]: must be a map, found the string "a"'),
    "a case that is nothing": ("cases: [null]", "cases[0]: must be a map, found nothing"),
    "an unknown key of a case": (
        f"cases: [{{name: a, workload: {POD}, expects: {{}}, expect: {{warnings: []}}}}]",
        'cases[0].expects: unknown key "expects"; did you mean "expect"?',
    ),
    "no expectation": (f"cases: [{{name: a, workload: {POD}}}]", 'the case has no "expect"'),
    "nothing that is expected": (
        f"cases: [{{name: a, workload: {POD}, expect: {{rendered: }}}}]",
        "the case expects nothing; give at least one of container, denied, leader, leftAlone, rendered, snapshot, warnings, worker",
    ),
    "an unknown expectation": (
        f"cases: [{{name: a, workload: {POD}, expect: {{warning: [], warnings: []}}}}]",
        'unknown key "warning"; did you mean "warnings"?',
    ),
    "an unknown field of a container": (
        f"cases: [{{name: a, workload: {POD}, expect: {{leader: {{comand: []}}}}}}]",
        'cases[0].expect.leader.comand: unknown key "comand"; did you mean "command"?',
    ),
    "a denial with more than a denial": (
        f"cases: [{{name: a, workload: {POD}, expect: {{denied: {{message: x}}, warnings: []}}}}]",
        '"warnings" cannot be beside "denied": nothing is rendered for a workload that is denied',
    ),
    "an unknown code": (
        f"cases: [{{name: a, workload: {POD}, expect: {{denied: {{code: unknown-runtme}}}}}}]",
        'there is no denial with code "unknown-runtme"; did you mean "unknown-runtime"?',
    ),
    "an empty denial": (
        f"cases: [{{name: a, workload: {POD}, expect: {{denied: {{}}}}}}]",
        'give the "code" of the denial, a part of its "message", or both',
    ),
    "two cases of one name": (
        f"cases:\n- {{name: a, workload: {POD}, expect: {{warnings: []}}}}\n- {{name: a, workload: {POD}, expect: {{warnings: []}}}}",
        '3:10: cases[1].name: the case at line 2 has the name "a" too; rename one of them',
    ),
    "no name": (f"cases: [{{name: ' ', workload: {POD}, expect: {{warnings: []}}}}]", "the name is empty"),
    "no workload": ("cases: [{name: a, expect: {warnings: []}}]", 'the case has no "workload"'),
    "an object without a kind": (
        "cases: [{name: a, workload: {apiVersion: v1}, expect: {warnings: []}}]",
        'cases[0].workload.kind: the workload has no "kind"',
    ),
    "a namespace that cannot be": (
        f"cases: [{{name: a, namespace: A, workload: {POD}, expect: {{warnings: []}}}}]",
        '"A" is not a namespace: Kubernetes accepts only at most 63 lower-case letters',
    ),
    "a configuration in the test file": (
        f"templates: {{templates: []}}\ncases: [{{name: a, workload: {POD}, expect: {{warnings: []}}}}]",
        "1:12: templates: must be a path, relative to the folder of this file; write what is here into a file",
    ),
    "Datasets": (
        f"datasets: d.yaml\ncases: [{{name: a, workload: {POD}, expect: {{warnings: []}}}}]",
        "1:1: datasets: this release does not mount the volumes of Datasets, so they cannot be tested; remove the key",
    ),
    "an unknown setting": (
        f"settings: {{modelprt: 1}}\ncases: [{{name: a, workload: {POD}, expect: {{warnings: []}}}}]",
        'settings.modelprt: unknown setting "modelprt"; did you mean "modelPort"?',
    ),
    "a port that is none": (
        f"settings: {{MODEL_PORT: 0}}\ncases: [{{name: a, workload: {POD}, expect: {{warnings: []}}}}]",
        "settings.MODEL_PORT: 0 is not a port: use 1 to 65535",
    ),
    "a duplicate key": (
        f"cases: [{{name: a, name: b, workload: {POD}, expect: {{warnings: []}}}}]",
        'duplicate key "name", first used at line 1, column 10',
    ),
    "not YAML": ("cases: [", "1:8: the list or map that begins here is unclosed"),
    "nothing": ("", "it is empty"),
}


@pytest.mark.parametrize(("text", "expected"), ONE.values(), ids=ONE)
def test_a_problem_has_its_place_and_its_remedy(text, expected):
    (problem,) = problems(text)

    assert problem.startswith("tests/hydra-test.yaml")
    assert expected in problem


def test_all_problems_of_a_file_are_reported():
    text = "template: t.yaml\ncases:\n- nam: a\n  workload: {kind: Pod}\n  expect: {worker: {imag: a}, leader: 3}\n"

    assert [problem.split(": ")[0].removeprefix("tests/hydra-test.yaml:") for problem in problems(text)] == [
        "1:1",
        "3:3",
        "3:3",
        "4:13",
        "5:21",
        "5:39",
    ]


def test_bytes_that_are_not_text_are_a_problem():
    file, (problem,) = cases.read("hydra-test.yaml", b"cases: \xff")

    assert (file, str(problem)) == (None, "hydra-test.yaml:1:8: not valid UTF-8; save it as UTF-8")
