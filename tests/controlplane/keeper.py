"""The keeper of some processes and their folder: ends and removes them, however the tests end.

    python keeper.py PARENT PREFIX GRACE

The keeper creates the folder in PARENT, prints its path, and waits on its standard input. That closes when the tests close it
or die, even by SIGKILL. Then the keeper ends every other process in its process group, which all that belong to it join when
they start: with GRACE seconds after SIGTERM if that is more than 0, then with SIGKILL. It uses the standard library only, so it
starts at once.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def members(group: int) -> set[int]:
    """Return the ids of the living processes of a process group."""
    found = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = status.read_text()
        except OSError:  # the process has just ended
            continue
        state, _parent, its_group = text[text.rindex(")") + 1 :].split()[:3]
        # A process that has ended stays listed until its parent collects its status, which in a container may never happen.
        if int(its_group) == group and state not in "ZX":
            found.add(int(status.parent.name))
    return found


def end_others(grace: float) -> None:
    """End all other processes of this process group."""
    deadline = time.monotonic() + grace
    number = signal.SIGTERM if grace else signal.SIGKILL
    while others := members(os.getpgrp()) - {os.getpid()}:
        for process in others:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, number)
        while number is signal.SIGTERM and time.monotonic() < deadline and members(os.getpgrp()) - {os.getpid()}:
            time.sleep(0.1)
        number = signal.SIGKILL
        time.sleep(0.02)


def unmount_below(folder: Path) -> None:
    """Unmount everything in a folder, the innermost first: a container engine or debootstrap may leave mounts."""
    targets = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for target in reversed(targets):
        path = Path(re.sub(r"\\(\d{3})", lambda octal: chr(int(octal[1], 8)), target))
        if path.is_relative_to(folder):
            subprocess.run(["umount", "--lazy", path], check=False)


def main(parent: str, prefix: str, grace: str) -> None:
    """Keep a folder, and the processes of this process group, until standard input closes."""
    # A signal to the terminal or the group must not end the keeper before its work is done.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    with contextlib.suppress(BrokenPipeError):  # the tests have died already
        os.write(sys.stdout.fileno(), f"{folder}\n".encode())
    sys.stdin.buffer.read()
    end_others(float(grace))
    unmount_below(folder)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
