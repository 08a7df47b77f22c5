"""Where to find the programs of the control plane.

Each program comes from the folder `$KUBEBUILDER_ASSETS`, which users of envtest have, or else from the newest build of
`make controlplane` in the user's cache. If it is in neither, kubectl and helm come from the PATH.
"""

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

CONTROL_PLANE = ("etcd", "kube-apiserver", "kube-controller-manager", "kubectl", "helm")
KUSTOMIZE = ("kustomize", "kustomize-old")
"""The newest, and the one in the oldest kubectl that can apply `manifests/`."""
NAMES = CONTROL_PLANE + KUSTOMIZE
ON_THE_PATH = ("kubectl", "helm")
"""Clients, which work with servers of other versions too."""


def cache(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder that holds the builds, each in a folder named by a digest of its sources."""
    base = environ.get("XDG_CACHE_HOME")
    home = Path(environ.get("HOME") or Path.home())
    return (Path(base) if base else home / ".cache") / "hydra-webhook" / "controlplane"


def complete(folder: Path) -> bool:
    """Return whether a folder has all the programs."""
    return all(os.access(folder / name, os.X_OK) for name in NAMES)


def find(name: str, environ: Mapping[str, str] = os.environ) -> Path | None:
    """Return the path of one of `NAMES`, or None if it cannot be found."""
    for folder in _folders(environ):
        if os.access(folder / name, os.X_OK):
            return folder / name
    if name in ON_THE_PATH and (found := shutil.which(name, path=environ.get("PATH", ""))):
        return Path(found).absolute()
    return None


def missing(names: Iterable[str] = CONTROL_PLANE, environ: Mapping[str, str] = os.environ) -> list[str]:
    return [name for name in names if find(name, environ) is None]


def _folders(environ: Mapping[str, str]) -> list[Path]:
    assets = environ.get("KUBEBUILDER_ASSETS")
    # A folder whose name starts with a dot is an unfinished build.
    builds = [folder for folder in cache(environ).glob("*/") if not folder.name.startswith(".")]
    newest = max(builds, key=lambda folder: folder.stat().st_mtime_ns, default=None)
    return [*([Path(assets).absolute()] if assets else []), *([newest] if newest else [])]
