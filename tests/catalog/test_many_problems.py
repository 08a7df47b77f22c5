"""A text that is wrong everywhere is checked in proportion to its size, and its problems stay readable."""

import io
import json

import pytest

from webhook import catalog, telemetry
from webhook.app.reports import Reports

#: About a megabyte each, as much as a ConfigMap holds.
TEXTS = {
    "duplicate keys": "templates:\n- runtime: a\n  podTemplate:\n" + "    a:\n" * 130_000,
    "entries that are not maps": "templates:\n" + "- 1\n" * 160_000,
    "merges of values that are not maps": "templates:\n- runtime: a\n  podTemplate:\n" + "    <<: 1\n" * 100_000,
}


def read(text):
    return catalog.read(catalog.Document("templates", "file", text))


@pytest.mark.slow
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_thousand_problems_are_listed_and_the_rest_is_counted(text):
    *listed, last = read(text).problems

    assert len(listed) == 1000
    assert {problem.severity for problem in listed} == {"error"}
    assert (last.code, last.severity) == ("too-many-problems", "warning")
    assert last.cause.endswith(" more problems are not listed")


def test_errors_are_listed_before_findings_in_the_order_of_their_places():
    findings = "".join(f"- {{runtime: r{number}, other: 1}}\n" for number in range(1200))

    problems = read(f"templates:\n{findings}- 1\n").problems

    assert [problem.line for problem in problems[:-1]] == [*range(2, 1001), 1202]
    assert problems[-2].severity == "error"
    assert problems[-1].cause == "201 more problems are not listed"


def test_an_entry_is_broken_by_an_error_beyond_those_that_are_listed():
    document = catalog.Document(
        "templates", "file", "templates:\n" + "- 1\n" * 1500 + "- {runtime: a, podTemplate: 1}\n"
    )

    snapshot = catalog.build([document], None)

    assert "a" not in snapshot.runtime_templates
    assert snapshot.knows("a")


def test_the_log_has_the_first_hundred():
    output = io.BytesIO()
    store = catalog.Store()
    change = store.update(catalog.Document("templates", "file", "templates:\n" + "- 1\n" * 150), 0.0)

    Reports(telemetry.Metrics("test"), telemetry.make_log(output, "json")).configuration_change(change, absent=False)

    events = [json.loads(line) for line in output.getvalue().splitlines()]
    assert [event["event"] for event in events].count("configuration problem") == 100
    assert events[-1] | {"event": "configuration problems not logged", "count": 50} == events[-1]
