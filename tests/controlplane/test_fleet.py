"""Updates of a fleet by the verbs of kubectl and Helm: a group restarts because its user wants it to, and for no other reason."""

import json

import pytest
import yaml

from tests.controlplane.fleets import (
    IMAGE_PATH,
    IMAGES,
    OLDER,
    QUEUE,
    RECORD_PATH,
    ROLLS,
    SERVER_SIDE,
    Fleet,
    configure,
)

pytestmark = pytest.mark.usefixtures("site_lws")

RESTARTING = {"restartPolicy": "None"}


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
        del old.file["metadata"]["labels"][QUEUE]  # its first rendering has other ports and init containers
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
            assert (
                "it was stored without the webhook, and this update would replace its pods. Set annotation" in refusal
            )
            assert "hydra.io/refresh to any value, now or before, and the webhook renders it" in refusal
        with old.rolls():
            both = {
                "metadata": {"annotations": {"hydra.io/refresh": "1"}},
                "spec": {"leaderWorkerTemplate": RESTARTING},
            }
            assert ROLLS in old.kubectl("patch", "--type=merge", "--patch", json.dumps(both))
            assert old.worker["command"] == ["serve", "worker"]
            assert old.worker["image"] == "example.com/own:1"
        with old.stays():
            old.kubectl("annotate", "hydra.io/refresh=2", "--overwrite")


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
