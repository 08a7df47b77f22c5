"""A change of configuration: what it does to each workload, told once for all that are alike."""

import copy
import json
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests import fleet, objects
from tests.whatif import stored
from webhook import errors, mutation, whatif, workload

OLD = fleet.state()
IMAGE = fleet.state(image="r.example/vllm:v2")
SAME = fleet.state(more="workingDir: null")
GONE = fleet.without_runtimes()
LWS = workload.LEADER_WORKER_SET
DEPLOYMENT = ("apps", "v1", "Deployment")
IMAGE_CHANGE = whatif.Change("/spec/containers/name=main/image", ("r.example/vllm:v1",), ("r.example/vllm:v2",))


def planned(before, after, *values):
    """Return the outcomes by kind and name."""
    return {
        f"{one.kind}/{one.name}": (outcome, one)
        for outcome in whatif.plan(stored.kinds(*values), before, after).outcomes
        for one in outcome.workloads
    }


def only(before, after, value):
    (found,) = planned(before, after, value).values()
    return found


# Effects


@pytest.mark.parametrize(
    ("value", "scope", "templates"),
    [
        pytest.param(fleet.file(stored.ASKED), "new-workloads", ["leaderTemplate", "workerTemplate"], id="bare"),
        pytest.param(stored.lws(OLD), "new-workloads", ["leaderTemplate", "workerTemplate"], id="stored"),
        pytest.param(stored.lws(SAME), "new-workloads", ["leaderTemplate", "workerTemplate"], id="of another revision"),
        pytest.param(stored.lws(IMAGE), "new-workloads", ["leaderTemplate", "workerTemplate"], id="refreshed already"),
        pytest.param(stored.lws(OLD, size=1), "new-workloads", ["workerTemplate"], id="a group of one"),
        pytest.param(stored.controller("Deployment", "x"), "new-pods", ["template"], id="Deployment"),
        pytest.param(stored.controller("StatefulSet", "x"), "new-pods", ["template"], id="StatefulSet"),
        pytest.param(stored.controller("DaemonSet", "x"), "new-pods", ["template"], id="DaemonSet"),
        pytest.param(stored.controller("Job", "x"), "new-pods", ["template"], id="Job"),
        pytest.param(stored.controller("CronJob", "x"), "new-pods", ["template"], id="CronJob"),
        pytest.param(
            stored.rendered(stored.controller("Deployment", "x"), DEPLOYMENT, OLD), "new-workloads", ["template"],
            id="a Deployment that a pipeline has rendered",
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    ("before", "after", "effect"),
    [
        (OLD, OLD, "unchanged"),
        (OLD, SAME, "unchanged"),
        (OLD, IMAGE, "changed"),
        (OLD, GONE, "newly-denied"),
        (GONE, OLD, "no-longer-denied"),
        (GONE, GONE, "still-denied"),
    ],
)
def test_every_kind_of_workload_has_every_effect(value, scope, templates, before, after, effect):
    outcome, one = only(before, after, value)

    assert (outcome.effect, one.scope, one.runtimes) == (effect, scope, ("vllm-cpu",))
    assert outcome.changes == (dict.fromkeys(templates, (IMAGE_CHANGE,)) if effect == "changed" else {})
    for state, denial, revisions in (
        (before, outcome.before, one.revisions_before),
        (after, outcome.after, one.revisions_after),
    ):
        assert (denial is not None) == (state is GONE) == (not revisions)


def labelled_inside(size):
    """A LeaderWorkerSet of which only the pod template is labelled, so that its pods are rendered."""
    value = fleet.file({**stored.ASKED, "size": size})
    worker = fleet.get(value, (*stored.GROUP, "workerTemplate"))
    worker["metadata"] = {"labels": value["metadata"].pop("labels")}
    return value


@pytest.mark.parametrize(("size", "templates"), [(1, ["workerTemplate"]), (2, ["leaderTemplate", "workerTemplate"])])
def test_pods_of_a_group_that_is_labelled_only_inside_are_planned_by_their_role(size, templates):
    role = fleet.state("newer")

    outcome, one = only(OLD, role, labelled_inside(size))

    assert (outcome.effect, one.scope, list(outcome.changes)) == ("changed", "new-pods", templates)
    assert only(OLD, GONE, labelled_inside(size))[0].effect == "newly-denied"


def test_a_pod_without_a_controller_is_unaffected_whatever_changes():
    outcome, one = only(OLD, GONE, stored.pod(OLD))

    assert (outcome.effect, one.scope, one.runtimes) == ("unaffected", "nothing", ("vllm-cpu",))


@pytest.mark.parametrize("value", [
    pytest.param(stored.controller("Job", "x", stored.owned_by("batch/v1", "CronJob", "y")), id="a Job of a CronJob"),
    pytest.param(stored.controller("ReplicaSet", "x", stored.owned_by("apps/v1", "Deployment", "y")), id="a ReplicaSet of a Deployment"),
    pytest.param(stored.group_pods(stored.lws(OLD), 0)[1], id="a pod of a group"),
    pytest.param(stored.pods_of(stored.controller("Job", "x"), OLD, 1)[0], id="a pod of a Job"),
    pytest.param(stored.controller("Job", "x") | {"status": {"conditions": [{"type": "Complete", "status": "True"}]}}, id="a Job that has ended"),
    pytest.param(stored.controller("StatefulSet", "x") | {"metadata": {"name": "x", "labels": {workload.GROUP_NAME: "y"}}}, id="a StatefulSet of a group"),
    pytest.param(fleet.edit(("metadata", "labels", "hydra.io/inject"), "false")(stored.lws(OLD)), id="opted out"),
    pytest.param(fleet.edit(("spec", "template", "metadata", "labels", "hydra.io/inject"), "false")(stored.controller("Deployment", "x")), id="a pod template opted out"),
    pytest.param(fleet.edit(("metadata", "labels"), None)(fleet.file(stored.ASKED)), id="not labelled"),
    pytest.param({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}}, id="something else"),
])  # fmt: skip
def test_what_is_no_workload_of_its_own_or_asks_for_nothing_is_left_out(value):
    planning = whatif.Plan(OLD, IMAGE)

    assert not planning.add(*stored.kinds(value)[0])
    assert planning.summary() == whatif.Summary(False, {}, {}, ())


def test_a_controller_of_a_foreign_kind_does_not_make_a_workload_part_of_another():
    value = stored.controller("Deployment", "x", stored.owned_by("serving.example/v1", "Service", "y"))

    assert only(OLD, IMAGE, value)[0].effect == "changed"


def test_what_is_denied_whatever_the_configuration_is_still_denied():
    broken = stored.lws(OLD)
    fleet.get(broken, (*stored.GROUP, "workerTemplate"))["metadata"]["annotations"]["hydra.io/rendered"] = "{"
    malformed = fleet.edit((*stored.GROUP, "size"), 0)(fleet.file(stored.ASKED))

    assert {
        (outcome.effect, outcome.before.code, outcome.after.code, one.runtimes)
        for value in (broken, malformed)
        for outcome, one in [only(OLD, IMAGE, value)]
    } == {
        ("still-denied", "invalid-record", "invalid-record", ("vllm-cpu",)),
        ("still-denied", "invalid-group-size", "invalid-group-size", ("vllm-cpu",)),
    }


# Numbers, and telling once


def test_workloads_are_counted_by_runtime_and_in_total():
    two = fleet.edit((*stored.GROUP, "leaderTemplate", "metadata", "labels", "hydra.io/runtime"), "other")
    values = [
        stored.lws(OLD, "a"),
        stored.lws(OLD, "b", runtime="other"),
        two(fleet.file({**stored.ASKED, "leader": "own"})),
        stored.pod(OLD),
        fleet.file({**stored.ASKED, "runtime": "absent"}) | {"metadata": {"name": "c", "labels": {**stored.LABELS, "hydra.io/runtime": "absent"}}},
    ]  # fmt: skip

    summary = whatif.plan(stored.kinds(*values), OLD, fleet.state("newer"))

    assert summary.changes
    assert summary.total == {"changed": 2, "still-denied": 1, "unchanged": 1, "unaffected": 1}
    assert summary.runtimes == {
        "absent": {"still-denied": 1},
        "other": {"changed": 1, "unchanged": 1},
        "vllm-cpu": {"changed": 2, "unaffected": 1},
    }


def test_what_is_the_same_of_several_workloads_is_told_once_the_most_important_first():
    values = [
        stored.lws(OLD, "a"),
        stored.lws(SAME, "b"),
        stored.lws(OLD, "c", args=["--b"]),
        stored.controller("Deployment", "x"),
        stored.lws(OLD, "gone", runtime="other"),
    ]
    after = fleet.configured(
        "templates: [{runtime: vllm-cpu, podTemplate: {containerTemplate: {commandTemplate: [new]}}}]",
        "deployment_templates: [{container_template: {image: 'r.example/vllm:v1'}}]",
    )

    outcomes = whatif.plan(stored.kinds(*values), OLD, after).outcomes

    assert [(one.effect, [each.name for each in one.workloads]) for one in outcomes] == [
        ("newly-denied", ["gone"]),
        ("changed", ["a", "b"]),
        ("changed", ["x"]),
        ("changed", ["c"]),
    ]


@pytest.fixture
def rendered(monkeypatch):
    """The objects that are rendered, in their order."""
    found = []
    create = whatif.compare.create
    render = create.render
    monkeypatch.setattr(
        create, "render", lambda value, *args, **named: found.append(value) or render(value, *args, **named)
    )
    return found


def test_equal_pod_templates_are_rendered_once(rendered):
    values = [stored.lws(OLD, f"a-{number}", replicas=number) for number in range(10)]
    other = stored.lws(OLD, "elsewhere")
    other["metadata"]["namespace"] = "team-b"
    rendered.clear()

    whatif.plan(stored.kinds(*values, other), OLD, IMAGE)

    assert len(rendered) == 2 * 2  # before and after, in each of two namespaces


def test_pod_templates_are_equal_whatever_labels_of_others_say_but_not_whatever_ours_say(rendered):
    values = [stored.controller("Deployment", f"a-{number}") for number in range(10)]
    for value in values:
        value["spec"]["selector"] = {"matchLabels": {"app": value["metadata"]["name"]}}
    fewer, another = stored.controller("Deployment", "fewer"), stored.controller("Deployment", "another")
    del fewer["spec"]["template"]["metadata"]["labels"]["app"]
    another["spec"]["template"]["metadata"]["labels"]["hydra.io/model-id"] = "another"

    (outcome,) = whatif.plan(stored.kinds(*values, fewer, another), OLD, IMAGE).outcomes

    assert len(outcome.workloads) == 12
    assert len(rendered) == 2 * 3


def test_an_object_without_a_namespace_is_in_that_of_the_caller():
    summary = whatif.plan(
        stored.kinds(stored.controller("Deployment", "x") | {"metadata": {"name": "x"}}), OLD, IMAGE, namespace="team"
    )

    assert summary.outcomes[0].workloads[0].namespace == "team"


# The law: rendering everything twice, and comparing

HERE = Path(__file__).parents[1] / "configuration"
TEMPLATES, AGENT = (HERE / "templates.yaml").read_text(), (HERE / "agent.yaml").read_text()
STATES = [
    fleet.configured(TEMPLATES, AGENT),
    fleet.configured(TEMPLATES, f"# a comment\n{AGENT}"),
    fleet.configured(TEMPLATES, AGENT.replace("any:1", "any:2")),
    fleet.configured(TEMPLATES.replace("value: /hf", "value: /other").replace("[engine, ", "[motor, "), AGENT),
    fleet.configured(TEMPLATES.replace("runtime: plain", "runtime: renamed"), AGENT.replace("args: [--common]", "")),
    fleet.configured(TEMPLATES, "deployment_templates: []"),
]  # fmt: skip
KINDS = {
    "Deployment": "apps/v1",
    "StatefulSet": "apps/v1",
    "DaemonSet": "apps/v1",
    "Job": "batch/v1",
    "CronJob": "batch/v1",
}


def held(pod, kind):
    """Return a controller with the pod template that makes a pod."""
    spec = {"template": {"metadata": pod["metadata"], "spec": pod["spec"]}}
    if kind == "CronJob":
        spec = {"jobTemplate": {"spec": spec}}
    return {"apiVersion": KINDS[kind], "kind": kind, "metadata": {}, "spec": spec}


@st.composite
def workloads(draw):
    """Workloads as people write them or as a cluster stores them, some of them equal but for their names."""
    made = []
    for _ in range(draw(st.integers(1, 4))):
        if draw(st.booleans()):
            value = draw(objects.leader_worker_sets())
            if draw(st.booleans()):
                value = attempt(value, draw(st.sampled_from(STATES))) or value
        else:
            value = held(draw(objects.pods()), draw(st.sampled_from(sorted(KINDS))))
        made.append(value)
    made += draw(st.lists(st.sampled_from(made), max_size=2))
    found = []
    for number, value in enumerate(made):
        named = copy.deepcopy(dict(value))
        named["metadata"]["name"] = f"w-{number}"
        if named["kind"] != "LeaderWorkerSet" and "app" in (labels := template_of(named)["metadata"]["labels"]):
            labels["app"] = f"w-{number}"
        found.append(named)
    return found


def attempt(value, state):
    """Return an object as it is rendered; None if it is denied."""
    try:
        return mutation.mutate(value, stored.kinds(value)[0][0], state, namespace="default").value
    except errors.Denied:
        return None


def template_of(value):
    return value["spec"].get("jobTemplate", value)["spec"]["template"]


def arriving(value):
    """Return the pod that a controller makes, as the API server sends it to the webhook."""
    template = template_of(value)
    metadata = {key: template["metadata"].get(key) or {} for key in ("labels", "annotations")}
    spec = copy.deepcopy(template["spec"])
    containers = [{"image": "auto", **one} for one in spec.get("containers") or ()]
    return stored.defaulted(
        {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {**spec, "containers": containers}}
    )


def by_hand(value, before, after):
    """Return the effect on a workload: it is rendered twice, and everything but the record is compared."""
    bare = (
        dict(mutation.restore(value, workload.LEADER_WORKER_SET))
        if value["kind"] == "LeaderWorkerSet"
        else arriving(value)
    )
    old, new = (attempt(bare, state) for state in (before, after))
    if old is None or new is None:
        return "still-denied" if old is new else "newly-denied" if new is None else "no-longer-denied"
    return "unchanged" if without_records(old) == without_records(new) else "changed"


def without_records(value):
    if isinstance(value, dict):
        return {key: without_records(inner) for key, inner in value.items() if key != workload.RECORD}
    return [without_records(inner) for inner in value] if isinstance(value, list) else json.dumps(value)


#: How many sets of workloads are tried, each of one to six.
EXAMPLES = [
    pytest.param(7, id="a few"),
    pytest.param(60, id="some", marks=pytest.mark.thorough),
    pytest.param(1000, id="two thousand workloads", marks=pytest.mark.long),
]


@pytest.mark.parametrize("examples", EXAMPLES)
def test_a_plan_equals_rendering_everything_twice_and_comparing(examples):
    @settings(max_examples=examples)
    @given(workloads(), st.sampled_from(STATES), st.sampled_from(STATES))
    def hold(values, before, after):
        found = planned(before, after, *copy.deepcopy(values))

        for value in values:
            template = value if value["kind"] == "LeaderWorkerSet" else arriving(value)
            ours = not workload.exclusion(template)
            outcome = found.pop(f"{value['kind']}/{value['metadata']['name']}", None)
            if ours and outcome is not None:
                assert outcome[0].effect == by_hand(value, before, after)
                assert bool(outcome[0].changes) == (outcome[0].effect == "changed")
                event(outcome[0].effect)
            else:  # every pod template may opt out
                assert outcome is None
                assert not ours or by_hand(value, before, after) == "unchanged"
        assert not found

    hold()


# A large fleet


def large(count, *, distinct):
    """Yield stored LeaderWorkerSets, each with a name of its own, and some with a model of their own."""
    value = stored.lws(OLD)
    for number in range(count):
        labels = {**stored.LABELS, "hydra.io/model-id": f"m-{number % distinct}"}
        yield {**value, "metadata": {**value["metadata"], "name": f"w-{number}", "labels": labels}}


def test_of_a_workload_only_its_name_is_kept():
    planning = whatif.Plan(OLD, IMAGE)
    sizes = []
    tracemalloc.start()
    try:
        for value in large(300, distinct=3):
            planning.add(LWS, copy.deepcopy(value))
            sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()

    assert (sizes[-1] - sizes[99]) / 200 < 500
    assert planning.summary().total == {"changed": 300}


@pytest.mark.thorough
@pytest.mark.parametrize(
    "distinct", [pytest.param(50, id="some alike"), pytest.param(5000, id="all different", marks=pytest.mark.long)]
)
def test_five_thousand_workloads_are_planned(distinct):
    planning = whatif.Plan(OLD, fleet.state("newer"))
    began = time.process_time()
    for value in large(5000, distinct=distinct):
        planning.add(LWS, value)
    summary = planning.summary()
    seconds = time.process_time() - began

    assert summary.total == {"changed": 5000}
    assert len(summary.outcomes) == 1
    print(f"\n5,000 LeaderWorkerSets, {distinct} of them different, planned in {seconds:.1f} s of CPU time")  # noqa: T201 - the figure
