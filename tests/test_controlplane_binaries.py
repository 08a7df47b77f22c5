"""Where the programs of the control plane come from, and what is reported if they are missing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.controlplane import binaries, build

ROOT = Path(__file__).parents[1]
TEST = "tests/controlplane/test_plane.py::test_kubectl_and_helm_work"

BUILDING_GO = f"""#!/bin/sh
case "$1" in
env) echo go9.9.9 ;;
build)
    for flag; do case "$flag" in -o=*) folder=${{flag#-o=}} ;; esac; done
    for name in {" ".join(binaries.NAMES)}; do echo > "$folder/$name"; chmod +x "$folder/$name"; done ;;
esac
"""
FAILING_GO = '#!/bin/sh\ncase "$1" in env) echo go9.9.9 ;; build) exit 1 ;; esac\n'
OLD_GO = '#!/bin/sh\necho "go.mod requires go >= 1.26.0" >&2\nexit 1\n'


def program(path, text=""):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def environ(tmp_path, monkeypatch):
    """Environment variables with which no program is found."""
    variables = {"PATH": f"{tmp_path / 'path'}:/usr/bin:/bin", "HOME": str(tmp_path)}
    for name in ("KUBEBUILDER_ASSETS", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


def test_programs_come_from_the_envtest_folder_then_the_newest_build_then_the_path(tmp_path, environ):
    builds = tmp_path / ".cache" / "hydra-webhook" / "controlplane"
    found = {"nothing": binaries.find("helm", {**environ, "PATH": ""})}
    found["path"] = program(tmp_path / "path" / "helm")
    assert binaries.find("helm", environ) == found["path"]
    for age, name in ((200, "a"), (100, "b"), (300, "c"), (0, ".unfinished")):
        program(builds / name / "helm")
        os.utime(builds / name, (10_000 - age, 10_000 - age))
    assert binaries.find("helm", environ) == builds / "b" / "helm"
    other = {**environ, "XDG_CACHE_HOME": str(tmp_path / "other")}
    assert binaries.find("helm", other) == found["path"]
    assets = program(tmp_path / "assets" / "helm").parent
    assert binaries.find("helm", {**environ, "KUBEBUILDER_ASSETS": str(assets)}) == assets / "helm"
    assert found["nothing"] is None


def test_servers_never_come_from_the_path(tmp_path, environ):
    for name in binaries.NAMES:
        program(tmp_path / "path" / name)
    assert binaries.missing(environ=environ) == ["etcd", "kube-apiserver", "kube-controller-manager"]


def test_a_build_appears_complete_and_is_reused(tmp_path, environ, capfd):
    program(tmp_path / "path" / "go", BUILDING_GO)
    assert build.main() == 0
    assert "Building the control plane with go9.9.9" in capfd.readouterr().out
    assert binaries.missing() == []
    program(binaries.cache() / "newer-from-another-branch" / "etcd")
    assert build.main() == 0
    assert "already built" in capfd.readouterr().out
    assert binaries.missing() == []


def test_a_failed_build_leaves_nothing(tmp_path, environ, capfd):
    program(tmp_path / "path" / "go", FAILING_GO)
    assert build.main() == 1
    assert "Cannot build the control plane: go.etcd.io/etcd" in capfd.readouterr().err
    assert list(binaries.cache().iterdir()) == []


def test_nothing_is_built_if_the_envtest_folder_is_complete(tmp_path, environ, monkeypatch, capfd):
    for name in binaries.NAMES:
        program(tmp_path / "assets" / name)
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path / "assets"))
    assert build.main() == 0
    assert "is complete in" in capfd.readouterr().out
    assert not binaries.cache().exists()


def test_the_first_go_that_is_new_enough_is_used(tmp_path):
    old, new = program(tmp_path / "old", OLD_GO), program(tmp_path / "new", BUILDING_GO)
    assert build.usable_go([None, str(old), str(new)]) == (str(new), "go9.9.9")
    with pytest.raises(
        build.CannotBuildError, match=r"^it needs Go 1\.26\S* or newer.*\n.*old: go.mod requires go >= 1.26.0"
    ):
        build.usable_go([None, str(old)])


@pytest.mark.parametrize(
    ("required", "status", "reported"),
    [
        (
            "",
            0,
            [
                "NOT RUN: the tests against a real API server",
                "1 test was skipped",
                "etcd",
                "make controlplane",
                "1 skipped",
            ],
        ),
        ("required", 4, ["HYDRA_CONTROLPLANE=required", "etcd", "make controlplane"]),
    ],
)
@pytest.mark.slow
def test_without_the_programs_the_cluster_tests_are_skipped_loudly_or_the_run_fails(
    environ, required, status, reported
):
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", TEST]
    run = subprocess.run(
        command,
        env={**environ, "HYDRA_CONTROLPLANE": required},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == status
    assert [words for words in reported if words not in run.stdout + run.stderr] == []
