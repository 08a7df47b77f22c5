"""The whole server with an API server that misbehaves: it ends up with the cluster's configuration, within its request limit."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.cluster.apiserver import (
    ApiServer,
    Clock,
    Fault,
    Request,
    answer,
    begin,
    chunk,
    event,
    half_an_answer,
    kubeconfig,
    no_answer,
    not_http,
    send,
    silence,
    status,
    stream,
)
from tests.controlplane.installation import AGENT, NAMESPACE, Installation, config_map, templates
from tests.controlplane.load import api_session
from tests.controlplane.replica import Replica
from webhook.cluster import reflector

EXPIRED = event("ERROR", {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version"})
HALF_A_LINE = b'{"type": "MODIFIED", "obj'

FAULTS: list[Fault] = [
    status(410, "Expired"),
    status(401, "Unauthorized"),
    status(429, "TooManyRequests", Retry_After="1"),
    answer(502, "<html>Bad Gateway</html>"),
    answer(200, "<html>Please log in</html>"),
    no_answer(),
    half_an_answer(on=""),
    not_http(),
    silence(),
    stream(EXPIRED),
    stream(HALF_A_LINE, then="reset"),
    *[stream() for _ in range(5)],
]


class BadProxy(ApiServer):
    """The real API server, except for the requests that the script answers."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        super().__init__(Clock())
        self._session = session

    async def _answer(self, request: Request, writer: asyncio.StreamWriter) -> None:
        kept = {name: text for name, text in request.headers.items() if name in {"authorization", "content-type"}}
        timeout = aiohttp.ClientTimeout(total=60)
        async with self._session.request(
            request.method, request.path, params=request.query, data=request.body, headers=kept, timeout=timeout
        ) as answered:
            if "watch" not in request.query or answered.status != 200:
                await send(writer, answered.status, await answered.read())
                return
            begin(writer)
            await writer.drain()
            async for line in answered.content:
                chunk(writer, line)
                await writer.drain()
            writer.write(b"0\r\n\r\n")
            await writer.drain()

    @property
    def asked(self) -> Counter[str]:
        """How often each object has been listed or watched."""
        return Counter(request.query["fieldSelector"] for request in self.requests if "fieldSelector" in request.query)


@pytest.fixture
async def proxy(hydra: Installation) -> AsyncIterator[BadProxy]:
    async with api_session(hydra.plane) as session, BadProxy(session) as running:
        yield running


@pytest.mark.thorough
async def test_the_server_ends_up_with_the_clusters_configuration_within_its_request_limit(hydra, proxy, tmp_path):
    began = time.monotonic()

    def start_behind_the_proxy() -> Replica:
        hydra.configure(templates=templates(**{"vllm-cpu": "serve"}), agent=AGENT)
        account = json.loads(hydra.plane.kubeconfig_for_service_account(NAMESPACE, "hydra-webhook").read_text())
        proxied = kubeconfig(tmp_path, proxy.url, user=account["users"][0]["user"])
        (replica,) = hydra.run(HYDRA_WEBHOOK_KUBECONFIG=str(proxied))
        return replica

    def image_is(wanted: str) -> None:
        hydra.plane.wait(lambda: hydra.image().endswith(wanted), "the edit is in effect")

    proxy.script.extend(FAULTS)
    replica = await asyncio.to_thread(start_behind_the_proxy)
    await asyncio.to_thread(image_is, "engine:1")

    await asyncio.to_thread(hydra.plane.wait, lambda: not proxy.script, "every fault of the script has occurred")
    await asyncio.to_thread(hydra.plane.put, config_map("hydra-agent", AGENT.replace("engine:1", "engine:2")))
    await asyncio.to_thread(image_is, "engine:2")

    windows = (time.monotonic() - began) / reflector.WINDOW + 1
    assert max(proxy.asked.values()) <= reflector.REQUESTS * windows
    assert replica.ready
    assert [line for line in replica.lines if "traceback" in line or line.get("reason") == "internal"] == []
    assert await asyncio.to_thread(replica.stop) == 0
