"""HTTP requests that are refused before anything looks into their bodies."""

import asyncio
from collections.abc import Collection

from aiohttp import hdrs, web

MAX_BODY = 7 * 1024 * 1024
"""Bytes. An UPDATE carries the old and the new object, each up to the 3 MB that etcd and the API server accept, plus one
MiB for the rest of the review; controller-runtime has the same limit."""

BODY_SECONDS = 10.0  # from the end of the head to the end of the body; twice the API server's timeoutSeconds
SERVER = "hydra-webhook"  # without a version; if there were no such header, aiohttp would send its own


class BadCall(Exception):  # noqa: N818 - the call is bad; nothing went wrong here
    """The request is answered with this HTTP status and this line instead of a review."""

    def __init__(self, status: int, text: str, *, allow: str = "", close: bool = False) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.allow = allow
        self.close = close


def plain(status: int, text: str) -> web.Response:
    """Return a response that holds one line of text."""
    return web.Response(status=status, text=f"{text}\n", headers={hdrs.SERVER: SERVER})


def check_route(request: web.BaseRequest, paths: Collection[str], methods: Collection[str]) -> None:
    """Refuse a request for any path but these, or with any method but these."""
    if request.rel_url.raw_path not in paths:
        raise BadCall(404, "not found")
    if request.method not in methods:
        raise BadCall(405, f"this path accepts only {' and '.join(methods)}", allow=", ".join(methods))


def check_head(request: web.BaseRequest) -> None:
    """Refuse what its headers already rule out."""
    headers = request.headers
    content_type = headers.get(hdrs.CONTENT_TYPE, "")
    if content_type != "application/json" and content_type.partition(";")[0].strip().lower() != "application/json":
        raise BadCall(415, "the Content-Type must be application/json")
    if hdrs.CONTENT_ENCODING in headers:
        raise BadCall(415, "Content-Encoding is not supported; send the body uncompressed")
    if (request.content_length or 0) > MAX_BODY:
        raise _too_large()


async def read_body(request: web.BaseRequest) -> bytes:
    """Return the body, at most ``MAX_BODY`` bytes.

    Raises:
        BadCall: it is larger, arrives too slowly, or does not arrive at all.
    """
    if hdrs.EXPECT in request.headers:
        await _invite_body(request)
    try:
        if request.content.is_eof():  # it arrived with the head, as most do, and needs no timer
            return await request.read()
        async with asyncio.timeout(BODY_SECONDS):
            return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise _too_large() from None
    except TimeoutError:
        raise BadCall(408, f"the body did not arrive within {BODY_SECONDS:g} seconds", close=True) from None
    except (ConnectionError, web.RequestPayloadError) as error:
        raise BadCall(400, "the body is incomplete or malformed", close=True) from error


async def _invite_body(request: web.BaseRequest) -> None:
    """Answer ``Expect: 100-continue``, which curl sends before a large body."""
    if request.headers[hdrs.EXPECT].lower() != "100-continue":
        raise BadCall(417, "the only supported Expect is 100-continue", close=True)
    await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    request.writer.output_size = 0  # the answer proper has not begun yet


def _too_large() -> BadCall:
    return BadCall(413, f"the body is larger than {MAX_BODY} bytes", close=True)
