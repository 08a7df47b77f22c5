"""A container engine of the tests' own: Debian's docker, with its data in a folder that goes with it."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

from tests.image import keeper

START_SECONDS = 60
#: Where Debian has dockerd and debootstrap; a user's PATH may lack it.
_SYSTEM = "/usr/sbin:/sbin"


def missing() -> list[str]:
    """Return what the tests of the image need and this machine has not."""
    programs = [name for name in ("dockerd", "docker", "debootstrap") if shutil.which(name, path=_path()) is None]
    return [*programs, *([] if os.geteuid() == 0 else ["the rights of root"])]


def _path() -> str:
    return f"{os.environ.get('PATH', os.defpath)}:{_SYSTEM}"


class Engine:
    """An engine that runs as long as the context is entered."""

    def __enter__(self) -> Self:
        self._keeper = subprocess.Popen(
            [sys.executable, "-S", "-E", keeper.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PATH": _path()},
            process_group=0,
        )
        try:
            assert self._keeper.stdout
            self.folder = Path(self._keeper.stdout.readline().decode().strip())
            self._until_it_answers()
        except BaseException:
            self._keeper.communicate()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._keeper.communicate()  # closes the pipe that the keeper waits on

    @property
    def environ(self) -> dict[str, str]:
        """Return the variables with which docker talks to this engine. Its builder, unlike BuildKit, needs no registry."""
        return os.environ | {
            "PATH": _path(),
            "DOCKER_HOST": f"unix://{self.folder / 'socket'}",
            "DOCKER_CONFIG": str(self.folder),
            "DOCKER_BUILDKIT": "0",
        }

    def run(self, *command: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command against this engine."""
        done = subprocess.run(command, capture_output=True, text=True, env=self.environ, check=False)
        assert not check or done.returncode == 0, (
            f"{command}: exit status {done.returncode}\n{done.stdout}{done.stderr}"
        )
        return done

    def docker(self, *arguments: str | Path) -> str:
        """Run docker; return what it printed."""
        return self.run("docker", *arguments).stdout.strip()

    def inspect(self, name: str) -> dict[str, Any]:
        """Return what the engine knows of an image or a container."""
        (found,) = json.loads(self.docker("inspect", name))
        return dict(found)

    def _until_it_answers(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while self.run("docker", "info", check=False).returncode != 0:
            if time.monotonic() > deadline:
                log = (self.folder / "log").read_text(errors="replace")
                raise AssertionError(f"dockerd does not answer after {START_SECONDS} seconds:\n{log[-4000:]}")
            time.sleep(0.1)
