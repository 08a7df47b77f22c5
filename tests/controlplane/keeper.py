"""The keeper of a control plane: ends its processes and removes its folder, however the tests end.

The keeper creates the folder, prints its path, and waits on its standard input. That closes when the tests close it or die,
even by SIGKILL. Then the keeper kills every other process in its process group, which all processes of the control plane
join when they start. It uses the standard library only, so it starts at once.
"""

import contextlib
import os
import shutil
import signal
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


def main() -> None:
    # A signal to the terminal or the group must not end the keeper before its work is done.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    folder = tempfile.mkdtemp(prefix="hydra-controlplane-")
    with contextlib.suppress(BrokenPipeError):  # the tests have died already
        os.write(sys.stdout.fileno(), f"{folder}\n".encode())
    sys.stdin.buffer.read()
    while others := members(os.getpgrp()) - {os.getpid()}:
        for process in others:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        time.sleep(0.02)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
