"""docs/recipes.md: its commands print what it shows, and the arguments arrive as it says."""

import json
import shlex

import pytest
import yaml

from tests import pages

PAGE = pages.ROOT / "docs" / "recipes.md"

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path):
    pages.write_files(PAGE, tmp_path)
    return tmp_path


def test_every_command_prints_what_the_page_shows(folder):
    consoles = [block for block in pages.blocks(PAGE) if block.language == "console"]

    assert pages.check(consoles, folder) == 7


def test_the_json_of_the_workload_and_of_the_template_reach_the_engine_as_written(folder):
    """A real shell is the judge, with an engine that prints its arguments."""
    (folder / "engine").write_text("#!/usr/bin/env python3\nimport json, sys; print(json.dumps(sys.argv[1:]))\n")
    (folder / "engine").chmod(0o755)
    _, printed = pages.run("hydra-webhook render -f json-pod.yaml --templates json.yaml --agent agent.yaml", folder)
    [container] = yaml.safe_load("\n".join(printed))["spec"]["containers"]

    status, shown = pages.run(f'PATH="{folder}:$PATH"; {shlex.join(container["command"] + container["args"])}', folder)

    assert status == 0, shown
    command, port, transfer, override = json.loads(shown[0])
    assert (command, port) == ("serve", "--port=8000")
    assert json.loads(transfer.removeprefix("--transfer=")) == {"role": "consumer", "ranks": 1}
    assert json.loads(override.removeprefix("--override=")) == {"temperature": 0.2, "stop": ["</s>"]}


def test_the_commands_for_a_cluster_use_the_files_of_the_page(folder):
    [block] = [block for block in pages.blocks(PAGE) if block.language == "sh"]
    known = {"new.yaml", "config.yaml"}

    named = {word for word in block.text.replace("=", " ").split() if word.endswith(".yaml")}

    assert named <= known | {path.name for path in folder.iterdir()}


def test_the_commands_for_ci_do_what_the_table_says(folder):
    (folder / "probes.yaml").rename(folder / "templates.yaml")
    (folder / "workloads").mkdir()
    (folder / "group.yaml").rename(folder / "workloads" / "group.yaml")
    (folder / "json.hydra-test.yaml").unlink()
    case = (folder / "probes.hydra-test.yaml").read_text().replace("probes.yaml", "templates.yaml", 1)
    (folder / "probes.hydra-test.yaml").write_text(case.replace("group.yaml", "workloads/group.yaml"))
    (folder / "old.yaml").write_text((folder / "templates.yaml").read_text().replace("--port", "--listen"))
    rows = PAGE.read_text(encoding="utf-8").partition("## Check templates in CI")[2]
    lint, test, plan = [line.split("`")[1] for line in rows.splitlines() if line.startswith("| `hydra-webhook ")]

    assert pages.run(lint, folder)[0] == 0
    assert pages.run(test.replace(" --fail-under 80", ""), folder)[0] == 0
    assert pages.run(test, folder)[0] == 1  # no case is a lone pod
    status, comment = pages.run(plan, folder)
    assert status == 1
    assert "--listen=8000" in "\n".join(comment)
