"""``lint`` and ``runtimes``: what is in a configuration, and what is wrong with it."""

import enum
from dataclasses import dataclass
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from webhook import catalog, linting
from webhook.cli import options, output


class Format(enum.StrEnum):
    """How findings and runtimes are printed."""

    TEXT = "text"
    JSON = "json"


class Threshold(enum.StrEnum):
    """The mildest severity that makes ``lint`` fail."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Image:
    """The image of a runtime on one GPU type."""

    gpu_type: str
    image: str


@dataclass(frozen=True, slots=True)
class Runtime:
    """A line of the table; ``template`` tells whether it has one."""

    runtime: str
    display_name: str
    template: bool
    images: tuple[Image, ...]


_SEVERITIES = [severity.value for severity in Threshold]

Output = Annotated[
    Format, typer.Option("--output", "-o", envvar="HYDRA_WEBHOOK_OUTPUT", help="For people or for programs.")
]
FailOn = Annotated[
    Threshold, typer.Option(envvar="HYDRA_WEBHOOK_FAIL_ON", help="The mildest severity that gives exit status 1.")
]


def lint(
    templates: options.Templates = None,
    agent: options.Agent = None,
    gpu_configs: options.GpuConfigs = None,
    output_format: Output = Format.TEXT,
    fail_on: FailOn = Threshold.WARNING,
) -> None:
    """Report everything that is wrong with, or suspicious in, the given files; without any, the built-in configuration.

    Findings go to standard output as file:line:column. Exit status: 0, 1 findings from the threshold on, 2 bad usage.
    """
    problems = linting.lint(options.given(templates, agent, gpu_configs) or catalog.embedded())
    if output_format is Format.JSON:
        typer.echo(msgspec.json.format(msgspec.json.encode(problems), indent=2).decode())
    else:
        for problem in problems:
            typer.echo(f"{problem} [{problem.severity}: {problem.code}]")
    failing = _SEVERITIES[: _SEVERITIES.index(fail_on) + 1]
    if any(problem.severity in failing for problem in problems):
        raise typer.Exit(1)
    output.say(f"no findings of severity {' or '.join(failing)}" if problems else "no findings")


def runtimes(
    templates: options.Templates = None,
    agent: options.Agent = None,
    gpu_configs: options.GpuConfigs = None,
    output_format: Output = Format.TEXT,
) -> None:
    """List the runtimes that workloads can ask for, with their GPU types and images."""
    snapshot = options.snapshot(templates, agent, gpu_configs)
    rows = [_describe(snapshot, runtime) for runtime in snapshot.runtimes]
    if output_format is Format.JSON:
        typer.echo(msgspec.json.format(msgspec.json.encode(rows), indent=2).decode())
        return
    table = Table("RUNTIME", "NAME", "GPU TYPE", box=None, pad_edge=False, header_style="bold")
    table.add_column("IMAGE", overflow="fold")
    for row in rows:
        names = (row.runtime, row.display_name)
        for image in row.images or (Image("", "no agent entry: the workload must bring an image"),):
            table.add_row(*names, image.gpu_type, image.image)
            names = ("", "")
    output.console().print(table)


def _describe(snapshot: catalog.Snapshot, runtime: str) -> Runtime:
    template = snapshot.runtime_templates.get(runtime)
    images = tuple(
        Image(gpu_type, entry.image or "")
        for entry in snapshot.agent_entries_for(runtime)
        for gpu_type in entry.gpu_types or ("any",)
    )
    name = template.display_name if template is not None else runtime
    return Runtime(runtime, name, template is not None, images)
