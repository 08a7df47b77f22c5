"""Sockets and connections: their limits, how they end, and the answer to clients that do not speak HTTP.

Built on aiohttp's low-level server: a handful of paths need no router, and every answer is ours, even to an unreadable
request.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import cast

from aiohttp import StreamReader, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import RawRequestMessage

from webhook import telemetry
from webhook.server.calls import MAX_BODY, plain

MAX_CONNECTIONS = 1024
"""Each API server keeps 25 idle connections and opens more for as many as 200 mutating requests at a time (its default
``--max-mutating-requests-inflight``): room for five of them."""

KEEP_ALIVE_SECONDS = 120.0
"""Longer than the 90 s after which the API server (Go's ``http.Transport``) closes an idle connection. The side that
waits longer never closes a connection on which the other has just sent a request, and a POST is not sent twice."""

HEAD_SECONDS = 10.0  # from the connection to the end of its first request's head; twice the API server's timeoutSeconds
HANDSHAKE_SECONDS = 10.0
SHUTDOWN_SECONDS = 1.0  # for the client to acknowledge the end of a TLS connection
LINGER_SECONDS = 5.0  # how long to go on reading after an early answer, so that the client can read it
FINISH_SECONDS = 5.0  # for requests that are in flight when the server stops: the API server gives up after 5 s

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Listener:
    """One listening socket and its connections.

    Args:
        handler: answers every request that can be read.
        log: where requests that cannot be read are logged.
    """

    def __init__(self, handler: Handler, log: telemetry.Log) -> None:
        self._connections = _Connections(handler, log)
        self._socket: socket.socket | None = None
        self._server: asyncio.Server | None = None
        self.port = 0

    def bind(self, host: str, port: int) -> None:
        """Reserve ``host`` (empty: every address, IPv4 and IPv6) and ``port`` (0: a free one; see the attribute ``port``).

        Until ``listen`` is called, connections are refused at once rather than left waiting.

        Raises:
            OSError: the address cannot be listened on.
        """
        self._socket = _bind(host, port)
        self.port = self._socket.getsockname()[1]

    async def listen(self, context: ssl.SSLContext | None = None) -> None:
        """Accept connections on the bound address: TLS with ``context``, else plain.

        Raises:
            OSError: another process has begun to listen there.
        """
        assert self._socket is not None, "bind comes first"
        self._socket.listen(MAX_CONNECTIONS)  # by hand: uvloop ignores the error if another process was first
        self._server = await asyncio.get_running_loop().create_server(
            self._connections,
            sock=self._socket,
            ssl=context,
            backlog=MAX_CONNECTIONS,
            ssl_handshake_timeout=HANDSHAKE_SECONDS if context else None,
            ssl_shutdown_timeout=SHUTDOWN_SECONDS if context else None,
        )

    async def close(self, seconds: float) -> None:
        """Stop listening and close every connection; give requests in flight up to ``seconds`` to finish."""
        if self._server is not None:
            self._server.close()
        elif self._socket is not None:
            self._socket.close()
        await self._connections.finish(seconds)


class _Connections(web.Server):
    """Every connection of one listener."""

    def __init__(self, handler: Handler, log: telemetry.Log) -> None:
        super().__init__(handler, request_factory=self._request)
        self.log = log
        self.open: set[asyncio.Transport] = set()

    def __call__(self) -> web.RequestHandler:
        """Return the protocol for a new connection."""
        return _Connection(self, self._loop)

    async def finish(self, seconds: float) -> None:
        """Give requests in flight up to ``seconds`` to finish, then close all connections."""
        deadline = self._loop.time() + seconds
        # Close only afterwards: a connection that is closing reads nothing more, not even the rest of a body.
        while self._busy() and self._loop.time() < deadline:  # noqa: ASYNC110 - aiohttp has no event for it
            await asyncio.sleep(0.01)
        self.pre_shutdown()
        await self.shutdown(max(0.1, deadline - self._loop.time()))
        # A TLS connection ends when its client has answered; one that is still ending breaks the event loop's shutdown.
        deadline = self._loop.time() + (SHUTDOWN_SECONDS if seconds else 0)
        while self.open and self._loop.time() < deadline:  # noqa: ASYNC110 - nor for this
            await asyncio.sleep(0.01)
        for transport in tuple(self.open):
            transport.abort()
        while self.open:  # noqa: ASYNC110 - nor for this; an abort takes a round or two of the loop
            await asyncio.sleep(0)

    def _busy(self) -> bool:
        return any(isinstance(connection, _Connection) and connection.busy for connection in self.connections)

    def _request(
        self,
        message: RawRequestMessage,
        payload: StreamReader,
        protocol: web.RequestHandler,
        writer: AbstractStreamWriter,
        task: asyncio.Task[None],
    ) -> web.BaseRequest:
        return web.BaseRequest(message, payload, protocol, writer, task, self._loop, client_max_size=MAX_BODY)


class _Connection(web.RequestHandler):
    """One connection, with the limits that aiohttp has no settings for."""

    __slots__ = ("_connections", "_head_timer", "_transport")

    def __init__(self, connections: _Connections, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            connections,
            loop=loop,
            keepalive_timeout=KEEP_ALIVE_SECONDS,
            lingering_time=LINGER_SECONDS,
            auto_decompress=False,  # a compressed body is refused, so it must not be unpacked first
            access_log=cast("logging.Logger", None),  # how aiohttp turns it off: the handlers write better lines
        )
        self._connections = connections
        self._head_timer: asyncio.TimerHandle | None = None

    @property
    def busy(self) -> bool:
        """Return whether a request is being read or answered."""
        waiting = self._waiter is not None and not self._waiter.done()
        return self._task_handler is not None and not waiting

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start, unless there are too many connections, and wait a limited time for the first request."""
        super().connection_made(transport)
        self._transport = cast("asyncio.Transport", transport)
        self._connections.open.add(self._transport)
        if len(self._connections.connections) > MAX_CONNECTIONS:
            self._connections.log.warning("too many connections", limit=MAX_CONNECTIONS)
            self.force_close()
            return
        self._head_timer = self._loop.call_later(HEAD_SECONDS, self._close_if_silent)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Forget the connection."""
        if self._head_timer is not None:
            self._head_timer.cancel()
        self._connections.open.discard(self._transport)
        super().connection_lost(exc)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer a request that is not HTTP with one line of text, and log one line."""
        if request.writer.output_size > 0:
            raise ConnectionError("part of the answer has been sent already")
        why = telemetry.clean(f"{type(exc).__name__}: {message or exc}")
        self._connections.log.warning("unreadable request", http_status=status, why=why, remote=request.remote)
        response = plain(status, "the request is not valid HTTP/1.1" if status == 400 else "internal error")
        response.force_close()
        return response

    def _close_if_silent(self) -> None:
        if self._request_count == 0:
            self.force_close()


def _bind(host: str, port: int) -> socket.socket:
    if host:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    elif socket.has_dualstack_ipv6():
        family, address = socket.AF_INET6, ("::", port)
    else:
        family, address = socket.AF_INET, ("", port)
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(bool(host)))
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    return bound
