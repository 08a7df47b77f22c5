"""Base images where no registry can be reached: Debian's packages, by debootstrap, once for all checkouts.

Two archives of one file system: one to build in, and one that has Python and the libraries and nothing else, above all no shell,
as distroless images are.
"""

import contextlib
import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.controlplane import binaries
from tests.image.keeper import unmount_below

SUITE = "bookworm"
PACKAGES = ("python3", "python3-venv", "ca-certificates")
PYTHON = "python3.11"

#: What building does without: devices, documentation, and the package manager's downloads.
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
#: What running needs; the links in the root lead into usr/.
BARE = (
    *("bin", "lib", "lib64", "tmp", "usr/lib64", "usr/lib/*-linux-gnu"),
    *("usr/bin/python3", f"usr/bin/{PYTHON}", "usr/lib/python3", f"usr/lib/{PYTHON}"),
    *("etc/group", "etc/ld.so.cache", "etc/nsswitch.conf", "etc/passwd", "etc/ssl", "usr/lib/ssl"),
)


def archives() -> tuple[Path, Path]:
    """Return the archive to build in and the one to run on; making them takes a minute or two."""
    key = hashlib.sha256(repr((SUITE, PACKAGES, PYTHON, LEFT_OUT, BARE)).encode()).hexdigest()[:12]
    folder = binaries.cache().parent / f"image-base-{SUITE}-{key}"
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        # Made beside it and renamed, so that it is there whole or not at all.
        with tempfile.TemporaryDirectory(prefix=".image-base-", dir=folder.parent) as unfinished:
            _make(Path(unfinished))
            with contextlib.suppress(OSError):  # another run was first
                (Path(unfinished) / "done").rename(folder)
    return folder / "build.tar", folder / "bare.tar"


def _make(folder: Path) -> None:
    root, done = folder / "root", folder / "done"
    done.mkdir()
    try:
        _run("debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", SUITE, str(root))
    finally:
        unmount_below(folder)
    _archive(root, done / "build.tar", [f"--exclude=./{each}" for each in LEFT_OUT] + ["."])
    _archive(root, done / "bare.tar", [str(path.relative_to(root)) for each in BARE for path in root.glob(each)])
    shutil.rmtree(root)


def _archive(root: Path, archive: Path, members: Sequence[str]) -> None:
    _run("tar", "--directory", str(root), "--create", "--file", str(archive), *members)


def _run(*command: str) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, f"{command[0]}: exit status {done.returncode}\n{done.stdout[-4000:]}"
