"""``/livez``, ``/readyz`` and ``/metrics``, as Kubernetes and Prometheus ask for them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from aiohttp import hdrs, web

from webhook import telemetry
from webhook.server.calls import SERVER, BadCall, check_route, plain


@dataclass(frozen=True, slots=True)
class Check:
    """One condition of readiness.

    Attributes:
        name: of the check.
        problem: why it does not hold; empty if it does.
        warning: what is wrong although it holds; empty if nothing is.
    """

    name: str
    problem: str = ""
    warning: str = ""

    @property
    def line(self) -> str:
        """How ``/readyz`` lists it."""
        if self.problem:
            return f"[-]{self.name} failed: {self.problem}"
        return f"[!]{self.name}: {self.warning}" if self.warning else f"[+]{self.name} ok"


class HealthHandler:
    """Answers ``/livez``, ``/readyz`` and ``/metrics``.

    Args:
        checks: called for every ``/readyz``; the server is ready if no check has a problem.
        notes: lines that ``/readyz`` appends, such as problems that do not keep the server from serving.
        metrics: what ``/metrics`` exposes.
    """

    def __init__(
        self, checks: Callable[[], Iterable[Check]], notes: Callable[[], Iterable[str]], metrics: telemetry.Metrics
    ) -> None:
        self._checks = checks
        self._notes = notes
        self._metrics = metrics

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        answers = {"/livez": self._live, "/readyz": self._ready, "/metrics": self._expose}
        try:
            check_route(request, answers, (hdrs.METH_GET, hdrs.METH_HEAD))
        except BadCall as refusal:
            return plain(refusal.status, refusal.text, refusal.headers)
        return answers[request.rel_url.raw_path](request)

    def _live(self, _request: web.BaseRequest) -> web.Response:
        return plain(200, "ok")

    def _ready(self, request: web.BaseRequest) -> web.Response:
        checks = list(self._checks())
        ready = not any(check.problem for check in checks)
        if ready and "verbose" not in request.rel_url.query:
            return plain(200, "ok")
        lines = [check.line for check in checks]
        lines += [f"readyz check {'passed' if ready else 'failed'}", *self._notes()]
        return plain(200 if ready else 503, "\n".join(lines))

    def _expose(self, request: web.BaseRequest) -> web.Response:
        body, content_type = self._metrics.expose(request.headers.get(hdrs.ACCEPT, ""))
        return web.Response(body=body, headers={hdrs.CONTENT_TYPE: content_type, hdrs.SERVER: SERVER})
