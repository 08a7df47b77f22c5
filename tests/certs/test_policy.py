"""What is decided about a Secret, by its contents, by what is remembered, and by the time."""

import functools
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

import certs
from certs import clocks, pki, policy

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
LIFETIMES = certs.Lifetimes(authority=90 * DAY, leaf=DAY)


@functools.cache
def authority(name: str, end: timedelta = 90 * DAY) -> certs.Pair:
    """An authority created at NOW; another name gives another authority."""
    assert name
    return pki.make_authority(NOW, end)


def public(*pairs: certs.Pair) -> tuple[certs.CertificateInfo, ...]:
    return tuple(info for pair in pairs for info in certs.describe(pair.certificate_pem))


OLD, NEXT, EARLIER = authority("old"), authority("next", 180 * DAY), authority("earlier", 30 * DAY)
ALONE = certs.Trust(OLD)
ANNOUNCED = certs.Trust(OLD, NEXT, public(EARLIER))
PROMOTED = certs.Trust(NEXT, None, public(OLD, EARLIER))
LEAF = pki.issue(OLD, ["localhost"], NOW, DAY)
OTHER, _ = certs.self_signed(["localhost"], NOW, 90 * DAY)


def with_keys(trust: certs.Trust, **data: bytes) -> dict[str, bytes]:
    """The data of a trust, in which ``tls_key=…`` sets the key ``tls.key``."""
    return policy.data_of(trust) | {name.replace("_", "."): value for name, value in data.items()}


FUTURE = pki.make_authority(NOW + 300 * DAY, 90 * DAY)  # by a clock that was 300 days ahead
SECOND_FUTURE = pki.make_authority(NOW + 300 * DAY, 90 * DAY)
SOON = pki.make_authority(NOW + clocks.TOLERANCE + pki.BACKDATE, 90 * DAY)  # just about valid at NOW
AGREES = timedelta(0)


def decide(data, remembered=None, now=NOW, announced="", skew=None):
    return policy.decide(policy.contents_of(data), remembered, certs.Reading(now, skew), LIFETIMES, announced)


@pytest.mark.parametrize("trust", [ALONE, ANNOUNCED, PROMOTED], ids=["alone", "announced", "promoted"])
def test_written_data_is_read_back_and_kept(trust):
    contents = policy.contents_of(policy.data_of(trust))
    assert (contents.signer, contents.successor, contents.problems) == (trust.signer, trust.successor, ())
    assert decide(policy.data_of(trust), trust) == certs.Decision(trust, "kept")


def test_the_bundle_has_every_certificate_once_and_no_key():
    bundle = ANNOUNCED.bundle_pem
    assert {info.serial for info in certs.describe(bundle)} == {OLD.serial, NEXT.serial, EARLIER.serial}
    assert b"KEY" not in bundle


def test_a_promotion_does_not_change_the_bundle():
    assert PROMOTED.bundle_pem == ANNOUNCED.bundle_pem


@dataclass(frozen=True)
class Case:
    data: dict[str, bytes]
    reason: str
    signer: certs.Pair | None  # None: a new one
    successor: certs.Pair | None = None
    predecessors: tuple[certs.Pair, ...] = ()
    remembered: certs.Trust | None = None
    now: datetime = NOW
    announced: str = ""
    problem: str = ""
    skew: timedelta | None = None


CUT = OLD.certificate_pem[:300] + b"\n"
CASES = {
    "an empty Secret, nothing remembered": Case({}, "created", None),
    "empty values count as nothing": Case({"tls.crt": b"", "ca.crt": b""}, "created", None),
    "an empty Secret, an authority remembered": Case({}, "refilled", OLD, NEXT, (EARLIER,), remembered=ANNOUNCED),
    "an empty Secret, and the remembered authority has expired": Case(
        {}, "created", None, remembered=ALONE, now=NOW + 90 * DAY
    ),
    "read for the first time": Case(with_keys(ANNOUNCED), "learned", OLD, NEXT, (EARLIER,)),
    "another replica announced": Case(with_keys(ANNOUNCED), "learned", OLD, NEXT, (EARLIER,), remembered=ALONE),
    "another replica promoted": Case(with_keys(PROMOTED), "learned", NEXT, None, (OLD, EARLIER), remembered=ANNOUNCED),
    "a person put another authority there": Case(with_keys(certs.Trust(NEXT)), "learned", NEXT, remembered=ALONE),
    "another authority in a bundle that was written by hand": Case(
        with_keys(ALONE, ca_crt=b"# ours\n" + ALONE.bundle_pem + EARLIER.certificate_pem),
        "learned",
        OLD,
        None,
        (EARLIER,),
    ),
    "a predecessor was taken out by hand": Case(
        with_keys(replace(ANNOUNCED, predecessors=())), "learned", OLD, NEXT, (), remembered=ANNOUNCED
    ),
    "just before two thirds": Case(with_keys(ALONE), "kept", OLD, remembered=ALONE, now=NOW + 59.99 * DAY),
    "two thirds have passed, and the successor is known": Case(
        with_keys(ANNOUNCED), "promoted", NEXT, None, (OLD, EARLIER), announced=NEXT.serial
    ),
    "another successor is known to clients": Case(
        with_keys(ANNOUNCED), "kept", OLD, NEXT, (EARLIER,), remembered=ANNOUNCED, announced=OLD.serial
    ),
    "a predecessor has expired by every clock": Case(
        with_keys(PROMOTED), "forgot-expired", NEXT, None, (OLD,), now=NOW + 30 * DAY + pki.BACKDATE
    ),
    "a predecessor has expired, but perhaps not by every clock": Case(
        with_keys(PROMOTED), "kept", NEXT, None, (OLD, EARLIER), remembered=PROMOTED, now=NOW + 30 * DAY
    ),
    "a successor has expired": Case(with_keys(certs.Trust(NEXT, EARLIER)), "forgot-expired", NEXT, now=NOW + 31 * DAY),
    "the signer has expired, the successor has not": Case(
        with_keys(ANNOUNCED), "recovered", NEXT, None, (OLD,), now=NOW + 90 * DAY, problem="tls.crt: expired at"
    ),
    "the signer expired long ago": Case(
        with_keys(ALONE), "replaced", None, now=NOW + 99 * DAY, problem="tls.crt: expired at"
    ),
    "a key of another certificate, with a successor": Case(
        with_keys(ANNOUNCED, tls_key=EARLIER.key_pem),
        "recovered",
        NEXT,
        None,
        (OLD, EARLIER),
        problem="tls.crt, tls.key: the private key does not belong",
    ),
    "a key of another certificate": Case(
        with_keys(ALONE, tls_key=EARLIER.key_pem), "replaced", None, None, (OLD,), problem="does not belong"
    ),
    "a key of another certificate, and an authority remembered": Case(
        with_keys(ALONE, tls_key=EARLIER.key_pem),
        "restored",
        OLD,
        NEXT,
        (EARLIER,),
        remembered=ANNOUNCED,
        problem="does not belong",
    ),
    "a truncated certificate": Case(
        with_keys(ANNOUNCED, tls_crt=CUT), "recovered", NEXT, None, (OLD, EARLIER), problem="tls.crt, tls.key: "
    ),
    "no key": Case(with_keys(ALONE, tls_key=b""), "replaced", None, None, (OLD,), problem="key is not readable"),
    "a bundle alone": Case(
        {"ca.crt": ANNOUNCED.bundle_pem}, "replaced", None, None, (NEXT, OLD, EARLIER), problem="tls.crt: missing"
    ),
    "a leaf instead of an authority": Case(
        {"tls.crt": LEAF.certificate_pem, "tls.key": LEAF.key_pem, "ca.crt": OLD.certificate_pem},
        "replaced",
        None,
        None,
        (OLD,),
        problem="not a CA certificate",
    ),
    "garbage everywhere": Case(
        dict.fromkeys(policy.KEYS, b"\xff\x00"), "replaced", None, problem="ca.crt: 1 unreadable"
    ),
    "a pair without its bundle": Case(
        {"tls.crt": OLD.certificate_pem, "tls.key": OLD.key_pem},
        "repaired",
        OLD,
        problem="ca.crt: lacks the certificate of the signer",
    ),
    "a successor that a person put there": Case(
        with_keys(ALONE, next_crt=NEXT.certificate_pem, next_key=NEXT.key_pem),
        "repaired",
        OLD,
        NEXT,
        remembered=ALONE,
        problem="ca.crt: lacks the certificate of the signer",
    ),
    "garbage in the bundle": Case(
        with_keys(ANNOUNCED, ca_crt=CUT + ANNOUNCED.bundle_pem + b"-----BEGIN CERTIFICATE-----\n"),
        "repaired",
        OLD,
        NEXT,
        (EARLIER,),
        problem="ca.crt: 2 unreadable",
    ),
    "an unreadable successor": Case(
        with_keys(ANNOUNCED, next_key=b"?"), "repaired", OLD, None, (NEXT, EARLIER), problem="next.crt, next.key: "
    ),
    "a successor that is the signer": Case(
        with_keys(ALONE, next_crt=OLD.certificate_pem, next_key=OLD.key_pem),
        "repaired",
        OLD,
        problem="is the signer's certificate",
    ),
    "an old backup": Case(
        with_keys(ALONE), "restored", NEXT, None, (OLD, EARLIER), remembered=PROMOTED, announced=NEXT.serial
    ),
    "an old backup from the time of the announcement": Case(
        with_keys(ANNOUNCED), "restored", NEXT, None, (OLD, EARLIER), remembered=PROMOTED
    ),
    "an old backup from before the announcement": Case(
        with_keys(ALONE), "restored", OLD, NEXT, (EARLIER,), remembered=ANNOUNCED
    ),
    "another successor than the one remembered": Case(
        with_keys(certs.Trust(OLD, authority("another", 170 * DAY))),
        "restored",
        OLD,
        NEXT,
        (authority("another", 170 * DAY), EARLIER),
        remembered=ANNOUNCED,
    ),
    "a successor is remembered that has expired": Case(
        with_keys(certs.Trust(OLD)),
        "kept",
        OLD,
        remembered=certs.Trust(OLD, EARLIER),
        now=NOW + 31 * DAY,
    ),
    "each is a predecessor of the other": Case(
        with_keys(certs.Trust(OLD, None, public(NEXT))), "learned", OLD, None, (NEXT,), remembered=PROMOTED
    ),
    "a clock that is a day slow": Case(with_keys(ALONE), "skewed", OLD, remembered=ALONE, now=NOW - DAY, skew=-DAY),
    # The certificate stays in the bundle: those whose clocks are right may still use it.
    "a clock that is a day slow and does not know it": Case(
        with_keys(ALONE), "replaced", None, None, (OLD,), now=NOW - DAY, problem="tls.crt: not valid before 2026-11-23"
    ),
    "just about valid": Case(with_keys(certs.Trust(SOON)), "learned", SOON, skew=AGREES),
    "a signer from the future, nothing remembered": Case(
        with_keys(certs.Trust(FUTURE, None, public(OLD))),
        "replaced",
        None,
        None,
        (OLD,),
        skew=AGREES,
        problem="tls.crt: not valid before 2027-09-19",
    ),
    "a signer from the future, with a valid successor": Case(
        with_keys(certs.Trust(FUTURE, NEXT)), "recovered", NEXT, skew=AGREES, problem="tls.crt: not valid before"
    ),
    "a signer and a successor from the future": Case(
        with_keys(certs.Trust(FUTURE, SECOND_FUTURE, public(OLD))),
        "replaced",
        None,
        None,
        (OLD,),
        skew=AGREES,
        problem="tls.crt: not valid before",
    ),
    "a signer from the future, and an authority remembered": Case(
        with_keys(certs.Trust(FUTURE, None, public(OLD))),
        "restored",
        OLD,
        NEXT,
        (EARLIER,),
        remembered=ANNOUNCED,
        skew=AGREES,
        problem="tls.crt: not valid before",
    ),
    "a signer from the future that this replica has created before its clock was set": Case(
        with_keys(certs.Trust(FUTURE)),
        "replaced",
        None,
        remembered=certs.Trust(FUTURE),
        skew=AGREES,
        problem="tls.crt: not valid before",
    ),
    "a predecessor from the future": Case(
        with_keys(certs.Trust(OLD, None, public(FUTURE))), "forgot-expired", OLD, skew=AGREES
    ),
    "a predecessor from the future, if the future may be now": Case(
        with_keys(certs.Trust(OLD, None, public(FUTURE))), "learned", OLD, None, (FUTURE,)
    ),
    "a successor that is not valid yet waits": Case(
        with_keys(certs.Trust(OLD, FUTURE)), "learned", OLD, FUTURE, announced=FUTURE.serial, skew=AGREES
    ),
    "a successor that has waited for its time": Case(
        with_keys(certs.Trust(OLD, SOON)), "promoted", SOON, None, (OLD,), announced=SOON.serial, skew=AGREES
    ),
    "a signer from the future, by a clock that knows that it is slow": Case(
        with_keys(certs.Trust(FUTURE)), "skewed", FUTURE, now=NOW, skew=-300 * DAY
    ),
    "a fast clock and an old signer": Case(
        with_keys(ALONE), "skewed", OLD, remembered=ALONE, now=NOW + 300 * DAY, skew=300 * DAY
    ),
    "a fast clock and an announced successor": Case(
        with_keys(ANNOUNCED), "skewed", OLD, NEXT, (EARLIER,), announced=NEXT.serial, now=NOW + DAY, skew=DAY
    ),
    "a fast clock and an old backup": Case(
        with_keys(ALONE), "skewed", NEXT, None, (OLD, EARLIER), remembered=PROMOTED, now=NOW + DAY, skew=DAY
    ),
    "a fast clock and an empty Secret that was full": Case(
        {}, "skewed", OLD, NEXT, (EARLIER,), remembered=ANNOUNCED, now=NOW + DAY, skew=DAY
    ),
    "a fast clock, and a signer that only this clock takes for valid": Case(
        with_keys(certs.Trust(FUTURE)),
        "skewed",
        OLD,
        NEXT,
        (EARLIER,),
        remembered=ANNOUNCED,
        now=NOW + 300 * DAY,
        skew=300 * DAY,
        problem="tls.crt: not valid before",
    ),
    "a clock that is fast by as much as it may be": Case(
        with_keys(ANNOUNCED), "promoted", NEXT, None, (OLD, EARLIER), announced=NEXT.serial, skew=clocks.TOLERANCE
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_decisions(case):
    decision = decide(case.data, case.remembered, case.now, case.announced, case.skew)

    trust = decision.trust
    assert decision.reason == case.reason
    if case.signer is None:
        assert trust.signer.not_after == case.now + LIFETIMES.authority
    else:
        assert trust.signer == case.signer
    assert trust.successor == case.successor
    assert trust.predecessors == public(*case.predecessors)
    assert case.problem in "\n".join(decision.problems)
    assert bool(case.problem) == bool(decision.problems)
    assert b"KEY" not in repr(decision).encode()


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_every_replica_keeps_what_was_decided(case):
    trust = decide(case.data, case.remembered, case.now, case.announced, case.skew).trust
    for remembered in (trust, None, case.remembered):
        again = decide(policy.data_of(trust), remembered, case.now, skew=case.skew)
        assert again.trust == trust
        assert not again.changes


def test_after_two_thirds_a_successor_is_announced():
    decision = decide(with_keys(ALONE), ALONE, NOW + 60 * DAY)

    assert (decision.reason, decision.trust.signer) == ("announced", OLD)
    successor = decision.trust.successor
    assert successor.not_after == NOW + 150 * DAY
    assert {info.serial for info in certs.describe(decision.trust.bundle_pem)} == {OLD.serial, successor.serial}


def test_a_successor_that_is_not_valid_when_the_signer_needs_one_is_replaced():
    decision = decide(with_keys(certs.Trust(OLD, FUTURE)), now=NOW + 60 * DAY, skew=AGREES)

    assert (decision.reason, decision.trust.signer, decision.trust.predecessors) == ("announced", OLD, ())
    assert decision.trust.successor.not_after == NOW + 150 * DAY
    assert decision.problems == ("next.crt: not valid before 2027-09-19T11:55:00+00:00",)


@pytest.mark.parametrize(
    "data", [{}, with_keys(certs.Trust(FUTURE))], ids=["an empty Secret", "a signer of its own time"]
)
def test_a_fast_clock_creates_no_authority(data):
    decision = decide(data, now=NOW + 300 * DAY, skew=300 * DAY)

    assert (decision.reason, decision.trust, decision.changes) == ("skewed", None, False)


@pytest.mark.parametrize("skew", [-300 * DAY, -timedelta(seconds=61), timedelta(seconds=61), 300 * DAY], ids=str)
def test_a_clock_that_disagrees_is_judged_by_the_api_servers(skew):
    reading = certs.Reading(NOW, skew)
    assert (reading.agrees, reading.now) == (False, NOW - skew)


@pytest.mark.parametrize("skew", [None, -clocks.TOLERANCE, AGREES, clocks.TOLERANCE], ids=str)
def test_a_clock_that_agrees_or_that_nothing_speaks_against_is_trusted(skew):
    reading = certs.Reading(NOW, skew)
    assert (reading.agrees, reading.now) == (True, NOW)


@pytest.mark.parametrize(
    ("authority", "leaf", "announce", "poll"),
    [
        (timedelta(days=365), timedelta(days=7), timedelta(minutes=1), timedelta(seconds=30)),
        (timedelta(minutes=1), timedelta(minutes=1), timedelta(seconds=3), timedelta(seconds=1.5)),
        (timedelta(days=365), timedelta(seconds=20), timedelta(minutes=1), timedelta(seconds=1)),
    ],
)
def test_shorter_lifetimes_are_checked_more_often(authority, leaf, announce, poll):
    lifetimes = certs.Lifetimes(authority, leaf)
    assert (lifetimes.announce, lifetimes.poll) == (announce, poll)


@pytest.mark.parametrize(
    "lifetimes", [{"authority": timedelta(0)}, {"leaf": timedelta(seconds=-1)}, {"leaf": timedelta(0)}]
)
def test_a_lifetime_below_a_second_is_refused(lifetimes):
    with pytest.raises(ValueError, match="at least one second"):
        certs.Lifetimes(**lifetimes)


def test_renewal_counts_from_the_issue_not_from_the_backdated_start():
    short = pki.make_authority(NOW, timedelta(seconds=30))
    assert policy.renewal(short) == NOW + timedelta(seconds=20)


@pytest.mark.parametrize(
    ("lifetime", "passed", "due"),
    [(DAY, 0.66, False), (DAY, 0.67, True), (90 * DAY, 0.9, False)],
    ids=["early", "two thirds", "it ends with its signer"],
)
def test_a_leaf_is_due_after_two_thirds_of_its_life_if_a_new_one_would_live_longer(lifetime, passed, due):
    leaf = pki.issue(OLD, ["localhost"], NOW, lifetime)
    assert policy.leaf_is_due(leaf, OLD, NOW + lifetime * passed) is due


def test_a_leaf_from_the_future_is_due_at_once():
    leaf = pki.issue(OLD, ["localhost"], NOW + DAY, 90 * DAY)
    assert policy.leaf_is_due(leaf, OLD, NOW)
