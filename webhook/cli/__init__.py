"""The command line. A module's name is the name of its command, and its function or group has that name too.

Commands:

- ``serve``: the webhook itself
- ``healthy``: asks a running server whether it answers, for the health check of a container
- ``render``, ``restore``: render the objects in files, and undo it
- ``explain``: why objects are rendered as they are
- ``drift``, ``refresh``: what does not run as the configuration says now, and rendering LeaderWorkerSets in a cluster anew
- ``plan``: what a change of configuration would do to workloads
- ``lint``, ``runtimes``: what is wrong in a configuration, and which runtimes it offers
- ``rule``: what a code of a finding, denial or warning means
- ``test``: test cases beside templates
- ``builtin``: the built-in configuration and the examples, to copy
- ``check``: is the webhook of a cluster installed as it should be, and does it work, from end to end?
- ``certs``: the certificates of an installation, compared with what API servers trust
- ``version``: which version this is
- ``demo``: a server on loopback and its answers

Shared by commands:

- ``options``: their options, and the configuration files that options name
- ``clusters``: the cluster that a command asks, chosen as kubectl chooses it, and the options for that
- ``objects``: what Kubernetes objects are called, and writing them
- ``object_files``: Kubernetes objects in files, where in them each is, and which of them are left as they are
- ``changes``: objects before and after a change, printed
- ``findings``: what is found out about workloads, printed
- ``effects``, ``comment``: what a change of configuration does to workloads, printed for people and as Markdown
- ``output``: what commands print
- ``ci_formats``: pieces of the formats of CI systems
- ``folded``: what rendering changed in an object, at a glance
- ``usage``: examples of each command, for its help
- ``kubectl_completion``: completes ``kubectl hydra``

Parts of ``check``:

- ``check_facts``: what it asks a cluster
- ``check_findings``, ``check_trial``: what it makes of the answers, and of a pod in a dry run

Parts of ``lint``:

- ``config_files``: files, folders and standard input, recognised by their content
- ``lint_reports``, ``sarif``: the forms in which it prints findings

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
from webhook.cli import usage

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
    "rule",
    "test",
    "runtimes",
    "builtin",
    "check",
    "certs",
    "version",
    "demo",
)

#: What the health check reads from the environment that it shares with the server.
_OF_THE_SERVER = ("--host", "--health-port")


def _variable(command: str, flag: str) -> str | None:
    """Return the variable that an option is also read from; None if there is none.

    The options of ``serve`` are settings of an installation, which its manifests set as variables. Those of other commands are for one
    invocation, and a variable that was set for a server must not change what a command says.
    """
    if command != "serve" and not (command == "healthy" and flag in _OF_THE_SERVER):
        return None
    return f"HYDRA_WEBHOOK_{flag.removeprefix('--').replace('-', '_').upper()}"


class _Commands(UserDict[str, Any]):
    """The commands by name, each imported when it is asked for.

    Importing all of them takes 0.6 seconds; ``healthy``, which a container engine runs every few seconds, takes a tenth.
    """

    def __getitem__(self, name: str) -> TyperCommand | TyperGroup:
        module = importlib.import_module(f"{__name__}.{super().__getitem__(name)}")
        found = getattr(module, name)
        if isinstance(found, typer.Typer):
            group = typer.main.get_group(found)
            for inner in group.commands.values():
                inner.epilog = usage.epilog(name)
            return group
        alone = typer.Typer(add_completion=False, rich_markup_mode=None)
        alone.command(name, cls=usage.Command)(found)
        command = typer.main.get_command(alone)
        assert isinstance(command, TyperCommand)
        command.epilog = usage.epilog(name)
        for option in command.params:
            option.envvar = _variable(name, option.opts[0])
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


def main(name: str | None = None) -> None:
    """Run the command that the arguments of the process name.

    Args:
        name: of the program, in its messages; None: as the user has typed it.
    """
    _app(prog_name=name or usage.program())
