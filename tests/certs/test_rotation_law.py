"""The law of rotation: at every instant, every client trusts every leaf in use until it expires.

That is, a leaf verifies against the bundle that any replica published last, and against each bundle published within the
last ``LATE`` seconds, because API servers learn of a new bundle with a delay.

Replicas with different clocks share one Secret and one published bundle. Each operation takes a while before and after it
takes effect, and may fail before or after that; the store may also be slow. Replicas stop and start again; the Secret is
emptied or set back to an older state. The clock of any replica but the first may be set to a wrong time, even before the first
start, and set right again. Clients go by the right time.
"""

import asyncio
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

import certs
from tests.certs import fakes

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LIFETIMES = certs.Lifetimes(authority=timedelta(minutes=20), leaf=timedelta(minutes=15))
HOST = "hydra-webhook.hydra-system.svc"
LATE = 20.0  # seconds; with the longest DELAY to publish, less than half an announcement
DELAY = 5.0  # seconds that one half of an operation takes at most
END = 60 * 45  # seconds: two promotions, and the end of the first authority


@dataclass(frozen=True)
class Wrong:
    begin: int  # minute from which on a clock is wrong
    minutes: int  # for how long
    ahead: int  # seconds by which it is ahead meanwhile

    def at(self, seconds: float) -> bool:
        return 0 <= seconds - 60 * self.begin < 60 * self.minutes


@dataclass(frozen=True)
class Schedule:
    seed: int
    skews: list[int]  # seconds by which the clock of each replica is ahead, by no more than is allowed
    measured: bool  # whether the replicas know their small skews; they always know that their clock is wrong
    wrong: list[Wrong | None]  # of each replica but the first
    failures: float  # probability that one half of an operation fails
    disturbance: str  # what happens to replicas or the Secret from time to time
    outage: int  # minute at which the store becomes unreachable for three minutes


class World:
    """What all replicas share, and the check of the law."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.chance = random.Random(schedule.seed)
        self.store = fakes.MemorySecret({})
        self.store.pass_by = self.pass_by_store
        self.published: list[tuple[float, bytes]] = []
        self.leaves: dict[int, certs.Pair] = {}  # by replica
        self.reasons: set[str] = set()
        self.verified = 0

    def time(self) -> float:
        return asyncio.get_running_loop().time()

    async def pass_by(self) -> bool:
        """Let some time pass; return whether the operation fails here."""
        await asyncio.sleep(self.chance.uniform(0, DELAY))
        return self.chance.random() < self.schedule.failures

    async def pass_by_store(self, moment: str) -> None:
        if self.chance.random() < self.schedule.failures / 2:
            await asyncio.sleep(self.chance.uniform(0, 90))
        away = 0 <= self.time() - 60 * self.schedule.outage < 180
        if await self.pass_by() or away:
            raise certs.SecretStoreError(f"no answer ({moment})")

    async def publish(self, bundle: bytes) -> bool:
        if await self.pass_by():
            return False
        self.published.append((self.time(), bundle))
        for replica in self.leaves:
            self.check(replica, bundle)
        if await self.pass_by():
            raise ConnectionResetError
        return True

    def serve(self, replica: int, leaf: certs.Pair) -> None:
        self.leaves[replica] = leaf
        self.check_against_recent(replica)

    def check_against_recent(self, replica: int) -> None:
        recent = {bundle for time, bundle in self.published if time >= self.time() - LATE}
        for bundle in recent | {bundle for _, bundle in self.published[-1:]}:
            self.check(replica, bundle)

    def check(self, replica: int, bundle: bytes) -> None:
        now = START + timedelta(seconds=self.time())
        if now >= self.leaves[replica].not_after:
            assert self.schedule.failures, "a leaf has expired although nothing prevented its renewal"
            return
        problem = certs.verifies(self.leaves[replica].certificate_pem, bundle, HOST, now)
        assert not problem, f"replica {replica} at {self.time():.1f} s: {problem}"
        self.verified += 1

    def report(self, notice: certs.Notice) -> None:
        self.reasons.add(notice.reason)
        if isinstance(notice.error, AssertionError):
            raise notice.error  # the law was broken inside of `publish`

    async def replica(self, number: int) -> None:
        wrong = self.schedule.wrong[number - 1] if number else None

        def read_clock() -> certs.Reading:
            is_wrong = wrong is not None and wrong.at(self.time())
            skew = wrong.ahead if is_wrong else self.schedule.skews[number]
            own = START + timedelta(seconds=self.time() + skew)
            return certs.Reading(own, timedelta(seconds=skew) if is_wrong or self.schedule.measured else None)

        authority = certs.Authority(self.store, LIFETIMES)
        await certs.Rotator(
            authority, [HOST], LIFETIMES, self.publish, lambda leaf: self.serve(number, leaf), self.report, read_clock
        ).run()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self.replica(number)) for number in range(len(self.schedule.skews))]
            backup: dict[str, bytes] = {}
            while self.time() < END:
                await asyncio.sleep(self.chance.uniform(1, 40))
                for replica in self.leaves:
                    self.check_against_recent(replica)
                if self.chance.random() < 0.9 or len(self.leaves) < len(tasks):
                    continue  # nothing is disturbed before every replica knows the first authority
                if self.schedule.disturbance == "restart":
                    number = self.chance.randrange(len(tasks))
                    tasks[number].cancel()
                    self.leaves.pop(number, None)
                    tasks[number] = group.create_task(self.replica(number))
                elif self.schedule.disturbance == "empty":
                    self.store.put(self.chance.choice([None, {}]))
                elif self.schedule.disturbance == "backup":
                    self.store.put(backup or self.store.data)
                    backup = dict(self.store.data)
            for task in tasks:
                task.cancel()


SKEWS = st.lists(st.integers(-60, 60), min_size=2, max_size=4)
OUTAGES = st.integers(1, 45)
DAY = 24 * 3600
WRONG = st.builds(
    Wrong, st.integers(0, 40), st.integers(1, 45), st.sampled_from([-300 * DAY, -DAY, -90, 90, DAY, 300 * DAY])
)
CLOCKS = {
    "skews": SKEWS,
    "measured": st.booleans(),
    "wrong": st.lists(st.none() | WRONG, min_size=3, max_size=3),
}
# A replica that missed an announcement may fill an empty Secret with the older state, but only if the store fails just then.
SCHEDULES = st.one_of(
    st.builds(
        Schedule,
        seed=st.integers(0, 2**32),
        **CLOCKS,
        failures=st.sampled_from([0, 0.05, 0.2]),
        disturbance=st.sampled_from(["nothing", "restart"]),
        outage=OUTAGES,
    ),
    st.builds(
        Schedule,
        seed=st.integers(0, 2**32),
        **CLOCKS,
        failures=st.just(0.0),
        disturbance=st.sampled_from(["empty", "backup"]),
        outage=st.just(END),
    ),
)


@settings(max_examples=3)
@given(SCHEDULES)
def test_every_client_trusts_every_leaf_in_use_at_every_instant(schedule):
    check_law(schedule)


@pytest.mark.thorough
@settings(max_examples=9)
@given(SCHEDULES)
def test_every_client_trusts_every_leaf_in_use_under_more_schedules(schedule):
    check_law(schedule)


def check_law(schedule: Schedule) -> None:
    world = World(schedule)
    fakes.run(world.run())
    assert world.verified > 100
    if not schedule.failures:
        assert {"created", "leaf", "announced", "promoted"} <= world.reasons
        # Filling a Secret again drops expired certificates as well, so there may be nothing left to forget.
        assert {"forgot-expired", "refilled", "restored"} & world.reasons
    for reason in sorted(world.reasons):
        event(reason)
