"""The alert rules use only metrics and labels that exist, and docs/cluster.md lists every metric and every rule."""

import re
from pathlib import Path

import pytest
import yaml

from webhook import telemetry

ROOT = Path(__file__).parents[1]
RULES = [
    rule
    for group in yaml.safe_load((ROOT / "manifests" / "alerts" / "prometheus-rule.yaml").read_text())["spec"]["groups"]
    for rule in group["rules"]
]
PAGE = re.search(r"^## Alerts\n(.*?)^## ", (ROOT / "docs" / "cluster.md").read_text(), re.DOTALL | re.MULTILINE)[1]
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("| ")]


def labels_of_metrics() -> dict[str, set[str]]:
    """Return the labels of every series that the server exposes, by the name of the series."""
    metrics = telemetry.Metrics("1.2.3")
    found = {}
    for collector in metrics.registry._collector_to_names:
        labels = set(getattr(collector, "_labelnames", ()))
        for family in collector.collect():
            names = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}.get(family.type, [""])
            found |= {f"{family.name}{ending}": labels for ending in names}
    return found


def test_the_page_lists_every_metric_and_every_rule():
    named = {name for row in ROWS for name in re.findall(r"`([a-z_]+)`", row[0])}
    alerts = {name for row in ROWS for name in re.findall(r"`(\w+)`", row[1])}
    exposed = {re.sub(r"_(bucket|sum|count)$", "", name) for name in labels_of_metrics()}

    assert named == exposed
    assert alerts == {rule["alert"] for rule in RULES}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_a_rule_uses_only_metrics_and_labels_that_exist(rule):
    metrics = labels_of_metrics()
    expression = re.sub(r'"[^"]*"', '""', rule["expr"])
    added_by_prometheus = {"job", "pod", "le"}

    names = re.findall(r"\b(?:hydra_webhook|controller_runtime|process)_\w+", expression)
    assert names
    assert set(names) <= metrics.keys()
    selected = {
        label for group in re.findall(r"\{([^}]*)\}", expression) for label in re.findall(r"(\w+)\s*[=!]", group)
    }
    grouped = {label for group in re.findall(r"by \(([^)]*)\)", expression) for label in re.split(r",\s*", group)}
    known = set().union(*(metrics[name] for name in names)) | added_by_prometheus
    assert selected | grouped <= known
    shown = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
    assert not grouped or shown <= grouped


def test_a_rule_has_a_severity_and_a_summary():
    assert {rule["labels"]["severity"] for rule in RULES} == {"critical", "warning", "info"}
    assert all(rule["annotations"]["summary"].endswith(".") for rule in RULES)
    assert len({rule["alert"] for rule in RULES}) == len(RULES)
