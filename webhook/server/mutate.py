"""``POST /mutate``: the review is read, decided, counted and logged."""

import secrets
import time
from collections.abc import Callable

from aiohttp import hdrs, web
from multidict import CIMultiDict

from webhook import errors, mutation, telemetry
from webhook.server.calls import SERVER, BadCall, check_head, check_route, plain, read_body

MUTATE_PATH = "/mutate"

Decide = Callable[[bytes], mutation.Decision]

_PATHS = (MUTATE_PATH,)
_METHODS = (hdrs.METH_POST,)
_RENDER_FAILURES = frozenset({"template-failed", "no-value"})
_REVIEW_HEADERS = CIMultiDict({hdrs.CONTENT_TYPE: "application/json", hdrs.SERVER: SERVER})


class MutateHandler:
    """Answers ``POST /mutate``: reads the review, has it decided, counts and logs what came of it."""

    def __init__(self, decide: Decide, metrics: telemetry.Metrics, log: telemetry.Log) -> None:
        self._decide = decide
        self._metrics = metrics
        self._requests = metrics.webhook(MUTATE_PATH)
        self._log = log
        self.draining = False

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request; whatever happens, the answer says nothing of the inside."""
        started = time.perf_counter()
        try:
            check_route(request, _PATHS, _METHODS)
        except BadCall as refusal:
            return self._refuse(request, refusal)
        self._requests.began()
        status = 500
        try:
            response = await self._review(request, started)
            status = response.status
        finally:
            self._requests.ended(status, time.perf_counter() - started)
        return response

    async def _review(self, request: web.BaseRequest, started: float) -> web.StreamResponse:
        try:
            check_head(request)
            body = await read_body(request)
            # Inline, in the event loop: the decision reads memory only and takes well under a millisecond, less than
            # handing it to a thread and back would.
            decision = self._decide(body)
        except BadCall as refusal:
            return self._refuse(request, refusal)
        except errors.MalformedReview as error:
            return self._refuse(request, BadCall(400, str(error)))
        except Exception as error:  # noqa: BLE001 - the last stop: an answer without a traceback, and a line in the log
            return self._fail(error)
        self._record(decision, time.perf_counter() - started)
        response = web.Response(body=decision.body, headers=_REVIEW_HEADERS)
        if self.draining:
            response.force_close()
        return response

    def _record(self, decision: mutation.Decision, seconds: float) -> None:
        self._metrics.decided(decision.kind, decision.outcome)
        if decision.reason in _RENDER_FAILURES:
            self._metrics.render_failed(decision.runtime)
        clean = telemetry.clean
        fields = {
            "uid": clean(decision.uid),
            "kind": decision.kind,
            "operation": clean(decision.operation, 16),
            "namespace": clean(decision.namespace),
            "name": clean(decision.name),
            "outcome": decision.outcome,
            "reason": decision.reason,
            "runtime": decision.runtime,
            "revision": decision.revision,
            "dry_run": decision.dry_run,
            "milliseconds": round(seconds * 1000, 3),
        }
        if decision.outcome == "denied":
            fields["message"] = clean(decision.message)
        if decision.outcome != "errored":
            self._log.info("admission", **fields)
            return
        trace = telemetry.describe(decision.error) if decision.error is not None else ""
        self._log.error("admission", **fields, error_id=decision.error_id, traceback=trace)

    def _refuse(self, request: web.BaseRequest, refusal: BadCall) -> web.Response:
        self._log.warning(
            "bad call",
            status=refusal.status,
            why=telemetry.clean(refusal.text),
            method=telemetry.clean(request.method, 32),
            path=telemetry.clean(request.rel_url.raw_path, 128),
            remote=request.remote,
        )
        response = plain(refusal.status, telemetry.clean(refusal.text))
        if refusal.allow:
            response.headers[hdrs.ALLOW] = refusal.allow
        if refusal.close or self.draining:
            response.force_close()
        return response

    def _fail(self, error: Exception) -> web.Response:
        error_id = secrets.token_hex(8)
        self._log.error("internal error", error_id=error_id, traceback=telemetry.describe(error))
        return plain(500, f"internal error {error_id}")
