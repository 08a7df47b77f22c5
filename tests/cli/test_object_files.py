"""Files, folders and standard input as kubectl's ``-f`` takes them; and nothing in them is passed over in silence."""

import json
import os
import threading
from pathlib import Path

import pytest

from webhook import catalog

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "manifests" / "examples"
BUILTIN = ROOT / "webhook" / "catalog" / "builtin"
POD = (EXAMPLES / "pod.yaml").read_text()
LWS = (EXAMPLES / "leaderworkerset-cpu.yaml").read_text()
DEPLOYMENT = (EXAMPLES / "deployment.yaml").read_text()
COMMANDS = ["render", "restore", "explain", "drift", "plan"]


def arguments(command):
    return ["--agent", BUILTIN / "hydra-agent.yaml"] if command == "plan" else []


@pytest.fixture
def folder(tmp_path):
    """Workloads among configurations, a test file, and what kubectl does not read."""
    inner = tmp_path / "objects"
    (inner / "below").mkdir(parents=True)
    (inner / "pod.yaml").write_text(POD)
    (inner / "bare-templates.yaml").write_text((BUILTIN / "hydra-runtime-template.yaml").read_text())
    (inner / "bare-agent.yml").write_text((BUILTIN / "hydra-agent.yaml").read_text())
    (inner / "configmap.yaml").write_text((EXAMPLES / "configmap-hydra-agent.yaml").read_text())
    (inner / "hydra-test.yaml").write_text("cases:\n- {name: a}\n")
    (inner / "README.md").write_text("no object")
    (inner / "below" / "lws.yaml").write_text(LWS)
    return inner


@pytest.mark.parametrize("command", COMMANDS)
def test_a_folder_may_hold_configurations_and_test_files(run, folder, command):
    result = run(command, "-f", folder, *arguments(command))

    assert result.status in (0, 1), result.err
    lines = result.err.splitlines()
    for name, what in {
        "bare-templates.yaml": "the runtime template configuration; give it with --templates",
        "bare-agent.yml": "the agent configuration; give it with --agent",
        "hydra-test.yaml": "a test file; run it with hydra-webhook test",
    }.items():
        (line,) = (one for one in lines if one.startswith(f"{folder / name}:"))
        assert line.endswith(f"passed over: it is {what}")
    (line,) = (one for one in lines if one.startswith(f"{folder / 'configmap.yaml'}:"))
    assert "ConfigMap hydra-system/hydra-agent: " in line


def test_a_folder_in_a_folder_is_read_on_request_as_in_kubectl(run, folder):
    flat, deep = (run("render", "-f", folder, *options) for options in ([], ["-R"]))

    assert [one["kind"] for one in catalog.load_all(flat.out)] == ["ConfigMap", "Pod"]
    assert [one["kind"] for one in catalog.load_all(deep.out)] == ["LeaderWorkerSet", "ConfigMap", "Pod"]


def test_a_folder_with_nothing_but_folders_says_how_to_read_those(run, tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)

    result = run("render", "-f", tmp_path / "a")

    assert result.status == 2
    assert "-R reads the folders below it too" in " ".join(result.err.split())


@pytest.mark.parametrize("command", COMMANDS)
def test_more_files_may_follow_as_a_shell_expands_a_pattern(run, tmp_path, command):
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.yaml").write_text(POD.replace("name: qwen3", f"name: {name}"))

    result = run(command, "-f", tmp_path / "a.yaml", tmp_path / "b.yaml", tmp_path / "c.yaml", *arguments(command))

    assert result.status in (0, 1), result.err
    if command in ("render", "restore"):
        assert [one["metadata"]["name"] for one in catalog.load_all(result.out)] == ["a", "b", "c"]
    else:
        assert "c" in result.out
    assert "No such file" not in result.err


@pytest.mark.parametrize("command", COMMANDS)
def test_standard_input_is_a_file_too(run, command):
    assert run(command, "-f", "-", *arguments(command), stdin=POD).status in (0, 1)


def test_a_named_pipe_is_read_as_bash_makes_one(run, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    writing = threading.Thread(target=lambda: (tmp_path / "pipe").write_text(POD))
    writing.start()

    result = run("render", "-f", tmp_path / "pipe")

    writing.join()
    assert result.status == 0


def pod(**changes):
    value = catalog.load_all(POD)[0]
    for path, change in changes.items():
        inner = value
        *keys, last = path.split("__")
        for key in keys:
            inner = inner[key]
        if change is None:
            inner.pop(last)
        else:
            inner[last] = change
    return value


UNLABELLED = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": [{"name": "c"}]}}
LABELS = {"hydra.io/runtime": "vllm-cpu", "hydra.io/model-id": "m"}


def controller(kind, *, own=None, inside=None, api_version="apps/v1"):
    template = {"metadata": {"labels": inside or {}}, "spec": {"containers": [{"name": "c", "image": "auto"}]}}
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": "a", "labels": own or {}},
        "spec": {"template": template},
    }


def group(*, own=None, inside=None, version="v1"):
    worker = {"metadata": {"labels": inside or {}}, "spec": {"containers": [{"name": "c", "image": "auto"}]}}
    return {
        "apiVersion": f"leaderworkerset.x-k8s.io/{version}",
        "kind": "LeaderWorkerSet",
        "metadata": {"name": "a", "labels": own or {}},
        "spec": {"leaderWorkerTemplate": {"size": 2, "workerTemplate": worker}},
    }


#: What is left as it is, with part of its line, and whether that is a warning.
OVERLOOKED = {
    "a Deployment with a labelled pod template": (
        controller("Deployment", inside=LABELS),
        "Deployment default/a: it is left as it is: its pods are rendered when they are created; --pod-templates shows",
        False,
    ),
    "labels on the Deployment itself": (
        controller("Deployment", own=LABELS),
        "label hydra.io/runtime means nothing in the Deployment's own metadata; put the labels into spec.template.metadata.labels",
        True,
    ),
    "an early version of LeaderWorkerSet": (
        group(own=LABELS, version="v1alpha1"),
        "its apiVersion is leaderworkerset.x-k8s.io/v1alpha1; write apiVersion: leaderworkerset.x-k8s.io/v1",
        True,
    ),
    "a LeaderWorkerSet of which only the pod template is labelled": (
        group(inside=LABELS),
        "only its workerTemplate has label hydra.io/runtime",
        True,
    ),
    "a kind in lower case": (pod(kind="pod"), 'there is no kind "pod"; write kind: Pod', True),
    "a misspelt kind": (
        controller("Deploymnet", inside=LABELS),
        'there is no kind "Deploymnet"; write kind: Deployment',
        True,
    ),
    "no apiVersion": (pod(apiVersion=None), "it has no apiVersion; write apiVersion: v1", True),
    "another apiVersion": (
        controller("Deployment", inside=LABELS, api_version="extensions/v1beta1"),
        "its apiVersion is extensions/v1beta1; write apiVersion: apps/v1",
        True,
    ),
    "a Pod without labels": (
        UNLABELLED,
        "it has no label hydra.io/runtime; to have it rendered, give it the labels",
        False,
    ),
    "the label as an annotation": (
        {**UNLABELLED, "metadata": {"name": "a", "annotations": LABELS}},
        "it is an annotation here; make it a label",
        True,
    ),
    "a misspelt label": (
        {**UNLABELLED, "metadata": {"name": "a", "labels": {"hydra.io/runtmie": "vllm"}}},
        "there is label hydra.io/runtmie; rename it",
        True,
    ),
    "an opted-out Pod": (
        pod(metadata__labels={**LABELS, "hydra.io/inject": "false"}),
        'it has label hydra.io/inject: "false"',
        False,
    ),
    "another kind": (
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}},
        "Service default/a: it is left as it is: the webhook renders Pods and LeaderWorkerSets",
        False,
    ),
    "another kind with a labelled pod template": (
        controller("Rollout", inside=LABELS, api_version="argoproj.io/v1alpha1"),
        "the pods that are made of it are rendered when they are created",
        False,
    ),
    "a kind of another group that has a name of ours": (
        controller("Job", inside=LABELS, api_version="batch.volcano.sh/v1alpha1"),
        "the webhook renders Pods and LeaderWorkerSets; the pods that are made of it are rendered when they are created",
        False,
    ),
}


@pytest.mark.parametrize(("value", "text", "warning"), OVERLOOKED.values(), ids=OVERLOOKED)
def test_what_is_left_as_it_is_has_a_line_with_its_place_and_the_remedy(run, value, text, warning):
    result = run("render", "-f", "-", "-o", "json", stdin=json.dumps(value))

    (line,) = result.err.splitlines()
    assert line.startswith("standard input:1:1: ")
    assert text in line
    assert (": Warning: " in line) is warning
    assert json.loads(result.out) == value
    assert result.status == 0
    strict = run("render", "-f", "-", "--warnings-as-errors", stdin=json.dumps(value))
    assert strict.status == (1 if warning else 0)
    assert strict.out


def test_with_pod_templates_the_template_of_a_deployment_is_rendered_and_nothing_is_said(run):
    result = run("render", "-f", "-", "--pod-templates", stdin=json.dumps(controller("Deployment", inside=LABELS)))

    assert "hydra.io/rendered" in result.out
    assert "Deployment" not in result.err


def test_garbage_in_a_list_is_named_with_its_place(run):
    both = f'{{"apiVersion": "v1", "kind": "List", "items": [\n{json.dumps(pod())},\n  7,\n  {{"metadata": {{}}}}]}}'

    result = run("render", "-f", "-", "-o", "json", stdin=both)

    lines = [line for line in result.err.splitlines() if "items[" in line]
    assert lines == [
        (
            "standard input:3:3: Warning: items[1] is not a Kubernetes object and is left as it is:"
            " it is not a map; begin it with apiVersion and kind"
        ),
        (
            "standard input:4:3: Warning: items[2] is not a Kubernetes object and is left as it is:"
            " it has no kind; add apiVersion and kind, such as apiVersion: v1 and kind: Pod"
        ),
    ]
    assert json.loads(result.out)["items"][1:] == [7, {"metadata": {}}]


def test_of_many_other_objects_the_first_are_named_and_the_rest_counted(run):
    services = [{"apiVersion": "v1", "kind": "Service", "metadata": {"name": f"s{number}"}} for number in range(14)]

    result = run("render", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": services}))

    assert len(result.err.splitlines()) == 11
    assert result.err.endswith("4 more objects left as they are\n")


BROKEN = {
    "bad YAML": (b"a: [b\n", ":1:4: unclosed list: there is no ] for this [; add the missing "),
    "a tab": (b"a:\n\tb: 1\n", ":2:1: a tab cannot indent YAML; indent with spaces"),
    "binary": (b"kind: Pod\nname: \xff\xfe\n", ":2:7: not valid UTF-8; save it as UTF-8"),
    "a zero byte": (b"\x00\x01", ":1:1: YAML does not allow the character U+0000"),
    "a duplicate key": (b"kind: Pod\nkind: Pod\n", ':2:1: duplicate key "kind"'),
    "no object": (b"a: 1\n", ":1:1: not a Kubernetes object: it has no kind; add apiVersion and kind"),
    "a list": (b"- a\n", ":1:1: not a Kubernetes object: it is not a map"),
    "a kind that is not a string": (b"kind: 7\n", ":1:1: not a Kubernetes object: its kind is not a string"),
    "a second document": (POD.encode() + b"---\nb: 2\n", f":{POD.count(chr(10)) + 2}:1: not a Kubernetes object"),
}


@pytest.mark.parametrize(("content", "text"), BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("command", ["render", "explain", "drift"])
def test_what_cannot_be_read_is_said_in_our_words_with_its_place(run, tmp_path, command, content, text):
    file = tmp_path / "broken.yaml"
    file.write_bytes(content)

    result = run(command, "-f", file)

    assert (result.status, result.out) == (2, "")
    assert f"{file}{text}" in result.err
    assert "Traceback" not in result.err
    assert "codec" not in result.err


def test_every_broken_file_of_a_folder_is_reported_at_once(run, tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text("a: [b")

    result = run("render", "-f", tmp_path)

    assert result.err.count("unclosed list") == 2


def test_an_empty_file_among_others_has_a_line(run, tmp_path):
    (tmp_path / "empty.yaml").write_text("# nothing\n")
    (tmp_path / "pod.yaml").write_text(POD)

    result = run("render", "-f", tmp_path)

    assert result.status == 0
    assert f"{tmp_path / 'empty.yaml'}: no Kubernetes object in it" in result.err


def test_empty_standard_input_asks_after_the_command_before_the_pipe(run):
    result = run("render", "-f", "-", stdin="\n")

    assert result.status == 2
    assert "did the command before the pipe fail?" in result.err.replace("\n", " ")


DENIED = {
    "a label": ("label hydra.io/runtime", POD.replace("vllm-cpu", "vlm-cpu"), "hydra.io/runtime"),
    "an annotation": (
        "annotation hydra.io/model-port",
        POD.replace("metadata:\n", 'metadata:\n  annotations:\n    hydra.io/model-port: "x"\n'),
        "hydra.io/model-port",
    ),
    "a field": ("spec.containers[0]", POD.replace("args:", "command: 7\n      args:"), "command"),
}


@pytest.mark.parametrize(("part", "text", "key"), DENIED.values(), ids=DENIED)
def test_a_denial_begins_with_the_place_of_what_it_is_about(run, tmp_path, part, text, key):
    file = tmp_path / "pod.yaml"
    file.write_text(text)

    result = run("render", "-f", file)

    place, denied, message = result.err.splitlines()[-1].partition(": denied: ")
    assert denied
    assert part in message
    name, line, column = place.rsplit(":", 2)
    assert name == str(file)
    assert text.splitlines()[int(line) - 1][int(column) - 1 :].startswith(key)


def test_a_denial_in_a_list_has_its_own_place(run):
    wrong = json.dumps(pod()).replace("vllm-cpu", "vlm-cpu")
    both = f'{{"apiVersion": "v1", "kind": "List", "items": [\n{json.dumps(pod())},\n{wrong}]}}'

    result = run("render", "-f", "-", stdin=both)

    (line,) = (one for one in result.err.splitlines() if "denied" in one)
    assert line.startswith("standard input:3:")


def test_the_exit_code_tells_as_that_of_git_diff_whether_something_changes(run):
    rendered = run("render", "-f", "-", stdin=POD)

    codes = [
        run("render", "-f", "-", "-o", "diff", "--exit-code", stdin=text).status
        for text in (POD, rendered.out, POD.replace("vllm-cpu", "vlm-cpu"))
    ]

    assert codes == [1, 0, 2]
