"""Findings as SARIF 2.1.0, which code scanning of GitHub, Azure DevOps and editors read.

Source: docs.oasis-open.org/sarif/sarif/v2.1.0, and "SARIF support for code scanning" on docs.github.com.
"""

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

import webhook
from webhook import catalog, errors, rules

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: dict[catalog.Severity, str] = {"error": "error", "warning": "warning", "info": "note"}


def log(problems: Sequence[catalog.Problem], fingerprints: Sequence[str], file: Callable[[str], str]) -> dict[str, Any]:
    """Return a log with one run, and in it a result for each problem and a rule for each of their codes.

    Args:
        problems: the findings.
        fingerprints: of each, by which a later run recognises it.
        file: the path of a problem's source, relative to the working directory if it is below; empty if it is not a file.
    """
    codes = list(dict.fromkeys(problem.code for problem in problems))
    driver = {
        "name": "hydra-webhook",
        "semanticVersion": webhook.__version__,
        "rules": [_rule(rules.finding(code)) for code in codes],
    }
    results = [
        {
            "ruleId": problem.code,
            "ruleIndex": codes.index(problem.code),
            "level": _LEVELS[problem.severity],
            "message": {"text": problem.message},
            "locations": [_location(problem, file(problem.source))],
            "partialFingerprints": {"hydraWebhook/v1": fingerprint},
        }
        for problem, fingerprint in zip(problems, fingerprints, strict=True)
    ]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: rules.Rule) -> dict[str, Any]:
    meaning = rules.plain(rule.meaning)
    found: dict[str, Any] = {
        "id": rule.code,
        "shortDescription": {"text": meaning},
        "help": {"text": f"hydra-webhook rule {rule.code} shows examples."},
    }
    if rule.severity:
        found["defaultConfiguration"] = {"level": _LEVELS[rule.severity]}
    return found


def _location(problem: catalog.Problem, path: str) -> dict[str, Any]:
    location: dict[str, Any] = {}
    if path:
        place: dict[str, Any] = {"artifactLocation": {"uri": _uri(path)}}
        if region := _region(problem):
            place["region"] = region
        location["physicalLocation"] = place
    name = f"{problem.source}: {problem.path}" if not path and problem.path else problem.path or problem.source
    location["logicalLocations"] = [{"fullyQualifiedName": errors.printable(name)}]
    return location


def _region(problem: catalog.Problem) -> dict[str, int]:
    begin, end = problem.span[:2], problem.span[2:]
    region = dict(zip(("startLine", "startColumn"), begin, strict=True))
    if all(end) and end >= begin:
        region |= zip(("endLine", "endColumn"), end, strict=True)
    return region if all(begin) else {}


def _uri(path: str) -> str:
    """Return a path as a URI: relative to the root of the repository that is linted, or absolute."""
    return f"file://{quote(path)}" if path.startswith("/") else quote(path)
