"""Plots are well-formed, say what they show, and keep everything inside."""

import itertools
import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import plots
from bench.plots import Bar, Limit

VALUES = st.lists(st.floats(0.001, 1e6), min_size=1, max_size=4)
CURVE = st.dictionaries(st.floats(1, 1e5), VALUES, min_size=2, max_size=6).map(lambda points: sorted(points.items()))
SVG = "{http://www.w3.org/2000/svg}"


def texts(svg):
    return [element.text for element in ET.fromstring(svg).iter(f"{SVG}text")]


def outside(svg):
    """Return the places of marks that are outside of the picture."""
    root = ET.fromstring(svg)
    _, _, width, height = (float(part) for part in root.get("viewBox").split())
    found = []
    for element in root.iter():
        for names, most in ((("x", "x1", "x2"), width), (("y", "y1", "y2"), height)):
            found += (value for name in names if not 0 <= (value := float(element.get(name, "0"))) <= most)
        for point in element.get("points", "").split():
            x, y = map(float, point.split(","))
            if not (0 <= x <= width and 0 <= y <= height):
                found.append(point)
    return found


def drawn_bars(rows):
    return plots.bars("title", "axis", [Bar(name, values) for name, values in rows.items()])


@settings(max_examples=30)
@given(st.dictionaries(st.text("abc &<>", min_size=1, max_size=30), VALUES, min_size=1, max_size=8))
def test_bars_stay_inside_and_have_their_labels_and_medians(rows):
    svg = drawn_bars(rows)

    assert outside(svg) == []
    assert set(rows) <= set(texts(svg))


@settings(max_examples=30)
@given(st.dictionaries(st.text("abc", min_size=1, max_size=20), CURVE, min_size=1, max_size=6), st.booleans())
def test_curves_stay_inside_and_have_their_names(lines, logarithmic):
    svg = plots.curves("title", "sizes", "µs", lines, logarithmic=logarithmic)

    assert outside(svg) == []
    assert set(lines) <= set(texts(svg))
    assert {"title", "sizes", "µs"} <= set(texts(svg))


def test_equal_values_give_equal_bytes():
    rows = {"ours": [1 / 3, 2 / 3], "theirs": [0.1]}

    assert drawn_bars(rows) == drawn_bars(rows)


def test_a_limit_is_drawn_with_its_label():
    svg = plots.bars("title", "axis", [Bar("ours", [1.0])], Limit(3.0, "goal: 3"))

    assert "goal: 3" in texts(svg)
    assert 'class="limit"' in svg
    assert outside(svg) == []


def test_sizes_that_span_a_lot_are_on_a_logarithmic_axis_with_a_tick_for_each():
    svg = plots.curves("title", "runtimes", "µs", {"ours": [(1, [1.0]), (10, [1.0]), (10_000, [2.0])]})

    assert {"1", "10", "10,000"} <= set(texts(svg))


def test_names_of_curves_that_end_close_to_each_other_do_not_overlap():
    svg = plots.curves("title", "x", "y", {name: [(1, [1.0]), (2, [1.0])] for name in "abc"})
    places = [float(place) for place in re.findall(r'class="name" x="[\d.]+" y="([\d.]+)"', svg)]

    assert [later - earlier for earlier, later in itertools.pairwise(places)] == [16.0, 16.0]


def test_plots_have_colours_for_light_and_for_dark_mode():
    svg = drawn_bars({"ours": [1.0]})

    assert "@media (prefers-color-scheme: dark)" in svg
    assert "var(" not in svg


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (0.30, "0.30"),
        (0.012345, "0.012"),
        (3.14159, "3.14"),
        (35.04, "35.0"),
        (35.0, "35"),
        (3931.4, "3,931"),
        (-2.5, "-2.50"),
    ],
)
def test_numbers_have_the_digits_that_people_can_use(value, shown):
    assert plots.number(value) == shown
