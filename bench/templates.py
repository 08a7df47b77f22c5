"""``python -m bench.templates``: rendering and compiling compared with Go itself and with gotpl, as ratios in one run."""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import gotpl
from rich.console import Console
from rich.table import Table

from bench import ratios, results
from bench.results import Results, Series
from tests.gotemplate import conformance
from webhook import catalog
from webhook.gotemplate import Template
from webhook.linting import sample_variables as samples

ONE_POD = samples.of_role("lone")
CASES = {
    "one pod": ONE_POD,
    "one pod, no arguments, one GPU": {**ONE_POD, "CUSTOM_ARGS": [], "TP_SIZE": 1, "GPU_COUNT": 1},
    "leader": samples.of_role("leader"),
    "worker": samples.of_role("worker"),
}
COMPILE = "compile"


@dataclass
class Row:
    """Microseconds for one kind of work, one value per round."""

    go: list[float] = field(default_factory=list)
    ours: list[float] = field(default_factory=list)
    gotpl: list[float] = field(default_factory=list)


@contextmanager
def oracle(go: str) -> Iterator[Callable[[dict[str, Any]], dict[str, Any]]]:
    """Keep the oracle running, so that it is as warmed up as this process."""
    with tempfile.TemporaryDirectory() as folder:
        program = conformance.build_oracle(go, Path(folder))
        process = subprocess.Popen([str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.stdin is not None
        assert process.stdout is not None

        def ask(case: dict[str, Any]) -> dict[str, Any]:
            print(json.dumps(case), file=process.stdin, flush=True)
            return json.loads(process.stdout.readline())

        try:
            yield ask
        finally:
            process.stdin.close()
            process.wait()


def microseconds(repeat: int, work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    for _ in range(repeat):
        work()
    return (time.perf_counter() - begin) / repeat * 1e6


def measure(text: str, ask: Callable[[dict[str, Any]], dict[str, Any]], rounds: int, repeat: int) -> dict[str, Row]:
    ours, theirs = Template(text), gotpl.Template(text)
    rows = {COMPILE: Row()} | {name: Row() for name in CASES}
    for number in range(rounds + 1):
        for name, data in CASES.items():
            reply = ask({"template": text, "data": data, "repeat": repeat})
            if not reply["output"] == ours.render(data) == theirs.render(data):
                raise SystemExit(f"{name}: the three outputs differ")
            if number == 0:
                continue  # warm up
            rows[name].go.append(reply["render_ns"] / 1000)
            rows[name].ours.append(microseconds(repeat, lambda data=data: ours.render(data)))
            rows[name].gotpl.append(microseconds(repeat // 10, lambda data=data: theirs.render(data)))
        if number == 0:
            continue
        rows[COMPILE].go.append(reply["compile_ns"] / 1000)
        rows[COMPILE].ours.append(microseconds(repeat // 20, lambda: Template(text)))
        rows[COMPILE].gotpl.append(microseconds(repeat // 20, lambda: gotpl.Template(text)))
    return rows


def table(rows: dict[str, Row]) -> Table:
    shown = Table(title="the published vllm-cpu template, µs, median of the rounds", title_justify="left")
    shown.add_column("work", no_wrap=True)
    for title in ("Go", "ours", "gotpl", "ours ÷ Go", "goal", "gotpl ÷ ours", "goal"):
        shown.add_column(title, justify="right", no_wrap=True)
    for name, row in rows.items():
        goals = ("", "2 or more") if name == COMPILE else ("3 or less", "4 or more")
        shown.add_row(
            name,
            *(f"{statistics.median(times):,.1f}" for times in (row.go, row.ours, row.gotpl)),
            f"{ratios.median_ratio(row.ours, row.go):.2f}",
            goals[0],
            f"{ratios.median_ratio(row.gotpl, row.ours):.2f}",
            goals[1],
        )
    return shown


def series(rows: dict[str, Row]) -> list[Series]:
    """Return all measurements, and the ratios that do not depend on the machine."""
    found: list[Series] = []
    for name, row in rows.items():
        go, ours, theirs = (
            Series(engine, f"{name} µs", "lower", taken)
            for engine, taken in (("Go", row.go), ("ours", row.ours), ("gotpl", row.gotpl))
        )
        found += [go, ours, theirs, results.against(ours, go), results.against(ours, theirs)]
    return found


def go_version(go: str) -> str:
    """Return the version of a Go command, such as 1.27.3."""
    said = subprocess.run([go, "version"], capture_output=True, text=True, check=True).stdout
    return said.split()[2].removeprefix("go")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--go", default="go", help="the Go command, version 1.27 or newer; `make bench-templates` installs one"
    )
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--repeat", type=int, default=20_000, help="renderings per case and round")
    results.add_options(parser)
    arguments = parser.parse_args()
    snapshot = catalog.build(catalog.embedded(), None)
    text = snapshot.runtime_templates["vllm-cpu"].startups["lone"].args[0].text
    with oracle(arguments.go) as ask:
        rows = measure(text, ask, arguments.rounds, arguments.repeat)
    Console(width=120).print(table(rows))
    method = {"rounds": arguments.rounds, "renderings per case and round": arguments.repeat}
    machine = results.machine(Go=go_version(arguments.go), gotpl=metadata.version("gotpl"))
    return results.finish(arguments, Results("templates", method, series(rows), machine, results.today()))


if __name__ == "__main__":
    sys.exit(main())
