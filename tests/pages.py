"""Pages of the documentation as tests use them: their blocks, the files in them, and their commands, run as a reader would.

A block of YAML that starts with a comment with a file name is that file. A block ``console`` has commands after ``$``, each followed by
what it prints; a block ``sh`` has commands alone.
"""

import contextlib
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from typer.testing import CliRunner

from webhook import cli

ROOT = Path(__file__).parents[1]

#: Characters that mean something to a shell.
_FOR_A_SHELL = set("|&;<>()$`\\*?#~\n")

#: Everything that people read.
PAGES = (
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    ROOT / "bench" / "README.md",
    ROOT / "manifests" / "chart" / "README.md",
)


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        language: what follows the fence; may be empty.
        text: its lines.
        line: number of the fence in the page.
    """

    language: str
    text: str
    line: int

    @property
    def file(self) -> str:
        """Return the name of the file that this is, or ""."""
        found = re.match(r"# (\S+\.ya?ml)\b", self.text) if self.language == "yaml" else None
        return found[1] if found else ""


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of a page."""
    text = page.read_text(encoding="utf-8")
    found = re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [Block(match[1], match[2], text.count("\n", 0, match.start()) + 1) for match in found]


def prose(page: Path) -> str:
    """Return a page without its fenced blocks."""
    return re.sub(r"^```\w*\n.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def write_files(page: Path, folder: Path) -> None:
    """Write the files of a page into a folder."""
    for block in blocks(page):
        if block.file:
            (folder / block.file).parent.mkdir(parents=True, exist_ok=True)
            (folder / block.file).write_text(block.text, encoding="utf-8")


def shown_commands(block: Block) -> Iterator[tuple[str, list[str]]]:
    """Yield the commands of a block with the lines that each prints; none for a block without output."""
    if block.language == "console":
        for shown in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
            command, _, output = shown.partition("\n")
            yield command, output.splitlines()
    elif block.language in {"sh", "bash"}:
        yield block.text, []


def run(command: str, folder: Path, environ: Mapping[str, str] | None = None, stdin: str = "") -> tuple[int, list[str]]:
    """Run a command in a shell, with the project's programs first on the PATH; return its status and all that it prints.

    A call of the product that needs no shell runs in this process, which takes a tenth of the time.
    """
    if (
        command.startswith("hydra-webhook ")
        and not set(command.strip()) & _FOR_A_SHELL
        and environ is None
        and not stdin
    ):
        return _run_here(shlex.split(command)[1:], folder)
    path = f"{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}"
    with tempfile.TemporaryDirectory() as home:  # where kubectl and helm have caches
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", command],
            cwd=folder,
            env={"PATH": path, "HOME": home, "LANG": "C.UTF-8", **(environ or {})},
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    return done.returncode, done.stdout.splitlines()


def _run_here(arguments: list[str], folder: Path) -> tuple[int, list[str]]:
    called = sys.argv
    sys.argv = ["hydra-webhook", *arguments]
    try:
        with contextlib.chdir(folder):
            done = CliRunner().invoke(cli._app, arguments)
    finally:
        sys.argv = called
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output.splitlines()


def check(found: Iterable[Block], folder: Path) -> int:
    """Check that every command of these blocks prints what the page shows; return how many there were.

    The two outputs of a command have buffers of their own in a pipe, so the order of the lines may differ from that on a terminal.
    """
    number = 0
    for block in found:
        for command, expected in shown_commands(block):
            number += 1
            _, printed = run(command, folder)
            assert sorted(printed) == sorted(expected), f"line {block.line}: {command}"
    return number
