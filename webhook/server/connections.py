"""The connections of one listener: HTTP over an accepted socket, and the limits that aiohttp has no settings for."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import Protocol, cast

from aiohttp import EMPTY_PAYLOAD, StreamReader, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import RawRequestMessage

from webhook import telemetry
from webhook.server.calls import READ_BUFFER, plain
from webhook.server.clients import ClientNames
from webhook.server.places import Full, Limits, Places
from webhook.server.summary import Summary

KEEP_ALIVE_SECONDS = 120.0
"""Longer than the 90 s after which the API server (Go's ``http.Transport``) closes an idle connection. The side that
waits longer never closes a connection on which the other has just sent a request, and a POST is not sent twice."""

TLS_BUFFER = 48 * 1024
"""Bytes that a TLS connection reads ahead of a request that is not being read, such as one that waits for its share of the
budget, and that it keeps of an answer that its client does not read. Reading goes on
once half of it is left, which must be more than a whole record (16 KiB and a little): of that, nothing can be decrypted before the
rest arrives."""

HEAD_SECONDS = 10.0  # from the connection to the end of its first request's head; twice the API server's timeoutSeconds
HANDSHAKE_SECONDS = 10.0
SHUTDOWN_SECONDS = 1.0  # for the client to acknowledge the end of a TLS connection
LINGER_SECONDS = 5.0  # how long to go on reading after an early answer, so that the client can read it
UNREAD_SECONDS = 5.0  # how long a client may leave an answer unread that does not fit into the socket's buffers

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Connections(web.Server):
    """Every connection of one listener.

    Args:
        handler: answers every request that can be read.
        log: where requests that cannot be read are logged.
        limits: how many connections there may be.
        clients: who is answered, where the TLS context asks clients for certificates; None: everybody.
    """

    def __init__(self, handler: Handler, log: telemetry.Log, limits: Limits, clients: ClientNames | None) -> None:
        super().__init__(handler if clients is None else self._for_known(handler), request_factory=self._request)
        self.log = log
        self.places: Places[_Connection] = Places(limits)
        self._clients = clients
        self._full = Summary(log, "too many connections")
        self._handshake_failed = Summary(log, "handshake failed")
        self._refused = Summary(log, "client refused")

    def begin(self, accepted: socket.socket, peer: str, context: ssl.SSLContext | None) -> None:
        """Take over a socket that was accepted: TLS with ``context``, else plain. Close another one if there is no room."""
        try:
            leaver = self.places.who_makes_room(peer)
        except Full:
            self._full.log(connections=len(self.places), remote=peer, closed="the new one")
            accepted.close()
            return
        if leaver is not None:
            self._full.log(connections=len(self.places), remote=leaver.peer, closed="the one that was idle longest")
            leaver.abort()
        connection = _Connection(self, self._loop, peer)
        self.places.add(connection)
        connection.handshake = self._loop.create_task(self._connect(connection, accepted, context))

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
        while self.places and self._loop.time() < deadline:  # noqa: ASYNC110 - nor for this
            await asyncio.sleep(0.01)
        ending = tuple(self.places)
        for connection in ending:
            connection.abort()
        while any(connection.open for connection in ending):  # noqa: ASYNC110 - nor for this; it takes a round or two
            await asyncio.sleep(0)

    def refusal(self, transport: asyncio.BaseTransport) -> str:
        """Return why the client of a new connection is refused; empty if it is answered."""
        return "" if self._clients is None else self._clients.refusal(transport.get_extra_info("peercert"))

    async def _connect(
        self, connection: "_Connection", accepted: socket.socket, context: ssl.SSLContext | None
    ) -> None:
        limited = (
            {"ssl_handshake_timeout": HANDSHAKE_SECONDS, "ssl_shutdown_timeout": SHUTDOWN_SECONDS} if context else {}
        )
        try:
            await self._loop.connect_accepted_socket(lambda: connection, accepted, ssl=context, **limited)
        except ssl.SSLError as error:
            self.places.remove(connection)
            self._handshake_failed.log(why=telemetry.clean(error.reason or str(error)), remote=connection.peer)
        except OSError:  # the client went away, as a port scan does, or took too long
            self.places.remove(connection)

    def _for_known(self, handler: Handler) -> Handler:
        async def answer(request: web.BaseRequest) -> web.StreamResponse:
            why = cast("_Connection", request.protocol).refusal
            if not why:
                return await handler(request)
            self._refused.log(why=telemetry.clean(why), remote=request.remote)
            response = plain(403, telemetry.clean(why))
            response.force_close()
            return response

        return answer

    def _busy(self) -> bool:
        return any(connection.busy for connection in self.places)

    def _request(
        self,
        message: RawRequestMessage,
        payload: StreamReader,
        protocol: web.RequestHandler,
        writer: AbstractStreamWriter,
        task: asyncio.Task[None],
    ) -> web.BaseRequest:
        cast("_Connection", protocol).body = payload
        return web.BaseRequest(message, payload, protocol, writer, task, self._loop)


class _Connection(web.RequestHandler):
    """One connection.

    Attributes:
        peer: the address of its client.
        handshake: the task that makes a connection of the accepted socket.
        body: of the request that was begun last.
        refusal: why this client is refused; empty if it is answered.
    """

    __slots__ = (
        "_accepted",
        "_connections",
        "_head_timer",
        "_transport",
        "_unread_timer",
        "body",
        "handshake",
        "peer",
        "refusal",
    )

    handshake: asyncio.Task[None]

    def __init__(self, connections: Connections, loop: asyncio.AbstractEventLoop, peer: str) -> None:
        super().__init__(
            connections,
            loop=loop,
            keepalive_timeout=KEEP_ALIVE_SECONDS,
            lingering_time=LINGER_SECONDS,
            read_bufsize=READ_BUFFER,
            auto_decompress=False,  # a compressed body is refused, so it must not be unpacked first
            access_log=cast("logging.Logger", None),  # how aiohttp turns it off: the handlers write better lines
        )
        self.peer = peer
        self.body: StreamReader = EMPTY_PAYLOAD
        self.refusal = ""
        self._connections = connections
        self._accepted = loop.time()
        self._transport: asyncio.Transport | None = None  # ``transport`` is None as soon as aiohttp begins to close
        self._head_timer: asyncio.TimerHandle | None = None
        self._unread_timer: asyncio.TimerHandle | None = None

    @property
    def busy(self) -> bool:
        """Whether a request is being read or answered."""
        waiting = self._waiter is not None and not self._waiter.done()
        return self._task_handler is not None and not waiting

    @property
    def quiet_since(self) -> float:
        """When it was accepted or its last answer was sent, by the clock of the event loop."""
        return max(self._accepted, self._next_keepalive_close_time - KEEP_ALIVE_SECONDS)

    @property
    def open(self) -> bool:
        """Whether it has not ended yet."""
        return self._transport is not None or not self.handshake.done()

    def abort(self) -> None:
        """End the connection at once, and free its place."""
        self._connections.places.remove(self)
        if self._transport is not None:
            self._transport.abort()
        else:
            self.handshake.cancel()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start, and wait a limited time for the first request."""
        super().connection_made(transport)
        self._transport = cast("asyncio.Transport", transport)
        if transport.get_extra_info("sslcontext") is not None:
            cast("_TlsTransport", transport).set_read_buffer_limits(TLS_BUFFER, TLS_BUFFER // 2)
            self._transport.set_write_buffer_limits(TLS_BUFFER)
        self.refusal = self._connections.refusal(transport)
        self._head_timer = self._loop.call_later(HEAD_SECONDS, self._close_if_silent)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Forget the connection."""
        for timer in (self._head_timer, self._unread_timer):
            if timer is not None:
                timer.cancel()
        self._transport = None
        self._connections.places.remove(self)
        super().connection_lost(exc)
        # Whoever still reads the body has an exception; aiohttp, where it only discards the rest, needs to hear of the end. And a
        # body that is not forgotten keeps the connection and its buffers until the collector comes, long after.
        if not self.body.is_eof():
            self.body.feed_eof()
        self.body = EMPTY_PAYLOAD

    def data_received(self, data: bytes) -> None:
        """Take what has arrived; if it breaks off a body, let whoever reads that body know at once."""
        super().data_received(data)
        if self._messages and not isinstance(self._messages[-1][0], RawRequestMessage):  # aiohttp's note of an error
            for body in (self.body, *(body for _, body in self._messages)):
                if not body.is_eof():
                    body.set_exception(web.RequestPayloadError("the transfer coding is malformed"))
                    body.feed_eof()

    def pause_writing(self) -> None:
        """Wait a limited time for a client that does not read its answer."""
        super().pause_writing()
        self._unread_timer = self._loop.call_later(UNREAD_SECONDS, self.abort)

    def resume_writing(self) -> None:
        """Go on writing."""
        super().resume_writing()
        if self._unread_timer is not None:
            self._unread_timer.cancel()

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


class _TlsTransport(Protocol):
    def set_read_buffer_limits(self, high: int, low: int) -> None:
        """Stop reading from the socket while ``high`` bytes are undecrypted; go on once ``low`` are left."""
