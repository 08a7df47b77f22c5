"""Which series the server exposes, and which of them PromQL expressions refer to."""

import re

from webhook import telemetry

#: Labels that Prometheus adds to what it scrapes, and the one of a histogram's buckets.
ADDED = {"job", "pod", "le"}

_NAME = re.compile(r"\b(?:hydra_webhook|controller_runtime|process)_\w+")


def labels_by_series() -> dict[str, set[str]]:
    """Return the labels of every series that the server exposes, by the name of the series."""
    metrics = telemetry.Metrics("1.2.3")
    found = {}
    for collector in metrics.registry._collector_to_names:
        of_all = getattr(collector, "_labelnames", ())
        for family in collector.collect():
            labels = set(getattr(family, "_labelnames", ()) or of_all)
            names = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}.get(family.type, [""])
            found |= {f"{family.name}{ending}": labels for ending in names}
    return found


def metric(series: str) -> str:
    """Return the metric that a series belongs to, as pages name it."""
    return re.sub(r"_(bucket|sum|count)$", "", series)


def series(expression: str) -> set[str]:
    """Return the series that an expression refers to."""
    return set(_NAME.findall(_without_strings(expression)))


def selected(expression: str) -> set[str]:
    """Return the labels that an expression selects by."""
    groups = re.findall(r"\{([^}]*)\}", _without_strings(expression))
    return {label for group in groups for label in re.findall(r"(\w+)\s*[=!]", group)}


def grouped(expression: str) -> set[str]:
    """Return the labels that an expression groups by."""
    groups = re.findall(r"by \(([^)]*)\)", _without_strings(expression))
    return {label for group in groups for label in re.split(r",\s*", group)}


def check(expression: str) -> None:
    """Check that an expression refers to series that exist, and to labels that at least one of them has."""
    known = labels_by_series()
    found = series(expression)
    assert found, expression
    assert found <= known.keys(), expression
    assert selected(expression) | grouped(expression) <= set().union(*(known[name] for name in found)) | ADDED, (
        expression
    )
    balanced = _without_strings(expression)
    assert all(balanced.count(left) == balanced.count(right) for left, right in ("()", "[]", "{}")), expression


def _without_strings(expression: str) -> str:
    return re.sub(r'"[^"]*"', '""', expression)
