"""What ``test`` prints: lines for people, JSON, JUnit's XML, and annotations of GitHub."""

import difflib
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from webhook import cases, catalog, errors
from webhook.cases.matching import ABSENT
from webhook.cli import ci_formats, output
from webhook.cli.case_files import Tested
from webhook.problems import Span

_STYLES: dict[str, str] = {"passed": "green", "failed": "red", "error": "red bold"}
_WORDS: dict[str, str] = {"passed": "ok", "failed": "FAIL", "error": "ERROR"}
_DIFFERENCE = {"-": "green", "+": "red"}

#: Lines of a difference that are shown to people; the JSON has all of it.
_SHOWN_LINES = 40


class _Item(NamedTuple):
    """One thing to report: a failure of a case, or a problem of a case or file."""

    source: str
    line: int
    column: int
    text: str
    details: list[str]


def summary(tested: Sequence[Tested]) -> str:
    """Return how many cases there were, and how many of each status."""
    numbers = _numbers(tested)
    total = sum(numbers[status] for status in _WORDS)
    parts = [f"{numbers['passed']} passed"] + [f"{numbers['failed']} failed"] * (numbers["failed"] > 0)
    parts += [output.counted(numbers["error"], "error")] * (numbers["error"] > 0)
    parts += [f"{output.counted(numbers['file'], 'file')} cannot be used"] * (numbers["file"] > 0)
    return f"{output.counted(total, 'case')} in {output.counted(len(tested), 'file')}: {', '.join(parts)}"


def print_text(tested: Sequence[Tested], console: Console, *, only_failures: bool) -> None:
    """Print a line for each file, and below it what did not pass."""
    for one in tested:
        if only_failures and one.status == "passed":
            continue
        bad = [outcome for outcome in one.outcomes if outcome.status != "passed"]
        count = (
            f"{len(bad)} of {output.counted(len(one.outcomes), 'case')}"
            if bad
            else output.counted(len(one.outcomes), "case")
        )
        line = Text(_WORDS[one.status].ljust(6), style=_STYLES[one.status])
        line.append(errors.printable(one.path), style="bold")
        line.append(f": {count}" if one.outcomes else "")
        console.print(line)
        for item in map(_of_problem, one.problems):
            _print_item(item, console, 2)
        for outcome in bad:
            _print(console, 2, errors.printable(outcome.case.name))
            for item in _items(outcome):
                _print_item(item, console, 4)
            if outcome.note:
                _print(console, 4, f"note: {outcome.note}", "yellow")
    console.print(Text(summary(tested), style="bold"))


def as_json(tested: Sequence[Tested], *, only_failures: bool) -> dict[str, Any]:
    """Return everything as one JSON value."""
    numbers = _numbers(tested)
    return {
        "files": [_file_as_json(one, only_failures) for one in tested if not only_failures or one.status != "passed"],
        "summary": {
            "cases": sum(numbers[status] for status in _WORDS),
            **{status: numbers[status] for status in _WORDS},
            "unusableFiles": numbers["file"],
        },
    }


def junit(tested: Sequence[Tested], *, only_failures: bool) -> str:
    """Return JUnit's XML: a suite for each file. A file that cannot be used is a case with an error."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<testsuites name="hydra-webhook test"{_attributes(tested)}>']
    for one in tested:
        if only_failures and one.status == "passed":
            continue
        lines.append(f"  <testsuite{ci_formats.xml_attributes(name=one.path)}{_attributes([one])}>")
        if one.problems:
            items = [_of_problem(problem) for problem in one.problems]
            lines += _testcase(one.path, one.path, 0, "error", items, "")
        for outcome in one.outcomes:
            if only_failures and outcome.status == "passed":
                continue
            case = outcome.case
            items = list(_items(outcome))
            lines += _testcase(one.path, case.name, case.span.line, outcome.status, items, outcome.note)
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>"])


def annotations(tested: Iterable[Tested]) -> Iterator[str]:
    """Yield a workflow command of GitHub Actions for each failure and problem, which then appears beside the line of the file."""
    for one in tested:
        for problem in one.problems:
            yield _annotation(_of_problem(problem), "test file")
        for outcome in one.outcomes:
            for item in _items(outcome):
                yield _annotation(item, outcome.case.name)


def _numbers(tested: Iterable[Tested]) -> Counter[str]:
    """Return the number of cases by status, and as ``file`` that of files that cannot be used."""
    numbers: Counter[str] = Counter()
    for one in tested:
        numbers.update(outcome.status for outcome in one.outcomes)
        numbers["file"] += bool(one.problems)
    return numbers


def _items(outcome: cases.Outcome) -> Iterator[_Item]:
    yield from map(_of_problem, outcome.problems)
    source = outcome.case.source
    for failure in outcome.failures:
        text = f"{failure.path}: {failure.message}" if failure.path else failure.message
        if failure.expected is not ABSENT and failure.found is not ABSENT:
            text = f"{text} (- expected, + found)"
        if failure.remedy:
            text = f"{text}; {failure.remedy}"
        yield _Item(source, failure.line, failure.column, errors.printable(text), _details(failure))


def _of_problem(problem: catalog.Problem) -> _Item:
    return _Item(problem.source, problem.line, problem.column, problem.message, problem.excerpt.splitlines())


def _place(item: _Item) -> str:
    return f"{item.source}:{item.line}:{item.column}" if item.line else item.source


def _details(failure: cases.Failure) -> list[str]:
    """Return the lines that are expected with a minus, and those that were found with a plus."""
    expected, found = _lines(failure.expected), _lines(failure.found)
    if expected and expected == found:  # "1" and 1
        expected, found = [errors.shown(failure.expected)], [errors.shown(failure.found)]
    lines = list(difflib.unified_diff(expected, found, n=2, lineterm=""))[2:]
    if lines and lines[0].startswith("@@") and sum(line.startswith("@@") for line in lines) == 1:
        lines = lines[1:]
    lines = [f"{line[:1]} {line[1:]}" if line[:1] in "+- " else line for line in lines]
    if len(lines) > _SHOWN_LINES:
        lines = [*lines[:_SHOWN_LINES], f"… and {len(lines) - _SHOWN_LINES} more lines"]
    return lines


def _lines(value: Any) -> list[str]:
    """Return a value as lines that can be compared and shown."""
    if value is ABSENT:
        return []
    if isinstance(value, str):
        return [_visible(line) for line in value.split("\n")]
    if not isinstance(value, dict | list) or not value:
        return [errors.shown(value)]
    written = catalog.dump({"value": value}).partition("\n")[2]
    return [_visible(line) for line in textwrap.dedent(written).splitlines()]


def _visible(line: str) -> str:
    """Return a line whose control characters are escaped."""
    if line.isprintable():
        return line
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in line)


def _print_item(item: _Item, console: Console, indent: int) -> None:
    _print(console, indent, f"{errors.printable(_place(item))}: {item.text}")
    for line in item.details:
        _print(console, indent + 2, line, _DIFFERENCE.get(line[:1], "") if line[1:2] == " " else "")


def _print(console: Console, indent: int, line: str, style: str = "") -> None:
    """Print an indented line; a terminal wraps it, and what follows is indented as well."""
    if console.is_terminal:
        console.print(Padding(Text(line, style=style), (0, 0, 0, indent), expand=False))
    else:
        console.print(Text(" " * indent + line, style=style))


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
                **({"note": outcome.note} if outcome.note and outcome.status != "passed" else {}),
            }
            for outcome in one.outcomes
            if not only_failures or outcome.status != "passed"
        ],
    }


def _attributes(tested: Sequence[Tested]) -> str:
    numbers = _numbers(tested)
    failures, problems = numbers["failed"], numbers["error"] + numbers["file"]
    return f' tests="{numbers["passed"] + failures + problems}" failures="{failures}" errors="{problems}" skipped="0"'


def _testcase(path: str, name: str, line: int, status: cases.Status, items: list[_Item], note: str) -> list[str]:
    opened = f"    <testcase{ci_formats.xml_attributes(classname=path, name=name, file=path, **({'line': str(line)} if line else {}))}"
    if status == "passed":
        return [f"{opened}/>"]
    tag = "failure" if status == "failed" else "error"
    body = [
        text for item in items for text in (f"{_place(item)}: {item.text}", *(f"  {line}" for line in item.details))
    ]
    body += [f"note: {note}"] if note else []
    content = ci_formats.xml_text("\n".join(body))
    return [
        f"{opened}>",
        f"      <{tag}{ci_formats.xml_attributes(message=items[0].text)}>{content}</{tag}>",
        "    </testcase>",
    ]


def _annotation(item: _Item, title: str) -> str:
    text = "\n".join([item.text, *item.details])
    return ci_formats.annotation("error", title, text, item.source, Span(item.line, item.column))
