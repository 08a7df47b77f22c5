"""The life of a LeaderWorkerSet as a state machine (tests/fleet_machine.py): any client, any order, and nothing rolls by accident."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.fleet_machine import Fleet

EXAMPLES = [
    pytest.param(15, id="some hundred steps", marks=pytest.mark.slow),
    pytest.param(60, id="a thousand steps", marks=pytest.mark.thorough),
    pytest.param(2500, id="a hundred thousand steps", marks=pytest.mark.long),
]


@pytest.mark.parametrize("examples", EXAMPLES)
def test_nothing_rolls_without_intent_and_every_intent_once(examples):
    # Only the long form goes new ways each time. It makes no history shorter, which would take longer than all the rest.
    everyday = examples < 1000
    checked = settings(
        max_examples=examples,
        stateful_step_count=30 if everyday else 60,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        derandomize=everyday,
        database=None,
        phases=list(Phase) if everyday else [Phase.generate],
    )

    run_state_machine_as_test(Fleet, settings=checked)
