"""The ConfigMap that keeps the last good texts, so that they outlive this process while their own cluster is away."""

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any

from webhook import catalog, cluster, telemetry
from webhook.catalog import kept

NAME = "hydra-webhook-cache"

RETRY_SECONDS = 5.0  # what waits is in memory and in use; only a restart would miss it
CONFLICT_SECONDS = 0.2  # for the replica that was faster to be done
LOOK_SECONDS = 300.0  # between looks whether somebody has emptied the ConfigMap


class Cache:
    """Reads the kept texts once, and writes them whenever there are newer ones.

    Several replicas write the same ConfigMap. Each changes only the kinds for which it has seen a newer text.

    Attributes:
        problem: a line for ``/readyz`` while the texts cannot be kept; empty if they are.
    """

    def __init__(self, client: cluster.Client, namespace: str, log: telemetry.Log) -> None:
        self._client = client
        self._resource = cluster.config_map(namespace, NAME)
        self._log = log
        self._kept: dict[catalog.ConfigKind, kept.Kept] = {}
        self._unwritten: set[catalog.ConfigKind] = set()
        self._waiting = asyncio.Event()
        self.problem = ""

    @property
    def human(self) -> str:
        """How a person names the ConfigMap."""
        return self._resource.human

    async def read(self) -> Mapping[catalog.ConfigKind, kept.Kept]:
        """Return what is kept; nothing if there is no such ConfigMap.

        Raises:
            cluster.ApiError: it cannot be read.
        """
        found = kept.unpack(self._data_of(await self._find()))
        self._kept = {**found, **self._kept}
        return found

    def keep(self, kind: catalog.ConfigKind, texts: kept.Texts, *, errors: bool) -> None:
        """Have an accepted text written; ``errors`` tells whether some of its entries have any."""
        self._kept[kind] = self._kept.get(kind, kept.Kept()).after(texts, errors=errors)
        self._unwritten.add(kind)
        self._waiting.set()

    async def run(self) -> None:
        """Write what is to be kept, until cancelled. What cannot be written now is tried again."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._waiting.wait()
            try:
                await self._write()
            except cluster.ApiError as error:
                if error.reason == "conflict":  # another replica was faster; what it wrote is read again
                    await asyncio.sleep(CONFLICT_SECONDS)
                    continue
                self._report(f"cannot keep the configuration: {error}")
                await asyncio.sleep(RETRY_SECONDS)
            except Exception as error:  # noqa: BLE001 - whatever an answer sets off, the server goes on
                self._report("cannot keep the configuration: internal error", traceback=telemetry.describe(error))
                await asyncio.sleep(RETRY_SECONDS)

    async def _write(self) -> None:
        found = await self._find()
        before_data = self._data_of(found)
        written = dict(kept.unpack(before_data))
        # What is not there any more, because somebody has emptied the ConfigMap, is written again.
        mine = {kind: self._kept[kind] for kind in self._kept if kind in self._unwritten or kind not in written}
        for kind, newer in mine.items():
            before = written.get(kind, kept.Kept())
            written[kind] = kept.Kept(newer.flawless or before.flawless, newer.flawed)
        data, left_out = kept.pack(written)
        data |= kept.foreign(before_data)
        if found is None:
            metadata = {"name": self._resource.name}
            body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
            await self._client.create(self._resource, body)
        elif data != before_data:
            await self._client.replace(self._resource, {**found, "data": data})
        self._unwritten = {kind for kind in self._unwritten if self._kept[kind] is not mine.get(kind)}
        if not self._unwritten:
            self._waiting.clear()
        self._report(f"too large to be kept in {self.human}: {', '.join(left_out)}" if left_out else "")

    async def _find(self) -> dict[str, Any] | None:
        try:
            return await self._client.get(self._resource)
        except cluster.ApiError as error:
            if error.reason == "not-found":
                return None
            raise

    def _data_of(self, config_map: Mapping[str, Any] | None) -> dict[str, str]:
        data = (config_map or {}).get("data") or {}
        if not isinstance(data, dict) or not all(isinstance(text, str) for text in data.values()):
            raise cluster.ApiError("malformed", f"get {self.human}: its data is no map of strings")
        return data

    def _report(self, problem: str, **more: str) -> None:
        if problem and problem != self.problem:
            self._log.warning("configuration not kept", why=telemetry.clean(problem), **more)
        self.problem = problem
