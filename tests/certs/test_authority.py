"""Replicas that share a Secret agree on one authority."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

import certs
from certs import policy
from tests.certs.fakes import MemorySecret, at

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
LIFETIMES = certs.Lifetimes(90 * DAY, DAY)


@pytest.mark.parametrize("data", [None, {}], ids=["no Secret", "an empty Secret"])
async def test_one_of_two_hundred_racing_replicas_creates_the_authority(data):
    store = MemorySecret(data)
    authorities = [certs.Authority(store, LIFETIMES) for _ in range(200)]

    decisions = await asyncio.gather(*(authority.refresh(at(NOW)) for authority in authorities))

    assert store.writes == 1
    assert sorted(decision.reason for decision in decisions) == ["created", *["learned"] * 199]
    assert len({decision.trust for decision in decisions}) == 1
    bundle = store.data["ca.crt"]
    for authority in authorities:
        leaf = certs.issue(authority.trust.signer, ["webhook.svc"], NOW, LIFETIMES.leaf)
        assert certs.verifies(leaf.certificate_pem, bundle, "webhook.svc", NOW) == ""


async def test_concurrent_announcements_and_promotions_have_one_winner_each():
    store = MemorySecret()
    authorities = [certs.Authority(store, LIFETIMES) for _ in range(20)]
    await asyncio.gather(*(authority.refresh(at(NOW)) for authority in authorities))
    later = NOW + 60 * DAY
    await asyncio.gather(*(authority.refresh(at(later)) for authority in authorities))
    successor = authorities[0].trust.successor
    await asyncio.gather(*(authority.refresh(at(later), successor.serial) for authority in authorities))

    assert store.writes == 3
    assert {authority.trust.signer for authority in authorities} == {successor}


@pytest.mark.parametrize("data", [None, {}], ids=["deleted", "emptied"])
async def test_a_lost_secret_is_filled_with_the_same_authority(data):
    store = MemorySecret({})
    authorities = [certs.Authority(store, LIFETIMES) for _ in range(5)]
    first = (await authorities[0].refresh(at(NOW))).trust
    for authority in authorities:
        await authority.refresh(at(NOW))
    store.put(data)

    reasons = [decision.reason for decision in await asyncio.gather(*(one.refresh(at(NOW)) for one in authorities))]

    assert sorted(reasons) == [*["kept"] * 4, "refilled"]
    assert policy.contents_of(store.data).signer == first.signer


async def test_the_loser_of_a_race_adopts_the_winners_authority():
    stores = [MemorySecret({}), MemorySecret({})]
    authorities = [certs.Authority(store, LIFETIMES) for store in stores]
    for authority in authorities:
        await authority.refresh(at(NOW))
    stores[0].put({})
    authorities[1]._store = stores[0]  # as if it had moved

    decisions = await asyncio.gather(*(authority.refresh(at(NOW)) for authority in authorities))

    assert sorted(decision.reason for decision in decisions) == ["learned", "refilled"]
    assert decisions[0].trust == decisions[1].trust


async def test_foreign_keys_of_the_secret_are_preserved():
    store = MemorySecret({"note": b"ours"})
    await certs.Authority(store, LIFETIMES).refresh(at(NOW))
    assert store.data.keys() == {"note", "tls.crt", "tls.key", "ca.crt"}
    assert store.data["note"] == b"ours"


@pytest.mark.parametrize("moment", ["read", "after read", "write", "after write"])
async def test_a_failing_store_raises_and_does_no_harm(moment):
    store = MemorySecret({})
    store.broken = lambda now: now == moment
    authority = certs.Authority(store, LIFETIMES)
    with pytest.raises(certs.SecretStoreError, match="no answer"):
        await authority.refresh(at(NOW))
    assert authority.trust is None

    store.broken = lambda _moment: False
    decision = await authority.refresh(at(NOW))

    # A write that took effect before the failure counts.
    assert decision.reason == ("learned" if moment == "after write" else "created")
    assert store.writes == 1


async def test_a_secret_that_changes_during_every_write_is_an_error():
    store = MemorySecret({})

    def another_writes(moment: str) -> bool:
        if moment == "write":
            store.put({})
        return False

    store.broken = another_writes
    with pytest.raises(certs.SecretStoreError, match="5 times"):
        await certs.Authority(store, LIFETIMES).refresh(at(NOW))


def test_repr_shows_no_secret_data():
    assert repr(certs.Stored({"tls.key": b"secret"}, "7")) == "Stored(keys=['tls.key'], version='7')"
