"""What a user may want of a fleet besides other arguments: each rolls once, and what only looks like it rolls nothing."""

import copy
import json

import pytest

from tests.controlplane.fleets import GROUP, IMAGES, OLDER, QUEUE, ROLLS, SERVER_SIDE, Fleet, configure
from tests.controlplane.installation import Installation
from tests.controlplane.lws_objects import NAME, REVISION

HEAD = {"name": "head", "image": "auto", "args": ["--head"]}
ARGO = ("--field-manager=argocd-controller",)
TEMPLATES = ("leaderTemplate", "workerTemplate")
TRACKING = "argocd.argoproj.io/tracking-id"


@pytest.mark.thorough
def test_size_leader_model_name_runtime_and_old_files_roll_once_each_by_apply(hydra: Installation, fleet: Fleet):
    """One life, so that the webhook starts only once."""
    fleet.kubectl("label", f"{QUEUE}-")  # Kueue refuses another shape of a group, whoever wants it
    del fleet.file["metadata"]["labels"][QUEUE]
    original = fleet.stored["spec"]["leaderWorkerTemplate"]
    fleet.group["size"] = 1
    with fleet.rolls():
        assert ROLLS in fleet.send("apply")
        assert (fleet.worker["command"], fleet.inference("leaderTemplate")) == (["serve", "lone"], {})
    fleet.group["size"] = 2
    with fleet.rolls():
        assert ROLLS in fleet.send("apply")
    assert fleet.stored["spec"]["leaderWorkerTemplate"] == original

    fleet.group["leaderTemplate"] = {"spec": {"containers": [HEAD]}}
    with fleet.rolls():
        assert ROLLS in fleet.send("apply")
        assert fleet.inference("leaderTemplate")["args"] == ["--pp=2 --head"]
    with fleet.stays():
        fleet.send("apply")
        assert fleet.diff() == ""
    with fleet.rolls():
        del fleet.group["leaderTemplate"]
        fleet.send("apply")
    assert fleet.stored["spec"]["leaderWorkerTemplate"]["leaderTemplate"] == original["leaderTemplate"]

    fleet.file["metadata"]["annotations"] = {"hydra.io/model-name": "Of which nothing is rendered"}
    with fleet.stays():
        assert ROLLS not in fleet.send("apply")
        assert fleet.diff() == ""

    before = copy.deepcopy(fleet.file)
    fleet.container["args"] = ["--b"]
    with fleet.rolls():
        fleet.send("apply")
    configure(hydra, IMAGES[1])
    fleet.file = before
    with fleet.rolls():
        assert ROLLS in fleet.send("apply"), "the roll-back by an old file is not announced"
    assert (fleet.worker["args"], fleet.worker["image"]) == (["--pp=2 --a"], IMAGES[1])
    with fleet.stays():
        assert ROLLS not in fleet.send("apply")


@pytest.mark.thorough
def test_two_managers_with_fields_of_their_own_and_argo_cd_roll_nothing_that_they_do_not_mean(
    hydra: Installation, fleet: Fleet
):
    configure(hydra, IMAGES[1])
    with fleet.stays(generations=1):
        team = _owning(fleet, replicas=2)
        team.send("apply", "--server-side", "--field-manager=scaler", "--force-conflicts")
        fleet.file["spec"].pop("replicas")
        for _ in range(2):
            assert OLDER in fleet.send("apply", *SERVER_SIDE, "--field-manager=owner")
            team.send("apply", "--server-side", "--field-manager=scaler")
        assert fleet.stored["spec"]["replicas"] == 2
        assert fleet.diff(*SERVER_SIDE, "--field-manager=owner") == ""
    fleet.container["args"] = ["--b"]
    with fleet.rolls():
        assert ROLLS in fleet.send("apply", *SERVER_SIDE, "--field-manager=owner")
    assert (fleet.worker["args"], fleet.worker["image"]) == (["--pp=2 --b"], IMAGES[1])
    with fleet.stays():
        team.send("apply", "--server-side", "--field-manager=scaler")
        fleet.send("apply", *SERVER_SIDE, "--field-manager=owner")
    with fleet.rolls():
        tolerating = _owning(fleet, replicas=2)
        tolerating.group["workerTemplate"] = {"spec": {"containers": [{"name": "main", "env": [{"name": "TEAM"}]}]}}
        tolerating.send("apply", "--server-side", "--field-manager=scaler", "--force-conflicts")
    assert {"name": "TEAM"} in fleet.worker["env"]
    with fleet.stays():
        fleet.send("apply", *SERVER_SIDE, "--field-manager=owner")
        tolerating.send("apply", "--server-side", "--field-manager=scaler")


def _owning(fleet: Fleet, replicas: int) -> Fleet:
    """Return what a second manager applies to a fleet: its replicas alone."""
    other = Fleet(fleet.hydra, fleet.name, fleet.namespace)
    spec = {
        "replicas": replicas,
        "leaderWorkerTemplate": {"workerTemplate": {"spec": {"containers": [{"name": "main"}]}}},
    }
    other.file = {"apiVersion": GROUP, "kind": "LeaderWorkerSet", "metadata": {"name": fleet.name}, "spec": spec}
    return other


@pytest.mark.thorough
def test_argo_cd_syncs_an_unchanged_file_without_a_roll(hydra: Installation, fleet: Fleet):
    """Its verbs, with its own label and annotation: client-side apply, server-side apply, replace."""
    fleet.file["metadata"]["labels"]["app.kubernetes.io/instance"] = "application"
    fleet.file["metadata"]["annotations"] = {
        TRACKING: "application:leaderworkerset.x-k8s.io/LeaderWorkerSet:default/fleet"
    }
    configure(hydra, IMAGES[1])
    with fleet.stays():
        for verb in (("apply", *ARGO), ("apply", *SERVER_SIDE, *ARGO), ("replace", *ARGO), ("apply", *ARGO)):
            assert ROLLS not in fleet.send(*verb), verb
            assert fleet.diff() == fleet.diff(*SERVER_SIDE, *ARGO) == "", verb
    for args, options in ((["--b"], ARGO), (["--c"], (*SERVER_SIDE, *ARGO))):
        fleet.container["args"] = args
        with fleet.rolls():
            assert ROLLS in fleet.send("apply", *options)
        with fleet.stays():
            fleet.send("apply", *options)


@pytest.mark.thorough
def test_labels_changed_removed_and_added(hydra: Installation, fleet: Fleet):
    with fleet.rolls():
        assert ROLLS in fleet.kubectl("label", "hydra.io/model-id=other", "--overwrite")
    assert _labels(fleet)["hydra.io/model-id"] == "other"
    with fleet.stays():
        assert "[label-removed]" in fleet.kubectl("label", "hydra.io/runtime-", check=False)
        assert "[unknown-runtime]" in fleet.kubectl("label", "hydra.io/runtime=none", "--overwrite", check=False)

    with_image = Fleet(hydra, "with-image")
    with_image.container["image"] = "registry.example/own:1"
    del with_image.file["metadata"]["labels"][QUEUE]  # a bare form has other ports and init containers
    with_image.send("apply")
    rendered = with_image.stored["spec"]["leaderWorkerTemplate"]
    with with_image.rolls():
        assert "the bare form was restored" in with_image.kubectl("label", "hydra.io/runtime-")
    assert "leaderTemplate" not in with_image.stored["spec"]["leaderWorkerTemplate"]
    assert "command" not in with_image.worker
    with with_image.rolls():
        assert ROLLS in with_image.kubectl("label", "hydra.io/runtime=vllm-cpu")
    again = with_image.stored["spec"]["leaderWorkerTemplate"]
    assert [again[name]["spec"] for name in TEMPLATES] == [rendered[name]["spec"] for name in TEMPLATES]
    with with_image.stays():
        with_image.kubectl("label", "hydra.io/inject=false")
        with_image.kubectl("annotate", "hydra.io/refresh=1")
        with_image.kubectl("label", "hydra.io/inject-")
    with_image.kubectl("delete")


def _labels(fleet: Fleet) -> dict[str, str]:
    labels: dict[str, str] = fleet.stored["spec"]["leaderWorkerTemplate"]["workerTemplate"]["metadata"]["labels"]
    return labels


@pytest.mark.thorough
def test_a_record_deleted_or_spoilt_in_the_editor(hydra: Installation, fleet: Fleet):
    configure(hydra, IMAGES[1])
    before = fleet.stored["spec"]
    with fleet.stays():
        fleet.edit("/hydra.io.rendered:/,/default-container:/d")  # it is folded into several lines
        assert fleet.stored["spec"] == before
    fleet.kubectl("label", "hydra.io/inject=false")
    for name in TEMPLATES:
        fleet.patch(f"/spec/leaderWorkerTemplate/{name}/metadata/annotations/hydra.io~1rendered", "{")
    refusal = fleet.kubectl("label", "hydra.io/inject-", check=False)
    assert "kubectl replace" in refusal
    assert "[invalid-record]" in refusal
    assert "[invalid-record]" in fleet.send("apply", check=False) + fleet.kubectl(
        "label", "hydra.io/inject-", check=False
    )
    with fleet.rolls():
        assert ROLLS in fleet.send("replace"), "the remedy of the denial does not work"
    assert fleet.worker["image"] == IMAGES[1]
    with fleet.stays():
        fleet.send("apply")
        fleet.send("replace")


@pytest.mark.thorough
def test_updates_while_a_group_is_being_rebuilt(hydra: Installation, fleet: Fleet):
    configure(hydra, IMAGES[1])
    pods = f"/api/v1/namespaces/default/pods/{fleet.name}-0"
    leader = hydra.plane.wait(lambda: hydra.plane.request("GET", pods), "the leader exists")
    with fleet.stays(generations=1):
        hydra.plane.request("DELETE", pods)
        fleet.send("apply")
        fleet.kubectl("annotate", "foreign.example/key=value")
        fleet.kubectl("scale", "--replicas=2")
        fleet.send("apply", *SERVER_SIDE, "--field-manager=another", "--dry-run=server")

        def rebuilt() -> bool:
            found = hydra.plane.request("GET", pods)["metadata"]
            return found["uid"] != leader["metadata"]["uid"]

        hydra.plane.wait(rebuilt, "the leader has been rebuilt")
    again = hydra.plane.request("GET", pods)
    assert again["metadata"]["labels"][REVISION] == leader["metadata"]["labels"][REVISION]
    assert again["spec"]["containers"][0]["image"] == IMAGES[0]
    newest = hydra.plane.wait(
        lambda: hydra.plane.request("GET", f"{pods.removesuffix('0')}1"), "the group that scaling added exists"
    )
    assert newest["spec"]["containers"][0]["image"] == IMAGES[0]
    assert newest["metadata"]["labels"][NAME] == fleet.name


@pytest.mark.thorough
def test_a_child_of_a_disaggregated_set_is_refreshed_through_its_worker_template(hydra: Installation, queued: None):
    """Its controller copies neither labels nor annotations of the role to running children, but what is in the template."""
    configure(hydra, IMAGES[0])
    hydra.run()
    child = Fleet(hydra, "set-0-5f7d9c-prefill")
    mine = {f"disaggregatedset.x-k8s.io/{key}": value for key, value in (("name", "set"), ("role", "prefill"), ("slice", "0"), ("revision", "5f7d9c"))}  # fmt: skip
    child.file["metadata"]["labels"] |= mine
    child.group["workerTemplate"]["metadata"] = {"labels": dict(mine)}
    child.send("create")
    assert {**_labels(child), **mine} == _labels(child)
    configure(hydra, IMAGES[1])
    with child.stays(generations=1):
        child.patch("/spec/replicas", 2)  # which is how its controller scales
        child.kubectl("annotate", "disaggregatedset.x-k8s.io/initial-replicas=2")
    with child.rolls():
        patch = {"metadata": {"annotations": {"hydra.io/refresh": "1"}}}
        patch = {"spec": {"leaderWorkerTemplate": {"workerTemplate": patch}}}
        assert ROLLS in child.kubectl("patch", "--type=merge", "--patch", json.dumps(patch))
    assert child.worker["image"] == IMAGES[1]
    assert {**_labels(child), **mine} == _labels(child)
    child.kubectl("delete")
