"""Whatever a file holds, drift and plan say something about it and never fail: files may hold anything."""

import copy

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import fleet, json_values
from tests.whatif import stored
from webhook import whatif

STATE = fleet.state()
NEWER = fleet.state("newer")
LWS = stored.lws(STATE)
HOLDER = stored.controller("ReplicaSet", "x-1", stored.owned_by("apps/v1", "Deployment", "x"))
OBJECTS = [
    LWS, *stored.group_pods(LWS, 0), stored.controller("Deployment", "x"), HOLDER, *stored.pods_of(HOLDER, STATE, 1), stored.pod(STATE)
]  # fmt: skip


@st.composite
def misshapen(draw):
    """Objects that belong together, one of which has any JSON value in some place."""
    values = copy.deepcopy(OBJECTS)
    node = draw(st.sampled_from(values))
    for _ in range(draw(st.integers(0, 8))):
        inner = list(node.values()) if isinstance(node, dict) else node
        deeper = [value for value in inner if isinstance(value, dict | list) and value]
        if not deeper:
            break
        node = draw(st.sampled_from(deeper))
    place = draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
    if place not in ("apiVersion", "kind"):
        node[place] = draw(json_values.values(4))
    return values


#: How many sets of objects are tried: some by `make test`, many more by `make long`.
EXAMPLES = [
    pytest.param(8, id="a few"),
    pytest.param(100, id="some", marks=pytest.mark.thorough),
    pytest.param(2000, id="many", marks=pytest.mark.long),
]


@pytest.mark.parametrize("examples", EXAMPLES)
def test_no_shape_of_an_object_makes_drift_fail(examples):
    @settings(max_examples=examples)
    @given(misshapen())
    def hold(values):
        findings = whatif.drift(stored.kinds(*values), STATE)

        msgspec.json.encode(findings)
        for finding in findings:
            said = [*finding.templates, *(one for running in finding.running for one in running.judgements)]
            assert finding.drift == any(whatif.is_drift(one.verdict) for one in said)
            assert all(list(whatif.lines(one.changes)) for one in said if one.changes)

    hold()


@pytest.mark.parametrize("examples", EXAMPLES)
def test_no_shape_of_an_object_makes_plan_fail(examples):
    @settings(max_examples=examples)
    @given(misshapen())
    def hold(values):
        summary = whatif.plan(stored.kinds(*values), STATE, NEWER)

        msgspec.json.encode(summary)
        assert sum(summary.total.values()) == sum(len(one.workloads) for one in summary.outcomes)
        for outcome in summary.outcomes:
            assert (outcome.effect == "changed") == bool(outcome.changes)
            assert all(list(whatif.lines(changes)) for changes in outcome.changes.values())

    hold()
