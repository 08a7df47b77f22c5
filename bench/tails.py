"""``python -m bench.tails``: how long the slowest requests take, at half of the load that saturates the server.

The load is open (``bench.open_load``). It is measured by itself, while the configuration is edited, and while somebody else sends pods
whose templates use up the budget of a request. A busy machine spoils these figures, so how long a reload holds the event loop at most is
also measured as CPU time.
"""

import argparse
import asyncio
import base64
import contextlib
import io
import itertools
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import uvloop
from rich.console import Console
from rich.table import Table

from bench import gate, load, open_load, processes, results, servers
from bench.results import Results, Series
from webhook import app, catalog, telemetry
from webhook.app import collector
from webhook.app.configuration import Configuration
from webhook.app.reports import Reports
from webhook.settings import Settings

REVIEW = Path(__file__).parents[1] / "tests" / "reviews" / "pod-kubectl-create.json"
SERVER, SERVER_IN_ONE_PIECE = servers.IN_TAILS
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
IN_ONE_PIECE = ", reloads in one piece"
CASES = {
    **dict.fromkeys((ALONE, ONE_EDITED, ALL_EDITED, BUDGET), SERVER),
    **dict.fromkeys((ONE_EDITED + IN_ONE_PIECE, ALL_EDITED + IN_ONE_PIECE), SERVER_IN_ONE_PIECE),
}
"""What goes on beside the requests, and the server that has to bear it."""


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


#: The measures of one round; the last is how many edits were in use before the next one was made.
MEASURES = ("p50 ms", "p99 ms", "p99.9 ms", "longest ms", "ms until an edit is in use", "edits in use")
HELD, COST = "loop held at most ms", "CPU ms of a reload"


class Editions:
    """Finds out when the answers show an edit of the configuration."""

    def __init__(self) -> None:
        self.expected = b""
        self.written = 0.0
        self.waited: list[float] = []

    def expect(self, edition: int) -> None:
        self.expected, self.written = b"--edition=%d" % edition, time.perf_counter()

    def look(self, answer: bytes) -> None:
        patch = re.search(rb'"patch":"([^"]*)"', answer) if self.expected else None
        if patch is not None and self.expected in base64.b64decode(patch[1]):
            self.waited.append(time.perf_counter() - self.written)
            self.expected = b""


class Subject:
    """The server, and what edits its configuration."""

    def __init__(self, port: int, pid: int, templates: Path) -> None:
        self.port = port
        self.pid = pid
        self.requests = itertools.cycle(load.requests([REVIEW], ASKED_FOR))
        self.greedy = itertools.cycle(load.requests([REVIEW], GREEDY))
        self._templates = templates
        self._texts = {
            ONE_EDITED: itertools.cycle([(one, text(one, edited={ASKED_FOR}).encode()) for one in (1, 2, 3)]),
            ALL_EDITED: itertools.cycle([(one, text(one).encode()) for one in (4, 5, 6)]),
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

    async def edit(self, case: str, editions: Editions) -> None:
        for edition, content in self._texts[case]:
            editions.expect(edition)
            await asyncio.to_thread(self.write, content)
            await asyncio.sleep(EDIT_SECONDS)

    async def measure(self, case: str, per_second: float, seconds: float) -> list[float]:
        case = case.removesuffix(IN_ONE_PIECE)
        editions = Editions()
        answers = open_load.Answers(editions.look)
        beside = []
        if case in self._texts:
            beside.append(asyncio.create_task(self.edit(case, editions)))
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
        waited = 1000 * statistics.median(editions.waited) if editions.waited else 0.0
        return [*at, waited, float(len(editions.waited))]


async def held(edited: set[str] | None, rounds: int) -> tuple[list[float], list[float]]:
    """Return how long the loop was held at most in each reload, and what reloads cost without a loop, in ms of CPU time.

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
    alone = catalog.Store()
    longest, taken = [], []
    for number in range(rounds):
        reload = asyncio.create_task(configuration.take(documents[(number + 1) % 2]))
        last, most = time.process_time(), 0.0
        while not reload.done():
            await asyncio.sleep(0)
            now = time.process_time()
            last, most = now, max(most, now - last)
        longest.append(most * 1000)
        with collector.undisturbed():
            alone.update(documents[number % 2], 0.0)
            began = time.process_time()
            alone.update(documents[(number + 1) % 2], 0.0)
            taken.append((time.process_time() - began) * 1000)
    return longest, taken


def latency_table(found: dict[str, list[list[float]]], per_second: float) -> Table:
    title = f"latency in ms at {per_second:,.0f} requests/s, half of what saturates the server; median of the rounds"
    shown = Table(title=title, title_justify="left")
    shown.add_column("load", no_wrap=True)
    for column in MEASURES:
        shown.add_column(column, justify="right", no_wrap=True)
    for case, rounds in found.items():
        columns = [statistics.median(values) for values in zip(*rounds, strict=True)]
        shown.add_row(case, *(f"{value:,.2f}" for value in columns[:4]), *(f"{value:,.0f}" for value in columns[4:]))
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


@contextlib.contextmanager
def started(names: Iterable[str]) -> Iterator[dict[str, Subject]]:
    """Start these servers on one core; all but the one being measured are idle."""
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < 2:
        raise SystemExit("two cores are needed: one for the server and one for the load")
    os.sched_setaffinity(0, {cpus[0]})
    with contextlib.ExitStack() as stack:
        subjects = {}
        for name in names:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            process = stack.enter_context(servers.launched(name, str(cpus[1]), folder))
            port = servers.port_of(name, process)
            subjects[name] = subject = Subject(port, process.pid, folder / "templates.yaml")
            subject.write(text(0).encode())
            subject.settle()
            uvloop.run(load.run(port, load.requests([REVIEW], ASKED_FOR), 1.0))  # warm up
        yield subjects


def measured(rounds: int, seconds: float, cases: Mapping[str, str]) -> Iterator[tuple[str, list[float], float]]:
    """Yield what each round of each case gives, and the requests per second of all."""
    with started(dict.fromkeys(cases.values())) as subjects:
        saturating = uvloop.run(load.run(subjects[SERVER].port, load.requests([REVIEW], ASKED_FOR), 3.0))
        per_second = saturating.requests / saturating.seconds / 2
        for number in range(rounds):
            for case in cases if number % 2 == 0 else reversed(cases):
                subject = subjects[cases[case]]
                subject.settle()
                yield case, uvloop.run(subject.measure(case, per_second, seconds)), per_second


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8.0, help="per case and round")
    parser.add_argument("--held", action="store_true", help="measure only how long reloads hold the loop")
    results.add_options(parser)
    arguments = parser.parse_args()
    console = Console(width=160)
    reloads = {ONE_EDITED: {ASKED_FOR}, ALL_EDITED: None}
    of_loop = {case: uvloop.run(held(edited, arguments.rounds)) for case, edited in reloads.items()}
    servers.reload_in_one_piece()  # in this process, which reads nothing else
    of_loop |= {case + IN_ONE_PIECE: uvloop.run(held(edited, arguments.rounds)) for case, edited in reloads.items()}
    console.print(held_table(of_loop))
    series = [
        Series(case, measure, "lower", values)
        for case, both in of_loop.items()
        for measure, values in zip((HELD, COST), both, strict=True)
    ]
    method: dict[str, str | int | float] = {"rounds": arguments.rounds, "runtimes": servers.SIZE_OF_TAILS}
    if not arguments.held:
        found: dict[str, list[list[float]]] = {}
        for case, values, per_second in measured(arguments.rounds, arguments.seconds, CASES):
            found.setdefault(case, []).append(values)
            method["requests/s"] = round(per_second)
        console.print(latency_table(found, per_second))
        for case, rounds in found.items():
            for measure, column in zip(MEASURES, zip(*rounds, strict=True), strict=True):
                if any(column):
                    better: gate.Better = "neither" if measure == MEASURES[-1] else "lower"
                    series.append(Series(case, measure, better, list(column)))
        method |= {"seconds per case and round": arguments.seconds, "connections": open_load.CONNECTIONS}
    return results.finish(arguments, Results("tails", method, series, results.machine(), results.today()))


if __name__ == "__main__":
    sys.exit(main())
