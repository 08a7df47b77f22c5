"""What holds for the explanation of any object: it says what admission does, and a stored object is explained as its bare form."""

import json

import msgspec
import pytest
from hypothesis import event, given, settings

from tests import objects
from tests.explaining import field_cases
from tests.rendering.test_origins import HERE
from webhook import catalog, errors, explaining, mutation, workload

CONFIGURATION = field_cases.configuration(
    catalog.Document("templates", "templates.yaml", (HERE / "configuration" / "templates.yaml").read_text()),
    catalog.Document("agent", "agent.yaml", (HERE / "configuration" / "agent.yaml").read_text()),
)

EXAMPLES = [
    pytest.param(10, id="a few"),
    pytest.param(500, id="hundreds", marks=pytest.mark.thorough),
    pytest.param(5000, id="thousands", marks=pytest.mark.long),
]


def without_stored(explanation):
    """Return what an explanation says but for what only a stored object has."""
    found = [msgspec.structs.replace(one, stored=None) for one in explanation.pod_templates]
    return msgspec.structs.replace(explanation, pod_templates=tuple(found), remarks=())


def admitted(value, kind):
    """Return what admission makes of an object, or its refusal."""
    try:
        return mutation.mutate(value, kind, CONFIGURATION.state, namespace="team-a"), None
    except errors.Denied as refusal:
        return None, refusal


def check(value):
    kind = workload.LEADER_WORKER_SET if value["kind"] == "LeaderWorkerSet" else workload.POD
    before = json.dumps(value)
    found = field_cases.explain(value, CONFIGURATION)
    assert json.dumps(value) == before, "the input was modified"
    assert explaining.outline(found).text.startswith(f"{value['kind']} team-a/")
    assert len(json.loads(msgspec.json.encode(found))["pod_templates"]) == len(found.pod_templates)
    mutated, refusal = admitted(value, kind)
    if refusal is not None:
        assert (found.denial.code, found.denial.message) == (refusal.code, str(refusal))
        return refusal.code
    assert (found.denial, found.outcome) == (None, mutated.reason)
    assert mutated.revisions == tuple(dict.fromkeys(one.revision for one in found.pod_templates if one.revision))
    stored = field_cases.explain(json.loads(json.dumps(mutated.value)), CONFIGURATION)
    assert without_stored(stored) == without_stored(found)
    for one in stored.pod_templates:
        if one.outcome == "rendered":
            assert (one.stored.newest, one.stored.same_result, one.stored.untouched) == (True, True, True)
    return mutated.reason


@pytest.mark.parametrize("examples", EXAMPLES)
@pytest.mark.parametrize("strategy", [objects.pods(), objects.leader_worker_sets()], ids=["pod", "LeaderWorkerSet"])
def test_an_explanation_says_what_admission_does(strategy, examples):
    @settings(max_examples=examples)
    @given(strategy)
    def hold(value):
        outcome = check(value)

        assert outcome
        event(outcome)

    hold()
