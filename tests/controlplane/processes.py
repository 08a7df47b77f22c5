"""Processes that end with the tests, however those end: see `keeper`."""

import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.controlplane import keeper

ROOT = Path(__file__).parents[2]

START_SECONDS = 120
"""Until what does not come up is given up; everything together takes about 4 on an idle machine."""

_TAKEN = "address already in use"


class StartError(Exception):
    """A process does not come up: the text has the end of its log."""


class Processes:
    """A folder and processes that belong together.

    Attributes:
        folder: all their data and logs, between `start` and `stop`.
    """

    def __init__(self) -> None:
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Start the keeper and make the folder."""
        self._keeper = subprocess.Popen(
            [sys.executable, "-S", "-E", keeper.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            process_group=0,
        )
        assert self._keeper.stdout
        self.folder = Path(self._keeper.stdout.readline().decode().strip())
        (self.folder / "home").mkdir()

    @property
    def keeper(self) -> int:
        """Return the id of the keeper and of the process group of everything that is started here."""
        return self._keeper.pid

    def pid(self, name: str) -> int:
        """Return the id of a process that `spawn` started."""
        return self._processes[name].pid

    def stop(self) -> None:
        """End every process and remove the folder."""
        self._keeper.communicate()  # closes the pipe that the keeper waits on
        for name in tuple(self._processes):
            self.end(name)

    def end(self, name: str) -> None:
        """Kill one process that `spawn` started."""
        process = self._processes.pop(name)
        process.kill()
        process.wait()

    def spawn(
        self, name: str, arguments: Sequence[str | Path], environ: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a process that ends when these end, at the latest. Its output goes to `log(name)`.

        Args:
            name: of the process; one that has ended may be started again, its log goes on.
            arguments: command line.
            environ: variables beside PATH and HOME. The working directory is the project's.
        """
        assert name not in self._processes or self._processes[name].poll() is not None, f"{name} runs already"
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

    def until(self, name: str, ready: Callable[[], object]) -> None:
        """Wait until a process that was just started is ready.

        Raises:
            StartError: It ended or is not ready in time; the text has the end of its log.
        """
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                if ready():
                    return
            except OSError:  # also urllib's errors
                pass
            ended = self._processes[name].poll()
            if ended is not None or time.monotonic() > deadline:
                state = f"is not ready after {START_SECONDS} seconds" if ended is None else f"ended with {ended}"
                end = "\n".join(self.log(name).read_text(errors="replace").splitlines()[-30:])
                raise StartError(f"{name} {state}. The end of its log:\n{end}")
            time.sleep(0.05)

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def environ(self, more: Mapping[str, str]) -> dict[str, str]:
        """Return the variables of every process: nothing of the user's own configuration gets in."""
        return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(self.folder / "home"), **more}


def on_free_port(start: Callable[[int], None]) -> None:
    """Start something on a free port, and on another one if somebody took it in between: `start` raises StartError."""
    for remaining in reversed(range(5)):
        try:
            start(free_port())
        except StartError as error:
            if _TAKEN not in str(error) or not remaining:
                raise
        else:
            return


def free_port() -> int:
    """Return a port below those that Linux gives to outgoing connections: those may take one while its server restarts."""
    choose = random.SystemRandom()  # the tests' seed would give two runs the same ports
    while True:
        port = choose.randrange(20_000, 30_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
