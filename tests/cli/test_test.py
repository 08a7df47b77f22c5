"""``test``: which test files it finds, what it prints in each form, its exit status, and what it writes."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest
import yaml
from rich.console import Console

from webhook.cli import case_files, case_reports

TEMPLATES = """\
templates:
  - runtime: engine
    podTemplate:
      containerTemplate:
        commandTemplate: [serve]
        argsTemplate: ["--tp={{ .TP_SIZE }}"]
"""
AGENT = "deployment_templates: [{container_template: {image: registry.example/engine:1}}]"
POD = """\
apiVersion: v1
kind: Pod
metadata: {name: one, labels: {hydra.io/runtime: engine, hydra.io/model-id: m}}
spec: {containers: [{name: main, image: auto}]}
"""
HEAD = "templates: templates.yaml\nagent: agent.yaml\ncases:\n"
PASSES = "- {name: passes, workload: pod.yaml, expect: {container: {image: registry.example/engine:1}}}\n"
FAILS = (
    "- {name: fails, workload: pod.yaml, expect: {container: {image: 'registry.example/engine:2', args: [--tp=2]}}}\n"
)
ERRS = "- {name: errs, workload: pod.yaml, expect: {leader: {}}}\n"
SNAPSHOT = "- {name: whole, workload: pod.yaml, expect: {snapshot: snapshots/pod.yaml}}\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder, with a workload and its configuration."""
    monkeypatch.chdir(tmp_path)
    for name, text in {"templates.yaml": TEMPLATES, "agent.yaml": AGENT, "pod.yaml": POD}.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def write(folder, *cases, name="hydra-test.yaml"):
    (folder / name).parent.mkdir(exist_ok=True, parents=True)
    (folder / name).write_text(HEAD + "".join(cases))


# Status and discovery


STATUS = {
    "every case passes": ((PASSES,), 0),
    "a case fails": ((PASSES, FAILS), 1),
    "a case cannot be judged": ((PASSES, ERRS), 2),
    "a case fails and another cannot be judged": ((FAILS, ERRS), 2),
    "a malformed file": (("- {nam: a}\n",), 2),
    "a workload that does not exist": (("- {name: a, workload: no.yaml, expect: {warnings: []}}\n",), 2),
}


@pytest.mark.parametrize("form", ["text", "json", "junit", "github"])
@pytest.mark.parametrize(("cases", "status"), STATUS.values(), ids=STATUS)
def test_the_exit_status_says_what_came_of_the_cases(run, folder, cases, status, form):
    write(folder, *cases)

    assert run("test", "-o", form).status == status


def test_a_malformed_file_does_not_keep_others_from_being_run(run, folder):
    write(folder, "- {nam: a}\n", name="a.hydra-test.yaml")
    write(folder, PASSES, name="b.hydra-test.yaml")

    result = run("test")

    assert result.status == 2
    assert (
        'ERROR a.hydra-test.yaml\n  a.hydra-test.yaml:4:3: cases[0].name: the case has no "name"; add "name:" at column 3\n'
        in result.out
    )
    assert "ok    b.hydra-test.yaml: 1 case\n" in result.out
    assert result.out.endswith("1 case in 2 files: 1 passed, 1 file cannot be used\n")


def test_test_files_are_found_below_folders_in_order_and_once(run, folder):
    for name in (
        "b/hydra-test.yaml",
        "a/x.hydra-test.yaml",
        "a/hydra-test.yaml",
        ".hidden/hydra-test.yaml",
        "a/my-hydra-test.yaml",
    ):
        write(folder, PASSES, name=name)
    for name in ("a", "b", ".hidden"):
        for file in ("templates.yaml", "agent.yaml", "pod.yaml"):
            (folder / name / file).write_bytes((folder / file).read_bytes())

    paths = [one["path"] for one in json.loads(run("test", "b", ".", "-o", "json").out)["files"]]

    assert paths == ["b/hydra-test.yaml", "a/hydra-test.yaml", "a/x.hydra-test.yaml"]
    assert run("test", "a/my-hydra-test.yaml").status == 0


NOTHING = {
    "an empty folder": (
        (),
        "no tests found: no hydra-test.yaml or *.hydra-test.yaml below .; hydra-webhook test --init",
    ),
    "no case of this name": (("-k", "other"), 'no tests found: no case has "other" in its name'),
    "a path that does not exist": (("no",), "no does not exist"),
}


@pytest.mark.parametrize(("arguments", "message"), NOTHING.values(), ids=NOTHING)
def test_no_tests_are_an_error(run, folder, arguments, message):
    if arguments == ("-k", "other"):
        write(folder, PASSES)

    result = run("test", *arguments)

    assert (result.status, result.out) == (2, "")
    assert message in result.err


def test_a_test_file_with_the_other_ending_is_named(run, folder):
    write(folder, PASSES, name="a.hydra-test.yml")

    assert "rename a.hydra-test.yml to a.hydra-test.yaml" in run("test").err


def test_cases_are_selected_by_a_part_of_their_names(run, folder):
    write(folder, PASSES, FAILS)

    assert run("test", "-k", "ASS").out == "ok    hydra-test.yaml: 1 case\n1 case in 1 file: 1 passed\n"


# Forms


def test_a_person_reads_what_was_expected_and_found(run, folder):
    write(folder, PASSES, FAILS)

    assert (
        run("test").out
        == """\
FAIL  hydra-test.yaml: 1 of 2 cases
  fails
    hydra-test.yaml:5:65: container.image: is different (- expected, + found)
      - registry.example/engine:2
      + registry.example/engine:1
    hydra-test.yaml:5:100: container.args: is different (- expected, + found)
      - - --tp=2
      + - --tp=1
2 cases in 1 file: 1 passed, 1 failed
"""
    )


def test_lines_are_wrapped_to_the_width_of_a_terminal(folder):
    write(
        folder,
        FAILS,
        ERRS.replace(
            "errs", "a name that is so long that it does not fit on a line of as few as eighty columns at all"
        ),
    )
    tested = [case_files.Runner().run("hydra-test.yaml")]
    console = Console(file=io.StringIO(), force_terminal=True, width=80, color_system=None)

    case_reports.print_text(tested, console, only_failures=False)

    lines = console.file.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert all(line.startswith("  ") for line in lines[1:-1])
    assert "  columns at all" in [line.rstrip() for line in lines]


def test_only_what_did_not_pass_can_be_printed(run, folder):
    write(folder, PASSES, FAILS)
    write(folder, PASSES, name="b.hydra-test.yaml")

    text = run("test", "--fail-only").out
    found = json.loads(run("test", "--fail-only", "-o", "json").out)
    suites = ET.fromstring(run("test", "--fail-only", "-o", "junit").out)

    assert "b.hydra-test.yaml" not in text
    assert text.endswith("3 cases in 2 files: 2 passed, 1 failed\n")
    assert [[case["name"] for case in file["cases"]] for file in found["files"]] == [["fails"]]
    assert found["summary"] == {"cases": 3, "passed": 2, "failed": 1, "error": 0, "unusableFiles": 0}
    assert [case.get("name") for case in suites.iter("testcase")] == ["fails"]


def test_json_has_every_value(run, folder):
    write(folder, FAILS, ERRS)

    (file,) = json.loads(run("test", "-o", "json").out)["files"]
    first, second = file["cases"]

    assert (file["path"], file["status"], first["status"], second["status"]) == (
        "hydra-test.yaml",
        "error",
        "failed",
        "error",
    )
    assert first["failures"][1] == {
        "path": "container.args",
        "message": "is different",
        "line": 4,
        "column": 100,
        "expected": ["--tp=2"],
        "found": ["--tp=1"],
    }
    assert (second["problems"][0]["line"], second["problems"][0]["remedy"]) == (5, 'write "container"')


def test_junit_is_valid_whatever_names_and_values_hold(run, folder):
    name = r'"\0\e<&\"\n\ud800\ufffe]]>"'.replace(r"\ud800", "")
    write(folder, f"- {{name: {name}, workload: pod.yaml, expect: {{container: {{image: {name}}}}}}}\n", PASSES, ERRS)
    write(folder, "- {nam: 1}\n", name="<a&b>.hydra-test.yaml")

    suites = ET.fromstring(run("test", "-o", "junit").out)

    assert suites.attrib == {"name": "hydra-webhook test", "tests": "4", "failures": "1", "errors": "2", "skipped": "0"}
    assert [suite.get("name") for suite in suites] == ["<a&b>.hydra-test.yaml", "hydra-test.yaml"]
    bad, good, error = suites[1]
    assert bad.get("name") == '\ufffd\ufffd<&"\n\ufffd]]>'
    assert bad[0].tag == "failure"
    assert "hydra-test.yaml:4:" in bad[0].text
    assert len(good) == 0
    assert (error[0].tag, error.get("line")) == ("error", "6")
    for suite in suites:
        counted = [suite.get("tests"), suite.get("failures"), suite.get("errors")]
        assert counted == [str(len(list(suite.iter(tag)))) for tag in ("testcase", "failure", "error")]


def test_github_gets_annotations_with_the_place(run, folder):
    write(folder, "- {name: 'a, b: 100%', workload: pod.yaml, expect: {container: {image: x}}}\n")

    result = run("test", "-o", "github")

    assert result.out == (
        "::error file=hydra-test.yaml,line=4,col=72,title=a%2C b%3A 100%25::"
        "container.image: is different (- expected, + found)%0A- x%0A+ registry.example/engine:1\n"
    )
    assert result.err == "1 case in 1 file: 0 passed, 1 failed\n"


def test_values_that_look_alike_are_told_apart(run, folder):
    write(
        folder,
        "- {name: a, workload: pod.yaml, expect: {rendered: {spec: {containers: [{name: main, args: ['--tp=1', '2']}]}}}}\n",
    )
    write(folder, "- {name: a, workload: pod.yaml, expect: {rendered: {kind: 1}}}\n", name="b.hydra-test.yaml")
    (folder / "pod.yaml").write_text(POD.replace("kind: Pod", "kind: Pod\nx: '1'"))
    write(folder, "- {name: a, workload: pod.yaml, expect: {rendered: {x: 1}}}\n", name="c.hydra-test.yaml")

    assert '- 1\n      + "1"\n' in run("test", "c.hydra-test.yaml").out


def test_an_error_of_an_entry_is_reported_once(run, folder):
    (folder / "templates.yaml").write_text(TEMPLATES + "  - runtime: broken\n    podTemplate: 3\n")
    write(folder, PASSES)
    write(folder, PASSES, name="b.hydra-test.yaml")

    result = run("test")

    assert result.status == 0
    assert result.err.count("templates.yaml:8:18: ") == 1


ALONE = "- {name: alone, workload: out.yaml, expect: {warnings: []}}\n"


def test_a_case_that_passes_although_nothing_was_rendered_says_so_in_every_form(run, folder):
    (folder / "out.yaml").write_text(POD.replace("model-id: m", "model-id: m, hydra.io/inject: 'false'"))
    write(folder, ALONE)
    note = 'the webhook leaves it alone: label hydra.io/inject "false" opts out; if that is what the case is about, expect '
    note += '"leftAlone: opted-out"'

    assert run("test").out == (
        f"ok    hydra-test.yaml: 1 case\n  alone\n    note: {note}\n1 case in 1 file: 1 passed\n"
    )
    assert run("test", "--fail-only").out == "1 case in 1 file: 1 passed\n"
    (case,) = json.loads(run("test", "-o", "json").out)["files"][0]["cases"]
    assert (case["status"], case["note"]) == ("passed", note)
    assert ET.fromstring(run("test", "-o", "junit").out)[0][0][0].text == f"note: {note}"
    assert run("test", "-o", "github").out == f"::notice file=hydra-test.yaml,line=4,col=10,title=alone::{note}\n"


def test_a_pod_without_labels_is_an_error(run, folder):
    (folder / "out.yaml").write_text(
        "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: a}]}}"
    )
    write(folder, ALONE)

    result = run("test")

    assert result.status == 2
    assert "it has no label hydra.io/runtime; add it to metadata.labels" in result.out


# Snapshots


def test_snapshots_that_differ_are_written_and_nothing_else(run, folder):
    write(folder, SNAPSHOT, FAILS)
    before = {path: path.read_bytes() for path in folder.iterdir()}

    assert run("test").status == 1
    updated = run("test", "--update")
    written = folder / "snapshots" / "pod.yaml"
    changed = written.stat().st_mtime_ns

    assert updated.err == "wrote snapshots/pod.yaml\n"
    assert updated.status == 1, "the other case still fails"
    assert "hydra.io/rendered" not in written.read_text()
    assert {path: path.read_bytes() for path in before} == before
    assert "whole" not in updated.out
    assert run("test", "--update").err == ""
    assert written.stat().st_mtime_ns == changed


def test_a_snapshot_that_differs_is_shown_as_a_difference(run, folder):
    write(folder, SNAPSHOT)
    run("test", "--update")
    (folder / "agent.yaml").write_text(AGENT.replace("engine:1", "engine:2"))

    out = run("test").out

    assert (
        "snapshot: is different from snapshots/pod.yaml (- expected, + found); if that is right, run the test with --update"
        in out
    )
    assert "      -     image: registry.example/engine:1\n      +     image: registry.example/engine:2\n" in out
    assert run("test", "--update").status == 0


OTHER = {**yaml.safe_load(POD), "spec": {"containers": [{"name": "other", "image": "auto"}]}}
REFUSED = {
    "over a workload": (
        "- {name: a, workload: pod.yaml, expect: {snapshot: pod.yaml}}\n",
        'pod.yaml is the workload of case "a", so it cannot be a snapshot; name a file of its own',
    ),
    "over a configuration": (
        "- {name: a, workload: pod.yaml, expect: {snapshot: ./agent.yaml}}\n",
        "agent.yaml is the agent configuration, so it cannot be a snapshot",
    ),
    "outside the folder": (
        "- {name: a, workload: pod.yaml, expect: {snapshot: ../out.yaml}}\n",
        "../out.yaml is not below the folder of the test file",
    ),
    "with two results": (
        SNAPSHOT + SNAPSHOT.replace("whole", "other").replace("pod.yaml,", f"{json.dumps(OTHER)},"),
        "snapshots/pod.yaml is the snapshot of another case too, with another result; name another file",
    ),
}


@pytest.mark.parametrize(("case", "message"), REFUSED.values(), ids=REFUSED)
def test_a_snapshot_that_is_refused_does_not_keep_others_from_being_written(run, folder, case, message):
    write(folder, case, SNAPSHOT.replace("whole", "good").replace("pod.yaml}", "good.yaml}"))

    result = run("test", "--update")

    assert result.status == 2
    assert message in result.out + result.err
    assert (folder / "snapshots" / "good.yaml").exists()
    assert "wrote snapshots/good.yaml\n" in result.err
    assert result.out.splitlines()[0] in (
        "FAIL  hydra-test.yaml: 1 of 2 cases", "FAIL  hydra-test.yaml: 2 of 3 cases", "ERROR hydra-test.yaml: 1 of 2 cases",
    )  # fmt: skip


def test_a_snapshot_that_cannot_be_written_is_reported_and_the_others_are_written(run, folder):
    write(folder, SNAPSHOT, SNAPSHOT.replace("whole", "other").replace("snapshots/pod", "agent.yaml/pod"))

    result = run("test", "--update")

    assert result.status == 2
    assert "wrote snapshots/pod.yaml\n" in result.err
    assert "hydra-test.yaml:5:56: agent.yaml/pod.yaml cannot be written: File exists\n" in result.err


def test_two_cases_do_not_take_turns_with_one_snapshot(run, folder):
    write(folder, SNAPSHOT)
    run("test", "--update")
    before = (folder / "snapshots" / "pod.yaml").read_bytes()
    (folder / "b.yaml").write_text(POD.replace("name: one", "name: two"))
    write(folder, SNAPSHOT, SNAPSHOT.replace("whole", "two").replace("workload: pod.yaml", "workload: b.yaml"))

    result = run("test", "--update")

    assert result.status == 2
    assert "snapshots/pod.yaml is the snapshot of another case too, with another result" in result.err
    assert (folder / "snapshots" / "pod.yaml").read_bytes() == before


def test_a_link_to_an_input_is_no_snapshot_either(run, folder):
    (folder / "link.yaml").symlink_to("pod.yaml")
    write(folder, "- {name: a, workload: pod.yaml, expect: {snapshot: link.yaml}}\n")

    assert 'link.yaml is the workload of case "a", so it cannot be a snapshot' in run("test").out


@pytest.mark.parametrize(("case", "message"), REFUSED.values(), ids=REFUSED)
def test_a_snapshot_is_never_written(run, folder, case, message):
    write(folder, case)
    before = {path: path.read_bytes() for path in folder.iterdir()}

    result = run("test", "--update")

    assert result.status == 2
    assert message in result.out + result.err
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_a_snapshot_is_not_written_over_what_is_no_snapshot(run, folder):
    write(folder, SNAPSHOT)
    (folder / "snapshots").mkdir()
    (folder / "snapshots" / "pod.yaml").write_text("notes: keep")

    result = run("test", "--update")

    assert result.status == 2
    assert (
        "snapshots/pod.yaml is not a snapshot: it is not a Kubernetes object: it has no kind; name another file, or remove"
        in result.out
    )
    assert (folder / "snapshots" / "pod.yaml").read_text() == "notes: keep"


# A first case


def test_a_first_case_expects_what_happens_today(run, folder):
    result = run("test", "--init", "-f", "pod.yaml", "--templates", "templates.yaml", "--agent", "agent.yaml")

    assert (result.status, result.err) == (0, "wrote hydra-test.yaml\n")
    assert result.out == "ok    hydra-test.yaml: 1 case\n1 case in 1 file: 1 passed\n"
    text = (folder / "hydra-test.yaml").read_text()
    assert (
        text
        == """\
templates: templates.yaml
agent: agent.yaml
cases:
- name: pod
  workload: pod.yaml
  expect:
    container:
      image: registry.example/engine:1
      command:
      - serve
      args:
      - --tp=1
    warnings: []
"""
    )


def test_a_first_case_can_be_in_a_folder_of_its_own_and_expect_a_denial(run, folder):
    (folder / "tests").mkdir()
    (folder / "bad.yaml").write_text(POD.replace("engine", "engin"))

    result = run(
        "test",
        "tests",
        "--init",
        "-f",
        "pod.yaml",
        "-f",
        "bad.yaml",
        "--templates",
        "templates.yaml",
        "--agent",
        "agent.yaml",
    )

    assert result.status == 0
    text = (folder / "tests" / "hydra-test.yaml").read_text()
    assert "templates: ../templates.yaml" in text
    assert "workload: ../bad.yaml" in text
    assert "code: unknown-runtime" in text


def test_a_first_case_is_never_written_over_a_test_file(run, folder):
    write(folder, PASSES)
    before = (folder / "hydra-test.yaml").read_text()

    result = run("test", "--init", "-f", "pod.yaml")

    assert (result.status, (folder / "hydra-test.yaml").read_text()) == (2, before)
    assert "exists; add the case to it" in result.err


def test_what_the_webhook_leaves_alone_makes_no_first_case(run, folder):
    (folder / "pod.yaml").write_text("{apiVersion: v1, kind: Pod, spec: {containers: []}}")

    result = run("test", "--init", "-f", "pod.yaml")

    assert result.status == 2
    assert "the webhook leaves it alone: it has no label hydra.io/runtime; add it to metadata.labels" in " ".join(
        result.err.replace("│", "").split()
    )
    assert not (folder / "hydra-test.yaml").exists()


def test_options_of_a_first_case_are_for_that(run, folder):
    write(folder, PASSES)

    result = run("test", "--templates", "templates.yaml")

    assert result.status == 2
    assert "is only for --init; a test file names its own files" in result.err


# Watching


@contextlib.contextmanager
def watching(folder):
    """Run `test --watch`; yield the process, which ends with the context at the latest."""
    command = [sys.executable, "-m", "webhook", "test", "--watch"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUNBUFFERED": "1"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    # Tests in the background of a shell ignore Ctrl-C, and what they start would inherit that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen(command, cwd=folder, env=environment, text=True, **pipes) as process:
        signal.signal(signal.SIGINT, before)
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.slow
def test_a_change_of_a_file_that_was_read_runs_the_cases_again(folder):
    write(folder, PASSES)
    with watching(folder) as process:

        def until(ending):
            found = []
            while not (found and found[-1].startswith(ending)):
                found.append(next(process.stdout))
            return "".join(found)

        assert "1 passed" in until("waiting for a change")
        (folder / "agent.yaml").write_text(AGENT.replace("engine:1", "engine:3"))
        assert "+ registry.example/engine:3" in until("waiting for a change")
        write(
            folder,
            "- {name: new, workload: pod.yaml, expect: {container: {command: [serve]}}}\n",
            name="new.hydra-test.yaml",
        )
        assert "ok    new.hydra-test.yaml" in until("waiting for a change")
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 1, "the status of the last run"
