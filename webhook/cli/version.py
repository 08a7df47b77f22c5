"""``hydra-webhook version``: which version this is. It imports nothing else of the project, so that it answers at once."""

import enum
import json
import platform
from typing import Annotated

import typer

import webhook


class Format(enum.StrEnum):
    """How the version is printed."""

    TEXT = "text"
    JSON = "json"


Output = Annotated[Format, typer.Option("--output", "-o", help="Print text for people, or JSON for programs.")]


def version(output_format: Output = Format.TEXT) -> None:
    """Show the version.

    Exit status: 0 success, 2 wrong usage.
    """
    if output_format is Format.TEXT:
        typer.echo(webhook.__version__)
        return
    system = f"{platform.system()}/{platform.machine()}".lower()
    found = {"version": webhook.__version__, "python": platform.python_version(), "platform": system}
    typer.echo(json.dumps(found, indent=2))
