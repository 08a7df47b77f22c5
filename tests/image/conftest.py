"""The image, built as `make image` builds it, on bases that need no registry."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.controlplane.plane import ControlPlane
from tests.image import base
from tests.image.engine import Engine

ROOT = Path(__file__).parents[2]
TRUST = "/etc/ssl/certs/ca-certificates.crt"


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    with Engine() as engine:
        yield engine


@pytest.fixture(scope="session")
def bare(engine) -> str:
    """The base that runs: Python, no shell."""
    _, archive = base.archives()
    engine.docker("import", archive, "bare")
    return "bare"


@pytest.fixture(scope="session")
def image(engine, bare, tmp_path_factory) -> str:
    """The image."""
    archive, _ = base.archives()
    engine.docker("import", archive, "debian")
    # The package index as this machine reaches it; an argument without a value takes that of the environment, if any.
    options = "--network=host --build-arg PIP_INDEX_URL --build-arg HTTPS_PROXY --build-arg NO_PROXY"
    build_base = "debian"
    if trusted := os.environ.get("SSL_CERT_FILE"):  # of a proxy between this machine and the package index
        context = tmp_path_factory.mktemp("build-base")
        shutil.copy(trusted, context / "trusted.crt")
        (context / "Dockerfile").write_text(f"FROM debian\nCOPY trusted.crt {TRUST}\n")
        engine.docker("build", "--tag", "debian-that-trusts", context)
        build_base = "debian-that-trusts"
        options += f" --build-arg PIP_CERT={TRUST}"
    settings = {"CONTAINER_ENGINE": "docker", "IMAGE": "webhook:test", "BASE": bare, "BUILD_BASE": build_base}
    settings |= {"BUILD_OPTIONS": options, "SOURCE": "https://example.com/webhook"}
    done = subprocess.run(
        ["make", "image", *(f"{name}={value}" for name, value in settings.items())],
        cwd=ROOT,
        env=engine.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    return "webhook:test"


@pytest.fixture(scope="session")
def plane() -> Iterator[ControlPlane]:
    """A cluster whose API server calls the container."""
    with ControlPlane() as plane:
        yield plane
