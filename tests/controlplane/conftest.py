"""The control plane for tests that need a cluster: every test in this folder is one, and is marked `cluster`."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.controlplane.plane import ControlPlane

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.cluster)


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
