"""What is reported about a clock that disagrees with the API server's."""

import email.utils
import math
import time
from datetime import UTC, datetime, timedelta

import pytest

from webhook import cluster
from webhook.app.clock import Clock


def behind_a_server(ahead: float) -> Clock:
    """Return the clock of this machine, compared with a server's that is ahead by so many seconds."""
    server = cluster.ServerClock()
    date = email.utils.formatdate(time.time() + ahead, usegmt=True)
    server.observe({"Date": date}, server.monotonic())
    return Clock(server)


def test_without_an_answer_this_machines_clock_is_trusted():
    clock = Clock(cluster.ServerClock())
    assert (clock.problem, math.isnan(clock.seconds_ahead())) == ("", True)
    assert clock.now() <= datetime.now(UTC)


@pytest.mark.parametrize("ahead", [-58, 0, 58])
def test_a_difference_of_less_than_a_minute_is_no_problem(ahead):
    assert behind_a_server(ahead).problem == ""


DAY = 24 * 3600


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (-300 * DAY, "it is 300 days ahead."),
        (300 * DAY, "it is 300 days behind."),
        (-2 * 3600 - 60, "it is 2 hours ahead."),
        (150, "it is 2 minutes behind."),
        (-70, "ahead."),
    ],
)
def test_a_clock_that_disagrees_is_reported_with_both_times_and_a_remedy(ahead, words):
    clock = behind_a_server(ahead)
    own, server = datetime.now(UTC), datetime.now(UTC) + timedelta(seconds=ahead)
    assert f"clock says {own:%Y-%m-%dT%H:}" in clock.problem
    assert f"the API server's {server:%Y-%m-%dT%H:}" in clock.problem
    assert words in clock.problem
    assert "set the clock of the node" in clock.problem
    assert abs(clock.now() - server) < timedelta(seconds=60)
    assert abs(clock.seconds_ahead() + ahead) < 60
