"""Requests to one API server. Each has a deadline and a bound on its size, and fails with ``ApiError`` alone."""

import asyncio
import contextlib
import os
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

import aiohttp
import msgspec

from webhook import files
from webhook.cluster import events, failures, kubeconfig
from webhook.cluster.connections import Connection, Connections
from webhook.cluster.events import Event, Object, Page
from webhook.cluster.failures import ApiError
from webhook.cluster.resources import Resource

#: In the words of RBAC, so that a message says which permission it is about.
Verb = Literal["get", "create", "update", "patch", "list", "watch"]

_METHODS: dict[Verb, str] = {"create": "POST", "update": "PUT", "patch": "PATCH"}  # the others: GET

_PAGE_ITEMS = 10  # one is expected; a server that ignores the selector shall not send its whole collection at once
_REFUSAL = 64 * 1024  # bytes that are read of an answer that says no: a Status has a few hundred

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long an API server may take, in seconds.

    Attributes:
        connect: for the connection and its TLS handshake.
        answer: for a whole answer, and for the head of the answer to a watch, with everything that comes before them:
            reading the credentials, too.
        grace: for the end of a watch, after the time at which the server was asked to end it.
    """

    connect: float = 5.0
    answer: float = 10.0
    grace: float = 5.0


class Client:
    """One API server. Making one does no I/O; the first request reads the credentials and connects.

    They are read again when the API server refuses them (401) or TLS verification fails, when they expire, and when one of
    the files that they come from has changed: a service account's token is another one every hour.

    Args:
        kubeconfig: the file that says where the server is and who we are; None: the service account of this pod.
        deadlines: for the server.

    Attributes:
        name: how messages name the place that the credentials come from.
    """

    def __init__(self, kubeconfig: Path | None, *, deadlines: Deadlines | None = None) -> None:
        self.name = f"kubeconfig {kubeconfig}" if kubeconfig is not None else "service account of this pod"
        self._connections = Connections(kubeconfig)
        self._deadlines = deadlines or Deadlines()

    @property
    def server(self) -> str:
        """URL of the API server; empty while no credentials are in use."""
        return self._connections.server

    async def get(self, resource: Resource) -> Object:
        """Return the object. ``not-found``: it does not exist."""
        return await self._call("get", resource, resource.path, events.decode)

    async def create(self, resource: Resource, body: Object) -> Object:
        """Create the object and return it as it was stored. ``conflict``: it exists already."""
        content = "application/json", msgspec.json.encode(body)
        return await self._call("create", resource, resource.collection, events.decode, content=content)

    async def replace(self, resource: Resource, body: Object) -> Object:
        """Replace the object and return it as it was stored.

        ``conflict``: it has another ``metadata.resourceVersion`` than the body by now.
        """
        content = "application/json", msgspec.json.encode(body)
        return await self._call("update", resource, resource.path, events.decode, content=content)

    async def patch_json(self, resource: Resource, operations: Sequence[Mapping[str, Any]]) -> Object:
        """Apply RFC 6902 operations to the object and return it as it was stored. ``invalid``: a ``test`` failed."""
        content = "application/json-patch+json", msgspec.json.encode(operations)
        return await self._call("patch", resource, resource.path, events.decode, content=content)

    async def page(self, resource: Resource, cursor: str = "") -> Page:
        """Return one page of the list that has this object at most, as it is now and in no cache.

        Args:
            resource: the object; its collection is listed by a field selector on its name, which is how RBAC rules
                that name their objects allow a list.
            cursor: of the page before; empty for the first one.
        """
        query = {**_selector(resource), "limit": str(_PAGE_ITEMS)}
        if cursor:
            query["continue"] = cursor
        return await self._call("list", resource, resource.collection, events.page, query=query)

    @contextlib.asynccontextmanager
    async def watch(self, resource: Resource, version: str, seconds: int) -> AsyncIterator[AsyncIterator[Event]]:
        """Watch the object; the context is entered when the API server has accepted that.

        The iterator ends when the server ends the stream, and raises ``ApiError`` when it breaks, holds an error or has
        not ended in time. Time that its user spends with an event does not count as the server's.

        Args:
            resource: the object.
            version: resourceVersion after which to begin.
            seconds: after which the server is asked to end the stream.
        """
        query = {
            **_selector(resource),
            "watch": "1",
            "allowWatchBookmarks": "true",
            "resourceVersion": version,
            "timeoutSeconds": str(seconds),
        }
        head = _in(self._deadlines.answer)
        async with self._answer("watch", resource, resource.collection, head, query=query) as (response, translated):
            yield _Stream(resource, response, translated, _in(seconds + self._deadlines.grace))

    async def close(self) -> None:
        """Break off every request. To be called when nobody waits for one any more."""
        await self._connections.close()

    async def _call(
        self,
        verb: Verb,
        resource: Resource,
        path: str,
        decode: Callable[[bytes], _Answer],
        *,
        query: Mapping[str, str] | None = None,
        content: tuple[str, bytes] | None = None,
    ) -> _Answer:
        deadline = _in(self._deadlines.answer)
        async with self._answer(verb, resource, path, deadline, query=query, content=content) as (response, translated):
            with translated():
                async with asyncio.timeout_at(deadline):
                    body = await _read(response, events.LARGEST)
                if len(body) > events.LARGEST:
                    raise events.Malformed(f"an answer of more than {events.LARGEST} bytes")
                return decode(body)

    @contextlib.asynccontextmanager
    async def _answer(
        self,
        verb: Verb,
        resource: Resource,
        path: str,
        deadline: float,
        *,
        query: Mapping[str, str] | None = None,
        content: tuple[str, bytes] | None = None,
    ) -> AsyncIterator[tuple[aiohttp.ClientResponse, "_Translated"]]:
        """Send a request; give the head of a successful answer, and what translates errors while its body is read."""
        doing = f"{verb} {resource.human}"
        async with self._connection(doing, deadline) as connection:

            def translated() -> contextlib.AbstractContextManager[None]:
                return self._translated(doing, connection)

            with translated():
                async with asyncio.timeout_at(deadline):
                    response = await connection.send(
                        _METHODS.get(verb, "GET"), path, query or {}, content, self._deadlines.connect
                    )
            try:
                if not 200 <= response.status < 300:
                    if response.status == 401:
                        self._connections.drop(connection)
                    with translated():
                        async with asyncio.timeout_at(deadline):
                            body = await _read(response, _REFUSAL)
                    asked = failures.retry_after(response.headers.get("Retry-After"), datetime.now(UTC))
                    raise failures.refused(verb, resource, response.status, body, asked)
                yield response, translated
            finally:
                response.close()

    @contextlib.asynccontextmanager
    async def _connection(self, doing: str, deadline: float) -> AsyncIterator[Connection]:
        async with contextlib.AsyncExitStack() as stack:
            try:
                connection = await stack.enter_async_context(self._connections.use(deadline))
            except files.Unreadable as error:  # names the file
                raise ApiError("credentials", f"{doing}: {error}") from error
            except kubeconfig.Unusable as error:
                raise ApiError("credentials", f"{doing}: {self.name}: {error}") from error
            except TimeoutError as error:
                raise ApiError("timeout", f"{doing}: {self.name}: no credentials in time") from error
            yield connection

    @contextlib.contextmanager
    def _translated(self, doing: str, connection: Connection) -> Iterator[None]:
        """Turn what aiohttp raises, and answers that make no sense, into ``ApiError``."""
        where = f"{doing} at {connection.credentials.server}"
        try:
            yield
        except (events.Malformed, aiohttp.ClientResponseError, aiohttp.InvalidURL) as error:
            raise ApiError("malformed", f"{where}: {_told(error)}") from error
        except TimeoutError as error:
            raise ApiError("timeout", f"{where}: no answer in time") from error
        except (aiohttp.ClientError, OSError) as error:
            if isinstance(error, aiohttp.ClientSSLError):
                self._connections.drop(connection)  # perhaps the server has a new authority, and the file has it by now
            raise ApiError("unreachable", f"{where}: {_told(error)}") from error


_Translated = Callable[[], contextlib.AbstractContextManager[None]]


class _Stream:
    """The events of a watch, as an asynchronous iterator."""

    def __init__(
        self, resource: Resource, response: aiohttp.ClientResponse, translated: _Translated, deadline: float
    ) -> None:
        self._resource = resource
        self._content = response.content
        self._translated = translated
        self._deadline = deadline
        self._cutter = events.Lines()
        self._lines: deque[bytes] = deque()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        with self._translated():
            while not self._lines:
                async with asyncio.timeout_at(self._deadline):
                    chunk = await self._content.readany()
                if not chunk:  # half a line may be left: what it would have told, the next list or watch tells
                    raise StopAsyncIteration
                self._lines.extend(self._cutter.feed(chunk))
            event = events.parse(self._lines.popleft())
        if event.kind == "error":
            raise failures.told_in_stream("watch", self._resource, event.object)
        return event


async def _read(response: aiohttp.ClientResponse, enough: int) -> bytes:
    """Return the body, or, if it is longer than ``enough``, somewhat more than that of it."""
    body = bytearray()
    while len(body) <= enough and (chunk := await response.content.readany()):
        body += chunk
    return bytes(body)


def _selector(resource: Resource) -> dict[str, str]:
    return {"fieldSelector": f"metadata.name={resource.name}"}


def _in(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


def _told(error: Exception) -> str:
    """Return what an exception says, without what aiohttp puts around it."""
    if isinstance(error, aiohttp.ClientConnectorError):
        number = error.os_error.errno or 0
        known = number > 0 and not isinstance(error, aiohttp.ClientSSLError)  # that counts otherwise
        return os.strerror(number) if known else str(error.os_error)
    return str(error) or type(error).__name__
