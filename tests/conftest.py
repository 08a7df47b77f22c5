"""Settings for all tests."""

from hypothesis import HealthCheck, settings

from tests import needs
from tests.controlplane import binaries
from tests.image import engine
from tests.server import cgroup

# No test depends on timing, since CI machines are slow and shared.
settings.register_profile("everyday", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("everyday")

NEEDS = (
    needs.Need(
        marker="cluster",
        what="the tests against a real API server",
        missing=binaries.missing,
        remedy="To build what is missing (15 minutes, once):  make controlplane",
        variable="HYDRA_CONTROLPLANE",
    ),
    needs.Need(
        marker="kustomize",
        what="the tests that build the overlays with two versions of kustomize",
        missing=lambda: binaries.missing(binaries.KUSTOMIZE),
        remedy="This command builds what is missing:  make controlplane",
        variable="HYDRA_CONTROLPLANE",
    ),
    needs.Need(
        marker="image",
        what="the tests of the container image",
        missing=engine.missing,
        remedy="To install what is missing, as root on Debian:  apt-get install --no-install-recommends docker.io debootstrap",
        variable="HYDRA_IMAGE",
    ),
    needs.Need(
        marker="attack",
        what="the attacks on a server within the memory limit of the manifests",
        missing=cgroup.missing,
        remedy="Run them as root, on a machine or in a container where /sys/fs/cgroup can be written:  make attack",
        variable="HYDRA_ATTACK",
    ),
)


def pytest_collection_finish(session):
    needs.check(session, NEEDS)


def pytest_terminal_summary(terminalreporter, config):
    needs.summarize(terminalreporter, config)
