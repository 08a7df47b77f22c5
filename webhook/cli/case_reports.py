"""What ``test`` prints of its cases: lines for people, and what other forms make theirs of."""

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
from webhook.cli import output
from webhook.cli.case_files import Tested

_STYLES: dict[str, str] = {"passed": "green", "failed": "red", "error": "red bold"}
_WORDS: dict[str, str] = {"passed": "ok", "failed": "FAIL", "error": "ERROR"}
_DIFFERENCE = {"-": "green", "+": "red"}

#: Lines of a difference that are shown to people; the JSON has all of it.
_SHOWN_LINES = 40


class Item(NamedTuple):
    """One thing to report: a failure of a case, or a problem of a case or file."""

    source: str
    line: int
    column: int
    text: str
    details: list[str]


def summary(tested: Sequence[Tested]) -> str:
    """Return how many cases there were, and how many of each status."""
    numbers = counts(tested)
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
        shown = [
            outcome for outcome in one.outcomes if outcome.status != "passed" or (outcome.note and not only_failures)
        ]
        count = (
            f"{len(bad)} of {output.counted(len(one.outcomes), 'case')}"
            if bad
            else output.counted(len(one.outcomes), "case")
        )
        line = Text(_WORDS[one.status].ljust(6), style=_STYLES[one.status])
        line.append(errors.printable(one.path), style="bold")
        line.append(f": {count}" if one.outcomes else "")
        console.print(line)
        for item in map(of_problem, one.problems):
            _print_item(item, console, 2)
        for outcome in shown:
            _print(console, 2, errors.printable(outcome.case.name))
            for item in items(outcome):
                _print_item(item, console, 4)
            if outcome.note:
                _print(console, 4, f"note: {outcome.note}", "yellow")
    console.print(Text(summary(tested), style="bold"))


def counts(tested: Iterable[Tested]) -> Counter[str]:
    """Return the number of cases by status, and as ``file`` that of files that cannot be used."""
    numbers: Counter[str] = Counter()
    for one in tested:
        numbers.update(outcome.status for outcome in one.outcomes)
        numbers["file"] += bool(one.problems)
    return numbers


def items(outcome: cases.Outcome) -> Iterator[Item]:
    """Yield why a case has not passed: its problems, then its failures."""
    yield from map(of_problem, outcome.problems)
    source = outcome.case.source
    for failure in outcome.failures:
        text = f"{failure.path}: {failure.message}" if failure.path else failure.message
        if failure.expected is not ABSENT and failure.found is not ABSENT:
            text = f"{text} (- expected, + found)"
        if failure.remedy:
            text = f"{text}; {failure.remedy}"
        yield Item(source, failure.line, failure.column, errors.printable(text), _details(failure))


def of_problem(problem: catalog.Problem) -> Item:
    """Return a problem as a thing to report."""
    return Item(problem.source, problem.line, problem.column, problem.message, problem.excerpt.splitlines())


def place(item: Item) -> str:
    """Return where something is, as far as that is known."""
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


def _print_item(item: Item, console: Console, indent: int) -> None:
    _print(console, indent, f"{errors.printable(place(item))}: {item.text}")
    for line in item.details:
        _print(console, indent + 2, line, _DIFFERENCE.get(line[:1], "") if line[1:2] == " " else "")


def _print(console: Console, indent: int, line: str, style: str = "") -> None:
    """Print an indented line; a terminal wraps it, and what follows is indented as well."""
    if console.is_terminal:
        console.print(Padding(Text(line, style=style), (0, 0, 0, indent), expand=False))
    else:
        console.print(Text(" " * indent + line, style=style))
