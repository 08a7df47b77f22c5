"""The alert rules use only metrics and labels that exist, and docs/cluster.md lists every metric and every rule."""

import re
from pathlib import Path

import pytest
import yaml

from tests import exposed_metrics

ROOT = Path(__file__).parents[1]
RULES = [
    rule
    for group in yaml.safe_load((ROOT / "manifests" / "alerts" / "prometheus-rule.yaml").read_text())["spec"]["groups"]
    for rule in group["rules"]
]
PAGE = re.search(r"^## Alerts\n(.*?)^## ", (ROOT / "docs" / "cluster.md").read_text(), re.DOTALL | re.MULTILINE)[1]
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("| ")]


def test_the_page_lists_every_metric_and_every_rule():
    named = {name for row in ROWS for name in re.findall(r"`([a-z_]+)`", row[0])}
    alerts = {name for row in ROWS for name in re.findall(r"`(\w+)`", row[1])}
    exposed = {exposed_metrics.metric(name) for name in exposed_metrics.labels_by_series()}

    assert named == exposed
    assert alerts == {rule["alert"] for rule in RULES}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_a_rule_uses_only_metrics_and_labels_that_exist(rule):
    exposed_metrics.check(rule["expr"])

    grouped = exposed_metrics.grouped(rule["expr"])
    shown = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
    assert not grouped or shown <= grouped


def test_a_rule_has_a_severity_and_a_summary():
    assert {rule["labels"]["severity"] for rule in RULES} == {"critical", "warning", "info"}
    assert all(rule["annotations"]["summary"].endswith(".") for rule in RULES)
    assert len({rule["alert"] for rule in RULES}) == len(RULES)
