"""docs/performance.md is what the bench makes of the saved files: nothing in it is written by hand, and nothing is out of date."""

import re

import pytest

from bench import everything, layout, page, sections
from bench.results import Results, ResultsError, Series, save

ROOT = page.ROOT


def of(bench, *series, **facts):
    return Results(bench, {"rounds": 2}, list(series), {"processor": "a processor", **facts}, "2026-11-30")


def per_second(name, *values, **more):
    return Series(name, "requests/s", "higher", list(values), **more)


THROUGHPUT = of("throughput", per_second("ours", 30.0, 40.0), per_second("ours", 0.3, 0.4, against="constant"))


def test_the_page_and_its_plots_are_what_the_saved_files_give():
    written = page.files(page.results())

    assert {path: (ROOT / path).read_text(encoding="utf-8") for path in written} == written
    assert page.stale(written) == []


def test_every_saved_file_is_shown():
    assert page.results().keys() <= {section.bench for section in sections.SECTIONS}


def test_every_section_but_the_soak_is_measured_by_one_command():
    assert [*everything.BENCHES, "soak"] == [section.bench.replace(" ", "-") for section in sections.SECTIONS]


def test_every_figure_comes_from_a_file():
    only_text = page.files({})[page.PAGE]

    assert re.findall(r"^\|", only_text, re.MULTILINE) == []
    assert re.findall(r"!\[", only_text) == []


def test_a_section_is_left_out_if_its_file_is_missing():
    written = page.files({"throughput": THROUGHPUT})

    assert re.findall("^## (.*)", written[page.PAGE], re.MULTILINE) == ["Requests per second"]
    assert sorted(written) == ["docs/images/performance-throughput.svg", page.PAGE]


def test_a_table_has_medians_with_their_range_and_what_was_not_measured_is_left_out():
    text = page.files({"throughput": THROUGHPUT})[page.PAGE]

    assert "| server | requests/s | ÷ constant |" in text
    assert "| ours | 35 (30 to 40) | 0.35 (0.30 to 0.40) |" in text


def test_the_machine_is_named_once_and_differences_name_their_bench():
    cluster = of("cluster", Series("ours", "pods/s", "higher", [1.0], x=1.0), kernel="new")
    text = page.files({"throughput": THROUGHPUT, "cluster": cluster})[page.PAGE]
    other = of("cluster", Series("ours", "pods/s", "higher", [1.0], x=1.0), processor="another")

    assert "| processor | a processor |" in text
    assert "| kernel | new |" in text
    assert (
        "| processor | a processor (throughput); another (cluster) |"
        in page.files({"throughput": THROUGHPUT, "cluster": other})[page.PAGE]
    )


def test_two_files_of_one_bench_are_refused(tmp_path):
    for name in ("old.json", "new.json"):
        save(tmp_path / name, THROUGHPUT)

    with pytest.raises(ResultsError, match=r"old\.json: a second file of the bench 'throughput'"):
        page.results(tmp_path)


def test_writing_removes_plots_that_the_page_no_longer_has(tmp_path):
    page.write(page.files({"throughput": THROUGHPUT}), tmp_path)
    page.write({page.PAGE: "nothing\n"}, tmp_path)

    assert list((tmp_path / page.IMAGES).iterdir()) == []
    assert (tmp_path / page.PAGE).read_text() == "nothing\n"


def test_every_measure_that_a_section_shows_is_one_that_a_bench_has():
    sources = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "bench").rglob("*.py") if path.name != "sections.py"
    )
    shown = {
        column.measure
        for section in sections.SECTIONS
        for part in section.parts
        if not callable(part)
        for column in (part.columns if isinstance(part, layout.Table) else (part,))
    }

    soaked = re.compile("requests |.* over time|count")  # put together there from what and unit
    assert [measure for measure in shown if f'"{measure}"' not in sources and not soaked.match(measure)] == []


def test_the_command_of_every_section_exists():
    targets = set(re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))

    assert {section.command.removeprefix("make ") for section in sections.SECTIONS} <= targets
