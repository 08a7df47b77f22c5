"""Workloads are followed and counted, and nothing that goes wrong with it makes the server unready."""

import asyncio
import contextlib
import io
import json

import pytest

from tests.cluster.apiserver import until
from tests.inventory.workloads import TEMPLATES, group, pod, rendered, snapshot
from webhook import cluster, telemetry
from webhook.app.reports import Reports
from webhook.app.workloads import FollowedWorkloads
from webhook.cluster.answers import Event, Page

PODS, GROUPS = "pods", "leaderworkersets"


def stored(item, version="1"):
    item["metadata"] |= {"uid": item["metadata"]["name"], "resourceVersion": version}
    return item


class Source:
    """An API server's collections, as a reflector sees them.

    Attributes:
        pages: by kind, the pages of the next lists.
        events: by kind, what the open watch sends.
        refused: by kind, the error of every request.
        asked: the collections of the requests so far.
    """

    def __init__(self) -> None:
        self.pages = {PODS: [[]], GROUPS: [[]]}
        self.events = {PODS: asyncio.Queue(), GROUPS: asyncio.Queue()}
        self.refused: dict[str, cluster.ApiError] = {}
        self.asked: list[cluster.Collection] = []

    async def page(self, collection, cursor="", *, few=False):
        await asyncio.sleep(0)
        self.asked.append(collection)
        if error := self.refused.get(collection.plural):
            raise error
        pages = self.pages[collection.plural]
        number = int(cursor or 0)
        return Page(tuple(pages[number]), "1", str(number + 1) if number + 1 < len(pages) else "")

    @contextlib.asynccontextmanager
    async def watch(self, collection, version, seconds):
        async def events():
            while True:
                yield await self.events[collection.plural].get()

        yield events()


class Case:
    def __init__(self) -> None:
        self.output = io.BytesIO()
        self.source = Source()
        self.configuration = snapshot()
        self.reports = Reports(telemetry.Metrics("test"), telemetry.make_log(self.output, "json"))
        self.followed = FollowedWorkloads(self.source, "hydra-system", lambda: self.configuration, self.reports)

    @property
    def states(self) -> dict[str, float]:
        """The values of the metric by state."""
        found: dict[str, float] = {}
        for line in self.reports.metrics.expose("")[0].decode().splitlines():
            if line.startswith("hydra_webhook_workloads{"):
                series, _, value = line.rpartition(" ")
                state = series.partition('state="')[2].partition('"')[0]
                found[state] = found.get(state, 0) + float(value)
        return found

    @property
    def events(self) -> list[str]:
        return [json.loads(line)["event"] for line in self.output.getvalue().splitlines()]


@contextlib.asynccontextmanager
async def following(case):
    tasks = [asyncio.create_task(job) for job in case.followed.jobs()]
    try:
        yield
        assert not any(task.done() for task in tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_pods_and_groups_are_counted_as_they_come_change_and_go():
    case = Case()
    case.source.pages[PODS] = [[stored(rendered(pod("a")))], [stored(pod("b"))]]
    case.source.pages[GROUPS] = [[stored(rendered(group()))]]
    async with following(case):
        await until(lambda: case.states == {"current": 2, "unrendered": 1})
        await case.source.events[PODS].put(Event("deleted", stored(pod("b"), "2"), "2"))
        await case.source.events[PODS].put(Event("put", stored(pod("c"), "3"), "3"))
        await case.source.events[GROUPS].put(Event("deleted", stored(group(), "2"), "2"))
        await until(lambda: case.states == {"current": 1, "unrendered": 1})
    assert case.followed.problems == []


async def test_an_edit_of_the_configuration_changes_what_is_counted():
    case = Case()
    case.source.pages[PODS] = [[stored(rendered(pod("a")))]]
    async with following(case):
        await until(lambda: case.states == {"current": 1})
        case.configuration = snapshot(TEMPLATES.replace("serve", "serve-newer"))
        assert case.states == {"older": 1}


async def test_only_what_the_webhook_is_for_is_asked_for():
    case = Case()
    async with following(case):
        await until(lambda: len(case.source.asked) == 2)
    asked = {collection.plural: collection for collection in case.source.asked}
    for collection in asked.values():
        assert collection.query["labelSelector"] == "hydra.io/runtime,hydra.io/inject!=false"
        assert "metadata.namespace!=kube-system,metadata.namespace!=hydra-system" in collection.query["fieldSelector"]
        assert collection.path.endswith(collection.plural)
        assert "/namespaces/" not in collection.path
    assert asked[PODS].metadata_only
    assert asked[PODS].query["fieldSelector"].startswith("status.phase!=Succeeded,status.phase!=Failed,")


async def test_there_are_no_values_before_every_pod_has_been_listed():
    case = Case()
    case.source.pages[GROUPS] = [[stored(rendered(group()))]]
    case.source.refused[PODS] = cluster.ApiError("forbidden", "list pods: 403: no")
    async with following(case):
        await until(lambda: len(case.source.asked) >= 2)
        assert case.states == {}
        await until(lambda: case.followed.problems)
    assert case.followed.problems == ["warning: workloads are not followed: list pods: 403: no"]
    failures = 'hydra_webhook_watch_failures_total{object="pods",reason="forbidden"} 1.0'
    assert failures in case.reports.metrics.expose("")[0].decode()


async def test_a_cluster_without_leaderworkersets_is_not_a_failure():
    case = Case()
    case.source.pages[PODS] = [[stored(rendered(pod("a")))]]
    case.source.refused[GROUPS] = cluster.ApiError("not-found", "list leaderworkersets: 404: no", http_status=404)
    async with following(case):
        await until(lambda: case.states == {"current": 1} and len(case.source.asked) >= 3)
        assert case.followed.problems == []
        assert case.events == ["no LeaderWorkerSets to follow"]
        assert 'object="leaderworkersets"' not in case.reports.metrics.expose("")[0].decode()
        case.source.refused[GROUPS] = cluster.ApiError("server-error", "list leaderworkersets: 500: no")
        await until(lambda: case.followed.problems)
    assert case.followed.problems == ["warning: workloads are not followed: list leaderworkersets: 500: no"]


@pytest.mark.parametrize("states", [{}, {"current": 1}])
async def test_what_was_counted_stays_while_the_api_server_is_away(states):
    case = Case()
    case.source.pages[PODS] = [[stored(rendered(pod("a")))] if states else []]
    async with following(case):
        await until(lambda: case.states == states and case.followed._pods.synced)
        case.source.refused[PODS] = cluster.ApiError("unreachable", "list pods: gone")
        await case.source.events[PODS].put(Event("put", {"not": "an object"}, "9"))  # which ends the watch
        await until(lambda: case.followed.problems)
        assert case.states == states
