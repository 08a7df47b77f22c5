"""The ConfigMap in which the webhook publishes its state, so that commands judge as it does (contract section 12)."""

import asyncio
from collections.abc import Mapping
from typing import Any

from webhook import catalog, cluster, telemetry
from webhook.app import shared_config_map
from webhook.app.configuration import Configuration

RETRY_SECONDS = 15.0  # requests do not depend on what is published
SETTLE_SECONDS = 1.0  # between a change and writing: at a start, several configurations arrive one after the other
CHECK_SECONDS = 300.0  # between checks whether the ConfigMap still has this state


class StatePublisher:
    """Publishes the state of this replica.

    Several replicas write the same ConfigMap. Nearly always they have the same state, and the first one writes it. During a
    roll-out their versions or settings differ, and the last writer must be one that stays. So each writes at its start and when
    its own state changes; and if five minutes later it finds another state that has been there since the check before, it
    writes once more, and then not until its own state changes. So the writes end, however many replicas disagree.

    Attributes:
        problem: why the state cannot be published, or not as a whole; empty if it can.
    """

    def __init__(
        self, client: cluster.Client, namespace: str, configuration: Configuration, log: telemetry.Log
    ) -> None:
        self._client = client
        self._reference = cluster.config_map(namespace, catalog.published.CONFIG_MAP)
        self._configuration = configuration
        self._log = log
        self._written: catalog.published.Published | None = None
        self._seen: Mapping[str, Any] | None = None
        self._insisted = False
        self.problem = ""

    @property
    def problems(self) -> list[str]:
        """The problem as a line for ``/readyz``."""
        return [f"warning: {self.problem}"] if self.problem else []

    async def run(self) -> None:
        """Publish the state whenever it changes, until cancelled. A failed write is retried."""
        due = self._configuration.updated
        due.set()
        await shared_config_map.keep_written(
            due, self._publish, self._failed, check_seconds=CHECK_SECONDS, retry_seconds=RETRY_SECONDS
        )

    async def _publish(self) -> None:
        await asyncio.sleep(SETTLE_SECONDS)
        published = self._configuration.published
        if not self._configuration.missing():  # a replica that has read nothing must not replace what others published
            await self._write(published)
        if published is self._configuration.published:
            self._configuration.updated.clear()

    async def _write(self, published: catalog.published.Published) -> None:
        content, left_out = await asyncio.to_thread(catalog.published.pack, published)
        found = await shared_config_map.find(self._client, self._reference)
        stored = {key: (found or {}).get(key) or {} for key in ("data", "binaryData")}
        wanted = {"data": content.data, "binaryData": content.binary_data}
        if stored != wanted and self._may_replace(stored, published):
            await shared_config_map.write(self._client, self._reference, found, wanted)
        self._seen, self._written = (stored if stored != wanted else None), published
        where = f"too large to be published in {self._reference.human}"
        self._report(f"{where}: {', '.join(left_out)}" if left_out else "")

    def _may_replace(self, stored: Mapping[str, Any], published: catalog.published.Published) -> bool:
        """Return whether to write although the ConfigMap has another state; see the class."""
        if published != self._written:
            self._insisted = False
            return True
        if not stored["data"]:
            return True
        if self._insisted or stored != self._seen:
            return False
        self._insisted = True
        return True

    def _failed(self, why: str, **more: str) -> None:
        self._report(f"cannot publish the state: {why}", **more)

    def _report(self, problem: str, **more: str) -> None:
        if problem and problem != self.problem:
            self._log.warning("state not published", why=telemetry.clean(problem), **more)
        self.problem = problem
