"""The context of a listener whose pair is replaced, tested with handshakes in memory."""

import errno
import os
import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

import certs

DAY = timedelta(days=1)


def make() -> tuple[certs.Pair, bytes]:
    return certs.self_signed(["localhost"], datetime.now(UTC), DAY)


def handshake(context: ssl.SSLContext, ca_pem: bytes, host: str | None = "localhost", **limits) -> ssl.SSLObject:
    """Return the client side after a handshake in which it trusts only ``ca_pem``."""
    client_context = ssl.create_default_context(cadata=ca_pem.decode())
    client_context.check_hostname = host is not None
    for name, value in limits.items():
        setattr(client_context, name, value)
    return shake_hands(client_context, context, host)


def shake_hands(client_context: ssl.SSLContext, context: ssl.SSLContext, host: str | None) -> ssl.SSLObject:
    """Return the client side after a handshake in memory."""
    client_context.set_alpn_protocols(["h2", "http/1.1"])
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server, server_hostname=host)
    server = context.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(8):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    assert client.version()
    return client


VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("host", ["localhost", None], ids=["with a name", "without a name"])
def test_every_client_gets_the_pair(version, host):
    pair, ca_pem = make()
    serving = certs.ServingContext(pair)
    client = handshake(serving.context, ca_pem, host, minimum_version=version, maximum_version=version)
    assert client.selected_alpn_protocol() == "http/1.1"


@pytest.mark.parametrize("version", VERSIONS)
def test_after_a_replacement_every_client_gets_the_new_pair(version):
    first, first_ca = make()
    serving = certs.ServingContext(first)
    handshake(serving.context, first_ca)
    second, second_ca = make()
    serving.replace(second)
    handshake(serving.context, second_ca, minimum_version=version, maximum_version=version)
    assert serving.pair is second
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(serving.context, first_ca)


# What Go's clients offer in TLS 1.2 with either kind of key (crypto/tls/defaults.go), by OpenSSL's names.
GO_OFFERS = ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305")
REFUSED_SUITES = [
    "ECDHE-{}-AES128-SHA",
    "ECDHE-{}-AES256-SHA",
    "ECDHE-{}-AES128-SHA256",
    "ECDHE-{}-AES256-SHA384",
    "AES128-SHA",  # without forward secrecy
    "AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
    "DHE-RSA-AES128-GCM-SHA256",  # Go has no DHE
]


def make_rsa() -> tuple[certs.Pair, bytes]:
    """Return a pair with an RSA key, such as cert-manager issues by default, and what clients must trust."""
    key = rsa.generate_private_key(65537, 2048)
    name, now = x509.Name([]), datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now - DAY, now + DAY)
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=True)
    pem = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    encoding = serialization.PrivateFormat.TraditionalOpenSSL
    key_pem = key.private_bytes(serialization.Encoding.PEM, encoding, serialization.NoEncryption())
    return certs.parse(pem, key_pem, now), pem


PAIRS = {"ECDSA": make(), "RSA": make_rsa()}


def handshake_with(key: str, suite: str) -> str:
    """Return the suite of a handshake in TLS 1.2 in which the client offers only this one."""
    pair, ca_pem = PAIRS[key]
    client_context = ssl.create_default_context(cadata=ca_pem.decode())
    client_context.maximum_version = ssl.TLSVersion.TLSv1_2
    client_context.set_ciphers(f"{suite}:@SECLEVEL=0")  # so that it is the server that refuses
    return shake_hands(client_context, certs.ServingContext(pair).context, "localhost").cipher()[0]


@pytest.mark.parametrize("key", PAIRS)
@pytest.mark.parametrize("cipher", GO_OFFERS)
def test_every_suite_with_authenticated_encryption_that_go_offers_is_accepted(key, cipher):
    assert handshake_with(key, f"ECDHE-{key}-{cipher}") == f"ECDHE-{key}-{cipher}"


@pytest.mark.parametrize("key", PAIRS)
@pytest.mark.parametrize("suite", REFUSED_SUITES)
def test_a_suite_in_cbc_mode_or_without_forward_secrecy_is_refused(key, suite):
    with pytest.raises(ssl.SSLError, match="NO_SHARED_CIPHER"):
        handshake_with(key, suite.format(key))


def mismatched() -> certs.Pair:
    pair, other = make()[0], make()[0]
    return certs.Pair(pair.certificate_pem, other.key_pem, pair.not_before, pair.not_after, pair.names, pair.serial)


def test_a_mismatched_pair_leaves_the_previous_one_in_use():
    pair, ca_pem = make()
    serving = certs.ServingContext(pair)
    with pytest.raises(certs.PairError):
        serving.replace(mismatched())
    assert serving.pair is pair
    handshake(serving.context, ca_pem)


def test_a_mismatched_first_pair_is_refused():
    with pytest.raises(certs.PairError):
        certs.ServingContext(mismatched())


def test_with_too_many_open_files_the_previous_pair_stays_in_use(monkeypatch):
    def no_more(_name: str) -> int:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    pair, ca_pem = make()
    serving = certs.ServingContext(pair)
    monkeypatch.setattr(os, "memfd_create", no_more)
    with pytest.raises(certs.PairError, match="Too many open files"):
        serving.replace(make()[0])
    assert serving.pair is pair
    handshake(serving.context, ca_pem)
