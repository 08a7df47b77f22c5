"""Connections made from credentials, and made again when those change or are refused."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp.tracing import Trace

import webhook
from webhook.cluster import credentials

_READ_BUFFER = 2**18  # bytes; the default of 64 KiB makes dozens of reads of a large ConfigMap
_END_SECONDS = 1.0  # for connections that are broken off; it takes a round or two of the event loop


class Connection:
    """One set of credentials, and the requests that are being made with it."""

    def __init__(self, read: credentials.Credentials) -> None:
        self.credentials = read
        self.requests = 0
        headers = {
            # The part before the slash becomes the field manager of what is written.
            "User-Agent": f"hydra-webhook/{webhook.__version__}",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
        }
        if read.authorization:
            headers["Authorization"] = read.authorization
        # Each request has a connection of its own: one that was left idle may have died unnoticed, and to find out would
        # cost a whole deadline. There are two requests in half a minute.
        self._connector = Connector(force_close=True, ssl=read.context or False)
        self._session = aiohttp.ClientSession(
            connector=self._connector,
            headers=headers,
            cookie_jar=aiohttp.DummyCookieJar(),
            middlewares=(_once,),
            read_bufsize=_READ_BUFFER,
        )

    async def send(
        self, method: str, path: str, query: Mapping[str, str], content: tuple[str, bytes] | None, connect: float
    ) -> aiohttp.ClientResponse:
        """Send a request and return the answer when its head is there.

        Args:
            method: HTTP method.
            path: in the URL of the API server.
            query: parameters, not escaped.
            content: Content-Type and body, if there is one.
            connect: seconds for connection and TLS handshake. Nothing else is bounded here.

        Raises:
            aiohttp.ClientError, OSError, TimeoutError, ValueError: there is none.
        """
        options: dict[str, Any] = {}
        if content is not None:
            options = {"headers": {"Content-Type": content[0]}, "data": content[1]}
        return await self._session.request(
            method,
            self.credentials.server + path,
            params=query,
            allow_redirects=False,  # an API server does not redirect, and nobody else shall get the token
            proxy=self.credentials.proxy,
            server_hostname=self.credentials.server_hostname,
            timeout=aiohttp.ClientTimeout(connect=connect, sock_connect=connect),
            **options,
        )

    async def close(self) -> None:
        """Break off whatever is still being sent or received."""
        await self._connector.break_off()
        await self._session.close()


class Connector(aiohttp.TCPConnector):
    """Knows every connection until it has ended.

    aiohttp forgets one as soon as it begins to close it. With TLS that takes until the server has answered, for half a minute
    if it does not, while the event loop may end.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._open: dict[asyncio.Future[None], asyncio.Transport] = {}

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's
    ) -> aiohttp.connector.Connection:
        """Connect, and note the connection."""
        connection = await super().connect(req, traces, timeout)
        protocol, transport = connection.protocol, connection.transport
        ended = protocol.closed if protocol is not None else None
        if ended is not None and transport is not None:
            self._open[ended] = transport
            ended.add_done_callback(self._ended)
        return connection

    def _ended(self, ended: asyncio.Future[None]) -> None:
        del self._open[ended]
        if not ended.cancelled():
            ended.exception()  # whoever reads from the connection is told; here it only counts as known

    async def break_off(self) -> None:
        """End every connection without asking its server."""
        for transport in self._open.values():
            transport.abort()
        if self._open:
            await asyncio.wait(tuple(self._open), timeout=_END_SECONDS)


class Connections:
    """The connections to one API server.

    Args:
        kubeconfig: where the credentials are; None: in the service account of this pod.
    """

    def __init__(self, kubeconfig: Path | None) -> None:
        self._kubeconfig = kubeconfig
        self._current: Connection | None = None
        self._connecting: asyncio.Task[Connection] | None = None

    @property
    def server(self) -> str:
        """URL of the API server; empty while there is no connection."""
        return self._current.credentials.server if self._current is not None else ""

    @contextlib.asynccontextmanager
    async def use(self, deadline: float) -> AsyncIterator[Connection]:
        """Lend a connection for one request.

        Args:
            deadline: until when to wait for credentials, by the clock of the event loop.

        Raises:
            credentials.Unusable, files.Unreadable: there are none.
            TimeoutError: an exec plugin takes its time. It is left alone, and the next request gets what it says: it
                may be waiting for a person, and killing it would only have it started again.
        """
        async with asyncio.timeout_at(deadline):
            connection = await self._up_to_date()
        connection.requests += 1
        try:
            yield connection
        finally:
            connection.requests -= 1
            await self._close_if_done(connection)

    def drop(self, connection: Connection) -> None:
        """Have the credentials read again before the next request. Requests that are under way may end."""
        if connection is self._current:
            self._current = None

    async def close(self) -> None:
        """Break off every request and forget the credentials."""
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.wait([self._connecting])
        current, self._current = self._current, None
        if current is not None:
            await current.close()

    async def _up_to_date(self) -> Connection:
        current = self._current
        if current is not None and await current.credentials.outdated():
            self.drop(current)
            await self._close_if_done(current)
        if self._current is not None:
            return self._current
        if self._connecting is None:  # requests that come meanwhile wait for the same
            self._connecting = asyncio.create_task(self._connect())
            self._connecting.add_done_callback(self._connected)
        return await asyncio.shield(self._connecting)

    async def _connect(self) -> Connection:
        return Connection(await credentials.read(self._kubeconfig))

    def _connected(self, connecting: asyncio.Task[Connection]) -> None:
        self._connecting = None
        # Asking for the exception also says that it is known, if no request waits for it any more.
        if not connecting.cancelled() and connecting.exception() is None:
            self._current = connecting.result()

    async def _close_if_done(self, connection: Connection) -> None:
        if connection is not self._current and not connection.requests:
            await connection.close()


async def _once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Make aiohttp send nothing twice: when a connection ends without an answer, it sends a GET or PUT again.

    When to try again is decided by the callers, who keep count; and an update that has come through must not be sent
    again, since the second one meets a conflict with the first.
    """
    try:
        return await handler(request)
    except (aiohttp.ClientConnectorError, TimeoutError):
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise aiohttp.ClientConnectionError(str(error)) from error
