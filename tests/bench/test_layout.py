"""Tables show the rows and columns that were measured, each figure with its range."""

from bench import layout
from bench.layout import Bars, Column, Curves, Table
from bench.results import Results, Series

RATE = "requests/s"


def of(*series):
    return Results("throughput", {}, list(series), {}, "2026-11-30")


def rate(name, *values, **more):
    return Series(name, RATE, "higher", list(values), **more)


def lines(shown, *series):
    return layout.table(shown, of(*series)).splitlines()


def test_a_table_without_columns_of_its_own_has_all_measures_and_ratios():
    assert lines(Table(), rate("ours", 30.0, 40.0), rate("ours", 0.3, against="constant"), rate("constant", 100.0)) == [
        "| row | requests/s | requests/s ÷ constant |",
        "| --- | ---: | ---: |",
        "| ours | 35 (30 to 40) | 0.30 |",
        "| constant | 100 |  |",
    ]


def test_a_column_that_no_row_has_is_left_out_and_so_is_an_empty_table():
    shown = Table((Column("rate", RATE), Column("MiB", "resident MiB")))

    assert lines(shown, rate("ours", 1.0))[0] == "| row | rate |"
    assert lines(shown, Series("ours", "p99 ms", "lower", [1.0])) == []


def test_rows_of_different_sizes_are_in_order_of_size():
    assert lines(
        Table(x="clients"), rate("ours", 3.0, x=16.0), rate("none", 4.0, x=16.0), rate("ours", 1.0, x=1.0)
    ) == [
        "| row | clients | requests/s |",
        "| --- | ---: | ---: |",
        "| ours | 1 | 1 |",
        "| ours | 16 | 3 |",
        "| none | 16 | 4 |",
    ]


def test_a_table_across_has_a_line_for_each_measure():
    memory = Series("ours", "resident MiB", "lower", [100.0])

    assert lines(Table(across=True, first="what"), rate("ours", 1.0), memory, rate("theirs", 2.0)) == [
        "| what | ours | theirs |",
        "| --- | ---: | ---: |",
        "| requests/s | 1 | 2 |",
        "| resident MiB | 100 |  |",
    ]


def test_a_row_can_show_what_it_was_divided_into():
    shown = Table((Column("rate", RATE), Column("ours ÷ this", RATE, over_this=True)))

    assert lines(shown, rate("ours", 30.0), rate("theirs", 10.0), rate("ours", 3.0, against="theirs")) == [
        "| row | rate | ours ÷ this |",
        "| --- | ---: | ---: |",
        "| ours | 30 |  |",
        "| theirs | 10 | 3 |",
    ]


def test_what_a_row_adds_is_the_median_of_the_differences_within_rounds():
    shown = Table((Column("rate", RATE), Column("added", RATE, added_to="none")))

    assert lines(shown, rate("none", 1.0, 10.0, 2.0), rate("ours", 3.0, 11.0, 4.5))[2:] == [
        "| none | 2 (1 to 10) |  |",
        "| ours | 4.50 (3 to 11) | 2 |",
    ]


def test_only_rows_that_match_are_shown():
    assert lines(Table(names="ours.*"), rate("ours, alike", 1.0), rate("theirs", 1.0))[2:] == ["| ours, alike | 1 |"]


def test_a_plot_of_what_nobody_measured_is_empty():
    bars = Bars("", "title", "axis", "resident MiB")
    curves = Curves("", "title", "runtimes", "MiB", "resident MiB")
    one_point = Series("ours", "resident MiB", "lower", [1.0], x=1.0)

    assert layout.bars(bars, of(rate("ours", 1.0))) == ""
    assert layout.curves(curves, of(rate("ours", 1.0), one_point)) == ""


def test_bars_have_the_rows_of_one_size_and_curves_all_sizes_of_a_row():
    series = [rate("ours", 1.0, x=1.0), rate("ours", 2.0, x=16.0), rate("none", 3.0, x=16.0), rate("ours", 4.0)]

    assert (
        layout.bars(Bars("", "title", "axis", RATE, x=16), of(*series)).count("<rect class=") == 3
    )  # with the background
    assert layout.curves(Curves("", "title", "clients", RATE, RATE), of(*series)).count("<polyline") == 1
