"""The calls themselves: what of an HTTP request is refused before anybody asks what is in its body."""

import asyncio
from collections.abc import Collection

from aiohttp import hdrs, web

MAX_BODY = 7 * 1024 * 1024
"""Bytes. An UPDATE carries the old and the new object, each up to the 3 MB that etcd and the API server let through,
and one more MiB for the rest of the review; controller-runtime has the same bound."""

BODY_SECONDS = 10.0  # from the end of the head to the end of the body; twice the API server's timeoutSeconds
SERVER = "hydra-webhook"  # without a version; absent, aiohttp would put its own in


class BadCall(Exception):  # noqa: N818 - it is the call that is bad, nothing went wrong here
    """The request gets this HTTP status and this line instead of a review."""

    def __init__(self, status: int, text: str, *, allow: str = "", close: bool = False) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.allow = allow
        self.close = close


def plain(status: int, text: str) -> web.Response:
    """Return an answer of one line of text."""
    return web.Response(status=status, text=f"{text}\n", headers={hdrs.SERVER: SERVER})


def check_route(request: web.BaseRequest, paths: Collection[str], methods: Collection[str]) -> None:
    """Refuse what goes to another path than these or uses another method."""
    if request.rel_url.raw_path not in paths:
        raise BadCall(404, "there is nothing at this path")
    if request.method not in methods:
        raise BadCall(405, f"this path answers {' and '.join(methods)} only", allow=", ".join(methods))


def check_head(request: web.BaseRequest) -> None:
    """Refuse what needs no reading of the body to be refused."""
    headers = request.headers
    content_type = headers.get(hdrs.CONTENT_TYPE, "")
    if content_type != "application/json" and content_type.partition(";")[0].strip().lower() != "application/json":
        raise BadCall(415, "the Content-Type must be application/json")
    if hdrs.CONTENT_ENCODING in headers:
        raise BadCall(415, "a Content-Encoding is not accepted: send the body as it is")
    if (request.content_length or 0) > MAX_BODY:
        raise _too_large()


async def read_body(request: web.BaseRequest) -> bytes:
    """Return the body, at most ``MAX_BODY`` bytes.

    Raises:
        BadCall: it is larger, arrives too slowly or not at all.
    """
    if hdrs.EXPECT in request.headers:
        await _invite_body(request)
    try:
        if request.content.is_eof():  # it has all arrived with the head, as most do: no timer needed
            return await request.read()
        async with asyncio.timeout(BODY_SECONDS):
            return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise _too_large() from None
    except TimeoutError:
        raise BadCall(408, f"the body did not arrive within {BODY_SECONDS:g} seconds", close=True) from None
    except (ConnectionError, web.RequestPayloadError) as error:
        raise BadCall(400, "the body is cut short or broken", close=True) from error


async def _invite_body(request: web.BaseRequest) -> None:
    """Answer ``Expect: 100-continue``, which curl sends before a large body."""
    if request.headers[hdrs.EXPECT].lower() != "100-continue":
        raise BadCall(417, "the only Expect that is understood is 100-continue", close=True)
    await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    request.writer.output_size = 0  # so that the answer proper still counts as not begun


def _too_large() -> BadCall:
    return BadCall(413, f"the body is larger than {MAX_BODY} bytes", close=True)
