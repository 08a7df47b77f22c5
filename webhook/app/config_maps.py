"""Follows the ConfigMaps of the configuration in one or two clusters, and saves the last good version of each."""

import asyncio
from collections.abc import Collection, Coroutine, Mapping
from typing import Any

from webhook import catalog, cluster, telemetry
from webhook.app.config_cache import ConfigCache
from webhook.app.configuration import Configuration
from webhook.app.options import ClusterOptions
from webhook.app.reports import Reports

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds between attempts to read the cache


class FollowedConfigMaps:
    """Feeds the configuration from ConfigMaps.

    Saved documents are loaded first, except those of a kind that has been read meanwhile. So a restart while a cluster is
    unreachable, or while a document is broken, changes nothing.
    """

    def __init__(
        self,
        options: ClusterOptions,
        config_kinds: Collection[catalog.ConfigKind],
        work: cluster.Client,
        configuration: Configuration,
        reports: Reports,
    ) -> None:
        """Prepare; nothing is read yet.

        Args:
            options: the namespace, and the global cluster if there is one.
            config_kinds: which ConfigMaps to follow.
            work: client of the work cluster.
            configuration: receives their contents.
            reports: of this server.
        """
        self._configuration = configuration
        self._reports = reports
        self._cache = ConfigCache(work, options.namespace, reports.log)
        self._cache_tried = asyncio.Event()
        self._global = cluster.Client(options.global_kubeconfig) if options.global_kubeconfig else None
        self._newest: dict[catalog.ConfigKind, catalog.Document] = {}
        self._accepted: dict[catalog.ConfigKind, Mapping[str, str]] = {}
        self._reflectors: dict[catalog.ConfigKind, cluster.Reflector] = {}
        for config_kind in (each for each in catalog.KINDS if each in config_kinds):
            elsewhere = self._global if catalog.KINDS[config_kind].from_global_cluster else None
            self._follow(config_kind, elsewhere or work, options.namespace)

    @property
    def waiting(self) -> list[str]:
        """The ConfigMaps that have been neither read nor restored yet, and why, one line each."""
        return [
            f"{reflector.collection.human} has not been read yet"
            + (f": {reflector.failure}" if reflector.failure else "")
            for config_kind, reflector in self._reflectors.items()
            if not reflector.synced and config_kind not in self._accepted
        ]

    @property
    def problems(self) -> list[str]:
        """Everything that keeps ConfigMaps from being followed or saved, one line each."""
        failures = [reflector.failure for reflector in self._reflectors.values()]
        return [f"error: {failure}" for failure in failures if failure] + (
            [f"warning: {self._cache.problem}"] if self._cache.problem else []
        )

    def jobs(self) -> list[Coroutine[Any, Any, None]]:
        """Return what must run as long as the server."""
        reflecting = [self._reflect(reflector) for reflector in self._reflectors.values()]
        return [self._restore(), self._cache.run(), *reflecting]

    async def close(self) -> None:
        """Close the connections to the global cluster."""
        if self._global is not None:
            await self._global.close()

    def _follow(self, config_kind: catalog.ConfigKind, client: cluster.Client, namespace: str) -> None:
        reference = cluster.config_map(namespace, catalog.KINDS[config_kind].config_map)

        async def seen(config_map: Mapping[str, Any] | None) -> None:
            await self._take(config_kind, reference.human, config_map)

        reflector = cluster.follow_object(client, reference, seen, report=self._reports.watch_failure(reference.alone))
        self._reflectors[config_kind] = reflector
        self._reports.metrics.configuration_followed(config_kind, lambda: reflector.stale_since)

    async def _reflect(self, reflector: cluster.Reflector) -> None:
        await self._cache_tried.wait()  # what is saved is older, so it is loaded first
        await reflector.run()

    async def _take(self, config_kind: catalog.ConfigKind, source: str, config_map: Mapping[str, Any] | None) -> None:
        data = None if config_map is None else dict(config_map.get("data") or {})
        document = self._newest[config_kind] = catalog.Document(config_kind, source, data)
        restored = data is not None and data == self._accepted.get(config_kind)
        if restored and not self._configuration.problems_of(config_kind):
            await self._configuration.found_again(document)
            return  # a large document is not compiled twice at a start
        change = await self._configuration.take(document)
        if data is not None and change is not None and change.accepted:
            self._accepted[config_kind] = data
            self._cache.save(config_kind, data, errors=any(problem.severity == "error" for problem in change.problems))

    async def _restore(self) -> None:
        """Load what is saved. While the cache cannot be read, the reflectors start without it."""
        pause = FIRST_PAUSE
        while True:
            try:
                found = await self._cache.read()
                break
            except cluster.ApiError as error:
                self._cache_tried.set()
                self._reports.log.warning("saved configuration not read", why=telemetry.clean(str(error)))
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        for config_kind in found.keys() & self._reflectors.keys():
            source = f"{self._reflectors[config_kind].collection.human}, saved in {self._cache.human}"
            if config_kind in self._accepted:
                continue
            for data in found[config_kind].in_order:
                change = await self._configuration.take(catalog.Document(config_kind, source, data))
                if change is not None and change.accepted:
                    self._accepted[config_kind] = data
            if (newest := self._newest.get(config_kind)) is not None:
                await self._configuration.take(newest)  # so that its problems are reported, not those of the saved one
        self._cache_tried.set()
