"""Processes that end with the tests, however the tests end: see `keeper`."""

import contextlib
import http.client
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

from tests.controlplane import keeper

ROOT = Path(__file__).parents[2]

HANGING_SECONDS = 300
"""After which a test gives up waiting. No result depends on it: it only ends a test that would otherwise hang."""

NO_ANSWER = (OSError, http.client.HTTPException)
"""What a request raises if the server is not there, answers with an error, or ends in the middle of its answer."""

_TAKEN = "address already in use"


class StartError(Exception):
    """A process did not start. The message ends with the last lines of its log."""


class Processes:
    """A folder, and processes that live and end together. Use it as a context manager, or call `start` and `stop`.

    Args:
        prefix: of the folder's name.
        parent: of the folder.
        grace: seconds between SIGTERM and SIGKILL when they end; 0: they get SIGKILL only.

    Attributes:
        folder: holds all their data and logs, from `start` to `stop`.
    """

    def __init__(self, prefix: str, parent: Path | None = None, grace: float = 0) -> None:
        self._keeping = [str(parent or tempfile.gettempdir()), prefix, str(grace)]
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start the keeper, which creates the folder."""
        self._keeper = subprocess.Popen(
            [sys.executable, "-S", "-E", keeper.__file__, *self._keeping],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            process_group=0,
        )
        assert self._keeper.stdout
        self.folder = Path(self._keeper.stdout.readline().decode().strip())
        (self.folder / "home").mkdir()

    @property
    def keeper(self) -> int:
        """Return the process id of the keeper, which is also the process group of everything started here."""
        return self._keeper.pid

    def pid(self, name: str) -> int:
        """Return the process id of what `spawn` started."""
        return self._processes[name].pid

    def stop(self) -> None:
        """End every process and remove the folder."""
        self._keeper.communicate()  # closes the pipe that the keeper waits on
        for name in tuple(self._processes):
            self.end(name)

    def end(self, name: str) -> None:
        """Kill one process and wait until it has ended."""
        process = self._processes.pop(name)
        process.kill()
        process.wait()

    def spawn(
        self, name: str, arguments: Sequence[str | Path], environ: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a process, which `stop` ends at the latest. Its output goes to `log(name)`.

        Args:
            name: of the process. One that has ended may be started again; its log is continued.
            arguments: its command line. Its working directory is the project's.
            environ: variables to add to PATH and HOME.
        """
        assert name not in self._processes or self._processes[name].poll() is not None, f"{name} is already running"
        with self.log(name).open("ab") as log:
            process = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.environ(environ or {}),
                cwd=ROOT,
                process_group=self.keeper,
            )
        self._processes[name] = process
        return process

    def run(
        self, arguments: Sequence[str | Path], environ: Mapping[str, str] | None = None, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, which comes early if the tests are killed; return its output and exit status.

        Args:
            arguments: its command line. Its working directory is the project's.
            environ: variables to add to PATH and HOME.
            stdin: what it reads.
        """
        return subprocess.run(
            [*map(str, arguments)],
            input=stdin,
            capture_output=True,
            text=True,
            env=self.environ(environ or {}),
            cwd=ROOT,
            process_group=self.keeper,
            check=False,
        )

    def until(self, name: str, ready: Callable[[], object]) -> None:
        """Wait until a process that was just started is ready.

        Raises:
            StartError: It ended, or is not ready in time.
        """
        deadline = time.monotonic() + HANGING_SECONDS
        while True:
            with contextlib.suppress(*NO_ANSWER):
                if ready():
                    return
            ended = self._processes[name].poll()
            if ended is not None or time.monotonic() > deadline:
                state = f"is not ready after {HANGING_SECONDS} seconds" if ended is None else f"ended with {ended}"
                end = "\n".join(self.log(name).read_text(errors="replace").splitlines()[-30:])
                raise StartError(f"{name} {state}. The end of its log:\n{end}")
            time.sleep(0.05)

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def environ(self, more: Mapping[str, str]) -> dict[str, str]:
        """Return the variables of a process, without the user's own configuration."""
        return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(self.folder / "home"), **more}


def on_free_port(start: Callable[[int], None]) -> None:
    """Start something on a free port; choose another if that one is taken meanwhile, which `start` reports by StartError."""
    for remaining in reversed(range(5)):
        try:
            start(free_port())
        except StartError as error:
            if _TAKEN not in str(error).lower() or not remaining:
                raise
        else:
            return


def free_port() -> int:
    """Return a free port that no outgoing connection takes while its server restarts: Linux uses higher ones for those."""
    choose = random.SystemRandom()  # the tests' seed would give two runs the same ports
    while True:
        port = choose.randrange(20_000, 30_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
