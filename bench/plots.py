"""Plots as SVG: bars with the range of the rounds, and curves. The same values give the same bytes.

A plot follows the reader's light or dark mode, has its own background in both, and tells series apart by marker and label
as well as by colour (Okabe and Ito's colours, which are different for colour-blind readers too).
"""

import itertools
import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 760
CHARACTER = 7.1  # pixels of a letter of 13 pixels, a little more than the mean
ROW = 30
STYLE = """\
text { font: 13px system-ui, -apple-system, "Segoe UI", "Liberation Sans", "DejaVu Sans", sans-serif; fill: #1f2328 }
.title { font-size: 15px; font-weight: 600 }
.soft { fill: #59636e }
.back { fill: #ffffff }
.grid { stroke: #d1d9e0 }
.whisker { stroke: #1f2328; stroke-width: 1.5 }
.limit { stroke: #b00020; stroke-width: 1.5; stroke-dasharray: 6 4 }
.limited { fill: #b00020 }
.ours { fill: #0072b2 }
.other { fill: #a9b4c0 }
.line { fill: none; stroke-width: 2 }
"""
DARK = """\
text { fill: #f0f6fc }
.soft { fill: #b1bac4 }
.back { fill: #0d1117 }
.grid { stroke: #30363d }
.whisker { stroke: #f0f6fc }
.limit { stroke: #ff7b72 }
.limited { fill: #ff7b72 }
.ours { fill: #56b4e9 }
.other { fill: #656f7b }
"""

#: Of the curves, in light and in dark mode.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#aa4499", "#8a6d00", "#59636e")
DARK_COLOURS = ("#56b4e9", "#ff9248", "#2ec99a", "#e7a1d4", "#f0e442", "#b1bac4")


@dataclass(frozen=True, slots=True)
class Bar:
    """One row: its values are those of the rounds, the bar ends at their median, and a whisker spans them."""

    label: str
    values: Sequence[float]
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Limit:
    """A value that should not be exceeded, or that others are compared with, and what it is."""

    value: float
    label: str


Curve = Sequence[tuple[float, Sequence[float]]]
"""Points of a curve: a size, and the values of the rounds there."""


def number(value: float) -> str:
    """Return a number as people read it: a whole one as it is, others with three digits, or two of a small one."""
    size = abs(value)
    if value == int(value) or size >= 100:
        return f"{value:,.0f}"
    return f"{value:.{1 if size >= 10 else 2}f}" if size >= 0.1 else f"{value:.2g}"


def bars(title: str, axis: str, rows: Sequence[Bar], limit: Limit | None = None) -> str:
    """Return horizontal bars from 0, one for each row.

    Args:
        title: what is compared.
        axis: what the values are, with their unit.
        rows: from top to bottom.
        limit: a vertical line.
    """
    left = 26 + CHARACTER * max(len(row.label) for row in rows)
    right = WIDTH - 30 - CHARACTER * max(len(number(statistics.median(row.values))) for row in rows)
    top, bottom = 64.0 if limit else 46.0, 0.0
    bottom = top + ROW * len(rows)
    scale = _Scale(0, max([max(row.values) for row in rows] + ([limit.value] if limit else [])), left, right)
    body = list(_vertical_grid(scale, top, bottom, axis))
    for index, row in enumerate(rows):
        middle, y = statistics.median(row.values), top + ROW * index + ROW / 2
        low, high = scale.at(min(row.values)), scale.at(max(row.values))
        shape = f'x="{left:.1f}" y="{y - 9:.1f}" width="{scale.at(middle) - left:.1f}" height="18" rx="2"'
        body.append(f'<rect class="{"ours" if row.ours else "other"}" {shape}/>')
        if len(row.values) > 1:
            body.append(_line("whisker", low, y, high, y))
            body += (_line("whisker", x, y - 4, x, y + 4) for x in (low, high))
        body.append(_text(left - 8, y + 4.5, row.label, anchor="end"))
        body.append(_text(max(high, scale.at(middle)) + 6, y + 4.5, number(middle)))
    if limit:
        x = scale.at(limit.value)
        body.append(_line("limit", x, top - 6, x, bottom))
        body.append(_text(x, top - 10, limit.label, "limited", anchor="middle"))
    return _drawn(title, bottom + 50, body)


def curves(
    title: str,
    x_axis: str,
    y_axis: str,
    lines: Mapping[str, Curve],
    *,
    logarithmic: bool = False,
    times: bool = False,
    limit: Limit | None = None,
) -> str:
    """Return curves over sizes, each with its name at its end; sizes that span a lot are on a logarithmic axis.

    Args:
        title: what is shown.
        x_axis, y_axis: what the sizes and the values are, with their units.
        lines: each curve by its name.
        logarithmic: whether the values are on a logarithmic axis.
        times: whether the sizes are times, whose axis is always linear.
        limit: a horizontal line.
    """
    top, bottom, left = 62.0, 330.0, 64.0
    right = WIDTH - 24 - CHARACTER * max(map(len, lines))
    sizes = sorted({x for curve in lines.values() for x, _ in curve})
    values = [value for curve in lines.values() for _, several in curve for value in several]
    values += [limit.value] if limit else []
    spans = not times and 0 < 20 * sizes[0] <= sizes[-1]
    across = _Scale(sizes[0], sizes[-1], left, right, logarithmic=spans, whole=False)
    up = _Scale(min(values) if logarithmic else min(0.0, *values), max(values), bottom, top, logarithmic=logarithmic)
    body = [_text(left - 8, top - 14, y_axis, "soft", anchor="start" if len(y_axis) > 7 else "end")]
    for tick in up.ticks():
        body.append(_line("grid", left, up.at(tick), right, up.at(tick)))
        body.append(_text(left - 8, up.at(tick) + 4.5, _tick(tick), "soft", anchor="end"))
    for tick in sizes if len(sizes) <= 8 and across.logarithmic else across.ticks():
        body.append(_line("grid", across.at(tick), bottom, across.at(tick), bottom + 5))
        body.append(_text(across.at(tick), bottom + 20, _tick(tick), "soft", anchor="middle"))
    body.append(_text((left + right) / 2, bottom + 40, x_axis, "soft", anchor="middle"))
    if limit:
        body.append(_line("limit", left, up.at(limit.value), right, up.at(limit.value)))
        body.append(_text(left + 6, up.at(limit.value) - 6, limit.label, "limited"))
    ends = _spread_out([up.at(statistics.median(curve[-1][1])) for curve in lines.values()])
    for index, ((name, curve), end) in enumerate(zip(lines.items(), ends, strict=True)):
        body.append(f'<g class="c{index % len(COLOURS)}">')
        body += _curve(curve, across, up, index)
        body.append(_text(across.at(curve[-1][0]) + 10, end + 4.5, name, "name"))
        body.append("</g>")
    return _drawn(title, bottom + 54, body)


class _Scale:
    """Places values between two pixels."""

    def __init__(
        self, low: float, high: float, start: float, end: float, *, logarithmic: bool = False, whole: bool = True
    ) -> None:
        """Begin and end at a tick if ``whole``."""
        self.logarithmic = logarithmic
        self._low, self._high = low, high if high > low else low + (abs(low) or 1.0)
        self._start, self._end = start, end
        if whole:
            ticks = self._around()
            self._low, self._high = min(ticks[0], low), max(ticks[-1], self._high)

    def at(self, value: float) -> float:
        low, high, value = (math.log10(one) if self.logarithmic else one for one in (self._low, self._high, value))
        return self._start + (value - low) / (high - low) * (self._end - self._start)

    def ticks(self) -> list[float]:
        """Return round numbers between the lowest and the highest value: on a logarithmic scale 1, 2 and 5 of each decade, or 1."""
        margin = (self._high - self._low) * 1e-9
        return [tick for tick in self._around() if self._low - margin <= tick <= self._high + margin]

    def _around(self) -> list[float]:
        """Return the same, beginning and ending with the next one outside."""
        if self.logarithmic:
            first, last = math.floor(math.log10(self._low)), math.ceil(math.log10(self._high))
            steps = (1, 2, 5) if last - first <= 2 else (1,)
            found = [step * 10.0**power for power in range(first, last + 1) for step in steps]
            below = max(tick for tick in found if tick <= self._low * (1 + 1e-9))
            above = min(tick for tick in found if tick >= self._high * (1 - 1e-9))
            return [tick for tick in found if below <= tick <= above]
        rough = (self._high - self._low) / 5
        power = 10.0 ** math.floor(math.log10(rough))
        step = power * next(factor for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)
        first, last = math.floor(self._low / step + 1e-9), math.ceil(self._high / step - 1e-9)
        return [index * step for index in range(first, last + 1)]


def _vertical_grid(scale: _Scale, top: float, bottom: float, axis: str) -> Iterable[str]:
    for tick in scale.ticks():
        yield _line("grid", scale.at(tick), top, scale.at(tick), bottom)
        yield _text(scale.at(tick), bottom + 18, _tick(tick), "soft", anchor="middle")
    yield _text(
        (scale.at(scale.ticks()[0]) + scale.at(scale.ticks()[-1])) / 2, bottom + 38, axis, "soft", anchor="middle"
    )


def _curve(curve: Curve, across: _Scale, up: _Scale, index: int) -> Iterable[str]:
    points = [(across.at(x), up.at(statistics.median(values))) for x, values in curve]
    yield f'<polyline class="line" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}"/>'
    if len(curve) > 40:
        return  # so many points need no markers
    for (x, y), (_, values) in zip(points, curve, strict=True):
        if len(values) > 1:
            yield _line("spread", x, up.at(min(values)), x, up.at(max(values)))
        yield f'<path class="marker" d="{_MARKERS[index % len(_MARKERS)](x, y)}"/>'


_MARKERS = (
    lambda x, y: f"M{x - 4:.1f} {y:.1f}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",  # a circle
    lambda x, y: f"M{x - 4:.1f} {y - 4:.1f}h8v8h-8z",  # a square
    lambda x, y: f"M{x:.1f} {y - 5:.1f}l5 9h-10z",  # a triangle
    lambda x, y: f"M{x:.1f} {y - 5:.1f}l5 5l-5 5l-5 -5z",  # a diamond
)


def _spread_out(places: Sequence[float], distance: float = 16) -> list[float]:
    """Move labels apart that would overlap, each as little as possible below the one above it."""
    placed = list(places)
    order = sorted(range(len(placed)), key=placed.__getitem__)
    for upper, lower in itertools.pairwise(order):
        placed[lower] = max(placed[lower], placed[upper] + distance)
    return placed


def _tick(value: float) -> str:
    return f"{value:,.10g}"


def _colours(colours: Sequence[str]) -> str:
    """Return rules for the curves. Custom properties would be shorter, but not every program that shows SVG knows them."""
    return "".join(
        f".c{index} .line, .c{index} .spread {{ stroke: {colour} }}\n.c{index} .marker, .c{index} .name {{ fill: {colour} }}\n"
        for index, colour in enumerate(colours)
    )


def _line(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    classed = f' class="{kind}"' if kind else ""
    anchored = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text{classed} x="{x:.1f}" y="{y:.1f}"{anchored}>{escape(text)}</text>'


def _drawn(title: str, height: float, body: Iterable[str]) -> str:
    size = f'viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" height="{height:.0f}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{escape(title)}">'
    style = f"{STYLE}{_colours(COLOURS)}@media (prefers-color-scheme: dark) {{\n{DARK}{_colours(DARK_COLOURS)}}}"
    back = f'<rect class="back" width="{WIDTH}" height="{height:.0f}" rx="6"/>'
    lines = [head, f"<style>\n{style}\n</style>", back, _text(16, 26, title, "title"), *body, "</svg>"]
    return "\n".join(lines) + "\n"
