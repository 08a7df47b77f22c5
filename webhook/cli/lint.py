"""``hydra-webhook lint``: everything that is wrong or suspicious in a configuration."""

import enum
from collections import Counter
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from webhook import catalog, errors, linting
from webhook.cli import options, output


class Threshold(enum.StrEnum):
    """The mildest severity that makes ``lint`` fail."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


_SEVERITIES = [severity.value for severity in Threshold]
_NAMES: dict[catalog.Severity, str] = {"error": "error", "warning": "warning", "info": "remark"}
_STYLES: dict[catalog.Severity, str] = {"error": "red", "warning": "yellow", "info": "blue"}
_INDENT = "    "

FailOn = Annotated[
    Threshold,
    typer.Option(envvar="HYDRA_WEBHOOK_FAIL_ON", help="Exit with status 1 for findings of this severity or worse."),
]


def lint(
    templates: options.Templates = None,
    agent: options.Agent = None,
    gpu_configs: options.GpuConfigs = None,
    output_format: options.ReportOutput = output.ReportFormat.TEXT,
    fail_on: FailOn = Threshold.WARNING,
) -> None:
    """Report what is wrong or suspicious in a configuration.

    Only the given files are checked, or without any the built-in configuration. Each finding has its place, and the
    line of the file below it. In a pipe, findings begin with file:line:column, and what belongs to one is indented.

    Exit status: 0 no findings of --fail-on or worse, 1 such findings, 2 wrong usage.
    """
    problems = linting.lint(options.given(templates, agent, gpu_configs) or catalog.embedded())
    if output_format is output.ReportFormat.JSON:
        output.print_json(problems)
    else:
        console = output.console()
        for problem in problems:
            if console.is_terminal:
                _show(console, problem)
            else:
                typer.echo(_line(problem))
    output.report(_summary(problems))
    failing = _SEVERITIES[: _SEVERITIES.index(fail_on) + 1]
    if any(problem.severity in failing for problem in problems):
        raise typer.Exit(1)


def _line(problem: catalog.Problem) -> str:
    """Return a finding as one line, which can be searched for, and its excerpt in indented lines below."""
    lines = [f"{problem} [{problem.severity}: {problem.code}]", *problem.excerpt.splitlines()]
    return f"\n{_INDENT}".join(lines)


def _show(console: Console, problem: catalog.Problem) -> None:
    """Print a finding for a person: place and cause, excerpt, key path and remedy, wrapped to the terminal's width."""
    place = f"{problem.source}:{problem.line}:{problem.column}" if problem.line else problem.source
    headline = Text(errors.printable(place), style="bold")
    headline.append(f" {problem.severity}[{problem.code}]", style=_STYLES[problem.severity])
    headline.append(f": {errors.printable(problem.cause)}", style="not bold")
    console.print(headline)
    details = [Text(line, style="cyan", no_wrap=True, overflow="ellipsis") for line in problem.excerpt.splitlines()]
    details += [Text(f"at {errors.printable(problem.path)}", style="dim")] if problem.path else []
    details += [Text(f"help: {errors.printable(problem.remedy)}")] if problem.remedy else []
    for detail in details:
        console.print(Padding(detail, (0, 0, 0, len(_INDENT)), expand=False))
    console.print()


def _summary(problems: Sequence[catalog.Problem]) -> str:
    """Return how many findings there are of each severity."""
    numbers = Counter(problem.severity for problem in problems)
    counted = [
        f"{numbers[severity]} {name if numbers[severity] == 1 else f'{name}s'}"
        for severity, name in _NAMES.items()
        if numbers[severity]
    ]
    return ", ".join(counted) or "no findings"
