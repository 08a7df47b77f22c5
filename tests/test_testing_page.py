"""docs/testing.md: its commands print what it shows, its test files are valid, and its workflows run."""

import re
import shlex
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import get_args

import pytest
import yaml
from typer.testing import CliRunner

from webhook import cases, cli
from webhook.cases import format as cases_format
from webhook.cli.test import Format

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/testing.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL)
FILES = {match[1]: text for _, text in BLOCKS if (match := re.match(r"# (\S+\.ya?ml)\n", text))}
CONSOLES = [text for language, text in BLOCKS if language == "console"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder, with the files of the page."""
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def shell(command):
    """Run a command as a person would, the product's in this process; return its status and what it prints."""
    words = shlex.split(command)
    if words[0] != "hydra-webhook":
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        return 0, done.stdout
    arguments, redirected = (words[:-2], words[-1]) if ">" in words else (words, "")
    done = CliRunner().invoke(cli._app, arguments[1:])
    if redirected:
        Path(redirected).write_text(done.stdout)
    return done.exit_code, done.output


def test_every_command_prints_what_the_page_shows(folder):
    (folder / "snapshot.hydra-test.yaml").unlink()
    for console in CONSOLES:
        for shown in re.split(r"^\$ ", console, flags=re.MULTILINE)[1:]:
            command, _, expected = shown.partition("\n")
            if "snapshot" in command:
                (folder / "snapshot.hydra-test.yaml").write_text(FILES["snapshot.hydra-test.yaml"])
            # on a terminal, the two outputs come in the order in which they are written
            assert sorted(shell(command)[1].splitlines()) == sorted(expected.splitlines()), command


def test_the_reference_is_a_valid_test_file():
    (reference,) = [text for language, text in BLOCKS if language == "yaml" and "\ngpuConfigs: " in text]

    file, problems = cases.read("hydra-test.yaml", reference)

    assert problems == ()
    assert len(file.cases) == 3


def test_every_key_and_every_form_is_on_the_page():
    for key in cases_format._EXPECT_KEYS:
        assert re.search(rf"^\| .*`{key}`.* \|", PAGE, re.MULTILINE), key
    for form in Format:
        assert f"`-o {form.value}`" in PAGE
    for status in get_args(cases.Status):
        assert f"`{status}`" in PAGE


def test_the_workflow_for_github_runs(folder):
    shell("hydra-webhook test --update")
    (job,) = yaml.safe_load(FILES[".github/workflows/templates.yaml"])["jobs"].values()
    docker, image = job["env"]["HYDRA"].rsplit(" ", 1)
    runs = [step["run"] for step in job["steps"] if "run" in step]

    assert docker.startswith("docker run --rm --volume ${{ github.workspace }}:/work:ro --workdir /work")
    assert image.startswith("registry.example.com/")
    for command in runs:
        assert shell(command.replace("$HYDRA", "hydra-webhook"))[0] == 0
    (folder / "agent.yaml").write_text(FILES["agent.yaml"].replace(":v1", ":v2"))
    status, printed = shell(runs[-1].replace("$HYDRA", "hydra-webhook"))
    assert status == 1
    assert "::error file=snapshot.hydra-test.yaml,line=8,col=17,title=everything::snapshot: is different" in printed


def test_the_pipeline_for_gitlab_runs(folder):
    shell("hydra-webhook test --update")
    (job,) = yaml.safe_load(FILES[".gitlab-ci.yml"]).values()

    for command in job["script"]:
        assert shell(command)[0] == 0

    assert job["image"]["entrypoint"] == [""]
    report = ET.parse(folder / job["artifacts"]["reports"]["junit"]).getroot()
    assert (report.get("tests"), report.get("failures"), report.get("errors")) == (
        "2",
        "0",
        "0",
    )  # the case, and the coverage
