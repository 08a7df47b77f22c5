"""The catalog's store, fed from files, from ConfigMaps, and from the built-in default if there is neither."""

import asyncio
import time
from collections.abc import Callable, Collection, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

import webhook
from webhook import catalog, files, rendering, telemetry
from webhook.app import collector, slices
from webhook.app.options import CannotStart
from webhook.app.reports import Reports
from webhook.settings import Settings


class Configuration:
    """The catalog's store, and what feeds it.

    Attributes:
        store: has the snapshot in use.
        state: what requests read; replaced as a whole after every update.
        published: what readers of the state must know; replaced as a whole after every update.
        updated: set after every update; whoever publishes clears it.
    """

    def __init__(
        self,
        paths: dict[catalog.ConfigKind, Path],
        followed: Collection[catalog.ConfigKind],
        settings: Settings,
        reports: Reports,
    ) -> None:
        """Read every file once.

        Args:
            paths: the files.
            followed: kinds whose documents will be passed to ``take``.
            settings: constants for rendering.
            reports: of this server.

        Raises:
            CannotStart: a file cannot be read.
        """
        self.store = catalog.Store()
        self.state = rendering.State(self.store.current, settings)
        self._digests = {kind: catalog.history.digest(kind, self.store.current) for kind in catalog.KINDS}
        self._histories = dict.fromkeys(catalog.KINDS, catalog.history.History())
        self.published = self._to_publish()
        self.updated = asyncio.Event()
        self._paths = paths
        self._reports = reports
        self._updating = asyncio.Lock()
        self._unreadable: dict[catalog.ConfigKind, str] = {}
        self._seen = files.signatures(paths.values())
        with collector.undisturbed():
            for document in catalog.embedded(except_for={*paths, *followed}):
                self._update(document)
            try:
                for config_kind, path in paths.items():
                    self._update(_read(config_kind, path))
            except files.Unreadable as error:
                raise CannotStart(f"cannot read the configuration: {error}") from error

    @property
    def problems(self) -> list[str]:
        """Every problem of the newest documents, one line each."""
        found = [f"{problem.severity}: {problem}" for problem in self.store.current.problems]
        return [*(f"error: {line}" for line in self._unreadable.values()), *found]

    def problems_of(self, config_kind: catalog.ConfigKind) -> tuple[catalog.Problem, ...]:
        """Return the problems of the newest document of this kind."""
        reading = self.store.current.readings.get(config_kind)
        return reading.problems if reading is not None else ()

    def missing(self, *, except_for: Collection[catalog.ConfigKind] = ()) -> list[str]:
        """Return what has never been usable, one line each, except for these kinds."""
        snapshot = self.store.current
        unread = [
            kind
            for kind, row in catalog.KINDS.items()
            if row.required and (kind not in snapshot.readings or not snapshot.readings[kind].read)
        ]
        lines = zip(unread, snapshot.missing, strict=True)  # both are in the order of KINDS
        return [line for kind, line in lines if kind not in except_for]

    async def take(self, document: catalog.Document) -> catalog.Change | None:
        """Load a document; return what changed, or None if it caused an internal error, which is reported."""
        return await self._in_thread(document.config_kind, document.source, lambda: document)

    async def found_again(self, document: catalog.Document) -> None:
        """Note where the newest document of a kind is, which was taken in from where it had been saved."""
        async with self._updating:
            self._histories[document.config_kind] = self._histories[document.config_kind].found_again(document)
            self.published = self._to_publish()
        self.updated.set()

    def jobs(self) -> list[Coroutine[Any, Any, None]]:
        """Return what must run as long as the server."""
        return [files.watch(self._seen, self._reload)]

    async def _reload(self, changed: frozenset[Path]) -> None:
        """Read these files again. If one cannot be read or used, report that and keep the last good version."""
        for config_kind, path in self._paths.items():
            if path in changed:
                await self._in_thread(config_kind, str(path), partial(_read, config_kind, path))

    async def _in_thread(
        self, config_kind: catalog.ConfigKind, source: str, read: Callable[[], catalog.Document]
    ) -> catalog.Change | None:
        """Read and load a document in a thread, in slices: a large catalog takes seconds, and requests must be answered."""
        async with self._updating:  # files and each ConfigMap have tasks of their own; the store allows one writer
            try:
                change = await slices.run(lambda pause: self._update(read(), pause))
            except files.Unreadable as error:
                self._report_unreadable(config_kind, f"{error}; the last good version stays in use")
            except Exception as error:  # noqa: BLE001 - whatever a document causes, the server goes on
                self._report_unreadable(config_kind, f"{source}: internal error", traceback=telemetry.describe(error))
            else:
                self._unreadable.pop(config_kind, None)
                self.updated.set()
                return change
        return None

    def _report_unreadable(self, config_kind: catalog.ConfigKind, why: str, **more: str) -> None:
        self._unreadable[config_kind] = why
        self._reports.configuration_unreadable(config_kind, why, **more)

    def _update(self, document: catalog.Document, pause: catalog.pauses.Pause = catalog.pauses.none) -> catalog.Change:
        before, config_kind = self.store.current, document.config_kind
        change = self.store.update(document, time.time(), pause)
        snapshot = self.store.current
        self.state = rendering.State(snapshot, self.state.settings)
        self._reports.configuration_change(change, absent=document.content is None)
        self._histories[config_kind] = self._histories[config_kind].after(document, snapshot, pause)
        pause()
        self._digests[config_kind] = catalog.history.digest(config_kind, snapshot)
        self.published = self._to_publish()
        pause()
        replaced = catalog.replaced(before, snapshot)
        del before
        catalog.pauses.release(replaced, pause)
        return change

    def _to_publish(self) -> catalog.published.Published:
        return catalog.published.Published(
            webhook.__version__,
            self.state.settings,
            {kind: one.documents for kind, one in self._histories.items()},
            dict(self._digests),
        )


def _read(config_kind: catalog.ConfigKind, path: Path) -> catalog.Document:
    return catalog.Document(config_kind, str(path), files.read_bytes(path))
