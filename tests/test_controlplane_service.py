"""The stand-ins for kubelet and kube-proxy in front of the replicas must not break when a replica does."""

import asyncio
from dataclasses import dataclass

import pytest
from aiohttp import web

from tests.controlplane import replica
from tests.controlplane.logs import Log
from tests.controlplane.service import ProbeError, Service


@pytest.fixture
def service():
    with Service() as running:
        yield running


@dataclass(eq=False)
class Fake:
    """An endpoint whose health port answers as the test says."""

    health_port: int = 0
    port: int = 1234
    answer: str = "ready"

    async def readyz(self, request: web.Request) -> web.StreamResponse:
        if self.answer == "ready":
            return web.Response(text="ok")
        response = web.StreamResponse(status=503, headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"[-]serving fai")
        request.transport.abort()
        return response


@pytest.fixture
async def endpoint(aiohttp_server):
    fake = Fake()
    application = web.Application()
    application.router.add_get("/readyz", fake.readyz)
    fake.health_port = (await aiohttp_server(application)).port
    return fake


async def until(condition):
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - the Service runs in another thread
            await asyncio.sleep(0.01)


async def test_an_endpoint_that_ends_in_the_middle_of_an_answer_is_not_ready_until_it_answers_again(service, endpoint):
    endpoint.answer = "half"
    service.add(endpoint)
    await asyncio.sleep(0.3)
    assert service.targets == []

    endpoint.answer = "ready"
    await until(lambda: service.targets == [1234])
    endpoint.answer = "half"
    await until(lambda: service.targets == [])


async def test_an_endpoint_that_is_removed_is_forgotten_at_once(service, endpoint):
    service.add(endpoint)
    await until(lambda: service.targets)

    service.remove(endpoint)

    assert service.targets == []


async def test_a_probe_that_ends_is_reported_to_all_who_ask_for_the_targets(service):
    class Broken(Fake):
        @property
        def health_port(self):
            raise ValueError("a line of the log is not JSON")

        @health_port.setter
        def health_port(self, port): ...

    service.add(Broken())

    with pytest.raises(ProbeError, match="a line of the log is not JSON"):
        await until(lambda: service.targets)


async def test_an_incomplete_answer_of_a_replica_does_not_count(endpoint):
    endpoint.answer = "half"

    assert await asyncio.to_thread(replica.get, endpoint.health_port, "/readyz") == (0, "")


def test_a_line_of_a_log_counts_once_it_is_complete(tmp_path):
    log = Log(tmp_path / "log")
    assert log.lines == []
    whole = '{"why": "half a character…"}\n'.encode()
    for length in range(len(whole)):
        log.path.write_bytes(b"first\n" + whole[:length])
        assert Log(log.path).lines == ["first"]
        assert log.lines == ["first"]
    log.path.write_bytes(b"first\n" + whole)
    assert log.lines == ["first", '{"why": "half a character…"}']
