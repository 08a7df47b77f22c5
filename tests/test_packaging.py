"""The wheel: what it contains, and that it works without the rest of the project."""

import os
import subprocess
import sys
import sysconfig
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

import webhook

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "manifests" / "examples"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    build = [Path(sys.executable).with_name("hatchling"), "build", "--target", "wheel", "--directory", folder]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.iterdir()
    return wheel


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """Install the wheel into a virtual environment of its own; return the folder with its programs.

    The dependencies are those of the environment that runs the tests, which keeps this offline.
    """
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / "bin" / "python"
    install = [
        sys.executable,
        "-m",
        "pip",
        "--quiet",
        f"--python={python}",
        "install",
        "--no-deps",
        "--no-index",
        wheel,
    ]
    subprocess.run(install, check=True)
    ask = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    packages = Path(subprocess.check_output(ask, text=True).strip())
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin"


def run(*command: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)


def test_the_wheel_contains_the_two_typed_packages_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()

    top = {name.partition("/")[0] for name in names}
    assert top == {"webhook", "certs", f"hydra_runtime_webhook-{webhook.__version__}.dist-info"}
    assert {"webhook/py.typed", "certs/py.typed"} <= set(names)


def test_the_metadata_is_complete_and_names_no_address(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = message_from_bytes(archive.read(name))

    assert metadata["Version"] == webhook.__version__
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Author"] == "The Hydra runtime webhook contributors"
    assert "kubernetes" in metadata["Keywords"].split(",")
    pythons = {f"Programming Language :: Python :: 3.{minor}" for minor in range(11, 15)}
    assert pythons <= set(metadata.get_all("Classifier"))
    assert metadata.get_all("Project-URL") is None


def test_the_demo_of_an_installed_wheel_works_in_an_empty_folder(installed, tmp_path):
    done = run(installed / "hydra-webhook", "demo", folder=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("out: allowed, with a patch of") == 2
    assert list(tmp_path.iterdir()) == []


def test_the_package_runs_as_a_module(installed, tmp_path):
    done = run(installed / "python", "-m", "webhook", "--version", folder=tmp_path)

    assert (done.returncode, done.stdout, done.stderr) == (0, f"{webhook.__version__}\n", "")


def test_the_examples_in_the_wheel_are_those_of_the_manifests(wheel):
    with zipfile.ZipFile(wheel) as archive:
        packaged = {
            Path(name).name: archive.read(name)
            for name in archive.namelist()
            if name.startswith("webhook/cli/examples/")
        }

    assert packaged.keys() == {"pod.yaml", "leaderworkerset.yaml", "leaderworkerset-cpu.yaml"}
    for name, content in packaged.items():
        assert content == (EXAMPLES / name).read_bytes()


def test_the_installed_command_explains_every_code(installed, tmp_path):
    done = run(installed / "hydra-webhook", "rule", "--all", folder=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert "\nunused-ignore: lint remark\n" in done.stdout
