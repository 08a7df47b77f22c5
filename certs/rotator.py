"""The loop that keeps the trust bundle of clients and the leaf of this replica up to date.

The order matters: clients get a trust bundle before anything relies on it.
"""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, get_args

from certs import pki, policy
from certs.authority import Authority
from certs.policy import Decision, Lifetimes, Trust
from certs.secret_store import SecretStoreError

_REST = 1.0  # seconds between two rounds at least, however often the rotator is woken

Severity = Literal["info", "warning", "error"]
_SEVERITIES: dict[policy.Reason, Severity] = {
    "repaired": "warning",
    "restored": "error",
    "recovered": "error",
    "replaced": "error",
}

REASONS: tuple[str, ...] = (
    *(reason for reason in get_args(policy.Reason) if reason != "kept"),
    *("leaf", "unreachable", "unpublished", "refused", "internal"),
)
"""Every reason of a ``Notice``."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that happened, for the log and for metrics.

    Attributes:
        reason: that of a ``Decision`` other than ``kept``, or one of these: ``leaf``: a new leaf is being served;
            ``unreachable``: the Secret cannot be read or written; ``unpublished``: clients do not have the trust bundle;
            ``refused``: a leaf could not be issued or served; ``internal``: an unexpected exception.
        facts: fields of a log line.
        error: the exception, for ``internal``.
    """

    reason: str
    severity: Severity = "info"
    facts: Mapping[str, str] = field(default_factory=dict)
    error: Exception | None = None


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Rotator:
    """Keeps the leaf of one replica and the trust bundle of its clients up to date.

    Args:
        authority: signs the leaves.
        hosts: DNS names and IP addresses of the leaf.
        lifetimes: how long certificates live, and so how often to check them.
        publish: gives clients this PEM trust bundle and returns whether they have it. Must give up within seconds.
        serve: uses this leaf for new connections from now on; may raise ``PairError``.
        report: receives every notice; must not raise.
        now: the clock.

    Raises:
        PairError: there is no host, or one cannot be in a certificate.
    """

    def __init__(
        self,
        authority: Authority,
        hosts: Sequence[str],
        lifetimes: Lifetimes,
        publish: Callable[[bytes], Awaitable[bool]],
        serve: Callable[[pki.Pair], None],
        report: Callable[[Notice], None],
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        pki.check_hosts(hosts)
        self._authority = authority
        self._hosts = tuple(hosts)
        self._lifetimes = lifetimes
        self._publish = publish
        self._serve = serve
        self._report = report
        self._now = now
        self._woken = asyncio.Event()
        self._leaf: pki.Pair | None = None
        self._issuer = b""  # certificate of the authority that signed the leaf
        self._known: tuple[str, datetime] | None = None  # serial of a successor, and since when clients have known it

    def wake(self) -> None:
        """Begin the next round now instead of when it is due."""
        self._woken.set()

    async def run(self) -> None:
        """Keep everything up to date until cancelled, whatever the store and the publisher do."""
        failures = 0
        while True:
            self._woken.clear()
            settled = await self._reconcile()
            failures = 0 if settled else failures + 1
            longest = self._lifetimes.poll.total_seconds()  # 30 seconds by default
            rest = longest if settled else min(longest, _REST * 2.0 ** min(failures, 10))
            rest *= random.uniform(0.5, 1)  # noqa: S311 - spreads the replicas; protects no secret
            await asyncio.sleep(min(_REST, rest))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0, rest - _REST)):
                    await self._woken.wait()

    async def _reconcile(self) -> bool:
        """Do everything that is due, in order; return whether all of it is done, so that nothing must be retried soon."""
        published = False
        try:
            trust, published = await self._publish_trust()
            if published and trust.successor is not None and self._is_long_known(trust.successor):
                published = False  # until the bundle after the promotion is published as well
                _, published = await self._publish_trust(announced=trust.successor.serial)
        except SecretStoreError as error:
            self._report(Notice("unreachable", "error", {"why": str(error)}))
        except Exception as error:  # noqa: BLE001 - a publisher may raise anything, and the next round may succeed
            self._report(Notice("internal", "error", error=error))
        # Also without the store: a leaf signed by the remembered signer is as good as the previous one.
        return self._renew_leaf(published=published) and published

    async def _publish_trust(self, announced: str = "") -> tuple[Trust, bool]:
        """Refresh the authority and publish its trust bundle; return the trust, and whether clients have the bundle."""
        began = self._now()
        decision = await self._authority.refresh(began, announced)
        trust = decision.trust
        if decision.reason != "kept":
            self._report(_notice(decision))
        # A bundle read before an announcement must not reach clients after the announcement has ended.
        in_time = self._now() - began < self._lifetimes.announce / 2
        if not (in_time and await self._publish(trust.bundle_pem)):
            why = {} if in_time else {"why": "reading the Secret took too long"}
            self._report(Notice("unpublished", "warning", why))
            return trust, False
        if trust.successor is None:
            self._known = None
        elif self._known is None or self._known[0] != trust.successor.serial:
            self._known = (trust.successor.serial, self._now())
        return trust, True

    def _is_long_known(self, successor: pki.Pair) -> bool:
        """Return whether clients have known it for as long as an announcement takes, by this replica's clock alone."""
        return (
            self._known is not None
            and self._known[0] == successor.serial
            and self._now() - self._known[1] >= self._lifetimes.announce
        )

    def _renew_leaf(self, *, published: bool) -> bool:
        """Serve a new leaf if one is due; return whether the right leaf is being served."""
        trust, now = self._authority.trust, self._now()
        if trust is None:
            return False
        signer, leaf = trust.signer, self._leaf
        if leaf is not None and self._issuer == signer.certificate_pem:
            if not policy.leaf_is_due(leaf, signer, now):
                return True
        elif leaf is not None and not published and not policy.leaf_is_ending(leaf, now, self._lifetimes):
            return False  # clients may not know the new signer yet, and still know the previous one
        try:
            fresh = pki.issue(signer, self._hosts, now, self._lifetimes.leaf)
            self._serve(fresh)
        except pki.PairError as error:
            self._report(Notice("refused", "error", {"why": str(error)}))
            return False
        self._leaf, self._issuer = fresh, signer.certificate_pem
        facts = {"serial": fresh.serial, "signer": signer.serial, "not_after": fresh.not_after.isoformat()}
        self._report(Notice("leaf", facts=facts))
        return True


def _notice(decision: Decision) -> Notice:
    trust = decision.trust
    facts = {"signer": trust.signer.serial, "not_after": trust.signer.not_after.isoformat()}
    if trust.successor is not None:
        facts["successor"] = trust.successor.serial
    if trust.predecessors:
        facts["predecessors"] = ", ".join(info.serial for info in trust.predecessors)
    if decision.problems:
        facts["problems"] = "; ".join(decision.problems)
    return Notice(decision.reason, _SEVERITIES.get(decision.reason, "info"), facts)
