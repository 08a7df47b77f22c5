"""Public manifests rebuilt: a bare form and a runtime template give every field of the original.

Each folder holds ``original.yaml``, with its source; ``bare.yaml``, what a user writes instead; and the configuration that completes it:
``templates.yaml``, ``agent.yaml`` and perhaps ``gpu-configs.yaml``.

Everything is compared but what is the workload's own choice, the names of containers, and what the webhook adds by contract: its labels
and annotations, and ``kubectl.kubernetes.io/default-container``. Entries of keyed lists are compared by key, since none refers to another.
Command and args are compared by what they start: both are run, with stub engines that print their arguments.
"""

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from tests.builtin import stubs
from webhook import cli

FOLDERS = sorted(path.parent for path in Path(__file__).parent.glob("*/original.yaml"))
DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"
KEYED = {
    "volumes": "name",
    "volumeMounts": "mountPath",
    "env": "name",
    "ports": "containerPort",
    "initContainers": "name",
}


def folders(test):
    return pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)(test)


def run(*arguments):
    """Run a command of ``hydra-webhook``, which must succeed without a warning; return what it prints."""
    done = CliRunner().invoke(cli._app, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.output
    return done


def configuration(folder):
    """Return the options that select the configuration of a folder."""
    found = []
    for kind in ("templates", "agent", "gpu-configs"):
        if (path := folder / f"{kind}.yaml").exists():
            found += [f"--{kind}", path]
    return found


def documents(text):
    return list(yaml.safe_load_all(text))


def rendered(folder):
    """Return the objects of ``bare.yaml`` as the webhook stores them."""
    done = run("render", "-f", folder / "bare.yaml", "--pod-templates", "--namespace", "team-a", *configuration(folder))
    assert done.stderr == ""
    return documents(done.stdout)


def pod_templates(value):
    """Yield role and pod template of each kind of pod; LeaderWorkerSet uses the workerTemplate for leaders without their own."""
    if value["kind"] == "Deployment":
        yield "lone", value["spec"]["template"]
        return
    group = value["spec"]["leaderWorkerTemplate"]
    yield "leader", group.get("leaderTemplate", group["workerTemplate"])
    yield "worker", group["workerTemplate"]


def pairs(folder):
    """Yield role, original and rendered pod template."""
    for original, ours in zip(documents((folder / "original.yaml").read_text()), rendered(folder), strict=True):
        for (role, theirs), (_, own) in zip(pod_templates(original), pod_templates(ours), strict=True):
            yield role, theirs, own


def fields(spec):
    """Return a pod spec as it is compared."""
    found = _keyed(spec)
    found["containers"] = [
        {key: value for key, value in _keyed(container).items() if key not in {"name", "command", "args"}}
        for container in spec["containers"]
    ]
    return found


def _keyed(value):
    return {
        field: {entry[KEYED[field]]: entry for entry in inner} if field in KEYED else inner
        for field, inner in value.items()
    }


def metadata(pod_template):
    """Return labels and annotations as they are compared."""
    found = pod_template.get("metadata", {})
    kept = {kind: found.get(kind, {}) for kind in ("labels", "annotations")}
    return {
        kind: {key: text for key, text in texts.items() if not key.startswith("hydra.io/") and key != DEFAULT_CONTAINER}
        for kind, texts in kept.items()
    }


@folders
def test_every_field_is_that_of_the_original(folder):
    for role, original, ours in pairs(folder):
        assert (role, fields(ours["spec"])) == (role, fields(original["spec"]))
        assert (role, metadata(ours)) == (role, metadata(original))


@folders
def test_the_same_is_started(folder, tmp_path):
    stubs.install(tmp_path, "vllm", "python3", "install_model.sh")
    for role, original, ours in pairs(folder):
        theirs, own = (_started(template["spec"]["containers"][0], tmp_path, role) for template in (original, ours))
        assert (role, own) == (role, theirs)


def _started(container, folder, role):
    """Return the arguments of every engine that a container starts."""
    variables = {entry["name"]: entry.get("value", f"value-of-{entry['name']}") for entry in container["env"]}
    done = stubs.start(container, folder, role, **variables)
    assert (done.status, done.err) == (0, "")
    return [json.loads(line) for line in done.out.splitlines()]


@folders
def test_the_bare_form_is_bare(folder):
    for bare in documents((folder / "bare.yaml").read_text()):
        assert "hydra.io/container" not in json.dumps(bare)
        assert "-size" not in json.dumps(
            [bare["metadata"], *(found.get("metadata") for _, found in pod_templates(bare))]
        )
        for _, template in pod_templates(bare):
            (container,) = template["spec"]["containers"]
            assert container["image"] == "auto"
            assert not {"command", "ports", "startupProbe", "readinessProbe", "livenessProbe"} & set(container)


@folders
def test_no_probe_only_succeeds(folder):
    for _, _, ours in pairs(folder):
        for container in ours["spec"]["containers"]:
            assert not [key for key, value in container.items() if key.endswith("Probe") and "exec" in value]


@folders
def test_lint_finds_nothing(folder):
    assert run("lint", "--fail-on", "warning", *configuration(folder)).output == "no findings\n"


def test_all_that_are_promised_are_rebuilt():
    assert [folder.name for folder in FOLDERS] == [
        "kserve-data-parallel",
        "llm-d-wide-ep-decode",
        "lws-tensorrt-llm",
        "lws-vllm-kueue",
        "sglang-prefill-decode",
        "vllm-amd",
    ]
