"""The Go templates of one request share one budget of work (contract section 11)."""

import json

import pytest

from webhook import admission, catalog, errors, mutation, rendering, workload
from webhook.rendering import budget
from webhook.settings import Settings

LABELS = {"hydra.io/runtime": "r", "hydra.io/model-id": "m"}


def state(*args, render_all=None):
    """Return a state with a runtime that has these templates of args, and a template for an environment variable."""
    container = {"image": "i", "argsTemplate": list(args)}
    if render_all is not None:
        container["env"] = [{"name": "A", "value": render_all}]
    entry = {
        "runtime": "r",
        "renderAll": render_all is not None,
        "podTemplate": {"containerTemplate": container},
    }
    agent = {"deployment_templates": []}
    documents = [
        catalog.Document("templates", "t.yaml", json.dumps({"templates": [entry]})),
        catalog.Document("agent", "a.yaml", json.dumps(agent)),
    ]
    return rendering.State(catalog.build(documents, None), Settings())


def mutate(state, *, size=None):
    """Render a Pod, or a LeaderWorkerSet of a size."""
    value = {"metadata": {"name": "x", "labels": LABELS}, "spec": {"containers": [{"name": "main"}]}}
    if size is None:
        return mutation.mutate({"kind": "Pod", **value}, workload.POD, state, namespace="ns")
    group = {"leaderWorkerTemplate": {"size": size, "workerTemplate": {"spec": value["spec"]}}}
    return mutation.mutate({**value, "spec": group}, workload.LEADER_WORKER_SET, state, namespace="ns")


def denial(state, **more):
    with pytest.raises(errors.Denied) as raised:
        mutate(state, **more)
    return raised.value


def loop(steps):
    """Return a template that takes this many steps: two for each turn, and 10 once."""
    return f"x{{{{ range {(steps - 10) // 2} }}}}{{{{ end }}}}"


def test_a_pod_may_use_the_whole_budget_and_no_more():
    assert mutate(state(loop(budget.STEPS))).changed
    refusal = denial(state(loop(budget.STEPS + 2)))

    assert refusal.code == "template-failed"
    assert "r/argsTemplate[0]" in refusal.message
    assert "exceeded 20000 steps" in refusal.message
    assert "20000 steps and 1048576 bytes together" in refusal.message


def test_all_templates_of_a_pod_share_the_budget():
    half = budget.STEPS // 2

    assert mutate(state(loop(half), loop(half))).changed
    assert "argsTemplate[1]" in denial(state(loop(half), loop(half + 2))).message
    assert "argsTemplate[0]" in denial(state(loop(half), render_all=loop(half + 2))).message


def test_a_leader_and_its_worker_share_the_budget():
    half = budget.STEPS // 2

    assert mutate(state(loop(half)), size=2).changed
    assert mutate(state(loop(half + 2)), size=1).changed
    refusal = denial(state(loop(half + 2)), size=2)

    assert refusal.code == "template-failed"
    assert "workerTemplate" in refusal.message
    assert f"exceeded {half - 2} steps" in refusal.message


def test_what_runs_only_once_counts(monkeypatch):
    monkeypatch.setattr(budget, "STEPS", 1_000)
    text = "{{ .MODEL_ID }}" * 91  # costs 1 for each action, 1 for their list and 8 for the call

    assert mutate(state(*[text] * 10)).changed
    assert "argsTemplate[10]" in denial(state(*[text] * 11)).message


@pytest.mark.parametrize(
    ("text", "fitting"),
    [
        pytest.param("x" * 2_000, 5, id="plain text"),
        pytest.param("é" * 1_000, 5, id="bytes, not characters"),
        pytest.param("{{ .MODEL_ID }}" + "x" * 2_000, 5, id="text beside an action"),
        pytest.param('{{ printf "%2000d" 1 }}', 2, id="strings that functions build, and their output"),
        pytest.param('{{ if printf "%2000d" 1 }}{{ end }}', 5, id="strings that functions build"),
    ],
)
def test_output_is_shared_as_well(text, fitting, monkeypatch):
    monkeypatch.setattr(budget, "BYTES", 10_486)
    assert mutate(state(*[text] * fitting)).changed
    refusal = denial(state(*[text] * (fitting + 1)))

    assert refusal.code == "template-failed"
    assert f"argsTemplate[{fitting}]" in refusal.message
    assert "output exceeds" in refusal.message
    assert "10486 bytes together" in refusal.message


def test_each_request_has_a_budget_of_its_own():
    one = state(loop(budget.STEPS))

    assert mutate(one).value == mutate(one).value


def test_another_failure_does_not_mention_the_budget():
    assert "budget" not in denial(state("{{ index .CUSTOM_ARGS 9 }}")).message
    assert "budget" not in denial(state('{{ define "a" }}{{ template "a" }}{{ end }}{{ template "a" }}')).message


def test_the_remedy_is_in_what_the_api_server_shows():
    answer = admission.denied(denial(state(loop(10**9))))

    assert (
        "let the template loop less, or give the workload fewer or shorter arguments; to see why, run "
        "hydra-webhook explain --from-cluster -f FILE [template-failed]" in answer.message
    )
