"""What commands print: objects, differences and messages. Colours and wrapping only on a terminal."""

import difflib
import enum
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

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

#: Steps between two writes of a progress line.
_STEPS = 50


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


class PlanFormat(enum.StrEnum):
    """How ``plan`` prints what a change would do."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


class Progress:
    """A line on standard error that counts; it disappears at the end, and is not written unless that is a terminal."""

    def __init__(self, what: str) -> None:
        """Begin with none.

        Args:
            what: is counted, in the plural.
        """
        self._what = what
        self._count = 0
        self._shown = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._show("")

    def step(self) -> None:
        """Count one more."""
        self._count += 1
        if self._count % _STEPS == 1:
            self._show(f"{self._count} {self._what} ...")

    def _show(self, text: str) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{' ' * len(self._shown)}\r{text}")
            sys.stderr.flush()
            self._shown = text


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


def counted(number: int, what: str) -> str:
    """Return a number with its noun, which takes an ``s`` in the plural: ``1 group``, ``2 groups``."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def print_line(shown: Console, line: str) -> None:
    """Print an indented line; on a terminal that it is too long for, all of it is indented. Added and removed ones are coloured."""
    if not shown.is_terminal:
        typer.echo(line)
        return
    text = line.lstrip()
    indent = line[: len(line) - len(text)]
    style = _STYLES.get(text[0], "") if text[1:2] == " " else ""
    width = shown.width - len(indent)
    for part in textwrap.wrap(text, width, replace_whitespace=False, break_on_hyphens=False) or [""]:
        shown.print(Text(f"{indent}{part}", style=style), soft_wrap=True)


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
            report(f"denied: {refusal.answer}")
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
