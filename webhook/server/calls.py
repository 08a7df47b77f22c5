"""HTTP requests that are refused before anything looks into their bodies."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection, Mapping
from types import MappingProxyType

from aiohttp import StreamReader, hdrs, web

from webhook.server.budget import BodyBudget

MAX_BODY = 7 * 1024 * 1024
"""Bytes. An UPDATE carries the old and the new object, each up to the 3 MB that etcd and the API server accept, plus one
MiB for the rest of the review; controller-runtime has the same limit."""

SMALL_BODY = 64 * 1024
"""Bytes. A body up to this size is read without a share of the budget: the buffers of its connection hold as much anyway.
Reviews of ordinary pods take 5 to 20 KiB, so no flood of large bodies delays them."""

READ_BUFFER = 16 * 1024  # bytes; a connection pauses once it has read twice as much that nobody has taken

BODY_SECONDS = 10.0  # from the end of the head to the end of a small body; twice the API server's timeoutSeconds

HOLD_SECONDS = 2.0
"""How long a sender may hold a share of the budget for nothing."""

BYTES_PER_SECOND = 1024 * 1024
"""What a sender must send on average to hold its share for longer. API servers send at the speed of the cluster's network; a
replica that is short of CPU reads more slowly."""

RETRY_SECONDS = 1
"""``Retry-After`` of an answer to a body for which there was no share. An API server then repeats the call by itself while
its timeoutSeconds last (``rest/with_retry.go`` in client-go), on a new connection and thus perhaps to another replica."""

_NO_HEADERS: Mapping[str, str] = MappingProxyType({})
SERVER = "hydra-webhook"  # without a version; if there were no such header, aiohttp would send its own


class BadCall(Exception):  # noqa: N818 - the call is bad; nothing went wrong here
    """The request is answered with this HTTP status and this line instead of a review."""

    def __init__(
        self, status: int, text: str, *, headers: Mapping[str, str] = _NO_HEADERS, close: bool = False
    ) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.headers = headers
        self.close = close


def plain(status: int, text: str, headers: Mapping[str, str] = _NO_HEADERS) -> web.Response:
    """Return a response that holds one line of text."""
    return web.Response(status=status, text=f"{text}\n", headers={hdrs.SERVER: SERVER, **headers})


def check_route(request: web.BaseRequest, paths: Collection[str], methods: Collection[str]) -> None:
    """Refuse a request for any path but these, or with any method but these."""
    if request.rel_url.raw_path not in paths:
        raise BadCall(404, "not found")
    if request.method not in methods:
        raise BadCall(405, f"this path accepts only {' and '.join(methods)}", headers={hdrs.ALLOW: ", ".join(methods)})


def check_head(request: web.BaseRequest) -> None:
    """Refuse what its headers already rule out."""
    headers = request.headers
    content_type = headers.get(hdrs.CONTENT_TYPE, "")
    if content_type != "application/json" and content_type.partition(";")[0].strip().lower() != "application/json":
        raise BadCall(415, "the Content-Type must be application/json")
    if hdrs.CONTENT_ENCODING in headers:
        raise BadCall(415, "Content-Encoding is not supported; send the body uncompressed")
    if headers.get(hdrs.EXPECT, "100-continue").lower() != "100-continue":
        raise BadCall(417, "the only supported Expect is 100-continue", close=True)
    if (request.content_length or 0) > MAX_BODY:
        raise _too_large()


def arrived_body(request: web.BaseRequest) -> bytes | None:
    """Return the body if it has arrived with the head, as most do; None if the rest is still to come.

    Such a body is small, because a connection reads no more than ``READ_BUFFER`` ahead.

    Raises:
        BadCall: its transfer coding is malformed.
    """
    content = request.content
    if (error := content.exception()) is not None:
        raise _malformed() from error
    return content.read_nowait() if content.is_eof() else None


@contextlib.asynccontextmanager
async def received_body(request: web.BaseRequest, budget: BodyBudget) -> AsyncIterator[bytes]:
    """Wait for the body, at most ``MAX_BODY`` bytes. A large one has its share of the budget while the context is open.

    Raises:
        BadCall: it is larger, there was no share for it in time, or it arrives too slowly or not at all.
    """
    if hdrs.EXPECT in request.headers:
        await _invite_body(request)
    # A body in chunks, whose size nobody knows, is taken for one of the largest; API servers send none.
    length = MAX_BODY if request.content_length is None else request.content_length
    if length <= SMALL_BODY:
        yield await _read(request.content, BODY_SECONDS, per_byte=0)
        return
    try:
        await budget.take(request.remote or "", length)
    except TimeoutError:
        retry: dict[str, str] = {hdrs.RETRY_AFTER: str(RETRY_SECONDS)}
        raise BadCall(503, "too many large bodies are being received", headers=retry, close=True) from None
    try:
        yield await _read(request.content, HOLD_SECONDS, per_byte=1 / BYTES_PER_SECOND)
    finally:
        budget.give_back(length)


async def _read(content: StreamReader, seconds: float, *, per_byte: float) -> bytes:
    """Return a body that is complete within so many seconds, and so many more for each byte that has arrived."""
    body = bytearray()
    deadline = asyncio.get_running_loop().time() + seconds
    try:
        async with asyncio.timeout_at(deadline) as timeout:
            while piece := await content.readany():
                body += piece
                if len(body) > MAX_BODY:
                    raise _too_large()
                if per_byte:
                    timeout.reschedule(deadline + len(body) * per_byte)
    except TimeoutError:
        raise BadCall(408, "the body arrives too slowly", close=True) from None
    except (ConnectionError, web.RequestPayloadError) as error:
        # The stream keeps this error, whose traceback keeps the stream: a cycle that would hold the connection's buffers.
        raise _malformed() from error.with_traceback(None)
    return bytes(body)


async def _invite_body(request: web.BaseRequest) -> None:
    """Answer ``Expect: 100-continue``, which curl sends before a large body."""
    await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    request.writer.output_size = 0  # the answer proper has not begun yet


def _too_large() -> BadCall:
    return BadCall(413, f"the body is larger than {MAX_BODY} bytes", close=True)


def _malformed() -> BadCall:
    return BadCall(400, "the body is incomplete or malformed", close=True)
