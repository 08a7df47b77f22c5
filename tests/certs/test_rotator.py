"""One replica's loop, by a clock that jumps: bundles first, leaves after, whatever fails."""

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
TERMS = certs.Terms(authority=90 * MINUTE, leaf=60 * MINUTE)
HOST = "hydra-webhook.hydra-system.svc"


class Replica:
    """A rotator with everything around it; ``events`` tells in order what it did."""

    def __init__(self, vault: fakes.MemoryVault, *, publisher: bool = True, terms: certs.Terms = TERMS) -> None:
        self.vault = vault
        self.authority = certs.Authority(vault, terms)
        self.bundle = b""
        self.leaf: certs.Pair | None = None
        self.published: bool | Exception = True
        self.serve_error: Exception | None = None
        self.notices: list[certs.Notice] = []
        self.events: list[str] = []
        self.looks = 0
        self.rotator = certs.Rotator(
            self.authority, [HOST], terms, self.publish if publisher else None, self.serve, self.report, self.now
        )

    def now(self) -> datetime:
        return START + timedelta(seconds=asyncio.get_running_loop().time())

    async def publish(self, bundle: bytes) -> bool:
        self.looks += 1
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
    """Run an asynchronous test by the clock that jumps."""

    @functools.wraps(test)
    def wrapper(**arguments):
        fakes.run(asyncio.wait_for(test(**arguments), 4 * 3600))  # of that clock: no test waits for ever

    return wrapper


async def minutes(count: float) -> None:
    await asyncio.sleep(count * 60)


@in_virtual_time
async def test_the_life_of_an_authority():
    replica = Replica(fakes.MemoryVault({}))
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


@pytest.mark.parametrize("publisher", [True, False], ids=["told", "not told"])
@in_virtual_time
async def test_a_successor_signs_when_clients_have_known_it_for_a_minute(publisher):
    replica = Replica(fakes.MemoryVault({}), publisher=publisher)
    async with replica.living():
        while "announced" not in replica.events:
            await minutes(0.05)
        await minutes(0.9)
        assert "promoted" not in replica.events
        await minutes(0.7)
        assert replica.events[-2:] == ["promoted", "leaf"]


@pytest.mark.parametrize("answer", [False, RuntimeError("no")], ids=["refused", "raised"])
@in_virtual_time
async def test_the_minute_counts_from_when_clients_were_told(answer):
    replica = Replica(fakes.MemoryVault({}))
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
async def test_a_successor_of_another_authority_has_its_own_minute():
    vault = fakes.MemoryVault({})
    replica = Replica(vault)
    async with replica.living():
        while replica.bundle.count(b"BEGIN") < 2:
            await minutes(0.05)
        await minutes(0.4)
        others = [certs.make_authority(replica.now(), 90 * MINUTE) for _ in range(2)]
        vault.put(policy.data_of(certs.Trust(*others)))
        await minutes(0.9)
        assert replica.authority.trust.signer == others[0]
        await minutes(1.5)
        assert replica.authority.trust.signer == others[1]


@in_virtual_time
async def test_a_successor_that_a_person_puts_there_signs_without_any_refusal_in_between():
    vault = fakes.MemoryVault({})
    replica = Replica(vault)
    async with replica.living():
        await minutes(1)
        ours = certs.make_authority(replica.now(), 90 * MINUTE)
        vault.put({**vault.data, "next.crt": ours.certificate_pem, "next.key": ours.key_pem})
        for _ in range(150):
            await minutes(0.02)
            assert replica.verifies() == ""
        assert replica.authority.trust.signer == ours
        vault.put({**vault.data, "ca.crt": vault.data["tls.crt"]})  # and the one before is trusted no more
        await minutes(1)
        assert replica.bundle == ours.certificate_pem
        assert replica.verifies() == ""


@pytest.mark.parametrize("answer", [False, RuntimeError("no")], ids=["refused", "raised"])
@in_virtual_time
async def test_the_first_leaf_waits_for_nobody(answer):
    replica = Replica(fakes.MemoryVault({}))
    replica.published = answer
    async with replica.living():
        await minutes(0.1)
        assert replica.leaf is not None
        assert {"unpublished", "internal"} & set(replica.events)


@in_virtual_time
async def test_a_leaf_by_another_authority_waits_until_clients_know_it_or_the_one_before_ends():
    vault = fakes.MemoryVault({})
    replica = Replica(vault)
    async with replica.living():
        await minutes(1)
        first = replica.leaf
        replica.published = False
        other = certs.make_authority(replica.now(), 90 * MINUTE)
        vault.put(policy.data_of(certs.Trust(other)))
        await minutes(56)
        assert replica.authority.trust.signer == other
        assert replica.leaf is first
        await minutes(2.5)  # half a minute before it expires
        assert replica.leaf is not first
        assert certs.verifies(replica.leaf.certificate_pem, other.certificate_pem, HOST, replica.now()) == ""


@in_virtual_time
async def test_a_leaf_by_another_authority_comes_after_its_bundle():
    vault = fakes.MemoryVault({})
    replica = Replica(vault)
    async with replica.living():
        await minutes(1)
        vault.put(policy.data_of(certs.Trust(certs.make_authority(replica.now(), 90 * MINUTE))))
        replica.rotator.wake()
        await minutes(0.1)
    assert replica.events == ["created", *["bundle of 1", "leaf"] * 2]


@in_virtual_time
async def test_while_the_vault_is_away_leaves_go_on_by_the_authority_that_is_remembered():
    vault = fakes.MemoryVault({})
    replica = Replica(vault)
    async with replica.living():
        await minutes(1)
        vault.broken = lambda _moment: True
        await minutes(88)
        assert replica.verifies() == ""
        assert replica.leaf.not_after == replica.authority.trust.signer.not_after
        assert replica.events.count("leaf") == 2
        vault.broken = lambda _moment: False
        await minutes(3)
        assert replica.verifies() == ""
        assert replica.authority.trust.predecessors


@in_virtual_time
async def test_a_vault_that_cannot_be_reached_is_tried_at_growing_distances_of_at_most_thirty_seconds():
    vault = fakes.MemoryVault({})
    tries = []

    def note(_moment: str) -> bool:
        tries.append(asyncio.get_running_loop().time())
        return True

    vault.broken = note
    replica = Replica(vault)
    async with replica.living():
        await minutes(30)
    distances = [later - earlier for earlier, later in itertools.pairwise(tries)]
    assert all(1 <= distance <= 30 for distance in distances)
    assert distances[0] <= 2
    assert all(distance >= 15 for distance in distances[5:])
    assert replica.leaf is None
    assert set(replica.events) == {"unreachable"}


@in_virtual_time
async def test_without_a_change_the_secret_is_read_twice_a_minute_or_so():
    replica = Replica(fakes.MemoryVault({}))
    async with replica.living():
        await minutes(30)
    assert 60 <= replica.looks <= 121
    assert replica.vault.writes == 1


@in_virtual_time
async def test_woken_it_looks_within_a_second_but_no_more_often():
    vault = fakes.MemoryVault({})
    replica = Replica(vault)
    async with replica.living():
        await minutes(1)
        replica.bundle = b"reset by somebody"
        replica.rotator.wake()
        await asyncio.sleep(1.1)
        assert replica.verifies() == ""
        looks = replica.looks
        for _ in range(10_000):
            replica.rotator.wake()
            await asyncio.sleep(0.001)
        assert replica.looks <= looks + 11


@in_virtual_time
async def test_a_bundle_that_was_read_long_ago_is_read_again_before_it_is_published():
    vault = fakes.MemoryVault({})
    replica = Replica(vault)
    read = vault.read

    async def slow_read() -> certs.Stored | None:
        stored = await read()
        await minutes(0.6)
        return stored

    vault.read = slow_read
    async with replica.living():
        await minutes(3)
        assert replica.bundle == b""
        assert replica.notices[-1].facts["why"] == "reading took too long"
        vault.read = read
        await minutes(3)
        assert replica.verifies() == ""


@in_virtual_time
async def test_a_leaf_that_cannot_be_served_is_tried_again():
    replica = Replica(fakes.MemoryVault({}))
    replica.serve_error = certs.PairError("too many open files")
    async with replica.living():
        await minutes(0.1)
        assert replica.notices[-1] == certs.Notice("refused", "error", {"why": "too many open files"})
        replica.serve_error = None
        await minutes(0.6)
        assert replica.verifies() == ""


@in_virtual_time
async def test_notices_tell_what_a_log_needs_and_no_key():
    vault = fakes.MemoryVault({"tls.crt": b"garbage"})
    replica = Replica(vault)
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


@pytest.mark.parametrize("hosts", [[], ["münchen"]])
def test_hosts_that_no_certificate_can_have_are_refused_at_once(hosts):
    vault = fakes.MemoryVault({})
    with pytest.raises(certs.PairError):
        certs.Rotator(certs.Authority(vault, TERMS), hosts, TERMS, None, print, print)
