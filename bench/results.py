"""The file that every bench writes with ``--save``: what was measured, how, and on which machine.

`docs/performance.md` is made of such files, and ``--compare`` holds a run against an earlier one (`bench.gate`).
"""

import argparse
import math
import os
import platform
import re
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console

import webhook
from bench import gate, ratios

VERSION = 1

#: Packages whose versions change the figures.
PACKAGES = ("aiohttp", "uvloop", "msgspec", "cryptography", "prometheus-client")


class ResultsError(Exception):
    """Results are not complete or contradict themselves, or a file is not one of results; says where and why."""


class Series(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One row's values of one measure.

    Attributes:
        name: the row, such as "ours" or "no-op webhook".
        measure: what was measured, such as "requests/s" or "resident MiB".
        better: which values are better; neither: the series is shown but never compared.
        values: one per round, in the order of the rounds, so that the rounds of one run are pairs across series; one
            value if it was measured once.
        x: for a point of a curve, the size at which it was measured.
        against: for a ratio by pair, the row that this one was divided by; otherwise empty.
        unit: of the values. Series of amounts (`gate.AMOUNTS`) are compared as they are, others only as ratios.
    """

    name: str
    measure: str
    better: gate.Better
    values: list[float]
    x: float | None = None
    against: str = ""
    unit: str = ""


class Results(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one run of a bench found.

    Attributes:
        bench: its name, such as "throughput".
        method: rounds, seconds, options: what one needs to repeat it.
        series: everything that was measured.
        machine: what it was measured on (`machine`).
        date: the ISO day.
        version: of this format.
    """

    bench: str
    method: dict[str, str | int | float]
    series: list[Series]
    machine: dict[str, str]
    date: str
    version: int = VERSION


def machine(**more: str) -> dict[str, str]:
    """Return what the figures depend on: processor, cores, kernel, versions; ``more``, such as Kubernetes and Go, at the end."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "kernel": f"{platform.system()} {platform.release()}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        **{name: metadata.version(name) for name in PACKAGES},
        "hydra-runtime-webhook": webhook.__version__,
        **more,
    }


def today() -> str:
    """Return the day of a run."""
    return datetime.now(UTC).date().isoformat()


def against(mine: Series, base: Series) -> Series:
    """Return the ratio by pair of two series of one measure.

    Raises:
        ResultsError: they were not measured in the same rounds, or the other row has a value of 0.
    """
    try:
        values = ratios.by_pair(mine.values, base.values)
    except ValueError:
        message = (
            f"{mine.name} ÷ {base.name}: {mine.measure}: {len(mine.values)} and {len(base.values)} rounds are not pairs"
        )
        raise ResultsError(message) from None
    except ZeroDivisionError:
        raise ResultsError(f"{mine.name} ÷ {base.name}: {mine.measure}: a value to divide by is 0") from None
    return Series(mine.name, mine.measure, mine.better, values, mine.x, base.name)


def find(results: Results, name: str, measure: str, x: float | None = None) -> Series:
    """Return the series of a row, which is not a ratio.

    Raises:
        ResultsError: there is none; names those that have the measure.
    """
    rows = [series for series in results.series if series.measure == measure and not series.against]
    for series in rows:
        if (series.name, series.x) == (name, x):
            return series
    known = ", ".join(dict.fromkeys(series.name for series in rows)) or "no row"
    place = "" if x is None else f" at {x:g}"
    raise ResultsError(f"{results.bench}: {name}{place} has no {measure}; measured of: {known}")


def ratio(results: Results, name: str, base: str, measure: str, x: float | None = None) -> list[float]:
    """Return how many times the measure of ``base`` that of ``name`` is, by pair of rounds.

    Raises:
        ResultsError: as `find` and `against`.
    """
    return against(find(results, name, measure, x), find(results, base, measure, x)).values


def save(path: Path, results: Results) -> None:
    """Write results so that equal ones give equal bytes, and a change of one series changes one line.

    Raises:
        ResultsError: a file with them could not be read again.
    """
    if problem := _problem(results):
        raise ResultsError(f"{results.bench}: {problem}")
    plain: dict[str, Any] = msgspec.to_builtins(results)
    series = ",\n".join(f"    {_line(one)}" for one in plain.pop("series"))
    head = ",\n".join(f"  {_line(key)}: {_line(value)}" for key, value in plain.items())
    path.write_text(f'{{\n{head},\n  "series": [\n{series}\n  ]\n}}\n', encoding="utf-8")


def load(path: Path) -> Results:
    """Read a file that `save` has written.

    Raises:
        ResultsError: it cannot be read, is of another version, or is not such a file; says which and why.
    """
    try:
        data = path.read_bytes()
        version = msgspec.json.decode(data, type=_Versioned).version
        if version != VERSION:
            raise ResultsError(f"{path}: written by another version: its format is {version}, this one reads {VERSION}")
        results = msgspec.json.decode(data, type=Results)
    except OSError as error:
        raise ResultsError(f"{path}: {error.strerror}") from None
    except msgspec.ValidationError as error:
        raise ResultsError(f"{path}: not results of a bench, as written with --save: {error}") from None
    except msgspec.DecodeError as error:
        raise ResultsError(f"{path}: not JSON: {error}") from None
    if problem := _problem(results):
        raise ResultsError(f"{path}: {problem}")
    return results


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options by which a bench saves its results and compares them with earlier ones."""
    group = parser.add_argument_group("results")
    group.add_argument("--save", type=_to_save, metavar="FILE", help="write the results to this file")
    group.add_argument(
        "--compare",
        type=_to_compare,
        metavar="FILE",
        help="say what is better or worse than in this file, which --save has written; exit with 1 if anything is worse",
    )
    group.add_argument(
        "--threshold",
        type=_positive,
        default=gate.THRESHOLD,
        help=f"by which share a ratio or an amount must change to count ({gate.THRESHOLD:g})",
    )


def finish(arguments: argparse.Namespace, results: Results) -> int:
    """Save and compare as the options say; return the exit status: 1 if anything is worse, otherwise 0.

    Raises:
        ResultsError: as `save`, or the other file is of another bench.
    """
    before: Results | None = arguments.compare
    if arguments.save:
        save(arguments.save, results)
    if before is None:
        return 0
    if before.bench != results.bench:
        raise ResultsError(f"--compare: has results of {before.bench!r}, and this bench is {results.bench!r}")
    verdicts = gate.compare(before.series, results.series, arguments.threshold)
    console = Console(width=140)
    console.print(gate.table(verdicts))
    for fact in _differences(before.method, results.method) + _differences(before.machine, results.machine):
        console.print(f"note: {fact}", highlight=False)
    return int(any(verdict.outcome == "worse" for verdict in verdicts))


class _Versioned(msgspec.Struct):
    version: int


def _problem(results: Results) -> str:
    """Return what is wrong with results that have the right shape; an empty text if nothing is."""
    seen = set()
    for series in results.series:
        row = f"{series.name}, {series.measure}"
        if not series.values:
            return f"{row}: has no values; leave out what was not measured"
        if not all(map(math.isfinite, series.values)):
            return f"{row}: {series.values} are not all numbers"
        key = (series.name, series.measure, series.against, series.x)
        if key in seen:
            return f"{row}: two series for one row; a curve needs a different x for each"
        seen.add(key)
    return "" if results.series else "nothing was measured"


def _line(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=0).decode()


def _processor() -> str:
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found[1] if found else platform.processor() or platform.machine()


def _differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Return what was different about the two runs."""
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    return [f"{key}: {before.get(key, 'not given')} before, {after.get(key, 'not given')} now" for key in keys]


def _to_save(text: str) -> Path:
    """Check where to save at the start, not after minutes of measuring."""
    path = Path(text)
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"the folder {path.parent} does not exist")
    return path


def _to_compare(text: str) -> Results:
    """Read the earlier results at the start: a mistaken file is found at once, and may be the one that is written."""
    try:
        return load(Path(text))
    except ResultsError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not a number above 0, such as 0.10 for a tenth")
    return value
