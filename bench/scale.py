"""``python -m bench.scale``: many pods through a real API server while a replica ends, and what work costs as there is more of it."""

import argparse
import statistics
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import get_args

from rich.console import Console
from rich.table import Table

from bench import growth, large_cluster, ratios, results
from bench.large_cluster import End, Measured, Size
from bench.results import Results, Series
from tests.controlplane import binaries

PARTS = ("killed", "replaced", "growth")

_P50, _P99 = 49, 98  # of 99 cut points


def series_of(end: End, found: Measured) -> Iterator[Series]:
    """Yield what was measured while a replica ended in this way."""
    ours, none, during = f"ours, a replica is {end}", f"no webhook, a replica is {end}", f"while a replica is {end}"
    for measure, at in (("p50 ms", _P50), ("p99 ms", _P99)):
        mine, its = [hundredths(one)[at] for one in found.ours], [hundredths(one)[at] for one in found.none]
        yield Series(ours, measure, "lower", mine)
        yield Series(none, measure, "lower", its)
        added = [one - other for one, other in zip(mine, its, strict=True)]
        yield Series(ours, f"added {measure}", "lower", added)
        yield Series(during, measure, "lower", [hundredths(found.meanwhile)[at]])
    yield Series(during, "longest ms", "lower", [max(found.meanwhile)])
    yield Series(during, "s", "lower", [found.seconds])
    yield Series(ours, "pods", "neither", [found.pods], unit="count")
    failures = found.failures
    yield Series(ours, "in flight in the killed replica, failed", "neither", [failures.in_flight])
    yield Series(ours, "until the Service forgot it, failed", "neither", [failures.listed])
    yield Series(ours, "all others, failed", "lower", [failures.others], unit="failed")
    yield Series(ours, "remembered verdicts, share", "higher", [found.hit_ratio])
    yield Series(ours, "resident MiB of a replica when ready", "lower", [one.ready for one in found.replicas.values()])
    yield Series(ours, "most resident MiB of a replica", "lower", [one.most for one in found.replicas.values()])
    yield Series(ours, "API server CPU ms", "lower", found.server_cpu)
    yield Series(ours, "webhook CPU ms", "lower", found.webhook_cpu)
    yield Series(ours, "stand-in for a Service CPU ms", "neither", found.service_cpu)


def hundredths(values: Sequence[float]) -> list[float]:
    return statistics.quantiles(values, n=100, method="inclusive")


def end_table(end: End, found: Measured) -> Table:
    """Return what was measured while a replica ended in this way, for people."""
    shown = Table(
        title=f"{found.pods:,} pods of 50 controllers, two replicas, of which one is {end}", title_justify="left"
    )
    shown.add_column("what")
    shown.add_column("measured", justify="right")
    failures = found.failures
    shown.add_row("failed admissions, in flight in the killed replica", f"{failures.in_flight}")
    shown.add_row("failed admissions, sent before the Service forgot it", f"{failures.listed}")
    shown.add_row("failed admissions, all others", f"{failures.others}")
    shown.add_row("failed calls that the API server counts", f"{found.reported:.0f}")
    for message in failures.messages:
        shown.add_row("  the API server said", message)
    for name, at in (("p50", _P50), ("p99", _P99)):
        mine, its = [hundredths(one)[at] for one in found.ours], [hundredths(one)[at] for one in found.none]
        shown.add_row(f"{name} ms, no webhook", f"{statistics.median(its):.1f}")
        shown.add_row(f"{name} ms, ours", f"{statistics.median(mine):.1f}")
        shown.add_row("  added, in pairs of rounds", f"{ratios.median_difference(mine, its):.1f}")
        shown.add_row(f"{name} ms, while it is {end}", f"{hundredths(found.meanwhile)[at]:.1f}")
    shown.add_row(f"longest ms, while it is {end}", f"{max(found.meanwhile):.0f}")
    shown.add_row("seconds until two replicas are ready again", f"{found.seconds:.1f}")
    shown.add_row("pods created meanwhile", f"{found.during:,}")
    shown.add_row("remembered verdicts, share of lookups", f"{found.hit_ratio:.1%}")
    for name, one in found.replicas.items():
        shown.add_row(f"{name}: MiB when ready, at most", f"{one.ready:.0f}, {one.most:.0f}")
        shown.add_row(f"{name}: lookups", f"{one.hits + one.misses:,.0f}")
    for name, values in (
        ("the API server", found.server_cpu),
        ("the replicas", found.webhook_cpu),
        ("the stand-in for a Service", found.service_cpu),
    ):
        shown.add_row(f"CPU ms for a pod, of {name}", f"{statistics.median(values):.2f}")
    return shown


def growth_tables(found: Iterable[Series]) -> Iterator[Table]:
    """Yield a table for each kind of work, with a row for each size."""
    by_name: dict[str, list[Series]] = {}
    for one in found:
        if not one.against:
            by_name.setdefault(one.name, []).append(one)
    for name, series in by_name.items():
        shown = Table(title=f"{name}, median (range)", title_justify="left")
        measures = list(dict.fromkeys(one.measure for one in series))
        for title in ("size", *measures):
            shown.add_column(title, justify="right")
        for size in dict.fromkeys(one.x for one in series):
            cells = {one.measure: _cell(one.values) for one in series if one.x == size}
            shown.add_row(f"{size:,.0f}", *(cells.get(measure, "") for measure in measures))
        yield shown


def _cell(values: Sequence[float]) -> str:
    middle = statistics.median(values)
    digits = 0 if middle >= 100 else 2 if middle < 10 else 1
    spread = f" ({min(values):,.{digits}f} to {max(values):,.{digits}f})" if len(values) > 1 else ""
    return f"{middle:,.{digits}f}{spread}"


def main() -> int:
    """Measure, print, save and compare; the exit status is 1 if an admission failed that need not, or anything is worse."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pods", type=int, default=10_000, help="rendered ones, each time that a replica ends")
    parser.add_argument("--clients", type=int, default=8, help="how many create pods at the same time")
    parser.add_argument("--rounds", type=int, default=10, help="of the comparison with no webhook, and of each curve")
    parser.add_argument("--largest", type=int, default=10_000, help="leave out sizes above this one")
    parser.add_argument("--only", action="append", choices=PARTS, help="measure only this part; may be repeated")
    results.add_options(parser)
    arguments = parser.parse_args()
    if arguments.rounds < 2:
        parser.error("--rounds: at least 2 are needed, one before and one after the end of a replica")
    parts = arguments.only or PARTS
    ends: list[End] = [end for end in get_args(End) if end in parts]
    if ends and (missing := ", ".join(binaries.missing())):
        raise SystemExit(f"missing: {missing}. This command builds it (15 minutes, once):  make controlplane")
    console, began = Console(width=140), time.monotonic()

    def report(what: str) -> None:
        console.print(f"{time.monotonic() - began:4.0f} s  {what}", highlight=False)

    series: list[Series] = []
    facts: dict[str, str] = {}
    failed = 0.0
    for end in ends:
        found, facts["Kubernetes"] = large_cluster.measured(
            end, Size(arguments.pods, arguments.clients, arguments.rounds), report
        )
        failed += found.failures.others
        series += series_of(end, found)
        console.print(end_table(end, found))
    if "growth" in parts:
        grown = list(growth.curves(growth.Sizes(arguments.largest, arguments.rounds), report))
        series += grown
        for table in growth_tables(grown):
            console.print(table)
    report("done")
    method = {
        "pods": arguments.pods,
        "controllers": 50,
        "clients": arguments.clients,
        "rounds": arguments.rounds,
        "largest size": arguments.largest,
        "parts": ", ".join(parts),
    }
    status = results.finish(arguments, Results("scale", method, series, results.machine(**facts), results.today()))
    return 1 if failed else status


if __name__ == "__main__":
    sys.exit(main())
