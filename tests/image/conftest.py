"""The image, built by `make image`, on bases that need no registry."""

import os
import shutil
from collections.abc import Iterator

import pytest

from tests.controlplane.plane import ControlPlane
from tests.image import base
from tests.image.engine import Engine

TRUST = "/etc/ssl/certs/ca-certificates.crt"


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    with Engine() as engine:
        yield engine


@pytest.fixture(scope="session")
def bare(engine) -> str:
    """The base to run on: Python without a shell."""
    _, archive = base.archives()
    engine.docker("import", archive, "bare")
    return "bare"


@pytest.fixture(scope="session")
def image(engine, bare, tmp_path_factory) -> str:
    """The image under test."""
    archive, _ = base.archives()
    engine.docker("import", archive, "debian")
    # The package index as this machine reaches it: an argument without a value takes that of the environment.
    options = "--network=host --build-arg PIP_INDEX_URL --build-arg HTTPS_PROXY --build-arg NO_PROXY"
    build_base = "debian"
    if trusted := os.environ.get("SSL_CERT_FILE"):  # there may be a proxy between this machine and the package index
        context = tmp_path_factory.mktemp("build-base")
        shutil.copy(trusted, context / "trusted.crt")
        (context / "Dockerfile").write_text(f"FROM debian\nCOPY trusted.crt {TRUST}\n")
        engine.docker("build", "--tag", "debian-that-trusts", context)
        build_base = "debian-that-trusts"
        options += f" --build-arg PIP_CERT={TRUST}"
    settings = {"CONTAINER_ENGINE": "docker", "IMAGE": "webhook:test", "BASE": bare, "BUILD_BASE": build_base}
    settings |= {"BUILD_OPTIONS": options, "SOURCE": "https://example.com/webhook"}
    engine.checked(["make", "image", *(f"{name}={value}" for name, value in settings.items())])
    return "webhook:test"


@pytest.fixture(scope="session")
def plane() -> Iterator[ControlPlane]:
    """A cluster whose API server calls the container."""
    with ControlPlane() as plane:
        yield plane
