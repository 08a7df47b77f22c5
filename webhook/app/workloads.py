"""Labelled Pods and LeaderWorkerSets, followed by what their records say, and counted for the metric.

Whatever goes wrong here makes no server unready and changes no decision.
"""

from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any

from webhook import catalog, cluster, inventory, telemetry, workload
from webhook.app.reports import Reports

_LIST_AGAIN = 3600.0
"""Seconds. A list of thousands of pods is work for API servers, and what it corrects is a number on a dashboard."""

_LABELLED = f"{workload.RUNTIME},{workload.INJECT}!=false"

#: Pods that have ended no longer run, whatever they were rendered from.
_RUNNING = "status.phase!=Succeeded,status.phase!=Failed"


class FollowedWorkloads:
    """The workloads of a cluster."""

    def __init__(
        self, client: cluster.Client, namespace: str, snapshot: Callable[[], catalog.Snapshot], reports: Reports
    ) -> None:
        """Prepare; nothing is read yet.

        Args:
            client: of the cluster.
            namespace: of the webhook, which leaves the pods in it alone.
            snapshot: returns the configuration in use.
            reports: of this server.
        """
        self._reports = reports
        self._snapshot = snapshot
        self._inventory = inventory.Inventory()
        self._kind_is_absent = False
        # As in the webhook configuration.
        elsewhere = f"metadata.namespace!=kube-system,metadata.namespace!={namespace}"
        pods = cluster.Collection(
            "v1",
            "pods",
            "Pod",
            label_selector=_LABELLED,
            field_selector=f"{_RUNNING},{elsewhere}",
            metadata_only=True,
            parts=inventory.PodParts,
        )
        groups = cluster.Collection(
            "leaderworkerset.x-k8s.io/v1",
            "leaderworkersets",
            "LeaderWorkerSet",
            label_selector=_LABELLED,
            field_selector=elsewhere,
            parts=inventory.LeaderWorkerSetParts,
        )
        timing = cluster.Timing(list_again=_LIST_AGAIN)
        self._pods = cluster.Reflector(
            client,
            pods,
            _Observer(self._inventory.put_pod, self._inventory.delete_pod),
            report=reports.watch_failure(pods),
            timing=timing,
        )
        self._groups_failed = reports.watch_failure(groups)
        self._groups = cluster.Reflector(
            client,
            groups,
            _Observer(self._inventory.put_leader_worker_set, self._inventory.delete_leader_worker_set),
            report=self._report_groups,
            timing=timing,
        )
        reports.metrics.workloads_counted(self._counts)

    @property
    def problems(self) -> list[str]:
        """Why the numbers may be out of date, one line each."""
        failures = [self._pods.failure, "" if self._kind_is_absent else self._groups.failure]
        return [f"warning: workloads are not followed: {failure}" for failure in failures if failure]

    def jobs(self) -> list[Coroutine[Any, Any, None]]:
        """Return what must run as long as the server."""
        return [self._pods.run(), self._groups.run()]

    def _counts(self) -> Iterable[tuple[inventory.Series, int]]:
        """Return the values of the metric; none until every pod has been seen."""
        return self._inventory.counts(self._snapshot()).items() if self._pods.synced else ()

    def _report_groups(self, error: Exception) -> None:
        was_absent = self._kind_is_absent
        self._kind_is_absent = isinstance(error, cluster.ApiError) and error.code == "not-found"
        if not self._kind_is_absent:
            self._groups_failed(error)
        elif not was_absent:  # many clusters never have the kind
            self._reports.log.info("no LeaderWorkerSets to follow", why=telemetry.clean(str(error)))


class _Observer:
    """Passes on what a reflector sees."""

    def __init__(self, put: Callable[[Mapping[str, Any]], None], delete: Callable[[tuple[str, str]], None]) -> None:
        self._put = put
        self._delete = delete

    async def put(self, item: Mapping[str, Any]) -> None:
        self._put(item)

    async def deleted(self, key: tuple[str, str]) -> None:
        self._delete(key)

    async def listed(self) -> None:
        """Nothing to do: every object has been put, and every other one deleted."""
