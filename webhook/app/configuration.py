"""The catalog's store, fed from files and from whoever follows ConfigMaps."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Collection, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

from webhook import catalog, files, telemetry
from webhook.app.options import CannotStart

_SEVERITIES: tuple[catalog.Severity, ...] = ("error", "warning", "info")


class Configuration:
    """The catalog's store, fed from files, from ConfigMaps, and from the embedded default where there is neither."""

    def __init__(
        self,
        paths: dict[catalog.ConfigKind, Path],
        followed: Collection[catalog.ConfigKind],
        metrics: telemetry.Metrics,
        log: telemetry.Log,
    ) -> None:
        """Read every file once.

        Args:
            paths: the files.
            followed: kinds whose texts ``take`` will be given.
            metrics: told of every text.
            log: likewise.

        Raises:
            CannotStart: a file cannot be read.
        """
        self.store = catalog.Store()
        self._paths = paths
        self._metrics = metrics
        self._log = log
        self._writing = asyncio.Lock()
        self._unusable: dict[catalog.ConfigKind, str] = {}
        self._seen = files.signatures(paths.values())
        for document in catalog.embedded(beside={*paths, *followed}):
            self._update(document)
        try:
            for kind, path in paths.items():
                self._update(_read(kind, path))
        except files.Unreadable as error:
            raise CannotStart(f"cannot read the configuration: {error}") from error

    @property
    def problems(self) -> list[str]:
        """Everything that is wrong with the newest texts, a line each."""
        found = [f"{problem.severity}: {problem}" for problem in self.store.current.problems]
        return [*(f"error: {line}" for line in self._unusable.values()), *found]

    def problems_of(self, kind: catalog.ConfigKind) -> tuple[catalog.Problem, ...]:
        """Return what is wrong with the newest text of this kind."""
        reading = self.store.current.readings.get(kind)
        return reading.problems if reading is not None else ()

    def missing(self, *, beside: Collection[catalog.ConfigKind] = ()) -> list[str]:
        """Return what was never usable, a line each, leaving out these kinds."""
        snapshot = self.store.current
        unread = [
            kind for kind in catalog.REQUIRED if kind not in snapshot.readings or not snapshot.readings[kind].read
        ]
        lines = zip(unread, snapshot.missing, strict=True)  # both are in the order of REQUIRED
        return [line for kind, line in lines if kind not in beside]

    async def take(self, document: catalog.Document) -> catalog.Change | None:
        """Take in a text; return what changed, or None after reporting that it set off an error of ours."""
        return await self._in_thread(document.config_kind, document.source, lambda: document)

    def jobs(self) -> list[Coroutine[Any, Any, None]]:
        """Return what must run for as long as the server does."""
        return [files.watch(self._seen, self._reload)]

    async def _reload(self, changed: frozenset[Path]) -> None:
        """Read these files again. What cannot be read or used is reported, and the last good version stays in use."""
        for kind, path in self._paths.items():
            if path in changed:
                await self._in_thread(kind, str(path), partial(_read, kind, path))

    async def _in_thread(
        self, kind: catalog.ConfigKind, source: str, read: Callable[[], catalog.Document]
    ) -> catalog.Change | None:
        """Read and take in one text in a thread: a large catalog takes seconds to compile, and requests must be answered."""
        async with self._writing:  # files and clusters are followed by tasks of their own; the store has one writer
            try:
                change = await asyncio.to_thread(lambda: self._update(read()))
            except files.Unreadable as error:
                self._report_unusable(kind, f"{error}; the last version stays in use")
            except Exception as error:  # noqa: BLE001 - whatever a text sets off, the server goes on
                self._report_unusable(kind, f"{source}: internal error", traceback=telemetry.describe(error))
            else:
                self._unusable.pop(kind, None)
                return change
        return None

    def _report_unusable(self, kind: catalog.ConfigKind, why: str, **more: str) -> None:
        self._unusable[kind] = why
        self._metrics.configuration_problems(kind, {"error": 1, "warning": 0, "info": 0})
        self._log.error("configuration unreadable", kind=kind, why=why, **more)

    def _update(self, document: catalog.Document) -> catalog.Change:
        now = time.time()
        change = self.store.update(document, now)
        found = Counter(problem.severity for problem in change.problems)
        counts: dict[str, int] = {severity: found[severity] for severity in _SEVERITIES}
        if change.accepted:
            self._metrics.configuration_loaded(change.config_kind, now)
        self._metrics.configuration_problems(change.config_kind, counts)
        event = "configuration loaded" if change.accepted else "configuration refused"
        self._log.info(
            event if document.content is not None else "configuration absent",
            kind=change.config_kind,
            source=change.source,
            added=len(change.added),
            changed=len(change.changed),
            removed=len(change.removed),
            stale=len(change.stale),
            broken=len(change.broken),
            **counts,
        )
        for problem in change.problems:
            write = telemetry.writer(self._log, problem.severity)
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
        return change


def _read(kind: catalog.ConfigKind, path: Path) -> catalog.Document:
    return catalog.Document(kind, str(path), files.read_bytes(path))
