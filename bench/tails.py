"""``python -m bench.tails``: how long the slowest requests take, at half of the load that saturates the server.

The load is open (``bench.open_load``). It is measured by itself, while the configuration is edited, and while somebody else sends pods
whose templates use up the budget of a request. A busy machine spoils these figures, so how long a reload holds the event loop at most is
also measured as CPU time.
"""

import argparse
import asyncio
import base64
import io
import itertools
import os
import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import uvloop
from rich.console import Console
from rich.table import Table

from bench import load, open_load, processes, servers
from webhook import app, catalog, telemetry
from webhook.app.configuration import Configuration
from webhook.app.reports import Reports
from webhook.settings import Settings

REVIEW = Path(__file__).parents[1] / "tests" / "reviews" / "pod-kubectl-create.json"
SERVER = "ours, 3,000 runtimes"
ASKED_FOR = "vllm-cpu"
EDIT_SECONDS = 1.0  # between edits
GREEDY = "greedy"  # a runtime whose template uses up the budget
GREEDY_PER_SECOND = 4.0

ALONE, ONE_EDITED, ALL_EDITED, BUDGET = (
    "without reloads",
    "one of 3,000 runtimes edited each second",
    "all 3,000 runtimes edited each second",
    "4 other requests a second use up their budget",
)


def text(edition: int, *, edited: set[str] | None = None) -> str:
    """Return a configuration of 1 MiB, in which these runtimes, or all, have an argument with the number of the edition."""
    names = [f"runtime-{number}" for number in range(servers.SIZE_OF_TAILS - 2)]
    names.insert(len(names) // 2, ASKED_FOR)
    entries = []
    for name in names:
        shown = edition if edited is None or name in edited else 0
        entries.append(servers.TEMPLATE.format(name=name).replace("serve", f"serve --edition={shown}"))
    loop = "x{{ range 1000000 }}{{ if printf `%08.3f` 1.5 }}{{ end }}{{ end }}"
    greedy = servers.TEMPLATE.format(name=GREEDY).replace("serve", loop)
    return "templates:" + "".join(entries) + greedy


class Latencies(NamedTuple):
    """Milliseconds of the requests of one round, and how many editions of the configuration were in use meanwhile."""

    p50: float
    p99: float
    p999: float
    longest: float
    editions: int


class Editions:
    """Finds the edition of the configuration that an answer was made with."""

    def __init__(self) -> None:
        self.seen: set[bytes] = set()

    def look(self, answer: bytes) -> None:
        if patch := re.search(rb'"patch":"([^"]*)"', answer):
            self.seen.update(re.findall(rb"--edition=(\d+)", base64.b64decode(patch[1])))


class Subject:
    """The server, and what edits its configuration."""

    def __init__(self, port: int, pid: int, templates: Path) -> None:
        self.port = port
        self.pid = pid
        self.requests = itertools.cycle(load.requests([REVIEW], ASKED_FOR))
        self.greedy = itertools.cycle(load.requests([REVIEW], GREEDY))
        self._templates = templates
        self._texts = {
            ONE_EDITED: [text(number, edited={ASKED_FOR}).encode() for number in (1, 2, 3)],
            ALL_EDITED: [text(number).encode() for number in (4, 5, 6)],
        }

    def settle(self) -> None:
        """Wait until the server has nothing to do."""
        before = -1.0
        while (now := processes.cpu_seconds(self.pid)) - before > 0.02:
            before = now
            time.sleep(1)

    def write(self, content: bytes) -> None:
        new = self._templates.with_suffix(".new")
        new.write_bytes(content)
        new.replace(self._templates)

    async def edit(self, case: str) -> None:
        for content in itertools.cycle(self._texts[case]):
            await asyncio.to_thread(self.write, content)
            await asyncio.sleep(EDIT_SECONDS)

    async def measure(self, case: str, per_second: float, seconds: float) -> Latencies:
        editions = Editions()
        answers = open_load.Answers(editions.look)
        beside = []
        if case in self._texts:
            beside.append(asyncio.create_task(self.edit(case)))
        if case == BUDGET:
            others = open_load.Answers()
            sending = open_load.run(self.port, self.greedy, GREEDY_PER_SECOND, seconds, others, connections=1)
            beside.append(asyncio.create_task(sending))
        connections = open_load.CONNECTIONS
        await open_load.run(self.port, self.requests, per_second, seconds, answers, connections)
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        found = sorted(1000 * one for one in answers.seconds)
        at = [found[int(share * (len(found) - 1))] for share in (0.5, 0.99, 0.999, 1.0)]
        return Latencies(*at, editions=len(editions.seen))


async def held(edited: set[str] | None, rounds: int) -> tuple[list[float], list[float]]:
    """Return how long the loop was held at most in each reload, and what each reload cost, in milliseconds of CPU time.

    The loop does nothing but take the time of the process, again and again. So what is between two times, all threads together, is how
    long it had to wait.
    """
    reports = Reports(telemetry.Metrics("bench"), telemetry.make_log(io.BytesIO(), "json"))
    configuration = Configuration({}, ["templates"], Settings(), reports)
    documents = [catalog.Document("templates", "bench", {"config.yaml": text(one, edited=edited)}) for one in (1, 2)]
    first = await configuration.take(documents[0])
    assert first is not None
    assert not first.problems, first.problems[0]
    app.tune_collector()
    longest, taken = [], []
    for number in range(rounds):
        began = time.process_time()
        reload = asyncio.create_task(configuration.take(documents[(number + 1) % 2]))
        last, most = time.process_time(), 0.0
        while not reload.done():
            await asyncio.sleep(0)
            now = time.process_time()
            last, most = now, max(most, now - last)
        taken.append((time.process_time() - began) * 1000)
        longest.append(most * 1000)
    return longest, taken


def latency_table(found: dict[str, list[Latencies]], per_second: float) -> Table:
    title = f"latency in ms at {per_second:,.0f} requests/s, half of what saturates the server; median of the rounds"
    shown = Table(title=title, title_justify="left")
    shown.add_column("load", no_wrap=True)
    for column in ("p50", "p99", "p99.9", "longest", "longest of all", "editions"):
        shown.add_column(column, justify="right", no_wrap=True)
    for case, rounds in found.items():
        columns = [statistics.median(one[index] for one in rounds) for index in range(4)]
        worst, editions = max(one.longest for one in rounds), statistics.median(one.editions for one in rounds)
        shown.add_row(case, *(f"{value:.2f}" for value in columns), f"{worst:.1f}", f"{editions:.0f}")
    return shown


def held_table(found: dict[str, tuple[list[float], list[float]]]) -> Table:
    shown = Table(title="a reload, ms of CPU time; median and longest of the rounds", title_justify="left")
    shown.add_column("reload", no_wrap=True)
    for column in ("loop held at most", "longest of all", "whole reload"):
        shown.add_column(column, justify="right", no_wrap=True)
    for case, (longest, taken) in found.items():
        median = f"{statistics.median(longest):.1f}", f"{max(longest):.1f}", f"{statistics.median(taken):,.0f}"
        shown.add_row(case, *median)
    return shown


def measured(rounds: int, seconds: float, cases: list[str]) -> Iterator[tuple[str, Latencies, float]]:
    """Yield what each round of each case gives, and the requests per second of all."""
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < 2:
        raise SystemExit("two cores are needed: one for the server and one for the load")
    os.sched_setaffinity(0, {cpus[0]})
    with tempfile.TemporaryDirectory() as folder, servers.launched(SERVER, str(cpus[1]), Path(folder)) as process:
        port = servers.port_of(SERVER, process)
        subject = Subject(port, process.pid, Path(folder) / "templates.yaml")
        subject.write(text(0).encode())
        subject.settle()
        requests = load.requests([REVIEW], ASKED_FOR)
        uvloop.run(load.run(port, requests, 1.0))  # warm up
        saturating = uvloop.run(load.run(port, requests, 3.0))
        per_second = saturating.requests / saturating.seconds / 2
        for number in range(rounds):
            for case in cases if number % 2 == 0 else reversed(cases):
                subject.settle()
                yield case, uvloop.run(subject.measure(case, per_second, seconds)), per_second


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8.0, help="per case and round")
    parser.add_argument("--held", action="store_true", help="measure only how long reloads hold the loop")
    arguments = parser.parse_args()
    console = Console(width=150)
    reloads = {ONE_EDITED: {ASKED_FOR}, ALL_EDITED: None}
    found_held = {case: uvloop.run(held(edited, 3)) for case, edited in reloads.items()}
    console.print(held_table(found_held))
    if arguments.held:
        return
    found: dict[str, list[Latencies]] = {}
    per_second = 0.0
    for case, latencies, per_second in measured(  # noqa: B007 - the same in all rounds
        arguments.rounds, arguments.seconds, [ALONE, ONE_EDITED, ALL_EDITED, BUDGET]
    ):
        found.setdefault(case, []).append(latencies)
    console.print(latency_table(found, per_second))


if __name__ == "__main__":
    main()
