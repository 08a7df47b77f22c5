"""The objects that kustomize and Helm create from `manifests/`, without a cluster."""

import functools
import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.controlplane import binaries

Object = dict[str, Any]

MANIFESTS = Path(__file__).parents[2] / "manifests"
CHART = MANIFESTS / "chart"
NAMESPACE = "hydra-system"

ANOTHER_NAMESPACE = yaml.safe_load((MANIFESTS / "another-namespace.yaml").read_text())
"""What a kustomization needs besides `namespace`, so that everything follows."""

HELM_LABELS = ("helm.sh/chart", "app.kubernetes.io/managed-by")
"""Labels that objects have only when they come from Helm."""


class RenderError(Exception):
    """kustomize, kubectl or helm failed; the message is its output."""


def kustomize(folder: Path = MANIFESTS / "base") -> list[Object]:
    return objects(_run("kubectl", "kustomize", folder))


def build(program: str, folder: Path) -> list[Object]:
    """Return what one of `binaries.KUSTOMIZE` makes of a kustomization.

    Raises:
        RenderError: It fails.
    """
    return objects(_run(program, "build", folder))


def base_with(*components: str, **settings: Any) -> list[Object]:
    """Return the base with components and further settings, as from a user's own kustomization."""
    with tempfile.TemporaryDirectory() as folder:
        write_kustomization(Path(folder), *components, **settings)
        return kustomize(Path(folder))


def write_kustomization(folder: Path, *components: str, tag: str = "", **settings: Any) -> None:
    """Write a user's own kustomization.

    Args:
        folder: where to.
        components: names of folders in `manifests/components`.
        tag: of the image; empty for the base's own.
        settings: further fields of the kustomization.
    """
    manifests = os.path.relpath(MANIFESTS, folder.resolve())
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [f"{manifests}/base"],
        "components": [f"{manifests}/components/{component}" for component in components],
        "images": [{"name": "hydra-runtime-webhook", "newTag": tag}] if tag else [],
        **settings,
    }
    (folder / "kustomization.yaml").write_text(json.dumps(kustomization))


def helm(
    values: Object | None = None, *arguments: str, release: str = "hydra-webhook", tests: bool = False
) -> list[Object]:
    """Return what `helm install` would create.

    Args:
        values: the chart's values, as in a file.
        arguments: further arguments of helm.
        release: name of the release.
        tests: whether to add what `helm test` would create.

    Raises:
        RenderError: Helm rejects the values.
    """
    options = ["--namespace", NAMESPACE, "--kube-version", "1.36.0", "--values", "-", *arguments]
    options += [] if tests else ["--skip-tests"]
    return objects(_run("helm", "template", release, CHART, *options, stdin=json.dumps(values or {})))


def lint(values: Object) -> None:
    """Run `helm lint` on the chart.

    Raises:
        RenderError: It reports a problem.
    """
    _run("helm", "lint", "--strict", CHART, "--kube-version", "1.36.0", "--values", "-", stdin=json.dumps(values))


def objects(text: str) -> list[Object]:
    return [document for document in yaml.load_all(text, yaml.CSafeLoader) if document]


def find(rendered: Iterable[Object], kind: str, name: str = "hydra-webhook") -> Object:
    """Return the object of this kind and name; there must be exactly one."""
    (found,) = (item for item in rendered if (item["kind"], item["metadata"]["name"]) == (kind, name))
    return found


def kinds(rendered: Iterable[Object]) -> set[str]:
    return {item["kind"] for item in rendered}


def container(rendered: Iterable[Object]) -> Object:
    return find(rendered, "Deployment")["spec"]["template"]["spec"]["containers"][0]


def environment(rendered: Iterable[Object]) -> dict[str, Any]:
    """Return the container's variables, with None for each that has no literal value."""
    return {variable["name"]: variable.get("value") for variable in container(rendered)["env"]}


@functools.cache
def _run(program: str, *arguments: str | Path, stdin: str = "") -> str:
    found = binaries.find(program)
    assert found, f"{program} is missing; this builds it: make controlplane"
    command: Sequence[str | Path] = [found, *arguments]
    with tempfile.TemporaryDirectory() as home:  # Helm writes its cache there
        environ = {"PATH": os.environ.get("PATH", os.defpath), "HOME": home}
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, env=environ, check=False)
    if done.returncode:
        raise RenderError(done.stderr + done.stdout)
    return done.stdout
