"""Requests to one API server. Each has a deadline and a size limit, and raises nothing but ``ApiError``."""

import asyncio
import contextlib
import os
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

import aiohttp
import msgspec

from webhook import files
from webhook.cluster import answers, clocks, failures
from webhook.cluster.answers import Event, Object, Page
from webhook.cluster.clocks import ServerClock
from webhook.cluster.collections import Collection, ObjectReference
from webhook.cluster.connections import Connection, Connections
from webhook.cluster.failures import ApiError
from webhook.cluster.kubeconfig import Kubeconfig, Unusable

#: As RBAC names them, so that a message says which permission the request needs.
Verb = Literal["get", "create", "update", "patch", "list", "watch"]

_METHODS: dict[Verb, str] = {"create": "POST", "update": "PUT", "patch": "PATCH"}  # the others: GET

_ALONE_PER_PAGE = 10
"""Items in a page of a list that is expected to have one. A server that ignores the selector must not send everything."""

_ITEMS_PER_PAGE = 100
"""Items in a page of any other list. A pod has some 10 to 30 KB, so a page has some megabytes."""

_METADATA_PER_PAGE = 250
"""Items in a page of metadata alone. With a record and managedFields that is some 5 KB of each, so such a page has about a megabyte:
decoding it holds up whatever else the process does for some milliseconds."""

_LARGE_ITEMS_PER_PAGE = 5
"""Items in a page that is asked for again because it was too large: ``answers.LARGEST`` has room for five of 3 MiB."""

_LARGEST_REFUSAL = 64 * 1024  # bytes to read of an error's body; a Status has some hundred

_OUTSIDE_VALIDITY = {9, 10}  # X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED of OpenSSL's x509_vfy.h

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long an API server may take, in seconds.

    Attributes:
        connect: for the connection and its TLS handshake.
        answer: for a whole answer, or for the headers of the answer to a watch. Includes everything before that, also
            reading the credentials.
        grace: for the end of a watch, from the time at which the server was asked to end it.
    """

    connect: float = 5.0
    answer: float = 10.0
    grace: float = 5.0


class Client:
    """One API server. The constructor does no I/O; the first request reads the credentials and connects.

    Credentials are read again when the API server rejects them (401), when TLS verification fails, when they expire, and
    when a file that they come from changes: a service account's token is replaced every hour.

    Args:
        source: where the server and the credentials are; a path is that kubeconfig alone; None: the service account of this pod.
        deadlines: for the server.
        clock: learns the server's time from every answer.
    """

    def __init__(
        self,
        source: Kubeconfig | Path | None,
        *,
        deadlines: Deadlines | None = None,
        clock: ServerClock | None = None,
    ) -> None:
        if isinstance(source, Path):
            source = Kubeconfig((source,))
        self._source = source.human if source is not None else "service account of this pod"
        self._clock = clock or ServerClock()
        self._connections = Connections(source, self._clock)
        self._deadlines = deadlines or Deadlines()

    async def get(self, reference: ObjectReference) -> Object:
        """Return the object. ``not-found``: it does not exist."""
        return await self._call("get", reference.alone, reference.path, answers.decode)

    async def create(self, reference: ObjectReference, body: Object, *, dry_run: bool = False) -> Object:
        """Create the object and return it as it was stored. ``conflict``: it already exists.

        With ``dry_run``, nothing is stored, but the answer is as if it were.
        """
        content, query = ("application/json", msgspec.json.encode(body)), {"dryRun": "All"} if dry_run else {}
        path = reference.collection.path
        return await self._call("create", reference.alone, path, answers.decode, query=query, content=content)

    async def page_of_pod(self, reference: ObjectReference, port: int, path: str) -> str:
        """Return what a pod answers to an HTTP GET that the API server passes on (``pods/proxy``).

        ``server-error``: the API server does not reach it; its message says why.

        Args:
            reference: the pod.
            port: of the pod.
            path: of the page, ``metrics``.
        """
        of_proxy = replace(reference.alone, plural="pods/proxy")
        where = f"{reference.path}:{port}/proxy/{path}"
        return await self._call("get", of_proxy, where, lambda body: body.decode(errors="replace"))

    async def replace(self, reference: ObjectReference, body: Object) -> Object:
        """Replace the object and return it as it was stored.

        ``conflict``: its ``metadata.resourceVersion`` differs from that of the body.
        """
        content = "application/json", msgspec.json.encode(body)
        return await self._call("update", reference.alone, reference.path, answers.decode, content=content)

    async def patch_json(self, reference: ObjectReference, operations: Sequence[Mapping[str, Any]]) -> Object:
        """Apply RFC 6902 operations to the object and return it as it was stored. ``invalid``: a ``test`` failed."""
        content = "application/json-patch+json", msgspec.json.encode(operations)
        return await self._call("patch", reference.alone, reference.path, answers.decode, content=content)

    async def patch_merge(
        self, reference: ObjectReference, changes: Mapping[str, Any], *, manager: str, dry_run: bool = False
    ) -> tuple[Object, list[str]]:
        """Merge changes into the object (RFC 7386); return it as it was stored, and the warnings of its admission.

        Args:
            reference: the object.
            changes: the fields to set, or null to remove.
            manager: whose fields they are from then on, in ``metadata.managedFields``.
            dry_run: store nothing, but answer as if it were.
        """
        query = {"fieldManager": manager} | ({"dryRun": "All"} if dry_run else {})
        content = "application/merge-patch+json", msgspec.json.encode(changes)
        warned: list[str] = []
        stored = await self._call(
            "patch", reference.alone, reference.path, answers.decode, query=query, content=content, warned=warned
        )
        return stored, warned

    async def page(self, collection: Collection, cursor: str = "", *, few: bool = False) -> Page:
        """Return one page of the collection as it is now, never from a cache.

        Args:
            collection: what to list.
            cursor: of the previous page; empty for the first page.
            few: ask for so few items that they fit into an answer, however large they are.

        Raises:
            failures.TooLargeError: the items of this page do not fit into an answer.
        """
        many = _METADATA_PER_PAGE if collection.metadata_only else _ITEMS_PER_PAGE
        items = _ALONE_PER_PAGE if collection.name else _LARGE_ITEMS_PER_PAGE if few else many
        query = {**collection.query, "limit": str(items)}
        if cursor:
            query["continue"] = cursor
        decode = partial(answers.page, parts=collection.parts)
        return await self._call("list", collection, collection.path, decode, query=query)

    @contextlib.asynccontextmanager
    async def watch(self, collection: Collection, version: str, seconds: int) -> AsyncIterator[AsyncIterator[Event]]:
        """Watch the collection. The context is entered when the API server has accepted the watch.

        The iterator ends when the server ends the stream. It raises ``ApiError`` if the stream breaks, has an error in it or
        does not end in time. Time that the caller spends on an event does not count against the server.

        Args:
            collection: what to watch.
            version: resourceVersion after which to begin.
            seconds: after which the server is asked to end the stream.
        """
        query = {
            **collection.query,
            "watch": "1",
            "allowWatchBookmarks": "true",
            "resourceVersion": version,
            "timeoutSeconds": str(seconds),
        }
        until_headers = _in(self._deadlines.answer)
        async with self._answer("watch", collection, collection.path, until_headers, query=query) as (
            response,
            translated,
        ):
            yield _Stream(collection, response, translated, _in(seconds + self._deadlines.grace))

    async def close(self) -> None:
        """Abort every request. Call it when nothing waits for one any more."""
        await self._connections.close()

    async def _call(
        self,
        verb: Verb,
        collection: Collection,
        path: str,
        decode: Callable[[bytes], _Answer],
        *,
        query: Mapping[str, str] | None = None,
        content: tuple[str, bytes] | None = None,
        warned: list[str] | None = None,
    ) -> _Answer:
        deadline = _in(self._deadlines.answer)
        async with self._answer(verb, collection, path, deadline, query=query, content=content) as (
            response,
            translated,
        ):
            if warned is not None:
                warned += answers.warnings(response.headers.getall("Warning", []))
            with translated():
                async with asyncio.timeout_at(deadline):
                    body = await _read(response, answers.LARGEST)
                if len(body) > answers.LARGEST:
                    message = f"{verb} {collection.human}: an answer of more than {answers.LARGEST} bytes"
                    raise failures.TooLargeError("malformed", message)
                return decode(body)

    @contextlib.asynccontextmanager
    async def _answer(
        self,
        verb: Verb,
        collection: Collection,
        path: str,
        deadline: float,
        *,
        query: Mapping[str, str] | None = None,
        content: tuple[str, bytes] | None = None,
    ) -> AsyncIterator[tuple[aiohttp.ClientResponse, "_Translated"]]:
        """Send a request; yield the successful answer's headers, and what translates errors while its body is read."""
        request = f"{verb} {collection.human}"
        async with self._connection(request, deadline) as connection:

            def translated() -> contextlib.AbstractContextManager[None]:
                return self._translated(request, connection)

            with translated():
                async with asyncio.timeout_at(deadline):
                    sent = self._clock.monotonic()
                    method, headers = _METHODS.get(verb, "GET"), _headers(verb, collection, content)
                    body = content[1] if content is not None else None
                    response = await connection.send(method, path, query or {}, headers, body, self._deadlines.connect)
                    self._clock.observe(response.headers, sent)
            try:
                if not 200 <= response.status < 300:
                    if response.status == 401:
                        self._connections.drop(connection)
                    with translated():
                        async with asyncio.timeout_at(deadline):
                            body = await _read(response, _LARGEST_REFUSAL)
                    its_now = clocks.http_date(response.headers.get("Date")) or self._clock.now()
                    wait = failures.retry_after(response.headers.get("Retry-After"), its_now)
                    raise failures.refused(verb, collection, response.status, body, wait)
                yield response, translated
            finally:
                response.close()

    @contextlib.asynccontextmanager
    async def _connection(self, request: str, deadline: float) -> AsyncIterator[Connection]:
        async with contextlib.AsyncExitStack() as stack:
            try:
                connection = await stack.enter_async_context(self._connections.use(deadline))
            except files.Unreadable as error:  # its message has the path
                raise ApiError("credentials", f"{request}: {error}") from error
            except Unusable as error:
                raise ApiError("credentials", f"{request}: {self._source}: {error}") from error
            except TimeoutError as error:
                message = f"{request}: {self._source}: the credentials were not ready in time"
                raise ApiError("timeout", message) from error
            yield connection

    @contextlib.contextmanager
    def _translated(self, request: str, connection: Connection) -> Iterator[None]:
        """Turn exceptions of aiohttp, and answers that no API server gives, into ``ApiError``."""
        where = f"{request} at {connection.credentials.server}"
        try:
            yield
        except (answers.Malformed, aiohttp.ClientResponseError, aiohttp.InvalidURL) as error:
            raise ApiError("malformed", f"{where}: {_cause(error)}") from error
        except TimeoutError as error:
            raise ApiError("timeout", f"{where}: no answer in time") from error
        except (aiohttp.ClientError, OSError) as error:
            if isinstance(error, aiohttp.ClientSSLError):
                self._connections.drop(connection)  # the server may have a new CA that is in the file by now
            raise ApiError("unreachable", f"{where}: {_cause(error)}") from error


_Translated = Callable[[], contextlib.AbstractContextManager[None]]


class _Stream:
    """The events of a watch, as an asynchronous iterator."""

    def __init__(
        self, collection: Collection, response: aiohttp.ClientResponse, translated: _Translated, deadline: float
    ) -> None:
        self._collection = collection
        self._content = response.content
        self._translated = translated
        self._deadline = deadline
        self._splitter = answers.Lines()
        self._lines: deque[bytes] = deque()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        with self._translated():
            while not self._lines:
                async with asyncio.timeout_at(self._deadline):
                    chunk = await self._content.readany()
                if not chunk:  # half a line may be left; the next list or watch returns what was in it
                    raise StopAsyncIteration
                self._lines.extend(self._splitter.feed(chunk))
            event = answers.parse(self._lines.popleft(), self._collection.parts)
        if event.event_type == "error":
            raise failures.ended_watch(self._collection, event.object)
        return event


def _headers(verb: Verb, collection: Collection, content: tuple[str, bytes] | None) -> dict[str, str]:
    if content is not None:
        return {"Content-Type": content[0]}
    if collection.metadata_only:
        form = "PartialObjectMetadataList" if verb == "list" else "PartialObjectMetadata"
        return {"Accept": f"application/json;as={form};g=meta.k8s.io;v=v1"}
    return {}


async def _read(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """Return the body, or, if it is longer than ``limit``, a little more than that of it."""
    body = bytearray()
    while len(body) <= limit and (chunk := await response.content.readany()):
        body += chunk
    return bytes(body)


def _in(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


def _cause(error: Exception) -> str:
    """Return the message of an exception, without what aiohttp adds to it."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        refused = error.certificate_error
        if isinstance(refused, ssl.SSLCertVerificationError) and refused.verify_code in _OUTSIDE_VALIDITY:
            now = datetime.now(UTC)
            return f"{refused}; it is {now:%Y-%m-%dT%H:%M:%SZ} by this machine's clock: if that is wrong, set the clock"
    if isinstance(error, aiohttp.ClientConnectorError):
        number = error.os_error.errno or 0
        of_system = number > 0 and not isinstance(error, aiohttp.ClientSSLError)  # which has numbers of its own
        return os.strerror(number) if of_system else str(error.os_error)
    return str(error) or type(error).__name__
