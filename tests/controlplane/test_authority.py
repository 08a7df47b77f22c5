"""The CA that replicas share, and the caBundle that they maintain, while something else changes both."""

import asyncio
import base64
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

import certs
from certs import policy
from tests.certs.fakes import at
from tests.controlplane.installation import NAMESPACE, SECRET, WEBHOOKS, Installation
from tests.controlplane.load import HOST, Traffic
from tests.controlplane.replica import Replica
from webhook import cluster
from webhook.app.authority import ClusterSecret

STILL_SECONDS = 3.0
"""If nothing is written for this time, the replicas agree: one that does not agree checks again after a second."""


@pytest.fixture
def running(hydra: Installation) -> Installation:
    """Two replicas that agree. While they start, each may write the caBundle and read the Secret at any time."""
    hydra.configure()
    hydra.run(2)
    hydra.plane.wait(lambda: undisturbed(hydra), "the replicas agree")
    return hydra


# The race


class Together(ClusterSecret):
    """A SecretStore whose first read returns only after all of them have been read."""

    def __init__(self, client: cluster.Client, all_read: asyncio.Barrier) -> None:
        super().__init__(client, cluster.secret(NAMESPACE, "hydra-webhook-ca"))
        self._all_read = all_read
        self._first = True

    async def read(self) -> certs.Stored | None:
        stored = await super().read()
        if self._first:
            self._first = False
            await self._all_read.wait()
        return stored


async def test_of_50_authorities_that_find_an_empty_secret_exactly_one_creates_the_ca(hydra):
    client = cluster.Client(hydra.plane.kubeconfig_for_service_account(NAMESPACE, "hydra-webhook"))
    all_read = asyncio.Barrier(50)
    authorities = [certs.Authority(Together(client, all_read), certs.Lifetimes()) for _ in range(50)]
    now = datetime.now(UTC)

    try:
        decisions = await asyncio.gather(*(authority.refresh(at(now)) for authority in authorities))
    finally:
        await client.close()

    reasons = [decision.reason for decision in decisions]
    assert (reasons.count("created"), reasons.count("learned")) == (1, 49)
    bundle = secret(hydra)["ca.crt"]
    assert len(certs.describe(bundle)) == 1
    for decision in decisions:
        leaf = certs.issue(decision.trust.signer, [HOST], now, timedelta(days=7))
        assert certs.verifies(leaf.certificate_pem, bundle, HOST, now) == ""


# The caBundle


def set_bundle(hydra: Installation, bundle: bytes | None) -> None:
    """Set the caBundle of every webhook, as another program might; None removes it."""
    path = "/webhooks/{}/clientConfig/caBundle"
    change = {"op": "remove"} if bundle is None else {"op": "add", "value": base64.b64encode(bundle).decode()}
    operations = [{**change, "path": path.format(number)} for number in range(2)]
    hydra.plane.request("PATCH", WEBHOOKS, operations, kind="json-patch+json")


def version(hydra: Installation) -> str:
    return hydra.plane.request("GET", WEBHOOKS)["metadata"]["resourceVersion"]


def undisturbed(hydra: Installation) -> bool:
    """Return whether the webhook configuration stays the same for a while."""
    before = version(hydra)
    time.sleep(STILL_SECONDS)
    return version(hydra) == before


def writes(hydra: Installation) -> list[float]:
    """Return how often each replica has written the caBundle."""
    return [replica.metric("hydra_webhook_ca_bundle_writes_total") for replica in hydra.replicas]


def foreign() -> bytes:
    return certs.make_authority(datetime.now(UTC), timedelta(days=1)).certificate_pem


RESETS: dict[str, Callable[[], bytes | None]] = {
    "removed": lambda: None,
    "no certificate": lambda: b"nonsense",
    "another CA": foreign,
}


@pytest.mark.thorough
@pytest.mark.parametrize("reset", RESETS.values(), ids=RESETS)
def test_a_ca_bundle_that_another_program_resets_is_repaired_once(running, reset):
    right, before = running.ca_bundle, writes(running)

    set_bundle(running, reset())

    running.plane.wait(lambda: running.ca_bundle == right, "the caBundle is repaired")
    running.plane.wait(lambda: undisturbed(running), "the replicas agree")
    assert running.ca_bundle == right
    assert 1 <= sum(writes(running)) - sum(before) <= 2
    running.until_trusted()


@pytest.mark.thorough
def test_a_replica_that_does_not_know_the_successor_yet_leaves_a_newer_ca_bundle_alone(running):
    newer, before = announced(running), writes(running)

    set_bundle(running, newer)

    running.plane.wait(lambda: all(knows_successor(replica) for replica in running.replicas), "both replicas know it")
    running.plane.wait(lambda: undisturbed(running), "the replicas agree")
    assert running.ca_bundle == newer
    assert writes(running) == before


@pytest.mark.thorough
def test_a_ca_bundle_that_is_reset_during_a_rotation_is_repaired_with_the_newer_one(running):
    newer, before = announced(running), writes(running)

    set_bundle(running, None)

    running.plane.wait(lambda: running.ca_bundle == newer, "the caBundle is repaired")
    running.plane.wait(lambda: undisturbed(running), "the replicas agree")
    assert running.ca_bundle == newer
    assert 1 <= sum(writes(running)) - sum(before) <= 2


def announced(hydra: Installation) -> bytes:
    """Announce a successor in the Secret, as a third replica would; return the bundle that it would publish."""
    signer = policy.contents_of(secret(hydra)).signer
    assert signer is not None
    trust = certs.Trust(signer, certs.make_authority(datetime.now(UTC), timedelta(days=365)))
    data = {key: base64.b64encode(value).decode() for key, value in policy.data_of(trust).items()}
    patch(hydra, {"data": data})
    return trust.bundle_pem


def knows_successor(replica: Replica) -> bool:
    return any("successor" in line for line in replica.events("certificate authority"))


# The Secret


def secret(hydra: Installation) -> dict[str, bytes]:
    data = hydra.plane.request("GET", SECRET).get("data") or {}
    return {key: base64.b64decode(value) for key, value in data.items()}


def patch(hydra: Installation, change: object) -> None:
    hydra.plane.request("PATCH", SECRET, change, kind="merge-patch+json")


@pytest.fixture
def watchful(hydra: Installation) -> Installation:
    """Replicas that read the Secret every three seconds, since their leaves live for a minute."""
    hydra.configure()
    hydra.run(2, HYDRA_WEBHOOK_LEAF_LIFETIME_HOURS=str(60 / 3600))
    return hydra


def test_a_secret_that_is_emptied_is_filled_with_the_same_ca(watchful):
    before = secret(watchful)
    watchful.install()  # applying the Secret of the base, which is empty, leaves its data alone
    assert secret(watchful) == before

    patch(watchful, {"data": None})

    watchful.plane.wait(lambda: secret(watchful), "the Secret is filled")
    assert secret(watchful) == before


@pytest.mark.thorough
def test_without_the_secret_the_webhook_still_serves_reports_it_and_fills_a_new_one_with_the_same_ca(watchful):
    before = secret(watchful)
    watchful.plane.request("DELETE", SECRET)

    def complaint(replica: Replica) -> bool:
        status, detail = replica.health("/readyz?verbose")
        return status == 200 and "error: certificate authority: unreachable" in detail

    with Traffic(watchful) as traffic:
        loads = [traffic.on_new_connections(20), traffic.through_the_api_server(5)]
        watchful.plane.wait(lambda: all(map(complaint, watchful.replicas)), "both replicas complain")
        for load in loads:
            load.go_on(10)
        watchful.install()
        watchful.plane.wait(lambda: secret(watchful), "the Secret is filled")
        watchful.plane.wait(lambda: not any(map(complaint, watchful.replicas)), "no replica complains any more")
        for load in loads:
            load.go_on(10)

    assert secret(watchful) == before
    assert [load.failed for load in loads] == ["", ""]


def test_without_a_webhook_configuration_a_server_signs_for_itself_and_leaves_the_secret_alone(hydra):
    hydra.configure()
    replica = hydra.start(HYDRA_WEBHOOK_WEBHOOK_CONFIGURATION="").until_ready()

    assert replica.events("serving")
    assert "data" not in hydra.plane.request("GET", SECRET)
    assert hydra.ca_bundle == b""
