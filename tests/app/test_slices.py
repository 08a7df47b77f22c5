"""A reload in slices: what waits is done between them, and the state is swapped once."""

import asyncio
import gc
import io
import json
import sys
import threading
from pathlib import Path

import pytest

from tests import cycles
from webhook import catalog, mutation, rendering, review, telemetry
from webhook.app import collector, slices
from webhook.app.configuration import Configuration
from webhook.app.reports import Reports
from webhook.settings import Settings

REVIEWS = Path(__file__).parents[1] / "reviews"
ENTRY = "  - {{runtime: r{0}, runtimeZH: {1}, podTemplate: {{containerTemplate: {{argsTemplate: ['{{{{ .A }}}} {1}']}}}}}}\n"


def templates(edition: str, count: int = 100) -> catalog.Document:
    entries = "".join(ENTRY.format(number, edition) for number in range(count))
    return catalog.Document("templates", edition, f"templates:\n{entries}")


class Clock:
    """A clock that goes on by some slices each time that it is read."""

    def __init__(self, step: float) -> None:
        self.now = 0.0
        self.step = step * slices.SLICE_SECONDS

    def __call__(self) -> float:
        self.now += self.step
        return self.now


async def in_thread(work) -> None:
    await asyncio.wait_for(asyncio.to_thread(work), 30)


async def test_what_the_loop_has_to_do_is_done_after_each_slice():
    loop = asyncio.get_running_loop()
    pause = slices.Slices(loop, Clock(step=1.0))
    done: list[str] = []

    async def request(number: int) -> None:
        await asyncio.sleep(0)
        done.append(f"request {number}")

    def work() -> None:
        for number in range(3):
            done.append(f"slice {number}")
            asyncio.run_coroutine_threadsafe(request(number), loop)
            pause()

    await in_thread(work)
    assert done == ["slice 0", "request 0", "slice 1", "request 1", "slice 2", "request 2"]
    assert pause.count == 3


async def test_within_a_slice_nothing_waits_for_the_loop():
    pause = slices.Slices(asyncio.get_running_loop(), Clock(step=0.01))

    def work() -> None:
        for _ in range(250):
            pause()

    await in_thread(work)
    assert pause.count == 2


def test_a_loop_that_does_not_go_round_does_not_keep_the_thread(monkeypatch):
    monkeypatch.setattr(slices, "_LONGEST_WAIT", 0.01)
    loop = asyncio.new_event_loop()
    pause = slices.Slices(loop, Clock(step=1.0))
    thread = threading.Thread(target=pause)
    thread.start()
    thread.join(30)
    assert not thread.is_alive()
    loop.run_until_complete(asyncio.sleep(0.01))  # what the thread asked for
    loop.close()


@pytest.mark.parametrize("fails", [False, True])
async def test_work_is_done_with_short_turns_and_without_collections(fails):
    before = sys.getswitchinterval()
    seen: list[tuple[bool, bool]] = []

    def work(_pause) -> int:
        seen.append((gc.isenabled(), sys.getswitchinterval() < before))
        if fails:
            raise ValueError
        return 17

    if fails:
        with pytest.raises(ValueError):
            await slices.run(work)
    else:
        assert await slices.run(work) == 17
    assert seen == [(False, True)]
    assert gc.isenabled()
    assert sys.getswitchinterval() == before


def test_what_was_read_is_frozen_only_in_a_process_that_serves():
    thresholds, frozen = gc.get_threshold(), gc.get_freeze_count()
    with collector.undisturbed():
        pass
    assert gc.get_freeze_count() == frozen
    try:
        collector.start()
        with collector.undisturbed():
            pass
        assert gc.get_freeze_count() > frozen
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)


def configured(output: io.BytesIO) -> Configuration:
    reports = Reports(telemetry.Metrics("test"), telemetry.make_log(output, "json"))
    return Configuration({}, ["templates"], Settings(), reports)


async def test_requests_between_the_slices_of_a_reload_see_the_old_state_and_then_the_new_one(monkeypatch):
    monkeypatch.setattr(slices, "SLICE_SECONDS", 0.0)  # every pause ends a slice
    configuration = configured(io.BytesIO())
    await configuration.take(templates("one"))
    before = configuration.state
    reload = asyncio.create_task(configuration.take(templates("two")))
    seen: list[rendering.State] = []
    while not reload.done():
        await asyncio.sleep(0)
        seen.append(configuration.state)
    assert list(dict.fromkeys(map(id, seen))) == [id(before), id(configuration.state)]
    assert sum(one is before for one in seen) > 100
    names = {one.display_name for one in configuration.state.snapshot.runtime_templates.values()}
    assert names == {"two"}


async def test_of_two_reloads_at_a_time_the_later_one_begins_when_the_first_is_done(monkeypatch):
    monkeypatch.setattr(slices, "SLICE_SECONDS", 0.0)
    output = io.BytesIO()
    configuration = configured(output)
    taken = [configuration.take(templates(edition)) for edition in ("one", "two", "three")]
    changes = await asyncio.gather(*taken)
    assert [(change.source, len(change.added), len(change.changed)) for change in changes] == [
        ("one", 100, 0),
        ("two", 0, 100),
        ("three", 0, 100),
    ]
    assert {one.display_name for one in configuration.state.snapshot.runtime_templates.values()} == {"three"}
    logged = [json.loads(line) for line in output.getvalue().splitlines()]
    loaded = [line["source"] for line in logged if line["event"] == "configuration loaded"]
    assert loaded[-3:] == ["one", "two", "three"]
    assert [document.source for document in configuration.published.documents["templates"]] == ["three"]


async def test_what_a_reload_publishes_is_what_is_in_use():
    configuration = configured(io.BytesIO())
    for document in (templates("one"), catalog.Document("templates", "broken", "["), templates("two", 50)):
        await configuration.take(document)
        published = configuration.published
        assert catalog.history.rebuilt_differently(published.digests, configuration.store.current) == []
        rebuilt = catalog.history.rebuilt(published.documents["templates"])
        assert catalog.history.digest("templates", rebuilt) == published.digests["templates"]


@pytest.fixture(scope="module")
def state() -> rendering.State:
    return rendering.State(catalog.build(catalog.embedded(), None), Settings())


@pytest.mark.parametrize("path", sorted(REVIEWS.glob("*.json")), ids=lambda path: path.stem)
def test_a_request_leaves_no_cycles(path, state):
    body = path.read_bytes()
    assert cycles.left_by(lambda: review.decide(body, mutation.handle, state)) == 0
