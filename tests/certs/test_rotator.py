"""The loop of one replica, by a clock that jumps: the bundle is published before the leaf, whatever fails."""

import asyncio
import contextlib
import functools
import itertools
from datetime import UTC, datetime, timedelta

import pytest

import certs
from certs import policy
from tests.certs import fakes

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LIFETIMES = certs.Lifetimes(authority=90 * MINUTE, leaf=60 * MINUTE)
HOST = "hydra-webhook.hydra-system.svc"


class Replica:
    """A rotator with everything around it; ``events`` lists what it did, in order."""

    def __init__(self, store: fakes.MemorySecret) -> None:
        self.store = store
        self.authority = certs.Authority(store, LIFETIMES)
        self.bundle = b""
        self.leaf: certs.Pair | None = None
        self.published: bool | Exception = True
        self.serve_error: Exception | None = None
        self.notices: list[certs.Notice] = []
        self.events: list[str] = []
        self.rounds = 0
        self.ahead = timedelta(0)  # how far its clock is ahead of the API server's
        self.knows = True  # whether it knows that
        self.rotator = certs.Rotator(
            self.authority, [HOST], LIFETIMES, self.publish, self.serve, self.report, self.read_clock
        )

    def read_clock(self) -> certs.Reading:
        return certs.Reading(self.now() + self.ahead, self.ahead if self.knows else None)

    def now(self) -> datetime:
        return START + timedelta(seconds=asyncio.get_running_loop().time())

    async def publish(self, bundle: bytes) -> bool:
        self.rounds += 1
        await asyncio.sleep(0)
        if isinstance(self.published, Exception):
            raise self.published
        if self.published and self.bundle != bundle:
            self.bundle = bundle
            self.events.append(f"bundle of {bundle.count(b'BEGIN')}")
        return self.published

    def serve(self, leaf: certs.Pair) -> None:
        if self.serve_error:
            raise self.serve_error
        self.leaf = leaf
        self.events.append("leaf")

    def report(self, notice: certs.Notice) -> None:
        self.notices.append(notice)
        if notice.reason not in ("leaf", "learned"):
            self.events.append(notice.reason)

    @contextlib.asynccontextmanager
    async def living(self):
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self.rotator.run())
            yield
            task.cancel()

    def verifies(self) -> str:
        return certs.verifies(self.leaf.certificate_pem, self.bundle, HOST, self.now())


def in_virtual_time(test):
    """Run an asynchronous test by a clock that jumps."""

    @functools.wraps(test)
    def wrapper(**arguments):
        fakes.run(asyncio.wait_for(test(**arguments), 4 * 3600))  # by that clock: no test hangs

    return wrapper


async def minutes(count: float) -> None:
    await asyncio.sleep(count * 60)


@in_virtual_time
async def test_the_life_of_an_authority():
    replica = Replica(fakes.MemorySecret({}))
    async with replica.living():
        for _ in range(100):
            await minutes(1)
            assert replica.verifies() == ""
    assert replica.events == [
        *("created", "bundle of 1", "leaf"),
        "leaf",  # at 40 minutes
        *("announced", "bundle of 2", "promoted", "leaf"),  # from 60 minutes on; the bundle need not change again
        *("forgot-expired", "bundle of 1"),  # at 95, so that no clock has it still valid
    ]


@in_virtual_time
async def test_a_successor_signs_once_clients_have_known_it_for_a_minute():
    replica = Replica(fakes.MemorySecret({}))
    async with replica.living():
        while "announced" not in replica.events:
            await minutes(0.05)
        await minutes(0.9)
        assert "promoted" not in replica.events
        await minutes(0.7)
        assert replica.events[-2:] == ["promoted", "leaf"]


@pytest.mark.parametrize("answer", [False, RuntimeError("no")], ids=["refused", "raised"])
@in_virtual_time
async def test_the_minute_begins_when_the_bundle_is_published(answer):
    replica = Replica(fakes.MemorySecret({}))
    async with replica.living():
        await minutes(59)
        replica.published = answer
        await minutes(20)
        assert replica.authority.trust.successor is not None
        replica.published = True
        await minutes(0.9)
        assert "promoted" not in replica.events
        await minutes(1.5)
        assert "promoted" in replica.events
        assert replica.verifies() == ""


@in_virtual_time
async def test_another_successor_has_a_minute_of_its_own():
    store = fakes.MemorySecret({})
    replica = Replica(store)
    async with replica.living():
        while replica.bundle.count(b"BEGIN") < 2:
            await minutes(0.05)
        await minutes(0.4)
        others = [certs.make_authority(replica.now(), 90 * MINUTE) for _ in range(2)]
        store.put(policy.data_of(certs.Trust(*others)))
        await minutes(0.9)
        assert replica.authority.trust.signer == others[0]
        await minutes(1.5)
        assert replica.authority.trust.signer == others[1]


@in_virtual_time
async def test_a_successor_added_by_a_person_takes_over_without_a_failed_handshake():
    store = fakes.MemorySecret({})
    replica = Replica(store)
    async with replica.living():
        await minutes(1)
        ours = certs.make_authority(replica.now(), 90 * MINUTE)
        store.put({**store.data, "next.crt": ours.certificate_pem, "next.key": ours.key_pem})
        for _ in range(150):
            await minutes(0.02)
            assert replica.verifies() == ""
        assert replica.authority.trust.signer == ours
        store.put({**store.data, "ca.crt": store.data["tls.crt"]})  # and the previous one is not trusted any more
        await minutes(1)
        assert replica.bundle == ours.certificate_pem
        assert replica.verifies() == ""


@pytest.mark.parametrize("answer", [False, RuntimeError("no")], ids=["refused", "raised"])
@in_virtual_time
async def test_the_first_leaf_does_not_wait_for_the_bundle(answer):
    replica = Replica(fakes.MemorySecret({}))
    replica.published = answer
    async with replica.living():
        await minutes(0.1)
        assert replica.leaf is not None
        assert {"unpublished", "internal"} & set(replica.events)


@in_virtual_time
async def test_a_leaf_by_another_authority_waits_for_its_bundle_or_the_end_of_the_previous_leaf():
    store = fakes.MemorySecret({})
    replica = Replica(store)
    async with replica.living():
        await minutes(1)
        first = replica.leaf
        replica.published = False
        other = certs.make_authority(replica.now(), 90 * MINUTE)
        store.put(policy.data_of(certs.Trust(other)))
        await minutes(56)
        assert replica.authority.trust.signer == other
        assert replica.leaf is first
        await minutes(2.5)  # half a minute before it expires
        assert replica.leaf is not first
        assert certs.verifies(replica.leaf.certificate_pem, other.certificate_pem, HOST, replica.now()) == ""


@in_virtual_time
async def test_a_leaf_by_another_authority_is_served_after_its_bundle_is_published():
    store = fakes.MemorySecret({})
    replica = Replica(store)
    async with replica.living():
        await minutes(1)
        store.put(policy.data_of(certs.Trust(certs.make_authority(replica.now(), 90 * MINUTE))))
        replica.rotator.wake()
        await minutes(0.1)
    assert replica.events == ["created", *["bundle of 1", "leaf"] * 2]


@in_virtual_time
async def test_while_the_store_is_unreachable_the_remembered_authority_signs():
    store = fakes.MemorySecret({})
    replica = Replica(store)
    async with replica.living():
        await minutes(1)
        store.broken = lambda _moment: True
        await minutes(88)
        assert replica.verifies() == ""
        assert replica.leaf.not_after == replica.authority.trust.signer.not_after
        assert replica.events.count("leaf") == 2
        store.broken = lambda _moment: False
        await minutes(3)
        assert replica.verifies() == ""
        assert replica.authority.trust.predecessors


@in_virtual_time
async def test_an_unreachable_store_is_retried_with_a_backoff_of_at_most_thirty_seconds():
    store = fakes.MemorySecret({})
    tries = []

    def note(_moment: str) -> bool:
        tries.append(asyncio.get_running_loop().time())
        return True

    store.broken = note
    replica = Replica(store)
    async with replica.living():
        await minutes(30)
    distances = [later - earlier for earlier, later in itertools.pairwise(tries)]
    assert all(1 <= distance <= 30 for distance in distances)
    assert distances[0] <= 2
    assert all(distance >= 15 for distance in distances[5:])
    assert replica.leaf is None
    assert set(replica.events) == {"unreachable"}


@in_virtual_time
async def test_an_unchanged_secret_is_read_about_twice_a_minute():
    replica = Replica(fakes.MemorySecret({}))
    async with replica.living():
        await minutes(30)
    assert 60 <= replica.rounds <= 121
    assert replica.store.writes == 1


@in_virtual_time
async def test_waking_starts_a_round_within_a_second_but_not_more_often():
    store = fakes.MemorySecret({})
    replica = Replica(store)
    async with replica.living():
        await minutes(1)
        replica.bundle = b"reset"
        replica.rotator.wake()
        await asyncio.sleep(1.1)
        assert replica.verifies() == ""
        rounds = replica.rounds
        for _ in range(10_000):
            replica.rotator.wake()
            await asyncio.sleep(0.001)
        assert replica.rounds <= rounds + 11


@in_virtual_time
async def test_a_bundle_that_took_long_to_read_is_read_again_before_it_is_published():
    store = fakes.MemorySecret({})
    replica = Replica(store)
    read = store.read

    async def slow_read() -> certs.Stored | None:
        stored = await read()
        await minutes(0.6)
        return stored

    store.read = slow_read
    async with replica.living():
        await minutes(3)
        assert replica.bundle == b""
        assert replica.notices[-1].facts["why"] == "reading the Secret took too long"
        store.read = read
        await minutes(3)
        assert replica.verifies() == ""


@in_virtual_time
async def test_a_leaf_that_cannot_be_served_is_retried():
    replica = Replica(fakes.MemorySecret({}))
    replica.serve_error = certs.PairError("too many open files")
    async with replica.living():
        await minutes(0.1)
        assert replica.notices[-1] == certs.Notice("refused", "error", {"why": "too many open files"})
        replica.serve_error = None
        await minutes(0.6)
        assert replica.verifies() == ""


@in_virtual_time
async def test_notices_have_the_facts_for_a_log_and_no_key():
    store = fakes.MemorySecret({"tls.crt": b"garbage"})
    replica = Replica(store)
    async with replica.living():
        await minutes(61)
    by_reason = {notice.reason: notice for notice in replica.notices}
    trust = replica.authority.trust
    assert by_reason["replaced"].severity == "error"
    assert "tls.crt" in by_reason["replaced"].facts["problems"]
    assert by_reason["announced"].severity == "info"
    assert by_reason["announced"].facts.keys() == {"signer", "not_after", "successor"}
    assert by_reason["leaf"].facts["serial"] == replica.leaf.serial
    assert trust is not None
    assert "KEY" not in repr(replica.notices)


FAR = [timedelta(days=-300), timedelta(days=300)]


@pytest.mark.parametrize("ahead", FAR, ids=str)
@in_virtual_time
async def test_a_replica_with_a_wrong_clock_starts_nothing_and_says_why(ahead):
    replica = Replica(fakes.MemorySecret({}))
    replica.ahead = ahead
    async with replica.living():
        await minutes(5)
    assert (replica.store.data, replica.leaf, set(replica.events)) == ({}, None, {"skewed"})
    assert f"the API server's {replica.now():%Y-%m-%d}" in replica.notices[-1].facts["why"]
    assert replica.notices[-1].severity == "warning"


@pytest.mark.parametrize("ahead", FAR, ids=str)
@in_virtual_time
async def test_a_wrong_clock_is_noticed_while_the_secret_is_read_for_the_first_time(ahead):
    replica = Replica(fakes.MemorySecret({}))
    replica.ahead, replica.knows = ahead, False

    def answer(moment: str) -> bool:
        replica.knows = moment == "after read" or replica.knows
        return False

    replica.store.broken = answer
    async with replica.living():
        await minutes(5)
    assert replica.store.data == {}


@pytest.mark.parametrize("ahead", FAR, ids=str)
@in_virtual_time
async def test_a_replica_with_a_wrong_clock_serves_a_leaf_that_clients_accept_while_another_rotates(ahead):
    store = fakes.MemorySecret({})
    right, wrong = Replica(store), Replica(store)
    wrong.ahead = ahead
    async with right.living():
        await minutes(0.1)
        async with wrong.living():
            for _ in range(100):
                await minutes(1)
                assert certs.verifies(wrong.leaf.certificate_pem, right.bundle, HOST, right.now()) == ""
    assert wrong.bundle == b""
    assert "promoted" in right.events
    assert wrong.leaf.not_before <= right.now()


@pytest.mark.parametrize("ahead", FAR, ids=str)
@in_virtual_time
async def test_a_clock_that_is_set_wrong_and_right_again_costs_no_handshake(ahead):
    replica = Replica(fakes.MemorySecret({}))
    async with replica.living():
        await minutes(1)
        replica.ahead = ahead
        for _ in range(58):
            await minutes(1)
            assert replica.verifies() == ""
        assert "announced" not in replica.events
        replica.ahead = timedelta(0)
        await minutes(5)
        assert replica.verifies() == ""
        assert "promoted" in replica.events


@in_virtual_time
async def test_an_authority_from_the_future_does_not_outlive_its_cause():
    """A replica that could not know that its clock was fast has created it."""
    store = fakes.MemorySecret({})
    replica = Replica(store)
    replica.ahead, replica.knows = timedelta(days=300), False
    async with replica.living():
        await minutes(1)
        assert "is not valid" in replica.verifies() or "expired" in replica.verifies()
        replica.knows = True
        replica.ahead = timedelta(0)
        await minutes(1)
        assert replica.verifies() == ""
        assert [info.not_after for info in certs.describe(replica.bundle)] == [replica.authority.trust.signer.not_after]
    assert replica.events[-3:] == ["replaced", "bundle of 1", "leaf"]


@in_virtual_time
async def test_a_successor_that_a_person_prepared_signs_from_its_time_on():
    store = fakes.MemorySecret({})
    replica = Replica(store)
    async with replica.living():
        await minutes(1)
        ours = certs.make_authority(replica.now() + 30 * MINUTE, 90 * MINUTE)
        store.put({**store.data, "next.crt": ours.certificate_pem, "next.key": ours.key_pem})
        await minutes(22)
        assert replica.authority.trust.signer != ours
        rounds = replica.rounds
        await minutes(1)
        assert replica.rounds - rounds <= 5  # no promotion is tried in vain
        for _ in range(8):
            await minutes(1)
            assert replica.verifies() == ""
        assert replica.authority.trust.signer == ours


@in_virtual_time
async def test_a_clock_that_jumps_does_not_shorten_an_announcement():
    replica = Replica(fakes.MemorySecret({}))
    replica.knows = False
    async with replica.living():
        while "announced" not in replica.events:
            await minutes(0.05)
        await minutes(0.1)
        replica.ahead = timedelta(minutes=10)
        await minutes(0.8)
        assert "promoted" not in replica.events
        await minutes(1)
        assert "promoted" in replica.events


@pytest.mark.parametrize("hosts", [[], ["münchen"]])
def test_hosts_that_cannot_be_in_a_certificate_are_refused_at_once(hosts):
    store = fakes.MemorySecret({})
    with pytest.raises(certs.PairError):
        certs.Rotator(certs.Authority(store, LIFETIMES), hosts, LIFETIMES, None, print, print)
