"""CPU time and memory of processes, and processes that do what they are told."""

import contextlib
import multiprocessing
import os
import re
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process has used so far, user and system; 0 for the process id 0, which means none."""
    if not pid:
        return 0.0
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def resident_mib(pid: int) -> float:
    """Return the memory that a process has now, in MiB."""
    return _mib(pid, "VmRSS")


def most_resident_mib(pid: int) -> float:
    """Return the most memory that a process has had, in MiB."""
    return _mib(pid, "VmHWM")


def _mib(pid: int, field: str) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.findall(rf"{field}:\s+(\d+) kB", status)[0]) / 1024


@contextlib.contextmanager
def spawned(target: Callable[..., None], *arguments: Any) -> Iterator[Connection]:
    """Run a function in a process of its own while the context is open, and yield a connection to it.

    The function gets the arguments and then its own end of the connection. It returns once that is closed, which ``recv`` reports by
    an ``EOFError``.
    """
    context = multiprocessing.get_context("spawn")
    ours, its = context.Pipe()
    process = context.Process(target=target, args=(*arguments, its), daemon=True)
    process.start()
    its.close()
    try:
        yield ours
    finally:
        ours.close()
        process.join()
