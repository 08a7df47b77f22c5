"""Files of results: what is written can be read again, and what is not such a file is refused with its place."""

import argparse
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import webhook
from bench import results
from bench.results import Results, ResultsError, Series

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
NAMES = st.text(min_size=1, max_size=20)
SERIES = st.builds(
    Series,
    NAMES,
    NAMES,
    st.sampled_from(["higher", "lower", "neither"]),
    st.lists(NUMBERS, min_size=1, max_size=9),
    st.none() | NUMBERS,
    st.just("") | NAMES,
    NAMES,
)


def rows_of(series):
    return series.name, series.measure, series.against, series.x


def of(*series, bench="throughput", method=None):
    return Results(bench, method or {"rounds": 3}, list(series), {"processor": "a processor"}, "2026-11-30")


def per_second(name, *values, **more):
    return Series(name, "requests/s", "higher", list(values), **more)


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "throughput.json"
    results.save(path, of(per_second("ours", 30.0, 40.0, 20.0), per_second("no-op webhook", 100.0, 100.0, 50.0)))
    return path


# --- files ---


@given(st.lists(SERIES, min_size=1, max_size=5, unique_by=rows_of))
def test_what_is_saved_is_loaded_again_and_saved_to_the_same_bytes(tmp_path_factory, series):
    path = tmp_path_factory.mktemp("saved") / "results.json"
    results.save(path, of(*series))
    written = path.read_bytes()

    assert results.load(path) == of(*series)
    results.save(path, results.load(path))
    assert path.read_bytes() == written


def test_a_file_is_json_with_a_line_for_each_series(saved):
    lines = saved.read_text().splitlines()

    assert [json.loads(line.rstrip(","))["name"] for line in lines if '"name"' in line] == ["ours", "no-op webhook"]
    assert json.loads(saved.read_text())["version"] == results.VERSION
    assert saved.read_text().endswith("}\n")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not JSON: Input data was truncated"),
        ("[]", "not results of a bench, as written with --save: Expected `object`, got `array`"),
        ("{}", "Object missing required field `version`"),
        ('{"version": 2}', "written by another version: its format is 2, this one reads 1"),
        ('{"version": 1, "bench": "throughput"}', "Object missing required field `method`"),
    ],
)
def test_another_file_is_refused(tmp_path, text, why):
    path = tmp_path / "other.json"
    path.write_text(text)

    with pytest.raises(ResultsError) as raised:
        results.load(path)
    assert str(raised.value).startswith(f"{path}: ")
    assert why in str(raised.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ResultsError, match=r"gone\.json: No such file or directory"):
        results.load(tmp_path / "gone.json")


def test_a_field_of_another_type_is_named_with_its_place(saved):
    saved.write_text(saved.read_text().replace("30.0", '"30"'))

    with pytest.raises(ResultsError, match=r"Expected `float`, got `str` - at `\$\.series\[0\]\.values\[0\]`"):
        results.load(saved)


def test_an_unknown_field_is_named(saved):
    saved.write_text(saved.read_text().replace('"bench"', '"speed": 1, "bench"'))

    with pytest.raises(ResultsError, match="unknown field `speed`"):
        results.load(saved)


@pytest.mark.parametrize(
    ("series", "why"),
    [
        ([], "nothing was measured"),
        ([per_second("ours")], "ours, requests/s: has no values"),
        ([per_second("ours", float("nan"))], r"ours, requests/s: \[nan\] are not all numbers"),
        ([per_second("ours", 1.0), per_second("ours", 2.0)], "two series for one row"),
    ],
)
def test_what_could_not_be_used_later_is_not_saved(tmp_path, series, why):
    path = tmp_path / "results.json"

    with pytest.raises(ResultsError, match=why):
        results.save(path, of(*series))
    assert not path.exists()


def test_the_points_of_a_curve_are_different_rows(tmp_path):
    path = tmp_path / "results.json"
    curve = of(*(Series("ours", "decision µs", "lower", [80.0], x=float(size)) for size in (1, 10)))
    results.save(path, curve)

    assert results.load(path) == curve


def test_the_machine_and_the_versions_are_named():
    facts = results.machine(Kubernetes="1.36.3")

    assert facts["hydra-runtime-webhook"] == webhook.__version__
    assert facts["Kubernetes"] == "1.36.3"
    assert {"processor", "cores", "kernel", "Python", "aiohttp", "uvloop"} <= facts.keys()
    assert all(facts.values())


# --- ratios ---


def test_a_ratio_is_taken_within_each_round(saved):
    assert results.ratio(results.load(saved), "ours", "no-op webhook", "requests/s") == [0.3, 0.4, 0.4]


def test_a_ratio_says_what_it_was_divided_by():
    found = results.against(per_second("ours", 30.0), per_second("no-op webhook", 100.0))

    assert (found.name, found.against, found.measure, found.values) == ("ours", "no-op webhook", "requests/s", [0.3])


@pytest.mark.parametrize(
    ("base", "why"),
    [
        (per_second("no-op webhook", 1.0), "2 and 1 rounds are not pairs"),
        (per_second("no-op webhook", 1.0, 0.0), "a value to divide by is 0"),
    ],
)
def test_series_that_make_no_ratio_are_refused(base, why):
    with pytest.raises(ResultsError, match=why):
        results.against(per_second("ours", 1.0, 2.0), base)


def test_a_row_that_was_not_measured_is_reported_with_those_that_were(saved):
    with pytest.raises(ResultsError, match="theirs has no requests/s; measured of: ours, no-op webhook"):
        results.ratio(results.load(saved), "theirs", "ours", "requests/s")


# --- options ---


def parsed(*words):
    parser = argparse.ArgumentParser()
    results.add_options(parser)
    return parser.parse_args([str(word) for word in words])


def ratios_of(*values, **more):
    """Return the results of as many rounds as a verdict needs."""
    return of(per_second("ours", *values, *values, against="no-op webhook"), **more)


def test_without_options_nothing_is_written_and_the_status_is_0():
    assert results.finish(parsed(), ratios_of(0.4, 0.4, 0.4)) == 0


def test_a_slower_run_has_the_status_1_and_one_line_about_it(tmp_path, capsys):
    path = tmp_path / "before.json"
    results.save(path, ratios_of(0.40, 0.41, 0.42))

    status = results.finish(parsed("--compare", path), ratios_of(0.30, 0.31, 0.32, method={"rounds": 5}))

    assert status == 1
    printed = capsys.readouterr().out
    assert "ours ÷ no-op webhook: requests/s" in printed
    assert "+32%" in printed
    assert "note: rounds: 3 before, 5 now" in printed


def test_the_threshold_decides_what_counts(tmp_path):
    path = tmp_path / "before.json"
    results.save(path, ratios_of(0.40, 0.41, 0.42))

    assert results.finish(parsed("--compare", path, "--threshold", "0.5"), ratios_of(0.30, 0.31, 0.32)) == 0


def test_one_file_can_be_compared_with_and_replaced(tmp_path):
    path = tmp_path / "results.json"
    results.save(path, ratios_of(0.40, 0.41, 0.42))

    assert results.finish(parsed("--compare", path, "--save", path), ratios_of(0.30, 0.31, 0.32)) == 1
    assert results.load(path) == ratios_of(0.30, 0.31, 0.32)


def test_results_of_another_bench_are_not_compared(saved):
    with pytest.raises(ResultsError, match="has results of 'throughput', and this bench is 'cluster'"):
        results.finish(parsed("--compare", saved), ratios_of(0.3, bench="cluster"))


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--compare", "gone.json"], "gone.json: No such file or directory"),
        (["--save", "gone/results.json"], "the folder gone does not exist"),
        (["--threshold", "0"], "0 is not a number above 0"),
        (["--threshold", "much"], "invalid _positive value"),
    ],
)
def test_a_mistaken_option_is_refused_before_anything_is_measured(words, why, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(SystemExit):
        parsed(*words)
    assert why in capsys.readouterr().err


def test_struct_and_file_agree_on_what_may_be_left_out():
    assert msgspec.json.encode(per_second("ours", 1.0)) == (
        b'{"name":"ours","measure":"requests/s","better":"higher","values":[1.0]}'
    )
