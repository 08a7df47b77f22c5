"""``python -m bench.worst_bodies``: how long the worst bodies of 1 MB hold the loop.

Every list and map of a pod spec that a workload can fill takes up nearly all of a body. All that a decision does counts: reading the
review, deciding and encoding the answer. It is measured as CPU time of the thread, which other processes of the machine change least.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from bench import results
from bench.results import Results, Series
from tests.proportion import bodies, deciding
from webhook import app, errors, gotemplate
from webhook.rendering import budget

#: What nothing that a workload sends may exceed, in milliseconds for a body of 1 MB (median of the rounds).
LIMIT = 50.0
ROUNDS = 5

#: Bytes of the first body that is tried.
SMALL = 8_000

#: What share of the limit a body must take, which may be half as large as it could be, to be measured with care.
CLOSE = 0.3

#: What the time of a body is divided by when two runs are compared: a budget of steps, measured at the same moment.
YARDSTICK = "a chain of fields"

#: Templates whose steps take longest, and one that is typical, to compare the budget of a request with its 30 ms.
STEPS = {
    "arguments, as runtimes print them": "{{ range .A }}{{ if . }} {{ . }}{{ end }}{{ end }}",
    "a chain of fields": "{{ range 100000 }}{{ if $" + ".E" * 1000 + " }}{{ end }}{{ end }}",
    "comparisons of many": "{{ range 100000 }}{{ if eq 1 2 3 4 5 6 7 8 }}{{ end }}{{ end }}",
    "printed numbers": "{{ range 100000 }}{{ if print 1 2 3 4 5 6 7 8 9 }}{{ end }}{{ end }}",
    "padded fractions": '{{ range 100000 }}{{ if printf "%08.3f" 1.5 }}{{ end }}{{ end }}',
    "long fractions": '{{ range 100000 }}{{ if printf "%.50f" 1e300 }}{{ end }}{{ end }}',
}


class Measured(NamedTuple):
    """What a body costs: milliseconds of CPU time in each round, its bytes, and the yardstick's milliseconds in each.

    The yardstick is left out for a body that was only measured roughly.
    """

    rounds: list[float]
    length: int
    yardstick: list[float]

    @property
    def taken(self) -> float:
        """Return the milliseconds that it takes."""
        return statistics.median(self.rounds)

    @property
    def share(self) -> float:
        """Return how much of the limit it takes."""
        return self.taken / (LIMIT * max(1, self.length / 1_000_000))


def milliseconds(work: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """Return the CPU time of some work in each of some rounds."""
    taken: list[float] = []
    for _ in range(rounds):
        started = time.thread_time()
        work()
        taken.append((time.thread_time() - started) * 1000)
    return taken


def admitted(build: bodies.Build, size: int) -> bytes | None:
    """Return a body of about this many bytes; None if it, or an object that it needs, is denied because of its size."""
    try:
        body = json.dumps(build(size), separators=(",", ":")).encode()
    except errors.TooLarge:
        return None
    return None if deciding.decide(body).reason == "object-too-large" else body


def largest(build: bodies.Build, size: int, precision: float) -> bytes:
    """Return a body of this many bytes, or the largest one, within a factor, that is not denied because of its size."""
    lower, upper = 0, SMALL
    body = found = admitted(build, upper)
    while body is not None and upper < size:
        found, lower, upper = body, upper, min(2 * upper, size)
        body = admitted(build, upper)
    if body is not None:
        return body
    while found is None or upper > precision * lower:
        middle = (lower + upper) // 2
        body = admitted(build, middle)
        if body is None:
            upper = middle
        else:
            found, lower = body, middle
    return found


def measured(size: int, pattern: str) -> dict[str, Measured]:
    """Return what each body costs whose name contains the pattern; only those near the limit are measured with care."""
    found = {}
    yardstick = spent(YARDSTICK)
    builds = {name: build for name, build in bodies.builds().items() if pattern in name}
    for name, build in builds.items():
        body = largest(build, size, precision=2)
        found[name] = Measured(milliseconds(lambda body=body: deciding.decide_first(body), rounds=1), len(body), [])
    for name in [name for name, rough in found.items() if rough.share > CLOSE]:
        body = largest(builds[name], size, precision=1.1)
        careful = Measured([], len(body), [])
        for _ in range(ROUNDS):  # in turn, so that the two are a pair
            careful.yardstick.extend(milliseconds(yardstick, rounds=1))
            careful.rounds.extend(milliseconds(lambda body=body: deciding.decide_first(body), rounds=1))
        found[name] = careful
    return found


def spent(steps: str) -> Callable[[], None]:
    """Return work that uses up the budget of a request with steps of this kind."""
    template = gotemplate.Template(STEPS[steps])
    data = {"A": ["--argument=1"] * 100_000, "E": {}}

    def render() -> None:
        try:
            template.render(data, budget=budget.new())
        except gotemplate.ExecLimitError:
            return
        raise errors.HydraError(f"{template.text} stays within the budget")

    return render


def table(found: dict[str, Measured], size: int, rows: int) -> Table:
    title = f"{len(found)} bodies of about {size:,} bytes, CPU time, limit {LIMIT:g} ms for 1,000,000 bytes"
    shown = Table(title=title, title_justify="left")
    for column in ("body", "bytes", "ms"):
        shown.add_column(column, justify="left" if column == "body" else "right")
    for name in slowest(found)[:rows]:
        shown.add_row(name, f"{found[name].length:,}", f"{found[name].taken:,.1f}")
    return shown


def steps_table(steps: dict[str, list[float]]) -> Table:
    shown = Table(title=f"templates that use up the {budget.STEPS:,} steps of a request", title_justify="left")
    shown.add_column("steps")
    shown.add_column("ms", justify="right")
    for name, taken in steps.items():
        shown.add_row(name, f"{statistics.median(taken):.1f}")
    return shown


def slowest(found: dict[str, Measured]) -> list[str]:
    """Return the names of all bodies, the slowest first."""
    return sorted(found, key=lambda name: -found[name].taken)


def series(found: dict[str, Measured], steps: dict[str, list[float]], rows: int) -> list[Series]:
    """Return the slowest bodies, alone and as multiples of the yardstick, how all are distributed, and the steps."""
    series: list[Series] = []
    for name in slowest(found)[:rows]:
        one = found[name]
        held = Series(name, "held ms", "lower", one.rounds)
        series += (held, Series(name, "body bytes", "neither", [one.length]))
        if one.yardstick:
            series.append(results.against(held, Series(YARDSTICK, "held ms", "lower", one.yardstick)))
    taken = sorted(one.taken for one in found.values())
    for percent in range(0, 101, 5):
        value = taken[round((len(taken) - 1) * percent / 100)]
        series.append(Series("all bodies", "held ms", "neither", [value], x=percent))
    series.append(Series("all bodies", "measured count", "neither", [len(found)]))
    slow = sum(one.share > 1 for one in found.values())
    series.append(Series("all bodies", "above the limit count", "neither", [slow]))
    return series + [Series(name, "budget ms", "lower", taken) for name, taken in steps.items()]


def main() -> int:
    """Measure, print the slowest, and return 1 if one exceeds the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1_000_000, help="bytes of a body")
    parser.add_argument("--only", default="", help="bodies whose name contains this text")
    parser.add_argument("--rows", type=int, default=25, help="how many of the slowest to print and to save")
    results.add_options(parser)
    options = parser.parse_args()
    app.tune_collector()  # as the server does
    found = measured(options.size, options.only)
    if not found:
        raise SystemExit(f"no body has {options.only!r} in its name")
    steps = {name: milliseconds(spent(name)) for name in STEPS}
    console = Console(width=120)
    console.print(table(found, options.size, options.rows))
    console.print(steps_table(steps))
    slow = sum(one.share > 1 for one in found.values())
    console.print(f"{slow} bodies exceed the limit")
    method = {"bytes of a body": options.size, "rounds": ROUNDS, "limit ms": LIMIT, "only": options.only or "all"}
    rows = series(found, steps, options.rows)
    worse = results.finish(options, Results("worst bodies", method, rows, results.machine(), results.today()))
    return 1 if slow or worse else 0


if __name__ == "__main__":
    sys.exit(main())
