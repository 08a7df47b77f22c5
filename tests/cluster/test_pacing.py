"""The limiter bounds the rate of requests, and pauses after failures grow."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from tests.cluster.apiserver import most_requests
from webhook.cluster import reflector


@given(st.lists(st.floats(0, 3, allow_nan=False), max_size=40))
def test_no_more_than_three_requests_in_two_seconds(gaps):
    limiter, now, sent = reflector.Limiter(), 0.0, []
    for gap in gaps:
        now += gap
        now += limiter.wait(now)
        limiter.note(now)
        sent.append(now)
    assert most_requests(sent) <= 3


def test_requests_a_second_apart_never_wait():
    limiter = reflector.Limiter()
    for second in range(20):
        assert limiter.wait(float(second)) == 0
        limiter.note(float(second))


def test_pauses_double_up_to_thirty_seconds():
    backoff = reflector.Backoff(lambda: 1.0)
    assert [backoff.pause() for _ in range(9)] == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_pauses_have_at_least_half_their_length():
    backoff = reflector.Backoff(lambda: 0.0)
    assert [backoff.pause() for _ in range(3)] == [0.25, 0.5, 1.0]


def test_after_success_pauses_are_short_again():
    backoff = reflector.Backoff(lambda: 1.0)
    assert list(itertools.islice(iter(backoff.pause, None), 5))[-1] == 8
    backoff.reset()
    assert backoff.pause() == 0.5
