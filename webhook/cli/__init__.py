"""The command line: one module a command, and no second implementation of anything the server does."""

import importlib
from collections import UserDict
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

import webhook

__all__ = ["main"]

#: Command → the module of this package that has it, as a function or group of that name.
_MODULES = {
    "serve": "serve",
    "healthy": "healthy",
    "render": "render",
    "restore": "render",
    "lint": "check",
    "runtimes": "check",
    "certs": "certificates",
    "demo": "demo",
}


class _Commands(UserDict[str, Any]):
    """The commands by name, each imported when it is asked for.

    All of them together take 0.6 seconds to import, ``healthy``, which a container engine runs every few seconds, a tenth.
    """

    def __getitem__(self, name: str) -> TyperCommand | TyperGroup:
        found = getattr(importlib.import_module(f"{__name__}.{super().__getitem__(name)}"), name)
        if isinstance(found, typer.Typer):
            return typer.main.get_group(found)
        alone = typer.Typer(add_completion=False)
        alone.command(name)(found)
        command = typer.main.get_command(alone)
        assert isinstance(command, TyperCommand)
        return command


class _Group(TyperGroup):
    """The program, which knows the names of its commands without importing them."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = _Commands(_MODULES)


_app = typer.Typer(
    name="hydra-webhook",
    cls=_Group,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
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
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Turn bare Pods and LeaderWorkerSets into runnable inference workloads."""


def main() -> None:
    """Run the command that the arguments name."""
    _app()
