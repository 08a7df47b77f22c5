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

from certs import clocks, pki, policy
from certs.authority import Authority
from certs.clocks import Reading
from certs.policy import Decision, Lifetimes, Trust
from certs.secret_store import SecretStoreError

_REST = 1.0  # seconds between two rounds at least, however often the rotator is woken

Severity = Literal["info", "warning", "error"]
_SEVERITIES: dict[policy.Reason, Severity] = {
    "skewed": "warning",
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


def _own_clock() -> Reading:
    return Reading(datetime.now(UTC))


class Rotator:
    """Keeps the leaf of one replica and the trust bundle of its clients up to date.

    Args:
        authority: signs the leaves.
        hosts: DNS names and IP addresses of the leaf.
        lifetimes: how long certificates live, and so how often to check them.
        publish: gives clients this PEM trust bundle and returns whether they have it. Must give up within seconds.
        serve: uses this leaf for new connections from now on; may raise ``PairError``.
        report: receives every notice; must not raise.
        read_clock: reads the clock by which certificates are judged.

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
        read_clock: Callable[[], Reading] = _own_clock,
    ) -> None:
        pki.check_hosts(hosts)
        self._authority = authority
        self._hosts = tuple(hosts)
        self._lifetimes = lifetimes
        self._publish = publish
        self._serve = serve
        self._report = report
        self._read_clock = read_clock
        self._woken = asyncio.Event()
        self._leaf: pki.Pair | None = None
        self._issuer = b""  # certificate of the authority that signed the leaf
        # Serial of a successor, and since when clients have known it, by the event loop's clock, which nobody sets.
        self._known: tuple[str, float] | None = None

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
        published: Trust | None = None
        try:
            published = await self._publish_trust()
            if published is not None and (serial := self._promotable(published.successor)):
                published = None  # until the bundle after the promotion is published as well
                published = await self._publish_trust(announced=serial)
        except SecretStoreError as error:
            self._report(Notice("unreachable", "error", {"why": str(error)}))
        except Exception as error:  # noqa: BLE001 - a publisher may raise anything, and the next round may succeed
            self._report(Notice("internal", "error", error=error))
        # Also without the store: a leaf signed by the remembered signer is as good as the previous one.
        return self._renew_leaf(published=published is not None) and published is not None

    async def _publish_trust(self, announced: str = "") -> Trust | None:
        """Refresh the authority and publish its trust bundle; return the trust if clients have the bundle now."""
        began = self._seconds()
        decision = await self._authority.refresh(self._read_clock, announced)
        trust = decision.trust
        if decision.reason != "kept":
            self._report(_notice(decision, self._read_clock()))
        if decision.reason == "skewed" or trust is None:
            return None
        # A bundle read before an announcement must not reach clients after the announcement has ended.
        in_time = self._seconds() - began < self._lifetimes.announce.total_seconds() / 2
        if not (in_time and await self._publish(trust.bundle_pem)):
            why = {} if in_time else {"why": "reading the Secret took too long"}
            self._report(Notice("unpublished", "warning", why))
            return None
        if trust.successor is None:
            self._known = None
        elif self._known is None or self._known[0] != trust.successor.serial:
            self._known = (trust.successor.serial, self._seconds())
        return trust

    def _promotable(self, successor: pki.Pair | None) -> str:
        """Return the serial of a valid successor that clients have known for as long as an announcement takes, or nothing."""
        if successor is None or self._known is None or self._known[0] != successor.serial:
            return ""
        long_known = self._seconds() - self._known[1] >= self._lifetimes.announce.total_seconds()
        begun = clocks.has_begun(successor.not_before, self._read_clock().now)
        return successor.serial if long_known and begun else ""

    def _seconds(self) -> float:
        return asyncio.get_running_loop().time()

    def _renew_leaf(self, *, published: bool) -> bool:
        """Serve a new leaf if one is due; return whether the right leaf is being served."""
        trust, now = self._authority.trust, self._read_clock().now
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


def _notice(decision: Decision, clock: Reading) -> Notice:
    trust, facts = decision.trust, {}
    if decision.reason == "skewed":
        facts["why"] = (
            f"the clock says {clock.own:%Y-%m-%dT%H:%M:%SZ}, and the API server's {clock.now:%Y-%m-%dT%H:%M:%SZ}"
        )
    if trust is not None:
        facts |= {"signer": trust.signer.serial, "not_after": trust.signer.not_after.isoformat()}
        if trust.successor is not None:
            facts["successor"] = trust.successor.serial
        if trust.predecessors:
            facts["predecessors"] = ", ".join(info.serial for info in trust.predecessors)
    if decision.problems:
        facts["problems"] = "; ".join(decision.problems)
    return Notice(decision.reason, _SEVERITIES.get(decision.reason, "info"), facts)
