"""Commands that ask a cluster: they judge as its webhook does, with no more rights than a reader has."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

import webhook
from tests.controlplane.fleets import Fleet, configure
from tests.controlplane.installation import (
    AGENT,
    CORE,
    NAMESPACE,
    ROOT,
    STATE,
    Installation,
    config_map,
    templates,
)
from tests.controlplane.objects import Object
from webhook.app.state_publisher import SETTLE_SECONDS

LWS = "/apis/leaderworkerset.x-k8s.io/v1"
READER = "a-reader"
MINE = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{NAMESPACE}/rolebindings/{READER}"


@dataclass(frozen=True)
class Result:
    status: int
    out: str
    err: str


def run(*arguments: str | Path, stdin: str = "", **environ: str) -> Result:
    """Run hydra-webhook as a process."""
    command = [sys.executable, "-W", "error", "-m", "webhook", *map(str, arguments)]
    environment = {name: value for name, value in os.environ.items() if name != "KUBECONFIG"}
    environment |= {"PYTHONPATH": str(ROOT), "COLUMNS": "200", "NO_PROXY": "*", **environ}
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, env=environment, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return Result(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def reader(hydra: Installation) -> Iterator[Path]:
    """A kubeconfig of a user who has the role that is meant for readers, and no other."""
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "hydra-webhook-reader"}
    user = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": READER}
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": READER, "namespace": NAMESPACE},
        "roleRef": role,
        "subjects": [user],
    }
    hydra.plane.request("POST", MINE.rpartition("/")[0], binding)
    yield hydra.plane.user_kubeconfig(READER)
    hydra.plane.request("DELETE", MINE)


def until_published(hydra: Installation, text: str = "") -> Object:
    """Wait until the state is published, and a text of it says this."""

    def published() -> Object | None:
        found = hydra.plane.request("GET", STATE)
        return found if text in found.get("data", {}).get("state.json", "") else None

    found = hydra.plane.wait(published, f"the state is published with {text!r}")
    assert found is not None
    return found


PROBED = {"vllm-cpu": "serve"}  # of the pod that shows whether the API server trusts the webhook

BARE = """
apiVersion: v1
kind: Pod
metadata: {name: bare, labels: {hydra.io/runtime: one, hydra.io/model-id: m}}
spec: {containers: [{name: main, image: auto}]}
"""


def test_a_reader_renders_as_the_webhook_does_also_with_last_good_versions(hydra, reader):
    hydra.configure(templates=templates(one="good", two="good", **PROBED), agent=AGENT)
    hydra.run(HYDRA_WEBHOOK_MODEL_PORT="9000")
    first = until_published(hydra, '"model_port": 9000')
    assert json.loads(first["data"]["state.json"])["version"] == webhook.__version__

    broken = yaml.safe_load(templates(one="good", two="edited", **PROBED))
    broken["templates"][0]["podTemplate"] = 7
    hydra.plane.put(config_map("hydra-runtime-template", yaml.safe_dump(broken)))
    hydra.plane.wait(lambda: hydra.plane.request("GET", STATE)["binaryData"] != first["binaryData"], "it is published")

    rendered = run("render", "-f", "-", "--kubeconfig", reader, stdin=BARE)
    assert (rendered.status, hydra.command("one")) == (0, ["good"])
    assert yaml.safe_load(rendered.out)["spec"]["containers"][0]["command"] == ["good"]
    assert "last version without errors" in rendered.err or "last good" in rendered.err

    listed = run("runtimes", "--kubeconfig", reader, "-o", "json")
    assert [row["runtime"] for row in json.loads(listed.out)] == ["one", "two", "vllm-cpu"]
    assert "templates[0]" in listed.err

    linted = run("lint", "--kubeconfig", reader)
    assert linted.status == 1
    assert "ConfigMap hydra-system/hydra-runtime-template[config.yaml]:" in linted.out


@pytest.mark.thorough
def test_the_state_is_written_once_by_all_replicas_and_has_no_secret(hydra):
    hydra.configure(templates=templates(one="good", **PROBED), agent=AGENT)
    hydra.run(replicas=2)
    until_published(hydra, "templates")
    version = hydra.plane.request("GET", STATE)["metadata"]["resourceVersion"]
    (replica,) = hydra.run()
    replica.until_ready()
    time.sleep(2 * SETTLE_SECONDS)  # longer than it waits before it would write
    assert hydra.plane.request("GET", STATE)["metadata"]["resourceVersion"] == version
    secrets = hydra.plane.request("GET", f"{CORE}/secrets/hydra-webhook-ca")["data"]
    text = json.dumps(until_published(hydra))
    assert not any(value in text for value in secrets.values())


def test_without_the_right_to_read_the_state_commands_say_what_to_do(hydra):
    nobody = hydra.plane.user_kubeconfig("nobody")
    for command in (("runtimes",), ("render", "-f", "-")):
        result = run(*command, "--kubeconfig", nobody, stdin=BARE)
        assert (result.status, result.out) == (2, "")
        assert 'permission needed: get on configmaps named "hydra-webhook-state"' in result.err
        assert (
            "ClusterRole hydra-webhook-reader in namespace hydra-system, or name files with --templates" in result.err
        )
    agent = ROOT / "manifests/examples/configmap-hydra-agent.yaml"
    assert run("runtimes", "--kubeconfig", nobody, "--agent", agent).status == 0


@pytest.mark.thorough
@pytest.mark.usefixtures("site_lws")
def test_refresh_rolls_what_would_change_once(hydra):
    configure(hydra, "registry.example/engine:1")
    hydra.run()
    with hydra.plane.fresh_namespace() as namespace:
        fleet, other = Fleet(hydra, "fleet", namespace), Fleet(hydra, "other", namespace)
        for one in (fleet, other):
            one.send("apply")
            one.seen()
        admin = ("--kubeconfig", hydra.plane.kubeconfig, "-n", namespace)

        with fleet.stays():
            nothing = run("refresh", "lws/fleet", *admin, "--yes")
            assert nothing.status == 0
            assert f"leaderworkerset {namespace}/fleet: nothing would change" in nothing.out

        configure(hydra, "registry.example/engine:2")
        hydra.plane.wait(lambda: hydra.image() == "registry.example/engine:2", "the new configuration is in use")
        hydra.plane.wait(
            lambda: "engine:2" in run("render", "lws/fleet", *admin).out, "a command uses it too, for the bare form"
        )
        with fleet.stays(), other.stays():
            listed = run("refresh", "--all", *admin, "--dry-run")
            assert listed.status == 0
            assert listed.out.count(": rolls 1 group") == 2
            assert "Warning: " in listed.err
            refused = run("refresh", "--runtime", "vllm-cpu", *admin)
            assert refused.status == 1
            assert "give --yes" in refused.err

        with fleet.rolls(), other.stays():
            done = run("refresh", "lws/fleet", *admin, "--yes", "-o", "json")
            (row,) = json.loads(done.out)
            assert (done.status, row["changes"], row["refreshed"], row["denied"]) == (0, True, True, "")
        managers = [
            entry["manager"]
            for entry in hydra.plane.request("GET", f"{LWS}/namespaces/{namespace}/leaderworkersets/fleet")["metadata"][
                "managedFields"
            ]
        ]
        assert "hydra-webhook-refresh" in managers
        with fleet.stays(), other.rolls():
            assert run("refresh", "--all", *admin, "--yes").out.count(": refreshed") == 1
