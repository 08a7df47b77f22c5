"""The control plane for tests that need a cluster: every test in this folder is one, and is marked `cluster`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.controlplane.installation import Installation, Service
from tests.controlplane.leaderworkersets import LeaderWorkerSets
from tests.controlplane.plane import ControlPlane

HERE = Path(__file__).parent
CONTROLLER = pytest.StashKey[str]()


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.cluster)


def pytest_terminal_summary(terminalreporter, config):
    if controller := config.stash.get(CONTROLLER, ""):
        terminalreporter.line(f"LeaderWorkerSet controller: {controller}")


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


@pytest.fixture(scope="session")
def lws(plane: ControlPlane, request: pytest.FixtureRequest) -> LeaderWorkerSets:
    """LeaderWorkerSets in the cluster, with their controller."""
    return install_lws(plane, request.config)


def install_lws(plane: ControlPlane, config: pytest.Config) -> LeaderWorkerSets:
    """Install LeaderWorkerSets, and have the end of the run say by which controller."""
    installed = LeaderWorkerSets(plane)
    installed.install()
    config.stash[CONTROLLER] = installed.manager or "the stand-in (LWS_MANAGER is not set)"
    return installed


@pytest.fixture
def namespace(plane: ControlPlane) -> Iterator[str]:
    """A fresh namespace of the cluster, in which pods can be created."""
    with plane.fresh_namespace() as name:
        yield name


@pytest.fixture(scope="session")
def site() -> Iterator[Installation]:
    """A cluster of its own with the webhook's objects in it: they are cluster-wide, and other tests have theirs."""
    with ControlPlane() as plane, Service() as service, Installation(plane, service) as installation:
        installation.install()
        yield installation


@pytest.fixture(scope="session")
def site_lws(site: Installation, request: pytest.FixtureRequest) -> None:
    """LeaderWorkerSets in that cluster, with their controller."""
    install_lws(site.plane, request.config)


@pytest.fixture
def hydra(site: Installation) -> Iterator[Installation]:
    """The webhook installed, nothing left of earlier tests, and no replica running yet."""
    site.reset()
    yield site
    site.stop_all()
