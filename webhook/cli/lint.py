"""``hydra-webhook lint``: everything that is wrong or suspicious in a configuration."""

import enum
from collections import Counter
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from webhook import catalog, cluster, errors, linting
from webhook.cli import clusters, options, output


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
    kubeconfig: clusters.Kubeconfig = None,
    context: clusters.Context = "",
    namespace: clusters.ConfigNamespace = clusters.WEBHOOK_NAMESPACE,
    *,
    from_cluster: clusters.FromCluster = False,
) -> None:
    """Report what is wrong or suspicious in a configuration.

    Only the given files are checked, or without any the built-in configuration. Where a cluster is asked, its three ConfigMaps
    are checked as they are, each unless a file is given in its place. Each finding has its place, and the
    line of the file below it. In a pipe, findings begin with file:line:column, and what belongs to one is indented.

    Exit status: 0 no findings of --fail-on or worse, 1 such findings, 2 wrong usage, or the cluster could not be read.
    """
    documents = options.given(templates, agent, gpu_configs)
    if clusters.asked(kubeconfig, context, from_cluster=from_cluster):
        documents += clusters.run(_stored(clusters.reader(kubeconfig, context, webhook_namespace=namespace), documents))
    problems = linting.lint(documents or catalog.embedded())
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


async def _stored(opened: clusters.Opened, given: Sequence[catalog.Document]) -> tuple[catalog.Document, ...]:
    """Return the configurations in a cluster, except for the kinds that files are given for.

    Raises:
        typer.Exit: with status 2, there is none, or one cannot be read.
    """
    found = []
    async with opened as reader:
        for kind, row in catalog.KINDS.items():
            if any(document.config_kind == kind for document in given):
                continue
            reference = cluster.config_map(reader.webhook_namespace, row.config_map)
            try:
                content = (await reader.get(reference)).get("data") or {}
            except cluster.ApiError as error:
                if error.code != "not-found":
                    raise
                if row.required:  # it may be in the global cluster
                    output.report(f"not checked: {reference.human} does not exist")
                continue
            found.append(catalog.Document(kind, reference.human, content))
        if not found and not given:
            raise clusters.NoState(
                f"there is no configuration in namespace {reader.webhook_namespace}: name it with -n"
            )
    return tuple(found)


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
    counted = [output.counted(numbers[severity], name) for severity, name in _NAMES.items() if numbers[severity]]
    return ", ".join(counted) or "no findings"
