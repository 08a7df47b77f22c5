"""The golden cases through the runner of ``hydra-webhook test``: those that are test files, and others with the same input.

It agrees with the webhook about each of them, and notices when one of them says something else.
"""

import functools
import json

import pytest
from typer.testing import CliRunner

from tests import golden_cases
from webhook import cases, cli

#: Fields of a review that a case can have: everything else is beyond a test file.
_FIELDS = {"uid", "kind", "name", "namespace", "operation", "object"}
_RECORDED = {"resource", "requestKind", "requestResource", "userInfo", "oldObject", "dryRun", "options"}


def is_expressible(case):
    """Return whether a test file can say the same: a creation, without a bug and without a server's own rules."""
    if case.keys.keys() & {"http", "errored"} or case.keys.get("only") == "server":
        return False
    if case.object["kind"] not in ("Pod", "LeaderWorkerSet"):
        return False
    return case.request["operation"] == "CREATE" and case.request.keys() <= _FIELDS | _RECORDED


EXPRESSIBLE = [case for case in golden_cases.CASES if is_expressible(case)]


def outcome(case, expect, snapshot=None):
    """Run one case of a test file that has the input of a golden case."""
    names = {"templates": "templates", "agent": "agent", "gpu-configs": "gpuConfigs"}
    configurations = {kind: text for kind, text in case.configuration if kind in names}
    text = {
        **{names[kind]: f"{kind}.yaml" for kind in configurations},
        "settings": case.keys.get("settings", {}),
        "cases": [{"name": case.name, "workload": "w.yaml", "namespace": case.request["namespace"], "expect": expect}],
    }
    file, problems = cases.read("hydra-test.yaml", json.dumps(text))
    assert problems == ()
    contents = {f"{kind}.yaml": text.encode() for kind, text in configurations.items()}
    contents["w.yaml"] = json.dumps(case.object).encode()
    if snapshot is not None:
        contents["snapshot.yaml"] = json.dumps(snapshot).encode()
    files = cases.Files(contents)
    prepared = cases.prepare(file, files)
    assert prepared.problems == ()
    return cases.run(file.cases[0], state(prepared.documents, prepared.settings), files)


@functools.cache
def state(documents, settings):
    """Return the state of a configuration that several cases may have."""
    return cases.Prepared(documents, settings, ()).state()


def changed(value):
    """Return an object with the image of a container changed."""
    other = json.loads(json.dumps(value))  # nothing in it is shared
    template = golden_cases.pod_templates(other)[-1]
    template["spec"]["containers"][0]["image"] = "another"
    return other


def test_those_that_are_test_files_pass():
    done = CliRunner().invoke(cli._app, ["test", str(golden_cases.GOLDEN)])

    files = [case for case in golden_cases.CASES if golden_cases.is_test_file(case.path)]
    assert done.exit_code == 0, done.output
    assert done.stdout.endswith(f"{len(files)} cases in {len(files)} files: {len(files)} passed\n")


def test_no_two_cases_have_one_name():
    assert len({case.name for case in golden_cases.CASES}) == len(golden_cases.CASES)


def told(found):
    return [
        *(f"{one.path}: {one.message} {one.expected} {one.found}" for one in found.failures),
        *map(str, found.problems),
    ]


@pytest.mark.parametrize("case", [case for case in EXPRESSIBLE if "denied" in case.keys], ids=lambda case: case.name)
def test_a_denial_has_its_code_and_each_piece_of_its_message(case):
    denied = case.keys["denied"]
    for piece in denied["says"]:
        assert told(outcome(case, {"denied": {"code": denied["code"], "message": piece}})) == []
    assert outcome(case, {"denied": {"message": "something else"}}).status == "failed"
    assert outcome(case, {"warnings": []}).status in ("failed", "error")


def reason(case):
    """Return why the webhook leaves the workload of a case alone, by asking for another reason."""
    (failure,) = outcome(case, {"leftAlone": "mirror-pod"}).failures or [None]
    return failure.found if failure is not None else "mirror-pod"


@pytest.mark.parametrize(
    "case", [case for case in EXPRESSIBLE if "denied" not in case.keys], ids=lambda case: case.name
)
def test_an_admitted_workload_is_what_the_case_says(case):
    expected = case.expected
    whole = {"snapshot": "snapshot.yaml", "warnings": case.warnings("live server")}
    if case.keys.get("unchanged"):
        whole["leftAlone"] = reason(case)

    found = outcome(case, {**whole, "rendered": expected}, expected)

    assert told(found) == []
    assert list(found.warnings) == case.warnings("command line")
    wrong = outcome(case, {**whole, "rendered": changed(expected)}, changed(expected))
    assert [failure.path.rpartition(".")[2] for failure in wrong.failures] == ["image", "snapshot"]


def test_most_golden_cases_can_be_expressed():
    assert len(EXPRESSIBLE) > 0.9 * len(golden_cases.CASES)
