"""Base images without a registry: Debian's packages, installed by debootstrap once for all checkouts.

There are two archives of one file system: one to build in, and one with nothing but Python and its libraries, in particular
without a shell, like a distroless image.
"""

import contextlib
import hashlib
from collections.abc import Sequence
from pathlib import Path

from tests.controlplane import binaries
from tests.image.engine import SystemProcesses

SUITE = "bookworm"
PACKAGES = ("python3", "python3-venv", "ca-certificates")
PYTHON = "python3.11"

#: What the build does not need: devices, documentation, and the package manager's downloads.
LEFT_OUT = (
    "dev/*",
    "proc/*",
    "sys/*",
    "usr/share/doc",
    "usr/share/locale",
    "usr/share/man",
    "var/cache",
    "var/lib/apt",
)
#: What the webhook needs when it runs. The links in the root point into usr/.
BARE = (
    *("bin", "lib", "lib64", "tmp", "usr/lib64", "usr/lib/*-linux-gnu"),
    *("usr/bin/python3", f"usr/bin/{PYTHON}", "usr/lib/python3", f"usr/lib/{PYTHON}"),
    *("etc/group", "etc/ld.so.cache", "etc/nsswitch.conf", "etc/passwd", "etc/ssl", "usr/lib/ssl"),
)


def archives() -> tuple[Path, Path]:
    """Return the archive to build in and the one to run on. Creating them takes a minute or two."""
    key = hashlib.sha256(repr((SUITE, PACKAGES, PYTHON, LEFT_OUT, BARE)).encode()).hexdigest()[:12]
    folder = binaries.cache().parent / f"image-base-{SUITE}-{key}"
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        # Created next to it and renamed, so that it is never there in part.
        with SystemProcesses(".image-base-", parent=folder.parent) as unfinished:
            _create(unfinished)
            with contextlib.suppress(OSError):  # another run was faster
                (unfinished.folder / "done").rename(folder)
    return folder / "build.tar", folder / "bare.tar"


def _create(processes: SystemProcesses) -> None:
    root, done = processes.folder / "root", processes.folder / "done"
    done.mkdir()

    def run(*command: str) -> None:
        finished = processes.run(command)
        output = finished.stdout + finished.stderr
        assert finished.returncode == 0, f"{command[0]}: exit status {finished.returncode}\n{output[-4000:]}"

    def archive(name: str, members: Sequence[str]) -> None:
        run("tar", "--directory", str(root), "--create", "--file", str(done / name), *members)

    run("debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", SUITE, str(root))
    archive("build.tar", [f"--exclude=./{each}" for each in LEFT_OUT] + ["."])
    archive("bare.tar", [str(path.relative_to(root)) for each in BARE for path in root.glob(each)])
