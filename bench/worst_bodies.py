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
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from tests.proportion import bodies, deciding
from webhook import app, errors, gotemplate
from webhook.rendering import budget

#: What nothing that a workload sends may exceed, in milliseconds for a body of 1 MB (median of three).
LIMIT = 50.0
ROUNDS = 3

#: Bytes of the first body that is tried.
SMALL = 8_000

#: What share of the limit a body must take, which may be half as large as it could be, to be measured with care.
CLOSE = 0.3

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
    """What a body costs: milliseconds of CPU time, and its bytes."""

    taken: float
    length: int

    @property
    def share(self) -> float:
        """Return how much of the limit it takes."""
        return self.taken / (LIMIT * max(1, self.length / 1_000_000))


def milliseconds(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Return the CPU time of some work: the median of some rounds."""
    taken: list[float] = []
    for _ in range(rounds):
        started = time.thread_time()
        work()
        taken.append((time.thread_time() - started) * 1000)
    return statistics.median(taken)


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
    builds = {name: build for name, build in bodies.builds().items() if pattern in name}
    for name, build in builds.items():
        body = largest(build, size, precision=2)
        found[name] = Measured(milliseconds(lambda body=body: deciding.decide(body), rounds=1), len(body))
    for name in [name for name, rough in found.items() if rough.share > CLOSE]:
        body = largest(builds[name], size, precision=1.1)
        found[name] = Measured(milliseconds(lambda body=body: deciding.decide(body)), len(body))
    return found


def steps() -> Table:
    """Return how long the budget of a request lasts with various kinds of steps."""
    table = Table(title=f"templates that use up the {budget.STEPS:,} steps of a request", title_justify="left")
    table.add_column("steps")
    table.add_column("ms", justify="right")
    data = {"A": ["--argument=1"] * 100_000, "E": {}}
    for name, text in STEPS.items():
        template = gotemplate.Template(text)

        def render(template: gotemplate.Template = template) -> None:
            try:
                template.render(data, budget=budget.new())
            except gotemplate.ExecLimitError:
                return
            raise errors.HydraError(f"{template.text} stays within the budget")

        table.add_row(name, f"{milliseconds(render):.1f}")
    return table


def main() -> int:
    """Measure, print the slowest, and return 1 if one exceeds the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1_000_000, help="bytes of a body")
    parser.add_argument("--only", default="", help="bodies whose name contains this text")
    parser.add_argument("--rows", type=int, default=25, help="how many of the slowest to print")
    parser.add_argument("--save", type=Path, help="write the figures to this file")
    parser.add_argument("--before", type=Path, help="figures that another version has saved, for a second column")
    options = parser.parse_args()
    app.tune_collector()  # as the server does
    found = measured(options.size, options.only)
    before = json.loads(options.before.read_text()) if options.before else {}
    if options.save:
        options.save.write_text(json.dumps(found))
    title = f"{len(found)} bodies of about {options.size:,} bytes, CPU time, limit {LIMIT:g} ms for 1,000,000 bytes"
    table = Table(title=title, title_justify="left")
    for column in ("body", "bytes", "ms", *(["ms before"] if before else [])):
        table.add_column(column, justify="left" if column == "body" else "right")
    for name in sorted(found, key=lambda name: -found[name].taken)[: options.rows]:
        taken, length = found[name]
        others = [f"{before[name][0]:,.1f}" if name in before else ""] if before else []
        table.add_row(name, f"{length:,}", f"{taken:,.1f}", *others)
    console = Console(width=120)
    console.print(table)
    console.print(steps())
    slow = sum(one.share > 1 for one in found.values())
    console.print(f"{slow} bodies exceed the limit")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
