"""Reviews over HTTP: a path for each webhook, the answers to bad calls, and the last net under everything."""

import contextlib
import secrets
import time
from collections.abc import Callable, Mapping

from aiohttp import hdrs, web
from multidict import CIMultiDict

from webhook import errors, telemetry
from webhook.server.budget import BodyBudget
from webhook.server.calls import SERVER, BadCall, arrived_body, check_head, check_route, plain, received_body

MUTATE_PATH = "/mutate"

#: Answers the body of a request that began to arrive at a time (seconds of ``time.perf_counter``); may raise
#: ``errors.MalformedReview``.
Answer = Callable[[bytes, float], bytes]

_PIECE = 64 * 1024  # bytes of an answer that are sent at a time

_METHODS = (hdrs.METH_POST,)
_REVIEW_HEADERS = CIMultiDict({hdrs.CONTENT_TYPE: "application/json", hdrs.SERVER: SERVER})


class ReviewHandler:
    """Answers ``POST`` requests with reviews.

    Args:
        routes: by path, what answers the reviews that arrive there.
        metrics: where requests are counted.
        log: where bad calls and internal errors are logged.

    Attributes:
        draining: whether every answer asks the client to close its connection.
    """

    def __init__(self, routes: Mapping[str, Answer], metrics: telemetry.Metrics, log: telemetry.Log) -> None:
        self._routes = {path: (answer, metrics.webhook(path)) for path, answer in routes.items()}
        self._log = log
        self._budget = BodyBudget()
        self.draining = False

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request; whatever happens, the answer reveals no internals."""
        started = time.perf_counter()
        try:
            check_route(request, self._routes, _METHODS)
        except BadCall as refusal:
            return self._refuse(request, refusal)
        answer, requests = self._routes[request.rel_url.raw_path]
        requests.began()
        status = 500
        try:
            response = await self._review(request, answer, started)
            status = response.status
        finally:
            requests.ended(status, time.perf_counter() - started)
        return response

    async def _review(self, request: web.BaseRequest, answer: Answer, started: float) -> web.StreamResponse:
        try:
            check_head(request)
            body = arrived_body(request)
            # An answer is computed in the event loop: it reads memory only and takes well under a millisecond, less than handing
            # it to a thread and back would.
            if body is not None:
                return await self._send(request, answer(body, started))
            async with received_body(request, self._budget) as body:
                # The answer may be as large as the body, so it is sent before the next body gets this one's share.
                return await self._send(request, answer(body, started), at_once=True)
        except BadCall as refusal:
            return self._refuse(request, refusal)
        except errors.MalformedReview as error:
            return self._refuse(request, BadCall(400, str(error)))
        except Exception as error:  # noqa: BLE001 - the last net: an answer without a traceback, and a line in the log
            return self._fail(error)

    async def _send(self, request: web.BaseRequest, content: bytes, *, at_once: bool = False) -> web.StreamResponse:
        """Return the response with this content; a large one, or any ``at_once``, has been sent already.

        A large one is sent in pieces, so that what a client does not read stays here and is not copied into buffers.
        """
        if not at_once and len(content) <= _PIECE:
            response: web.StreamResponse = web.Response(body=content, headers=_REVIEW_HEADERS)
            self._close_if_draining(response)
            return response
        response = web.StreamResponse(headers=_REVIEW_HEADERS)
        response.content_length = len(content)
        self._close_if_draining(response)
        with contextlib.suppress(ConnectionError):  # the client is gone, and aiohttp finds out as well
            await response.prepare(request)
            for start in range(0, len(content), _PIECE):
                await response.write(memoryview(content)[start : start + _PIECE])
            await response.write_eof()
        return response

    def _close_if_draining(self, response: web.StreamResponse) -> None:
        if self.draining:
            response.force_close()

    def _refuse(self, request: web.BaseRequest, refusal: BadCall) -> web.Response:
        self._log.warning(
            "bad call",
            http_status=refusal.status,
            why=telemetry.clean(refusal.text),
            method=telemetry.clean(request.method, 32),
            path=telemetry.clean(request.rel_url.raw_path, 128),
            remote=request.remote,
        )
        response = plain(refusal.status, telemetry.clean(refusal.text), refusal.headers)
        if refusal.close or self.draining:
            response.force_close()
        return response

    def _fail(self, error: Exception) -> web.Response:
        error_id = secrets.token_hex(8)
        self._log.error("internal error", error_id=error_id, traceback=telemetry.describe(error))
        return plain(500, f"internal error {error_id}")
