"""A Service: one TCP port in front of all replicas that are ready, as the kubelet and kube-proxy would provide it."""

import asyncio
import contextlib
import itertools
import threading
from collections.abc import Coroutine
from typing import Any, Protocol, Self, TypeVar

import aiohttp

T = TypeVar("T")

PROBE_SECONDS = 0.1
"""Between two probes of a replica. A kubelet takes longer; the tests would only wait for it."""

ANSWER_SECONDS = 10
"""After which a probe has failed."""


class Endpoint(Protocol):
    """A process that a Service can forward to."""

    @property
    def port(self) -> int:
        """TCP port that takes connections; 0 while there is none."""

    @property
    def health_port(self) -> int:
        """TCP port of /readyz; 0 while there is none."""


class ProbeError(Exception):
    """A Service no longer knows which of its endpoints are ready."""


class Service:
    """A TCP port that forwards each connection to one of the ready endpoints, in turn.

    Attributes:
        port: where it listens on loopback, inside the context.
    """

    def __init__(self) -> None:
        self._probes: dict[Endpoint, asyncio.Task[None]] = {}
        self._ready: dict[Endpoint, int] = {}
        self._broken: Exception | None = None
        self._turn = itertools.count()
        self._connections: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._call(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        self._call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def targets(self) -> list[int]:
        """Return the ports that connections are forwarded to now.

        Raises:
            ProbeError: A probe has ended, so some target may be out of date.
        """
        if self._broken is not None:
            raise ProbeError(f"a probe ended: {self._broken!r}") from self._broken
        return list(self._ready.values())

    def add(self, endpoint: Endpoint) -> None:
        """Forward connections to an endpoint whenever it is ready."""
        self._call(self._add(endpoint))

    def remove(self, endpoint: Endpoint) -> None:
        """Forward no further connection to an endpoint, from this moment on. Those that exist go on."""
        self._call(self._remove(endpoint))

    def _call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    async def _open(self) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(force_close=True), timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS)
        )
        self._server = await asyncio.start_server(self._forward, "127.0.0.1", 0, backlog=1024)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        self._server.close()
        tasks = [*self._probes.values(), *self._connections]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._session.close()

    async def _add(self, endpoint: Endpoint) -> None:
        self._probes[endpoint] = asyncio.create_task(self._probe(endpoint))

    async def _remove(self, endpoint: Endpoint) -> None:
        if probe := self._probes.pop(endpoint, None):
            probe.cancel()
            await asyncio.gather(probe, return_exceptions=True)
        self._ready.pop(endpoint, None)

    async def _probe(self, endpoint: Endpoint) -> None:
        """Keep `_ready` up to date. Whatever stops this is reported to all who ask for the targets."""
        try:
            while True:
                if await self._is_ready(endpoint) and (port := endpoint.port):
                    self._ready[endpoint] = port
                else:
                    self._ready.pop(endpoint, None)
                await asyncio.sleep(PROBE_SECONDS)
        except Exception as error:
            self._broken = error
            raise

    async def _is_ready(self, endpoint: Endpoint) -> bool:
        if not (port := endpoint.health_port):
            return False
        try:
            async with self._session.get(f"http://127.0.0.1:{port}/readyz") as answer:
                return answer.status == 200
        except (aiohttp.ClientError, OSError):  # TimeoutError is an OSError
            return False

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ports = list(self._ready.values())
        try:
            if not ports:
                raise ConnectionRefusedError
            port = ports[next(self._turn) % len(ports)]
            other_reader, other_writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            writer.transport.abort()  # a Service without endpoints refuses connections
            return
        for source, target in ((reader, other_writer), (other_reader, writer)):
            task = asyncio.create_task(_copy(source, target))
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
    target.close()
