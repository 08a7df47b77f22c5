"""What is said of a list or watch that failed."""

from collections.abc import Callable

from webhook import cluster, telemetry


def reporter(resource: cluster.Resource, metrics: telemetry.Metrics, log: telemetry.Log) -> Callable[[Exception], None]:
    """Return what a reflector of this object reports its failures to."""

    def report(error: Exception) -> None:
        if isinstance(error, cluster.ApiError):
            metrics.watch_failed(resource.name, error.reason)
            log.warning("watch failed", object=resource.human, reason=error.reason, why=telemetry.clean(str(error)))
        else:
            metrics.watch_failed(resource.name, "internal")
            log.error("watch failed", object=resource.human, reason="internal", traceback=telemetry.describe(error))

    return report
