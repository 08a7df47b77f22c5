"""The control plane for tests that need a cluster: every test in this folder is one, and is marked `cluster`."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.controlplane import binaries
from tests.controlplane.plane import ControlPlane

HERE = Path(__file__).parent
NOT_RUN = pytest.StashKey[int]()
REQUIRED = os.environ.get("HYDRA_CONTROLPLANE") == "required"


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.cluster)


def pytest_collection_finish(session):
    """Without the programs, skip what was selected of the cluster tests, or end the run where they are required."""
    selected = [item for item in session.items if item.get_closest_marker("cluster")]
    missing = ", ".join(binaries.missing())
    if not selected or not missing:
        return
    if REQUIRED:
        raise pytest.UsageError(
            f"HYDRA_CONTROLPLANE=required, but these programs are nowhere: {missing}. Run: make controlplane"
        )
    for item in selected:
        item.add_marker(pytest.mark.skip(reason=f"needs {missing}: make controlplane"))
    session.config.stash[NOT_RUN] = len(selected)


def pytest_terminal_summary(terminalreporter, config):
    if number := config.stash.get(NOT_RUN, 0):
        say = {"red": True, "bold": True}
        terminalreporter.section("NOT RUN: the tests against a real API server", sep="!", **say)
        terminalreporter.line(
            f"{number} tests in tests/controlplane/ were left out: {', '.join(binaries.missing())} missing.", **say
        )
        terminalreporter.line("This command builds what is missing (15 minutes, once):  make controlplane", **say)


@pytest.fixture(scope="session")
def plane() -> Iterator[ControlPlane]:
    """The cluster where workloads run."""
    with ControlPlane() as plane:
        yield plane


@pytest.fixture(scope="session")
def global_plane() -> Iterator[ControlPlane]:
    """A second cluster, which only holds objects: an API server without controllers."""
    with ControlPlane(controllers=False) as plane:
        yield plane


@pytest.fixture
def namespace(plane: ControlPlane) -> Iterator[str]:
    """A fresh namespace of the cluster, in which pods can be created."""
    name = f"test-{secrets.token_hex(4)}"
    plane.kubectl("create", "namespace", name)
    plane.wait(lambda: plane.get("serviceaccount", "default", name), "the namespace has its ServiceAccount")
    yield name
    plane.kubectl("delete", "namespace", name, "--wait=false")
