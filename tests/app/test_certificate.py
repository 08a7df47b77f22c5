"""A certificate from a folder that is not valid yet waits for its time, by an injected clock."""

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import certs
from webhook import telemetry
from webhook.app.certificate import Certificate, Folder
from webhook.app.options import CannotStart
from webhook.app.reports import Reports

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


class World:
    """A folder, a clock that a test sets, and the certificate that is served from the folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.now = START
        self.output = io.BytesIO()
        self.certificate = Certificate(Reports(telemetry.Metrics("test"), telemetry.make_log(self.output, "json")))

    def write(self, begin: datetime, lifetime: timedelta = DAY) -> certs.Pair:
        """Put a pair into the folder that is valid from ``begin`` on."""
        pair, _ = certs.self_signed(["localhost"], begin + certs.pki.BACKDATE, lifetime)
        (self.path / "tls.crt").write_bytes(pair.certificate_pem)
        (self.path / "tls.key").write_bytes(pair.key_pem)
        return pair

    def start(self) -> None:
        self.folder = Folder(self.certificate, self.path, lambda: self.now)

    async def changed(self) -> None:
        await self.folder._reload(frozenset())

    def pass_time(self, until: datetime) -> None:
        self.now = until
        self.folder.take_next_if_due()

    @property
    def serial(self) -> str:
        return self.certificate.serving.pair.serial if self.certificate.serving else ""

    @property
    def problem(self) -> str:
        return self.certificate.problem(self.now)

    @property
    def events(self) -> list[str]:
        return [json.loads(line)["event"] for line in self.output.getvalue().splitlines()]


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


async def test_the_current_pair_serves_until_the_next_one_is_valid(world):
    first = world.write(START - DAY, 3 * DAY)
    world.start()
    second = world.write(START + DAY, 3 * DAY)
    await world.changed()
    assert (world.serial, world.problem, world.certificate.problems) == (first.serial, "", ())
    world.pass_time(START + DAY - timedelta(seconds=1))
    assert world.serial == first.serial
    world.pass_time(START + DAY)
    assert (world.serial, world.problem) == (second.serial, "")
    assert world.events == ["certificate loaded", "certificate not valid yet", "certificate loaded"]


async def test_a_first_pair_that_is_not_valid_yet_waits_and_readiness_says_until_when(world):
    only = world.write(START + DAY)
    world.start()
    due = "the next one is valid from 2026-11-24T12:00:00+00:00 on"
    assert world.problem == f"there is no certificate yet; {due}"
    world.pass_time(START + DAY)
    assert (world.serial, world.problem) == (only.serial, "")
    assert world.certificate.ready.is_set()


async def test_when_the_current_pair_expires_first_readiness_says_when_the_next_one_is_valid(world):
    world.write(START, timedelta(hours=1))
    world.start()
    world.write(START + DAY)
    await world.changed()
    world.pass_time(START + timedelta(hours=2))
    assert world.problem.startswith("expired at 2026-11-23T13:05")
    assert world.problem.endswith("; the next one is valid from 2026-11-24T12:00:00+00:00 on")


async def test_a_pair_that_is_replaced_while_it_waits_is_forgotten(world):
    world.write(START)
    world.start()
    world.write(START + DAY / 4)
    await world.changed()
    third = world.write(START)
    await world.changed()
    world.pass_time(START + DAY / 2)
    assert (world.serial, world.certificate.next) == (third.serial, None)


async def test_a_pair_that_has_expired_before_it_was_taken_is_refused(world):
    """The clock was set, or the machine was asleep."""
    first = world.write(START, 9 * DAY)
    world.start()
    world.write(START + DAY, timedelta(hours=1))
    await world.changed()
    world.pass_time(START + 3 * DAY)
    assert world.serial == first.serial
    assert "expired at" in world.certificate.problems[0]


async def test_a_pair_that_cannot_be_used_at_the_start_still_ends_the_server(world):
    world.write(START - 3 * DAY)
    with pytest.raises(CannotStart, match="expired at"):
        world.start()


def test_a_leaf_from_the_future_makes_the_server_unready(world):
    """A clock that was ahead when it was issued has been set right."""
    pair, _ = certs.self_signed(["localhost"], START + DAY, DAY)
    world.certificate.use(pair)
    assert world.problem == "not valid before 2026-11-24T11:55:00+00:00"
    world.now = START + DAY
    assert world.problem == ""
