"""What a decision, a start and memory cost as the work grows: runtimes in the configuration, containers of a pod, workloads followed.

The sizes of a kind of work take turns, in reverse order every other round, so that each round gives a curve of its own.
"""

import asyncio
import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from bench import processes, results, servers, subjects, workloads
from bench.results import Series
from bench.subjects import Work

SIZES: dict[Work, tuple[int, ...]] = {
    "runtimes, one in use": (1, 10, 100, 1_000, 10_000),
    "runtimes, all in use": (1, 10, 100, 1_000, 10_000),
    "containers": (1, 2, 5, 10, 20, 50),
    "followed workloads": (0, 1_000, 10_000),
}

DECISION, REMEMBERED = "decision µs", "bytes remembered of a pod"
START, START_CPU, RESIDENT = "start s", "start CPU s", "resident MiB"

_PODS = 250
"""Decided about in a round by each process: a quarter of a second at most, so that a round is one moment of the machine."""

_STARTS = 3

Report = Callable[[str], None]


class Sizes(NamedTuple):
    """How much to measure.

    Attributes:
        largest: leave out what is larger.
        rounds: how often each size takes its turn.
    """

    largest: int
    rounds: int

    def of(self, work: Work) -> list[int]:
        return [size for size in SIZES[work] if size <= self.largest]


def curves(sizes: Sizes, report: Report) -> Iterator[Series]:
    """Measure everything, and yield it."""
    for work in SIZES:
        report(f"decisions: {work}")
        yield from decisions(work, sizes.of(work), sizes.rounds)
    for size in sizes.of("runtimes, one in use"):
        report(f"a server with {size:,} runtimes")
        yield from starts(size)
    for size in sizes.of("followed workloads"):
        report(f"a server that follows {size:,} workloads")
        yield from following(size)


def decisions(work: Work, sizes: Sequence[int], rounds: int) -> Iterator[Series]:
    """Measure decisions about first-seen pods; yield the CPU time of each size, and how many times that of the first size it is."""
    with contextlib.ExitStack() as stack:
        running = {size: stack.enter_context(subjects.started(work, size)) for size in sizes}
        measured: dict[int, list[subjects.Batch]] = {size: [] for size in sizes}
        for number in range(rounds + 1):
            for size in sizes if number % 2 == 0 else reversed(sizes):
                measured[size].append(running[size].measure(_PODS))
    found = []
    for size, (_warm_up, *batches) in measured.items():
        found.append(Series(work, DECISION, "lower", [batch.microseconds for batch in batches], x=size))
        yield Series(work, REMEMBERED, "lower", [batches[0].remembered], x=size, unit="bytes")
    yield from found
    for one in found[1:]:
        yield msgspec.structs.replace(results.against(one, found[0]), against=f"{work}: {sizes[0]:,}")


def starts(size: int) -> Iterator[Series]:
    """Start servers with so many runtimes, one after the other; yield what it took until they were ready, and their memory then."""
    found: dict[str, list[float]] = {START: [], START_CPU: [], RESIDENT: []}
    for _ in range(_STARTS):
        with tempfile.TemporaryDirectory() as name:
            templates, agent = servers.write_configuration(Path(name), subjects.runtimes(size))
            environ = {"HYDRA_WEBHOOK_TEMPLATES": str(templates), "HYDRA_WEBHOOK_AGENT": str(agent)}
            began = time.monotonic()
            with workloads.server(Path(name), None, follow=False, **environ) as (process, _port, health_port):
                found[START].append(time.monotonic() - began)
                found[START_CPU].append(processes.cpu_seconds(process.pid))
                resident = workloads.metric(health_port, "process_resident_memory_bytes")
                found[RESIDENT].append(resident / 2**20)
    for measure, values in found.items():
        yield Series("runtimes", measure, "lower", values, x=size)


def following(size: int) -> Iterator[Series]:
    """Run a server that follows so many pods; yield its memory, and how long it takes until all are counted."""
    with workloads.api_server(size, padding=0) as url:
        for one in asyncio.run(workloads.measure(url, size, follow=size > 0, seconds=2)):
            if one.measure in {RESIDENT, "most resident MiB", "counted after s"}:
                yield msgspec.structs.replace(one, name="followed workloads")
