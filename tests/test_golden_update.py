"""The switch ``--update-golden``, over a copy of the golden cases."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests import golden_cases, golden_update, yaml_edits

ROOT = Path(__file__).parents[1]


@pytest.fixture
def golden(tmp_path):
    """A copy of the golden cases."""
    return shutil.copytree(golden_cases.GOLDEN, tmp_path / "golden")


def texts(golden):
    return {path: path.read_text() for path in golden.rglob("*.yaml")}


def path_of(golden, name):
    """Return the file of a case, whichever format it has."""
    test_file = golden / f"{name}{golden_cases.TEST_FILE}"
    return test_file if test_file.exists() else golden / f"{name}.yaml"


def update(*paths):
    return golden_update.update(map(golden_cases.load, paths))


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_cases_whose_outcome_did_not_change_keep_every_byte(golden):
    before = texts(golden)

    assert update(*golden.glob("section-9/*.yaml"), *golden.glob("section-11/*.yaml")) == []
    assert texts(golden) == before


#: A case, what its outcome says, and what it is made to say before the update; the update must bring back the first.
CHANGED = [
    pytest.param("section-3/a-bare-pod-is-filled-in", "annotations: {kubectl.kubernetes.io/default-container: main}", "annotations: {kubectl.kubernetes.io/default-container: x, y: z}", id="a value in a result"),
    pytest.param("section-7/two-ports-of-one-name", "port-name-conflict", "no-image", id="a denial's code"),
    pytest.param("section-11/a-broken-runtime", "http_status: 422", "http_status: 500", id="a denial's status"),
    pytest.param("section-7/a-volume-of-another-kind-gives-a-warning", "'own volumes replace the runtime''s", "'they replace", id="a warning"),
    pytest.param("section-9/lws-with-leader-template", "lead}", "work}", id="a change by pointer"),
    pytest.param("section-7/pull-policy-of-a-recorded-pod", "Policy: null", "Policy: Never", id="a field taken away"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "right", "wrong"), CHANGED)
def test_a_case_whose_outcome_changed_gets_the_new_one_and_nothing_else_changes(golden, name, right, wrong):
    path = path_of(golden, name)
    before = texts(golden)
    edit(path, right, wrong)

    assert update(path) == [path]

    after = texts(golden)
    assert yaml_edits.same(yaml.safe_load(after.pop(path)), yaml.safe_load(before.pop(path)))
    assert after == before
    assert update(path) == []


def test_lines_around_what_changed_keep_their_bytes(golden):
    path = golden / "section-9" / "lws-with-leader-template.yaml"
    before = path.read_text().splitlines()
    edit(path, "default-container: lead", "default-container: work")

    update(path)

    assert path.read_text().splitlines() == before


OTHERWISE = [
    pytest.param(
        "section-7/two-ports-of-one-name",
        "name: http, containerPort: 9000",
        "name: more, containerPort: 9000",
        {"result"},
        id="what was denied is admitted",
    ),
    pytest.param("section-3/a-bare-pod-is-filled-in", "runtime: engine", "runtime: engin", {"denied"}, id="the reverse"),
    pytest.param("section-3/inject-false-opts-out", 'inject: "false"', 'inject: "true"', {"result"}, id="what was left alone is rendered"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "right", "wrong", "outcome"), OTHERWISE)
def test_an_outcome_of_another_kind_takes_the_place_of_the_old_one(golden, name, right, wrong, outcome):
    path = path_of(golden, name)
    edit(path, right, wrong)
    inputs = path.read_text()
    for key in ("\nresult:", "\ndenied:", "\nunchanged:", "\n    expect:"):
        inputs = inputs.partition(key)[0]

    assert update(path) == [path]
    assert path.read_text().startswith(f"{inputs}\n")
    assert golden_cases.load(path).keys.keys() & set(golden_cases.OUTCOMES) == outcome
    assert update(path) == []


def test_of_a_denials_message_the_pieces_that_still_hold_stay(golden):
    path = path_of(golden, "section-3/no-model-id")
    edit(path, "message: hydra.io/model-id", "message: [hydra.io/model-id, gone]")

    update(path)

    held, message = golden_cases.load(path).keys["denied"]["says"]
    assert held == "hydra.io/model-id"
    assert message.startswith("Pod default/bare: ")
    assert not message.endswith("]")


@pytest.mark.thorough
def test_the_switch_rewrites_passes_and_reports_the_files(tmp_path):
    shutil.copytree(ROOT / "tests", tmp_path / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    path = path_of(tmp_path / "tests" / "golden", "section-7/two-ports-of-one-name")
    before = path.read_text()
    edit(path, "port-name-conflict", "no-image")

    def update_golden():
        command = [
            sys.executable,
            "-m",
            "pytest",
            "tests/test_golden.py",
            "-k",
            "two-ports-of-one-name",
            "--update-golden",
        ]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
        return done.stdout

    assert f"rewrote {path}\n1 rewritten" in update_golden()
    assert yaml_edits.same(yaml.safe_load(path.read_text()), yaml.safe_load(before))
    assert "none had changed" in update_golden()
