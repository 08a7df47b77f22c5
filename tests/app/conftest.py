"""An API server on loopback, with a client for it."""

import pytest

from tests.app.api import Api
from tests.cluster.apiserver import kubeconfig
from tests.cluster.conftest import _no_proxy  # noqa: F401 - a fixture that every test uses
from webhook import cluster


@pytest.fixture
async def start_api(aiohttp_server, tmp_path):
    """Return a function that starts an API server with these objects, by name."""
    clients = []

    async def start(**objects) -> Api:
        api = Api(**objects)
        server = await aiohttp_server(api.application())
        api.client = cluster.Client(kubeconfig(tmp_path, str(server.make_url("")).rstrip("/")))
        clients.append(api.client)
        return api

    yield start
    for client in clients:
        await client.close()
