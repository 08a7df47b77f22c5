"""Verdicts that are given from memory are those that would have been decided (contract section 11: same input, same bytes)."""

import copy
import json
from pathlib import Path

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests import objects
from webhook import admission, catalog, mutation, remembered, rendering, review, workload
from webhook.settings import Settings

HERE = Path(__file__).parent
STATE = rendering.State(
    catalog.build(
        [
            catalog.Document(kind, f"{kind}.yaml", (HERE / "configuration" / f"{kind}.yaml").read_text())
            for kind in ("templates", "agent")
        ],
        None,
    ),
    Settings(),
)
EMBEDDED = rendering.State(catalog.build(catalog.embedded(), None), Settings())
DEPLOYMENT, JOB, ALONE = (
    json.loads((HERE / "reviews" / f"{name}.json").read_text())
    for name in ("pod-of-a-deployment", "pod-of-a-job", "pod-kubectl-create")
)


def memory(most_bytes=1 << 20, handler=mutation.handle, after=()):
    """Return a memory that has met the like of these pods once, so that it keeps the verdict when it meets them again."""
    remembering = remembered.RememberedVerdicts(handler, most_bytes)
    for value in after:
        decide(value, remembering.handle)
    remembering.misses = 0
    return remembering


def encoded(value):
    """Return a review as API servers write it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def decide(value, handler=mutation.handle, state=EMBEDDED):
    return review.decide(encoded(value), handler, state)


def sibling(value, uid="another", token="zzzzz"):
    """Return the review of another pod of the same controller."""
    text = json.dumps(value)
    volumes = [one["name"] for one in value["request"]["object"]["spec"].get("volumes", ())]
    for name in volumes:
        if name.startswith("kube-api-access-"):
            text = text.replace(name, f"kube-api-access-{token}")
    other = json.loads(text)
    other["request"]["uid"] = uid
    metadata = other["request"]["object"]["metadata"]
    metadata["managedFields"] = [{"manager": "kube-controller-manager", "time": "2026-11-30T00:00:00Z"}]
    if "name" in metadata:
        metadata["name"] = f"pod-{token}"
    for field in ("labels", "annotations"):
        values = metadata.get(field)
        if isinstance(values, dict):
            metadata[field] = {
                key: one if workload.is_read(key) or not isinstance(one, str) else token for key, one in values.items()
            }
    return other


@pytest.mark.parametrize("value", [DEPLOYMENT, JOB], ids=["Deployment", "Job"])
def test_pods_of_one_controller_get_a_verdict_that_came_twice(value):
    remembering = memory(after=[sibling(value)])

    first, second = decide(value, remembering.handle), decide(sibling(value), remembering.handle)

    assert (remembering.hits, remembering.misses) == (1, 1)
    assert first == decide(value)
    assert second == decide(sibling(value))
    assert second.outcome == "mutated"
    assert second.uid == "another"


def test_a_verdict_is_kept_when_the_like_of_a_pod_comes_again():
    remembering, sizes = memory(), []

    for value in (DEPLOYMENT, sibling(DEPLOYMENT), DEPLOYMENT, sibling(DEPLOYMENT)):
        assert decide(value, remembering.handle) == decide(value)
        sizes.append(remembering.size > 0)

    assert sizes == [False, True, True, True]
    assert (remembering.hits, remembering.misses) == (2, 2)


def test_pods_without_a_like_take_no_memory(monkeypatch):
    monkeypatch.setattr(remembered, "_MOST_SEEN", 3)
    remembering = memory()

    for number in range(10):
        value = copy.deepcopy(DEPLOYMENT)
        value["request"]["object"]["metadata"]["labels"]["hydra.io/model-id"] = f"m{number}"
        decide(value, remembering.handle)

    assert remembering.size == 0
    assert len(remembering._seen) <= 3


def test_a_statefulset_s_pods_without_claims_get_one_verdict():
    remembering = memory()
    pods = []
    for name in ("engine-0", "engine-1", "engine-2"):
        value = sibling(DEPLOYMENT, uid=name)
        about = value["request"]["object"]["metadata"]
        about["name"] = about["labels"]["statefulset.kubernetes.io/pod-name"] = name
        about["labels"]["apps.kubernetes.io/pod-index"] = name[-1]
        value["request"]["object"]["spec"] |= {"hostname": name, "subdomain": "engine"}
        pods.append(value)

    assert [decide(pod, remembering.handle) for pod in pods] == [decide(pod) for pod in pods]

    assert remembering.hits == 1


def test_a_name_matters_where_a_claim_has_it():
    remembering = memory()
    pods = []
    for name in ("engine-0", "engine-0", "engine-1"):
        value = sibling(DEPLOYMENT, uid=name)
        value["request"]["object"]["metadata"]["name"] = name
        claim = {"name": "data", "persistentVolumeClaim": {"claimName": "data-engine-0"}}
        value["request"]["object"]["spec"]["volumes"].append(claim)
        pods.append(value)

    answers = [decide(pod, remembering.handle) for pod in pods]

    assert answers == [decide(pod) for pod in pods]
    assert answers[0].body.replace(b"engine-0", b"") != answers[2].body.replace(b"engine-1", b"")
    assert remembering.hits == 0


def test_a_name_in_a_claim_is_found_when_its_letters_are_escaped():
    remembering = memory()
    bodies = []
    for name in ("engine-0", "engine-0", "other-0"):
        value = sibling(DEPLOYMENT)
        value["request"]["object"]["metadata"]["name"] = name
        claim = {"name": "data", "persistentVolumeClaim": {"claimName": "data-engine-0"}}
        value["request"]["object"]["spec"]["volumes"].append(claim)
        bodies.append(encoded(value).replace(b"data-engine-0", b"data-\\u0065ngine-0"))

    answers = [review.decide(body, remembering.handle, EMBEDDED) for body in bodies]

    assert answers == [review.decide(body, mutation.handle, EMBEDDED) for body in bodies]


def test_the_pods_of_an_indexed_job_get_one_verdict():
    remembering = memory()
    pods = []
    for index in ("0", "1", "2"):
        value = sibling(JOB, uid=index)
        about, spec = value["request"]["object"]["metadata"], value["request"]["object"]["spec"]
        about["generateName"] = f"qwen-job-{index}-"
        about["labels"]["batch.kubernetes.io/job-completion-index"] = index
        about["annotations"] = {"batch.kubernetes.io/job-completion-index": index, "note": "same"}
        spec["hostname"] = f"qwen-job-{index}"
        pods.append(value)

    assert [decide(pod, remembering.handle) for pod in pods] == [decide(pod) for pod in pods]

    assert remembering.hits == 1


def changed(change):
    def make():
        value = copy.deepcopy(DEPLOYMENT)
        change(value["request"])
        return value

    return make


@pytest.mark.parametrize("field", ["labels", "annotations"])
def test_values_that_nobody_reads_decide_nothing(field):
    remembering, pods = memory(), []
    for value in ("a", "b", "c"):
        pod = sibling(DEPLOYMENT, uid=value)
        pod["request"]["object"]["metadata"].setdefault(field, {})["example.com/team"] = value
        pods.append(pod)

    assert [decide(pod, remembering.handle) for pod in pods] == [decide(pod) for pod in pods]

    assert remembering.hits == 1


def _labelled(request):
    request["object"]["metadata"]["labels"]["hydra.io/model-id"] = "other"


def _with_default_container(request):
    request["object"]["metadata"]["annotations"] = {"kubectl.kubernetes.io/default-container": "none"}


def _in_a_group(request):
    request["object"]["metadata"]["labels"]["leaderworkerset.sigs.k8s.io/name"] = "group"
    request["object"]["metadata"]["annotations"] = {"leaderworkerset.sigs.k8s.io/size": "2"}


def _annotated(request):
    request["object"]["metadata"]["annotations"] = {"hydra.io/model-name": "other"}


def _elsewhere(request):
    request["namespace"] = "other"


def _with_args(request):
    request["object"]["spec"]["containers"][0]["args"] = ["--other"]


def _with_hostname(request):
    request["object"]["spec"]["hostname"] = "h"


def _with_other_mount(request):
    request["object"]["spec"]["containers"][0]["volumeMounts"][0]["mountPath"] = "/other"


def _more_labels(request):
    request["object"]["metadata"]["labels"]["more"] = "x"


def _with_status(request):
    request["object"]["status"] = {"phase": "Pending"}


@pytest.mark.parametrize(
    "change",
    [
        _labelled,
        _annotated,
        _with_default_container,
        _in_a_group,
        _elsewhere,
        _with_args,
        _with_hostname,
        _with_other_mount,
        _more_labels,
        _with_status,
    ],
    ids=lambda change: change.__name__.removeprefix("_"),
)
def test_pods_that_differ_are_decided_each(change):
    remembering, other = memory(after=[DEPLOYMENT]), changed(change)()
    decide(DEPLOYMENT, remembering.handle)

    assert decide(other, remembering.handle) == decide(other)

    assert (remembering.hits, remembering.misses) == (0, 2)


def test_another_state_forgets_everything():
    remembering = memory()
    newer = rendering.State(EMBEDDED.snapshot, Settings(cluster="another"))

    states = (EMBEDDED, newer, newer, newer, EMBEDDED, EMBEDDED)
    answers = [decide(DEPLOYMENT, remembering.handle, state) for state in states]

    assert answers == [decide(DEPLOYMENT, state=state) for state in states]
    assert (remembering.hits, remembering.misses) == (1, 5)


def test_a_denial_is_not_remembered():
    remembering, denied = memory(), copy.deepcopy(DEPLOYMENT)
    denied["request"]["object"]["metadata"]["labels"]["hydra.io/runtime"] = "unknown"
    renamed = copy.deepcopy(denied)
    renamed["request"]["object"]["metadata"]["generateName"] = "other-"

    messages = [decide(one, remembering.handle).message for one in (denied, denied, renamed)]

    assert messages == [decide(one).message for one in (denied, denied, renamed)]
    assert "other-" in messages[2]
    assert remembering.size == 0


def test_what_is_not_used_is_forgotten_first():
    others = [copy.deepcopy(DEPLOYMENT) for _ in range(3)]
    for number, other in enumerate(others):
        other["request"]["namespace"] = f"n{number}"
    remembering = memory(after=[others[0], others[0]])
    room_for_two = memory(2 * remembering.size + 10, after=others)

    for at in (0, 1, 0, 2, 0, 1):
        decide(others[at], room_for_two.handle)

    assert (room_for_two.hits, room_for_two.misses) == (2, 4)
    assert room_for_two.size == 2 * remembering.size


def test_an_answer_that_does_not_fit_is_given_all_the_same():
    remembering = memory(10, after=[DEPLOYMENT])

    assert decide(DEPLOYMENT, remembering.handle) == decide(DEPLOYMENT)

    assert remembering.size == 0


def test_a_token_volume_whose_name_is_also_an_argument_is_decided_each_time():
    value = copy.deepcopy(DEPLOYMENT)
    spec = value["request"]["object"]["spec"]
    spec["containers"][0]["args"] = [f"--mount={spec['volumes'][0]['name']}"]
    remembering = memory()

    pods = (value, value, sibling(value))
    answers = [decide(one, remembering.handle) for one in pods]

    assert answers == [decide(one) for one in pods]
    assert (remembering.hits, remembering.misses) == (0, 0)


def test_an_answer_that_names_the_token_volume_is_not_remembered():
    volume = DEPLOYMENT["request"]["object"]["spec"]["volumes"][0]["name"]
    response = admission.Response(allowed=True, operations=[{"op": "add", "path": "/x", "value": volume}])
    handler = lambda _request, _state: admission.Verdict(response, "rendered")  # noqa: E731
    remembering = memory(handler=handler, after=[DEPLOYMENT])

    decide(DEPLOYMENT, remembering.handle)

    assert remembering.size == 0


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        {"metadata": {}},
        {"metadata": None, "spec": {}},
        {"metadata": {}, "spec": []},
        {"metadata": {"labels": []}, "spec": {}},
    ],
    ids=repr,
)
def test_an_object_of_another_shape_is_decided(value):
    odd = copy.deepcopy(DEPLOYMENT)
    odd["request"]["object"] = value

    assert decide(odd, memory().handle) == decide(odd)


def test_other_objects_and_operations_are_decided():
    remembering = memory()
    reviews = [json.loads(path.read_text()) for path in sorted((HERE / "reviews").rglob("*.json"))]
    assert len(reviews) > 20

    for value in reviews:
        for _ in range(3):
            assert decide(value, remembering.handle) == decide(value)

    creations = [
        one for one in reviews if (one["request"]["operation"], one["request"]["kind"]["kind"]) == ("CREATE", "Pod")
    ]
    assert remembering.hits + remembering.misses == 3 * len(creations)


@pytest.mark.parametrize(
    "examples",
    [
        pytest.param(200, id="some", marks=pytest.mark.slow),
        pytest.param(5000, id="thousands", marks=pytest.mark.long),
    ],
)
def test_any_two_pods_of_one_controller_get_the_answers_that_would_be_decided(examples):
    remembering = memory()

    @settings(max_examples=examples)
    @given(objects.pods(), st.sampled_from(["aaaaa", "b2b2b"]))
    def hold(value, token):
        first = copy.deepcopy(ALONE)
        first["request"]["object"] = with_token_volume(value)
        second = sibling(first, token=token)
        hits = remembering.hits

        for one in (first, first, second):
            assert decide(one, remembering.handle, STATE) == decide(one, state=STATE)

        event("remembered" if remembering.hits > hits else decide(first, state=STATE).reason)

    hold()
    assert remembering.hits > examples / 10


def with_token_volume(value):
    """Return a pod with what the ServiceAccount plugin adds, wherever the shape of the pod lets it."""
    pod = copy.deepcopy(value)
    spec = pod.get("spec")
    name = "kube-api-access-abcde"
    if isinstance(spec, dict) and isinstance(spec.setdefault("volumes", []), list):
        spec["volumes"].append({"name": name, "projected": {"sources": []}})
        for container in spec.get("containers") or ():
            if isinstance(container.setdefault("volumeMounts", []), list):
                container["volumeMounts"].append(
                    {"name": name, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}
                )
    return pod
