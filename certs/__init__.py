"""Keys and certificates. Knows nothing of admission, and never imports ``webhook``.

``pki`` makes and reads pairs of a certificate and its key, and is pure: the time is an argument. ``serving`` keeps a TLS
context whose pair can be exchanged while connections are being made.

The place of what a cluster needs besides is kept beside these two: ``policy`` (pure: when to renew what), ``authority``
(one CA, shared by all replicas through a Secret) and ``rotator``. Files are read by whoever calls.
"""

from certs.pki import Pair, PairError, issue, make_authority, parse, self_signed
from certs.serving import ServingContext

__all__ = ["Pair", "PairError", "ServingContext", "issue", "make_authority", "parse", "self_signed"]
