"""What operators see: metrics in Prometheus' format and one log line per event. Knows nothing of admission.

Values that come from a request are untrusted: they never become metric labels, and in log lines they are cut to a
bounded length and freed of everything unprintable.
"""

import itertools
import logging
import math
import platform
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import IO, Any, Literal, Protocol

import msgspec
import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import choose_encoder

LogFormat = Literal["auto", "json", "console"]

MAX_FIELD = 512  # characters of one log field; a Kubernetes object name has at most 253
MAX_TRACEBACK = 8192  # characters; enough for some sixty frames

# The requests take well under a millisecond, and the API server gives up after timeoutSeconds (5 s).
LATENCY_BUCKETS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)

# Labels of the decisions.
KINDS = ("Pod", "LeaderWorkerSet", "other")
OUTCOMES = ("mutated", "unchanged", "denied", "errored")

_OPENMETRICS = "application/openmetrics-text"


class Log(Protocol):
    """Where events are logged: a name that never changes, and fields with what is different each time.

    Every value of a field that comes from a request has gone through :func:`clean`.
    """

    def info(self, event: str, **fields: Any) -> None:
        """Log what happens in ordinary work."""

    def warning(self, event: str, **fields: Any) -> None:
        """Log what somebody else should mend, such as a call that cannot be answered."""

    def error(self, event: str, **fields: Any) -> None:
        """Log what an operator should look at."""


class Metrics:
    """All metrics of one server, in a registry of their own.

    Names that begin with ``controller_runtime_`` are those of Go's controller-runtime, with its labels, so that
    dashboards and alerts made for other webhooks work here too.
    """

    def __init__(self, version: str) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._requests = self._counter(
            "controller_runtime_webhook_requests",
            "Total number of admission requests by HTTP status code.",
            "webhook",
            "code",
        )
        self._latency = Histogram(
            "controller_runtime_webhook_latency_seconds",
            "Time from a request's head to its answer.",
            ["webhook"],
            buckets=LATENCY_BUCKETS,
            registry=self.registry,
        )
        self._in_flight = self._gauge(
            "controller_runtime_webhook_requests_in_flight", "Admission requests being served now.", "webhook"
        )
        self._mutations = self._counter(
            "hydra_webhook_mutations", "Admission decisions by kind of object and outcome.", "kind", "outcome"
        )
        self._decisions: dict[tuple[str, str], Counter] = {}
        self._render_errors = self._counter(
            "hydra_webhook_render_errors",
            "Workloads refused because the template of their runtime failed on them.",
            "runtime",
        )
        self._problems = self._gauge(
            "hydra_webhook_configuration_problems", "Problems of the configuration texts last seen.", "kind", "severity"
        )
        self._loaded = self._gauge(
            "hydra_webhook_configuration_last_load_timestamp_seconds",
            "Unix time at which a usable text of a configuration was last read.",
            "kind",
        )
        self._age = self._gauge(
            "hydra_webhook_configuration_age_seconds",
            "Time since a usable text of a configuration was last read.",
            "kind",
        )
        self._stale = self._gauge(
            "hydra_webhook_configuration_stale_seconds",
            "Time for which the source of a configuration has not been followed; 0 while it is.",
            "kind",
        )
        self._certificate = self._gauge(
            "hydra_webhook_certificate_expiry_timestamp_seconds",
            "Unix time at which the serving certificate expires.",
        )
        self._authority = self._gauge(
            "hydra_webhook_ca_expiry_timestamp_seconds",
            "Unix time at which the CA that signs this server's certificates expires.",
        )
        for kind, outcome in itertools.product(KINDS, OUTCOMES):  # a rate needs a series before its first event
            self._decisions[kind, outcome] = self._mutations.labels(kind, outcome)
        for unknown in (self._certificate, self._authority):  # 0 would be an expiry long ago
            unknown.set(math.nan)
        self._certificate_events = self._counter(
            "hydra_webhook_certificate_events", "What happened to the certificates that replicas sign.", "reason"
        )
        self._ca_bundles = self._counter(
            "hydra_webhook_ca_bundle_writes", "Times that the caBundle of the webhook configuration was set."
        )
        self._watch_failures = self._counter(
            "hydra_webhook_watch_failures", "Failed lists and watches of API servers.", "object", "reason"
        )
        build = self._gauge("hydra_webhook_build_info", "Always 1.", "version", "python")
        build.labels(version, platform.python_version()).set(1)

    def webhook(self, path: str) -> "WebhookMetrics":
        """Return the request metrics of the webhook that is served under this path."""
        return WebhookMetrics(path, self._requests, self._latency, self._in_flight)

    def decided(self, kind: str, outcome: str) -> None:
        """Count one decision. Both values come from small fixed sets."""
        self._decisions[kind, outcome].inc()

    def render_failed(self, runtime: str) -> None:
        """Count a workload that the template of this runtime, which exists, could not be rendered for."""
        self._render_errors.labels(runtime).inc()

    def configuration_loaded(self, kind: str, now: float) -> None:
        """Note that a usable text of this kind was read at ``now`` (Unix time, seconds)."""
        self._loaded.labels(kind).set(now)
        self._age.labels(kind).set_function(lambda: time.time() - now)

    def configuration_followed(self, kind: str, stale_since: Callable[[], float | None]) -> None:
        """Export how long a source has not been followed; ``stale_since`` tells since when (monotonic), None while it is."""

        def stale() -> float:
            since = stale_since()
            return 0.0 if since is None else time.monotonic() - since

        self._stale.labels(kind).set_function(stale)

    def configuration_problems(self, kind: str, counts: Mapping[str, int]) -> None:
        """Set how many problems of each severity the newest text of this kind has."""
        for severity, count in counts.items():
            self._problems.labels(kind, severity).set(count)

    def certificate_loaded(self, expiry: float) -> None:
        """Set when the certificate in use expires (Unix time, seconds)."""
        self._certificate.set(expiry)

    def ca_loaded(self, expiry: float) -> None:
        """Set when the CA that signs expires (Unix time, seconds)."""
        self._authority.set(expiry)

    def expect_certificate_events(self, reasons: Iterable[str]) -> None:
        """Export these reasons from the start, so that a rate sees the first event of each."""
        for reason in reasons:
            self._certificate_events.labels(reason)

    def certificate_event(self, reason: str) -> None:
        """Count something that happened to certificates; the reasons are a small fixed set."""
        self._certificate_events.labels(reason).inc()

    def ca_bundle_written(self) -> None:
        """Count a caBundle that was set."""
        self._ca_bundles.inc()

    def watch_failed(self, name: str, reason: str) -> None:
        """Count a failed list or watch of the object of this name, one of those that the server follows."""
        self._watch_failures.labels(name, reason).inc()

    def expose(self, accept: str) -> tuple[bytes, str]:
        """Return all metrics and their Content-Type: OpenMetrics if the ``Accept`` header asks for it, else text."""
        # A fixed header: the library trusts the client's version parameter and fails on a malformed one.
        encode, content_type = choose_encoder(f"{_OPENMETRICS}; version=1.0.0" if _OPENMETRICS in accept else "")
        return encode(self.registry), content_type

    def _counter(self, name: str, documentation: str, *labels: str) -> Counter:
        return Counter(name, documentation, labels, registry=self.registry)

    def _gauge(self, name: str, documentation: str, *labels: str) -> Gauge:
        return Gauge(name, documentation, labels, registry=self.registry)


class WebhookMetrics:
    """The request metrics of one path. Its label children are looked up once, not per request."""

    def __init__(self, path: str, requests: Counter, latency: Histogram, in_flight: Gauge) -> None:
        self._path = path
        self._requests = requests
        self._latency = latency.labels(path)
        self._in_flight = 0
        in_flight.labels(path).set_function(lambda: self._in_flight)
        # Like controller-runtime: a rate over these two exists from the first scrape on.
        self._by_code = {code: requests.labels(path, str(code)) for code in (200, 500)}

    def began(self) -> None:
        """Count a request in."""
        self._in_flight += 1

    def ended(self, code: int, seconds: float) -> None:
        """Count a request out, answered with this HTTP status after so many seconds."""
        self._in_flight -= 1
        self._latency.observe(seconds)
        counter = self._by_code.get(code)
        if counter is None:
            counter = self._by_code[code] = self._requests.labels(self._path, str(code))
        counter.inc()


def writer(log: Log, severity: Literal["info", "warning", "error"]) -> Callable[..., None]:
    """Return the method of ``log`` that writes events of this severity."""
    return {"info": log.info, "warning": log.warning, "error": log.error}[severity]


def clean(text: str, limit: int = MAX_FIELD) -> str:
    """Return ``text`` with unprintable characters replaced by ``?``, cut to ``limit`` characters."""
    if len(text) > limit:
        text = f"{text[: limit - 1]}…"
    if not text.isprintable():  # also false for line separators, direction overrides and lone surrogates
        text = "".join(letter if letter.isprintable() else "?" for letter in text)
    return text


def describe(error: BaseException) -> str:
    """Return a bounded traceback of ``error`` for the log: frames, type and message, never the values of variables."""
    lines = traceback.format_exception(error)
    lines[-1] = clean(lines[-1].rstrip())
    return "".join(lines)[-MAX_TRACEBACK:].encode("utf-8", "replace").decode()


class _Lines:
    """Writes finished lines to a stream; a log that cannot be written must not turn an admission into a failure."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def info(self, line: bytes) -> None:
        """Write one line, and flush it: the last lines before a crash are the ones that matter."""
        try:
            self._stream.write(line + b"\n")
            self._stream.flush()
        except (OSError, ValueError):  # the reader of the pipe is gone, or the stream was closed
            return

    warning = error = info  # structlog picks the method by level; the level is in the line


def make_log(stream: IO[bytes] | None = None, log_format: LogFormat = "auto") -> Log:
    """Return a logger that writes one line per event.

    Args:
        stream: where to; standard error by default.
        log_format: ``json``, ``console`` (for people, with colours) or ``auto``: console exactly if it is a terminal.
    """
    target = stream if stream is not None else sys.stderr.buffer
    console = log_format == "console" or (log_format == "auto" and target.isatty())
    for_people: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
        structlog.dev.ConsoleRenderer(),
        _encode,
    ]
    log: Log = structlog.wrap_logger(
        _Lines(target),
        processors=for_people if console else [],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO) if console else _JsonLines,
        context_class=dict,
    ).bind()
    return log


def route_standard_library(log: Log) -> None:
    """Send what libraries log through ``logging`` from level WARNING on, and Python's warnings, to ``log``."""
    logging.basicConfig(handlers=[_Bridge(log)], level=logging.WARNING, force=True)
    logging.captureWarnings(capture=True)


class _Bridge(logging.Handler):
    """A ``logging`` handler that writes every record as a line of our log."""

    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        fields: dict[str, Any] = {"logger": record.name, "message": clean(record.getMessage())}
        if record.exc_info and record.exc_info[1] is not None:
            fields["traceback"] = describe(record.exc_info[1])
        write = self._log.error if record.levelno >= logging.ERROR else self._log.warning
        write("library", **fields)


_encode_json = msgspec.json.Encoder(enc_hook=str).encode


class _JsonLines(structlog.BoundLoggerBase):
    """Writes events as JSON without a chain of processors, which would cost a tenth of a request."""

    def info(self, event: str, **fields: Any) -> None:
        self._line("info", event, fields)

    def warning(self, event: str, **fields: Any) -> None:
        self._line("warning", event, fields)

    def error(self, event: str, **fields: Any) -> None:
        self._line("error", event, fields)

    def _line(self, level: str, event: str, fields: dict[str, Any]) -> None:
        now = datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")
        self._logger.info(_encode_json({"timestamp": f"{now}Z", "level": level, "event": event, **fields}))


def _encode(_logger: Any, _method: str, line: str) -> bytes:
    return line.encode("utf-8", "replace")
