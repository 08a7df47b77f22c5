"""No pod is refused while the webhook's certificates, its processes or the API servers around it change."""

import base64
import contextlib
import itertools
import os
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import certs
from certs import policy
from tests.controlplane.installation import (
    AGENT,
    NAMESPACE,
    ROOT,
    Installation,
    config_map,
    templates,
)
from tests.controlplane.load import HOST, Traffic
from tests.controlplane.objects import Object
from tests.controlplane.plane import ControlPlane
from tests.controlplane.replica import Replica

GLOBAL_AWAY_SECONDS = float(os.environ.get("HYDRA_GLOBAL_AWAY_SECONDS", "8"))
"""For how long the global cluster is unreachable. No result depends on it; ten minutes have been tried."""


@pytest.fixture
def configured(hydra: Installation) -> Installation:
    hydra.configure(templates=templates(**{"vllm-cpu": "serve"}), agent=AGENT)
    return hydra


@pytest.fixture
def running(configured: Installation) -> Installation:
    configured.run(2)
    return configured


@contextlib.contextmanager
def away(plane: ControlPlane) -> Iterator[None]:
    """Stop an API server until the context is left."""
    plane.stop_api_server()
    try:
        yield
    finally:
        plane.start_api_server()


# Certificates


def secret(trust: certs.Trust) -> Object:
    """Return the Secret of a CA."""
    data = {key: base64.b64encode(value).decode() for key, value in policy.data_of(trust).items()}
    metadata = {"name": "hydra-webhook-ca", "namespace": NAMESPACE}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data}


def old_authority(now: datetime) -> certs.Trust:
    """Return a CA that gets its successor in 15 seconds, and whose predecessor is dropped in 10."""
    made = now - timedelta(minutes=10)
    predecessor = certs.make_authority(made, timedelta(minutes=5, seconds=10))  # kept for 5 minutes after it expires
    signer = certs.make_authority(made, (timedelta(minutes=10, seconds=15)) * 3 / 2)
    return certs.Trust(signer, None, certs.describe(predecessor.certificate_pem))


@pytest.mark.thorough
@pytest.mark.parametrize("admissions", [4_000, pytest.param(10_000, marks=pytest.mark.long)])
def test_no_admission_fails_while_leaves_are_renewed_and_the_ca_is_rotated(configured, admissions):
    first = old_authority(datetime.now(UTC))
    configured.plane.put(secret(first))
    lifetimes = {
        "HYDRA_WEBHOOK_CA_LIFETIME_HOURS": str(60 / 3600),  # so a successor is announced for 3 seconds
        "HYDRA_WEBHOOK_LEAF_LIFETIME_HOURS": str(20 / 3600),
    }
    replicas = configured.run(2, **lifetimes)

    def events(reason: str) -> float:
        return sum(replica.metric("hydra_webhook_certificate_events_total", reason=reason) for replica in replicas)

    def leaves() -> float:
        return min(replica.metric("hydra_webhook_certificate_events_total", reason="leaf") for replica in replicas)

    def written() -> float:
        return sum(replica.metric("hydra_webhook_ca_bundle_writes_total") for replica in replicas)

    with Traffic(configured) as traffic:
        promoted, written_before = events("promoted"), written()
        new, kept = traffic.on_new_connections(rate=150), traffic.on_kept_connections(rate=150)
        created = traffic.through_the_api_server(rate=10)
        new.until(admissions // 2)
        kept.until(admissions // 2)
        configured.plane.wait(lambda: events("promoted") > promoted, "the CA's successor signs")
        configured.plane.wait(lambda: leaves() >= 4, "both replicas have renewed their leaves")
        for load in (new, kept, created):
            load.go_on(20)
        written_now = written()

    assert (new.failed, kept.failed, created.failed) == ("", "", "")
    trusted = certs.describe(configured.ca_bundle)
    assert certs.describe(first.signer.certificate_pem)[0] in trusted
    assert first.predecessors[0] not in trusted, "it was dropped"
    for replica in replicas:
        leaf = ssl.get_server_certificate((HOST, replica.port)).encode()
        assert certs.verifies(leaf, first.signer.certificate_pem, HOST, datetime.now(UTC)) != "", "another CA signed it"
        assert certs.verifies(leaf, configured.ca_bundle, HOST, datetime.now(UTC)) == ""
    # Both replicas may write a bundle that both learn of at the same time. More writes would mean that they fight.
    assert written_now - written_before <= 2 * (len(traffic.trust.bundles) + 1)


# Restarts


@pytest.mark.thorough
def test_no_creation_fails_while_all_replicas_are_replaced(running):
    with Traffic(running) as traffic:
        created = traffic.through_the_api_server(rate=50).go_on()
        for old in tuple(running.replicas):
            running.replace(old)
            created.go_on()

    assert created.failed == ""
    assert len(running.replicas) == 2


@pytest.mark.thorough
def test_no_admission_fails_while_the_api_server_is_restarted(running):
    running.plane.wait(lambda: all(map(follows, running.replicas)), "the replicas follow the ConfigMaps")
    before = [loaded(replica) for replica in running.replicas]

    def again() -> bool:
        return all(loaded(replica) > earlier for replica, earlier in zip(running.replicas, before, strict=True))

    with Traffic(running) as traffic:
        new, kept = traffic.on_new_connections(rate=20), traffic.on_kept_connections(rate=20)
        with away(running.plane):
            new.go_on()
            kept.go_on()
        running.plane.put(config_map("hydra-agent", AGENT.replace("engine:1", "engine:2")))
        running.plane.wait(again, "the edit is in effect")
        new.go_on(20)
        kept.go_on(20)

    assert (new.failed, kept.failed) == ("", "")
    running.until_trusted()
    assert [replica.process.poll() for replica in running.replicas] == [None, None]


def follows(replica: Replica) -> bool:
    return replica.ready and replica.metric("hydra_webhook_configuration_stale_seconds") == 0


def loaded(replica: Replica) -> float:
    """Return when it last loaded an agent configuration."""
    return replica.metric("hydra_webhook_configuration_last_load_timestamp_seconds", kind="agent")


@pytest.mark.thorough
def test_a_server_that_starts_before_the_api_server_waits_and_reports_what_is_missing(configured):
    environ = configured.environ()
    with away(configured.plane):
        replica = configured.launch(environ).until_listening()

        def detail() -> str:
            return replica.health("/readyz")[1]

        configured.plane.wait(lambda: "Connection refused" in detail(), "the server has tried")
        assert replica.health("/livez")[0] == 200
        assert replica.health("/readyz")[0] == 503
        assert "[-]certificate failed: there is no certificate yet" in detail()
        assert "ConfigMap hydra-system/hydra-agent has not been read yet: list" in detail()

    replica.until_ready()
    configured.until_trusted()


# The global cluster


@pytest.fixture
def reader(global_plane: ControlPlane) -> Path:
    """The kubeconfig with which the webhook reads runtime templates."""
    global_plane.kubectl("apply", "-f", ROOT / "manifests" / "base" / "namespace.yaml")
    global_plane.kubectl("apply", "-k", ROOT / "manifests" / "global-cluster")
    # Nothing is deleted afterwards, since without controllers the namespace would never go away.
    return global_plane.kubeconfig_for_service_account(NAMESPACE, "hydra-webhook-reader")


@pytest.mark.thorough
def test_templates_are_served_while_the_global_cluster_is_unreachable_even_after_a_restart(hydra, global_plane, reader):
    global_plane.put(config_map("hydra-runtime-template", templates(**{"vllm-cpu": "first"})))
    hydra.configure(templates=templates(other="from the work cluster"), agent=AGENT)
    environ = {"HYDRA_WEBHOOK_GLOBAL_KUBECONFIG": str(reader)}
    old, other = hydra.run(2, **environ)
    hydra.until_cached()

    def stale(replica: Replica) -> float:
        return replica.metric("hydra_webhook_configuration_stale_seconds", kind="templates")

    with Traffic(hydra) as traffic:
        loads = [traffic.on_new_connections(20), traffic.on_kept_connections(20), traffic.through_the_api_server(5)]
        with away(global_plane):
            away_until = time.monotonic() + GLOBAL_AWAY_SECONDS
            restarted = hydra.replace(old, **environ)
            ages = [stale(restarted)]
            while len(ages) < 3 or time.monotonic() < away_until:
                loads[0].go_on(20)
                ages.append(stale(restarted))
                assert restarted.health("/readyz")[0] == other.health("/readyz")[0] == 200
            assert "hydra-runtime-template" in restarted.health("/readyz?verbose")[1]
            assert all(earlier < later for earlier, later in itertools.pairwise(ages))

        global_plane.put(config_map("hydra-runtime-template", templates(**{"vllm-cpu": "second"})))
        hydra.plane.wait(lambda: stale(restarted) == stale(other) == 0, "the global cluster is followed again")
        hydra.plane.wait(lambda: hydra.command() == ["second"], "the edit is in effect")
        for load in loads:
            load.go_on(10)

    assert [load.failed for load in loads] == ["", "", ""]
