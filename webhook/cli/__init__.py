"""The command line. A module's name is the name of its command, and its function or group has that name too.

Commands:

- ``serve``: the webhook itself
- ``healthy``: asks a running server whether it answers, for the health check of a container
- ``render``, ``restore``: render the objects in files, and undo it
- ``explain``: why objects are rendered as they are
- ``drift``, ``refresh``: what does not run as the configuration says now, and rendering LeaderWorkerSets in a cluster anew
- ``plan``: what a change of configuration would do to workloads
- ``lint``, ``runtimes``: what is wrong in a configuration, and which runtimes it offers
- ``test``: test cases beside templates
- ``certs``: the certificates of an installation, compared with what API servers trust
- ``demo``: a server on loopback and its answers

Shared by commands:

- ``options``: their options, and the configuration files that options name
- ``clusters``: the cluster that a command asks, chosen as kubectl chooses it, and the options for that
- ``objects``: Kubernetes objects in files
- ``findings``: what is found out about workloads, printed
- ``effects``, ``comment``: what a change of configuration does to workloads, printed for people and as Markdown
- ``output``: what commands print

Parts of ``test``:

- ``case_files``: the files that it finds, reads and writes
- ``case_snapshots``: the snapshots that it writes
- ``case_reports``, ``case_formats``: what it prints for people, and for programs
- ``case_measures``: coverage and mutants, and whether that is enough
- ``case_mutants``: tries mutants in several processes

Never in here: a second implementation of anything that the server does.
"""

import importlib
from collections import UserDict
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

import webhook

__all__ = ["main"]

#: In the order of the help text.
_COMMANDS = (
    "serve",
    "healthy",
    "render",
    "restore",
    "explain",
    "drift",
    "refresh",
    "plan",
    "lint",
    "test",
    "runtimes",
    "certs",
    "demo",
)


class _Commands(UserDict[str, Any]):
    """The commands by name, each imported when it is asked for.

    Importing all of them takes 0.6 seconds; ``healthy``, which a container engine runs every few seconds, takes a tenth.
    """

    def __getitem__(self, name: str) -> TyperCommand | TyperGroup:
        module = importlib.import_module(f"{__name__}.{super().__getitem__(name)}")
        found = getattr(module, name)
        if isinstance(found, typer.Typer):
            return typer.main.get_group(found)
        alone = typer.Typer(add_completion=False, rich_markup_mode=None)
        alone.command(name)(found)
        command = typer.main.get_command(alone)
        assert isinstance(command, TyperCommand)
        return command


class _Group(TyperGroup):
    """The program, which knows the names of its commands without importing them."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = _Commands(zip(_COMMANDS, _COMMANDS, strict=True))


# Without rich, help and errors are plain lines, and no name is cut off at 80 columns.
_app = typer.Typer(
    name="hydra-webhook",
    cls=_Group,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(show: bool) -> None:  # noqa: FBT001 - the signature that typer calls
    if show:
        typer.echo(webhook.__version__)
        raise typer.Exit


@_app.callback()
def _options(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Turn bare Pods and LeaderWorkerSets into runnable inference workloads."""


def main() -> None:
    """Run the command that the arguments of the process name."""
    _app()
