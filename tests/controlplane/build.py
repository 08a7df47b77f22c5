"""Build the programs of the control plane from the Go modules in `go/`, whose go.mod files pin the versions.

    python -m tests.controlplane.build

The build goes to the user's cache and is used by every checkout that has the same modules. Go is the one on the PATH if it
is new enough for the modules, else the one that `make conformance` installs beside this Python.
"""

# ruff: noqa: T201 - a command prints

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.controlplane import binaries

MODULES = Path(__file__).parent / "go"


@dataclass(frozen=True)
class Module:
    """What is built from one Go module."""

    folder: str
    pinned: str
    """The required module whose version is the program's."""
    packages: tuple[str, ...]

    @property
    def path(self) -> Path:
        return MODULES / self.folder

    def version(self, module: str) -> str:
        """Return the version of a required module, such as v1.36.3."""
        found = re.search(
            rf"^\s*(?:require )?{re.escape(module)} (v\S+)", (self.path / "go.mod").read_text(), re.MULTILINE
        )
        assert found, f"{self.path}/go.mod does not require {module}"
        return found[1]


ETCD = Module("etcd", "go.etcd.io/etcd/server/v3", (".",))
KUBERNETES = Module(
    "kubernetes",
    "k8s.io/kubernetes",
    tuple(f"k8s.io/kubernetes/cmd/{name}" for name in ("kube-apiserver", "kube-controller-manager", "kubectl")),
)
HELM = Module("helm", "helm.sh/helm/v3", ("helm.sh/helm/v3/cmd/helm",))
KUSTOMIZE = Module("kustomize", "sigs.k8s.io/kustomize/kustomize/v5", (".",))
KUSTOMIZE_OLD = Module("kustomize-old", KUSTOMIZE.pinned, (".",))
ALL = (ETCD, KUBERNETES, HELM, KUSTOMIZE, KUSTOMIZE_OLD)


class CannotBuildError(Exception):
    """Why there can be no build; the text says what to do."""


def main() -> int:
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    if assets and binaries.complete(Path(assets)):
        print(f"The control plane is complete in {assets} ($KUBEBUILDER_ASSETS).")
        return 0
    try:
        go, release = usable_go([shutil.which("go"), shutil.which("go", path=str(Path(sys.executable).parent))])
        target = binaries.cache() / digest(release)
        if binaries.complete(target):
            os.utime(target)  # the newest build is the one that is used
            print(f"The control plane is built already: {target}")
        else:
            build(go, release, target)
    except CannotBuildError as error:
        print(f"The control plane cannot be built: {error}", file=sys.stderr)
        return 1
    return 0


def usable_go(candidates: Iterable[str | None]) -> tuple[str, str]:
    """Return the first Go that is new enough, and its version, such as go1.26.8.

    Raises:
        CannotBuildError: None is.
    """
    tried = []
    for go in filter(None, candidates):
        # Go itself judges whether it is new enough for a module, and may be set up to fetch a newer one.
        asked = [_run(go, module, "list", "-m") for module in ALL]
        if all(answer.returncode == 0 for answer in asked):
            return go, _run(go, KUBERNETES, "env", "GOVERSION").stdout.strip()
        tried.append(f"\n  {go}: {next(answer.stderr.strip() for answer in asked if answer.returncode != 0)}")
    needed = re.search(r"^go (\S+)", (KUBERNETES.path / "go.mod").read_text(), re.MULTILINE)
    assert needed
    raise CannotBuildError(f"Go {needed[1]} or newer is needed, on the PATH or from: make conformance{''.join(tried)}")


def digest(release: str) -> str:
    """Return the name of a build: it changes with Go, with the flags and with any file of the modules."""
    state = hashlib.sha256("\0".join([release, *map(_ldflags, ALL)]).encode())
    for path in sorted(path for path in MODULES.rglob("*") if path.suffix in {".mod", ".sum", ".go"}):
        state.update(f"\0{path.relative_to(MODULES)}\0".encode() + path.read_bytes())
    return state.hexdigest()[:16]


def build(go: str, release: str, target: Path) -> None:
    """Build everything; `target` appears when all is there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    print(f"Building the control plane with {release} into {target}")
    print("It takes about 15 minutes on two cores with nothing cached, and one or two where Go's build cache is warm.")
    unfinished = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        for module in ALL:
            print(f"  {module.pinned} {module.version(module.pinned)} …", flush=True)
            flags = ["-buildvcs=false", "-trimpath", f"-ldflags={_ldflags(module)}", f"-o={unfinished}/"]
            if subprocess.run([go, "build", *flags, *module.packages], cwd=module.path, check=False).returncode != 0:
                raise CannotBuildError(f"{module.pinned}: see above; modules come from $GOPROXY")
        unfinished.chmod(0o755)
        if not binaries.complete(target):  # as it is if somebody else built it meanwhile
            shutil.rmtree(target, ignore_errors=True)
            unfinished.rename(target)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    print(f"Built {', '.join(binaries.NAMES)}")


def _ldflags(module: Module) -> str:
    """Strip debug information, and set the variables that the projects' own builds set."""
    version = module.version(module.pinned)
    values = {}
    if module is KUBERNETES:
        major, minor, _ = version.removeprefix("v").split(".", 2)
        values = {
            "k8s.io/component-base/version.gitVersion": version,
            "k8s.io/component-base/version.gitMajor": major,
            "k8s.io/component-base/version.gitMinor": minor,
        }
    elif module is HELM:
        # `helm template` takes the Kubernetes of its client library for the cluster's; v0.37.0 is that of 1.37.
        minor = module.version("k8s.io/client-go").split(".")[1]
        values = {
            "helm.sh/helm/v3/internal/version.version": version,
            "helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor": "1",
            "helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor": minor,
        }
    return " ".join(["-s", "-w", *(f"-X {key}={value}" for key, value in values.items())])


def _run(go: str, module: Module, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([go, *arguments], cwd=module.path, capture_output=True, text=True, check=False)


if __name__ == "__main__":
    sys.exit(main())
