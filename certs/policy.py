"""What the shared Secret contains, and when an authority is created, announced, promoted and forgotten. Pure.

The life of an authority::

    successor    announced to clients, signs nothing yet    next.crt, next.key
    signer       signs every leaf                           tls.crt, tls.key
    predecessor  signs nothing any more, still trusted      in ca.crt, without a key

The trust bundle, ``ca.crt``, has the certificates of all three. So a client trusts a leaf if it has any bundle published
since the leaf's signer was announced.

An authority whose validity has not begun signs nothing: some clock was wrong when it was created, or a person prepared it. As
a successor it waits until its validity begins, or until the signer needs a successor at once. As a signer it is replaced.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from certs import clocks, pki
from certs.clocks import Reading
from certs.pki import CertificateInfo, Pair

SIGNER = ("tls.crt", "tls.key")
SUCCESSOR = ("next.crt", "next.key")
BUNDLE = "ca.crt"
KEYS = frozenset((*SIGNER, *SUCCESSOR, BUNDLE))

Reason = Literal[
    "kept",  # nothing changed
    "learned",  # the Secret was changed by another replica or a person
    "skewed",  # the clocks of this replica and the API server disagree: whatever is due is left to other replicas
    "created",  # the Secret was empty, and nothing is remembered
    "refilled",  # the Secret was empty: what this replica remembers is written again
    "announced",  # the signer is old: a successor was created
    "promoted",  # clients have known the successor for long enough: it signs from now on
    "forgot-expired",  # certificates that are not valid any more, or not yet, were dropped
    "repaired",  # a part that the signer does not need was unreadable or missing
    "restored",  # the signer was unusable, or older than the remembered one, which is written again
    "recovered",  # the signer was unusable, and nothing is remembered: the successor signs at once
    "replaced",  # the signer was unusable, and nothing else is usable either: a new authority was created
]


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long certificates live, and the intervals that follow from that.

    Attributes:
        authority, leaf: lifetimes of certificates issued from now on. Each is renewed after two thirds of its life.
    """

    authority: timedelta = timedelta(days=365)
    leaf: timedelta = timedelta(days=7)

    def __post_init__(self) -> None:
        if min(self.authority, self.leaf) < timedelta(seconds=1):
            raise ValueError("a certificate's lifetime must be at least one second")

    @property
    def announce(self) -> timedelta:
        """How long clients know a successor before it signs: a minute, or less if authorities live for minutes only."""
        return min(timedelta(minutes=1), self.authority / 20)

    @property
    def poll(self) -> timedelta:
        """How often the Secret is read at least: what a replica knows of it is never older than half an announcement."""
        return min(self.announce / 2, self.leaf / 20)


@dataclass(frozen=True, slots=True)
class Trust:
    """The authorities that clients trust.

    Attributes:
        signer: signs leaves now.
        successor: will sign next; None if none has been announced.
        predecessors: other certificates that clients still trust, in the order of ``bundle_pem``.
    """

    signer: Pair
    successor: Pair | None = None
    predecessors: tuple[CertificateInfo, ...] = ()

    @property
    def bundle_pem(self) -> bytes:
        """The trust bundle. Equal certificates give equal bytes, so a promotion does not change it."""
        pairs = [pair for pair in (self.signer, self.successor) if pair is not None]
        return b"".join(certificate.pem for certificate in _ordered([*map(_public, pairs), *self.predecessors]))


@dataclass(frozen=True, slots=True)
class Contents:
    """The readable contents of a Secret, valid now or not.

    Attributes:
        certificates: every certificate that clients might trust, including those of ``signer`` and ``successor``.
        problems: what is wrong with the Secret, one line each; never key material.
    """

    signer: Pair | None = None
    successor: Pair | None = None
    certificates: tuple[CertificateInfo, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing at all, as in a Secret that was just created."""
        return self == Contents()


@dataclass(frozen=True, slots=True)
class Decision:
    """The trust from now on, the reason for it, and the problems of the Secret, one line each.

    ``trust`` is None only if the reason is ``skewed`` and neither the Secret nor memory has a usable authority.
    """

    trust: Trust | None
    reason: Reason
    problems: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether the Secret must be written."""
        return self.reason not in {"kept", "learned", "skewed"}


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
        problems.append(f"{SUCCESSOR[0]}: is the signer's certificate")
        successor = None
    bundle, unreadable = pki.read_bundle(data.get(BUNDLE, b""))
    if unreadable:
        problems.append(f"{BUNDLE}: {unreadable} unreadable")
    if not {info.pem for info in certificates} <= {info.pem for info in bundle}:
        problems.append(f"{BUNDLE}: lacks the certificate of the signer or the successor")
    if signer is None and bundle:
        problems.append(f"{SIGNER[0]}: missing or unreadable")
    return Contents(signer, successor, _ordered([*certificates, *bundle]), tuple(problems))


def data_of(trust: Trust) -> dict[str, bytes]:
    """Return the data of a Secret with this trust."""
    data = {BUNDLE: trust.bundle_pem}
    for names, pair in ((SIGNER, trust.signer), (SUCCESSOR, trust.successor)):
        if pair is not None:
            data |= zip(names, (pair.certificate_pem, pair.key_pem), strict=True)
    return data


def decide(
    contents: Contents, remembered: Trust | None, clock: Reading, lifetimes: Lifetimes, announced: str = ""
) -> Decision:
    """Decide what the Secret should contain.

    Args:
        contents: what it contains now.
        remembered: what it contained when this replica last read or wrote it; None before the first time.
        clock: of this replica. If it disagrees with the API server's, nothing changes.
        lifetimes: how long a new authority lives.
        announced: serial of the successor that clients have known for ``lifetimes.announce``, if there is one.
    """
    now, known, problems = clock.now, contents.certificates, contents.problems
    signer = contents.signer if _is_usable(contents.signer, now) else None
    successor = contents.successor if contents.successor is not None and now < contents.successor.not_after else None
    remembered = _still_valid(remembered, now)
    if signer is None and contents.signer is not None:
        problems = (*problems, f"{SIGNER[0]}: {_unusable(contents.signer, now)}")
    stored = None
    if signer is not None and not (remembered and _went_back(contents, remembered)):
        stored = _trust(signer, successor, known, clock)
    if not clock.agrees:
        return Decision(stored or remembered, "skewed", problems)
    if stored is not None:
        return _advance(contents, stored, remembered, clock, lifetimes, announced)
    if remembered is not None:
        trust = _trust(remembered.signer, remembered.successor, [*known, *remembered.predecessors], clock)
        return Decision(trust, "refilled" if contents.empty else "restored", problems)
    if successor is not None and _is_usable(successor, now):
        return Decision(_trust(successor, None, known, clock), "recovered", problems)
    authority = pki.make_authority(now, lifetimes.authority)
    return Decision(_trust(authority, None, known, clock), "created" if contents.empty else "replaced", problems)


def renewal(pair: Pair) -> datetime:
    """Return when a pair that ``pki`` issued is due for renewal: two thirds of its life after it was issued."""
    issued = pair.not_before + pki.BACKDATE
    return issued + (pair.not_after - issued) * 2 / 3


def leaf_is_due(leaf: Pair, signer: Pair, now: datetime) -> bool:
    """Return whether to renew a leaf of this signer. If both expire together, a new leaf would not live longer.

    A leaf that is not valid yet was issued by a clock that has been corrected since.
    """
    begun = clocks.has_begun(leaf.not_before, now)
    return not begun or (now >= renewal(leaf) and leaf.not_after < signer.not_after)


def leaf_is_ending(leaf: Pair, now: datetime, lifetimes: Lifetimes) -> bool:
    """Return whether a leaf may expire before the next round is complete, by clocks that differ by a minute."""
    return now + 4 * lifetimes.poll >= leaf.not_after


def _advance(
    contents: Contents, stored: Trust, remembered: Trust | None, clock: Reading, lifetimes: Lifetimes, announced: str
) -> Decision:
    """Return the decision about a usable trust: the one step of its life that is due, if any."""
    signer, successor, known, now = stored.signer, stored.successor, contents.certificates, clock.now
    waits = successor is not None and not _is_usable(successor, now)
    if successor is not None and not waits and successor.serial == announced:
        return Decision(_trust(successor, None, known, clock), "promoted", contents.problems)
    if (successor is None or waits) and now >= renewal(signer):
        late = (f"{SUCCESSOR[0]}: {_unusable(successor, now)}",) if successor is not None else ()
        successor = pki.make_authority(now, lifetimes.authority)
        return Decision(_trust(signer, successor, known, clock), "announced", (*contents.problems, *late))
    if contents.problems:
        return Decision(stored, "repaired", contents.problems)
    if successor != contents.successor or len(stored.predecessors) < len(known) - len(_active(signer, successor)):
        return Decision(stored, "forgot-expired")
    return Decision(stored, "kept" if stored == remembered else "learned")


def _went_back(contents: Contents, remembered: Trust) -> bool:
    """Return whether the Secret is older than what is remembered, as after a backup was restored.

    What is written then has every certificate of both, so that replicas with different memories cannot overwrite each
    other for ever. A signer that is not remembered at all is not older: a person put it there on purpose.
    """
    assert contents.signer is not None
    signer, certificates = contents.signer.certificate_pem, {info.pem for info in contents.certificates}
    if signer != remembered.signer.certificate_pem and signer not in {info.pem for info in remembered.predecessors}:
        return False
    if contents.successor is not None and contents.successor.certificate_pem == remembered.signer.certificate_pem:
        return True
    return not _active(remembered.signer, remembered.successor) <= certificates


def _still_valid(remembered: Trust | None, now: datetime) -> Trust | None:
    """Return the part of the remembered trust that is valid."""
    if remembered is None or not _is_usable(remembered.signer, now):
        return None
    successor = remembered.successor
    return replace(remembered, successor=None) if successor and now >= successor.not_after else remembered


def _is_usable(pair: Pair | None, now: datetime) -> bool:
    return pair is not None and clocks.has_begun(pair.not_before, now) and now < pair.not_after


def _unusable(pair: Pair, now: datetime) -> str:
    """Return why the validity of a pair forbids its use."""
    if now >= pair.not_after:
        return f"expired at {pair.not_after.isoformat()}"
    return f"not valid before {pair.not_before.isoformat()}"


def _active(*pairs: Pair | None) -> set[bytes]:
    return {pair.certificate_pem for pair in pairs if pair is not None}


def _trust(signer: Pair, successor: Pair | None, certificates: Iterable[CertificateInfo], clock: Reading) -> Trust:
    """Return the trust in which every other certificate that is valid is a predecessor."""
    active = _active(signer, successor)
    predecessors = (info for info in certificates if info.pem not in active)
    return Trust(signer, successor, tuple(info for info in _ordered(predecessors) if _is_alive(info, clock)))


def _is_alive(info: CertificateInfo, clock: Reading) -> bool:
    """Return whether a leaf that this certificate has signed may be in use.

    A certificate that has expired is kept for a while: a fast replica must not forget what others still use. One that is not
    valid yet is dropped only by a replica that knows the API server's time: a slow replica must not drop what others use.
    """
    begun = clock.skew is None or clocks.has_begun(info.not_before, clock.now)
    return begun and clock.now < info.not_after + pki.BACKDATE


def _ordered(certificates: Iterable[CertificateInfo]) -> tuple[CertificateInfo, ...]:
    """Return each certificate once, the one that expires last first."""
    return tuple(sorted(set(certificates), key=lambda info: (info.not_after, info.pem), reverse=True))


def _public(pair: Pair) -> CertificateInfo:
    return pki.describe(pair.certificate_pem)[0]
