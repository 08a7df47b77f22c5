"""Metrics in Prometheus' format."""

import itertools
import math
import platform
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

# Requests take well under a millisecond, and the API server gives up after timeoutSeconds (5 s).
LATENCY_BUCKETS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)

#: The label values of decisions. Any other kind of object counts as the last one.
OBJECT_KINDS = ("Pod", "LeaderWorkerSet", "other")
OUTCOMES = ("mutated", "unchanged", "denied", "errored")

_OPENMETRICS = "application/openmetrics-text"


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
            "hydra_webhook_mutations", "Admission decisions by kind of object and outcome.", "object_kind", "outcome"
        )
        self._decisions: dict[tuple[str, str], Counter] = {}
        self._render_errors = self._counter(
            "hydra_webhook_render_errors",
            "Workloads denied because a Go template of their runtime failed on them.",
            "runtime",
        )
        self._problems = self._gauge(
            "hydra_webhook_configuration_problems",
            "Problems in the configurations last seen.",
            "config_kind",
            "severity",
        )
        self._loaded = self._gauge(
            "hydra_webhook_configuration_last_load_timestamp_seconds",
            "Unix time at which a configuration was last read and could be used.",
            "config_kind",
        )
        self._age = self._gauge(
            "hydra_webhook_configuration_age_seconds",
            "Time since a configuration was last read and could be used.",
            "config_kind",
        )
        self._stale = self._gauge(
            "hydra_webhook_configuration_stale_seconds",
            "Time since the source of a configuration could last be watched; 0 while it is being watched.",
            "config_kind",
        )
        self._certificate = self._gauge(
            "hydra_webhook_certificate_expiry_timestamp_seconds",
            "Unix time at which the serving certificate expires.",
        )
        self._authority = self._gauge(
            "hydra_webhook_ca_expiry_timestamp_seconds",
            "Unix time at which the CA that signs this server's certificates expires.",
        )
        self._clock_skew = self._gauge(
            "hydra_webhook_clock_skew_seconds",
            "Time by which this server's clock is ahead of the API server's; NaN if that is unknown.",
        )
        for pair in itertools.product(OBJECT_KINDS, OUTCOMES):  # a rate needs a series before its first event
            self._decisions[pair] = self._mutations.labels(*pair)
        for unknown in (
            self._certificate,
            self._authority,
            self._clock_skew,
        ):  # 0 would be an expiry long ago, or agreement
            unknown.set(math.nan)
        self._certificate_events = self._counter(
            "hydra_webhook_certificate_events", "What happened to the certificates that replicas sign.", "reason"
        )
        self._ca_bundles = self._counter(
            "hydra_webhook_ca_bundle_writes", "Times that this server set the caBundle of the webhook configuration."
        )
        self._watch_failures = self._counter(
            "hydra_webhook_watch_failures", "Failed lists and watches of API servers.", "object", "reason"
        )
        self._dropped_lines = _DroppedLines()
        self.registry.register(self._dropped_lines)
        self._remembered = _RememberedVerdicts()
        self.registry.register(self._remembered)
        self._workloads = _Workloads()
        self.registry.register(self._workloads)
        self._configurations = _Configurations()
        self.registry.register(self._configurations)
        build = self._gauge("hydra_webhook_build_info", "Always 1.", "version", "python")
        build.labels(version, platform.python_version()).set(1)

    def webhook(self, path: str) -> "WebhookMetrics":
        """Return the request metrics of the webhook that is served under this path."""
        return WebhookMetrics(path, self._requests, self._latency, self._in_flight)

    def log_lines_dropped(self, count: Callable[[], int]) -> None:
        """Export how many log lines were dropped because nothing read them."""
        self._dropped_lines.count = count

    def verdicts_remembered(self, counts: Callable[[], tuple[int, int, int]]) -> None:
        """Export how many pods found a remembered verdict, how many did not, and how many bytes are remembered."""
        self._remembered.counts = counts

    def decided(self, object_kind: str, outcome: str) -> None:
        """Count one decision. A kind of object that is not in ``OBJECT_KINDS`` counts as ``other``."""
        if object_kind not in OBJECT_KINDS:
            object_kind = "other"
        self._decisions[object_kind, outcome].inc()

    def render_failed(self, runtime: str) -> None:
        """Count a workload on which a Go template of this runtime failed. The runtime exists, so the label is bounded."""
        self._render_errors.labels(runtime).inc()

    def configuration_loaded(self, config_kind: str, now: float) -> None:
        """Note that a configuration was read at ``now`` (Unix time, seconds) and could be used."""
        self._loaded.labels(config_kind).set(now)
        began = time.monotonic()  # setting the clock makes nothing older
        self._age.labels(config_kind).set_function(lambda: time.monotonic() - began)

    def configuration_followed(self, config_kind: str, stale_since: Callable[[], float | None]) -> None:
        """Export for how long a source could not be watched.

        Args:
            config_kind: of the configuration.
            stale_since: returns since when (``time.monotonic``), or None while the source is being watched.
        """

        def stale() -> float:
            since = stale_since()
            return 0.0 if since is None else time.monotonic() - since

        self._stale.labels(config_kind).set_function(stale)

    def configuration_in_use(self, digests: Callable[[], Iterable[tuple[str, str]]]) -> None:
        """Export by kind of configuration a digest of what is in use, so that replicas can be compared."""
        self._configurations.digests = digests

    def configuration_problems(self, config_kind: str, counts: Mapping[str, int]) -> None:
        """Set how many problems of each severity the newest version of a configuration has."""
        for severity, count in counts.items():
            self._problems.labels(config_kind, severity).set(count)

    def certificate_loaded(self, expiry: float) -> None:
        """Set when the certificate in use expires (Unix time, seconds)."""
        self._certificate.set(expiry)

    def ca_loaded(self, expiry: float) -> None:
        """Set when the CA that signs expires (Unix time, seconds)."""
        self._authority.set(expiry)

    def clock_compared(self, seconds_ahead: Callable[[], float]) -> None:
        """Export by how many seconds this server's clock is ahead of the API server's, NaN if that is unknown."""
        self._clock_skew.set_function(seconds_ahead)

    def expect_certificate_events(self, reasons: Iterable[str]) -> None:
        """Export these reasons from the start, so that a rate includes the first event of each."""
        for reason in reasons:
            self._certificate_events.labels(reason)

    def certificate_event(self, reason: str) -> None:
        """Count an event of the certificates; the reasons are a small fixed set."""
        self._certificate_events.labels(reason).inc()

    def ca_bundle_written(self) -> None:
        """Count that this server set the caBundle."""
        self._ca_bundles.inc()

    def watch_failed(self, name: str, reason: str) -> None:
        """Count a failed list or watch of the object, or of the kind of objects, of this name; the server follows a fixed few."""
        self._watch_failures.labels(name, reason).inc()

    def workloads_counted(self, counts: Callable[[], Iterable[tuple[Sequence[str], int]]]) -> None:
        """Export how many workloads there are; ``counts`` returns pairs of runtime, revision and state with their number."""
        self._workloads.counts = counts

    def expose(self, accept: str) -> tuple[bytes, str]:
        """Return all metrics and their Content-Type: OpenMetrics if the ``Accept`` header asks for it, else plain text."""
        # Not the client's header: the library trusts its version parameter and fails if that is malformed.
        encode, content_type = choose_encoder(f"{_OPENMETRICS}; version=1.0.0" if _OPENMETRICS in accept else "")
        return encode(self.registry), content_type

    def _counter(self, name: str, documentation: str, *labels: str) -> Counter:
        return Counter(name, documentation, labels, registry=self.registry)

    def _gauge(self, name: str, documentation: str, *labels: str) -> Gauge:
        return Gauge(name, documentation, labels, registry=self.registry)


class WebhookMetrics:
    """The request metrics of one path. Labels are looked up once, not for each request."""

    def __init__(self, path: str, requests: Counter, latency: Histogram, in_flight: Gauge) -> None:
        self._path = path
        self._requests = requests
        self._latency = latency.labels(path)
        self._in_flight = 0
        in_flight.labels(path).set_function(lambda: self._in_flight)
        # As in controller-runtime, a rate over these two exists from the first scrape on.
        self._by_code = {code: requests.labels(path, str(code)) for code in (200, 500)}

    def began(self) -> None:
        """Count a request that has arrived."""
        self._in_flight += 1

    def ended(self, code: int, seconds: float) -> None:
        """Count a request that was answered with this HTTP status after ``seconds``."""
        self._in_flight -= 1
        self._latency.observe(seconds)
        counter = self._by_code.get(code)
        if counter is None:
            counter = self._by_code[code] = self._requests.labels(self._path, str(code))
        counter.inc()


class _DroppedLines(Collector):
    """A counter that is kept elsewhere: the log must not depend on metrics.

    Attributes:
        count: returns its value.
    """

    def __init__(self) -> None:
        self.count: Callable[[], int] = lambda: 0

    def collect(self) -> Iterator[Metric]:
        """Yield the counter as it is now."""
        name, documentation = "hydra_webhook_log_lines_dropped", "Log lines dropped because their reader was too slow."
        yield CounterMetricFamily(name, documentation, value=self.count())


class _RememberedVerdicts(Collector):
    """Counters that are kept elsewhere: what decides must not depend on metrics.

    Attributes:
        counts: returns hits, misses and bytes.
    """

    def __init__(self) -> None:
        self.counts: Callable[[], tuple[int, int, int]] = lambda: (0, 0, 0)

    def collect(self) -> Iterator[Metric]:
        """Yield the counters and the gauge as they are now."""
        hits, misses, size = self.counts()
        lookups = CounterMetricFamily(
            "hydra_webhook_remembered_verdicts",
            "Pods that were looked up among the remembered verdicts, by result.",
            labels=["result"],
        )
        lookups.add_metric(["hit"], hits)
        lookups.add_metric(["miss"], misses)
        yield lookups
        yield GaugeMetricFamily(
            "hydra_webhook_remembered_verdicts_bytes", "Memory that remembered verdicts take.", value=size
        )


class _Workloads(Collector):
    """A gauge that is counted when somebody asks for it: an edit of the configuration may change every value.

    Attributes:
        counts: returns its values, each with its labels.
    """

    _labelnames = ("runtime", "revision", "state")  # as the library's own metrics have them

    def __init__(self) -> None:
        self.counts: Callable[[], Iterable[tuple[Sequence[str], int]]] = tuple

    def collect(self) -> Iterator[Metric]:
        """Yield the gauge as it is now; without a value if no workloads are followed."""
        documentation = "Labelled workloads by what the configuration in use says of their rendering."
        family = GaugeMetricFamily("hydra_webhook_workloads", documentation, labels=self._labelnames)
        for labels, count in self.counts():
            family.add_metric(labels, count)
        yield family


class _Configurations(Collector):
    """A gauge whose labels say what is in use: an edit replaces a series rather than adding one.

    Attributes:
        digests: returns each kind of configuration with a digest.
    """

    _labelnames = ("config_kind", "digest")  # as the library's own metrics have them

    def __init__(self) -> None:
        self.digests: Callable[[], Iterable[tuple[str, str]]] = tuple

    def collect(self) -> Iterator[Metric]:
        """Yield the gauge as it is now."""
        documentation = (
            "Always 1; the digest is of what is in use of a configuration, equal in replicas that answer alike."
        )
        family = GaugeMetricFamily("hydra_webhook_configuration_info", documentation, labels=self._labelnames)
        for config_kind, digest in self.digests():
            family.add_metric((config_kind, digest), 1)
        yield family
