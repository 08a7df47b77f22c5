"""The keeper of a container engine: ends it and removes all that it left, however the tests end.

It makes a folder, starts the engine there, prints the folder's path, and waits on its standard input, which closes when the tests
close it or die, be it by SIGKILL. Standard library only, so that it is there at once.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

#: The engine gives containers 15 seconds to end.
STOP_SECONDS = 40


def unmount_below(folder: Path) -> None:
    """Unmount all that is mounted in a folder, the innermost first. The engine leaves a network namespace mounted."""
    targets = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for target in reversed(targets):
        path = Path(re.sub(r"\\(\d{3})", lambda octal: chr(int(octal[1], 8)), target))
        if path.is_relative_to(folder):
            subprocess.run(["umount", "--lazy", path], check=False)


def main() -> None:
    """Keep an engine until standard input closes."""
    # What ends the terminal or the group must not end the keeper before its work is done.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    folder = Path(tempfile.mkdtemp(prefix="hydra-image-"))
    namespace = f"hydra-image-{os.getpid()}"  # containerd does not take every name that a folder has
    engine = subprocess.Popen(
        [
            "dockerd",
            # No network of its own, so that nothing of the machine's is changed; containers use the machine's.
            *("--bridge=none", "--iptables=false", "--ip6tables=false"),
            *("--data-root", folder / "data", "--exec-root", folder / "exec", "--pidfile", folder / "pid"),
            *("--host", f"unix://{folder / 'socket'}"),
            # Should it find the containerd of another engine.
            *("--containerd-namespace", namespace, "--containerd-plugins-namespace", f"{namespace}-plugins"),
        ],
        stdin=subprocess.DEVNULL,
        stdout=(folder / "log").open("wb"),
        stderr=subprocess.STDOUT,
        process_group=0,
    )
    sys.stdout.write(f"{folder}\n")
    sys.stdout.flush()
    sys.stdin.buffer.read()
    engine.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        engine.wait(STOP_SECONDS)
    engine.kill()
    engine.wait()
    unmount_below(folder)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
