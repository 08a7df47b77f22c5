"""Certificates of clients, and the CA that signs them."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


class ClientAuthority:
    """A CA of clients.

    Attributes:
        pem: its certificate.
    """

    def __init__(self, name: str = "clients") -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        self.pem = _pem(
            _builder(self._name, self._name, self._key).add_extension(constraints, critical=True), self._key
        )

    def context(self, folder: Path, server_ca: bytes, name: str = "kube-apiserver") -> ssl.SSLContext:
        """Return the context of a client with a certificate for this common name."""
        pem, key = self.issue(name)
        (folder / f"{name}.pem").write_bytes(pem + key)
        context = ssl.create_default_context(cadata=server_ca.decode())
        context.load_cert_chain(folder / f"{name}.pem")
        return context

    def issue(self, name: str) -> tuple[bytes, bytes]:
        """Return a client's certificate for this common name and its key, PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
        pem = _pem(_builder(subject, self._name, key).add_extension(usage, critical=False), self._key)
        return pem, key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
    )


def _pem(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> bytes:
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
