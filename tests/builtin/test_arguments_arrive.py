"""Arguments that mean something to a shell, on their way through the built-in runtimes, with bash itself."""

import pytest

from tests.stub_engines import ENGINES, Machine, receives
from webhook import catalog, mutation, rendering, workload
from webhook.settings import Settings
from webhook.shell import argv

STATE = rendering.State(catalog.build(catalog.embedded(), None), Settings())

#: The published example, which has to stay as it is.
AS_TEXT = "vllm-cpu"

HOSTILE = [
    "it's",
    'say "hi"',
    "two words",
    "--home=$HOME",
    "$$",
    "`touch made`",
    "--x=$(touch made)",
    "{a,b}",
    '--speculative-config={"method":"mtp","num_speculative_tokens":1}',
    '--allowed-origins=["*"]',
    "*",
    "?-file",
    "--template={% for m in messages %}\n  {{ m['content'] }}\n{% endfor %}",
    "",
    "  ",
    "~",
    "#a",
    "a#b",
    "a;b",
    "a&b",
    "a|b",
    "a>made",
    "(a)",
    "a\\b",
    "!!",
    "世界 é",
    "世界",
    "-leading",
    "--",
    "--plain=1",
]
GROUP_OF_ROLE = {"lone": 1, "leader": 2, "worker": 2}


def rendered(runtime, role, arguments, name="qwen"):
    """Return the container of a pod in this role, and the codes of the warnings."""
    metadata = {
        "name": "bare",
        "labels": {"hydra.io/runtime": runtime, "hydra.io/model-id": "qwen"},
        "annotations": {"hydra.io/model-name": name},
    }
    spec = {"containers": [{"name": "main", "image": "engine:1", "args": arguments}]}
    if role == "lone":
        value, kind = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}, workload.POD
    else:
        group = {"size": 2, "workerTemplate": {"spec": spec}}
        kind = workload.LEADER_WORKER_SET
        api_version = f"{kind[0]}/{kind[1]}"
        value = {
            "apiVersion": api_version,
            "kind": kind[2],
            "metadata": metadata,
            "spec": {"leaderWorkerTemplate": group},
        }
    result = mutation.mutate(value, kind, STATE, namespace="default")
    templates = result.value["spec"].get("leaderWorkerTemplate", {"loneTemplate": result.value})
    notices = [notice for notice in result.notices if notice.pod_template in {"", f"{role}Template"}]
    return templates[f"{role}Template"]["spec"]["containers"][0], {notice.code for notice in notices}


RUNTIMES = [
    pytest.param(runtime, role, engines, id=f"{runtime}, {role}, {'with' if 'ray' in engines else 'without'} Ray")
    for runtime in STATE.snapshot.runtimes
    if runtime != AS_TEXT
    for role in GROUP_OF_ROLE
    for engines in (ENGINES, tuple(engine for engine in ENGINES if engine != "ray"))
    if role != "worker" or "ray" not in engines  # workers of Ray get no arguments
]


@pytest.mark.slow
@pytest.mark.parametrize(("runtime", "role", "engines"), RUNTIMES)
def test_every_argument_arrives_unharmed(runtime, role, engines, tmp_path):
    container, codes = rendered(runtime, role, HOSTILE, name="it's $HOME")
    assert "shell-changes-argument" not in codes
    assert "lines-change-argument" not in codes
    if argv.gives_up([*container["command"], *container["args"]]):
        return
    machine = Machine.build(tmp_path, engines)

    calls = machine.run(container)

    assert receives(calls, [each.replace("$$", "$") for each in HOSTILE])
    assert machine.files == ["a-file"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "role", ["lone", *(pytest.param(role, marks=pytest.mark.thorough) for role in ("leader", "worker"))]
)
def test_exactly_the_arguments_that_arrive_harmed_earn_a_warning(role, tmp_path):
    machine = Machine.build(tmp_path)
    for argument in HOSTILE:
        container, codes = rendered(AS_TEXT, role, ["--first=1", argument, "--last=1"])

        arrives = receives(machine.run(container), ["--first=1", argument.replace("$$", "$"), "--last=1"])

        assert ("shell-changes-argument" in codes) is not arrives, argument


@pytest.mark.slow
def test_a_model_name_in_a_script_earns_one_too(tmp_path):
    machine = Machine.build(tmp_path)
    for name in ("Qwen/Qwen3-0.6B", "it's", "a b", "$HOME", "é", "a#b", "a;b"):
        container, codes = rendered(AS_TEXT, "lone", [], name)

        arrives = receives(machine.run(container), ["--served-model-name", name, "--trust-remote-code"])

        assert ("shell-changes-argument" in codes) is not arrives, name
