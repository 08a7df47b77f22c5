"""Replicas that share a Secret agree on one authority."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

import certs
from certs import policy
from tests.certs.fakes import MemoryVault

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
TERMS = certs.Terms(90 * DAY, DAY)


@pytest.mark.parametrize("data", [None, {}], ids=["no Secret", "an empty Secret"])
async def test_of_two_hundred_that_race_for_an_empty_secret_one_wins(data):
    vault = MemoryVault(data)
    authorities = [certs.Authority(vault, TERMS) for _ in range(200)]

    decisions = await asyncio.gather(*(authority.refresh(NOW) for authority in authorities))

    assert vault.writes == 1
    assert sorted(decision.reason for decision in decisions) == ["created", *["learned"] * 199]
    assert len({decision.trust for decision in decisions}) == 1
    bundle = vault.data["ca.crt"]
    for authority in authorities:
        leaf = certs.issue(authority.trust.signer, ["webhook.svc"], NOW, TERMS.leaf)
        assert certs.verifies(leaf.certificate_pem, bundle, "webhook.svc", NOW) == ""


async def test_of_many_that_announce_and_promote_at_once_one_wins_each_time():
    vault = MemoryVault()
    authorities = [certs.Authority(vault, TERMS) for _ in range(20)]
    await asyncio.gather(*(authority.refresh(NOW) for authority in authorities))
    later = NOW + 60 * DAY
    await asyncio.gather(*(authority.refresh(later) for authority in authorities))
    successor = authorities[0].trust.successor
    await asyncio.gather(*(authority.refresh(later, successor.serial) for authority in authorities))

    assert vault.writes == 3
    assert {authority.trust.signer for authority in authorities} == {successor}


@pytest.mark.parametrize("data", [None, {}], ids=["deleted", "emptied"])
async def test_a_secret_that_is_gone_is_filled_with_the_same_authority(data):
    vault = MemoryVault({})
    authorities = [certs.Authority(vault, TERMS) for _ in range(5)]
    first = (await authorities[0].refresh(NOW)).trust
    for authority in authorities:
        await authority.refresh(NOW)
    vault.put(data)

    reasons = [decision.reason for decision in await asyncio.gather(*(one.refresh(NOW) for one in authorities))]

    assert sorted(reasons) == [*["kept"] * 4, "refilled"]
    assert policy.contents_of(vault.data).signer == first.signer


async def test_who_loses_against_another_memory_takes_over_the_winner_s_authority():
    vaults = [MemoryVault({}), MemoryVault({})]
    authorities = [certs.Authority(vault, TERMS) for vault in vaults]
    for authority in authorities:
        await authority.refresh(NOW)
    vaults[0].put({})
    authorities[1]._vault = vaults[0]  # as if it had moved

    decisions = await asyncio.gather(*(authority.refresh(NOW) for authority in authorities))

    assert sorted(decision.reason for decision in decisions) == ["learned", "refilled"]
    assert decisions[0].trust == decisions[1].trust


async def test_what_others_keep_in_the_secret_stays():
    vault = MemoryVault({"note": b"ours"})
    await certs.Authority(vault, TERMS).refresh(NOW)
    assert vault.data.keys() == {"note", "tls.crt", "tls.key", "ca.crt"}
    assert vault.data["note"] == b"ours"


@pytest.mark.parametrize("moment", ["read", "after read", "write", "after write"])
async def test_a_vault_that_fails_at_any_moment_is_reported_and_does_no_harm(moment):
    vault = MemoryVault({})
    vault.broken = lambda now: now == moment
    authority = certs.Authority(vault, TERMS)
    with pytest.raises(certs.VaultError, match="no answer"):
        await authority.refresh(NOW)
    assert authority.trust is None

    vault.broken = lambda _moment: False
    decision = await authority.refresh(NOW)

    # What was written before the failure counts.
    assert decision.reason == ("learned" if moment == "after write" else "created")
    assert vault.writes == 1


async def test_a_secret_that_never_stands_still_is_given_up():
    vault = MemoryVault({})

    def somebody_writes(moment: str) -> bool:
        if moment == "write":
            vault.put({})
        return False

    vault.broken = somebody_writes
    with pytest.raises(certs.VaultError, match="5 times"):
        await certs.Authority(vault, TERMS).refresh(NOW)


def test_a_secret_s_data_is_not_in_its_representation():
    assert repr(certs.Stored({"tls.key": b"secret"}, "7")) == "Stored(keys=['tls.key'], version='7')"
