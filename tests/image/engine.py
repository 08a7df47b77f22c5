"""A container engine for the tests alone: Debian's docker, with its data in a folder that is removed with it."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.controlplane.processes import Processes

#: The engine gives containers 15 seconds to end.
STOP_SECONDS = 40
#: Where Debian has dockerd and debootstrap; a user's PATH may lack it.
_SYSTEM = "/usr/sbin:/sbin"


def missing() -> list[str]:
    """Return what the tests of the image need and this machine does not have."""
    programs = [name for name in ("dockerd", "docker", "debootstrap") if shutil.which(name, path=_path()) is None]
    return [*programs, *([] if os.geteuid() == 0 else ["the rights of root"])]


def _path() -> str:
    return f"{os.environ.get('PATH', os.defpath)}:{_SYSTEM}"


class SystemProcesses(Processes):
    """Processes that see the tests' own environment, such as its proxies, and the programs of the system."""

    def environ(self, more: Mapping[str, str]) -> dict[str, str]:
        """Return the variables of a process."""
        return {**os.environ, "PATH": _path(), **more}


class Engine(SystemProcesses):
    """A container engine that runs while the context is open."""

    def __init__(self) -> None:
        super().__init__("hydra-image-", grace=STOP_SECONDS)

    def start(self) -> None:
        """Start the engine, and return once it answers."""
        super().start()
        try:
            self._start_engine()
        except BaseException:
            self.stop()
            raise

    def environ(self, more: Mapping[str, str]) -> dict[str, str]:
        """Return variables with which docker talks to this engine. Its builder, unlike BuildKit, needs no registry."""
        return {
            **super().environ(more),
            "DOCKER_HOST": f"unix://{self.folder / 'socket'}",
            "DOCKER_CONFIG": str(self.folder),
            "DOCKER_BUILDKIT": "0",
        }

    def docker(self, *arguments: str | Path) -> str:
        """Run docker; return what it printed."""
        return self.checked(["docker", *arguments]).stdout.strip()

    def checked(self, command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
        """Run a command that must succeed."""
        done = self.run(command)
        assert done.returncode == 0, f"{command}: exit status {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def inspect(self, name: str) -> dict[str, Any]:
        """Return what the engine knows about an image or a container."""
        (found,) = json.loads(self.docker("inspect", name))
        return dict(found)

    def _start_engine(self) -> None:
        namespace = f"hydra-image-{self.keeper}"
        arguments = [
            # Without a network of its own it changes nothing on this machine; containers use the machine's network.
            *("--bridge=none", "--iptables=false", "--ip6tables=false"),
            *("--data-root", self.folder / "data", "--exec-root", self.folder / "exec"),
            *("--pidfile", self.folder / "pid", "--host", f"unix://{self.folder / 'socket'}"),
            # It may find the containerd of another engine.
            *("--containerd-namespace", namespace, "--containerd-plugins-namespace", f"{namespace}-plugins"),
        ]
        program = shutil.which("dockerd", path=_path())
        assert program is not None
        self.spawn("dockerd", [program, *arguments])
        self.until("dockerd", lambda: self.run(["docker", "info"]).returncode == 0)
