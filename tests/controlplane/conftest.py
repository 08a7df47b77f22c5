"""Control planes for the tests in this folder, all of which need one and are marked `cluster`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.controlplane.fleets import IMAGES, RESERVED, Fleet, configure, queue_policies
from tests.controlplane.installation import Installation
from tests.controlplane.leaderworkersets import CONTROLLER, LeaderWorkerSets
from tests.controlplane.plane import ControlPlane
from tests.controlplane.service import Service

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.cluster)


@pytest.fixture(scope="session")
def plane() -> Iterator[ControlPlane]:
    """The cluster in which workloads run."""
    with ControlPlane() as plane:
        yield plane


@pytest.fixture(scope="session")
def global_plane() -> Iterator[ControlPlane]:
    """A second cluster, which only holds objects: it has no controllers."""
    with ControlPlane(controllers=False) as plane:
        yield plane


@pytest.fixture(scope="session")
def lws(plane: ControlPlane, request: pytest.FixtureRequest) -> LeaderWorkerSets:
    """LeaderWorkerSets and their controller in the cluster."""
    return install_lws(plane, request.config)


def install_lws(plane: ControlPlane, config: pytest.Config) -> LeaderWorkerSets:
    """Install LeaderWorkerSets, and name their controller at the end of the run."""
    installed = LeaderWorkerSets(plane)
    installed.install()
    config.stash[CONTROLLER] = installed.manager or "the stand-in (LWS_MANAGER is not set)"
    return installed


@pytest.fixture
def namespace(plane: ControlPlane) -> Iterator[str]:
    """A fresh namespace of the cluster, where pods can be created."""
    with plane.fresh_namespace() as name:
        yield name


@pytest.fixture(scope="session")
def site() -> Iterator[Installation]:
    """The webhook installed in a cluster of its own, since other tests install other cluster-wide objects."""
    with ControlPlane() as plane, Service() as service, Installation(plane, service) as installation:
        installation.install()
        yield installation


@pytest.fixture(scope="session")
def site_lws(site: Installation, request: pytest.FixtureRequest) -> None:
    """LeaderWorkerSets and their controller in that cluster."""
    install_lws(site.plane, request.config)


@pytest.fixture
def hydra(site: Installation) -> Iterator[Installation]:
    """The webhook as it is just after its installation, with no replica running."""
    site.reset()
    yield site
    site.stop_all()


@pytest.fixture(scope="session")
def queued(site: Installation, site_lws: None) -> None:
    """A policy in the place of Kueue in that cluster, for LeaderWorkerSets with a queue."""
    site.plane.apply(*queue_policies())
    site.reset()
    configure(site, IMAGES[0])
    site.run()
    probe = Fleet(site, "probe")
    probe.file["spec"]["replicas"] = 0
    probe.send("apply")
    selector = "/spec/leaderWorkerTemplate/workerTemplate/spec/nodeSelector"
    site.plane.wait(
        lambda: RESERVED in probe.patch(selector, {"a": "b"}, op="add", check=False), "the policy is in force"
    )
    probe.kubectl("delete")


@pytest.fixture
def fleet(queued: None, hydra: Installation) -> Iterator[Fleet]:
    """A queued fleet that was created by client-side apply; the configuration is as it was then."""
    configure(hydra, IMAGES[0])
    hydra.run()
    fleet = Fleet(hydra, "fleet")
    fleet.send("apply")
    yield fleet
    hydra.plane.kubectl("delete", "leaderworkerset", "fleet", "--cascade=foreground", "--ignore-not-found")
