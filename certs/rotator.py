"""The loop that keeps clients' trust and the leaf in use up to date.

The order is the point: clients get a bundle first, and what relies on it comes after.
"""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, get_args

from certs import pki, policy
from certs.authority import Authority, VaultError
from certs.policy import Decision, Terms, Trust

_REST = 1.0  # seconds between two looks at least, however often the rotator is woken

Severity = Literal["info", "warning", "error"]
_SEVERITIES: dict[policy.Reason, Severity] = {
    "mended": "warning",
    "restored": "error",
    "recovered": "error",
    "replaced": "error",
}

Publish = Callable[[bytes], Awaitable[bool]]


REASONS: tuple[str, ...] = (
    *(reason for reason in get_args(policy.Reason) if reason != "kept"),
    *("leaf", "unreachable", "unpublished", "refused", "internal"),
)
"""Every reason of a ``Notice``."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that happened, for the log and for metrics.

    Attributes:
        reason: that of a ``Decision`` other than ``kept``; or ``leaf``: a fresh one is served; ``unreachable``: the vault;
            ``unpublished``: clients do not have the bundle; ``refused``: no leaf could be made or served; ``internal``: an
            exception that nobody expected.
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
    """Keeps one replica's leaf and its clients' trust up to date.

    Args:
        authority: who signs.
        hosts: DNS names and IP addresses of the leaf.
        terms: how long things live, and how often to look.
        publish: makes clients trust this PEM bundle, and returns True once they do. It gives up by itself within seconds.
            None: nobody needs to be told, and time alone decides when a successor is known.
        serve: uses this leaf for new connections from now on; may raise ``PairError``.
        report: is told what happened; must not raise.
        now: the clock.

    Raises:
        PairError: one of the hosts is not a possible name, or there is none.
    """

    def __init__(
        self,
        authority: Authority,
        hosts: Sequence[str],
        terms: Terms,
        publish: Publish | None,
        serve: Callable[[pki.Pair], None],
        report: Callable[[Notice], None],
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        pki.check_hosts(hosts)
        self._authority = authority
        self._hosts = tuple(hosts)
        self._terms = terms
        self._publish = publish
        self._serve = serve
        self._report = report
        self._now = now
        self._woken = asyncio.Event()
        self._leaf: pki.Pair | None = None
        self._issuer = b""  # certificate of the authority that signed the leaf
        self._known: tuple[str, datetime] | None = None  # serial of a successor, and since when clients know it

    def wake(self) -> None:
        """Look again now, rather than when it is time."""
        self._woken.set()

    async def run(self) -> None:
        """Keep everything up to date until cancelled, whatever vault and publisher do."""
        failures = 0
        while True:
            self._woken.clear()
            settled = await self._look()
            failures = 0 if settled else failures + 1
            longest = self._terms.look.total_seconds()  # 30 seconds by default
            rest = longest if settled else min(longest, _REST * 2.0 ** min(failures, 10))
            rest *= random.uniform(0.5, 1)  # noqa: S311 - spreads the replicas, keeps no secret
            await asyncio.sleep(min(_REST, rest))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0, rest - _REST)):
                    await self._woken.wait()

    async def _look(self) -> bool:
        """Do everything that is due, in this order; return whether nothing is left to be tried again soon."""
        published = False
        try:
            trust, published = await self._spread()
            if published and trust.successor is not None and self._is_long_known(trust.successor):
                published = False  # until the bundle that comes of it is, too
                _, published = await self._spread(announced=trust.successor.serial)
        except VaultError as error:
            self._report(Notice("unreachable", "error", {"why": str(error)}))
        except Exception as error:  # noqa: BLE001 - a publisher may raise anything, and the next look may go well
            self._report(Notice("internal", "error", error=error))
        # Without the vault, too: a leaf by the remembered signer is as good as the one before.
        return self._renew_leaf(published=published) and published

    async def _spread(self, announced: str = "") -> tuple[Trust, bool]:
        """Learn the trust and publish its bundle; tell whether clients have it."""
        began = self._now()
        decision = await self._authority.refresh(began, announced)
        trust = decision.trust
        if decision.reason != "kept":
            self._report(_notice(decision))
        if self._publish is not None:
            # A bundle from before an announcement must not get to clients after it has ended.
            in_time = self._now() - began < self._terms.announce / 2
            if not (in_time and await self._publish(trust.bundle_pem)):
                self._report(Notice("unpublished", "warning", {"why": "" if in_time else "reading took too long"}))
                return trust, False
        if trust.successor is None:
            self._known = None
        elif self._known is None or self._known[0] != trust.successor.serial:
            self._known = (trust.successor.serial, self._now())
        return trust, True

    def _is_long_known(self, successor: pki.Pair) -> bool:
        """Whether clients have known it for as long as an announcement takes, by this replica's clock alone."""
        return (
            self._known is not None
            and self._known[0] == successor.serial
            and self._now() - self._known[1] >= self._terms.announce
        )

    def _renew_leaf(self, *, published: bool) -> bool:
        """Serve a fresh leaf if it is due; return whether what should be served is."""
        trust, now = self._authority.trust, self._now()
        if trust is None:
            return False
        signer, leaf = trust.signer, self._leaf
        if leaf is not None and self._issuer == signer.certificate_pem:
            if not policy.leaf_is_due(leaf, signer, now):
                return True
        elif leaf is not None and not published and not policy.leaf_is_ending(leaf, now, self._terms):
            return False  # clients may not know the new signer yet, and still know the one before
        try:
            fresh = pki.issue(signer, self._hosts, now, self._terms.leaf)
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
