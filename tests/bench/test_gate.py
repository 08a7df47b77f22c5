"""The comparison of two runs: a change counts if it is large and outside the spread of the rounds."""

import io
import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from bench import gate, ratios
from bench.results import Series

POSITIVE = st.lists(st.floats(0.01, 100), min_size=1, max_size=12)


def ratio(*values, better="higher", name="ours"):
    """Return a ratio by pair, whose rounds gave these values, twice each so that there are enough."""
    values = [value for value in values for _ in range(2)]
    return Series(name, "requests/s", better, list(values), against="no-op webhook")


def outcome(before, after, threshold=0.10):
    (verdict,) = gate.compare([before], [after], threshold)
    return verdict.outcome


# --- the interval of a median ---


@pytest.mark.parametrize(
    ("count", "dropped"),
    [(1, 0), (2, 0), (5, 0), (6, 0), (8, 0), (9, 1), (11, 1), (12, 2), (20, 5)],
)
def test_the_interval_leaves_out_as_many_values_on_each_side_as_the_binomial_distribution_allows(count, dropped):
    assert ratios.interval([float(number) for number in range(count)]) == (dropped, count - 1 - dropped)


def test_the_interval_holds_the_true_median_as_often_as_it_says():
    generator = random.Random(1)
    held = 0
    for _ in range(2000):
        low, high = ratios.interval([generator.lognormvariate(0, 1) for _ in range(9)])
        held += low <= 1.0 <= high

    assert held / 2000 >= ratios.CONFIDENCE


@given(POSITIVE)
def test_the_interval_has_the_median_in_it_and_does_not_depend_on_the_order(values):
    low, high = ratios.interval(values)

    assert low <= statistics.median(values) <= high
    assert ratios.interval(sorted(values)) == (low, high)


# --- verdicts ---


@given(POSITIVE)
def test_a_run_is_neither_better_nor_worse_than_itself(values):
    assert outcome(ratio(*values), ratio(*values)) == "same"


@given(POSITIVE, POSITIVE, st.sampled_from(["higher", "lower"]))
def test_what_is_worse_in_one_direction_is_better_in_the_other(one, other, better):
    opposite = {"worse": "better", "better": "worse", "same": "same", "unclear": "unclear"}

    there = outcome(ratio(*one, better=better), ratio(*other, better=better))
    back = outcome(ratio(*other, better=better), ratio(*one, better=better))
    assert back == opposite[there]


@given(POSITIVE, POSITIVE, st.floats(0.1, 10))
def test_a_change_is_reported_only_if_the_two_ranges_do_not_meet(one, other, scale):
    if (
        max(min(one), min(other)) <= min(max(one), max(other)) and max(len(one), len(other)) <= 4
    ):  # with 9, the extremes are left out
        assert outcome(ratio(*one), ratio(*other)) == "same"


def test_a_large_change_outside_the_spread_counts():
    assert outcome(ratio(0.40, 0.41, 0.42), ratio(0.30, 0.31, 0.32)) == "worse"
    assert outcome(ratio(0.30, 0.31, 0.32), ratio(0.40, 0.41, 0.42)) == "better"


def test_a_ratio_of_too_few_rounds_is_unclear_but_an_amount_needs_one():
    def rounds(*values, **more):
        return Series("ours", "held ms", "lower", list(values), **more)

    assert outcome(rounds(1.0, 1.1, 1.2, against="yardstick"), rounds(2.0, 2.1, 2.2, against="yardstick")) == "unclear"
    assert outcome(rounds(1.0, unit="MiB"), rounds(2.0, unit="MiB")) == "worse"


def test_a_large_change_within_the_spread_does_not():
    assert outcome(ratio(0.40, 0.41, 0.42), ratio(0.30, 0.31, 0.41)) == "same"


def test_a_small_change_outside_the_spread_does_not():
    assert outcome(ratio(0.40, 0.41, 0.42), ratio(0.38, 0.385, 0.39)) == "same"


def test_for_times_and_amounts_less_is_better():
    assert outcome(ratio(2.0, 2.1, better="lower"), ratio(3.0, 3.1, better="lower")) == "worse"


def test_the_first_failure_is_worse_than_none():
    none, one = (Series("ours", "admissions failed", "lower", [count]) for count in (0.0, 1.0))

    assert outcome(none, one) == "worse"
    assert outcome(one, none) == "better"
    assert outcome(none, none) == "same"


# --- which rows ---


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        (ratio(0.4), True),
        (ratio(0.4, better="neither"), False),
        (Series("ours", "requests/s", "higher", [4000.0]), False),
        (Series("ours", "CPU µs per request", "lower", [250.0]), False),
        (Series("ours", "p99 ms", "lower", [4.0]), False),
        (Series("ours", "resident MiB", "lower", [100.0]), True),
        (Series("ours", "resident memory", "lower", [100.0], unit="MiB"), True),
        (Series("ours", "admissions failed", "lower", [0.0]), True),
    ],
)
def test_only_what_a_faster_machine_leaves_as_it_is_is_compared(series, expected):
    assert gate.is_comparable(series) is expected


def test_rows_in_one_file_alone_are_new_or_gone():
    verdicts = gate.compare([ratio(1.0, name="old"), ratio(1.0)], [ratio(1.0), ratio(1.0, name="new")])

    assert [(verdict.row, verdict.outcome) for verdict in verdicts] == [
        ("new ÷ no-op webhook: requests/s", "new"),
        ("old ÷ no-op webhook: requests/s", "gone"),
        ("ours ÷ no-op webhook: requests/s", "same"),
    ]


def test_the_points_of_a_curve_are_compared_each_with_its_own():
    def curve(*values):
        return [
            Series("ours", "memory", "lower", [value], x=size, unit="MiB")
            for size, value in zip((1.0, 10_000.0), values, strict=True)
        ]

    verdicts = gate.compare(curve(100.0, 200.0), curve(100.0, 400.0))

    assert [(verdict.row, verdict.outcome) for verdict in verdicts] == [
        ("ours: memory at 10,000", "worse"),
        ("ours: memory at 1", "same"),
    ]


def test_the_worst_comes_first():
    before = [ratio(1.0, name="a"), ratio(1.0, name="b"), ratio(1.0, name="c")]
    after = [ratio(2.0, name="a"), ratio(0.8, name="b"), ratio(0.5, name="c")]

    assert [verdict.row[0] for verdict in gate.compare(before, after)] == ["c", "b", "a"]


def test_the_table_shows_medians_with_their_spread_and_counts_what_did_not_change():
    console = Console(width=140, file=io.StringIO())
    console.print(
        gate.table(
            gate.compare([ratio(0.4, 0.41, 0.42), ratio(1.0, name="x")], [ratio(0.3, 0.31, 0.32), ratio(1.0, name="x")])
        )
    )

    printed = console.file.getvalue()
    assert "0.41 (0.4 to 0.42)" in printed
    assert "0.31 (0.3 to 0.32)" in printed
    assert "+32%" in printed
    assert "within the spread of the rounds: 1" in printed
