"""Replicas whose clocks are wrong: no admission fails, and none of them spoils the CA for the others."""

import base64
import ssl
from datetime import UTC, datetime, timedelta

import pytest

import certs
from certs import policy
from tests.controlplane.faketime import FakeClock
from tests.controlplane.installation import NAMESPACE, SECRET, Installation, pod
from tests.controlplane.load import HOST, Traffic
from tests.controlplane.objects import Object
from tests.controlplane.replica import Replica

YEAR = timedelta(days=365)
DAY_SECONDS = 24 * 3600

BRISK = {
    "HYDRA_WEBHOOK_CA_LIFETIME_HOURS": str(120 / 3600),  # so a successor is announced for 6 seconds
    "HYDRA_WEBHOOK_LEAF_LIFETIME_HOURS": str(60 / 3600),
}


@pytest.fixture
def configured(hydra: Installation) -> Installation:
    hydra.configure()
    return hydra


@pytest.fixture
def clock(configured: Installation) -> FakeClock:
    return FakeClock(configured.plane.folder)


def put(hydra: Installation, trust: certs.Trust) -> None:
    """Write a CA into the Secret, as a replica or a person would."""
    data = {key: base64.b64encode(value).decode() for key, value in policy.data_of(trust).items()}
    metadata = {"name": "hydra-webhook-ca", "namespace": NAMESPACE}
    hydra.plane.put({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data})


def stored(hydra: Installation) -> Object:
    return hydra.plane.request("GET", SECRET).get("data") or {}


def days_ahead(replica: Replica) -> int:
    return round(replica.metric("hydra_webhook_clock_skew_seconds") / DAY_SECONDS)


def reasons(replica: Replica) -> list[str]:
    """Return what it has reported about the CA."""
    return [line["reason"] for line in replica.events("certificate authority")]


def changes(replica: Replica) -> float:
    """Return how often a replica has changed the Secret or the caBundle."""
    reasons = {"created", "announced", "promoted", "refilled", "restored", "recovered", "replaced", "repaired"}
    events = sum(replica.metric("hydra_webhook_certificate_events_total", reason=reason) for reason in reasons)
    return events + replica.metric("hydra_webhook_ca_bundle_writes_total")


def signed_by(replica: Replica, authority: certs.Pair) -> bool:
    leaf = ssl.get_server_certificate((HOST, replica.port)).encode()
    return certs.verifies(leaf, authority.certificate_pem, HOST, datetime.now(UTC)) == ""


@pytest.mark.long
@pytest.mark.faketime
def test_no_admission_fails_before_while_and_after_a_clock_is_300_days_ahead(configured, clock):
    now = datetime.now(UTC)
    signer, successor = (certs.make_authority(now, YEAR) for _ in range(2))
    put(configured, certs.Trust(signer))
    (right,) = configured.run(**BRISK)
    (wrong,) = configured.run(**BRISK, **clock.environ)
    wait = configured.plane.wait

    with Traffic(configured) as traffic:
        loads = [traffic.on_new_connections(40), traffic.on_kept_connections(40), traffic.through_the_api_server(10)]
        for load in loads:
            load.go_on(100)
        changed = changes(wrong)

        clock.set_ahead(300)
        wait(lambda: days_ahead(wrong) == 300, "the replica knows that its clock is wrong")
        put(configured, certs.Trust(signer, successor))
        wait(lambda: right.metric("hydra_webhook_certificate_events_total", reason="promoted"), "the successor signs")
        wait(lambda: signed_by(wrong, successor), "the replica with the wrong clock has a leaf of the successor")
        for load in loads:
            load.go_on(100)
        status, detail = wrong.health("/readyz?verbose")
        assert changes(wrong) == changed

        clock.set_ahead(0)
        wait(lambda: "[+]clock ok" in wrong.health("/readyz?verbose")[1], "the replica trusts its clock again")
        for load in loads:
            load.go_on(100)

    assert [load.failed for load in loads] == ["", "", ""]
    assert status == 200
    assert "[!]clock: this replica's clock says 202" in detail
    assert "it is 300 days ahead" in detail
    assert days_ahead(right) == 0


@pytest.mark.thorough
@pytest.mark.faketime
def test_a_first_replica_whose_clock_is_wrong_creates_no_ca_and_serves_once_another_has(configured, clock):
    clock.set_ahead(300)
    wrong = configured.start(**clock.environ)
    wait = configured.plane.wait
    wait(lambda: "skewed" in reasons(wrong), "it has read the Secret")
    status, detail = wrong.health("/readyz")
    assert (status, stored(configured)) == (503, {})
    assert "[-]clock failed: this replica's clock says 202" in detail
    assert "it is 300 days ahead" in detail

    (right,) = configured.run()
    configured.until_forwarded(wrong)
    with Traffic(configured) as traffic:
        load = traffic.on_new_connections(20).go_on(40)
    configured.withdraw(right)
    right.stop()
    wait(lambda: configured.admitted(pod("one")), "the API server asks the replica with the wrong clock")

    assert load.failed == ""
    assert changes(wrong) == 0


@pytest.mark.thorough
@pytest.mark.faketime
@pytest.mark.parametrize("days", [-300, 400])
def test_a_clock_outside_the_validity_of_the_api_servers_certificate_is_named_in_the_message(configured, clock, days):
    """That certificate is new and valid for a year. Nothing at all can be read, not even the API server's time."""
    clock.set_ahead(days)
    replica = configured.start(**clock.environ)
    configured.plane.wait(
        lambda: "by this machine's clock: if that is wrong, set the clock" in replica.health("/readyz")[1],
        "readiness names the clock",
    )
    assert replica.health("/readyz")[0] == 503


def test_a_ca_from_the_future_is_replaced(configured):
    """A replica of an earlier release has created it while its clock was wrong."""
    future = certs.make_authority(datetime.now(UTC) + timedelta(days=300), YEAR)
    put(configured, certs.Trust(future))

    (replica,) = configured.run()

    (info,) = certs.describe(configured.ca_bundle)
    assert info.serial != certs.describe(future.certificate_pem)[0].serial
    assert base64.b64decode(stored(configured)["ca.crt"]) == configured.ca_bundle
    (event,) = [line for line in replica.events("certificate authority") if line["reason"] == "replaced"]
    assert "tls.crt: not valid before" in event["problems"]
