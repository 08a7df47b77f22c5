"""The picture in the README: what ``make demo`` prints on a terminal of 80 columns, drawn by rich.

``python -m tests.pictures`` draws it again.
"""

import io
import os
import pty
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "images" / "demo.svg"
WIDTH = 80


def printed() -> str:
    """Return what the demo prints on a terminal, with its colours."""
    here, there = pty.openpty()
    programs = Path(sys.executable).parent
    environ = {
        "PATH": f"{programs}:{os.environ.get('PATH', os.defpath)}",
        "COLUMNS": str(WIDTH),
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
    }
    with subprocess.Popen(
        [programs / "hydra-webhook", "demo"], cwd=ROOT, stdout=there, stderr=there, env=environ
    ) as demo:
        os.close(there)
        shown = b""
        while part := _read(here):
            shown += part
    os.close(here)
    assert demo.returncode == 0, shown.decode()
    return shown.decode().replace("\r\n", "\n").removesuffix("\n")


def drawn() -> str:
    """Return the picture."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print("$ make demo")
    console.print(Text.from_ansi(printed()))
    return console.export_svg(title="hydra-webhook demo", theme=MONOKAI, unique_id="demo")


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # the other side of a terminal is closed
        return b""


if __name__ == "__main__":
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(drawn(), encoding="utf-8")
