"""ConfigMaps followed in one or two clusters, and the last good of them kept."""

import asyncio
from collections.abc import Collection, Coroutine, Mapping
from typing import Any

from webhook import catalog, cluster, telemetry
from webhook.app.cache import Cache
from webhook.app.configuration import Configuration
from webhook.app.failures import reporter
from webhook.app.options import ClusterOptions

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds between attempts to read what was kept


class Following:
    """Feeds the configuration from ConfigMaps.

    The texts that were kept are taken in first, those of a kind that has been read meanwhile excepted; so a restart while a
    cluster is away, or while a text is broken, changes nothing.
    """

    def __init__(
        self,
        options: ClusterOptions,
        kinds: Collection[catalog.ConfigKind],
        work: cluster.Client,
        configuration: Configuration,
        metrics: telemetry.Metrics,
        log: telemetry.Log,
    ) -> None:
        self._configuration = configuration
        self._log = log
        self._metrics = metrics
        self._cache = Cache(work, options.namespace, log)
        self._cache_asked = asyncio.Event()
        self._global = cluster.Client(options.global_kubeconfig) if options.global_kubeconfig else None
        self._newest: dict[catalog.ConfigKind, catalog.Document] = {}
        self._accepted: dict[catalog.ConfigKind, Mapping[str, str]] = {}
        self._reflectors: dict[catalog.ConfigKind, cluster.Reflector] = {}
        for kind in (kind for kind in catalog.CONFIG_MAPS if kind in kinds):
            client = self._global if self._global is not None and kind == "templates" else work
            self._follow(kind, client, options.namespace)

    @property
    def waiting(self) -> list[str]:
        """Say which ConfigMaps have been neither read nor restored yet, and why, a line each."""
        return [
            f"{reflector.resource.human} has not been read yet"
            + (f": {reflector.failure}" if reflector.failure else "")
            for kind, reflector in self._reflectors.items()
            if not reflector.synced and kind not in self._accepted
        ]

    @property
    def problems(self) -> list[str]:
        """Everything that keeps ConfigMaps from being followed or kept, a line each."""
        failures = [reflector.failure for reflector in self._reflectors.values()]
        return [f"error: {failure}" for failure in failures if failure] + (
            [f"warning: {self._cache.problem}"] if self._cache.problem else []
        )

    def jobs(self) -> list[Coroutine[Any, Any, None]]:
        """Return what must run for as long as the server does."""
        reflecting = [self._reflect(reflector) for reflector in self._reflectors.values()]
        return [self._restore(), self._cache.run(), *reflecting]

    async def close(self) -> None:
        """Close the connections to the global cluster."""
        if self._global is not None:
            await self._global.close()

    def _follow(self, kind: catalog.ConfigKind, client: cluster.Client, namespace: str) -> None:
        resource = cluster.config_map(namespace, catalog.CONFIG_MAPS[kind])

        async def seen(config_map: Mapping[str, Any] | None) -> None:
            await self._take(kind, resource.human, config_map)

        reflector = cluster.Reflector(client, resource, seen, report=reporter(resource, self._metrics, self._log))
        self._reflectors[kind] = reflector
        self._metrics.configuration_followed(kind, lambda: reflector.stale_since)

    async def _reflect(self, reflector: cluster.Reflector) -> None:
        await self._cache_asked.wait()  # what was kept is older, so it comes first
        await reflector.run()

    async def _take(self, kind: catalog.ConfigKind, source: str, config_map: Mapping[str, Any] | None) -> None:
        texts = None if config_map is None else dict(config_map.get("data") or {})
        document = self._newest[kind] = catalog.Document(kind, source, texts)
        if texts is not None and texts == self._accepted.get(kind) and not self._configuration.problems_of(kind):
            return  # what was kept is what is there: a large text is not compiled twice at a start
        change = await self._configuration.take(document)
        if texts is not None and change is not None and change.accepted:
            self._accepted[kind] = texts
            self._cache.keep(kind, texts, errors=any(problem.severity == "error" for problem in change.problems))

    async def _restore(self) -> None:
        """Take in what was kept. While it cannot be read the reflectors begin without it."""
        pause = FIRST_PAUSE
        while True:
            try:
                found = await self._cache.read()
                break
            except cluster.ApiError as error:
                self._cache_asked.set()
                self._log.warning("kept configuration not read", why=telemetry.clean(str(error)))
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        for kind in found.keys() & self._reflectors.keys():
            source = f"{self._reflectors[kind].resource.human}, kept in {self._cache.human}"
            if kind in self._accepted:
                continue
            for texts in found[kind].in_order:
                change = await self._configuration.take(catalog.Document(kind, source, texts))
                if change is not None and change.accepted:
                    self._accepted[kind] = texts
            if (newest := self._newest.get(kind)) is not None:
                await self._configuration.take(newest)  # so that what is wrong with it is told, and not of the kept one
        self._cache_asked.set()
