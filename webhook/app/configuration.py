"""The catalog's store, fed from files: read at the start, and again when they change."""

import time
from collections import Counter
from pathlib import Path

from webhook import catalog, files, telemetry
from webhook.app.options import CannotStart

_SEVERITIES: tuple[catalog.Severity, ...] = ("error", "warning", "info")


class Configuration:
    """The catalog's store, fed from files and, where there is no file, from the embedded default."""

    def __init__(self, paths: dict[catalog.Kind, Path], metrics: telemetry.Metrics, log: telemetry.Log) -> None:
        """Read everything once.

        Raises:
            CannotStart: a file cannot be read.
        """
        self.store = catalog.Store()
        self._paths = paths
        self._metrics = metrics
        self._log = log
        self._unreadable: dict[catalog.Kind, str] = {}
        for document in catalog.embedded(beside=paths):
            self._update(document)
        try:
            for kind, path in paths.items():
                self._update(catalog.Document(kind, str(path), files.read_bytes(path)))
        except files.Unreadable as error:
            raise CannotStart(f"cannot read the configuration: {error}") from error

    @property
    def problems(self) -> list[str]:
        """Everything that is wrong with the newest texts, a line each."""
        found = [f"{problem.severity}: {problem}" for problem in self.store.current.problems]
        return [*(f"error: {line}" for line in self._unreadable.values()), *found]

    def reload(self, changed: frozenset[Path]) -> None:
        """Read these files again. What cannot be read or used is reported, and the last good version stays in use."""
        for kind, path in self._paths.items():
            if path not in changed:
                continue
            try:
                self._update(catalog.Document(kind, str(path), files.read_bytes(path)))
                self._unreadable = {other: line for other, line in self._unreadable.items() if other != kind}
            except files.Unreadable as error:
                self._report_unreadable(kind, f"{error}; the last version stays in use")
            except Exception as error:  # noqa: BLE001 - whatever a text sets off, the server goes on
                self._report_unreadable(kind, f"{path}: internal error", traceback=telemetry.describe(error))

    def _report_unreadable(self, kind: catalog.Kind, why: str, **more: str) -> None:
        self._unreadable = {**self._unreadable, kind: why}  # a new one: /readyz reads it in another thread
        self._metrics.configuration_problems(kind, {"error": 1, "warning": 0, "info": 0})
        self._log.error("configuration unreadable", kind=kind, why=self._unreadable[kind], **more)

    def _update(self, document: catalog.Document) -> None:
        now = time.time()
        change = self.store.update(document, now)
        found = Counter(problem.severity for problem in change.problems)
        counts: dict[str, int] = {severity: found[severity] for severity in _SEVERITIES}
        if change.accepted:
            self._metrics.configuration_loaded(change.kind, now)
        self._metrics.configuration_problems(change.kind, counts)
        self._log.info(
            "configuration loaded" if change.accepted else "configuration refused",
            kind=change.kind,
            source=change.source,
            added=len(change.added),
            changed=len(change.changed),
            removed=len(change.removed),
            stale=len(change.stale),
            broken=len(change.broken),
            **counts,
        )
        for problem in change.problems:
            write = self._log.error if problem.severity == "error" else self._log.warning
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
