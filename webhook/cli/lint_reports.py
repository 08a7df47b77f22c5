"""The forms in which ``lint`` prints findings for people and for CI systems."""

import os
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from webhook import catalog, digests, errors
from webhook.cli import ci_formats, output

NAMES: dict[catalog.Severity, str] = {"error": "error", "warning": "warning", "info": "remark"}
_STYLES: dict[catalog.Severity, str] = {"error": "red", "warning": "yellow", "info": "blue"}
_LEVELS: dict[catalog.Severity, ci_formats.Level] = {"error": "error", "warning": "warning", "info": "notice"}

#: Severities of GitLab's Code Quality reports: info, minor, major, critical, blocker.
_QUALITY: dict[catalog.Severity, str] = {"error": "critical", "warning": "major", "info": "info"}
_INDENT = "    "


def line(problem: catalog.Problem) -> str:
    """Return a finding as one line, which can be searched for, and its excerpt in indented lines below."""
    lines = [f"{problem} [{problem.severity}: {problem.code}]", *problem.excerpt.splitlines()]
    return f"\n{_INDENT}".join(lines)


def show(console: Console, problem: catalog.Problem) -> None:
    """Print a finding for a person: place and cause, excerpt, key path and remedy, wrapped to the terminal's width."""
    style = _STYLES[problem.severity]
    headline = Text(problem.place, style="bold")
    headline.append(f" {problem.severity}[{problem.code}]", style=style)
    headline.append(f": {errors.printable(problem.cause)}", style="not bold")
    console.print(headline)
    source, _, carets = problem.excerpt.partition("\n")
    details = [Text(source, no_wrap=True, overflow="ellipsis")] if source else []
    details += [Text(carets, style=f"bold {style}", no_wrap=True, overflow="ellipsis")] if carets else []
    details += [Text(f"at {errors.printable(problem.path)}", style="dim")] if problem.path else []
    details += [Text.assemble(("help: ", "green"), errors.printable(problem.remedy))] if problem.remedy else []
    for detail in details:
        console.print(Padding(detail, (0, 0, 0, len(_INDENT)), expand=False))
    console.print()


def summary(problems: Sequence[catalog.Problem]) -> str:
    """Return how many findings there are of each severity."""
    numbers = Counter(problem.severity for problem in problems)
    counted = [output.counted(numbers[severity], name) for severity, name in NAMES.items() if numbers[severity]]
    return ", ".join(counted) or "no findings"


def path_of(source: str) -> str:
    """Return the path of a file with forward slashes, relative to the working directory if the file is below it."""
    path = Path(os.path.normpath(source))
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    return path.as_posix()


def annotations(problems: Sequence[catalog.Problem], files: Collection[str]) -> Iterator[str]:
    """Yield an annotation of GitHub for each finding.

    ``files`` are the sources that are files; what is about another one names it in its text.
    """
    for problem in problems:
        level = _LEVELS[problem.severity]
        if problem.source in files:
            path = path_of(problem.source)
            yield ci_formats.annotation(level, problem.code, problem.message, path, problem.span)
        else:
            yield ci_formats.annotation(level, problem.code, str(problem))


def code_quality(problems: Sequence[catalog.Problem], files: Collection[str]) -> list[dict[str, Any]]:
    """Return a Code Quality report of GitLab, which shows what a merge request adds and fixes.

    Source: docs.gitlab.com, "Code Quality", "Code Quality report format".
    """
    return [
        {
            "description": problem.message,
            "check_name": problem.code,
            "fingerprint": fingerprint,
            "severity": _QUALITY[problem.severity],
            "location": {
                "path": path_of(problem.source) if problem.source in files else problem.source,
                "lines": {"begin": max(problem.line, 1)},
            },
        }
        for problem, fingerprint in zip(problems, fingerprints(problems), strict=True)
    ]


def fingerprints(problems: Sequence[catalog.Problem]) -> list[str]:
    """Return what identifies each finding across runs: not its line, which other edits move, nor its wording.

    Equal findings of one key are told apart by their number.
    """
    seen: Counter[tuple[str, str, str]] = Counter()
    found = []
    for problem in problems:
        key = (problem.code, path_of(problem.source), problem.path)
        found.append(digests.of([*key, seen[key]]))
        seen[key] += 1
    return found


def junit(
    problems: Sequence[catalog.Problem],
    sources: Sequence[str],
    files: Collection[str],
    failing: Collection[catalog.Severity],
) -> str:
    """Return JUnit's XML: a suite for each configuration, and in it a case for each finding, or one that passes.

    Findings of the ``failing`` severities are failures, others pass and have their text as output.
    """
    by_source: dict[str, list[catalog.Problem]] = {source: [] for source in sources}
    for problem in problems:
        by_source.setdefault(problem.source, []).append(problem)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    lines.append(f'<testsuites name="hydra-webhook lint"{_numbers(by_source.values(), failing)}>')
    for source, found in by_source.items():
        named = {"file": path_of(source)} if source in files else {}
        lines.append(f"  <testsuite{ci_formats.xml_attributes(name=source)}{_numbers([found], failing)}>")
        if not found:
            case = ci_formats.xml_attributes(classname=source, name="no findings", **named)
            lines.append(f"    <testcase{case}/>")
        for problem in found:
            placed = {**named, "line": str(problem.line)} if named and problem.line else named
            name = f"{problem.code} at {problem.line}:{problem.column}" if problem.line else problem.code
            case = ci_formats.xml_attributes(classname=source, name=name, **placed)
            lines += [f"    <testcase{case}>", _outcome(problem, failing), "    </testcase>"]
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>"])


def _outcome(problem: catalog.Problem, failing: Collection[catalog.Severity]) -> str:
    content = ci_formats.xml_text(line(problem))
    if problem.severity not in failing:
        return f"      <system-out>{content}</system-out>"
    named = ci_formats.xml_attributes(type=problem.severity, message=problem.message)
    return f"      <failure{named}>{content}</failure>"


def _numbers(found: Collection[Sequence[catalog.Problem]], failing: Collection[catalog.Severity]) -> str:
    tests = sum(max(len(one), 1) for one in found)
    failures = sum(problem.severity in failing for one in found for problem in one)
    return f' tests="{tests}" failures="{failures}" errors="0" skipped="0"'
