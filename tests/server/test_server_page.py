"""docs/server.md names every option, metric and log event, and no others."""

import io
import json
import re
from pathlib import Path

import pytest
import typer

from webhook import catalog, cli, errors, mutation, rendering, review, telemetry
from webhook.settings import Settings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "server.md").read_text()


def rows(section: str) -> list[list[str]]:
    """Return the cells of all table rows of a section, without the header rows."""
    (text,) = re.findall(rf"^## {section}\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    tables = re.findall(r"^\|.*\n\|[-|]+\n((?:\|.*\n)+)", text, re.MULTILINE)
    return [[cell.strip() for cell in line.strip("|").split("|")] for table in tables for line in table.splitlines()]


def code(cell: str) -> list[str]:
    """Return the inline code in a table cell."""
    return re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", cell, flags=re.DOTALL))


def test_every_option_has_its_row_with_its_variable_and_default():
    command = typer.main.get_command(cli._app).commands["serve"]
    options = {parameter.opts[0]: parameter for parameter in command.params if parameter.opts[0] != "--help"}
    documented = {code(option)[0]: (code(variable)[0], default) for option, variable, default, _ in rows("Options")}
    assert documented.keys() == options.keys()
    for option, parameter in options.items():
        variable, default = documented[option]
        assert variable == parameter.envvar
        # A default that the page describes in words is empty or absent in the command.
        assert (code(default) or [""])[0] == str(parameter.default or "")


def test_every_metric_has_its_row_with_its_type_and_labels():
    metrics = telemetry.Metrics("1.2.3")
    registered = {}
    for collector in metrics.registry._collector_to_names:
        of_all = getattr(collector, "_labelnames", ())
        for family in collector.collect():
            labels = set(getattr(family, "_labelnames", ()) or of_all)
            name = f"{family.name}_total" if family.type == "counter" else family.name
            registered[name] = (family.type, labels)
    documented = {code(name)[0]: (kind, set(code(labels))) for name, kind, labels, _ in rows("Metrics")}
    assert documented == registered


def raising(error):
    def handle(_request, _state):
        raise error

    return handle


HANDLERS = {
    "mutated": mutation.handle,
    "denied": raising(errors.Denied("no-image", "no")),
    "errored": raising(ValueError("x")),
}


@pytest.mark.parametrize("handler", HANDLERS.values(), ids=HANDLERS)
def test_every_field_of_an_admission_has_its_row(handler):
    output = io.BytesIO()
    state = rendering.State(catalog.build(catalog.embedded(), None), Settings())
    log, metrics = telemetry.make_log(output, "json"), telemetry.Metrics("1.2.3")
    body = (ROOT / "tests" / "reviews" / "pod-kubectl-create.json").read_bytes()

    review.Reviewer(handler, lambda: state, metrics, log).answer(body, 0.0)

    line = json.loads(output.getvalue())
    documented = {field for row in rows("The log") for field in code(row[0])}
    assert line.keys() - {"timestamp", "level", "event"} <= documented


def test_every_event_is_listed():
    source = "".join(path.read_text() for path in (ROOT / "webhook").rglob("*.py"))
    logged = set(re.findall(r"(?:log\.(?:info|warning|error)|write)\(\s*\"([^\"]+)\"", source))
    logged |= set(re.findall(r"\"(configuration \w+|certificate loaded)\"", source))
    assert logged
    assert logged - set(code(PAGE)) == set()
