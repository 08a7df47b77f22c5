"""Build what the product is compared with, in the user's cache, where every checkout with the same sources finds it.

    python -m bench.peers.build

The Go is the one that `make conformance` installs next to this Python, so that it is the same on every machine. kopf gets a virtual
environment, pinned in `requirements-peers.lock`: neither is ever a dependency of the product.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from tests.controlplane import binaries

ROOT = Path(__file__).parents[2]
MODULE = Path(__file__).parent / "go"
KOPF_LOCK = ROOT / "requirements-peers.lock"
GO_LOCK = ROOT / "requirements-conformance.lock"  # which pins Go
FLAGS = ("-buildvcs=false", "-trimpath", "-ldflags=-s -w")


class CannotBuildError(Exception):
    """There can be no build. The message says why, and what to do about it."""


def webhook() -> Path:
    """Return where the Go webhook is, once it is built."""
    sources = sorted(path for path in MODULE.iterdir() if path.suffix in {".mod", ".sum", ".go"})
    return _cache() / f"webhook-{_digest(' '.join(FLAGS).encode(), *map(Path.read_bytes, [GO_LOCK, *sources]))}"


def kopf() -> Path:
    """Return where kopf's command is, once it is installed."""
    folder = f"kopf-{_digest(sys.version.encode(), KOPF_LOCK.read_bytes())}"
    return _cache() / folder / "bin" / "kopf"


def missing() -> list[str]:
    """Return the names of what is not built."""
    programs = {"the Go webhook": webhook(), "kopf": kopf()}
    return [name for name, path in programs.items() if not os.access(path, os.X_OK)]


def build_webhook() -> None:
    go = Path(sys.executable).with_name("go")
    if not go.exists():
        raise CannotBuildError(f"{go} does not exist; `make peers` installs it")
    target = webhook()
    print(f"Building the Go webhook into {target}; this takes a few minutes, or seconds if Go's build cache is warm.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".", dir=target.parent) as unfinished:
        program = Path(unfinished) / "webhook"
        if subprocess.run([go, "build", *FLAGS, f"-o={program}", "."], cwd=MODULE, check=False).returncode != 0:
            raise CannotBuildError("the Go webhook does not build, see above; modules are downloaded from $GOPROXY")
        program.rename(target)


def install_kopf() -> None:
    command = kopf()
    folder = command.parents[1]
    print(f"Installing kopf into {folder}")
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder, with_pip=True)
    pip = [folder / "bin" / "pip", "install", "--quiet", "--require-hashes", "--requirement", KOPF_LOCK]
    if subprocess.run(pip, check=False).returncode != 0:
        raise CannotBuildError("kopf cannot be installed, see above")


def _cache() -> Path:
    return binaries.cache().with_name("peers")


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def main() -> int:
    try:
        for program, build in ((webhook(), build_webhook), (kopf(), install_kopf)):
            if not os.access(program, os.X_OK):
                build()
    except CannotBuildError as error:
        print(f"Cannot build: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
