"""What operators see: metrics in Prometheus' format, and one log line for each event. Knows nothing of admission.

Values that come from a request are untrusted: they never become metric labels, and log lines hold them cut to a bounded
length and free of unprintable characters.

::

    log           the log, and how untrusted values are cleaned for it
    queued_lines  the log's lines on their way to a reader that may be slow
    metrics       every metric of a server
"""

from webhook.telemetry.log import (
    MAX_FIELD,
    Log,
    LogFormat,
    clean,
    describe,
    make_log,
    route_standard_library,
    writer,
)
from webhook.telemetry.metrics import LATENCY_BUCKETS, OBJECT_KINDS, OUTCOMES, Metrics, WebhookMetrics
from webhook.telemetry.queued_lines import QueuedLines

__all__ = [
    "LATENCY_BUCKETS",
    "MAX_FIELD",
    "OBJECT_KINDS",
    "OUTCOMES",
    "Log",
    "LogFormat",
    "Metrics",
    "QueuedLines",
    "WebhookMetrics",
    "clean",
    "describe",
    "make_log",
    "route_standard_library",
    "writer",
]
