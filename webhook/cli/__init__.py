"""The command line: one module a command, and no second implementation of anything the server does."""

from typing import Annotated

import typer

import webhook
from webhook.cli.check import lint, runtimes
from webhook.cli.demo import demo
from webhook.cli.render import render, restore
from webhook.cli.serve import serve

__all__ = ["main"]

_app = typer.Typer(
    name="hydra-webhook",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _command in (serve, render, restore, lint, runtimes, demo):
    _app.command()(_command)


def _version(show: bool) -> None:  # noqa: FBT001 - the signature that typer calls
    if show:
        typer.echo(webhook.__version__)
        raise typer.Exit


@_app.callback()
def _options(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Turn bare Pods and LeaderWorkerSets into runnable inference workloads."""


def main() -> None:
    """Run the command that the arguments name."""
    _app()
