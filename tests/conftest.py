"""Settings for all tests."""

import pytest
from hypothesis import HealthCheck, settings

from bench.peers import build
from tests import needs, workers
from tests.controlplane import binaries, faketime
from tests.controlplane.leaderworkersets import CONTROLLER
from tests.image import engine
from tests.server import cgroup

# No test may depend on timing, because CI machines are slow and shared.
settings.register_profile("everyday", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("everyday")

UPDATE_GOLDEN = "--update-golden"

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
        marker="faketime",
        what="the tests of replicas whose clocks are wrong",
        missing=faketime.missing,
        remedy="To install what is missing, as root on Debian:  apt-get install --no-install-recommends libfaketime",
        variable="HYDRA_FAKETIME",
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
    needs.Need(
        marker="peers",
        what="the tests of the webhooks that the bench compares with ours",
        missing=build.missing,
        remedy="This command builds what is missing (minutes, once):  make peers",
        variable="HYDRA_PEERS",
    ),
)


def pytest_addoption(parser):
    parser.addoption(UPDATE_GOLDEN, action="store_true", help="give golden cases the outcome that the code has now")


@pytest.hookimpl(tryfirst=True)  # before the tests are reported to the process that distributes them
def pytest_collection_finish(session):
    needs.check(session, NEEDS)
    if session.config.getoption(UPDATE_GOLDEN):
        from tests import golden_update  # noqa: PLC0415 - it reads every case, which other runs need not wait for

        golden_update.of_session(session)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return workers.Scheduling(config, log)


def pytest_sessionfinish(session):
    workers.tell(session.config)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    workers.hear(node.config, getattr(node, "workeroutput", {}))


def pytest_terminal_summary(terminalreporter, config):
    needs.summarize(terminalreporter, config)
    if controller := config.stash.get(CONTROLLER, ""):
        terminalreporter.line(f"LeaderWorkerSet controller: {controller}")
    if config.getoption(UPDATE_GOLDEN):
        from tests import golden_update  # noqa: PLC0415 - as above

        golden_update.summarize(terminalreporter, config)
