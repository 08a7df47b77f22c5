"""``hydra-webhook lint``: everything that is wrong or suspicious in a configuration."""

import enum
from typing import Annotated

import typer

from webhook import catalog, linting
from webhook.cli import options, output


class Threshold(enum.StrEnum):
    """The mildest severity that makes ``lint`` fail."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


_SEVERITIES = [severity.value for severity in Threshold]

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

    Only the given files are checked; without any, the built-in configuration is. Findings go to standard output, one
    line each.

    Exit status: 0 no findings of --fail-on or worse, 1 such findings, 2 wrong usage.
    """
    problems = linting.lint(options.given(templates, agent, gpu_configs) or catalog.embedded())
    if output_format is output.ReportFormat.JSON:
        output.print_json(problems)
    else:
        for problem in problems:
            typer.echo(f"{problem} [{problem.severity}: {problem.code}]")
    failing = _SEVERITIES[: _SEVERITIES.index(fail_on) + 1]
    if any(problem.severity in failing for problem in problems):
        raise typer.Exit(1)
    output.report(f"no findings of severity {' or '.join(failing)}" if problems else "no findings")
