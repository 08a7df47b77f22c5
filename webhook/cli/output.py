"""What commands print: differences, tables and messages. Colours only on a terminal; lines are never wrapped."""

import difflib
import enum
import sys
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from webhook.cli import objects

#: Width of output: wide enough that no line is ever broken.
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

    def step(self, number: int = 1) -> None:
        """Count one more, or several."""
        shown = self._count
        self._count += number
        if shown == 0 or shown // _STEPS != self._count // _STEPS:
            self._show(f"{self._count} {self._what} ...")

    def _show(self, text: str) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{' ' * len(self._shown)}\r{text}")
            sys.stderr.flush()
            self._shown = text


def console() -> Console:
    """Return a console for standard output that never wraps or cuts a line: a terminal wraps by itself, and then names can be copied."""
    return Console(soft_wrap=True, width=_WIDE, highlight=False)


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
    """Print an indented line. On a terminal, added and removed ones are coloured."""
    if not shown.is_terminal:
        typer.echo(line)
        return
    text = line.lstrip()
    shown.print(Text(line, style=_STYLES.get(text[0], "") if text[1:2] == " " else ""))


def print_json(value: Any) -> None:
    """Print a value as indented JSON."""
    typer.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


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
