"""The hook for pre-commit: what it needs, and what it does with the files of a commit."""

import shlex
import tomllib
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from webhook import cli

ROOT = Path(__file__).parents[1]
[HOOK] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
PAGE = (ROOT / "docs" / "configuration.md").read_text()


def commit(*names):
    """Run the hook as pre-commit does for a commit of these files."""
    program, *arguments = shlex.split(HOOK["entry"])
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert scripts[program] == "webhook.cli:main"
    return CliRunner().invoke(cli._app, [*arguments, *names]).exit_code


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "deployment.yaml").write_text("{apiVersion: apps/v1, kind: Deployment}")
    (tmp_path / "hydra-test.yaml").write_text("{templates: good.yaml, cases: []}")
    (tmp_path / "good.yaml").write_text("templates: []")
    (tmp_path / "wrong.yaml").write_text("templates: [")


def test_the_hook_has_what_pre_commit_requires():
    assert HOOK.keys() >= {"id", "name", "entry", "language"}
    assert (HOOK["language"], HOOK["types"]) == ("python", ["yaml"])


@pytest.mark.parametrize(
    ("names", "status"),
    [
        (["deployment.yaml", "hydra-test.yaml"], 0),
        (["deployment.yaml", "good.yaml"], 0),
        (["deployment.yaml", "good.yaml", "wrong.yaml"], 1),
    ],
)
def test_the_hook_fails_for_findings_and_skips_other_files(names, status):
    assert commit(*names) == status


def test_the_documented_configuration_is_of_this_hook():
    (shown,) = [text for text in PAGE.split("```yaml\n") if text.startswith("# .pre-commit-config.yaml")]
    [repository] = yaml.safe_load(shown.partition("```")[0])["repos"]
    [hook] = repository["hooks"]

    assert hook["id"] == HOOK["id"]
    assert commit(*hook["args"], "good.yaml") == 0
