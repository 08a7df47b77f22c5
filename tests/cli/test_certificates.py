"""``certs show``: what is told of the shared authority."""

from datetime import UTC, datetime, timedelta

import pytest

import certs
from certs import policy
from webhook.cli import certificates

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
YEAR = timedelta(days=365)
OLD, NEXT = certs.make_authority(NOW - 0.7 * YEAR, YEAR), certs.make_authority(NOW, YEAR)
ALONE, ROTATING = certs.Trust(OLD), certs.Trust(OLD, NEXT)
PROMOTED = certs.Trust(NEXT, None, certs.describe(OLD.certificate_pem))
WEBHOOKS = ("pods.example", "groups.example")


def judged(trust: certs.Trust | None, bundle: bytes | None, now: datetime = NOW) -> tuple[list[tuple], list[str]]:
    data = policy.data_of(trust) if trust is not None else {}
    bundles = dict.fromkeys(WEBHOOKS, bundle) if bundle is not None else {}
    rows, wrong = certificates.judge(certs.contents_of(data), bundles, now)
    return [(row.role, row.info.serial, row.trusted) for row in rows], wrong


WELL = {
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
    "nobody is asked to trust it": (ALONE, None, [("signer", OLD.serial, None)]),
}


@pytest.mark.parametrize(("trust", "bundle", "rows"), WELL.values(), ids=WELL)
def test_what_is_well(trust, bundle, rows):
    assert judged(trust, bundle) == (rows, [])


WRONG = {
    "no caBundle": (b"", NOW, "webhook pods.example has no caBundle: API servers cannot call it"),
    "another authority in the caBundle": (
        NEXT.certificate_pem,
        NOW,
        "the caBundle of webhook pods.example lacks the signer: API servers refuse the webhook's certificate",
    ),
    "the signer expired": (ALONE.bundle_pem, NOW + YEAR, "the signer expired"),
}


@pytest.mark.parametrize(("bundle", "now", "message"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said(bundle, now, message):
    _, wrong = judged(ALONE, bundle, now)
    assert message in wrong


def test_only_the_webhook_whose_ca_bundle_is_wrong_is_blamed():
    bundles = {"good.example": ALONE.bundle_pem, "bad.example": NEXT.certificate_pem}
    _, wrong = certificates.judge(certs.contents_of(policy.data_of(ALONE)), bundles, NOW)
    assert [line.partition(" lacks")[0] for line in wrong] == ["the caBundle of webhook bad.example"]


def test_the_signer_is_said_to_be_renewed_when_two_thirds_of_its_life_have_passed():
    rows, _ = certificates.judge(certs.contents_of(policy.data_of(ROTATING)), {}, NOW)
    assert [row.due for row in rows] == [certs.renewal(OLD), None]


def test_outside_of_a_cluster_a_kubeconfig_is_asked_for(run, monkeypatch):
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    result = run("certs", "show")
    assert result.status == 2
    assert "this is no pod of a cluster: name a kubeconfig" in " ".join(result.err.replace("│", "").split())


def test_what_cannot_be_read_is_said_in_one_line(run, tmp_path):
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text("no kubeconfig")
    result = run("certs", "show", "--kubeconfig", kubeconfig)
    assert (result.status, result.out) == (1, "")
    assert result.err.count("\n") == 1
    assert f"kubeconfig {kubeconfig}" in result.err
