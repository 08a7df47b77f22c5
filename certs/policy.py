"""What the shared Secret holds, and when which authority is made, announced, promoted and forgotten. Pure.

The life of an authority::

    announced    known to clients, signs nothing yet        next.crt, next.key
    signer       signs every leaf                           tls.crt, tls.key
    predecessor  signs nothing any more, still trusted      in ca.crt, without a key

Every certificate of the three kinds stands in ``ca.crt``, the trust bundle. So a leaf is trusted wherever clients have read
any bundle of the last two stages.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from certs import pki
from certs.pki import CertificateInfo, Pair

SIGNER = ("tls.crt", "tls.key")
SUCCESSOR = ("next.crt", "next.key")
BUNDLE = "ca.crt"
KEYS = frozenset((*SIGNER, *SUCCESSOR, BUNDLE))

Reason = Literal[
    "kept",  # nothing changed
    "learned",  # another replica changed the Secret
    "created",  # the Secret was empty, and nothing is remembered
    "refilled",  # the Secret was empty: what is remembered is written again
    "announced",  # the signer is old: it has got a successor
    "promoted",  # the successor is known to clients long enough, and signs from now on
    "forgot-expired",  # certificates that have expired were dropped
    "mended",  # a part that the signer does not need was unreadable
    "restored",  # the signer was unusable, or older than the one remembered: what is remembered is written again
    "recovered",  # the signer was unusable and nothing is remembered: its successor signs at once
    "replaced",  # the signer was unusable, and there is nothing to go on with: a new authority
]


@dataclass(frozen=True, slots=True)
class Terms:
    """How long things live.

    Attributes:
        authority, leaf: lifetimes of what is made from now on; each is renewed when two thirds have passed.
    """

    authority: timedelta = timedelta(days=365)
    leaf: timedelta = timedelta(days=7)

    def __post_init__(self) -> None:
        if min(self.authority, self.leaf) < timedelta(seconds=1):
            raise ValueError("certificates count whole seconds: a lifetime must be at least one")

    @property
    def announce(self) -> timedelta:
        """How long clients know a successor before it signs: a minute, less for authorities that live for minutes."""
        return min(timedelta(minutes=1), self.authority / 20)

    @property
    def look(self) -> timedelta:
        """How often the Secret is read, at least: what is known of it is never older than half an announcement."""
        return min(self.announce / 2, self.leaf / 20)


@dataclass(frozen=True, slots=True)
class Trust:
    """Who signs, who will sign next, and who has signed.

    Attributes:
        predecessors: other certificates that clients still trust, in the order of ``bundle_pem``.
    """

    signer: Pair
    successor: Pair | None = None
    predecessors: tuple[CertificateInfo, ...] = ()

    @property
    def bundle_pem(self) -> bytes:
        """What clients trust: the same bytes for the same certificates, so that a promotion does not change it."""
        pairs = [pair for pair in (self.signer, self.successor) if pair is not None]
        return b"".join(certificate.pem for certificate in _ordered([*map(_public, pairs), *self.predecessors]))


@dataclass(frozen=True, slots=True)
class Contents:
    """What a Secret holds as far as it is readable, expired or not.

    Attributes:
        certificates: every certificate that clients might trust, also those of ``signer`` and ``successor``.
        problems: what is wrong with it, a line each; never holds key material.
    """

    signer: Pair | None = None
    successor: Pair | None = None
    certificates: tuple[CertificateInfo, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing at all, as in a Secret that was just made."""
        return self == Contents()


@dataclass(frozen=True, slots=True)
class Decision:
    """The trust from now on, why, and what was wrong with the Secret (a line each)."""

    trust: Trust
    reason: Reason
    problems: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether the Secret must be written for it."""
        return self.reason not in {"kept", "learned"}


def contents_of(data: Mapping[str, bytes]) -> Contents:
    """Read the data of a Secret; empty values count as absent."""
    problems: list[str] = []
    certificates: list[CertificateInfo] = []
    pairs: list[Pair | None] = []
    for names in (SIGNER, SUCCESSOR):
        certificate, key = (data.get(name, b"") for name in names)
        pair = None
        if certificate or key:
            certificates += (info for info in pki.read_bundle(certificate)[0][:1] if info.is_ca)
            try:
                pair = pki.parse_authority(certificate, key)
            except pki.PairError as error:
                problems.append(f"{', '.join(names)}: {error}")
        pairs.append(pair)
    signer, successor = pairs
    if signer is not None and successor is not None and signer.certificate_pem == successor.certificate_pem:
        problems.append(f"{SUCCESSOR[0]}: it is the signer")
        successor = None
    bundle, unreadable = pki.read_bundle(data.get(BUNDLE, b""))
    if unreadable:
        problems.append(f"{BUNDLE}: {unreadable} unreadable")
    if not {info.pem for info in certificates} <= {info.pem for info in bundle}:
        problems.append(f"{BUNDLE}: an authority is missing")
    if signer is None and bundle:
        problems.append(f"{SIGNER[0]}: missing or unreadable")
    return Contents(signer, successor, _ordered([*certificates, *bundle]), tuple(problems))


def data_of(trust: Trust) -> dict[str, bytes]:
    """Return the data of the Secret that holds this trust."""
    data = {BUNDLE: trust.bundle_pem}
    for names, pair in ((SIGNER, trust.signer), (SUCCESSOR, trust.successor)):
        if pair is not None:
            data |= zip(names, (pair.certificate_pem, pair.key_pem), strict=True)
    return data


def decide(contents: Contents, remembered: Trust | None, now: datetime, terms: Terms, announced: str = "") -> Decision:
    """Decide what the Secret should say.

    Args:
        contents: what it says.
        remembered: what it said when it was last read or written by this replica.
        now: by the clock of this replica.
        terms: how long a new authority lives.
        announced: serial of the successor that clients have known for ``terms.announce``, if there is one.
    """
    signer, successor = (
        pair if pair is not None and now < pair.not_after else None for pair in (contents.signer, contents.successor)
    )
    remembered = _still_valid(remembered, now)
    known, problems = contents.certificates, contents.problems
    if signer is not None and not (remembered and _went_back(contents, remembered)):
        stored = _trust(signer, successor, known, now)
        return _advance(contents, stored, remembered, now, terms, announced)
    if signer is None and contents.signer is not None:
        problems = (*problems, f"{SIGNER[0]}: expired at {contents.signer.not_after.isoformat()}")
    if remembered is not None:
        trust = _trust(remembered.signer, remembered.successor, [*known, *remembered.predecessors], now)
        return Decision(trust, "refilled" if contents.empty else "restored", problems)
    if successor is not None:
        return Decision(_trust(successor, None, known, now), "recovered", problems)
    authority = pki.make_authority(now, terms.authority)
    return Decision(_trust(authority, None, known, now), "created" if contents.empty else "replaced", problems)


def renewal(pair: Pair) -> datetime:
    """When two thirds of the life of a pair that ``pki`` made have passed, counted from when it was made."""
    made = pair.not_before + pki.BACKDATE
    return made + (pair.not_after - made) * 2 / 3


def leaf_is_due(leaf: Pair, signer: Pair, now: datetime) -> bool:
    """Whether to renew a leaf of this signer, which would not help if both end together."""
    return now >= renewal(leaf) and leaf.not_after < signer.not_after


def leaf_is_ending(leaf: Pair, now: datetime, terms: Terms) -> bool:
    """Whether a leaf may expire before the next look has been completed, by clocks that differ by a minute."""
    return now + 4 * terms.look >= leaf.not_after


def _advance(
    contents: Contents, stored: Trust, remembered: Trust | None, now: datetime, terms: Terms, announced: str
) -> Decision:
    """Take the one step that is due in the life of a usable trust."""
    signer, successor, known = stored.signer, stored.successor, contents.certificates
    if successor is not None and successor.serial == announced:
        return Decision(_trust(successor, None, known, now), "promoted", contents.problems)
    if successor is None and now >= renewal(signer):
        successor = pki.make_authority(now, terms.authority)
        return Decision(_trust(signer, successor, known, now), "announced", contents.problems)
    if contents.problems:
        return Decision(stored, "mended", contents.problems)
    if successor != contents.successor or len(_alive(known, now)) < len(known):
        return Decision(stored, "forgot-expired")
    return Decision(stored, "kept" if stored == remembered else "learned")


def _went_back(contents: Contents, remembered: Trust) -> bool:
    """Whether the Secret is older than what is remembered, as after somebody restored a backup.

    What is written then holds every certificate of both, so replicas that remember different things cannot fight over it.
    A signer that is not remembered at all is not older: somebody wants it.
    """
    assert contents.signer is not None
    signer, certificates = contents.signer.certificate_pem, {info.pem for info in contents.certificates}
    if signer != remembered.signer.certificate_pem and signer not in {info.pem for info in remembered.predecessors}:
        return False
    if contents.successor is not None and contents.successor.certificate_pem == remembered.signer.certificate_pem:
        return True
    return not _active(remembered.signer, remembered.successor) <= certificates


def _still_valid(remembered: Trust | None, now: datetime) -> Trust | None:
    """Return what can still be used of what is remembered."""
    if remembered is None or now >= remembered.signer.not_after:
        return None
    successor = remembered.successor
    return replace(remembered, successor=None) if successor and now >= successor.not_after else remembered


def _active(*pairs: Pair | None) -> set[bytes]:
    return {pair.certificate_pem for pair in pairs if pair is not None}


def _trust(signer: Pair, successor: Pair | None, certificates: Iterable[CertificateInfo], now: datetime) -> Trust:
    """Return the trust in which everyone else, if not expired, is a predecessor."""
    active = _active(signer, successor)
    predecessors = (info for info in certificates if info.pem not in active)
    return Trust(signer, successor, _alive(_ordered(predecessors), now))


def _alive(certificates: Iterable[CertificateInfo], now: datetime) -> tuple[CertificateInfo, ...]:
    """Leave out what has expired by any clock: one that runs ahead must not forget what others still use."""
    return tuple(info for info in certificates if now < info.not_after + pki.BACKDATE)


def _ordered(certificates: Iterable[CertificateInfo]) -> tuple[CertificateInfo, ...]:
    """Return each certificate once, the one that lives longest first."""
    return tuple(sorted(set(certificates), key=lambda info: (info.not_after, info.pem), reverse=True))


def _public(pair: Pair) -> CertificateInfo:
    return pki.describe(pair.certificate_pem)[0]
