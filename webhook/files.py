"""Configuration and certificates in files: read, and noticed when they change.

Knows nothing of what is in them. A file is named by its path and judged by what the path leads to, so every way of
changing one is seen: written in place, replaced by an editor's rename, exchanged through the ``..data`` link that
Kubernetes mounts ConfigMaps with, deleted and made again together with its folder.
"""

import asyncio
import stat
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path

from webhook import errors

POLL_SECONDS = 0.2
"""A change is told once it has stood still for one round, so it is in effect after two rounds and the reading: within the
second that is promised. Looking costs one ``stat`` per file. File system events would be quicker and are not used: they
miss network file systems and the targets of links, end when a folder is replaced, and can run out."""

Signature = tuple[int, ...] | None


class Unreadable(errors.HydraError):
    """A file cannot be read; ``str()`` names it and says why."""


def read_bytes(path: Path) -> bytes:
    """Return what is in a file.

    Raises:
        Unreadable: it is not there, not a regular file, or may not be read.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # opening a pipe would wait for its writer
            raise Unreadable(f"{path}: is not a regular file")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "is not a possible path"
        raise Unreadable(f"{path}: {reason}") from error


def signatures(paths: Iterable[Path]) -> dict[Path, Signature]:
    """Return, for each path, a value that changes with the file that the path leads to; None while there is none."""
    return {path: _signature(path) for path in paths}


async def watch(seen: Mapping[Path, Signature], changed: Callable[[frozenset[Path]], Awaitable[None]]) -> None:
    """Call ``changed`` with the paths whose files have changed, come or gone, again and again, until cancelled.

    Args:
        seen: the paths with the signatures taken *before* the files were first read, so that nothing slips between.
        changed: is awaited; what happens meanwhile is told in the next call.
    """
    told = last = dict(seen)
    while True:
        await asyncio.sleep(POLL_SECONDS)
        # In a thread: on a network file system that hangs, requests must go on being answered.
        current = await asyncio.to_thread(signatures, told)
        # Half-written files stand still only when they are complete; and the clock of the file system, which ticks
        # every few milliseconds, tells a later change from this one.
        settled = {path: now for path, now in current.items() if now != told[path] and now == last[path]}
        last = current
        if settled:
            told = {**told, **settled}
            await changed(frozenset(settled))


def _signature(path: Path) -> Signature:
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
