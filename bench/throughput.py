"""``python -m bench.throughput``: requests per second of ``/mutate`` over TLS on one core, next to a no-op webhook."""

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import uvloop
from rich.console import Console
from rich.table import Table

from bench import load, parts, processes, ratios, results, servers
from bench.results import Results, Series

REVIEWS = Path(__file__).parents[1] / "tests" / "reviews"
BASE = "no-op webhook"
FLOOR = "constant"  # the aiohttp application that never looks at the body
ALIKE = {"ours, pods of one controller"}  # servers that get pods which differ in nothing that decides
EVERY = {"ours, every recorded review": "*.json"}  # servers that get other reviews than the default one


@dataclass
class Subject:
    """One server under load, and the measurements of each round."""

    process: subprocess.Popen[str]
    port: int
    requests: list[bytes]
    per_second: list[float] = field(default_factory=list)
    cpu_microseconds: list[float] = field(default_factory=list)
    client_share: list[float] = field(default_factory=list)

    def measure(self, seconds: float) -> None:
        before = processes.cpu_seconds(self.process.pid)
        result = uvloop.run(load.run(self.port, self.requests, seconds))
        sent = (result.requests + load.CONNECTIONS) % len(self.requests)
        self.requests = self.requests[sent:] + self.requests[:sent]  # the next round goes on from here
        self.per_second.append(result.requests / result.seconds)
        taken = processes.cpu_seconds(self.process.pid) - before
        self.cpu_microseconds.append(taken / result.requests * 1e6)
        self.client_share.append(result.client_seconds / result.seconds)

    def series(self, name: str) -> tuple[Series, ...]:
        """Return the measurements as those of the row of this name."""
        return (
            Series(name, "requests/s", "higher", self.per_second),
            Series(name, "CPU µs per request", "lower", self.cpu_microseconds),
            Series(name, "load busy", "neither", self.client_share),
        )


@contextlib.contextmanager
def started(names: list[str], cpu: int, reviews: str) -> Iterator[dict[str, Subject]]:
    """Start the servers, all on one core; all but the one being measured are idle."""
    with contextlib.ExitStack() as stack:
        subjects = {}
        for name in names:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            process = stack.enter_context(servers.launched(name, str(cpu), Path(folder)))
            paths = sorted(REVIEWS.glob(EVERY.get(name, reviews)))
            subjects[name] = Subject(process, 0, load.requests(paths, servers.RUNTIMES.get(name), alike=name in ALIKE))
        for name, subject in subjects.items():
            subject.port = servers.port_of(name, subject.process)
        yield subjects


def table(subjects: dict[str, Subject]) -> Table:
    shown = Table(title="/mutate over TLS, one core, median of the rounds", title_justify="left")
    shown.add_column("server", no_wrap=True)
    for title in ("requests/s", "range", "vs no-op", "vs constant", "CPU µs", "CPU ratio", "load busy"):
        shown.add_column(title, justify="right", no_wrap=True)
    base = subjects[BASE]
    for name, subject in subjects.items():
        shown.add_row(
            name,
            f"{statistics.median(subject.per_second):,.0f}",
            f"{min(subject.per_second):,.0f} to {max(subject.per_second):,.0f}",
            f"{ratios.median_ratio(subject.per_second, base.per_second):.2f}",
            f"{ratios.median_ratio(subject.per_second, subjects[FLOOR].per_second):.2f}",
            f"{statistics.median(subject.cpu_microseconds):,.0f}",
            f"{statistics.median(base.cpu_microseconds) / statistics.median(subject.cpu_microseconds):.2f}",
            f"{statistics.median(subject.client_share):.0%}",
        )
    return shown


def series(subjects: dict[str, Subject]) -> list[Series]:
    """Return all measurements, and the ratios that do not depend on the machine."""
    found: list[Series] = []
    for name, subject in subjects.items():
        found += subject.series(name)
    rows = {(one.name, one.measure): one for one in found}
    compared = [("requests/s", BASE), ("requests/s", FLOOR), ("CPU µs per request", BASE)]
    return found + [
        results.against(rows[name, measure], rows[base, measure])
        for measure, base in compared
        for name in subjects
        if name != base
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1.5, help="per server and round")
    parser.add_argument("--reviews", default="pod-kubectl-create.json", help="recorded reviews to send, as a pattern")
    parser.add_argument(
        "--only",
        action="append",
        choices=servers.SERVERS,
        help="run this server and the two that the ratios need; may be repeated",
    )
    results.add_options(parser)
    arguments = parser.parse_args()
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < 2:
        raise SystemExit("two cores are needed: one for the server and one for the load")
    os.sched_setaffinity(0, {cpus[0]})
    names = [name for name in servers.SERVERS if not arguments.only or name in {BASE, FLOOR, *arguments.only}]
    console = Console(width=130)  # the widest row
    with started(names, cpus[1], arguments.reviews) as subjects:
        for subject in subjects.values():
            subject.measure(arguments.seconds / 3)  # warm up
            for measured in (subject.per_second, subject.cpu_microseconds, subject.client_share):
                measured.clear()
        for number in range(arguments.rounds):
            # In reverse order every other round, so that none is always measured first.
            for name in names if number % 2 == 0 else reversed(names):
                subjects[name].measure(arguments.seconds)
    console.print(table(subjects))
    taken = parts.measured(sorted(REVIEWS.glob(arguments.reviews)))
    console.print(parts.table(taken))
    method = {
        "rounds": arguments.rounds,
        "seconds per server and round": arguments.seconds,
        "reviews": arguments.reviews,
        "different requests": load.DIFFERENT,
        "connections": load.CONNECTIONS,
    }
    found = series(subjects) + parts.series(taken)
    return results.finish(arguments, Results("throughput", method, found, results.machine(), results.today()))


if __name__ == "__main__":
    sys.exit(main())
