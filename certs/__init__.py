"""Keys and certificates. Knows nothing of admission, and never imports ``webhook``.

``pki`` makes and reads certificates and their keys. ``policy`` decides when an authority is made, announced, promoted and
forgotten. Both are pure: the time is an argument. ``authority`` is one such authority that all replicas share through a
Secret, which it reaches by the small protocol ``Vault``. ``rotator`` is the loop that keeps clients' trust and the leaf up
to date. ``serving`` keeps a TLS context whose pair can be exchanged while connections are being made. Files are read by
whoever calls.

    vault → authority (policy decides) → rotator → publish: clients' trust
                                                 → serve: ServingContext
"""

from certs.authority import Authority, Stored, Vault, VaultError
from certs.pki import (
    CertificateInfo,
    Pair,
    PairError,
    describe,
    issue,
    make_authority,
    parse,
    read_bundle,
    self_signed,
    verifies,
)
from certs.policy import Contents, Decision, Terms, Trust, contents_of, renewal
from certs.rotator import REASONS, Notice, Rotator
from certs.serving import ServingContext

__all__ = [
    "REASONS",
    "Authority",
    "CertificateInfo",
    "Contents",
    "Decision",
    "Notice",
    "Pair",
    "PairError",
    "Rotator",
    "ServingContext",
    "Stored",
    "Terms",
    "Trust",
    "Vault",
    "VaultError",
    "contents_of",
    "describe",
    "issue",
    "make_authority",
    "parse",
    "read_bundle",
    "renewal",
    "self_signed",
    "verifies",
]
