"""Whether a version is slower than another, judged by what two machines, or one machine on two days, have in common.

Compared are ratios by pair, which divide what was measured in the same round on the same machine, and amounts such as
bytes and counts. Requests per second and milliseconds are not: they say as much about the machine as about the program.

A row is worse if its median is worse by more than the threshold *and* the intervals of the two medians (`ratios.interval`)
do not meet. A difference within the spread of the rounds is thus never a regression, however large it is. Noise alone
separates the ranges of two rows without a difference once in 126 times with 5 rounds each, once in 1,716 with 7. With fewer than
`ROUNDS` it would do so too often, and such a ratio is unclear. An amount that was measured once is exact.
"""

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

from rich.table import Table

from bench import ratios

THRESHOLD = 0.10

#: Rounds that a ratio needs in both files; with 4, noise alone separates the ranges once in 35 times.
ROUNDS = 4

#: Units of amounts that do not depend on how fast a machine is; the last word of a measure counts as its unit too.
AMOUNTS = frozenset({"MiB", "KiB", "bytes", "count", "failed", "failures"})

Better = Literal["higher", "lower", "neither"]
Outcome = Literal["worse", "better", "unclear", "new", "gone", "same"]
Key = tuple[str, str, str, float | None]


class Measured(Protocol):
    """What a comparison needs of a series (`bench.results.Series`)."""

    @property
    def name(self) -> str: ...
    @property
    def measure(self) -> str: ...
    @property
    def better(self) -> Better: ...
    @property
    def values(self) -> Sequence[float]: ...
    @property
    def x(self) -> float | None: ...
    @property
    def against(self) -> str: ...
    @property
    def unit(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one row.

    Attributes:
        row: its name, what was measured, what it was divided by and at which size, for people.
        outcome: what became of it; unclear with too few rounds; a row that is only in one of the files is new or gone.
        before, after: its values in the two files, one per round; empty where it is missing.
        factor: how many times as good (below 1) or bad (above 1) the median is as before; 1 for what is new or gone.
    """

    row: str
    outcome: Outcome
    before: Sequence[float]
    after: Sequence[float]
    factor: float = 1.0


def is_comparable(series: Measured) -> bool:
    """Return whether the values of a series mean the same on a faster machine."""
    words = {series.unit, *series.measure.split()[-1:]}
    return series.better != "neither" and (bool(series.against) or not words.isdisjoint(AMOUNTS))


def compare(before: Iterable[Measured], after: Iterable[Measured], threshold: float = THRESHOLD) -> list[Verdict]:
    """Return a verdict for each comparable row: the worst first, then in the order of `Outcome`."""
    old = {_key(series): series for series in before if is_comparable(series)}
    new = {_key(series): series for series in after if is_comparable(series)}
    verdicts = [_judged(old[key], new[key], threshold) for key in new if key in old]
    verdicts += [Verdict(_label(new[key]), "new", (), new[key].values) for key in new if key not in old]
    verdicts += [Verdict(_label(old[key]), "gone", old[key].values, ()) for key in old if key not in new]
    order = get_args(Outcome)
    return sorted(verdicts, key=lambda verdict: (order.index(verdict.outcome), -verdict.factor))


def table(verdicts: Iterable[Verdict]) -> Table:
    """Return the rows that changed, and how many did not."""
    shown = Table(title="compared with before: ratios by pair, and amounts", title_justify="left")
    shown.add_column("row")
    for title in ("before", "after", "worse by", "verdict"):
        shown.add_column(title, justify="right", no_wrap=True)
    same = 0
    for verdict in verdicts:
        if verdict.outcome == "same":
            same += 1
            continue
        change = f"{verdict.factor - 1:+.0%}" if verdict.before and verdict.after else ""
        shown.add_row(verdict.row, _spread(verdict.before), _spread(verdict.after), change, verdict.outcome)
    shown.caption = f"the same within the threshold, or within the spread of the rounds: {same}"
    shown.caption_justify = "left"
    return shown


def _judged(before: Measured, after: Measured, threshold: float) -> Verdict:
    factor = _factor(statistics.median(before.values), statistics.median(after.values), after.better)
    lower, upper = sorted((ratios.interval(before.values), ratios.interval(after.values)))
    outcome: Outcome = "same"
    if lower[1] < upper[0]:
        if factor > 1 + threshold:
            outcome = "worse"
        elif factor < 1 / (1 + threshold):
            outcome = "better"
    if outcome != "same" and after.against and min(len(before.values), len(after.values)) < ROUNDS:
        outcome = "unclear"
    return Verdict(_label(after), outcome, before.values, after.values, factor)


def _factor(before: float, after: float, better: Better) -> float:
    cost, earlier = (after, before) if better == "lower" else (before, after)
    if cost == earlier:
        return 1.0
    return cost / earlier if earlier else math.inf


def _key(series: Measured) -> Key:
    return series.name, series.measure, series.against, series.x


def _label(series: Measured) -> str:
    against = f" ÷ {series.against}" if series.against else ""
    return f"{series.name}{against}: {series.measure}" + ("" if series.x is None else f" at {series.x:,g}")


def _spread(values: Sequence[float]) -> str:
    if not values:
        return ""
    low, high = ratios.interval(values)
    return f"{statistics.median(values):.4g}" + (f" ({low:.4g} to {high:.4g})" if low < high else "")
