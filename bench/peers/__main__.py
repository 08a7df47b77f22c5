"""``python -m bench.peers``: the same job done by ours, by a Go webhook and by kopf, in one run."""

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

from rich.console import Console
from rich.table import Table

from bench import load, processes, ratios, results
from bench.peers import build, discovery, programs
from bench.peers.programs import Site
from bench.results import Results, Series
from bench.throughput import REVIEWS, Subject

ALIKE = ", pods of one controller"
"""Ends the names of rows whose pods differ in nothing that decides; in the others, no two pods are equal."""

ROWS = [programs.CONSTANT, programs.NOOP] + [
    name + requests
    for name in (programs.OURS, programs.GO, programs.GO_WITH_MEMORY, programs.KOPF)
    for requests in ("", ALIKE)
]


@dataclass
class Row(Subject):
    """A server under load, with its memory after it."""

    resident_mib: list[float] = field(default_factory=list)


def program_of(row: str) -> str:
    return row.removesuffix(ALIKE)


def ours_for(row: str) -> str:
    """Return the row of ours that gets the same requests."""
    return programs.OURS + row.removeprefix(program_of(row))


def starts(names: list[str], site: Site, request: bytes, cpu: int, times: int) -> dict[str, list[float]]:
    """Return how many seconds each server takes from its start to its first answer, each time."""
    taken: dict[str, list[float]] = {name: [] for name in names}
    for number in range(times + 1):  # the first time, files come from the disk
        for name in names if number % 2 == 0 else reversed(names):
            with programs.running(name, site, request, cpu) as server:
                if number:
                    taken[name].append(server.started)
    return taken


@contextlib.contextmanager
def started(names: list[str], site: Site, paths: list[Path], cpu: int) -> Iterator[dict[str, Row]]:
    """Start a server for each row, all on one core; all but the one being measured are idle."""
    with contextlib.ExitStack() as stack:
        rows = {}
        for name in names:
            requests = load.requests(paths, alike=name.endswith(ALIKE))
            server = stack.enter_context(programs.running(program_of(name), site, requests[0], cpu))
            rows[name] = Row(server.process, server.port, requests)
        yield rows


def compare(rows: dict[str, Row], rounds: int, seconds: float) -> None:
    for row in rows.values():
        row.measure(seconds / 3)  # warm up
        for measured in (row.per_second, row.cpu_microseconds, row.client_share):
            measured.clear()
    for number in range(rounds):
        # In reverse order every other round, so that none is always measured first.
        for row in rows.values() if number % 2 == 0 else reversed(rows.values()):
            row.measure(seconds)
            row.resident_mib.append(processes.resident_mib(row.process.pid))


def table(rows: dict[str, Row], taken: dict[str, list[float]]) -> Table:
    shown = Table(title="the same job, TLS, one core, median of the rounds", title_justify="left")
    shown.add_column("server", no_wrap=True)
    titles = "requests/s", "range", "vs constant", "ours ÷ it", "CPU µs", "CPU ratio", "load busy", "RSS MiB", "start s"
    for title in titles:
        shown.add_column(title, justify="right", no_wrap=True)
    for name, row in rows.items():
        ours = rows[ours_for(name)]
        shown.add_row(
            name,
            f"{statistics.median(row.per_second):,.0f}",
            f"{min(row.per_second):,.0f} to {max(row.per_second):,.0f}",
            f"{ratios.median_ratio(row.per_second, rows[programs.CONSTANT].per_second):.2f}",
            f"{ratios.median_ratio(ours.per_second, row.per_second):.2f}",
            f"{statistics.median(row.cpu_microseconds):,.0f}",
            f"{ratios.median_ratio(row.cpu_microseconds, ours.cpu_microseconds):.2f}",
            f"{statistics.median(row.client_share):.0%}",
            f"{row.resident_mib[-1]:.0f}",
            f"{statistics.median(taken[program_of(name)]):.2f}",
        )
    return shown


def series(rows: dict[str, Row], taken: dict[str, list[float]]) -> list[Series]:
    """Return all measurements, and the ratios that do not depend on the machine."""
    found: list[Series] = []
    for name, row in rows.items():
        found += row.series(name)
        found.append(Series(name, "resident MiB after the load", "lower", row.resident_mib[-1:], unit="MiB"))
    found += [Series(name, "start to first answer s", "lower", seconds) for name, seconds in taken.items()]
    by_row = {(one.name, one.measure): one for one in found}
    for name in rows:
        if name != programs.CONSTANT:
            found.append(results.against(by_row[name, "requests/s"], by_row[programs.CONSTANT, "requests/s"]))
        if program_of(name) not in {programs.OURS, programs.CONSTANT, programs.NOOP}:
            found += (
                results.against(by_row[ours_for(name), measure], by_row[name, measure])
                for measure in ("requests/s", "CPU µs per request")
            )
    return found


def versions() -> dict[str, str]:
    """Return the versions of what ours is compared with."""
    go, controller_runtime = subprocess.check_output([build.webhook(), "--version"], text=True).split()
    kopf = subprocess.check_output([build.kopf(), "--version"], text=True).split()[-1]
    return {"Go": go, "controller-runtime": controller_runtime, "kopf": kopf}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1.5, help="per server and round")
    parser.add_argument(
        "--starts", type=int, default=5, help="how often each server is started to measure how long it takes"
    )
    parser.add_argument(
        "--reviews", default="pod-kubectl-create.json", help="recorded reviews to send, as a pattern: Pods of vllm-cpu"
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=ROWS,
        help="run this server and those that the ratios need; may be repeated",
    )
    results.add_options(parser)
    arguments = parser.parse_args()
    if missing := " and ".join(build.missing()):
        raise SystemExit(f"missing: {missing}. This command builds what is missing (minutes, once):  make peers")
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < 2:
        raise SystemExit("two cores are needed: one for the server and one for the load")
    os.sched_setaffinity(0, {cpus[0]})
    wanted = {programs.CONSTANT, *map(ours_for, arguments.only), *arguments.only} if arguments.only else set(ROWS)
    names = [name for name in ROWS if name in wanted]
    paths = sorted(REVIEWS.glob(arguments.reviews))
    with tempfile.TemporaryDirectory() as folder, discovery.serving() as api_server:
        programs.write_certificate(Path(folder))
        site = Site(Path(folder), api_server)
        unique = list(dict.fromkeys(map(program_of, names)))
        taken = starts(unique, site, load.requests(paths)[0], cpus[1], arguments.starts)
        with started(names, site, paths, cpus[1]) as rows:
            compare(rows, arguments.rounds, arguments.seconds)
    Console(width=150).print(table(rows, taken))
    method = {
        "rounds": arguments.rounds,
        "seconds per server and round": arguments.seconds,
        "starts": arguments.starts,
        "reviews": arguments.reviews,
        "different requests": load.DIFFERENT,
        "connections": load.CONNECTIONS,
    }
    machine = results.machine(**versions())
    return results.finish(arguments, Results("peers", method, series(rows, taken), machine, results.today()))


if __name__ == "__main__":
    sys.exit(main())
