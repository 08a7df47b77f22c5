"""Pairs are issued so that Go and OpenSSL accept them; every refusal to read one has a reason."""

import ipaddress
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import verification

import certs
from certs import pki

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
HOSTS = ["webhook.hydra.svc", "localhost", "127.0.0.1", "::1"]


@pytest.fixture(scope="module")
def authority() -> certs.Pair:
    return certs.make_authority(NOW, 30 * DAY)


@pytest.fixture(scope="module")
def leaf(authority: certs.Pair) -> certs.Pair:
    return certs.issue(authority, HOSTS, NOW, DAY)


def load(pair: certs.Pair) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pair.certificate_pem)


@pytest.mark.parametrize("host", HOSTS)
def test_a_leaf_is_valid_for_each_of_its_hosts_under_its_authority(authority, leaf, host):
    store = verification.Store([load(authority)])
    try:
        subject = x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        subject = x509.DNSName(host)
    verifier = verification.PolicyBuilder().store(store).time(NOW).build_server_verifier(subject)
    assert len(verifier.verify(load(leaf), [])) == 2


def test_keys_are_p_256_and_distinct(authority, leaf):
    keys = [load(pair).public_key() for pair in (authority, leaf)]
    assert all(isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == "secp256r1" for key in keys)
    assert keys[0] != keys[1]


def test_a_pair_has_its_names_and_validity(leaf):
    assert sorted(leaf.names) == sorted(HOSTS)
    assert leaf.not_after == NOW + DAY
    assert leaf.not_before < NOW  # clocks differ


def test_a_leaf_never_outlives_its_authority(authority):
    assert certs.issue(authority, HOSTS, NOW, 365 * DAY).not_after == authority.not_after


def test_an_authority_cannot_sign_other_authorities(authority):
    limits = load(authority).extensions.get_extension_for_class(x509.BasicConstraints).value
    assert (limits.ca, limits.path_length) == (True, 0)


def test_a_long_host_name_fits():
    host = ".".join(["a" * 60] * 3)
    pair, _ = certs.self_signed([host], NOW, DAY)
    assert pair.names == (host,)


def test_an_issued_pair_is_read_back_unchanged(leaf):
    assert certs.parse(leaf.certificate_pem, leaf.key_pem, NOW) == leaf


def test_a_chain_reads_as_its_first_certificate(authority, leaf):
    chain = leaf.certificate_pem + authority.certificate_pem
    assert certs.parse(chain, leaf.key_pem, NOW).serial == leaf.serial


def test_repr_shows_no_key(leaf):
    assert "KEY" not in repr(leaf)
    assert leaf.serial in repr(leaf)


def encrypted(pair: certs.Pair) -> bytes:
    key = serialization.load_pem_private_key(pair.key_pem, None)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"x"),
    )


REFUSED = {
    "a key of another certificate": (lambda leaf, ca: (leaf.certificate_pem, ca.key_pem), "does not belong"),
    "an encrypted key": (lambda leaf, _: (leaf.certificate_pem, encrypted(leaf)), "is encrypted"),
    "no key": (lambda leaf, _: (leaf.certificate_pem, b""), "private key is not readable PEM"),
    "a certificate for a key": (lambda leaf, _: (leaf.certificate_pem, leaf.certificate_pem), "key is not readable"),
    "no certificate": (lambda leaf, _: (b"", leaf.key_pem), "certificate is not readable PEM"),
    "a truncated certificate": (
        lambda leaf, _: (leaf.certificate_pem[:200], leaf.key_pem),
        "certificate is not readable",
    ),
    "bytes that are not text": (lambda leaf, _: (b"\xff\x00", leaf.key_pem), "certificate is not readable"),
}


@pytest.mark.parametrize(("make", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_pair_that_cannot_serve_is_refused_with_the_reason(authority, leaf, make, reason):
    with pytest.raises(certs.PairError, match=reason):
        certs.parse(*make(leaf, authority), NOW)


@pytest.mark.parametrize(
    ("now", "reason"),
    [(NOW + DAY, "expired at 2026-11-24T12:00:00"), (NOW - DAY, "is not valid before 2026-11-23T11:55:00")],
    ids=["at its end", "before its beginning"],
)
def test_a_pair_outside_its_validity_is_refused(leaf, now, reason):
    with pytest.raises(certs.PairError, match=reason):
        certs.parse(leaf.certificate_pem, leaf.key_pem, now)


def test_a_pair_that_is_not_valid_yet_can_be_kept_for_later(leaf):
    with pytest.raises(certs.NotYetValidError) as caught:
        certs.parse(leaf.certificate_pem, leaf.key_pem, NOW - DAY)
    assert caught.value.pair == leaf


@pytest.mark.parametrize(
    ("hosts", "reason"),
    [
        ([], "at least one host"),
        ([""], "none may be empty"),
        (["localhost", ""], "none may be empty"),
        (["münchen"], "not a valid DNS name"),
    ],
    ids=["none", "empty", "one of them empty", "not ASCII"],
)
def test_invalid_hosts_are_refused(hosts, reason):
    with pytest.raises(certs.PairError, match=reason):
        certs.self_signed(hosts, NOW, DAY)


def test_unreadable_alternative_names_do_no_harm(authority):
    """A certificate may have names of a type (here: an X.400 address) that the library refuses to read."""
    issuer, issuer_key = load(authority), serialization.load_pem_private_key(authority.key_pem, password=None)
    key = ec.generate_private_key(ec.SECP256R1())
    names = x509.UnrecognizedExtension(x509.SubjectAlternativeName.oid, b"\x30\x02\xa3\x00")
    builder = x509.CertificateBuilder(issuer.subject, issuer.subject, key.public_key(), 1, NOW, NOW + timedelta(days=1))
    certificate = builder.add_extension(names, critical=False).sign(issuer_key, hashes.SHA256())
    key_pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )

    pair = certs.parse(certificate.public_bytes(serialization.Encoding.PEM), key_pem, NOW)

    assert pair.names == ()


def test_an_expired_authority_signs_nothing(authority):
    with pytest.raises(certs.PairError, match="the authority expired"):
        certs.issue(authority, ["localhost"], authority.not_after, timedelta(days=1))


def test_an_authority_signs_nothing_before_it_is_valid(authority):
    with pytest.raises(certs.PairError, match="the authority is not valid before 2026-11-23T11:55:00"):
        certs.issue(authority, ["localhost"], NOW - DAY, timedelta(days=1))


def test_an_authority_is_read_whether_or_not_it_is_valid_now(authority):
    assert certs.pki.parse_authority(authority.certificate_pem + b"\n# a comment", authority.key_pem) == authority


def rsa_authority() -> tuple[bytes, bytes]:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, NOW, NOW + DAY)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    pem = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    encoding = serialization.PrivateFormat.PKCS8
    return pem, key.private_bytes(serialization.Encoding.PEM, encoding, serialization.NoEncryption())


def test_a_pair_that_cannot_sign_leaves_is_not_an_authority(leaf):
    with pytest.raises(certs.PairError, match="not a CA certificate"):
        certs.pki.parse_authority(leaf.certificate_pem, leaf.key_pem)
    with pytest.raises(certs.PairError, match="not an elliptic-curve key"):
        certs.pki.parse_authority(*rsa_authority())


def test_a_description_has_what_the_certificate_says(authority, leaf):
    ca, server = certs.describe(b"# trust\n" + authority.certificate_pem + leaf.certificate_pem)
    assert (ca.is_ca, server.is_ca) == (True, False)
    assert (ca.names, server.names) == ((), leaf.names)
    assert (server.serial, server.not_before, server.not_after) == (leaf.serial, leaf.not_before, leaf.not_after)
    assert server.pem == leaf.certificate_pem


@pytest.mark.parametrize("pem", [b"", b"garbage", b"-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"])
def test_describing_anything_but_a_certificate_is_an_error(pem):
    with pytest.raises(certs.PairError, match="not readable PEM"):
        certs.describe(pem)


def test_a_truncated_certificate_in_a_bundle_does_not_hide_the_next(authority, leaf):
    found, unreadable = certs.read_bundle(
        authority.certificate_pem + leaf.certificate_pem[:100] + b"\n" + leaf.certificate_pem
    )
    assert [info.serial for info in found] == [authority.serial, leaf.serial]
    assert unreadable == 1


VERDICTS = {
    "trusted": (lambda leaf, ca, _: (leaf, ca, HOSTS[0], NOW), ""),
    "trusted beside garbage": (lambda leaf, ca, other: (leaf, b"?" + other + ca[:99] + ca, HOSTS[3], NOW), ""),
    "another authority": (lambda leaf, _, other: (leaf, other, HOSTS[0], NOW), "candidates exhausted"),
    "another host": (lambda leaf, ca, _: (leaf, ca, "example.com", NOW), "subject"),
    "an invalid host": (lambda leaf, ca, _: (leaf, ca, "münchen", NOW), "not a valid DNS name"),
    "expired": (lambda leaf, ca, _: (leaf, ca, HOSTS[0], NOW + 2 * DAY), "not valid at validation time"),
    "an empty bundle": (lambda leaf, _ca, _other: (leaf, b"", HOSTS[0], NOW), "no readable certificate"),
    "no leaf": (lambda _leaf, ca, _: (b"", ca, HOSTS[0], NOW), "not readable PEM"),
}


@pytest.mark.parametrize(("make", "why"), VERDICTS.values(), ids=VERDICTS)
def test_verifying_says_why_a_client_rejects_the_certificate(authority, leaf, make, why):
    other = certs.make_authority(NOW, DAY)
    verdict = certs.verifies(*make(leaf.certificate_pem, authority.certificate_pem, other.certificate_pem))
    assert why in verdict
    assert bool(why) == bool(verdict)


@pytest.mark.parametrize("host", ["*", "a b", "a..b", "-a", f"{'a' * 64}.example", "http://a", "a." * 127 + "example"])
def test_a_host_must_be_a_name_that_a_client_can_ask_for(host):
    with pytest.raises(certs.PairError, match="is not a valid DNS name or IP address for a certificate"):
        pki.check_hosts([host])


@pytest.mark.parametrize(
    "host", ["localhost", "*.example.org", "10.0.0.1", "::1", "hydra-webhook.hydra-system.svc", "A_b"]
)
def test_names_wildcards_and_addresses_are_valid_hosts(host):
    assert len(pki.check_hosts([host])) == 1
