"""The keeper of a control plane: ends its processes and removes its folder, however the tests end.

It makes the folder, prints its path, and waits on its standard input, which closes when the tests close it or die, be it by
SIGKILL. Then it kills every other process of its process group. Those that belong to the control plane are started in that
group. Standard library only, so that it is there at once.
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
        except OSError:  # it has just ended
            continue
        state, _parent, its_group = text[text.rindex(")") + 1 :].split()[:3]
        # One that has ended stays listed until its parent asks for its status, and in a container nobody may.
        if int(its_group) == group and state not in "ZX":
            found.add(int(status.parent.name))
    return found


def main() -> None:
    # What ends the terminal or the group must not end the keeper before its work is done.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    folder = tempfile.mkdtemp(prefix="hydra-controlplane-")
    sys.stdout.write(f"{folder}\n")
    sys.stdout.flush()
    sys.stdin.buffer.read()
    while others := members(os.getpgrp()) - {os.getpid()}:
        for process in others:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        time.sleep(0.02)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
