"""Connections to one API server, replaced when the credentials change or are rejected."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
from aiohttp.tracing import Trace

import webhook
from webhook.cluster import credentials
from webhook.cluster.clocks import ServerClock
from webhook.cluster.kubeconfig import Kubeconfig

_READ_BUFFER = 2**18  # bytes; with the default of 64 KiB a large ConfigMap takes dozens of reads
_END_SECONDS = 1.0  # to wait for aborted connections; it takes an iteration or two of the event loop


class Connection:
    """One set of credentials, with the requests that use it now."""

    def __init__(self, read: credentials.Credentials) -> None:
        self.credentials = read
        self.requests = 0
        headers = [
            # The part before the slash becomes the field manager in the objects that are written.
            ("User-Agent", f"hydra-webhook/{webhook.__version__}"),
            ("Accept", "application/json"),
            ("Accept-Encoding", "identity"),
            *read.headers,
        ]
        # Each request opens a new connection: an idle one may be dead, and finding out would take a whole deadline. There
        # are only about two requests in half a minute.
        self._connector = Connector(force_close=True, ssl=read.context or False)
        self._session = aiohttp.ClientSession(
            connector=self._connector,
            headers=headers,
            cookie_jar=aiohttp.DummyCookieJar(),
            middlewares=(_once,),
            read_bufsize=_READ_BUFFER,
        )

    async def send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        body: bytes | None,
        connect: float,
    ) -> aiohttp.ClientResponse:
        """Send a request and return the answer once its headers have arrived.

        Args:
            method: HTTP method.
            path: in the API, without the server.
            query: parameters, unescaped.
            headers: of the request, besides those of the connection.
            body: None if the request has none.
            connect: seconds for the connection and the TLS handshake. The caller bounds the rest.

        Raises:
            aiohttp.ClientError, OSError, TimeoutError, ValueError: there is no answer.
        """
        return await self._session.request(
            method,
            self.credentials.server + path,
            params=query,
            allow_redirects=False,  # an API server does not redirect, and no other server may get the token
            proxy=self.credentials.proxy,
            server_hostname=self.credentials.server_hostname,
            timeout=aiohttp.ClientTimeout(connect=connect, sock_connect=connect),
            headers=headers,
            data=body,
        )

    async def close(self) -> None:
        """Abort everything that is still being sent or received."""
        try:
            await self._connector.abort()
        finally:  # also if the server stops while a refused connection is being closed
            await self._session.close()


class Connector(aiohttp.TCPConnector):
    """Keeps track of every connection until it is closed.

    aiohttp forgets a connection when it begins to close it. With TLS the closing takes until the server answers, or half a
    minute if it does not, and the event loop may end before that.
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
        """Connect, and keep track of the connection."""
        connection = await super().connect(req, traces, timeout)
        protocol, transport = connection.protocol, connection.transport
        ended = protocol.closed if protocol is not None else None
        if ended is not None and transport is not None and ended not in self._open:  # a reused one is known
            self._open[ended] = transport
            ended.add_done_callback(self._ended)
        return connection

    def _ended(self, ended: asyncio.Future[None]) -> None:
        del self._open[ended]
        if not ended.cancelled():
            ended.exception()  # the reader of the connection gets it too; here it is only marked as retrieved

    async def abort(self) -> None:
        """Close every connection without waiting for its server."""
        for transport in self._open.values():
            transport.abort()
        if self._open:
            await asyncio.wait(tuple(self._open), timeout=_END_SECONDS)


class Connections:
    """The connections to one API server.

    Args:
        source: where the credentials are; None: the service account of this pod.
        clock: of the server, by which credentials expire.
    """

    def __init__(self, source: Kubeconfig | None, clock: ServerClock) -> None:
        self._source = source
        self._clock = clock
        self._current: Connection | None = None
        self._connecting: asyncio.Task[Connection] | None = None

    @contextlib.asynccontextmanager
    async def use(self, deadline: float) -> AsyncIterator[Connection]:
        """Lend a connection for one request.

        Args:
            deadline: how long to wait for credentials, as a time of the event loop.

        Raises:
            credentials.Unusable, files.Unreadable: the credentials cannot be used or read.
            TimeoutError: an exec plugin takes too long. It goes on running, and a later request uses its result: it may be
                waiting for a person, and killing it would only start it again.
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
        """Read the credentials again before the next request. Requests in progress may finish."""
        if connection is self._current:
            self._current = None

    async def close(self) -> None:
        """Abort every request and forget the credentials."""
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.wait([self._connecting])
        current, self._current = self._current, None
        if current is not None:
            await current.close()

    async def _up_to_date(self) -> Connection:
        current = self._current
        if current is not None and await current.credentials.outdated(self._clock.now()):
            self.drop(current)
            await self._close_if_done(current)
        if self._current is not None:
            return self._current
        if self._connecting is None:  # requests that arrive meanwhile wait for the same task
            self._connecting = asyncio.create_task(self._connect())
            self._connecting.add_done_callback(self._connected)
        return await asyncio.shield(self._connecting)

    async def _connect(self) -> Connection:
        return Connection(await credentials.read(self._source))

    def _connected(self, connecting: asyncio.Task[Connection]) -> None:
        self._connecting = None
        # Reading the exception also marks it as retrieved, in case no request waits for it any more.
        if not connecting.cancelled() and connecting.exception() is None:
            self._current = connecting.result()

    async def _close_if_done(self, connection: Connection) -> None:
        if connection is not self._current and not connection.requests:
            await connection.close()


async def _once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Keep aiohttp from repeating a GET or PUT when a connection is closed without an answer.

    Callers decide when to retry, and they count requests. Also, an update that did take effect must not be sent again: it
    would conflict with itself.
    """
    try:
        return await handler(request)
    except (aiohttp.ClientConnectorError, TimeoutError):
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise aiohttp.ClientConnectionError(str(error)) from error
