"""The ConfigMap that saves the last good configuration, for a restart while the cluster that it came from is unreachable."""

import asyncio
from collections.abc import Mapping
from typing import Any

from webhook import catalog, cluster, telemetry
from webhook.app import shared_config_map
from webhook.catalog import last_good

RETRY_SECONDS = 5.0  # what is not saved yet is in memory and in use; only a restart would miss it
CHECK_SECONDS = 300.0  # between checks whether the ConfigMap was emptied


class ConfigCache:
    """Reads the saved documents once, and saves newer ones.

    Several replicas write the same ConfigMap. Each changes only the kinds for which it has a newer document.

    Attributes:
        problem: a line for ``/readyz`` while the configuration cannot be saved; empty if it can.
    """

    def __init__(self, client: cluster.Client, namespace: str, log: telemetry.Log) -> None:
        self._client = client
        self._reference = cluster.config_map(namespace, last_good.CONFIG_MAP)
        self._log = log
        self._latest: dict[catalog.ConfigKind, last_good.Versions] = {}
        self._unsaved: set[catalog.ConfigKind] = set()
        self._has_unsaved = asyncio.Event()
        self.problem = ""

    @property
    def human(self) -> str:
        """How messages name the ConfigMap."""
        return self._reference.human

    async def read(self) -> Mapping[catalog.ConfigKind, last_good.Versions]:
        """Return what is saved; nothing if the ConfigMap does not exist.

        Raises:
            cluster.ApiError: it cannot be read.
        """
        found = last_good.unpack(self._data_of(await shared_config_map.find(self._client, self._reference)))
        self._latest = {**found, **self._latest}
        return found

    def save(self, config_kind: catalog.ConfigKind, data: last_good.Data, *, errors: bool) -> None:
        """Save an accepted document soon.

        Args:
            config_kind: of the document.
            data: of its ConfigMap.
            errors: some of its entries have errors.
        """
        self._latest[config_kind] = self._latest.get(config_kind, last_good.Versions()).after(data, errors=errors)
        self._unsaved.add(config_kind)
        self._has_unsaved.set()

    async def run(self) -> None:
        """Write what is to be saved, until cancelled. A failed write is retried."""
        await shared_config_map.keep_written(
            self._has_unsaved, self._write, self._failed, check_seconds=CHECK_SECONDS, retry_seconds=RETRY_SECONDS
        )

    async def _write(self) -> None:
        found = await shared_config_map.find(self._client, self._reference)
        old_data = self._data_of(found)
        saved = dict(last_good.unpack(old_data))
        # A kind that is missing, because the ConfigMap was emptied, is written again.
        newer = {kind: self._latest[kind] for kind in self._latest if kind in self._unsaved or kind not in saved}
        for config_kind, latest in newer.items():
            before = saved.get(config_kind, last_good.Versions())
            saved[config_kind] = last_good.Versions(latest.last_good or before.last_good, latest.newest)
        data, left_out = last_good.pack(saved)
        data |= last_good.foreign(old_data)
        if found is None or data != old_data:
            await shared_config_map.write(self._client, self._reference, found, {"data": data})
        self._unsaved = {kind for kind in self._unsaved if self._latest[kind] is not newer.get(kind)}
        if not self._unsaved:
            self._has_unsaved.clear()
        self._report(f"too large to be saved in {self.human}: {', '.join(left_out)}" if left_out else "")

    def _data_of(self, config_map: Mapping[str, Any] | None) -> dict[str, str]:
        data = (config_map or {}).get("data") or {}
        if not isinstance(data, dict) or not all(isinstance(text, str) for text in data.values()):
            raise cluster.ApiError("malformed", f"get {self.human}: its data is not a map of strings")
        return data

    def _failed(self, why: str, **more: str) -> None:
        self._report(f"cannot save the configuration: {why}", **more)

    def _report(self, problem: str, **more: str) -> None:
        if problem and problem != self.problem:
            self._log.warning("configuration not saved", why=telemetry.clean(problem), **more)
        self.problem = problem
