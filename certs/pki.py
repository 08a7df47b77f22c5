"""Issue, read and verify certificates and their private keys. Pure; the time is always an argument."""

import contextlib
import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import verification
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from certs import clocks

BACKDATE = timedelta(minutes=5)
"""A certificate is valid from this long before it is issued, so that an API server with a slow clock accepts it at once."""

_ORGANIZATION = "Hydra runtime webhook"
_LONGEST_DNS_NAME = 253  # characters, RFC 1035
# Labels of RFC 1123; only the first may be a wildcard (RFC 6125), and not alone. Underscores occur in internal names.
_DNS_NAME = re.compile(
    r"(\*\.)?[a-z0-9_]([-a-z0-9_]{0,61}[a-z0-9_])?(\.[a-z0-9_]([-a-z0-9_]{0,61}[a-z0-9_])?)*", re.IGNORECASE
)
_MAX_COMMON_NAME = 64  # characters, RFC 5280 ub-common-name
_BEGIN = b"-----BEGIN CERTIFICATE-----"
# What the library raises for an unreadable certificate, on loading it or on reading a part of it.
_UNREADABLE = (
    ValueError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)


class PairError(Exception):
    """A certificate and a key cannot be used; ``str()`` says why and never contains key material."""


class NotYetValidError(PairError):
    """A pair can be used, but not before ``pair.not_before``."""

    def __init__(self, pair: "Pair") -> None:
        super().__init__(f"the certificate is not valid before {pair.not_before.isoformat()}")
        self.pair = pair


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate with its private key.

    Attributes:
        certificate_pem: the certificate, followed by the issuers' certificates that a server must send.
        key_pem: its private key, unencrypted PEM. Secret, so it is kept out of ``repr``.
        not_before, not_after: its validity, in UTC.
        names: DNS names and IP addresses that it is valid for.
        serial: its serial number in hexadecimal, which identifies it in logs.
    """

    certificate_pem: bytes
    key_pem: bytes
    not_before: datetime
    not_after: datetime
    names: tuple[str, ...]
    serial: str

    def __repr__(self) -> str:
        return f"Pair(serial={self.serial!r}, names={self.names!r}, not_after={self.not_after.isoformat()!r})"


@dataclass(frozen=True, slots=True)
class CertificateInfo:
    """The contents of one certificate, without a key.

    Attributes:
        serial: its serial number in hexadecimal.
        not_before, not_after: its validity, in UTC.
        is_ca: whether it may sign certificates.
        names: DNS names and IP addresses that it is valid for.
        pem: the certificate, re-encoded so that equal certificates have equal bytes.
    """

    serial: str
    not_before: datetime
    not_after: datetime
    is_ca: bool
    names: tuple[str, ...]
    pem: bytes


def parse(certificate_pem: bytes, key_pem: bytes, now: datetime) -> Pair:
    """Read a pair and check that it can serve at ``now``.

    Raises:
        NotYetValidError: the certificate is not valid yet.
        PairError: one of the two is not PEM, the key is encrypted or belongs to another certificate, or the certificate
            has expired.
    """
    leaf = _read(certificate_pem, key_pem)
    if now >= leaf.not_valid_after_utc:
        raise PairError(f"the certificate expired at {leaf.not_valid_after_utc.isoformat()}")
    pair = _pair(leaf, certificate_pem, key_pem)
    if now < pair.not_before:
        raise NotYetValidError(pair)
    return pair


def parse_authority(certificate_pem: bytes, key_pem: bytes) -> Pair:
    """Read the pair of an authority, whether or not it is valid now. The certificates of its issuers are left out.

    Raises:
        PairError: one of the two is not PEM, the key is encrypted or belongs to another certificate, or ``issue`` could
            not sign with it.
    """
    certificate = _read(certificate_pem, key_pem)
    if not _is_ca(certificate):
        raise PairError("the certificate is not a CA certificate")
    if not isinstance(certificate.public_key(), ec.EllipticCurvePublicKey):
        raise PairError("the authority's key is not an elliptic-curve key")
    return _pair(certificate, _pem(certificate), key_pem)


def describe(pem: bytes) -> tuple[CertificateInfo, ...]:
    """Return the contents of each certificate in ``pem``.

    Raises:
        PairError: there is no certificate, or one cannot be read.
    """
    found, unreadable = read_bundle(pem)
    if unreadable or not found:
        raise PairError("the certificate is not readable PEM")
    return found


def read_bundle(pem: bytes) -> tuple[tuple[CertificateInfo, ...], int]:
    """Return the contents of the readable certificates in ``pem``, and the number of unreadable ones."""
    certificates, unreadable = _certificates(pem)
    found = []
    for certificate in certificates:
        try:
            found.append(_info(certificate))
        except _UNREADABLE:
            unreadable += 1
    return tuple(found), unreadable


def verifies(leaf_pem: bytes, bundle_pem: bytes, host: str, now: datetime) -> str:
    """Return why a client that trusts ``bundle_pem`` rejects ``leaf_pem`` for ``host``; empty if the client accepts it."""
    chain, _ = _certificates(leaf_pem)
    anchors, _ = _certificates(bundle_pem)
    if not chain:
        return "the certificate is not readable PEM"
    if not anchors:
        return "the trust bundle has no readable certificate"
    try:
        policy = verification.PolicyBuilder().store(verification.Store(anchors)).time(now)
        policy.build_server_verifier(_general_name(host)).verify(chain[0], chain[1:])
    except (PairError, verification.VerificationError) as error:
        return str(error)
    return ""


def make_authority(now: datetime, lifetime: timedelta) -> Pair:
    """Create a certificate authority with a P-256 key. It may sign leaves but not other authorities."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("hydra-webhook-ca")
    builder = _builder(name, name, key.public_key(), now, lifetime)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_key_usage(ca=True), critical=True)
    certificate = builder.sign(key, hashes.SHA256())
    return _pair(certificate, _pem(certificate), _private_bytes(key))


def issue(authority: Pair, hosts: Sequence[str], now: datetime, lifetime: timedelta) -> Pair:
    """Issue a serving certificate with a P-256 key, signed by ``authority``, for these DNS names and IP addresses.

    It expires with its authority at the latest.

    Raises:
        PairError: there is no host, one cannot be in a certificate, the authority has expired or is not valid yet, or its
            key is not an elliptic-curve key.
    """
    names = check_hosts(hosts)
    if now >= authority.not_after:
        raise PairError(f"the authority expired at {authority.not_after.isoformat()}")
    if not clocks.has_begun(authority.not_before, now):
        raise PairError(f"the authority is not valid before {authority.not_before.isoformat()}")
    issuer = x509.load_pem_x509_certificate(authority.certificate_pem)
    issuer_key = serialization.load_pem_private_key(authority.key_pem, password=None)
    if not isinstance(issuer_key, ec.EllipticCurvePrivateKey):
        raise PairError("the authority's key is not an elliptic-curve key")
    key = ec.generate_private_key(ec.SECP256R1())
    lifetime = min(lifetime, authority.not_after - now)
    builder = _builder(_name(hosts[0][:_MAX_COMMON_NAME]), issuer.subject, key.public_key(), now, lifetime)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_key_usage(ca=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    builder = builder.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
    )
    certificate = builder.sign(issuer_key, hashes.SHA256())
    return _pair(certificate, _pem(certificate), _private_bytes(key))


def check_hosts(hosts: Sequence[str]) -> list[x509.GeneralName]:
    """Return these DNS names and IP addresses in the form that a certificate contains.

    Raises:
        PairError: there is no host, or one cannot be in a certificate.
    """
    if not hosts or not all(hosts):
        raise PairError("a serving certificate needs at least one host name or address, and none may be empty")
    return [_general_name(host) for host in hosts]


def self_signed(hosts: Sequence[str], now: datetime, lifetime: timedelta) -> tuple[Pair, bytes]:
    """Issue a serving pair for ``hosts``; return it with the PEM of its authority, which clients must trust.

    The authority is created for this pair alone and its key is discarded, so it can never sign another certificate.

    Raises:
        PairError: as ``issue``.
    """
    authority = make_authority(now, lifetime)
    return issue(authority, hosts, now, lifetime), authority.certificate_pem


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, lifetime: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATE)
        .not_valid_after(now + lifetime)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, _ORGANIZATION),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _key_usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(host: str) -> x509.IPAddress | x509.DNSName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        pass
    if not _DNS_NAME.fullmatch(host) or len(host) > _LONGEST_DNS_NAME:
        raise PairError(f"{host!r} is not a valid DNS name or IP address for a certificate")
    return x509.DNSName(host)


def _read(certificate_pem: bytes, key_pem: bytes) -> x509.Certificate:
    """Return the first certificate, after checking that the key belongs to it."""
    try:
        certificate = x509.load_pem_x509_certificates(certificate_pem)[0]
        public_key = certificate.public_key()
    except _UNREADABLE as error:
        raise PairError("the certificate is not readable PEM") from error
    try:
        key = serialization.load_pem_private_key(key_pem, password=None)
    except TypeError as error:
        raise PairError("the private key is encrypted; use an unencrypted key") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise PairError("the private key is not readable PEM") from error
    if _public_bytes(key.public_key()) != _public_bytes(public_key):
        raise PairError("the private key does not belong to the certificate")
    return certificate


def _certificates(pem: bytes) -> tuple[list[x509.Certificate], int]:
    """Return the readable certificates, and the number of unreadable ones. A truncated one does not hide the next."""
    _, *blocks = pem.split(_BEGIN)
    if not blocks:
        return [], 1 if pem.strip() else 0
    found = []
    for block in blocks:
        with contextlib.suppress(*_UNREADABLE):
            found.append(x509.load_pem_x509_certificate(_BEGIN + block))
    return found, len(blocks) - len(found)


def _info(certificate: x509.Certificate) -> CertificateInfo:
    return CertificateInfo(
        serial=_serial(certificate),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        is_ca=_is_ca(certificate),
        names=_names(certificate),
        pem=_pem(certificate),
    )


def _is_ca(certificate: x509.Certificate) -> bool:
    try:
        if not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    except x509.ExtensionNotFound as missing:
        return missing.oid == x509.KeyUsage.oid  # a certificate without that extension allows any use
    except _UNREADABLE:
        return False


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, *_UNREADABLE):
        return ()  # names are only for people to read; clients check the certificate itself
    return (*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress)))


def _serial(certificate: x509.Certificate) -> str:
    return f"{certificate.serial_number:x}"


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _pair(leaf: x509.Certificate, certificate_pem: bytes, key_pem: bytes) -> Pair:
    return Pair(
        certificate_pem=certificate_pem,
        key_pem=key_pem,
        not_before=leaf.not_valid_before_utc,
        not_after=leaf.not_valid_after_utc,
        names=_names(leaf),
        serial=_serial(leaf),
    )


def _public_bytes(key: object) -> bytes:
    assert hasattr(key, "public_bytes")
    encoded: bytes = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return encoded


def _private_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
