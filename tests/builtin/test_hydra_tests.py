"""The tests of the built-in runtimes, in the product's own format: ``hydra-webhook test tests/builtin`` runs them."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from webhook import cases, catalog, cli

FOLDER = Path(__file__).parent
FILES = sorted(FOLDER.glob("*.hydra-test.yaml"))
RUNTIMES = catalog.build(catalog.embedded(), None).runtimes


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_case_passes(path):
    done = CliRunner().invoke(cli._app, ["test", str(path)])

    assert done.exit_code == 0, done.output


def test_every_runtime_has_cases_of_its_own():
    assert {path.name.removesuffix(".hydra-test.yaml") for path in FILES} == set(RUNTIMES)


def test_every_snapshot_belongs_to_a_case():
    files = [cases.read(str(path), path.read_bytes())[0] for path in FILES]

    assert {Path(one.source) for file in files for one in file.snapshots()} == set(FOLDER.glob("snapshots/*"))


def test_a_change_of_a_runtime_is_noticed(tmp_path):
    built_in = next(one for one in catalog.embedded() if one.config_kind == "templates")
    changed = built_in.content.replace("terminationGracePeriodSeconds: 120", "terminationGracePeriodSeconds: 130")
    (tmp_path / "templates.yaml").write_text(changed)
    text = (FOLDER / "vllm.hydra-test.yaml").read_text().replace("snapshot: ", f"snapshot: {FOLDER}/")
    (tmp_path / "hydra-test.yaml").write_text(
        re.sub("^templates: .*\nagent: .*", "templates: templates.yaml", text, flags=re.MULTILINE)
    )

    done = CliRunner().invoke(cli._app, ["test", str(tmp_path), "-o", "json"])

    found = json.loads(done.stdout)["files"][0]["cases"]
    assert done.exit_code == 1
    assert [case["status"] for case in found].count("failed") == text.count("snapshot:")


def test_cases_go_through_every_action_and_branch_of_every_runtime():
    done = CliRunner().invoke(cli._app, ["test", str(FOLDER), "--coverage", "text", "--fail-under", "100"])

    assert done.exit_code == 0, done.output


@pytest.mark.thorough
def test_no_change_of_a_runtime_goes_unnoticed():
    done = CliRunner().invoke(
        cli._app, ["test", str(FOLDER), "--mutate", "--mutate-seconds", "3600", "--fail-under", "100"]
    )

    assert done.exit_code == 0, done.output
    assert "0 survived" in done.output
