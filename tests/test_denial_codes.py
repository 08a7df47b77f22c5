"""Every denial code is raised by a case and documented, and there are no others (contract section 11)."""

import copy
import json
import re
from pathlib import Path

import pytest

from tests import golden_cases
from webhook import admission, catalog, errors, mutation, rendering, review, workload
from webhook.settings import Settings

ROOT = Path(__file__).parents[1]
STATE = rendering.State(catalog.build(catalog.embedded(), None), Settings())
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "bare", "labels": {"hydra.io/runtime": "vllm-cpu", "hydra.io/model-id": "qwen"}},
    "spec": {"containers": [{"name": "main", "image": "auto"}]},
}
SET = json.loads((ROOT / "tests" / "reviews" / "lws-without-leader-template.json").read_text())["request"]["object"]


def pod(*containers):
    return {**POD, "spec": {"containers": list(containers)}}


def mutated(value, state=STATE):
    kind = workload.LEADER_WORKER_SET if value["kind"] == "LeaderWorkerSet" else workload.POD
    return mutation.mutate(value, kind, state, namespace="default").value


def update(change):
    """Return the code with which an update of a rendered object is denied."""
    stored = mutated(SET)
    value = copy.deepcopy(stored)
    change(value)
    body = {
        "uid": "u",
        "kind": dict(zip(("group", "version", "kind"), workload.LEADER_WORKER_SET, strict=True)),
        "operation": "UPDATE",
        "object": value,
        "oldObject": stored,
    }
    reviewed = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": body}
    return review.decide(json.dumps(reviewed).encode(), mutation.handle, STATE).reason


def edited_with_another_size(value):
    group = value["spec"]["leaderWorkerTemplate"]
    group["size"] = 5
    group["workerTemplate"]["spec"]["containers"][0]["image"] = "another"


def restore_of_a_created_leader():
    leader = copy.deepcopy(mutated(SET)["spec"]["leaderWorkerTemplate"]["leaderTemplate"])
    mutation.restore({"apiVersion": "v1", "kind": "Pod", **leader}, workload.POD)


def restore_of_a_later_record():
    rendered = copy.deepcopy(mutated(POD))
    annotations = rendered["metadata"]["annotations"]
    annotations["hydra.io/rendered"] = json.dumps({**json.loads(annotations["hydra.io/rendered"]), "version": 2})
    mutation.restore(rendered, workload.POD)


def internal_error():
    def fail(_request, _state):
        raise ZeroDivisionError

    body = (ROOT / "tests" / "reviews" / "pod-kubectl-create.json").read_bytes()
    return review.decide(body, fail, STATE).reason


REQUESTS_MORE = {"resources": {"requests": {"cpu": "2"}}}


def object_too_large():
    value = {**POD, "spec": {"containers": [{"name": "main", "image": "auto", "args": ["x" * admission.MAX_OBJECT]}]}}
    body = {"uid": "u", "kind": {"version": "v1", "kind": "Pod"}, "operation": "CREATE", "object": value}
    reviewed = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": body}
    return review.decide(json.dumps(reviewed).encode(), mutation.handle, STATE).reason


LIMITED = catalog.Document(
    "templates",
    "t.yaml",
    "templates: [{runtime: vllm-cpu, podTemplate: {containerTemplate: {resources: {limits: {cpu: 1}}}}}]",
)
LIMITING = rendering.State(catalog.build([LIMITED, catalog.embedded()[1]], None), Settings())

#: Denials that golden cases cannot show, or of which they check only the message.
RAISED = {
    "container-without-name": lambda: mutated(pod({"image": "auto"})),
    "duplicate-container": lambda: mutated(pod({"name": "main", "image": "auto"}, {"name": "main"})),
    "request-above-limit": lambda: mutated(pod({"name": "main", "image": "auto", **REQUESTS_MORE}), LIMITING),
    "no-bare-form": restore_of_a_created_leader,
    "later-record": restore_of_a_later_record,
    "edit-with-input": lambda: update(edited_with_another_size),
    "label-removed": lambda: update(lambda value: value["metadata"]["labels"].pop("hydra.io/runtime")),
    "internal-error": internal_error,
    "object-too-large": object_too_large,
}


@pytest.mark.parametrize("code", RAISED)
def test_a_code_is_raised(code):
    try:
        found = RAISED[code]()
    except errors.Denied as denial:
        found = denial.code
    assert found == code


def test_every_code_is_raised_by_a_golden_case_or_above():
    golden = {case.keys["denied"]["code"] for case in golden_cases.CASES if "denied" in case.keys}

    assert golden.isdisjoint(RAISED)
    assert golden | RAISED.keys() == set(errors.DENIAL_CODES)


def test_every_code_is_documented_once_and_no_other_is():
    page = (ROOT / "docs" / "troubleshooting.md").read_text().partition("\n## Warnings\n")[0]

    assert sorted(re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE)) == sorted(errors.DENIAL_CODES)


#: Denials about which ``explain`` says more than their message.
EXPLAINED = {
    "container-name-conflict", "invalid-name", "no-agent-entry", "no-image", "no-value", "not-an-integer", "port-name-conflict",
    "request-above-limit", "template-failed", "undefined-volume", "unknown-accelerator", "unknown-probe-port",
}  # fmt: skip


@pytest.mark.parametrize("code", errors.DENIAL_CODES)
def test_an_answer_names_the_command_that_says_more_where_one_does(code):
    denial = errors.Denied(code, "why")
    advice = "; to see why, run hydra-webhook explain --from-cluster -f FILE" if code in EXPLAINED else ""

    assert admission.denied(denial).message == f"why{advice} [{code}]"
    assert str(denial) == f"why [{code}]", "explain itself, plan and the log do not advise to run explain"


def test_a_very_long_message_keeps_the_command_and_the_code():
    message = errors.Denied("no-value", "x" * 10_000).answer

    assert len(message) == 4096
    assert message.endswith("x...; to see why, run hydra-webhook explain --from-cluster -f FILE [no-value]")
