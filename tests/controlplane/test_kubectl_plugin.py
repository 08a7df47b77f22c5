"""``kubectl hydra``: kubectl runs the program as its plugin, by kubectl's own mechanism."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import webhook
from tests.controlplane import binaries

ROOT = Path(__file__).parents[2]
SCRIPTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]


@pytest.fixture
def kubectl(tmp_path):
    """Run kubectl with the plugin on its PATH, as the package installs it."""
    for name in ("kubectl-hydra", "kubectl_complete-hydra"):
        module, _, function = SCRIPTS[name].partition(":")
        (tmp_path / name).write_text(
            f"#!{sys.executable}\nimport sys\nfrom {module} import {function}\nsys.exit({function}())\n"
        )
        (tmp_path / name).chmod(0o755)
    program = binaries.find("kubectl")
    assert program

    def kubectl(*arguments):
        environ = {"PATH": f"{tmp_path}:{os.defpath}", "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
        return subprocess.run([program, *arguments], env=environ, capture_output=True, text=True, check=False)

    return kubectl


def test_kubectl_finds_and_runs_it(kubectl):
    assert "kubectl-hydra" in kubectl("plugin", "list").stdout
    assert kubectl("hydra", "version").stdout == f"{webhook.__version__}\n"
    rendered = kubectl("hydra", "render", "-f", ROOT / "manifests/examples/leaderworkerset-cpu.yaml")
    assert (rendered.returncode, rendered.stdout.count("hydra.io/rendered")) == (0, 2)


@pytest.mark.thorough
def test_usage_names_the_program_as_it_was_called(kubectl):
    assert kubectl("hydra", "--help").stdout.startswith("Usage: kubectl hydra [OPTIONS]")
    assert kubectl("hydra", "render", "--help").stdout.startswith("Usage: kubectl hydra render [OPTIONS]")
    wrong = kubectl("hydra", "render", "--nonsense")
    assert wrong.returncode == 2
    assert "Try 'kubectl hydra render -h' for help." in wrong.stderr


@pytest.mark.thorough
def test_kubectl_completes_it(kubectl):
    def completed(*words):
        *found, directive = kubectl("__complete", "hydra", *words).stdout.splitlines()
        assert directive == ":0"
        return found

    assert completed("re") == ["render", "restore", "refresh"]
    assert completed("render", "--warn") == ["--warnings-as-errors"]
    assert completed("builtin", "") == ["templates", "agent", "gpu-configs", "examples"]
    assert completed("render", "-f", "po") == []
