"""Fixtures for all tests of the cluster room."""

import pytest

from tests.cluster.apiserver import ApiServer, Clock


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def server(clock):
    async with ApiServer(clock) as running:
        yield running
