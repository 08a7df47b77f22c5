"""What commands print: objects, differences and messages. Colours and wrapping only on a terminal."""

import difflib
import enum
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from webhook import errors, patch, workload
from webhook.cli import objects

#: Width of output that is not a terminal: wide enough that no line is ever broken.
_WIDE = 10_000

_STYLES = {"+": "green", "-": "red", "@": "cyan"}


class ObjectFormat(enum.StrEnum):
    """How ``render`` and ``restore`` print objects."""

    YAML = "yaml"
    JSON = "json"
    PATCH = "patch"
    DIFF = "diff"


class ReportFormat(enum.StrEnum):
    """How ``lint`` and ``runtimes`` print what they found."""

    TEXT = "text"
    JSON = "json"


def console() -> Console:
    """Return a console for standard output that never wraps or cuts a line unless it is a terminal."""
    terminal = sys.stdout.isatty()
    return Console(soft_wrap=not terminal, width=None if terminal else _WIDE, highlight=False)


def print_table(table: Table) -> None:
    """Print a table without the spaces that would pad its last column."""
    shown = console()
    with shown.capture() as captured:
        shown.print(table)
    typer.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))


def report(message: str) -> None:
    """Print a message on standard error."""
    sys.stderr.write(f"{message}\n")


def print_json(value: Any) -> None:
    """Print a value as indented JSON."""
    typer.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def print_changed(
    before: Sequence[objects.Object],
    change: Callable[[objects.Object], Mapping[str, Any]],
    form: ObjectFormat,
) -> None:
    """Change every object and print the results; if any is denied, report the denials and print nothing.

    Raises:
        typer.Exit: with status 1, an object was denied.
    """
    denied = False

    def attempt(value: objects.Object) -> Mapping[str, Any]:
        nonlocal denied
        try:
            return change(value)
        except errors.Denied as refusal:
            denied = True
            report(f"denied: {refusal}")
            return value

    after = [objects.each(value, attempt) for value in before]
    if denied:
        raise typer.Exit(1)
    _print_objects(before, after, form)


def _print_objects(before: Sequence[objects.Object], after: Sequence[objects.Object], form: ObjectFormat) -> None:
    pairs = list(zip(before, after, strict=True))
    match form:
        case ObjectFormat.YAML:
            typer.echo(objects.to_yaml(after), nl=False)
        case ObjectFormat.JSON:
            typer.echo(objects.to_json(after), nl=False)
        case ObjectFormat.PATCH:
            for one, other in pairs:
                typer.echo(msgspec.json.encode(patch.diff(one, other)).decode())
        case ObjectFormat.DIFF:
            for one, other in pairs:
                changes = difference(one, other, f"{one['kind']} {workload.display_name(one)}")
                console().print(coloured(changes), end="")


def difference(before: Mapping[str, Any], after: Mapping[str, Any], name: str) -> str:
    """Return the unified difference of two objects as YAML, or "" if they are equal."""
    lines = difflib.unified_diff(
        objects.to_yaml([before]).splitlines(keepends=True),
        objects.to_yaml([after]).splitlines(keepends=True),
        fromfile=f"{name} (bare)",
        tofile=f"{name} (rendered)",
        n=2,
    )
    return "".join(lines)


def coloured(changes: str) -> Text:
    """Return a unified difference with its added and removed lines in colour."""
    text = Text()
    for line in changes.splitlines(keepends=True):
        text.append(line, style=_STYLES.get(line[0], ""))
    return text
