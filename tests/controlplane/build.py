"""Build the programs of the control plane from the Go modules in `go/`, whose go.mod files pin the versions.

    python -m tests.controlplane.build

The build goes to the user's cache, where every checkout with the same modules finds it. It uses the Go on the PATH if that is
new enough for the modules, and otherwise the Go that `make conformance` installs next to this Python.
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
    """A Go module, and the packages to build from it."""

    folder: str
    pinned: str
    """The required module whose version is that of the programs."""
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
    """There can be no build. The message says why, and what to do about it."""


def main() -> int:
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    if assets and binaries.complete(Path(assets)):
        print(f"The control plane is complete in {assets} ($KUBEBUILDER_ASSETS).")
        return 0
    try:
        go, release = usable_go([shutil.which("go"), shutil.which("go", path=str(Path(sys.executable).parent))])
        target = binaries.cache() / digest(release)
        if binaries.complete(target):
            os.utime(target)  # the newest build is the one in use
            print(f"The control plane is already built: {target}")
        else:
            build(go, release, target)
    except CannotBuildError as error:
        print(f"Cannot build the control plane: {error}", file=sys.stderr)
        return 1
    return 0


def usable_go(candidates: Iterable[str | None]) -> tuple[str, str]:
    """Return the first Go that is new enough, and its version, such as go1.26.8.

    Raises:
        CannotBuildError: None of them is new enough.
    """
    tried = []
    for go in filter(None, candidates):
        # Go itself knows whether it is new enough for a module, and may be configured to download a newer Go.
        asked = [_run(go, module, "list", "-m") for module in ALL]
        if all(answer.returncode == 0 for answer in asked):
            return go, _run(go, KUBERNETES, "env", "GOVERSION").stdout.strip()
        tried.append(f"\n  {go}: {next(answer.stderr.strip() for answer in asked if answer.returncode != 0)}")
    needed = re.search(r"^go (\S+)", (KUBERNETES.path / "go.mod").read_text(), re.MULTILINE)
    assert needed
    raise CannotBuildError(
        f"it needs Go {needed[1]} or newer. Put it on the PATH, or run: make conformance{''.join(tried)}"
    )


def digest(release: str) -> str:
    """Return the name of a build, which changes with Go, the linker flags and every file of the modules."""
    state = hashlib.sha256("\0".join([release, *map(_ldflags, ALL)]).encode())
    for path in sorted(path for path in MODULES.rglob("*") if path.suffix in {".mod", ".sum", ".go"}):
        state.update(f"\0{path.relative_to(MODULES)}\0".encode() + path.read_bytes())
    return state.hexdigest()[:16]


def build(go: str, release: str, target: Path) -> None:
    """Build everything. `target` appears once the build is complete."""
    target.parent.mkdir(parents=True, exist_ok=True)
    print(f"Building the control plane with {release} into {target}")
    print("This takes about 15 minutes on two cores, or one or two if Go's build cache is warm.")
    unfinished = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        for module in ALL:
            print(f"  {module.pinned} {module.version(module.pinned)} …", flush=True)
            flags = ["-buildvcs=false", "-trimpath", f"-ldflags={_ldflags(module)}", f"-o={unfinished}/"]
            if subprocess.run([go, "build", *flags, *module.packages], cwd=module.path, check=False).returncode != 0:
                raise CannotBuildError(
                    f"{module.pinned} does not build, see above. Modules are downloaded from $GOPROXY."
                )
        unfinished.chmod(0o755)
        if not binaries.complete(target):  # another process may have built it meanwhile
            shutil.rmtree(target, ignore_errors=True)
            unfinished.rename(target)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    print(f"Built {', '.join(binaries.NAMES)}")


def _ldflags(module: Module) -> str:
    """Return linker flags that strip debug information and set what the projects' own builds set."""
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
        # `helm template` assumes a cluster of its client library's version: v0.37.0 belongs to Kubernetes 1.37.
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
