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

from rich.console import Console
from rich.table import Table

from tests.proportion import bodies, deciding
from webhook import app, errors, gotemplate
from webhook.rendering import budget

#: What nothing that a workload sends may exceed, in milliseconds for a body of 1 MB (median of three).
LIMIT = 50.0
ROUNDS = 3

#: Templates whose steps take longest, and one that is typical, to compare the budget of a request with its 30 ms.
STEPS = {
    "arguments, as runtimes print them": "{{ range .A }}{{ if . }} {{ . }}{{ end }}{{ end }}",
    "a chain of fields": "{{ range 100000 }}{{ if $" + ".E" * 1000 + " }}{{ end }}{{ end }}",
    "comparisons of many": "{{ range 100000 }}{{ if eq 1 2 3 4 5 6 7 8 }}{{ end }}{{ end }}",
    "printed numbers": "{{ range 100000 }}{{ if print 1 2 3 4 5 6 7 8 9 }}{{ end }}{{ end }}",
    "padded fractions": '{{ range 100000 }}{{ if printf "%08.3f" 1.5 }}{{ end }}{{ end }}',
    "long fractions": '{{ range 100000 }}{{ if printf "%.50f" 1e300 }}{{ end }}{{ end }}',
}


def milliseconds(work: Callable[[], object]) -> float:
    """Return the CPU time of some work: the median of three rounds, or of one if it is far below the limit."""
    taken: list[float] = []
    while len(taken) < ROUNDS and (not taken or taken[0] > LIMIT / 4):
        started = time.thread_time()
        work()
        taken.append((time.thread_time() - started) * 1000)
    return statistics.median(taken)


def largest(build: bodies.Build, size: int) -> bytes:
    """Return a body of about this many bytes, or the largest one, within an eighth, that is not denied because of its size."""
    admitted, denied = 0, 2 * size
    while (denied - admitted) * 8 > denied:
        middle = (admitted + denied) // 2
        body = json.dumps(build(middle), separators=(",", ":")).encode()
        if deciding.decide(body).reason == "object-too-large":
            denied = middle
        else:
            admitted, found = middle, body
        if admitted == size:
            break
    return found


def measured(size: int, pattern: str) -> dict[str, tuple[float, int]]:
    """Return milliseconds and bytes of each body whose name contains the pattern, by name."""
    found = {}
    for name, build in bodies.builds().items():
        if pattern in name:
            body = largest(build, size)
            found[name] = milliseconds(lambda body=body: deciding.decide(body)), len(body)
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
    for name in sorted(found, key=lambda name: -found[name][0])[: options.rows]:
        taken, length = found[name]
        others = [f"{before[name][0]:,.1f}" if name in before else ""] if before else []
        table.add_row(name, f"{length:,}", f"{taken:,.1f}", *others)
    console = Console(width=120)
    console.print(table)
    console.print(steps())
    slow = sum(taken > LIMIT * max(1, length / 1_000_000) for taken, length in found.values())
    console.print(f"{slow} bodies exceed the limit")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
