"""The keeper of a control plane: ends its processes and removes its folder, however the tests end.

It makes the folder, prints its path, and waits on its standard input, which closes when the tests close it or die, be it by
SIGKILL. Then it kills every other process of its process group. Those that belong to the control plane are started in that
group. Standard library only, so that it is there at once.
"""

import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path


def others() -> Iterator[int]:
    """Yield the ids of the living processes in this process's group, without this one."""
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = status.read_text()
        except OSError:  # it has just ended
            continue
        state, _parent, group = text[text.rindex(")") + 1 :].split()[:3]
        process = int(status.parent.name)
        if int(group) == os.getpgrp() and process != os.getpid() and state not in "ZX":
            yield process


def main() -> None:
    # What ends the terminal or the group must not end the keeper before its work is done.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    folder = tempfile.mkdtemp(prefix="hydra-controlplane-")
    sys.stdout.write(f"{folder}\n")
    sys.stdout.flush()
    sys.stdin.buffer.read()
    while members := list(others()):
        for process in members:
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.02)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
