"""By how much this machine's clock differs from an API server's, whatever the network, proxies and other servers do."""

import email.utils
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cluster.apiserver import AGENT, answer, kubeconfig, status
from webhook import cluster
from webhook.cluster import clocks

TRUE = datetime(2026, 11, 23, 12, 0, tzinfo=UTC).timestamp()


class World:
    """The right time, and a machine whose clock is ahead by ``ahead`` seconds."""

    def __init__(self, ahead: float = 0.0) -> None:
        self.passed = 0.0
        self.ahead = ahead
        self.clock = cluster.ServerClock(wall=lambda: TRUE + self.passed + self.ahead, monotonic=lambda: self.passed)

    def answer(self, *, off: float = 0.0, before: float = 0.0, after: float = 0.0, **headers: str) -> None:
        """Receive an answer from a server whose clock is ``off`` by so much, with so many seconds on the way."""
        sent = self.passed
        self.passed += before
        date = email.utils.formatdate(int(TRUE + self.passed + off), usegmt=True)
        self.passed += after
        self.clock.observe({"Date": date, **headers}, sent)

    @property
    def skew(self) -> float:
        skew = self.clock.skew
        assert skew is not None
        return skew.total_seconds()


DAY = 24 * 3600.0
SECONDS = st.floats(0, 30)


@given(st.floats(-1000 * DAY, 1000 * DAY), SECONDS, SECONDS, SECONDS)
def test_the_least_skew_that_explains_the_answer_is_reported(ahead, start, before, after):
    world = World(ahead)
    world.passed = start
    world.answer(before=before, after=after)
    assert abs(world.skew) <= abs(ahead) + 1e-3
    assert abs(world.skew) >= abs(ahead) - (before + after + 1 + 1e-3)


def test_a_slow_network_is_not_taken_for_a_wrong_clock():
    world = World()
    world.answer(before=9, after=0)
    world.answer(before=0, after=9)
    assert world.skew == 0


def test_without_an_answer_the_skew_is_unknown_and_time_is_this_machines():
    world = World(ahead=5)
    assert world.clock.skew is None
    assert world.clock.now().timestamp() == TRUE + 5


def test_the_time_of_the_server_follows_from_an_answer():
    world = World(ahead=300 * DAY)
    world.answer()
    world.passed += 100
    assert abs(world.clock.now().timestamp() - TRUE - 100) <= 1.1


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Date": ""},
        {"Date": "soon"},
        {"Date": "Tue, 24 Foo 2026 11:00:00 GMT"},
        {"Date": "Thu, 01 Jan 1970 00:00:00 GMT"},
        {"Date": "Fri, 31 Dec 9999 23:59:59 -1200"},
        {"Date": "Mon, 23 Nov 2026 12:00:00 GMT", "Age": "7"},
    ],
)
def test_an_answer_that_shows_no_time_changes_nothing(headers):
    world = World()
    world.clock.observe(headers, 0.0)
    assert world.clock.skew is None


@given(st.text())
def test_any_date_is_read_or_ignored(text):
    world = World()
    world.clock.observe({"Date": text}, 0.0)
    assert world.clock.skew is None or isinstance(world.clock.skew, timedelta)


def test_an_answer_that_a_cache_goes_on_sending_counts_once():
    world = World()
    date = email.utils.formatdate(TRUE, usegmt=True)
    for _ in range(20):
        world.clock.observe({"Date": date}, world.passed)
        world.passed += 30
    assert abs(world.skew) <= clocks.DRIFT * world.passed


def test_several_answers_within_a_second_count():
    world = World()
    for _ in range(3):
        world.answer()
    world.answer(off=-DAY)
    assert world.skew == 0


def test_a_few_odd_answers_do_not_count():
    """One of three API servers has a clock of its own, or a cache in between answers now and then."""
    world = World()
    for off in (0, -DAY, 0, 600, 0, 600, 0, -DAY, 0):
        world.answer(off=off)
        world.passed += 5
        assert abs(world.skew) <= 1


@pytest.mark.parametrize("ahead", [-300 * DAY, -61.5, 61.5, 300 * DAY])
def test_setting_this_machines_clock_shows_at_once(ahead):
    world = World()
    world.answer()
    world.ahead = ahead
    assert abs(world.skew - ahead) <= 1.1
    world.ahead = 0.0
    assert world.skew == 0


def test_setting_the_servers_clock_shows_after_some_answers():
    world = World()
    for off in (*[0] * clocks.KEPT, *[-DAY] * (clocks.KEPT // 2 + 1)):
        world.answer(off=off)
        world.passed += 5
    assert abs(world.skew - DAY) <= 1.1


def test_the_older_an_answer_the_less_it_says():
    world = World()
    world.answer()
    world.ahead = 61
    assert world.skew > 59
    world.passed += DAY
    assert world.skew < 60


async def test_every_answer_shows_the_time_even_a_refusal(server, tmp_path):
    clock = cluster.ServerClock()
    client = cluster.Client(kubeconfig(tmp_path, server.url), clock=clock)
    server.script.append(status(403, "Forbidden", Date="Mon, 23 Nov 2020 12:00:00 GMT"))
    with pytest.raises(cluster.ApiError):
        await client.get(AGENT)
    await client.close()
    assert clock.skew > timedelta(days=365)


async def test_an_answer_without_a_date_is_as_good_as_any(server, tmp_path):
    clock = cluster.ServerClock()
    client = cluster.Client(kubeconfig(tmp_path, server.url), clock=clock)
    server.script.append(answer(200, {"kind": "ConfigMap"}))
    assert await client.get(AGENT) == {"kind": "ConfigMap"}
    await client.close()
    assert clock.skew is None


async def test_a_date_to_retry_after_is_relative_to_the_servers_time(server, tmp_path):
    client = cluster.Client(kubeconfig(tmp_path, server.url))
    then = {"Date": "Mon, 23 Nov 2020 12:00:00 GMT", "Retry_After": "Mon, 23 Nov 2020 12:00:07 GMT"}
    server.script.append(status(429, "TooManyRequests", **then))
    with pytest.raises(cluster.ApiError) as caught:
        await client.get(AGENT)
    await client.close()
    assert caught.value.retry_after == 7
