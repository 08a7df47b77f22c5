"""Sockets: bound, then listened on, and the connections that are accepted.

Connections are accepted here and not by the event loop, so that each has its place and its deadline before its TLS handshake,
and so that running out of open files is noticed. The rest is aiohttp's low-level server: a handful of paths need no router, and
every answer is ours, even to an unreadable request.
"""

import asyncio
import errno
import os
import socket
import ssl

from webhook import telemetry
from webhook.server.clients import ClientNames
from webhook.server.connections import Connections, Handler
from webhook.server.places import REVIEW_LIMITS, Limits
from webhook.server.summary import Summary

FINISH_SECONDS = 5.0  # for requests that are in flight when the server stops: the API server gives up after 5 s

_BACKLOG = 1024  # connections that the operating system keeps until they are accepted; it may allow fewer
_ACCEPTED_AT_ONCE = 64  # between two rounds of the event loop, so that requests are answered meanwhile
_RECEIVE_BUFFER = 64 * 1024
"""Bytes that the operating system keeps of a connection whose request is not being read, instead of up to 6 MiB. They count
towards the memory of a container, too, and are read at once. 64 KiB allow 30 MB/s for a round trip of 2 ms, and the least that a sender
of a large body must keep up (``calls.BYTES_PER_SECOND``) for one of 60 ms."""

_PAUSE_SECONDS = 0.2  # without accepting, after the operating system refused

#: What the operating system reports when it has no resources for another connection.
_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Listener:
    """One listening socket and its connections.

    Args:
        handler: answers every request that can be read.
        log: where requests that cannot be read are logged.
        limits: how many connections there may be.
        clients: who is answered, if the TLS context asks clients for certificates; None: everybody.
    """

    def __init__(
        self,
        handler: Handler,
        log: telemetry.Log,
        limits: Limits = REVIEW_LIMITS,
        clients: ClientNames | None = None,
    ) -> None:
        self._connections = Connections(handler, log, limits, clients)
        self._exhausted = Summary(log, "cannot accept connections")
        self._socket: socket.socket | None = None
        self._context: ssl.SSLContext | None = None
        self._listening = False
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
        self._socket.listen(_BACKLOG)
        self._socket.setblocking(False)
        self._context = context
        self._listening = True
        self._resume()

    async def close(self, seconds: float) -> None:
        """Stop listening and close every connection; give requests in flight up to ``seconds`` to finish."""
        if self._listening:
            self._listening = False
            self._pause()
        if self._socket is not None:
            self._socket.close()
        await self._connections.finish(seconds)

    def _resume(self) -> None:
        if self._listening:
            assert self._socket is not None
            asyncio.get_running_loop().add_reader(self._socket, self._accept)

    def _pause(self) -> None:
        assert self._socket is not None
        asyncio.get_running_loop().remove_reader(self._socket)

    def _accept(self) -> None:
        assert self._socket is not None
        for _ in range(_ACCEPTED_AT_ONCE):
            try:
                accepted, address = self._socket.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in _EXHAUSTED:
                    self._make_room(error.errno)
                    return
                continue  # the client has gone away before its connection was accepted
            accepted.setblocking(False)
            self._connections.begin(accepted, address[0], self._context)

    def _make_room(self, number: int) -> None:
        """Close the connection that has been idle longest, and accept again in a moment: the waiting ones stay readable."""
        leaver = self._connections.places.quietest()
        self._exhausted.log(why=os.strerror(number), connections=len(self._connections.places))
        if leaver is not None:
            leaver.abort()
        self._pause()
        asyncio.get_running_loop().call_later(_PAUSE_SECONDS, self._resume)


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
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)  # connections inherit it
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(bool(host)))
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    return bound
