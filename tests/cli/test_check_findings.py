"""What ``check`` makes of what it reads; ``tests/controlplane/test_check.py`` asks a real cluster."""

import time
from datetime import UTC, datetime, timedelta

import pytest

import certs
from webhook import catalog, cluster, telemetry
from webhook.cli import check_findings, check_trial
from webhook.cli.check_findings import Hook, Replica

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
YEAR = timedelta(days=365)
OWN, OTHER = certs.make_authority(NOW - YEAR / 2, YEAR), certs.make_authority(NOW, YEAR)
OLD = certs.make_authority(NOW - 2 * YEAR, YEAR)
SERVICE = {"service": {"namespace": "hydra-system", "name": "hydra-webhook", "path": "/mutate"}}


def hook(
    bundle=OWN.certificate_pem, client_config=SERVICE, name="pods.webhook.hydra.io", configuration="hydra-webhook"
):
    return Hook(name, f"MutatingWebhookConfiguration {configuration}", client_config, bundle)


BOTH = [hook(name=name) for name in check_findings.WEBHOOKS]


def test_each_webhook_is_registered_once():
    def statuses(found):
        return [one.status for one in check_findings.of_configurations(found)]

    assert statuses(BOTH) == ["ok", "ok"]
    assert statuses(BOTH[:1]) == ["ok", "wrong"]
    assert statuses([*BOTH, hook(configuration="old")]) == ["wrong", "ok"]
    assert statuses([]) == ["wrong", "wrong"]


BUNDLES = {
    "none": (b"", "wrong", "there is none"),
    "garbage": (b"x", "wrong", "not readable PEM"),
    "an expired CA": (OLD.certificate_pem, "wrong", "every CA in it has expired"),
    "an expired and a valid one": (OLD.certificate_pem + OWN.certificate_pem, "ok", "1 CA, valid until"),
}


@pytest.mark.parametrize(("bundle", "status", "detail"), BUNDLES.values(), ids=BUNDLES)
def test_a_ca_bundle_has_a_valid_ca(bundle, status, detail):
    (found,) = check_findings.of_bundles([hook(bundle)], NOW)

    assert (found.status, bool(found.remedy)) == (status, status == "wrong")
    assert detail in found.detail


def leaf(*hosts, days=7, authority=OWN, now=NOW):
    return certs.issue(authority, hosts, now, timedelta(days=days)).certificate_pem


HOST = "hydra-webhook.hydra-system.svc"
CERTIFICATES = {
    "right": (leaf(HOST), "", "ok", f"trusted for {HOST}"),
    "expired": (leaf(HOST, now=NOW - timedelta(days=9)), "certificate has expired", "wrong", "it expired at"),
    "of another host": (leaf("localhost"), "Hostname mismatch", "wrong", f"not valid for {HOST}, but for localhost"),
    "of another authority": (leaf(HOST, authority=OTHER), "unable to get local issuer", "wrong", "reject it: unable"),
    "garbage": (b"x", "", "wrong", "not readable PEM"),
}


@pytest.mark.parametrize(("pem", "rejected", "status", "detail"), CERTIFICATES.values(), ids=CERTIFICATES)
def test_a_certificate_is_valid_for_its_host_and_trusted(pem, rejected, status, detail):
    found = check_findings.of_certificate(hook(), pem, rejected, NOW)

    assert (found.status, bool(found.remedy)) == (status, status == "wrong")
    assert detail in found.detail


def test_the_address_of_a_webhook_is_that_of_its_service_or_url():
    def address(**client_config):
        return hook(client_config=client_config).address

    assert address(**SERVICE) == (HOST, 443)
    assert address(url="https://webhook.example:8443/mutate") == ("webhook.example", 8443)
    assert address(url="https://webhook.example/mutate") == ("webhook.example", 443)
    assert address(url="https://[::1]:8443/mutate") == ("::1", 8443)


def service(*ports):
    return {"spec": {"ports": [{"port": port} for port in ports]}}


READY = [{"endpoints": [{"conditions": {"ready": True}}, {"conditions": {}}, {"conditions": {"ready": False}}]}]
SERVICES = {
    "ready": (service(443), READY, "ok", "2 ready endpoints"),
    "no endpoint": (service(443), [], "wrong", "no ready endpoint among 0"),
    "none ready": (service(443), [{"endpoints": [{"conditions": {"ready": False}}]}], "wrong", "among 1"),
    "another port": (service(8443), READY, "wrong", "has no port 443"),
    "gone": (None, [], "wrong", "does not exist"),
}


@pytest.mark.parametrize(("found", "slices", "status", "detail"), SERVICES.values(), ids=SERVICES)
def test_a_service_has_the_port_and_a_ready_endpoint(found, slices, status, detail):
    finding = check_findings.of_service(hook(), found, slices)

    assert finding.status == status
    assert detail in finding.detail


def exposed(digests, *, expiry=NOW + YEAR, stale=0.0):
    """Return the metrics of a replica as it exposes them."""
    metrics = telemetry.Metrics("0.1.0")
    metrics.configuration_in_use(digests.items)
    metrics.certificate_loaded(expiry.timestamp())
    metrics.configuration_followed("agent", lambda: time.monotonic() - stale if stale else None)
    text, _ = metrics.expose("")
    return check_findings.metrics(text.decode())


USED = {"templates": "aa", "agent": "bb", "gpu-configs": "cc"}
LATE = USED | {"agent": "other"}
REPLICAS = {
    "right": (Replica("a", metrics=exposed(USED)), "ok", "ready, version 0.1.0, uses the published configuration"),
    "late": (Replica("a", metrics=exposed(LATE)), "wrong", "another version of the agent configuration"),
    "cut off": (
        Replica("a", metrics=exposed(USED, stale=90)),
        "wrong",
        "not been able to follow its configuration: agent for 90 s",
    ),
    "expired": (
        Replica("a", metrics=exposed(USED, expiry=NOW - YEAR)),
        "wrong",
        "its certificate expired at 2025-11-30",
    ),
    "an older release": (Replica("a", metrics=exposed({})), "wrong", "does not say which configuration it uses"),
    "not ready": (Replica("a", "not ready: it is Pending"), "wrong", "not ready: it is Pending"),
    "behind a NetworkPolicy": (Replica("a", unreachable="timeout"), "ok", "could not be compared: timeout"),
    "forbidden": (Replica("a", unreachable="403", forbidden=True), "unknown", "could not be compared: 403"),
}


@pytest.mark.parametrize(("replica", "status", "detail"), REPLICAS.values(), ids=REPLICAS)
def test_a_replica_is_ready_and_uses_what_is_published(replica, status, detail):
    (found,) = check_findings.of_replicas([replica], USED, NOW)

    assert found.status == status
    assert detail in found.detail


def test_without_a_published_state_replicas_are_compared_with_one_another():
    replicas = [Replica(name, metrics=exposed(used)) for name, used in (("a", USED), ("b", LATE), ("c", USED))]

    assert [one.status for one in check_findings.of_replicas(replicas, {}, NOW)] == ["ok", "wrong", "ok"]
    assert [one.status for one in check_findings.of_replicas([], {}, NOW)] == ["wrong"]


DATA = {"config.yaml": "templates: []"}
CONFIG_MAPS = {
    "taken in": ({"data": DATA}, DATA, "ok"),
    "edited": ({"data": {"config.yaml": "new"}}, DATA, "wrong"),
    "not taken in": ({"data": DATA}, None, "wrong"),
    "in the global cluster": (None, DATA, None),
    "a file": ({"data": DATA}, "templates: []", None),
    "nowhere": (None, None, "wrong"),
}


@pytest.mark.parametrize(("stored", "used", "status"), CONFIG_MAPS.values(), ids=CONFIG_MAPS)
def test_a_configmap_is_used_as_it_is(stored, used, status):
    documents = [catalog.Document("templates", "ConfigMap x", used)] if used is not None else []

    found = check_findings.of_config_map("templates", stored, documents)

    assert (found.status if found else None) == status


def test_a_table_that_nobody_needs_may_be_missing():
    assert check_findings.of_config_map("gpu-configs", None, []) is None


REFUSALS = {
    "an unknown authority": (
        (
            'failed calling webhook "pods.webhook.hydra.io": failed to call webhook: Post "https://x": tls: failed to verify'
            " certificate: x509: certificate signed by unknown authority"
        ),
        "wrong",
        "does not trust the certificate",
    ),
    "another host": (
        'failed calling webhook "pods.webhook.hydra.io": failed to call webhook: tls: x509: certificate is valid for a, not b',
        "wrong",
        "for another host name",
    ),
    "nobody there": (
        'failed calling webhook "pods.webhook.hydra.io": failed to call webhook: dial tcp 10.96.0.1:443: connect: connection refused',
        "wrong",
        "nothing listens",
    ),
    "too slow": (
        'failed calling webhook "pods.webhook.hydra.io": failed to call webhook: context deadline exceeded',
        "wrong",
        "no answer in time",
    ),
    "something new": ('failed calling webhook "pods.webhook.hydra.io": oops', "wrong", "cannot call the webhook: oops"),
    "a denial": (
        'admission webhook "pods.webhook.hydra.io" denied the request: Pod a/b: no [no-agent-entry]',
        "wrong",
        "runtime r is denied: Pod a/b: no [no-agent-entry]",
    ),
    "the policy": (
        "pods \"x\" is forbidden: ValidatingAdmissionPolicy 'hydra-webhook-record' denied",
        "wrong",
        "was not called",
    ),
    "somebody else": ('admission webhook "other.example" denied the request: no', "unknown", "something else"),
    "no right": ("pods is forbidden: User x cannot create", "unknown", "something else"),
}


@pytest.mark.parametrize(("message", "status", "detail"), REFUSALS.values(), ids=REFUSALS)
def test_a_refused_pod_says_why(message, status, detail):
    tried = check_trial.Trial({"metadata": {"namespace": "default"}}, "r")

    found = check_trial.of_refusal(tried, cluster.ApiError("server-error", message))

    assert found.status == status
    assert detail in found.detail
    assert found.remedy
