"""Updates of a fleet by the verbs of kubectl and Helm: a group restarts because its user wants it to, and for no other reason.

What counts is what LeaderWorkerSet makes of an update: ``metadata.generation`` counts every change of the spec, and a new
template-revision-hash replaces every group.
"""

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.controlplane import binaries
from tests.controlplane.installation import Installation
from tests.controlplane.lws_objects import REVISION
from tests.controlplane.objects import Object, leader_worker_set

pytestmark = pytest.mark.usefixtures("site_lws")

TEMPLATES = """
templates:
- runtime: vllm-cpu
  podTemplate:
    containerTemplate:
      commandTemplate: [serve, '{{ .ROLE }}']
      argsTemplate: ['--pp={{ .PP_SIZE }}{{ range .CUSTOM_ARGS }} {{ . }}{{ end }}']
"""
IMAGES = "registry.example/engine:1", "registry.example/engine:2"
LABELS = {"hydra.io/runtime": "vllm-cpu", "hydra.io/model-id": "m"}
IMAGE_PATH = "/spec/leaderWorkerTemplate/workerTemplate/spec/containers/0/image"
RECORD_PATH = "/spec/leaderWorkerTemplate/workerTemplate/metadata/annotations/hydra.io~1rendered"
SERVER_SIDE = "--server-side", "--force-conflicts"
ROLLS = "groups will roll: revision "
OLDER = "older revision is kept"


class Fleet:
    """One LeaderWorkerSet in the cluster, and the bare file of its user."""

    def __init__(self, hydra: Installation, name: str, namespace: str = "default") -> None:
        self.hydra, self.name, self.namespace = hydra, name, namespace
        self.file: Object = leader_worker_set(name, namespace)
        self.file["metadata"]["labels"] = dict(LABELS)
        self.container = self.file["spec"]["leaderWorkerTemplate"]["workerTemplate"]["spec"]["containers"][0]
        self.container |= {"image": "auto", "args": ["--a"]}

    def kubectl(self, verb: str, *arguments: str, check: bool = True) -> str:
        """Let kubectl act on the LeaderWorkerSet; return the warnings and errors that it prints."""
        options = ("leaderworkerset", self.name, "--namespace", self.namespace, *arguments)
        return self.hydra.plane.kubectl(verb, *options, check=check).stderr

    def patch(self, path: str, value: Any, *, check: bool = True) -> str:
        operation = {"op": "replace", "path": path, "value": value}
        return self.kubectl("patch", "--type=json", "--patch", json.dumps([operation]), check=check)

    def edit(self, script: str) -> None:
        """Run `kubectl edit` with a script of sed as the editor."""
        environ = {"KUBECONFIG": str(self.hydra.plane.kubeconfig), "KUBE_EDITOR": f"sed -i '{script}'"}
        command = [binaries.find("kubectl") or "kubectl", "edit", "leaderworkerset", self.name, "-n", self.namespace]
        done = self.hydra.plane.run(command, environ)
        assert done.returncode == 0, done.stderr

    def send(self, verb: str, *options: str, check: bool = True) -> str:
        """Send the file of the user; return the warnings and errors that kubectl prints."""
        done = self.hydra.plane.kubectl(verb, *options, "-f", "-", stdin=json.dumps(self.file), check=check)
        return done.stderr

    def diff(self, *options: str) -> str:
        """Return what `kubectl diff` of the user's file prints, without warnings."""
        return self.hydra.plane.kubectl("diff", *options, "-f", "-", stdin=json.dumps(self.file)).stdout

    @property
    def stored(self) -> Object:
        return self.hydra.plane.get("leaderworkerset", self.name, self.namespace)

    @property
    def worker(self) -> Object:
        """The container of the worker template as it is stored."""
        container: Object = self.stored["spec"]["leaderWorkerTemplate"]["workerTemplate"]["spec"]["containers"][0]
        return container

    def seen(self) -> tuple[int, str]:
        """Return generation and template-revision-hash, once the controller has seen the newest spec."""

        def seen() -> tuple[int, str] | None:
            stored = self.stored
            generation = stored["metadata"]["generation"]
            if stored.get("status", {}).get("observedGeneration") != generation:
                return None
            leaders = self.hydra.plane.get("statefulset", self.name, self.namespace)
            return generation, leaders["metadata"]["labels"][REVISION]

        found = self.hydra.plane.wait(seen, f"the controller has seen the newest spec of {self.name}")
        assert found is not None
        return found

    @contextlib.contextmanager
    def stays(self, generations: int = 0) -> Iterator[None]:
        """Check that what happens meanwhile rolls nothing, and changes the spec so many times in what rolls nothing."""
        generation, revision = self.seen()
        yield
        assert self.seen() == (generation + generations, revision)

    @contextlib.contextmanager
    def rolls(self) -> Iterator[None]:
        """Check that what happens meanwhile is one change of the spec, which replaces every group."""
        generation, revision = self.seen()
        yield
        after = self.seen()
        assert after[0] == generation + 1
        assert after[1] != revision


def configure(hydra: Installation, image: str, runtime: str = "vllm-cpu") -> None:
    """Write the configuration; wait until the webhook uses it, unless it has no entry for the runtime of the fleet."""
    container = {"image": image}
    agent = {"deployment_templates": [{"match_runtimes": [runtime], "container_template": container}]}
    hydra.configure(templates=TEMPLATES.replace("vllm-cpu", runtime), agent=yaml.safe_dump(agent))
    if hydra.replicas:
        hydra.plane.wait(lambda: hydra.image(runtime) == image, f"pods of {runtime} get {image}")


@pytest.fixture
def fleet(hydra: Installation) -> Iterator[Fleet]:
    """A fleet that was created by client-side apply; the configuration is as it was then."""
    configure(hydra, IMAGES[0])
    hydra.run()
    fleet = Fleet(hydra, "fleet")
    fleet.send("apply")
    yield fleet
    fleet.hydra.plane.kubectl("delete", "leaderworkerset", "fleet", "--cascade=foreground")


def test_no_verb_rolls_a_fleet_after_an_edit_of_the_configuration_until_its_user_wants_that(hydra, fleet):
    saved, original = fleet.stored, fleet.worker
    assert (original["image"], original["command"]) == (IMAGES[0], ["serve", "worker"])
    with fleet.stays():
        configure(hydra, IMAGES[1])
        assert OLDER in fleet.send("apply")
        assert fleet.diff() == ""
        fleet.kubectl("annotate", "foreign.example/key=value")
        fleet.kubectl("label", "foreign=value")
        assert OLDER in fleet.send("apply", *SERVER_SIDE)
        assert fleet.diff(*SERVER_SIDE) == ""
        assert OLDER in fleet.send("replace")
        assert fleet.diff() == fleet.diff(*SERVER_SIDE) == ""
    with fleet.stays(generations=4):
        assert fleet.kubectl("scale", "--replicas=2") == ""
        assert fleet.kubectl("scale", "--replicas=1") == ""
        fleet.patch("/spec/rolloutStrategy/rollingUpdateConfiguration/maxUnavailable", 2)
        fleet.edit("s/maxUnavailable: 2/maxUnavailable: 1/")
    with fleet.stays():
        fleet.send("apply")
    assert fleet.worker == original

    fleet.container["args"] = ["--b"]
    with fleet.rolls():
        assert ROLLS in fleet.send("apply")
        assert (fleet.worker["image"], fleet.worker["args"]) == (IMAGES[1], ["--pp=2 --b"])
    with fleet.stays():
        assert ROLLS not in fleet.send("apply")
    fleet.container["args"] = ["--c"]
    with fleet.rolls():
        assert ROLLS in fleet.send("apply", *SERVER_SIDE)
        assert fleet.worker["args"] == ["--pp=2 --c"]
    with fleet.stays():
        assert ROLLS not in fleet.send("apply", *SERVER_SIDE)
    fleet.file["spec"]["leaderWorkerTemplate"]["size"] = 3
    with fleet.rolls():
        assert ROLLS in fleet.send("replace")
        assert fleet.worker["args"] == ["--pp=3 --c"]
    fleet.file = saved
    for key in ("resourceVersion", "generation", "managedFields"):
        saved["metadata"].pop(key, None)
    with fleet.rolls():
        fleet.send("replace")
        assert fleet.worker == original, "a saved rendering is not rendered anew"


def test_a_refresh_rolls_once_and_an_edit_by_hand_is_kept_until_then(hydra, fleet):
    configure(hydra, IMAGES[1])
    with fleet.rolls():  # the edit is the user's intent
        assert "worker: edits of rendered fields are kept: /spec/containers/name=main/image" in fleet.patch(
            IMAGE_PATH, "hot/fix:1"
        )
    with fleet.stays(generations=1):
        fleet.kubectl("scale", "--replicas=2")
    fleet.file["spec"]["replicas"] = 2
    with fleet.stays():
        fleet.send("apply")
        fleet.send("apply", *SERVER_SIDE)
        assert fleet.diff() == ""
        assert fleet.worker["image"] == "hot/fix:1"
    with fleet.rolls():
        warnings = fleet.kubectl("annotate", "hydra.io/refresh=1")
        assert ROLLS in warnings
        assert "worker: edits of rendered fields are given up: /spec/containers/name=main/image" in warnings
        assert fleet.worker["image"] == IMAGES[1]
    with fleet.stays():
        fleet.kubectl("annotate", "hydra.io/refresh=2", "--overwrite")
        fleet.kubectl("annotate", "hydra.io/refresh-")
        record = fleet.stored["spec"]["leaderWorkerTemplate"]["workerTemplate"]["metadata"]["annotations"]
        removal = json.dumps([{"op": "remove", "path": RECORD_PATH}])
        fleet.kubectl("patch", "--type=json", "--patch", removal)
        assert fleet.stored["spec"]["leaderWorkerTemplate"]["workerTemplate"]["metadata"]["annotations"] == record
        refusal = fleet.kubectl("label", "hydra.io/runtime-", check=False)
        assert "without label hydra.io/runtime the bare form would run" in refusal
        assert "[label-removed]" in refusal

    configure(hydra, IMAGES[0], runtime="another")
    with fleet.stays():
        fleet.send("apply")
        fleet.send("apply", *SERVER_SIDE)
        fleet.send("replace")
        fleet.kubectl("annotate", "foreign.example/key=value")
        fleet.container["args"] = ["--b"]
        assert "[unknown-runtime]" in fleet.send("apply", check=False)


@pytest.mark.thorough
def test_while_the_webhook_is_away_a_fleet_can_be_scaled_but_not_rolled_to_placeholders(hydra, fleet):
    hydra.stop_all()
    with fleet.stays(generations=1):
        fleet.kubectl("scale", "--replicas=2")
        fleet.kubectl("annotate", "foreign.example/key=value")
        for verb in (("apply",), ("apply", *SERVER_SIDE), ("replace",)):
            assert 'failed calling webhook "leaderworkersets.webhook.hydra.io"' in fleet.send(*verb, check=False)


@pytest.mark.thorough
def test_a_fleet_from_before_the_installation_is_rendered_once_its_user_wants_that(hydra, fleet):
    """Its pods cannot be changed otherwise: the policy refuses what is stored without a record."""
    with hydra.plane.fresh_namespace() as namespace:
        hydra.plane.kubectl("label", "namespace", namespace, "hydra.io/inject=false")
        old = Fleet(hydra, "old", namespace)
        old.container["image"] = "example.com/own:1"

        def stored_as_sent() -> bool:
            old.send("apply")
            if old.worker.get("command") is None:
                return True
            old.kubectl("delete")
            return False

        hydra.plane.wait(stored_as_sent, "the API server leaves the namespace alone")
        hydra.plane.kubectl("label", "namespace", namespace, "hydra.io/inject-")
        bare = Fleet(hydra, "probe", namespace)
        hydra.plane.wait(
            lambda: "serve" in hydra.plane.kubectl(
                "create", "--dry-run=server", "-o", "json", "-f", "-", stdin=json.dumps(bare.file), check=False
            ).stdout,
            "the API server calls the webhook for the namespace",
        )  # fmt: skip
        with old.stays(generations=1):
            old.kubectl("scale", "--replicas=2")
        old.file["spec"]["replicas"] = 2
        with old.stays():
            old.kubectl("annotate", "foreign.example/key=value")
            old.send("apply")
            refusal = old.patch("/spec/leaderWorkerTemplate/restartPolicy", "None", check=False)
            assert "still as stored before the webhook came; to render, set hydra.io/refresh" in refusal
            assert "hydra-webhook-record-leaderworkersets" in refusal
        with old.rolls():
            assert ROLLS in old.kubectl("annotate", "hydra.io/refresh=1")
            assert old.worker["command"] == ["serve", "worker"]
            assert old.worker["image"] == "example.com/own:1"


@pytest.mark.thorough
def test_helm_rolls_a_fleet_once_for_a_changed_argument_and_not_for_another_value(hydra, fleet, tmp_path):
    release = Fleet(hydra, "of-helm")
    release.container["args"] = ["{{ .Values.argument }}"]
    release.file["spec"]["replicas"] = 1
    release.file["metadata"]["annotations"] = {"example.com/other": "{{ .Values.other }}"}
    (tmp_path / "templates").mkdir()
    (tmp_path / "Chart.yaml").write_text("apiVersion: v2\nname: of-helm\nversion: 0.1.0\n")
    (tmp_path / "values.yaml").write_text('argument: --a\nother: "1"\n')
    (tmp_path / "templates" / "fleet.yaml").write_text(yaml.safe_dump(release.file))

    def upgrade(*options: str) -> str:
        return hydra.plane.helm("upgrade", "--install", "of-helm", tmp_path, *options).stderr

    upgrade()
    configure(hydra, IMAGES[1])
    with release.stays():
        upgrade()
        upgrade("--set-string", "other=2")
        upgrade("--set-string", "other=2", "--force")
    with release.rolls():
        assert ROLLS in upgrade("--set", "argument=--b")
        assert (release.worker["image"], release.worker["args"]) == (IMAGES[1], ["--pp=2 --b"])
    with release.stays():
        upgrade("--set", "argument=--b")
    hydra.plane.helm("uninstall", "of-helm")
