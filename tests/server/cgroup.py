"""A memory limit as a container has it: a control group, of version 1 or 2."""

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_V1 = Path("/sys/fs/cgroup/memory")
_V2 = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class Cgroup:
    """A control group.

    Attributes:
        procs: the file to which a process writes its id, or 0, to enter the group.
    """

    folder: Path
    version: int

    @property
    def procs(self) -> Path:
        return self.folder / "cgroup.procs"

    @property
    def peak(self) -> int:
        """Bytes that its processes took at most, with the kernel's buffers."""
        return int((self.folder / ("memory.max_usage_in_bytes" if self.version == 1 else "memory.peak")).read_text())

    @property
    def in_use(self) -> int:
        """Bytes of memory that belong to its processes now."""
        key = "rss" if self.version == 1 else "anon"
        lines = (line.split() for line in (self.folder / "memory.stat").read_text().splitlines())
        return next(int(value) for name, value in lines if name == key)


def missing() -> list[str]:
    """Return why no control group can be made; empty if one can."""
    try:
        with limited(2**26):
            return []
    except OSError as error:
        return [f"the right to create a memory control group ({error.strerror})"]


@contextlib.contextmanager
def limited(size: int) -> Iterator[Cgroup]:
    """Make a group whose processes get so many bytes, and remove it once they have ended.

    Raises:
        OSError: that is not possible here.
    """
    version = 1 if _V1.is_dir() else 2
    if version == 2 and "memory" not in (_V2 / "cgroup.subtree_control").read_text().split():
        (_V2 / "cgroup.subtree_control").write_text("+memory")
    group = Cgroup((_V1 if version == 1 else _V2) / f"hydra-webhook-tests-{os.getpid()}", version)
    group.folder.mkdir()
    try:
        (group.folder / ("memory.limit_in_bytes" if version == 1 else "memory.max")).write_text(str(size))
        yield group
    finally:
        deadline = time.monotonic() + 20
        while (
            group.procs.read_text() and time.monotonic() < deadline
        ):  # a process that was killed takes a moment to end
            time.sleep(0.05)
        group.folder.rmdir()
