"""The Grafana dashboard asks only for metrics that a server exposes, and shows each of them."""

import asyncio
import contextlib
import http.client
import io
import itertools
import json
import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests import exposed_metrics
from webhook import app, telemetry

ROOT = Path(__file__).parents[1]
DASHBOARD = json.loads((ROOT / "manifests" / "dashboards" / "hydra-webhook.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
TARGETS = [
    pytest.param(target, id=f"{panel['title']} {target['refId']}") for panel in PANELS for target in panel["targets"]
]


@pytest.mark.parametrize("target", TARGETS)
def test_an_expression_uses_only_metrics_and_labels_that_exist(target):
    expression = target["expr"].replace("$__rate_interval", "5m")

    exposed_metrics.check(expression)

    assert target["datasource"] == SOURCE
    assert "$" not in expression
    assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= exposed_metrics.grouped(expression)


@pytest.mark.parametrize("target", TARGETS)
def test_counters_are_shown_as_rates_and_a_legend_tells_all_series_apart(target):
    expression, legend = target["expr"], target["legendFormat"]
    for name in exposed_metrics.series(expression):
        if name.endswith(("_total", "_bucket", "_sum", "_count")):
            assert re.search(rf"\b(rate|increase)\({name}", expression), name
    outermost = re.match(r"(?:\w+ by \(([^)]*)\)|.*)", expression)[1]
    labels = set(re.split(r",\s*", outermost)) if outermost else set()
    assert labels <= set(re.findall(r"\{\{(\w+)\}\}", legend))


def test_every_metric_is_on_the_dashboard():
    shown = {name for target in TARGETS for name in exposed_metrics.series(target.values[0]["expr"])}

    exposed = {exposed_metrics.metric(name) for name in exposed_metrics.labels_by_series()}
    assert {exposed_metrics.metric(name) for name in shown} == exposed


def test_panels_have_a_description_and_do_not_overlap():
    assert all(panel["description"].endswith(".") for panel in PANELS)
    assert all(panel["datasource"] == SOURCE for panel in PANELS)
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    taken = set()
    for place in (panel["gridPos"] for panel in DASHBOARD["panels"]):
        cells = set(
            itertools.product(range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"]))
        )
        assert not cells & taken
        assert max(x for x, _ in cells) < 24
        taken |= cells


async def test_a_running_server_exposes_every_metric_that_dashboard_and_alerts_may_use():
    options = app.Options(host="127.0.0.1", port=0, health_port=0)
    async with app.serving(options, telemetry.make_log(io.BytesIO(), "json")) as running:
        body = await asyncio.to_thread(_scraped, running.health_port)
    scraped = {family.name for family in text_string_to_metric_families(body)}

    families = {re.sub(r"_(total|bucket|sum|count)$", "", name) for name in exposed_metrics.labels_by_series()}
    assert families <= scraped | {"process_start_time_seconds"}


def _scraped(port: int) -> str:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
        connection.request("GET", "/metrics")
        return connection.getresponse().read().decode()
