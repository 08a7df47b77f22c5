"""What a person sees: differences and messages, coloured on a terminal and plain elsewhere."""

import difflib
import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from webhook.cli import objects

#: Columns of a line that is read by a program.
_WIDE = 10_000

_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def console() -> Console:
    """Return a console that never breaks or cuts lines where the output is not a terminal."""
    terminal = sys.stdout.isatty()
    return Console(soft_wrap=not terminal, width=None if terminal else _WIDE, highlight=False)


def say(message: str) -> None:
    """Print a message on standard error."""
    sys.stderr.write(f"{message}\n")


def difference(before: Mapping[str, Any], after: Mapping[str, Any], name: str) -> str:
    """Return the unified difference of two objects as YAML; empty if they are the same."""
    lines = difflib.unified_diff(
        objects.to_yaml([before]).splitlines(keepends=True),
        objects.to_yaml([after]).splitlines(keepends=True),
        fromfile=f"{name} (bare)",
        tofile=f"{name} (rendered)",
        n=2,
    )
    return "".join(lines)


def coloured(difference: str) -> Text:
    """Return a unified difference with its added and removed lines in colour."""
    text = Text()
    for line in difference.splitlines(keepends=True):
        text.append(line, style=_STYLES.get(line[0], ""))
    return text
