"""Reads files, and notices when they change. Knows nothing about their contents.

A file is identified by its path and compared by what the path leads to, links included. So every kind of change is seen: a
file that is written in place, replaced by an editor's rename or through the ``..data`` link of a mounted ConfigMap, or
deleted and created again together with its folder.
"""

import asyncio
import os
import stat
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

from webhook import errors

POLL_SECONDS = 0.2
"""Seconds between two rounds. A change is reported once the file has stayed the same for one round, so it takes effect after
two rounds and the reading, within the promised second. A round costs one ``stat`` per file. File system events would be
faster, but they miss network file systems and the targets of links, end when a folder is replaced, and can run out."""

CONFIGURATION_BYTES = 16 * 1024 * 1024
"""Longest configuration that is read. A ConfigMap holds 1 MiB at most; a file of 10,000 runtimes needs about 5 MiB."""

CREDENTIAL_BYTES = 1024 * 1024
"""Longest certificate, key, token or kubeconfig that is read: what a Secret can hold."""

Signature = tuple[int, ...] | None


class Unreadable(errors.HydraError):
    """A file cannot be read; ``str()`` has its path and the cause."""


def read_bytes(path: Path, limit: int = CONFIGURATION_BYTES) -> bytes:
    """Return the contents of a file of at most ``limit`` bytes.

    Raises:
        Unreadable: it does not exist, is not a regular file, is larger, or may not be read.
    """
    try:
        with open(path, "rb", opener=partial(_open, limit=limit)) as file:
            content = file.read(limit + 1)
    except (OSError, ValueError) as error:
        raise Unreadable(f"{path}: {_cause(error)}") from error
    if len(content) > limit:  # some files do not know their size before they are read
        raise _too_large(path, len(content), limit)
    return content


def check_size(path: Path, limit: int = CREDENTIAL_BYTES) -> None:
    """Check that a file that a library is going to read has at most ``limit`` bytes, and is a file.

    Raises:
        Unreadable: it does not exist, is not a regular file, or is larger.
    """
    try:
        found = path.stat()
    except (OSError, ValueError) as error:
        raise Unreadable(f"{path}: {_cause(error)}") from error
    _check(path, found, limit)


def signatures(paths: Iterable[Path]) -> dict[Path, Signature]:
    """Return a value for each path that changes when the file at that path changes; None if there is no file."""
    return {path: _signature(path) for path in paths}


async def watch(seen: Mapping[Path, Signature], changed: Callable[[frozenset[Path]], Awaitable[None]]) -> None:
    """Call ``changed`` with the paths whose files have changed, appeared or disappeared, until cancelled.

    Args:
        seen: the paths, with signatures taken *before* the files were first read, so that no change is missed.
        changed: is awaited; changes during the call are reported in the next one.
    """
    reported = last = dict(seen)
    while True:
        await asyncio.sleep(POLL_SECONDS)
        # In a thread, so that requests are answered even if a network file system hangs.
        current = await asyncio.to_thread(signatures, reported)
        # A file that is still being written changes again before the next round. And timestamps of the file system, which
        # advance every few milliseconds, differ by then from those of a later change.
        settled = {path: now for path, now in current.items() if now != reported[path] and now == last[path]}
        last = current
        if settled:
            reported = {**reported, **settled}
            await changed(frozenset(settled))


def _signature(path: Path) -> Signature:
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _cause(error: OSError | ValueError) -> str:
    return getattr(error, "strerror", None) or "is not a valid path"


def _open(path: str, flags: int, *, limit: int) -> int:
    """Open a file that passes ``_check``. Opening a pipe would otherwise wait for its writer."""
    descriptor = os.open(path, flags | os.O_NONBLOCK)
    try:
        _check(path, os.fstat(descriptor), limit)
    except Unreadable:
        os.close(descriptor)
        raise
    return descriptor


def _check(path: str | Path, found: os.stat_result, limit: int) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise Unreadable(f"{path}: is not a regular file")
    if found.st_size > limit:
        raise _too_large(path, found.st_size, limit)


def _too_large(path: str | Path, size: int, limit: int) -> Unreadable:
    return Unreadable(f"{path}: too large: {size} bytes, the limit is {limit}")
