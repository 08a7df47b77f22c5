"""Tables and plots of results, as `bench.sections` describes them."""

import re
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from bench import plots, ratios
from bench.plots import Bar, Limit
from bench.results import Results, Series


@dataclass(frozen=True, slots=True)
class Column:
    """One column: values of a measure, with their range, or another figure that is computed from them.

    Attributes:
        title: its heading.
        measure: what the rows are measured in.
        against: the row that a ratio was divided by; empty: the measure itself.
        added_to: the row whose values are subtracted, round by round; empty: none.
        over_this: whether the row is what another one was divided by, instead: "ours ÷ this".
    """

    title: str
    measure: str
    against: str = ""
    added_to: str = ""
    over_this: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One table: a row for each name that has a value in one of the columns.

    Attributes:
        columns: in their order; if there are none, all measures and ratios that the rows have.
        first: heading of the column with the names.
        x: heading of the column with the sizes; empty: rows with a size are left out.
        names: pattern of the rows; others are shown elsewhere.
        across: whether the rows are columns instead, which suits many measures of few rows.
    """

    columns: tuple[Column, ...] = ()
    first: str = "row"
    x: str = ""
    names: str = ".*"
    across: bool = False


@dataclass(frozen=True, slots=True)
class Bars:
    """A plot with a bar for each row that has the measure.

    Attributes:
        name: of the file, after the section's.
        measure, against: as in a `Column`.
        x: only rows of this size; None: those without a size.
        limit: a line across.
    """

    name: str
    title: str
    axis: str
    measure: str
    against: str = ""
    x: float | None = None
    limit: Limit | None = None


@dataclass(frozen=True, slots=True)
class Curves:
    """A plot of how a measure grows with a size.

    Attributes:
        name: of the file, after the section's.
        measure: on the vertical axis.
        names: pattern of the rows that are drawn, each as a curve.
        logarithmic: whether the vertical axis is.
        times: whether the sizes are times.
        limit: a line across.
    """

    name: str
    title: str
    x_axis: str
    y_axis: str
    measure: str
    names: str = ".*"
    logarithmic: bool = False
    times: bool = False
    limit: Limit | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """One section of the page.

    Attributes:
        bench: whose results it shows.
        heading: of the section.
        command: that measures them.
        text: what the figures mean.
        parts: tables and plots, in their order.
        closing: what to keep in mind; may be empty.
    """

    bench: str
    heading: str
    command: str
    text: str
    parts: Sequence[Table | Bars | Curves | Callable[[Results], str]] = field(default=(Table(),))
    closing: str = ""


def table(shown: Table, results: Results) -> str:
    """Return a table as Markdown; empty if no row has anything to show."""
    series = [one for one in results.series if re.fullmatch(shown.names, one.name) and (shown.x or one.x is None)]
    columns = shown.columns or tuple(_columns(series))
    found = {(one.name, one.x, one.measure, one.against): one.values for one in series}
    measures = {column.measure for column in columns}
    rows = list(dict.fromkeys((one.name, one.x) for one in series if one.measure in measures and not one.against))
    if shown.x:
        rows.sort(key=lambda row: row[1] if row[1] is not None else -1)
    heads = [shown.first, *([shown.x] if shown.x else []), *(column.title for column in columns)]
    lines = [
        [
            name,
            *(["" if x is None else f"{x:,g}"] if shown.x else []),
            *(_cell(column, (name, x), found) for column in columns),
        ]
        for name, x in rows
    ]
    lines = [list(column) for column in zip(heads, *lines, strict=True)]
    lines = [column for column in lines if any(column[1:])]  # what nobody has measured has no column
    if len(lines) < 2:
        return ""
    if not shown.across:
        lines = [list(row) for row in zip(*lines, strict=True)]
    lines.insert(1, ["---", *["---:"] * (len(lines[0]) - 1)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def bars(shown: Bars, results: Results) -> str:
    """Return a plot as SVG; empty if no row has the measure."""
    rows = [
        Bar(one.name, one.values, one.name.startswith("ours"))
        for one in results.series
        if (one.measure, one.against, one.x) == (shown.measure, shown.against, shown.x)
    ]
    if not any(row.ours for row in rows):
        rows = [replace(row, ours=True) for row in rows]  # nobody else's are shown
    return plots.bars(shown.title, shown.axis, rows, shown.limit) if rows else ""


def curves(shown: Curves, results: Results) -> str:
    """Return a plot as SVG; empty if no row has the measure at several sizes."""
    lines: dict[str, list[tuple[float, list[float]]]] = {}
    for one in results.series:
        if (
            one.measure == shown.measure
            and not one.against
            and one.x is not None
            and re.fullmatch(shown.names, one.name)
        ):
            lines.setdefault(one.name, []).append((one.x, one.values))
    lines = {name: sorted(points) for name, points in lines.items() if len(points) > 1}
    if not lines:
        return ""
    return plots.curves(
        shown.title,
        shown.x_axis,
        shown.y_axis,
        lines,
        logarithmic=shown.logarithmic,
        times=shown.times,
        limit=shown.limit,
    )


def figure(values: Sequence[float]) -> str:
    """Return the median of the rounds with their range."""
    middle, low, high = (plots.number(one) for one in (statistics.median(values), min(values), max(values)))
    return middle if low == high else f"{middle} ({low} to {high})"


_Found = dict[tuple[str, float | None, str, str], list[float]]


def _cell(column: Column, row: tuple[str, float | None], found: _Found) -> str:
    if column.over_this:
        over = [values for (_, x, *rest), values in found.items() if (x, *rest) == (row[1], column.measure, row[0])]
        return figure(over[0]) if len(over) == 1 else ""
    values = found.get((*row, column.measure, column.against))
    if column.added_to and values:
        base = found.get((column.added_to, row[1], column.measure, column.against))
        if base is None or column.added_to == row[0]:
            return ""
        return plots.number(ratios.median_difference(values, base))
    return figure(values) if values else ""


def _columns(series: Iterable[Series]) -> Iterable[Column]:
    for measure, against in dict.fromkeys((one.measure, one.against) for one in series):
        yield Column(f"{measure} ÷ {against}" if against else measure, measure, against)
