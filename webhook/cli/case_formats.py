"""What ``test`` prints for programs: JSON, JUnit's XML, and annotations of GitHub. Each has what was measured, too."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from webhook import cases, errors
from webhook.cases.coverage import text as as_text
from webhook.cli import case_reports, ci_formats
from webhook.cli.case_files import Tested
from webhook.cli.case_measures import Measured
from webhook.cli.case_reports import Item
from webhook.problems import Span

_STATUSES: tuple[cases.Status, ...] = ("passed", "failed", "error")

# --- JSON ---


def as_json(tested: Sequence[Tested], measured: Measured, *, only_failures: bool) -> dict[str, Any]:
    """Return everything as one JSON value."""
    numbers = case_reports.counts(tested)
    found: dict[str, Any] = {
        "files": [_file_as_json(one, only_failures) for one in tested if not only_failures or one.status != "passed"],
        "summary": {
            "cases": sum(numbers[status] for status in _STATUSES),
            **{status: numbers[status] for status in _STATUSES},
            "unusableFiles": numbers["file"],
        },
    }
    if measured.coverage is not None:
        found["coverage"] = _coverage_as_json(measured.coverage)
    if measured.mutants is not None:
        found["mutants"] = _mutants_as_json(measured.mutants)
    return found


def _file_as_json(one: Tested, only_failures: bool) -> dict[str, Any]:  # noqa: FBT001 - private
    return {
        "path": one.path,
        "status": one.status,
        "problems": one.problems,
        "cases": [
            {
                "name": outcome.case.name,
                "line": outcome.case.span.line,
                "status": outcome.status,
                "failures": outcome.failures,
                "problems": outcome.problems,
                **({"note": outcome.note} if outcome.note else {}),
            }
            for outcome in one.outcomes
            if not only_failures or outcome.status != "passed"
        ],
    }


def _coverage_as_json(coverage: cases.coverage.Coverage) -> dict[str, Any]:
    return {
        **_share_as_json(coverage.counted),
        "parts": [
            {"source": source, "owner": owner, **_share_as_json(counted)}
            for source, owner, counted in coverage.owners()
        ],
        "missed": [
            {
                "source": one.source,
                "line": one.line,
                "column": one.column,
                "owner": one.owner,
                "what": one.what,
                "subject": one.subject,
                "message": text,
            }
            for one, text in as_text.all_gaps(coverage)
        ],
    }


def _share_as_json(counted: Sequence[cases.coverage.Counted]) -> dict[str, Any]:
    hit = sum(bool(one.hits) for one in counted)
    return {"percent": cases.coverage.percent(counted), "counted": len(counted), "covered": hit}


def _mutants_as_json(tried: cases.mutants.Tried) -> dict[str, Any]:
    verdicts: tuple[cases.mutants.Verdict, ...] = ("killed", "survived", "untested", "equivalent")
    return {
        "score": tried.score,
        **{verdict: tried.count(verdict) for verdict in verdicts},
        "untried": tried.untried,
        "survivors": [
            {
                "source": one.source,
                "line": one.line,
                "column": one.column,
                "kind": one.kind,
                "where": one.where,
                "removed": one.removed,
                "added": one.added,
                "message": cases.mutants.unnoticed(one),
            }
            for one in tried.survivors
        ],
        "withoutCases": [
            {"source": source, "runtime": runtime, "changes": count}
            for (source, runtime), count in tried.untested.items()
        ],
    }


# --- JUnit ---


def junit(tested: Sequence[Tested], measured: Measured, *, only_failures: bool) -> str:
    """Return JUnit's XML: a suite for each file, and one for each measure. A file that cannot be used is a case with an error."""
    suites = [
        line for one in tested if not only_failures or one.status != "passed" for line in _suite(one, only_failures)
    ]
    measures = list(measured.reports())
    for name, report, fault in measures:
        if fault or not only_failures:
            suites += _measure(name, report, fault)
    numbers = _numbers(tested, [bool(fault) for _, _, fault in measures])
    head = ['<?xml version="1.0" encoding="UTF-8"?>', f'<testsuites name="hydra-webhook test"{numbers}>']
    return "\n".join([*head, *suites, "</testsuites>"])


def _suite(one: Tested, only_failures: bool) -> Iterator[str]:  # noqa: FBT001 - private
    yield f"  <testsuite{ci_formats.xml_attributes(name=one.path)}{_numbers([one])}>"
    if one.problems:
        yield from _testcase(
            one.path, one.path, 0, "error", [case_reports.of_problem(problem) for problem in one.problems]
        )
    for outcome in one.outcomes:
        if not only_failures or outcome.status != "passed":
            line, items = outcome.case.span.line, list(case_reports.items(outcome))
            yield from _testcase(one.path, outcome.case.name, line, outcome.status, items, outcome.note)
    yield "  </testsuite>"


def _measure(name: str, report: str, fault: str) -> Iterator[str]:
    """Yield the suite of what was measured, with one case, which fails if it is not enough."""
    yield f"  <testsuite{ci_formats.xml_attributes(name=name)}{_numbers([], [bool(fault)])}>"
    yield f"    <testcase{ci_formats.xml_attributes(classname=name, name=name)}>"
    if fault:
        yield f"      <failure{ci_formats.xml_attributes(message=fault)}>{ci_formats.xml_text(report)}</failure>"
    else:
        yield f"      <system-out>{ci_formats.xml_text(report)}</system-out>"
    yield "    </testcase>"
    yield "  </testsuite>"


def _numbers(tested: Sequence[Tested], measures: Sequence[bool] = ()) -> str:
    """Return the numbers of test files, and of measures that are not enough if True, as XML attributes."""
    numbers = case_reports.counts(tested)
    failures, problems = numbers["failed"] + sum(measures), numbers["error"] + numbers["file"]
    total = sum(numbers[status] for status in _STATUSES) + numbers["file"] + len(measures)
    return f' tests="{total}" failures="{failures}" errors="{problems}" skipped="0"'


def _testcase(
    path: str, name: str, line: int, status: cases.Status, items: Sequence[Item], note: str = ""
) -> Iterator[str]:
    opened = f"    <testcase{ci_formats.xml_attributes(classname=path, name=name, file=path, **({'line': str(line)} if line else {}))}"
    if status == "passed" and not note:
        yield f"{opened}/>"
        return
    body = [
        text
        for item in items
        for text in (f"{case_reports.place(item)}: {item.text}", *(f"  {line}" for line in item.details))
    ]
    body += [f"note: {note}"] if note else []
    tag = {"passed": "system-out", "failed": "failure", "error": "error"}[status]
    message = ci_formats.xml_attributes(message=items[0].text) if status != "passed" else ""
    yield f"{opened}>"
    yield f"      <{tag}{message}>{ci_formats.xml_text(chr(10).join(body))}</{tag}>"
    yield "    </testcase>"


# --- GitHub ---


def annotations(tested: Iterable[Tested], measured: Measured) -> Iterator[str]:
    """Yield workflow commands of GitHub Actions, each of which appears beside its line of a file.

    Failures and problems are errors; what no case goes through and what none notices are warnings. A case that tests nothing of
    the templates on purpose is a notice.
    """
    for one in tested:
        yield from (_annotation("error", case_reports.of_problem(problem), "test file") for problem in one.problems)
        for outcome in one.outcomes:
            yield from _of_case(outcome)
    for gap, text in measured.gaps:
        yield _annotation("warning", Item(gap.source, gap.line, gap.column, f"{gap.owner}: {text}", []), "coverage")
    if measured.mutants is not None:
        for mutant in measured.mutants.survivors:
            details = list(cases.mutants.difference(mutant))
            item = Item(mutant.source, mutant.line, mutant.column, cases.mutants.unnoticed(mutant), details)
            yield _annotation("warning", item, "mutant")
        for (source, runtime), count in measured.mutants.untested.items():
            yield _annotation("warning", Item(source, 0, 0, cases.mutants.without_cases(runtime, count), []), "mutant")
    for name, _, fault in measured.reports():
        if fault:
            yield ci_formats.annotation("error", name, fault)


def _of_case(outcome: cases.Outcome) -> Iterator[str]:
    case = outcome.case
    yield from (_annotation("error", item, case.name) for item in case_reports.items(outcome))
    if outcome.note:
        note = Item(case.source, case.span.line, case.span.column, errors.printable(outcome.note), [])
        yield _annotation("notice", note, case.name)


def _annotation(level: ci_formats.Level, item: Item, title: str) -> str:
    text = "\n".join([item.text, *item.details])
    return ci_formats.annotation(level, title, text, item.source, Span(item.line, item.column))
