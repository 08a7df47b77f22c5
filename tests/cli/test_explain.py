"""``explain``: files in, reasons out, and an exit status for scripts."""

import json
from pathlib import Path

import pytest

from tests.explaining import outlines
from webhook import explaining
from webhook.cli import explain, object_files

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "manifests" / "examples").glob("*.yaml"))
POD = (ROOT / "manifests" / "examples" / "pod.yaml").read_text()
CONTAINER = next(f"{at}:7" for at, line in enumerate(POD.splitlines(), 1) if line.startswith("    - name: "))
MISSPELT = POD.replace("vllm-cpu", "vlm-cpu")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_explained(run, example):
    text, printed = run("explain", "-f", example), run("explain", "-f", example, "-o", "json")

    assert (text.status, printed.status) == (0, 0)
    values = [item.value for one in object_files.read([example]) for item in one.items()]
    left = [value["kind"] for value in values if value["kind"] in ("ConfigMap", "Service")]
    assert [line.split(": ")[1].split()[0] for line in text.err.splitlines()] == left
    assert printed.err == text.err
    found = json.loads(printed.out)
    assert [one["kind"] for one in found] == [value["kind"] for value in values]
    rendered = sum(value["kind"] not in ("ConfigMap", "Service") for value in values)
    assert sum(one["outcome"] == "rendered" for one in found) == text.out.count(": rendered\n") == rendered


def test_fields_of_the_workload_have_their_place_in_its_file(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pod.yaml").write_text(POD)
    (tmp_path / "list.yaml").write_text(
        "apiVersion: v1\nkind: List\nitems:\n  -\n" + "".join(f"    {line}\n" for line in POD.splitlines())
    )
    line = int(CONTAINER.partition(":")[0])

    assert f"name ← workload, pod.yaml:{line}:7" in run("explain", "-f", "pod.yaml").out
    assert f"name ← workload, list.yaml:{line + 4}:11" in run("explain", "-f", "list.yaml").out


def test_in_a_pipe_lines_are_indented_and_never_wrapped(run):
    lines = run("explain", "-f", "-", stdin=POD).out.splitlines()

    assert lines[0] == "Pod default/qwen3: rendered"
    assert (
        lines[1]
        == f'  inference container "main": chosen as the first whose image is a placeholder ← standard input:{CONTAINER}'
    )
    assert (
        "    ✓ deployment_templates[0] is the first for runtime vllm-cpu on GPU type cpu ← built-in hydra-agent.yaml:6:5"
        in lines
    )


def without_places(value):
    """Return a JSON value without the places in the workload's own file, which has other lines once it is rendered."""
    if isinstance(value, dict):
        own = isinstance(value.get("written"), dict) and value["written"]["source"] == "standard input"
        return {key: None if key == "written" and own else without_places(inner) for key, inner in value.items()}
    return [without_places(inner) for inner in value] if isinstance(value, list) else value


def test_what_is_rendered_is_explained_by_its_bare_form(run, tmp_path):
    rendered = run("render", "-f", "-", stdin=POD).out

    (bare,) = json.loads(run("explain", "-f", "-", "-o", "json", stdin=POD).out)
    (stored,) = json.loads(run("explain", "-f", "-", "-o", "json", stdin=rendered).out)

    (one,), (other,) = (without_places(found["pod_templates"]) for found in (bare, stored))
    assert one.pop("stored") is None
    assert other.pop("stored") == {
        "revision": one["revision"],
        "newest": True,
        "same_result": True,
        "untouched": True,
        "edits": [],
    }
    assert one == other


def test_a_denied_object_is_explained_with_status_1(run):
    result = run("explain", "-f", "-", stdin=f"{MISSPELT}---\n{POD}")

    assert result.status == 1
    assert "Pod default/qwen3: denied" in result.out
    assert "there is no runtime" in result.out
    assert "Pod default/qwen3: rendered" in result.out


def test_settings_and_namespace_are_those_of_the_options(run):
    (found,) = json.loads(
        run("explain", "-f", "-", "-n", "team-a", "--model-port", "9000", "-o", "json", stdin=POD).out
    )
    variables = {one["name"]: (one["value"], one["source"]) for one in found["pod_templates"][0]["variables"]}

    assert found["namespace"] == "team-a"
    assert variables["NAMESPACE"] == ("team-a", "the request")
    assert variables["MODEL_PORT"] == (9000, "setting model-port")


def test_errors_of_the_configuration_are_reported(run, tmp_path):
    agent = tmp_path / "agent.yaml"
    agent.write_text("deployment_templates: [{match_runtimes: 7}]\n")
    result = run("explain", "-f", "-", "--agent", agent, stdin=POD)

    assert result.status == 1
    assert f"{agent}:1:41" in result.err


@pytest.mark.parametrize("arguments", [(), ("-f", "missing.yaml")], ids=["no file", "a missing file"])
def test_a_wrong_call_ends_with_status_2(run, arguments):
    assert run("explain", *arguments).status == 2


def test_the_page_shows_what_the_command_prints_for_its_files(run, tmp_path, monkeypatch):
    page = outlines.PAGE.read_text()
    for text in page.split("```yaml\n")[1:]:
        file = text.partition("```")[0]
        (tmp_path / file.partition("\n")[0].removeprefix("# ")).write_text(file)
    monkeypatch.chdir(tmp_path)
    result = run("explain", "-f", "pod.yaml", "--templates", "templates.yaml", "--agent", "agent.yaml", "-n", "team-a")

    assert (result.status, result.err) == (0, "")
    squeezed = "".join(character for character in outlines.shown() if character not in "│├└─ \n")
    assert "".join(result.out.split()) == squeezed


def test_a_terminal_gets_a_tree_with_colours():
    explanation = explaining.Explanation(
        "Pod", "ns", "p", "denied", "denied", explaining.explanation.Denial("c", "m [c]")
    )
    printed = outlines.printed(explanation)

    assert printed == "Pod ns/p: denied\n└── ✗ m [c]\n"
    text = explain._text(explaining.Branch("text", "note", "✓"))
    assert (text.plain, [str(span.style) for span in text.spans]) == ("✓ text ← note", ["green", "dim"])
