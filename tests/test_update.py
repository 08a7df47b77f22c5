"""Updates of LeaderWorkerSets, by the seven steps of contract section 9: recorded ones, and what people do to a fleet."""

import base64
import copy
import json
from pathlib import Path

import jsonpatch
import pytest

from tests import fleet
from tests.updates import IMAGE, NEWER, STATE, bare, codes, created, filled_in, group, main, state, templates, updated
from webhook import catalog, errors, mutation, notices, rendering, review, workload
from webhook.settings import Settings

UPDATES = Path(__file__).parent / "reviews" / "updates"

# What API servers sent


def recorded(name):
    return json.loads((UPDATES / f"{name}.json").read_text())


UNCHANGED, KEPT, ROLLS, EDITED = "update-without-effect", "kept", "rendered", "an edit is kept"
RECORDED = {
    "annotate": UNCHANGED,
    "apply-after-create": KEPT,
    "apply-changed-args": ROLLS,
    "apply-changed-env": ROLLS,
    "apply-changed-size": ROLLS,
    "apply-same": KEPT,
    "helm-upgrade-changed-args": ROLLS,
    "helm-upgrade-replicas": UNCHANGED,
    "helm-upgrade-unchanged": UNCHANGED,
    "json-patch-hand-image": EDITED,
    "kubectl-edit-replicas": UNCHANGED,
    "label-removed": "label-removed",
    "merge-patch-size": ROLLS,
    "replace-bare": KEPT,
    "replace-bare-changed-args": ROLLS,
    "replace-stored-with-hand-image": EDITED,
    "scale-by-patch": UNCHANGED,
    "server-side-changed-args": ROLLS,
    "server-side-forced-by-another": KEPT,
    "server-side-forced-by-another-2": UNCHANGED,
    "server-side-same": KEPT,
}


def test_every_recorded_update_is_here():
    assert {path.stem for path in UPDATES.glob("*.json")} == RECORDED.keys()


@pytest.mark.parametrize(("name", "expected"), RECORDED.items(), ids=RECORDED)
def test_a_recorded_update_rolls_only_if_its_user_wanted_that(name, expected):
    reviewed = recorded(name)

    decision = review.decide(json.dumps(reviewed).encode(), mutation.handle, STATE)

    response = json.loads(decision.body)["response"]
    request = reviewed["request"]
    if expected == "label-removed":
        assert (response["allowed"], decision.reason) == (False, expected)
        return
    assert response["allowed"], response
    operations = json.loads(base64.b64decode(response["patch"])) if "patch" in response else []
    value = jsonpatch.apply_patch(request["object"], operations)
    rolls = group(value) != group(request["oldObject"])
    assert rolls == (expected in (ROLLS, EDITED))
    warned = " ".join(response.get("warnings", []))
    assert ("groups will roll" in warned) == (expected == ROLLS)
    assert ("edits of rendered fields are kept" in warned) == (expected == EDITED)
    assert decision.reason == (KEPT if expected == EDITED else expected)
    again = copy.deepcopy(reviewed)
    again["request"]["object"] = value
    second = review.decide(json.dumps(again).encode(), mutation.handle, STATE)
    assert "patch" not in json.loads(second.body)["response"], "the second call within the request changed something"
    assert value["spec"]["replicas"] == request["object"]["spec"]["replicas"]


# The verbs, after an edit of the configuration

APPLY_SAME = {
    "client-side apply": lambda stored: {**stored, "spec": {**stored["spec"], "leaderWorkerTemplate": {**group(stored), "workerTemplate": {**group(stored)["workerTemplate"], "spec": {**group(stored)["workerTemplate"]["spec"], "containers": group(bare())["workerTemplate"]["spec"]["containers"]}}}}},
    "replace": lambda _: bare(),
}  # fmt: skip


@pytest.mark.parametrize("verb", APPLY_SAME)
def test_the_bare_file_applied_again_changes_nothing_after_an_edit_of_the_configuration(verb):
    stored = created(bare())

    decided = updated(APPLY_SAME[verb](copy.deepcopy(stored)), stored, NEWER)

    assert group(decided.value) == group(stored)
    assert codes(decided) == ["older-revision", "older-revision"]


def test_an_unrelated_field_of_the_file_does_not_render_anew():
    stored = created(bare())
    value = bare()
    value["spec"]["replicas"] = 5
    value["metadata"]["labels"]["team"] = "a"

    decided = updated(value, stored, NEWER)

    assert group(decided.value) == group(stored)
    assert decided.value["spec"]["replicas"] == 5


def test_changed_args_roll_once_with_the_configuration_of_now():
    stored = created(bare())

    decided = updated(bare(["--b"]), stored, NEWER)

    assert main(decided.value)["command"] == ["serve-newer", "worker"]
    assert main(decided.value)["args"] == ["--tp=1 --b"]
    assert codes(decided) == ["groups-roll", "groups-roll"]
    again = updated(bare(["--b"]), created(bare(["--b"]), NEWER), NEWER)
    assert codes(again) == []


def test_a_changed_size_rolls():
    stored = created(bare())
    value = copy.deepcopy(stored)
    group(value)["size"] = 3

    decided = updated(value, stored)

    assert group(decided.value)["size"] == 3
    assert main(decided.value, "leaderTemplate")["image"] == IMAGE


def test_a_group_of_one_loses_the_leader_that_was_made_for_it_and_gets_it_back():
    stored = created(bare())
    value = copy.deepcopy(stored)
    group(value)["size"] = 1

    alone = updated(value, stored).value
    assert "leaderTemplate" not in group(alone)
    assert main(alone)["command"] == ["serve", "lone"]

    value = copy.deepcopy(alone)
    group(value)["size"] = 2
    assert group(updated(value, copy.deepcopy(alone)).value) == group(stored)


def test_a_refresh_renders_anew_once_and_taking_it_away_does_nothing():
    stored = created(bare())
    value = copy.deepcopy(stored)
    value["metadata"]["annotations"] = {"hydra.io/refresh": "1"}

    refreshed = updated(value, stored, NEWER)
    assert main(refreshed.value)["command"] == ["serve-newer", "worker"]
    assert codes(refreshed) == ["groups-roll", "groups-roll"]

    stored = copy.deepcopy(refreshed.value)
    value = copy.deepcopy(stored)
    del value["metadata"]["annotations"]["hydra.io/refresh"]
    assert updated(value, stored, state(command="newest")).reason == "update-without-effect"


def test_a_refresh_of_the_worker_template_counts_too():
    stored = created(bare())
    value = copy.deepcopy(stored)
    group(value)["workerTemplate"]["metadata"]["annotations"]["hydra.io/refresh"] = "1"

    assert main(updated(value, stored, NEWER).value)["command"] == ["serve-newer", "worker"]


@pytest.mark.parametrize(
    "intent",
    [
        pytest.param({"hydra.io/model-name": "Other"}, id="a model name of which nothing is rendered"),
        pytest.param({"hydra.io/refresh": "1"}, id="a refresh of what is up to date"),
    ],
)
def test_an_intent_that_changes_nothing_rolls_nothing(intent):
    stored = created(bare())
    value = copy.deepcopy(stored)
    value["metadata"]["annotations"] = intent

    decided = updated(value, stored)

    assert group(decided.value) == group(stored)
    assert codes(decided) == []


# Edits by hand


def test_a_configuration_that_comes_to_the_same_does_not_roll_because_of_what_the_crd_has_filled_in():
    stored = filled_in(created(bare(), state(more="      ports: [{containerPort: 8000}]\n")))
    spelt_out = state(more="      ports: [{containerPort: 8000, protocol: TCP}]\n")
    value = copy.deepcopy(stored)
    value["metadata"]["annotations"] = {"hydra.io/refresh": "1"}

    refreshed = updated(value, stored, spelt_out)

    assert group(refreshed.value) == group(stored)
    assert codes(refreshed) == []


def test_a_field_that_this_release_does_not_know_is_brought_by_a_refresh():
    stored = created(bare(), state(more="      futureField: 1\n"))
    value = copy.deepcopy(stored)
    value["metadata"]["annotations"] = {"hydra.io/refresh": "1"}

    assert main(updated(value, stored, state(more="      futureField: 2\n")).value)["futureField"] == 2


def edited(stored, image="hot/fix:1"):
    value = copy.deepcopy(stored)
    main(value)["image"] = image
    return value


def test_an_edit_is_kept_with_a_warning_and_survives_a_scale_and_an_apply_of_other_parts():
    stored = created(bare())

    kept = updated(edited(stored), stored, NEWER)
    assert main(kept.value)["image"] == "hot/fix:1"
    assert main(kept.value)["command"] == ["serve", "worker"]
    assert codes(kept) == ["hand-edit-kept", "older-revision", "older-revision"]
    assert notices.in_full(kept.notices)[0].startswith(
        "worker: edits of rendered fields are kept: /spec/containers/name=main/image"
    )

    stored = copy.deepcopy(kept.value)
    value = copy.deepcopy(stored)
    value["spec"]["replicas"] = 9
    assert updated(value, stored).reason == "update-without-effect"
    group(value)["restartPolicy"] = "None"
    foreign = updated(value, stored)
    assert main(foreign.value)["image"] == "hot/fix:1"
    assert codes(foreign) == ["hand-edit-kept"]
    assert codes(updated(bare(), stored)) == ["hand-edit-kept"], "a re-apply does not say that an edit is kept"


@pytest.mark.parametrize("intent", ["input", "refresh"])
def test_an_earlier_edit_is_given_up_by_name_when_something_renders_anew(intent):
    stored = created(bare())
    stored = copy.deepcopy(updated(edited(stored), stored).value)
    value = copy.deepcopy(stored)
    if intent == "input":
        group(value)["size"] = 3
    else:
        value["metadata"]["annotations"] = {"hydra.io/refresh": "1"}

    decided = updated(value, stored)

    assert main(decided.value)["image"] == IMAGE
    [given_up] = [notice for notice in decided.notices if notice.code == "hand-edit-given-up"]
    assert (given_up.cases, given_up.pod_template) == (("/spec/containers/name=main/image",), "workerTemplate")


def test_an_edit_and_an_input_in_one_request_are_denied():
    stored = created(bare())
    value = edited(stored)
    group(value)["size"] = 3

    with pytest.raises(
        errors.Denied, match=r"workerTemplate/spec/containers/name=main/image.*one after the other"
    ) as denial:
        updated(value, stored)
    assert denial.value.code == "edit-with-input"


def test_what_the_client_adds_to_a_container_that_came_bare_is_its_own():
    stored = created(bare())
    value = bare(["--b"])
    main(value)["command"] = ["mine"]

    decided = updated(value, stored)

    assert main(decided.value)["command"] == ["mine"]
    assert main(decided.value)["args"] == ["--b"]


def test_env_of_the_file_is_an_input_and_keeps_its_place_beside_what_was_rendered():
    stored = created(bare())
    value = bare()
    main(value)["env"] = [{"name": "B", "value": "own"}]

    decided = updated(value, stored)

    assert main(decided.value)["env"] == [{"name": "A", "value": "template"}, {"name": "B", "value": "own"}]
    assert codes(decided) == ["groups-roll", "groups-roll"]


def test_a_toleration_of_the_file_is_compared_without_what_rendering_added():
    value = bare()
    group(value)["workerTemplate"]["spec"]["tolerations"] = [{"key": "own", "operator": "Exists"}]
    stored = created(value)

    assert group(updated(copy.deepcopy(value), stored).value) == group(stored)


# Who wrote what


def applied(value, fields, manager="team"):
    """Return an object whose manager owns these fields of the worker template by server-side apply."""
    owned = {"f:spec": {"f:leaderWorkerTemplate": {"f:workerTemplate": {"f:spec": fields}}}}
    entry = {"manager": manager, "operation": "Apply", "fieldsType": "FieldsV1", "fieldsV1": owned}
    value["metadata"]["managedFields"] = [entry]
    return value


def test_a_field_that_the_manager_owns_by_server_side_apply_is_an_input():
    stored = created(bare())
    fields = {"f:containers": {'k:{"name":"main"}': {".": {}, "f:image": {}}}}

    decided = updated(applied(edited(stored), fields), stored, manager="team")

    assert main(decided.value)["image"] == "hot/fix:1"
    assert "groups-roll" in codes(decided)
    assert "hand-edit-kept" in codes(updated(applied(edited(stored), fields), stored, manager="another"))


def test_a_changed_file_of_client_side_apply_makes_its_fields_inputs():
    stored = created(bare())
    stored["metadata"]["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": "1"}
    value = edited(stored)
    value["metadata"]["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": "2"}

    assert "groups-roll" in codes(updated(value, stored))


def test_where_only_args_are_rendered_new_args_are_an_input():
    runtime = "templates: [{runtime: vllm-cpu, podTemplate: {containerTemplate: {argsTemplate: ['--served']}}}]"
    documents = [
        catalog.Document("templates", "t.yaml", runtime),
        catalog.Document("agent", "a.yaml", "deployment_templates: [{container_template: {}}]"),
    ]
    plain = rendering.State(catalog.build(documents, None), Settings())
    value = bare()
    main(value)["image"] = "own:1"
    stored = created(value, plain)
    assert main(stored)["args"] == ["--served", "--a"]

    main(value)["args"] = ["--b"]
    decided = updated(value, stored, plain)

    assert main(decided.value)["args"] == ["--served", "--b"]


# Leader templates


def test_a_leader_template_of_the_user_takes_the_place_of_the_one_that_was_made():
    stored = created(bare())
    value = bare()
    group(value)["leaderTemplate"] = {"spec": {"containers": [{"name": "head", "image": "auto"}]}}

    decided = updated(value, stored)

    assert main(decided.value, "leaderTemplate")["name"] == "head"
    assert main(decided.value, "leaderTemplate")["command"] == ["serve", "leader"]


def test_a_foreign_label_of_a_leader_that_was_made_is_no_input():
    stored = created(bare())
    value = copy.deepcopy(stored)
    group(value)["leaderTemplate"]["metadata"]["labels"]["team"] = "a"

    decided = updated(value, stored, NEWER)

    assert group(decided.value)["leaderTemplate"]["metadata"]["labels"]["team"] == "a"
    assert main(decided.value, "leaderTemplate") == main(stored, "leaderTemplate")
    assert "groups-roll" not in codes(decided)


@pytest.mark.parametrize("state", [STATE, NEWER], ids=["same", "newer"])
def test_a_refresh_keeps_what_a_user_added_to_the_metadata_of_a_leader_that_was_made(state):
    value = bare()
    group(value)["workerTemplate"]["metadata"] = {"labels": {"app": "x"}, "annotations": {"note": "x"}}
    stored = filled_in(created(value))
    leader = group(stored)["leaderTemplate"]["metadata"]
    leader["labels"] |= {"team": "a", "app": "leader"}
    leader["annotations"]["owner"] = "me"

    asking = copy.deepcopy(stored)
    asking["metadata"]["annotations"] = {"hydra.io/refresh": "1"}

    decided = updated(asking, stored, state)

    metadata = group(decided.value)["leaderTemplate"]["metadata"]
    assert metadata["labels"] == leader["labels"]
    assert {key: metadata["annotations"][key] for key in ("note", "owner")} == {"note": "x", "owner": "me"}
    assert (group(filled_in(decided.value)) == group(stored)) == (state is STATE)


def test_a_key_of_ours_on_a_leader_that_was_made_is_an_input_and_makes_it_the_users_own():
    stored = filled_in(created(bare()))
    value = copy.deepcopy(stored)
    group(value)["leaderTemplate"]["metadata"]["annotations"]["hydra.io/tensor-parallel-size"] = "4"

    decided = updated(value, stored)

    assert (main(decided.value, "leaderTemplate")["args"], main(decided.value)["args"]) == (
        ["--tp=4 --a"],
        ["--tp=1 --a"],
    )
    assert "groups-roll" in codes(decided)
    restored = mutation.restore(decided.value, workload.LEADER_WORKER_SET)
    assert group(restored)["leaderTemplate"]["metadata"]["annotations"] == {"hydra.io/tensor-parallel-size": "4"}


def test_a_leader_that_was_made_goes_with_the_labels_that_its_user_gave_it_once_the_group_has_one_pod():
    stored = filled_in(created(bare()))
    group(stored)["leaderTemplate"]["metadata"]["labels"]["team"] = "a"
    value = copy.deepcopy(stored)
    group(value)["size"] = 1

    decided = updated(value, stored)

    assert [one["metadata"]["labels"].get("team") for one in templates(decided.value)] == [None]
    assert "groups-roll" in codes(decided)


def test_a_leader_that_was_made_follows_a_label_that_its_worker_gets_with_an_input():
    value = bare()
    group(value)["workerTemplate"]["metadata"] = {"labels": {"app": "x", "team": "a"}}
    stored = created(value)
    group(value)["workerTemplate"]["metadata"]["labels"] = {"app": "y", "team": "a"}
    sent = _with_containers_of(value, stored)
    group(sent)["workerTemplate"]["metadata"]["labels"]["app"] = "y"
    main(sent)["args"] = ["--b"]

    decided = updated(sent, stored)

    assert main(decided.value, "leaderTemplate")["args"] == ["--tp=1 --b"]
    labels = group(decided.value)["leaderTemplate"]["metadata"]["labels"]
    assert (labels["app"], labels["team"]) == ("y", "a")


def test_a_leader_of_metadata_alone_stays_as_it_was_completed():
    value = bare()
    group(value)["leaderTemplate"] = {"metadata": {"labels": {"role": "head"}}}
    stored = created(value)
    assert main(stored, "leaderTemplate")["command"] == ["serve", "leader"]

    assert group(updated(copy.deepcopy(value), stored, NEWER).value) == group(stored)

    main(value)["args"] = ["--b"]
    rolled = updated(value, stored)
    assert main(rolled.value, "leaderTemplate")["args"] == ["--tp=1 --b"]


LEADER_ALONE = fleet.state(args=fleet.ARGS_OF_LEADERS)


@pytest.mark.parametrize("leader", [None, {"metadata": {"labels": {"role": "head"}}}], ids=["made", "completed"])
def test_an_input_that_only_the_leader_renders_stays_through_a_second_call(leader):
    value = bare()
    if leader is not None:
        group(value)["leaderTemplate"] = leader
    stored = filled_in(created(value, LEADER_ALONE))

    decided = updated(_with_containers_of(bare(["--b"]), stored), stored, LEADER_ALONE)

    assert main(decided.value, "leaderTemplate")["args"] == ["--leader --b"]
    assert "groups-roll" in codes(decided)
    assert main(mutation.restore(decided.value, workload.LEADER_WORKER_SET))["args"] == ["--b"]


def test_a_label_that_a_completed_leader_takes_from_its_worker_stays_through_a_second_call():
    ignoring = fleet.state(args="--nothing-of-the-workload")
    value = bare()
    group(value)["leaderTemplate"] = {"metadata": {"labels": {"role": "head"}}}
    stored = filled_in(created(value, ignoring))
    group(stored)["workerTemplate"]["metadata"]["labels"]["team"] = "a"

    decided = updated(_with_containers_of(bare(["--b"]), stored), stored, ignoring)

    assert group(decided.value)["leaderTemplate"]["metadata"]["labels"]["team"] == "a"
    assert "groups-roll" in codes(decided)


def _with_containers_of(file, stored):
    """Return what client-side apply of a file sends: its containers, and everything else as stored."""
    value = copy.deepcopy(stored)
    group(value)["workerTemplate"]["spec"]["containers"] = group(file)["workerTemplate"]["spec"]["containers"]
    return value


# Before and after us


def test_a_group_that_was_never_rendered_is_left_alone_until_its_user_wants_something():
    stored = bare()
    value = copy.deepcopy(stored)
    group(value)["restartPolicy"] = "None"
    decided = updated(value, stored)
    assert (decided.value, codes(decided)) == (value, ["never-rendered"])

    value = copy.deepcopy(stored)
    value["metadata"]["annotations"] = {"hydra.io/refresh": "1"}
    assert main(updated(value, stored).value)["command"] == ["serve", "worker"]
    assert main(updated(bare(["--b"]), stored).value)["args"] == ["--tp=1 --b"]


def test_adding_the_runtime_label_renders():
    stored = bare()
    del stored["metadata"]["labels"]["hydra.io/runtime"]

    assert main(updated(bare(), stored).value)["command"] == ["serve", "worker"]


def test_taking_the_runtime_label_away_restores_a_bare_form_that_can_run():
    value = bare()
    main(value)["image"] = "own:1"
    stored = created(value)
    without = copy.deepcopy(stored)
    del without["metadata"]["labels"]["hydra.io/runtime"]

    decided = updated(without, stored)

    assert group(decided.value) == group(value)
    assert codes(decided) == ["bare-form-restored"]


def test_taking_the_runtime_label_away_is_denied_where_a_placeholder_would_come_back():
    stored = created(bare())
    without = copy.deepcopy(stored)
    del without["metadata"]["labels"]["hydra.io/runtime"]

    with pytest.raises(errors.Denied, match=r"hydra\.io/inject") as denial:
        updated(without, stored)
    assert denial.value.code == "label-removed"


def test_opting_out_stores_what_was_sent_with_a_warning():
    stored = created(bare())
    value = copy.deepcopy(stored)
    value["metadata"]["labels"]["hydra.io/inject"] = "false"

    decided = updated(value, stored, NEWER)

    assert (decided.value, codes(decided)) == (value, ["opted-out-rendered"])


def test_a_group_that_is_being_deleted_is_left_alone():
    stored = created(bare())
    value = bare(["--b"], deletionTimestamp="2026-11-30T00:00:00Z")

    assert updated(value, stored).value == value


def test_a_saved_rendering_brought_back_is_stored_as_it_is():
    stored, saved = created(bare(), NEWER), created(bare())

    decided = updated(copy.deepcopy(saved), stored, NEWER)

    assert (decided.reason, decided.value) == ("rendered-elsewhere", saved)


# The configuration's state


def test_nothing_that_renders_nothing_is_denied_for_the_configurations_sake():
    stored = created(bare())
    documents = [
        catalog.Document("templates", "t.yaml", "templates: []"),
        catalog.Document("agent", "a.yaml", "deployment_templates: []"),
    ]
    gone = rendering.State(catalog.build(documents, None), Settings())

    assert group(updated(bare(), stored, gone).value) == group(stored)
    assert main(updated(edited(stored), stored, gone).value)["image"] == "hot/fix:1"
    with pytest.raises(errors.Denied) as denial:
        updated(bare(["--b"]), stored, gone)
    assert denial.value.code == "unknown-runtime"


def later(value):
    """Return an object whose records a later release wrote."""
    for template in (group(value)["leaderTemplate"], group(value)["workerTemplate"]):
        annotations = template["metadata"]["annotations"]
        record = {**json.loads(annotations["hydra.io/rendered"]), "version": 9, "future": [1]}
        annotations["hydra.io/rendered"] = json.dumps(record)
    return value


def test_what_a_later_release_rendered_is_put_back_and_never_rendered_anew():
    stored = later(created(bare()))

    assert group(updated(bare(), stored, NEWER).value) == group(stored)
    with pytest.raises(errors.Denied) as denial:
        updated(bare(["--b"]), stored, NEWER)
    assert denial.value.code == "later-record"


def test_a_record_that_the_client_deleted_counts_as_it_was():
    stored = created(bare())
    value = copy.deepcopy(stored)
    del group(value)["workerTemplate"]["metadata"]["annotations"]["hydra.io/rendered"]

    assert group(updated(value, stored, NEWER).value) == group(stored)


@pytest.mark.parametrize(
    "changes", [{"added": [""]}, {"added": [1]}, {"replaced": [], "made": "x"}, {"added": ["/kind"]}]
)
def test_changes_that_a_later_release_writes_otherwise_are_not_undone(changes):
    stored = later(created(bare()))
    annotations = group(stored)["workerTemplate"]["metadata"]["annotations"]
    annotations["hydra.io/rendered"] = json.dumps({**json.loads(annotations["hydra.io/rendered"]), **changes})
    value = copy.deepcopy(stored)
    group(value)["restartPolicy"] = "None"

    assert group(updated(value, stored).value)["workerTemplate"] == group(stored)["workerTemplate"]
    with pytest.raises(errors.Denied) as denial:
        updated(bare(), stored)
    assert denial.value.code == "later-record"


# What histories have found (tests/test_fleet_machine.py)


def with_leader(value, image="auto"):
    group(value)["leaderTemplate"] = {"spec": {"containers": [{"name": "head", "image": image}]}}
    return value


def test_a_leader_stored_bare_while_the_webhook_was_away_gets_its_rendering_back_together_with_an_input():
    stored = created(with_leader(bare()))
    group(stored)["leaderTemplate"]["spec"]["containers"] = [{"name": "head", "image": "auto"}]

    decided = updated(with_leader(bare(["--b"])), stored)

    assert main(decided.value)["args"] == ["--tp=1 --b"]
    assert main(decided.value, "leaderTemplate")["command"] == ["serve", "leader"]


def test_a_changed_size_of_which_nothing_is_rendered_is_announced_too():
    runtime = "templates: [{runtime: vllm-cpu, podTemplate: {containerTemplate: {argsTemplate: ['--served']}}}]"
    documents = [
        catalog.Document("templates", "t.yaml", runtime),
        catalog.Document("agent", "a.yaml", f"deployment_templates: [{{container_template: {{image: '{IMAGE}'}}}}]"),
    ]
    plain = rendering.State(catalog.build(documents, None), Settings())
    stored = created(bare(), plain)
    value = copy.deepcopy(stored)
    group(value)["size"] = 3

    assert codes(updated(value, stored, plain)) == ["groups-roll", "groups-roll"]


@pytest.mark.parametrize(("first", "then"), [("auto", None), (None, "auto"), (None, ""), ("", None)])
def test_a_placeholder_that_becomes_another_one_changes_nothing(first, then):
    def file(image):
        value = bare()
        main(value).pop("image") if image is None else main(value).update(image=image)
        return value

    stored = created(file(first))

    decided = updated(file(then), stored, NEWER)

    assert group(decided.value) == group(stored)
    assert "groups-roll" not in codes(decided)


def test_opting_in_again_takes_back_what_was_changed_meanwhile_and_a_second_call_agrees():
    value = bare()
    group(value)["leaderTemplate"] = {"metadata": {"labels": {"role": "head"}}}
    stored = created(value)
    stored["metadata"]["labels"]["hydra.io/inject"] = "false"
    group(stored)["workerTemplate"]["spec"]["nodeSelector"] = {"a": "b"}
    main(stored, "leaderTemplate")["args"] = ["--hot"]

    assert group(updated(value, stored).value) == group(created(value))


def test_a_leader_that_loses_its_own_containers_is_completed_from_the_worker():
    value = bare()
    group(value)["leaderTemplate"] = {"metadata": {"labels": {"role": "head"}}}
    stored = created(value)
    without_spec = copy.deepcopy(stored)
    del group(without_spec)["leaderTemplate"]["spec"]
    assert group(updated(without_spec, stored).value) == group(stored)

    main(without_spec)["args"] = ["--b"]
    main(without_spec)["image"] = "auto"
    rolled = updated(without_spec, stored)
    assert main(rolled.value, "leaderTemplate")["args"] == ["--tp=1 --b"]


def test_a_malformed_annotation_that_was_stored_while_the_webhook_was_away_can_be_corrected():
    stored = created(bare())
    value = copy.deepcopy(stored)
    stored["metadata"]["annotations"] = {"hydra.io/model-port": "none"}

    assert group(updated(value, stored).value) == group(value)


@pytest.mark.parametrize(
    "fields",
    [None, [], {"f:containers": [1]}, {"f:containers": {"k:{": {}, "k:null": 1, "k:[]": {}, "k:" + "[" * 100_000: {}}}],
    ids=["null", "list", "containers of a list", "keys that are not objects"],
)
def test_managed_fields_of_any_shape_own_nothing(fields):
    stored = created(bare())

    assert "hand-edit-kept" in codes(updated(applied(edited(stored), fields), stored, manager="team"))


def test_a_second_call_knows_renderings_beside_a_template_that_lost_only_a_foreign_label():
    value = bare()
    group(value)["leaderTemplate"] = {"metadata": {"labels": {"role": "head"}}}
    stored = created(value)
    group(stored)["workerTemplate"]["metadata"]["labels"]["team"] = "a"
    edited_leader = copy.deepcopy(stored)
    group(edited_leader)["leaderTemplate"]["spec"]["nodeSelector"] = {"x": "y"}
    stored = copy.deepcopy(updated(edited_leader, stored).value)

    assert main(updated(value, stored).value, "leaderTemplate")["command"] == ["serve", "leader"]


# Edits that are kept, and taken back


def test_an_edit_that_is_taken_back_is_no_longer_reported():
    stored = created(bare())
    hot = copy.deepcopy(updated(edited(stored), stored).value)

    back = updated(edited(hot, IMAGE), hot)

    assert group(back.value) == group(stored), "the record still names the edit"
    assert codes(back) == []
    assert codes(updated(bare(), copy.deepcopy(back.value))) == []


# Records that cannot be undone


def unreadable(value, record="{", names=("leaderTemplate", "workerTemplate")):
    """Return an object with a record that nobody can read, such as one that was edited while the object was opted out."""
    for name in names:
        group(value)[name]["metadata"]["annotations"]["hydra.io/rendered"] = record
    return value


def restoring_nonsense(value):
    """Return an object whose records restore what is not a pod template."""
    for name in ("leaderTemplate", "workerTemplate"):
        annotations = group(value)[name]["metadata"]["annotations"]
        record = {**json.loads(annotations["hydra.io/rendered"]), "replaced": {"/spec": "x"}}
        annotations["hydra.io/rendered"] = json.dumps(record)
    return value


BROKEN = {
    "no record": unreadable,
    "one of two": lambda value: unreadable(value, names=["workerTemplate"]),
    "one that restores nonsense": restoring_nonsense,
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_the_original_file_takes_the_place_of_a_rendering_whose_record_is_lost(broken):
    stored = broken(created(bare()))

    decided = updated(bare(), stored, NEWER)

    assert group(decided.value) == group(created(bare(), NEWER))
    assert codes(decided) == ["groups-roll"]


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_no_other_change_of_the_pods_is_admitted_while_the_record_is_lost_and_the_denial_says_what_is(broken):
    stored = broken(created(bare()))
    value = APPLY_SAME["client-side apply"](copy.deepcopy(stored))

    with pytest.raises(
        errors.Denied, match="apply the original file with kubectl replace, since kubectl apply"
    ) as denial:
        updated(value, stored)
    assert denial.value.code == "invalid-record"

    value = copy.deepcopy(stored)
    value["spec"]["replicas"] = 9
    assert mutation.update(value, stored, STATE, namespace="ns").reason == "update-without-effect"


def test_a_saved_rendering_takes_the_place_of_one_whose_record_is_lost():
    saved = created(bare())
    stored = unreadable(created(bare(), NEWER))

    assert updated(copy.deepcopy(saved), stored, NEWER).value == saved


@pytest.mark.parametrize("names", [("workerTemplate",), ("leaderTemplate", "workerTemplate")], ids=len)
def test_a_client_that_makes_a_record_unreadable_is_denied(names):
    stored = created(bare())
    value = unreadable(copy.deepcopy(stored), names=names)

    for sent in (value, APPLY_SAME["client-side apply"](value)):
        with pytest.raises(errors.Denied) as denial:
            updated(sent, stored)
        assert denial.value.code == "invalid-record"


def test_the_stored_record_takes_the_place_of_one_that_restores_nonsense():
    stored = created(bare())
    value = restoring_nonsense(copy.deepcopy(stored))

    for sent in (value, APPLY_SAME["client-side apply"](value)):
        assert group(updated(sent, stored).value) == group(stored)


def test_taking_the_label_away_from_a_bare_file_needs_no_record():
    value = bare()
    main(value)["image"] = "own:1"
    stored = unreadable(created(value))
    del value["metadata"]["labels"]["hydra.io/runtime"]

    assert updated(value, stored).value == value
    with pytest.raises(errors.Denied, match="has no image") as denial:
        updated({**bare(), "metadata": value["metadata"]}, stored)
    assert denial.value.code == "label-removed"


def test_a_size_of_which_nothing_is_rendered_is_an_input_also_on_the_way_back():
    runtime = "templates: [{runtime: vllm-cpu, podTemplate: {containerTemplate: {argsTemplate: ['--served']}}}]"
    documents = [
        catalog.Document("templates", "t.yaml", runtime),
        catalog.Document("agent", "a.yaml", f"deployment_templates: [{{container_template: {{image: '{IMAGE}'}}}}]"),
    ]
    plain = rendering.State(catalog.build(documents, None), Settings())
    stored = created(with_leader(bare()), plain)
    value = copy.deepcopy(stored)
    group(value)["size"] = 1
    stored = copy.deepcopy(updated(value, stored, plain).value)

    decided = updated(with_leader(bare()), stored, plain)

    assert "groups-roll" in codes(decided)


def test_a_leader_of_labels_alone_that_is_taken_away_is_made_again_from_the_worker():
    value = bare()
    group(value)["leaderTemplate"] = {"metadata": {"labels": {"role": "head"}}}
    stored = created(value)

    decided = updated(bare(), stored)

    assert group(decided.value) == group(created(bare()))
    assert codes(decided) == ["groups-roll"]


def test_a_leader_of_labels_alone_that_is_added_later_keeps_what_was_made():
    stored = created(bare())
    value = bare()
    group(value)["leaderTemplate"] = {"metadata": {"labels": {"role": "head"}}}

    decided = updated(value, stored)

    assert group(decided.value)["leaderTemplate"]["spec"] == group(stored)["leaderTemplate"]["spec"]
    assert group(decided.value)["leaderTemplate"]["metadata"]["labels"]["role"] == "head"
