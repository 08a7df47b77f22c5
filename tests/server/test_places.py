"""Which connection makes room for a new one."""

from dataclasses import dataclass

import pytest

from webhook import server
from webhook.server.places import HEALTH_LIMITS, RESERVED_FILES, REVIEW_LIMITS, Full, Limits, Places


@dataclass(frozen=True)
class Guest:
    peer: str
    quiet_since: float
    busy: bool = False


def places(limits: Limits, *guests: Guest) -> Places[Guest]:
    made: Places[Guest] = Places(limits)
    for guest in guests:
        made.add(guest)
    return made


OLD, NEW, BUSY, OTHER = Guest("a", 1), Guest("a", 2), Guest("a", 0, busy=True), Guest("b", 0)


@pytest.mark.parametrize(
    ("limits", "guests", "peer", "leaver"),
    [
        (Limits(4, 4), (OLD, NEW), "a", None),
        (Limits(2, 2), (NEW, OLD), "a", OLD),
        (Limits(3, 2), (BUSY, NEW), "a", NEW),
        (Limits(3, 2), (NEW, OLD, OTHER), "a", OLD),  # a peer at its own limit makes room itself
        (Limits(3, 3), (NEW, OLD, OTHER), "b", OLD),  # else the peer with the most connections
        (Limits(3, 3), (BUSY, Guest("a", 5, busy=True), OTHER), "c", OTHER),  # unless all of those are busy
        (Limits(2, 2, evict_busy=True), (BUSY, Guest("a", 5, busy=True)), "a", BUSY),
    ],
)
def test_the_one_that_has_been_idle_longest_makes_room(limits, guests, peer, leaver):
    assert places(limits, *guests).who_makes_room(peer) == leaver


@pytest.mark.parametrize("limits", [Limits(1, 1), Limits(1, 5), Limits(5, 1)])
def test_a_busy_connection_is_never_closed_for_a_new_one(limits):
    with pytest.raises(Full):
        places(limits, BUSY).who_makes_room("a")


def test_a_place_is_freed_once():
    some = places(Limits(1, 1), OLD)
    some.remove(OLD)
    some.remove(OLD)
    assert len(some) == 0
    assert some.who_makes_room("a") is None
    assert some.quietest() is None


def test_one_api_server_at_its_own_limits_has_room_and_leaves_some():
    in_flight = 400 + 200  # --max-requests-inflight and --max-mutating-requests-inflight
    assert in_flight + 25 <= REVIEW_LIMITS.per_peer
    assert REVIEW_LIMITS.per_peer >= 3 * (200 + 25)
    assert REVIEW_LIMITS.per_peer <= REVIEW_LIMITS.total * 3 // 4


@pytest.mark.parametrize("open_files", [1, 192, 256, 1024, 4096, 1_000_000])
def test_probes_and_the_rest_of_the_process_always_have_files_left(open_files):
    limits = server.review_limits(open_files)
    assert 1 <= limits.per_peer <= limits.total <= REVIEW_LIMITS.total
    assert limits.total == 1 or open_files - limits.total >= RESERVED_FILES > HEALTH_LIMITS.total
    assert open_files < 4096 or limits == REVIEW_LIMITS
