"""Keys, certificates, and the authority that all replicas share. Knows nothing of admission and never imports ``webhook``.

::

    clocks        the time by which a replica judges certificates, and how far it trusts its own clock
    pki           issue, read and verify certificates and their keys
    policy        when an authority is created, announced, promoted and forgotten
    secret_store  the protocol by which the shared Secret is read and written
    authority     the shared authority as one replica knows it: read the Secret, decide, write it
    rotator       the loop: publish the trust bundle, then serve a leaf that relies on it
    serving       a TLS context whose pair can be replaced while it serves

``clocks``, ``pki`` and ``policy`` are pure: the time is an argument. Never in here: requests to an API server, files, logging,
threads.

::

    SecretStore → Authority (policy decides) → Rotator → publish: the trust bundle of clients
                                                       → serve: ServingContext
"""

from certs.authority import Authority
from certs.clocks import Reading, has_begun
from certs.pki import (
    CertificateInfo,
    NotYetValidError,
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
from certs.policy import Contents, Decision, Lifetimes, Trust, contents_of, renewal
from certs.rotator import REASONS, Notice, Rotator
from certs.secret_store import SecretStore, SecretStoreError, Stored
from certs.serving import ServingContext

__all__ = [
    "REASONS",
    "Authority",
    "CertificateInfo",
    "Contents",
    "Decision",
    "Lifetimes",
    "NotYetValidError",
    "Notice",
    "Pair",
    "PairError",
    "Reading",
    "Rotator",
    "SecretStore",
    "SecretStoreError",
    "ServingContext",
    "Stored",
    "Trust",
    "contents_of",
    "describe",
    "has_begun",
    "issue",
    "make_authority",
    "parse",
    "read_bundle",
    "renewal",
    "self_signed",
    "verifies",
]
