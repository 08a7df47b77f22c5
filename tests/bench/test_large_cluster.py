"""Which failures of a large cluster count as what."""

import math

import pytest

from bench import large_cluster
from bench.creations import Attempt
from bench.large_cluster import Failures, Moments

STATUS = (
    """{"message": "failed calling webhook \\"pods.example\\": Post \\"https://127.0.0.1:1/mutate?timeout=5s\\": %s"}"""
)


@pytest.mark.parametrize(
    ("sent", "answered", "expected"),
    [
        pytest.param(8, 9, (0, 0, 1), id="before the kill"),
        pytest.param(9, 11, (1, 0, 0), id="across the kill"),
        pytest.param(10, 11, (0, 1, 0), id="at the kill"),
        pytest.param(11, 13, (0, 1, 0), id="while the Service forwards to it"),
        pytest.param(12, 13, (0, 0, 1), id="after that"),
    ],
)
def test_failures_are_told_apart_by_when_they_were_sent(sent, answered, expected):
    attempts = [Attempt(sent, answered, STATUS % "EOF"), Attempt(sent, answered, "")]

    assert large_cluster.failures(attempts, Moments(killed=10, unlisted=12)) == Failures(*expected, ("EOF",))
    assert large_cluster.failures(attempts, None) == Failures(0, 0, 1, ("EOF",))


def test_messages_of_failures_have_no_addresses():
    reset = "read tcp 127.0.0.1:40000->127.0.0.1:20001: read: connection reset by peer"

    found = large_cluster.failures([Attempt(0, math.inf, STATUS % reset)], None)

    assert found.messages == ("read tcp ADDRESS->ADDRESS: read: connection reset by peer",)
