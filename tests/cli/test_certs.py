"""``certs show``: what it reports about the shared CA."""

from datetime import UTC, datetime, timedelta

import pytest

import certs
from certs import policy
from webhook.cli import certs as command

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
YEAR = timedelta(days=365)
OLD, NEXT = certs.make_authority(NOW - 0.7 * YEAR, YEAR), certs.make_authority(NOW, YEAR)
ALONE, ROTATING = certs.Trust(OLD), certs.Trust(OLD, NEXT)
PROMOTED = certs.Trust(NEXT, None, certs.describe(OLD.certificate_pem))
WEBHOOKS = ("pods.example", "groups.example")


def judged(trust: certs.Trust | None, bundle: bytes | None, now: datetime = NOW) -> tuple[list[tuple], list[str]]:
    data = policy.data_of(trust) if trust is not None else {}
    bundles = dict.fromkeys(WEBHOOKS, bundle) if bundle is not None else {}
    rows, wrong = command.judge(certs.contents_of(data), bundles, now)
    return [(row.role, row.info.serial, row.trusted) for row in rows], wrong


HEALTHY = {
    "one authority": (ALONE, ALONE.bundle_pem, [("signer", OLD.serial, True)]),
    "a successor is announced": (
        ROTATING,
        ROTATING.bundle_pem,
        [("signer", OLD.serial, True), ("successor", NEXT.serial, True)],
    ),
    "a successor is not published yet": (
        ROTATING,
        ALONE.bundle_pem,
        [("signer", OLD.serial, True), ("successor", NEXT.serial, False)],
    ),
    "a successor signs": (
        PROMOTED,
        PROMOTED.bundle_pem,
        [("signer", NEXT.serial, True), ("predecessor", OLD.serial, True)],
    ),
    "no webhook configuration": (ALONE, None, [("signer", OLD.serial, None)]),
}


@pytest.mark.parametrize(("trust", "bundle", "rows"), HEALTHY.values(), ids=HEALTHY)
def test_a_healthy_ca_has_no_problems(trust, bundle, rows):
    assert judged(trust, bundle) == (rows, [])


PROBLEMS = {
    "no caBundle": (b"", NOW, "webhook pods.example has no caBundle, so API servers cannot call it"),
    "another authority in the caBundle": (
        NEXT.certificate_pem,
        NOW,
        "the caBundle of webhook pods.example does not contain the signer, so API servers reject the certificate",
    ),
    "the signer has expired": (ALONE.bundle_pem, NOW + YEAR, "the signer has expired"),
    "the signer is from the future": (
        ALONE.bundle_pem,
        NOW - YEAR,
        f"the signer is not valid before {OLD.not_before:%Y-%m-%d %H:%M}: it was created by a clock that is ahead",
    ),
}


@pytest.mark.parametrize(("bundle", "now", "message"), PROBLEMS.values(), ids=PROBLEMS)
def test_problems(bundle, now, message):
    _, wrong = judged(ALONE, bundle, now)
    assert message in wrong


def test_only_the_webhook_with_the_wrong_ca_bundle_is_reported():
    bundles = {"good.example": ALONE.bundle_pem, "bad.example": NEXT.certificate_pem}
    _, wrong = command.judge(certs.contents_of(policy.data_of(ALONE)), bundles, NOW)
    assert [line.partition(" does not")[0] for line in wrong] == ["the caBundle of webhook bad.example"]


def test_the_signer_is_due_for_renewal_after_two_thirds_of_its_lifetime():
    rows, _ = command.judge(certs.contents_of(policy.data_of(ROTATING)), {}, NOW)
    assert [row.due for row in rows] == [certs.renewal(OLD), None]


def test_without_a_cluster_it_says_how_to_name_one(run, monkeypatch, tmp_path):
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    result = run("certs", "show")
    assert result.status == 1
    assert "name one with --kubeconfig or $KUBECONFIG" in result.err


def test_a_read_failure_is_one_line(run, tmp_path):
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text("not a kubeconfig")
    result = run("certs", "show", "--kubeconfig", kubeconfig)
    assert (result.status, result.out) == (1, "")
    assert result.err.count("\n") == 1
    assert f"kubeconfig {kubeconfig}" in result.err
