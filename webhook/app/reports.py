"""What the parts of a server report: each event is written into the log and counted."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import certs
from webhook import catalog, cluster, telemetry

#: Problems of one document in the log. An edit that breaks every entry must not bury everything else.
_LOGGED_PROBLEMS = 100

_SEVERITIES: tuple[catalog.Severity, ...] = ("error", "warning", "info")


@dataclass(frozen=True, slots=True)
class Reports:
    """The log and the metrics of one server, and the events that change both.

    Attributes:
        metrics: of this server.
        log: of this server.
    """

    metrics: telemetry.Metrics
    log: telemetry.Log

    def watch_failure(self, collection: cluster.Collection) -> Callable[[Exception], None]:
        """Return what a reflector of this object, or of these objects, reports its failures to."""

        def report(error: Exception) -> None:
            code = error.code if isinstance(error, cluster.ApiError) else "internal"
            self.metrics.watch_failed(collection.name or collection.plural, code)
            if code == "internal":
                self.log.error(
                    "watch failed", object=collection.human, reason=code, traceback=telemetry.describe(error)
                )
            else:
                why = telemetry.clean(str(error))
                self.log.warning("watch failed", object=collection.human, reason=code, why=why)

        return report

    def certificate_used(self, pair: certs.Pair) -> None:
        """Report the pair that new connections get from now on."""
        self.metrics.certificate_loaded(pair.not_after.timestamp())
        self.log.info("certificate loaded", serial=pair.serial, names=pair.names, not_after=pair.not_after.isoformat())

    def certificate_waits(self, pair: certs.Pair) -> None:
        """Report a pair that will be used once it is valid."""
        self.log.info(
            "certificate not valid yet", serial=pair.serial, names=pair.names, not_before=pair.not_before.isoformat()
        )

    def authority_notice(self, notice: certs.Notice) -> None:
        """Report something that happened to the shared authority, or to the leaf that it signed."""
        self.metrics.certificate_event(notice.reason)
        if notice.reason == "leaf":
            return  # it is in the log as ``certificate loaded``
        facts = {name: telemetry.clean(text) for name, text in notice.facts.items()}
        if notice.error is not None:
            facts["traceback"] = telemetry.describe(notice.error)
        write = telemetry.writer(self.log, notice.severity)
        write("certificate authority", reason=notice.reason, **facts)

    def configuration_change(self, change: catalog.Change, *, absent: bool) -> None:
        """Report how a document has changed the configuration, and each of its problems.

        Args:
            change: what the document has changed.
            absent: there is no document.
        """
        found = Counter(problem.severity for problem in change.problems)
        counts: dict[str, int] = {severity: found[severity] for severity in _SEVERITIES}
        if change.accepted:
            self.metrics.configuration_loaded(change.config_kind, time.time())
        self.metrics.configuration_problems(change.config_kind, counts)
        event = "configuration loaded" if change.accepted else "configuration refused"
        self.log.info(
            "configuration absent" if absent else event,
            config_kind=change.config_kind,
            source=change.source,
            added=len(change.added),
            changed=len(change.changed),
            removed=len(change.removed),
            stale=len(change.stale),
            broken=len(change.broken),
            **counts,
        )
        for problem in change.problems[:_LOGGED_PROBLEMS]:
            write = telemetry.writer(self.log, problem.severity)
            write(
                "configuration problem",
                code=problem.code,
                severity=problem.severity,
                source=problem.source,
                path=telemetry.clean(problem.path),
                line=problem.line,
                column=problem.column,
                cause=telemetry.clean(problem.cause),
                remedy=telemetry.clean(problem.remedy),
            )
        if (rest := len(change.problems) - _LOGGED_PROBLEMS) > 0:
            self.log.warning("configuration problems not logged", config_kind=change.config_kind, count=rest)

    def configuration_unreadable(self, config_kind: catalog.ConfigKind, why: str, **more: str) -> None:
        """Report a document that could not be read at all."""
        self.metrics.configuration_problems(config_kind, {"error": 1, "warning": 0, "info": 0})
        self.log.error("configuration unreadable", config_kind=config_kind, why=why, **more)
