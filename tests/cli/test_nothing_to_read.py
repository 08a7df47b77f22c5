"""Commands that are given nothing, or a configuration that cannot be read, fail instead of finding everything in order."""

import pytest

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: bare, labels: {hydra.io/runtime: vllm-cpu, hydra.io/model-id: m}}
spec: {containers: [{name: main, image: auto}]}
"""


@pytest.mark.parametrize("content", ["", "# nothing\n", "---\n---\n"], ids=["empty", "a comment", "empty documents"])
@pytest.mark.parametrize("command", ["render", "restore", "explain", "drift", "plan"])
def test_a_file_without_objects_is_an_error(run, tmp_path, command, content):
    file = tmp_path / "objects.yaml"
    file.write_text(content)
    new = ["--agent", file] if command == "plan" else []

    done = run(command, "-f", file, *new)

    assert done.status == 2
    assert f"no Kubernetes object in {file}" in done.err.replace("\n", " ")


@pytest.mark.parametrize("text", [b"\xd0\xff", b"templates: [", b"a: 1"], ids=["binary", "not YAML", "something else"])
@pytest.mark.parametrize("command", ["explain", "drift", "runtimes"])
def test_a_configuration_that_cannot_be_read_is_an_error_and_no_answer(run, tmp_path, command, text):
    (tmp_path / "pod.yaml").write_text(POD)
    (tmp_path / "broken.yaml").write_bytes(text)
    workloads = [] if command == "runtimes" else ["-f", tmp_path / "pod.yaml"]

    done = run(command, *workloads, "--templates", tmp_path / "broken.yaml")

    assert done.status == 2
    assert done.out == ""
    assert f"{tmp_path / 'broken.yaml'}:1:" in done.err
