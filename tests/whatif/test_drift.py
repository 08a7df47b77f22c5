"""What is stored and what runs, against the configuration of now: every verdict, by workload and by group."""

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import fleet
from tests.examples import tried
from tests.whatif import stored
from tests.whatif.stored import GROUP, LWS
from webhook import catalog, mutation, rendering, whatif, workload
from webhook.settings import Settings

OLD = fleet.state()
IMAGE = fleet.state(image="r.example/vllm:v2")
SAME = fleet.state(more="workingDir: null")
GONE = fleet.without_runtimes()
EMBEDDED = rendering.State(catalog.build(catalog.embedded(), None), Settings())
RECORD = "hydra.io/rendered"
IMAGE_PATH = "/spec/containers/name=main/image"
IMAGE_CHANGE = whatif.Change(IMAGE_PATH, ("r.example/vllm:v1",), ("r.example/vllm:v2",))


def found(state, *values):
    """Return the findings by name."""
    return {f"{one.kind}/{one.name}": one for one in whatif.drift(stored.kinds(*values), state)}


def only(state, *values):
    (finding,) = found(state, *values).values()
    return finding


def template(value, name="workerTemplate"):
    return fleet.get(value, (*GROUP, name))


def with_record(value, change, name="workerTemplate"):
    """Change the record of a pod template in place."""
    annotations = template(value, name)["metadata"]["annotations"]
    record = json.loads(annotations[RECORD])
    change(record)
    annotations[RECORD] = json.dumps(record, sort_keys=True, separators=(",", ":"))
    return value


# Stored pod templates


def edited(value, place=("spec", "containers", "main", "image"), to="hot:1"):
    return fleet.edit((*GROUP, "workerTemplate", *place), to)(value)


@pytest.mark.parametrize(
    ("value", "state", "verdict"),
    [
        pytest.param(stored.lws(OLD), OLD, "current", id="current"),
        pytest.param(stored.lws(OLD), SAME, "same-result", id="another configuration with the same result"),
        pytest.param(stored.lws(OLD), IMAGE, "drifted", id="another image"),
        pytest.param(stored.lws(OLD), GONE, "denied", id="the runtime is gone"),
        pytest.param(fleet.file(stored.ASKED), OLD, "not-rendered", id="stored before the installation"),
        pytest.param(fleet.file(stored.ASKED), GONE, "not-rendered", id="neither rendered nor possible to render"),
        pytest.param(
            with_record(stored.lws(OLD), lambda record: record.update(runtime="other")), OLD, "unreadable-record",
            id="a record of another runtime",
        ),
        pytest.param(
            with_record(stored.lws(OLD), lambda record: record.update(version=9)), OLD, "later-release", id="a later layout"
        ),
        pytest.param(
            with_record(stored.lws(OLD), lambda record: record.update(new=1)), OLD, "later-release", id="a key of a later release"
        ),
        pytest.param(edited(stored.lws(OLD)), OLD, "drifted", id="edited by hand"),
        pytest.param(stored.lws(OLD, size=1), OLD, "current", id="a group of one"),
        pytest.param(stored.lws(OLD, leader="metadata"), OLD, "current", id="a completed leader"),
        pytest.param(stored.lws(OLD, leader="own"), IMAGE, "drifted", id="a leader of its own"),
    ],
)  # fmt: skip
def test_a_stored_leader_worker_set_has_a_verdict(value, state, verdict):
    before = copy.deepcopy(value)

    finding = only(state, value)

    assert finding.verdict == verdict
    assert finding.drift == (verdict not in ("current", "same-result"))
    assert value == before


def test_a_drift_names_both_revisions_and_what_a_refresh_would_change():
    finding = only(IMAGE, stored.lws(OLD))

    assert [one.pod_template for one in finding.templates] == ["leaderTemplate", "workerTemplate"]
    for judgement in finding.templates:
        assert judgement.changes == (IMAGE_CHANGE,)
        assert len({judgement.recorded, judgement.now} - {""}) == 2


def test_a_denial_is_reported_with_its_code_and_a_message_that_does_not_name_the_object_again():
    (leader, _) = only(GONE, stored.lws(OLD)).templates

    assert leader.denial is not None
    assert leader.denial.code == "unknown-runtime"
    assert leader.denial.message.startswith("leaderTemplate: label hydra.io/runtime: there is no runtime")


def test_an_edit_that_updates_have_kept_is_named():
    value = stored.lws(OLD)
    kept = mutation.update(edited(value), value, OLD, namespace="default").value

    (_, worker) = only(OLD, kept).templates

    assert (worker.verdict, worker.edited, worker.unlike_record) == ("drifted", (IMAGE_PATH,), (IMAGE_PATH,))
    assert worker.changes == (whatif.Change(IMAGE_PATH, ("hot:1",), ("r.example/vllm:v1",)),)


def test_a_rendered_field_that_is_gone_is_named_although_the_configuration_has_changed():
    value = edited(stored.lws(OLD), ("spec", "containers", "main", "command"), None)

    (_, worker) = only(IMAGE, value).templates

    assert worker.unlike_record == ("/spec/containers/name=main/command",)


def test_an_edit_that_nobody_can_name_any_more_is_a_remark():
    (_, worker) = only(IMAGE, edited(stored.lws(OLD))).templates

    assert worker.unlike_record == ()
    assert ["the record does not say which" in remark for remark in worker.remarks] == [True]


def test_a_field_that_the_crd_has_dropped_is_named_and_is_not_a_drift():
    state = fleet.state(more="futureField: 1")
    value = edited(stored.lws(state, leader="own"), ("spec", "containers", "main", "futureField"), None)

    leader, worker = only(state, value).templates

    assert (leader.verdict, leader.not_stored) == ("current", ())
    assert (worker.verdict, worker.not_stored) == ("current", ("/spec/containers/name=main/futureField",))


def test_a_field_that_nobody_knows_and_that_is_new_in_the_configuration_is_a_drift():
    (_, worker) = only(fleet.state(more="futureField: 1"), stored.lws(OLD)).templates

    assert worker.changes == (whatif.Change("/spec/containers/name=main/futureField", (), (1,)),)


def test_what_is_not_labelled_or_has_opted_out_is_not_judged():
    unlabelled = {**stored.lws(OLD), "metadata": {"name": "x"}}
    for one in ("leaderTemplate", "workerTemplate"):
        template(unlabelled, one).pop("metadata", None)
    opted_out = stored.lws(OLD, "y")
    opted_out["metadata"]["labels"]["hydra.io/inject"] = "false"
    pod = stored.pod(OLD)
    pod["metadata"]["labels"]["hydra.io/inject"] = "false"

    assert found(IMAGE, unlabelled, opted_out, pod, *stored.group_pods(opted_out, 0)) == {}


def test_a_generated_leader_that_no_group_needs_any_more_goes():
    value = stored.lws(OLD)
    value["spec"]["leaderWorkerTemplate"]["size"] = 1

    (leader, _) = only(OLD, value).templates

    assert leader.verdict == "drifted"
    assert leader.changes == (whatif.Change("", ("the whole pod template",)),)


def test_a_malformed_leader_worker_set_is_denied():
    value = stored.lws(OLD)
    value["spec"]["leaderWorkerTemplate"]["size"] = 0

    finding = only(OLD, value)

    assert [(one.verdict, one.denial.code) for one in finding.templates] == [("denied", "invalid-group-size")]


# Groups


def test_groups_are_counted_by_revision_and_template_hash_in_a_partial_roll_out():
    old, new = stored.lws(OLD), stored.lws(IMAGE)
    pods = [*stored.group_pods(old, 0), *stored.group_pods(old, 1)]
    pods += [pod for index in (2, 3, 10) for pod in stored.group_pods(new, index, "h2")]

    finding = only(IMAGE, new, *pods)

    assert (finding.verdict, finding.drift) == ("rolling-out", True)
    assert [(one.verdict, one.groups, one.pods, one.template_hash, one.examples) for one in finding.running] == [
        ("current", 3, 6, "h2", ("2", "3", "10")),
        ("rolling-out", 2, 4, "h1", ("0", "1")),
    ]
    assert [one.revisions for one in finding.running] == [
        (finding.templates[0].now,),
        (json.loads(template(old)["metadata"]["annotations"][RECORD])["revision"],),
    ]
    assert [one.changes for one in finding.running[1].judgements] == [(IMAGE_CHANGE,), (IMAGE_CHANGE,)]
    assert [one.pod_template for one in finding.running[1].judgements] == ["leader", "worker"]


def test_groups_of_the_stored_template_share_its_verdict_and_do_not_repeat_its_changes():
    value = stored.lws(OLD)

    finding = only(IMAGE, value, *stored.group_pods(value, 0))

    assert finding.verdict == "drifted"
    assert [(one.verdict, one.judgements[0].changes) for one in finding.running] == [("drifted", ())]


def test_variables_that_leader_worker_set_adds_to_a_rendered_init_container_are_no_edit():
    template = "templates: [{runtime: vllm-cpu, podTemplate: {initContainers: [{name: fetch}]}}]"
    state = fleet.configured(template, "deployment_templates: [{container_template: {image: i}}]")
    value = stored.lws(state)

    (running,) = only(state, value, *stored.group_pods(value, 0)).running

    assert [(one.verdict, one.unlike_record, one.remarks) for one in running.judgements] == [("current", (), ())] * 2


def test_what_is_said_of_an_edited_template_is_not_repeated_for_its_pods():
    value = edited(stored.lws(OLD))
    (old, pod), mirrored = stored.group_pods(value, 0), "mirror.example/vllm:v1"
    old["spec"]["containers"][0]["image"] = mirrored

    (running,) = only(OLD, value, old, pod).running

    assert [(one.verdict, one.unlike_record) for one in running.judgements] == [
        ("current", (IMAGE_PATH,)),
        ("drifted", ()),
    ]


def test_an_old_group_of_which_a_refresh_would_change_nothing_is_no_drift():
    old, new = stored.lws(OLD), stored.lws(SAME)

    finding = only(SAME, new, *stored.group_pods(old, 0), *stored.group_pods(new, 1, "h2"))

    assert (finding.verdict, finding.drift) == ("same-result", False)


def test_pods_of_a_group_cannot_be_judged_without_their_leader_worker_set():
    value = stored.lws(OLD)
    stateful_set = stored.controller("StatefulSet", "fleet")
    stateful_set["metadata"]["labels"] = {workload.GROUP_NAME: "fleet"}
    stateful_set["spec"]["template"] = stored.group_pods(value, 0)[1]

    alone, copied = only(OLD, *stored.group_pods(value, 0)), only(OLD, stateful_set, *stored.group_pods(value, 0))

    assert (alone.kind, alone.name, alone.verdict) == (copied.kind, copied.name, copied.verdict)
    assert (alone.kind, alone.name, alone.verdict) == ("LeaderWorkerSet", "fleet", "no-bare-form")


@pytest.mark.parametrize(
    "name",
    [
        "pod-of-lws-leader-before-lws-webhook",
        "pod-of-lws-worker-before-lws-webhook",
        "pod-of-lws-leader-reinvoked",
        "pod-of-lws-worker-reinvoked",
    ],
)
def test_pods_of_a_group_that_was_labelled_in_its_templates_alone_are_judged_by_these(name):
    pod = stored.reviewed(name)
    rendered = stored.after_admission(stored.rendered(pod, workload.POD, EMBEDDED))
    labels = {key: value for key, value in pod["metadata"]["labels"].items() if key.startswith("hydra.io/")}
    container = {"name": "main", "image": "auto", "resources": pod["spec"]["containers"][0]["resources"]}
    group = {"size": 2, "workerTemplate": {"metadata": {"labels": labels}, "spec": {"containers": [container]}}}
    owner = {
        "apiVersion": "leaderworkerset.x-k8s.io/v1",
        "kind": "LeaderWorkerSet",
        "metadata": {"name": pod["metadata"]["labels"][workload.GROUP_NAME], "namespace": "default"},
        "spec": {"leaderWorkerTemplate": group},
    }

    finding = only(EMBEDDED, owner, rendered)

    assert (finding.verdict, finding.templates) == ("current", ())
    assert finding.running[0].judgements[0].remarks == ()


# Pods of controllers


CONTROLLERS = ["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"]


def controlled(kind, state, count=2, **container):
    """Return a controller, what stands between it and its pods, and the pods."""
    inner = {"Deployment": "ReplicaSet", "CronJob": "Job"}.get(kind)
    outer = stored.controller(kind, "x", **container)
    if inner is None:
        return [outer, *stored.pods_of(outer, state, count)]
    owner = stored.owned_by(outer["apiVersion"], kind, "x")
    middle = stored.controller(inner, "x-1", owner, **container)
    return [outer, middle, *stored.pods_of(middle, state, count)]


@pytest.mark.parametrize("kind", CONTROLLERS)
@pytest.mark.parametrize(
    ("state", "verdict"), [(OLD, "current"), (SAME, "same-result"), (IMAGE, "drifted"), (GONE, "denied")]
)
def test_pods_are_judged_by_the_pod_template_of_their_controller(kind, state, verdict):
    finding = only(state, *controlled(kind, OLD))

    assert (finding.kind, finding.name, finding.verdict) == (kind, "x", verdict)
    assert [(one.pods, one.groups) for one in finding.running] == [(2, 0)]
    assert finding.running[0].judgements[0].changes == ((IMAGE_CHANGE,) if verdict == "drifted" else ())
    assert finding.running[0].judgements[0].remarks == ()


def test_pods_of_one_controller_are_counted_by_revision():
    values = controlled("StatefulSet", OLD, 3)

    finding = only(IMAGE, *values, *stored.pods_of(values[0], IMAGE, 1, n="new"))

    assert [(one.pods, one.verdict, one.examples) for one in finding.running] == [
        (3, "drifted", ("x-0", "x-1", "x-2")),
        (1, "current", ("x-new0",)),
    ]


def test_pods_of_an_old_replica_set_are_judged_by_its_template_and_belong_to_the_deployment():
    deployment, old, *pods = controlled("Deployment", OLD, 1)
    new = stored.controller("ReplicaSet", "x-2", old["metadata"]["ownerReferences"][0], args=["--new"])

    finding = only(OLD, deployment, old, new, *pods, *stored.pods_of(new, OLD, 2))

    assert [(one.verdict, one.pods) for one in finding.running] == [("current", 3)]


def test_what_the_api_server_and_controllers_add_to_pods_is_no_drift():
    resources = {"limits": {"cpu": "4", "nvidia.com/gpu": "1"}}
    values = controlled("Deployment", OLD, 1, resources=resources)
    state = fleet.state(more="resources: {requests: {cpu: 1, memory: 2Gi}}")
    drifted, current = only(state, *values), only(state, *controlled("Deployment", state, 1, resources=resources))

    assert current.verdict == "current"
    assert [one.path.rpartition("/")[2] for one in drifted.running[0].judgements[0].changes] == ["memory"]


@pytest.mark.parametrize("name", ["pod-of-a-deployment", "pod-of-a-job"])
@pytest.mark.parametrize("state", [EMBEDDED, IMAGE], ids=["current", "drifted"])
def test_a_recorded_pod_is_what_its_controllers_pod_template_gives(name, state):
    pod = stored.reviewed(name)
    rendered = stored.after_admission(stored.rendered(pod, workload.POD, EMBEDDED))
    rendered["metadata"]["name"] = "p"
    reference = pod["metadata"]["ownerReferences"][0]
    own = pod["spec"]["containers"][0]
    holder = stored.controller(reference["kind"], reference["name"])
    holder["spec"]["template"] = {
        "metadata": {"labels": {key: pod["metadata"]["labels"][key] for key in ("hydra.io/runtime", "hydra.io/model-id")}},
        "spec": {"containers": [{key: own[key] for key in ("name", "image", "env") if key in own}]},
    }  # fmt: skip

    finding = only(state, holder, rendered)
    alone = only(state, rendered)

    assert finding.verdict == alone.verdict == ("current" if state is EMBEDDED else "drifted")
    assert finding.running[0].judgements[0].changes == alone.running[0].judgements[0].changes


def test_what_other_webhooks_have_made_of_a_pod_is_named_and_no_drift():
    deployment, middle, pod = controlled("Deployment", OLD, 1)
    pod["spec"]["containers"][0]["image"] = "mirror.example/vllm:v1"
    pod["spec"]["containers"].append({"name": "istio-proxy", "image": "istio"})

    finding = only(OLD, deployment, middle, pod)

    assert finding.verdict == "current"
    assert finding.running[0].judgements[0].unlike_record == (IMAGE_PATH,)


def test_finished_pods_do_not_run():
    values = controlled("CronJob", OLD, 1)
    values[-1]["status"] = {"phase": "Succeeded"}

    finding = only(IMAGE, *values)

    assert (finding.verdict, finding.drift, finding.running) == ("not-running", False, ())


def test_a_pod_without_a_record_is_not_rendered():
    values = controlled("DaemonSet", OLD, 1)
    del values[-1]["metadata"]["annotations"][RECORD]

    assert only(OLD, *values).verdict == "not-rendered"


def test_claims_of_a_stateful_set_are_volumes_of_its_pods():
    state = fleet.state(more="")
    holder = stored.controller("StatefulSet", "x", volumeMounts=[{"name": "data", "mountPath": "/data"}])
    holder["spec"]["volumeClaimTemplates"] = [{"metadata": {"name": "data"}}]
    claimed = copy.deepcopy(holder)
    claim = {"name": "data", "persistentVolumeClaim": {"claimName": "data-x-0"}}
    claimed["spec"]["template"]["spec"]["volumes"] = [claim]

    assert only(state, holder, *stored.pods_of(claimed, state, 1)).verdict == "current"


def test_a_pod_template_that_a_pipeline_has_rendered_is_judged_like_that_of_a_leader_worker_set():
    holder = stored.rendered(stored.controller("StatefulSet", "x"), ("apps", "v1", "StatefulSet"), OLD)

    current, drifted = (only(state, holder, *stored.pods_of(holder, OLD, 2)) for state in (OLD, IMAGE))

    assert [one.verdict for one in (*current.templates, *current.running)] == ["current", "current"]
    assert [one.verdict for one in (*drifted.templates, *drifted.running)] == ["drifted", "drifted"]
    assert drifted.templates[0].changes == (IMAGE_CHANGE,)


def test_a_pod_whose_controller_is_of_an_unknown_kind_is_judged_alone_and_belongs_to_it():
    pod = stored.pod(OLD)
    pod["metadata"]["ownerReferences"] = [stored.owned_by("kserve.io/v1", "InferenceService", "llm")]

    finding = only(IMAGE, pod)

    assert (finding.kind, finding.name, finding.verdict) == ("InferenceService", "llm", "drifted")


# Pods alone


@pytest.mark.parametrize(
    ("state", "verdict"), [(OLD, "current"), (SAME, "same-result"), (IMAGE, "drifted"), (GONE, "denied")]
)
def test_a_pod_alone_is_judged_by_its_own_bare_form(state, verdict):
    (judgement,) = only(state, stored.pod(OLD)).running[0].judgements

    assert (judgement.verdict, judgement.remarks) == (verdict, ())


def test_requests_that_the_api_server_has_copied_from_a_rendered_limit_are_not_of_the_pod():
    state = fleet.state(more="resources: {limits: {nvidia.com/gpu: 1, memory: 4Gi}}")
    pod = stored.pod(state, resources={"limits": {"cpu": "1"}})
    assert pod["spec"]["containers"][0]["resources"]["requests"] == {"cpu": "1", "nvidia.com/gpu": 1, "memory": "4Gi"}

    (judgement,) = only(state, pod).running[0].judgements

    assert (judgement.verdict, judgement.remarks) == ("current", ())


def test_what_others_have_added_to_a_pod_alone_cannot_be_separated_and_is_a_remark():
    pod = stored.pod(OLD)
    pod["spec"]["containers"].append({"name": "istio-proxy", "image": "istio"})
    pod["spec"]["volumes"].append({"name": "certs", "emptyDir": {}})

    (judgement,) = only(OLD, pod).running[0].judgements

    assert judgement.verdict == "current"
    (remark,) = judgement.remarks
    assert remark.endswith("which cannot be told from what it came with: container istio-proxy, volume certs")


def test_a_record_on_a_pod_that_cannot_be_read_is_a_verdict():
    pod = stored.pod(OLD)
    pod["metadata"]["annotations"][RECORD] = "{}"

    assert only(OLD, pod).verdict == "unreadable-record"


# Laws

VALUES = {
    "args": [["--a"], ["--b", "1"], None],
    "image": ["auto", None, "own:1"],
    "env": [[], ["B"], ["A", "B"]],
    "spec": [{}, {"nodeSelector": {"a": "b"}}, {"tolerations": [{"key": "own", "operator": "Exists"}]}],
    "size": [1, 2, 3],
    "leader": [None, "own", "metadata"],
    "replicas": [1],
    "model_name": ["", "Name"],
    "runtime": ["vllm-cpu", "other"],
}
FILES = st.fixed_dictionaries({key: st.sampled_from(values) for key, values in VALUES.items()})
STATES = st.sampled_from(
    [
        OLD,
        IMAGE,
        SAME,
        GONE,
        fleet.state("newer"),
        fleet.state(more="workingDir: /srv"),
        fleet.state(more="futureField: 1"),
    ]
)


@tried(25, 300)
def test_there_is_no_drift_if_and_only_if_the_bare_form_is_rendered_to_what_is_stored(examples):
    @settings(max_examples=examples)
    @given(FILES, STATES.filter(lambda state: state is not GONE), STATES, st.booleans())
    def hold(asked, before, now, edit):
        value = stored.rendered(fleet.file(asked), LWS, before)
        if edit:
            value = edited(value, ("spec", "containers", "main", "image"))

        finding = only(now, value)

        bare = mutation.restore(value, LWS)
        try:
            again = stored.rendered(bare, LWS, now)
        except Exception:  # noqa: BLE001 - whatever denies it
            assert finding.verdict == "denied"
            return
        assert finding.drift == (without_records(again) != without_records(value))

    hold()


@tried(25, 300)
def test_there_is_a_drift_if_and_only_if_a_refresh_would_change_anything(examples):
    @settings(max_examples=examples)
    @given(FILES, STATES.filter(lambda state: state is not GONE), STATES)
    def hold(asked, before, now):
        value = stored.filled_in(stored.rendered(fleet.file(asked), LWS, before))
        refreshed = fleet.edit(("metadata", "annotations", workload.REFRESH), "1")(value)

        finding = only(now, value)

        if finding.verdict == "denied":
            return
        after = mutation.update(refreshed, value, now, namespace="default").value
        assert finding.drift == (fleet.get(after, GROUP) != fleet.get(value, GROUP))

    hold()


def without_records(value):
    """Return a LeaderWorkerSet without its records."""
    value = copy.deepcopy(value)
    for name in ("leaderTemplate", "workerTemplate"):
        (template(value, name) or {}).get("metadata", {}).get("annotations", {}).pop(RECORD, None)
    return value
