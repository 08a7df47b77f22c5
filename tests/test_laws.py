"""The laws that hold for every object (contract section 8), over generated objects and every recorded review."""

import base64
import json
from pathlib import Path

import jsonpatch
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests import json_values, objects
from webhook import catalog, errors, mutation, patch, rendering, review, workload
from webhook.settings import Settings

HERE = Path(__file__).parent
STATE = rendering.State(
    catalog.build(
        [
            catalog.Document("templates", "templates.yaml", (HERE / "configuration" / "templates.yaml").read_text()),
            catalog.Document("agent", "agent.yaml", (HERE / "configuration" / "agent.yaml").read_text()),
        ],
        None,
    ),
    Settings(),
)
EMBEDDED = rendering.State(catalog.build(catalog.embedded(), None), Settings())
REVIEWS = sorted((HERE / "reviews").glob("*.json"))


def kind_of(value):
    return workload.LEADER_WORKER_SET if value["kind"] == "LeaderWorkerSet" else workload.POD


def mutate(value, state=STATE):
    return mutation.mutate(value, kind_of(value), state, namespace="ns")


def decide(body):
    return review.decide(body, mutation.handle, EMBEDDED)


def check_the_laws(value, state=STATE):
    """Check every law for one object; return the reason of its decision."""
    before = json.loads(json.dumps(value))  # in a JSON document, no two places share a value
    try:
        mutated = mutate(value, state)
    except errors.Denied as refusal:
        assert patch.same(value, before)
        return refusal.code
    assert patch.same(value, before), "the input was modified"
    again = mutate(mutated.value, state)
    assert not again.changed, "the second mutation changed something"
    assert again.value is mutated.value
    assert not again.notices, "an untouched rendering earned a warning"
    assert patch.same(mutation.restore(mutated.value, kind_of(value)), value), "restoring gave another object"
    assert unknown_fields(value) <= unknown_fields(mutated.value), "an unknown field was lost"
    operations = patch.diff(value, mutated.value)
    assert patch.same(jsonpatch.apply_patch(before, operations), mutated.value), "the patch gives another object"
    assert patch.same(mutate(value, state).value, mutated.value), "the same input gave another result"
    return mutated.reason


def unknown_fields(value, path=""):
    """Return what unknown fields below a value hold as (path without list positions, JSON), null and empty maps left out.

    To merging a null field is an absent one, and maps are merged key by key.
    """
    found = set()
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("futureField", "x-vendor", "zz"):
                found |= held(inner, f"{path}/{key}")
            else:
                found |= unknown_fields(inner, f"{path}/{key}")
    elif isinstance(value, list):
        for inner in value:
            found |= unknown_fields(inner, f"{path}/*")
    return found


#: How many objects of each kind are tried: some by `make test`, many more by `make long`.
EXAMPLES = [
    pytest.param(150, id="some", marks=pytest.mark.slow),
    pytest.param(300, id="a few hundred", marks=pytest.mark.thorough),
    pytest.param(5000, id="thousands", marks=pytest.mark.long),
]


@pytest.mark.parametrize("examples", EXAMPLES)
@pytest.mark.parametrize("strategy", [objects.pods(), objects.leader_worker_sets()], ids=["pod", "LeaderWorkerSet"])
def test_the_laws_hold_for_any_object(strategy, examples):
    @settings(max_examples=examples)
    @given(strategy)
    def hold(value):
        outcome = check_the_laws(value)

        assert outcome
        event(outcome)

    hold()


def held(value, path):
    """Return the leaves below a value as (path, JSON); a list is a leaf."""
    if isinstance(value, dict):
        return set().union(*(held(inner, f"{path}/{key}") for key, inner in value.items()))
    return set() if value is None else {(path, json.dumps(value, sort_keys=True))}


@pytest.mark.parametrize("path", REVIEWS, ids=lambda path: path.stem)
def test_the_laws_hold_for_every_recorded_review(path):
    value = json.loads(path.read_text())["request"]["object"]

    assert check_the_laws(value, EMBEDDED) == "rendered"


@pytest.mark.parametrize("path", REVIEWS, ids=lambda path: path.stem)
def test_a_recorded_review_gets_the_same_answer_twice_and_its_result_is_left_unchanged(path):
    reviewed = json.loads(path.read_text())

    first = decide(path.read_bytes())
    response = json.loads(first.body)["response"]
    operations = json.loads(base64.b64decode(response["patch"]))
    reviewed["request"]["object"] = jsonpatch.apply_patch(reviewed["request"]["object"], operations)
    second = decide(json.dumps(reviewed).encode())

    assert first.body == decide(path.read_bytes()).body
    assert (second.outcome, second.reason) == ("unchanged", "already-rendered")
    assert not {"patch", "warnings"} & json.loads(second.body)["response"].keys()


@st.composite
def misshapen(draw):
    """A recorded review with any JSON value somewhere in its object."""
    review = json.loads(draw(st.sampled_from(REVIEWS)).read_text())
    node = review["request"]["object"]
    for _ in range(draw(st.integers(0, 8))):
        inner = list(node.values()) if isinstance(node, dict) else node
        deeper = [value for value in inner if isinstance(value, dict | list) and value]
        if not deeper:
            break
        node = draw(st.sampled_from(deeper))
    place = draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
    node[place] = draw(json_values.values(4))
    return review


@settings(max_examples=300)
@given(misshapen())
def test_no_shape_of_an_object_causes_an_internal_error(reviewed):
    assert decide(json.dumps(reviewed).encode()).outcome != "errored"
