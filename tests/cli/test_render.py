"""``render``: files in, files out, and nothing lost on the way."""

import json
from pathlib import Path

import jsonpatch
import pytest
import yaml

from webhook import catalog

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "manifests" / "examples").glob("*.yaml"))
POD = (ROOT / "manifests" / "examples" / "pod.yaml").read_text()
MISSPELT = POD.replace("vllm-cpu", "vlm-cpu")
NOT_MOUNTED = (
    ":3:1: Warning: nothing is mounted at MODEL_PATH: /data/serving-model; mount the model unless the image has it\n"
)
SERVE = "vllm serve /data/serving-model --served-model-name qwen3-0.6b --trust-remote-code --dtype=half --max-model-len=8192"


def test_a_bare_pod_from_standard_input_is_rendered(run):
    result = run("render", "-f", "-", stdin=POD)

    container = yaml.safe_load(result.out)["spec"]["containers"][0]
    assert (result.status, result.err) == (0, f"standard input{NOT_MOUNTED}")
    assert container["command"] == ["/bin/bash", "-c"]
    assert container["args"] == [SERVE]
    assert container["image"] == "swr.cn-south-1.myhuaweicloud.com/ascendhub/mindie:2.1.RC1"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_rendered_and_restored(run, example, tmp_path):
    rendered = run("render", "--pod-templates", "-f", example)
    file = tmp_path / "rendered.yaml"
    file.write_text(rendered.out)

    restored = run("restore", "-f", file)

    before = catalog.load_all(example.read_text())
    said = [
        line
        for line in rendered.err.splitlines()
        if "it is left as it is" not in line and "it is a configuration" not in line
    ]
    assert (rendered.status, said) == (0, [f"{example}{NOT_MOUNTED.strip()}"] if example.stem == "pod" else [])
    assert catalog.load_all(restored.out) == before
    if not example.stem.startswith("configmap"):
        assert "hydra.io/rendered" in rendered.out
        assert "image: auto" not in rendered.out


def test_other_objects_pass_through_unchanged(run):
    deployment = (ROOT / "manifests" / "examples" / "deployment.yaml").read_text()

    result = run("render", "-f", "-", stdin=f"{POD}---\n---\n{deployment}")

    objects = catalog.load_all(result.out)
    assert [value["kind"] for value in objects] == ["Pod", "Deployment", "Service"]
    assert objects[1:] == catalog.load_all(deployment)


def test_several_files_can_be_given(run, tmp_path):
    files = [tmp_path / "a.yaml", tmp_path / "b.yaml", tmp_path / "c.yaml"]
    for file in files:
        file.write_text(POD)

    result = run("render", "-f", files[0], files[1], "-f", files[2])

    assert len(catalog.load_all(result.out)) == 3


def test_the_items_of_a_list_are_rendered_and_it_stays_a_list(run):
    pod = catalog.load_all(POD)[0]
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}}
    both = {"apiVersion": "v1", "kind": "List", "items": [pod, service]}

    result = run("render", "-f", "-", "-o", "json", stdin=json.dumps(both))

    found = json.loads(result.out)
    assert found["kind"] == "List"
    assert found["items"][0]["spec"]["containers"][0]["args"] == [SERVE]
    assert found["items"][1] == service


def test_several_objects_as_json_are_a_list(run):
    result = run("render", "-f", "-", "-o", "json", stdin=f"{POD}---\n{POD}")

    assert [item["kind"] for item in json.loads(result.out)["items"]] == ["Pod", "Pod"]


def test_the_patch_of_each_object_is_one_line(run):
    result = run("render", "-f", "-", "-o", "patch", stdin=f"{POD}---\nkind: Namespace\n")
    whole = run("render", "-f", "-", "-o", "json", stdin=POD)

    first, second = (json.loads(line) for line in result.out.splitlines())
    assert jsonpatch.apply_patch(catalog.load_all(POD)[0], first) == json.loads(whole.out)
    assert second == []


def test_a_diff_shows_what_is_added_and_removed(run):
    result = run("render", "-f", "-", "-o", "diff", stdin=POD)

    assert "-    image: auto\n" in result.out
    assert f"+    - {SERVE}\n" in result.out


def test_warnings_go_to_standard_error(run):
    pod = POD.replace("image: auto", "image: auto\n      command: [mine]")

    result = run("render", "-f", "-", stdin=pod)

    assert result.status == 0
    assert result.err.startswith("standard input:3:1: Warning: ")


def test_a_denial_goes_to_standard_error_and_nothing_is_printed(run):
    result = run("render", "-f", "-", stdin=f"{POD}---\n{MISSPELT}")

    assert (result.status, result.out) == (1, "")
    assert (
        'Pod default/qwen3: label hydra.io/runtime: there is no runtime "vlm-cpu"; did you mean "vllm-cpu"?'
        in result.err
    )


@pytest.mark.parametrize(
    ("arguments", "stdin", "message"),
    [
        (["render"], "", "name a file"),
        (["render", "-f", "/nowhere/at/all"], "", "No such file"),
        (["render", "-f", "-"], "a: [", "standard input:1:4"),
        (["render", "-f", "-"], "a: 1", "not a Kubernetes object"),
        (["render", "-f", "-"], "a: 1\na: 2", "a"),
        (["render", "-f", "-", "-o", "xml"], POD, "xml"),
        (["render", "-f", "-", "--templates", "/nowhere"], POD, "--templates"),
        (["render", "-f", "-", "--model-port", "x"], POD, "--model-port"),
        (["nonsense"], "", "nonsense"),
    ],
)
def test_wrong_usage_has_exit_status_2(run, arguments, stdin, message):
    result = run(*arguments, stdin=stdin)

    assert (result.status, result.out) == (2, "")
    assert message in result.err


def test_the_namespace_is_that_of_the_object_or_the_option(run, tmp_path):
    templates = tmp_path / "t.yaml"
    templates.write_text(
        'templates: [{runtime: vllm-cpu, podTemplate: {containerTemplate: {commandTemplate: ["{{ .NAMESPACE }}"]}}}]'
    )
    own = POD.replace("  name: qwen3", "  name: qwen3\n  namespace: own")

    def namespace(text, *options):
        result = run("render", "-f", "-", "-o", "json", "--templates", templates, *options, stdin=text)
        return json.loads(result.out)["spec"]["containers"][0]["command"]

    assert namespace(POD) == ["default"]
    assert namespace(POD, "-n", "team-a") == ["team-a"]
    assert namespace(own, "--namespace", "team-a") == ["own"]


def test_strings_that_kubectl_would_read_as_something_else_are_quoted(run):
    values = {
        "a": "1e3",
        "b": "y",
        "c": "12:30:45",
        "d": "0x1f",
        "e": "null",
        "f": "~",
        "g": "a\nb\n",
        "h": "",
        "i": "0777",
    }
    config_map = {"apiVersion": "v1", "kind": "ConfigMap", "data": values}

    result = run("render", "-f", "-", stdin=json.dumps(config_map))

    assert catalog.load_all(result.out) == [config_map]
