"""The bench of a large cluster, with few pods: what fails when one of two replicas ends, and what does not."""

import pytest

from bench import large_cluster
from bench.large_cluster import Size

SMALL = Size(pods=300, clients=6, rounds=2)


@pytest.mark.thorough
def test_no_pod_is_refused_while_a_replica_is_replaced_as_in_a_roll_out():
    found, _ = large_cluster.measured("replaced", SMALL, print)

    assert (found.failures.total, found.reported) == (0, 0), found.failures
    assert_complete(found)


@pytest.mark.thorough
def test_no_pod_is_refused_after_a_killed_replica_has_left_the_service():
    found, _ = large_cluster.measured("killed", SMALL, print)

    assert found.failures.others == 0, found.failures
    assert found.reported == found.failures.total
    assert found.failures.in_flight <= SMALL.clients
    assert_complete(found)


def assert_complete(found):
    assert found.pods >= SMALL.pods
    assert len(found.replicas) == 3
    assert found.hit_ratio > 0.4  # each replica decides once about the pods of each of 50 controllers
    assert [len(one) for one in (*found.none, *found.ours)].count(SMALL.of_a_round) >= 3
    assert all(
        min(one.ready, one.end, one.most) > 50 for one in found.replicas.values()
    )  # MiB, of which most is Python
