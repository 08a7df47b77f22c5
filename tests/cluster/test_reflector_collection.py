"""A reflector of a collection keeps its observer up to date with every object, whatever the API server does."""

import asyncio
import contextlib
import dataclasses
from typing import Any, TypedDict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cluster.apiserver import (
    AGENT,
    FIRST_VERSION,
    ApiServer,
    Clock,
    answer,
    config_map,
    config_map_list,
    event,
    kubeconfig,
    most_requests,
    no_answer,
    silence,
    status,
    stream,
    until,
)
from webhook import cluster
from webhook.cluster import answers
from webhook.cluster.answers import Key

LABELLED = dataclasses.replace(AGENT.collection, label_selector="hydra.io/runtime")
EXPIRED = event("ERROR", {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version"})


class Mirror:
    """An observer with a copy of the collection: ``objects`` has the text of each object by its name."""

    def __init__(self, server: ApiServer, folder) -> None:
        self.objects: dict[str, str] = {}
        self.calls: list[str] = []
        self.reports: list[Exception] = []
        self.fails = False
        self._server = server
        self.client = cluster.Client(kubeconfig(folder, server.url))
        timing = cluster.Timing(30, server.clock, server.clock.sleep, lambda: 0.5)
        self.reflector = cluster.Reflector(self.client, LABELLED, self, report=self.reports.append, timing=timing)

    async def put(self, item) -> None:
        self.objects[item["metadata"]["name"]] = item["data"]["text"]
        self._called(f"put {item['metadata']['name']}")

    async def put_name(self, item) -> None:
        """Receive an object of which only the metadata was asked for."""
        self.objects[item["metadata"]["name"]] = ""
        self._called(f"put {item['metadata']['name']}")

    async def deleted(self, key: Key) -> None:
        del self.objects[key.name]
        self._called(f"deleted {key.name}")

    async def listed(self) -> None:
        self._called("listed")

    def _called(self, call: str) -> None:
        self.calls.append(call)
        if self.fails:
            raise ValueError("the observer failed")

    def is_settled(self) -> bool:
        """Return whether a watch is open on a server whose script is over."""
        return not self._server.script and self._server.watching > 0 and self.reflector.stale_since is None

    def take_calls(self) -> list[str]:
        taken, self.calls = self.calls, []
        return taken


@contextlib.asynccontextmanager
async def mirroring(server: ApiServer, folder):
    mirror = Mirror(server, folder)
    server.followed = lambda: mirror.reflector.stale_since is None
    task = asyncio.create_task(mirror.reflector.run())
    try:
        yield mirror
        assert not task.done()
        assert most_requests([request.time for request in server.requests]) <= 3
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await mirror.client.close()


async def test_every_object_is_put_and_then_each_change_is_passed_on(server, tmp_path):
    for name in "abc":
        await server.put("one", name)
    async with mirroring(server, tmp_path) as mirror:
        await until(mirror.is_settled)
        assert mirror.reflector.synced
        assert mirror.take_calls() == ["put a", "put b", "put c", "listed"]
        await server.put("two", "b")
        await server.delete("a")
        await server.put("one", "d")
        await until(lambda: mirror.objects == {"b": "two", "c": "one", "d": "one"})
        assert mirror.calls == ["put b", "deleted a", "put d"]
    assert server.kinds() == ["list", "watch"]


async def test_the_selector_is_in_the_url_of_lists_and_watches(server, tmp_path):
    async with mirroring(server, tmp_path) as mirror:
        await until(mirror.is_settled)
        assert mirror.calls == ["listed"]
    listed, watched = server.requests
    assert listed.query == {"labelSelector": "hydra.io/runtime", "limit": "100"}
    assert watched.query == {
        "labelSelector": "hydra.io/runtime",
        "watch": "1",
        "allowWatchBookmarks": "true",
        "resourceVersion": str(FIRST_VERSION),
        "timeoutSeconds": "30",
    }


class Parts(TypedDict, total=False):
    metadata: dict[str, Any]


METADATA = dataclasses.replace(LABELLED, metadata_only=True, parts=Parts)


async def test_of_metadata_and_parts_nothing_else_is_asked_for_or_decoded(server, tmp_path):
    await server.put("one", "a")
    client = cluster.Client(kubeconfig(tmp_path, server.url))
    page = await client.page(METADATA)
    assert page.items == ({"metadata": server.objects["a"]["metadata"]},)
    async with client.watch(METADATA, str(FIRST_VERSION), 30) as stream_of_events:
        event = await anext(stream_of_events)
    assert (event.event_type, event.object) == ("put", {"metadata": server.objects["a"]["metadata"]})
    listed, watched = server.requests
    assert listed.headers["accept"] == "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
    assert watched.headers["accept"] == "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
    assert listed.query["limit"] == "250"
    await client.close()


async def test_a_watch_of_parts_reports_its_error_and_the_list_begins_again(server, tmp_path, monkeypatch):
    monkeypatch.setattr("tests.cluster.test_reflector_collection.LABELLED", METADATA)
    monkeypatch.setattr(Mirror, "put", Mirror.put_name)
    await server.put("one", "a")
    server.script += [stream(EXPIRED)]
    async with mirroring(server, tmp_path) as mirror:
        await until(mirror.is_settled)
        assert mirror.take_calls() == ["put a", "listed", "listed"]
        assert [error.code for error in mirror.reports] == ["gone"]


async def test_a_long_page_leaves_room_for_other_tasks(server, tmp_path):
    for number in range(120):
        await server.put("one", f"n{number:03}")
    at_once, longest, passed = 0, 0, Mirror.put

    async def put(self, item):
        nonlocal at_once, longest
        at_once += 1
        longest = max(longest, at_once)
        await passed(self, item)

    async def breathe():
        nonlocal at_once
        while True:
            at_once = 0
            await asyncio.sleep(0)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Mirror, "put", put)
        task = asyncio.create_task(breathe())
        async with mirroring(server, tmp_path) as mirror:
            await until(mirror.is_settled)
        task.cancel()
    assert len(mirror.objects) == 120
    assert longest <= 50


async def test_pages_are_passed_on_as_they_arrive(server, tmp_path):
    server.script += [
        answer(200, config_map_list([config_map("one", 90, "a"), config_map("one", 91, "b")], FIRST_VERSION, "more")),
        silence("list"),
    ]
    async with mirroring(server, tmp_path) as mirror:
        await until(lambda: len(server.requests) == 2)
        assert server.requests[1].query["continue"] == "more"
        assert mirror.calls == ["put a", "put b"]
        assert not mirror.reflector.synced


async def test_several_pages_are_one_list(server, tmp_path):
    server.script += [
        answer(200, config_map_list([config_map("one", 90, "a")], FIRST_VERSION, "page-2")),
        answer(200, config_map_list([config_map("one", 91, "b")], FIRST_VERSION)),
    ]
    async with mirroring(server, tmp_path) as mirror:
        await until(mirror.is_settled)
        assert mirror.calls == ["put a", "put b", "listed"]
    assert server.requests[-1].query["resourceVersion"] == str(FIRST_VERSION)


async def test_after_410_in_a_watch_only_what_has_changed_is_passed_on(server, tmp_path):
    await server.put("one", "c")
    before = [config_map("one", 90, "a"), config_map("one", 91, "b"), server.objects["c"]]
    await server.put("two", "b")
    server.script += [
        answer(200, config_map_list(before, FIRST_VERSION + 1)),
        stream(EXPIRED),
    ]
    async with mirroring(server, tmp_path) as mirror:
        await until(mirror.is_settled)
        assert mirror.calls == ["put a", "put b", "put c", "listed", "put b", "deleted a", "listed"]
        assert mirror.objects == {"b": "two", "c": "one"}
    assert server.kinds() == ["list", "watch", "list", "watch"]


async def test_what_a_broken_list_has_passed_on_is_corrected_by_the_next_one(server, tmp_path):
    """The list expires after its first page. By the next list, ``b`` was deleted and ``a`` has changed."""
    first = config_map_list([config_map("one", 90, "a"), config_map("one", 91, "b")], FIRST_VERSION, "page-2")
    await server.put("two", "a")
    server.script += [answer(200, first), status(410, "Expired", "the continue token is too old")]
    async with mirroring(server, tmp_path) as mirror:
        await until(mirror.is_settled)
        assert mirror.calls == ["put a", "put b", "put a", "deleted b", "listed"]
    assert server.kinds() == ["list", "list", "list", "watch"]


async def test_objects_of_one_name_in_two_namespaces_are_two(server, tmp_path):
    other = config_map("one", 91, "a")
    other["metadata"]["namespace"] = "elsewhere"
    server.script += [answer(200, config_map_list([config_map("one", 90, "a"), other], FIRST_VERSION))]
    async with mirroring(server, tmp_path) as mirror:
        await until(mirror.is_settled)
        assert mirror.calls == ["put a", "put a", "listed"]
        assert mirror.reflector._known.keys() == {Key("hydra-system", "a"), Key("elsewhere", "a")}


async def test_an_object_that_was_deleted_and_created_again_is_put_again(server, tmp_path):
    first, second = config_map("one", 90, "a"), config_map("one", 90, "a", uid="uid-2")
    server.script += [
        answer(200, config_map_list([first], FIRST_VERSION)),
        stream(then="reset"),
        answer(200, config_map_list([second], FIRST_VERSION)),
    ]
    async with mirroring(server, tmp_path) as mirror:
        await until(mirror.is_settled)
        assert mirror.calls == ["put a", "listed", "put a", "listed"]


async def test_after_a_regular_end_the_watch_continues_from_the_last_bookmark(server, tmp_path):
    await server.put("one", "a")
    bookmark = event("BOOKMARK", {"metadata": {"resourceVersion": "500"}})
    server.script.append(stream(bookmark, seconds=30))
    async with mirroring(server, tmp_path) as mirror:
        await until(mirror.is_settled)
        assert mirror.calls == ["put a", "listed"]
    assert server.kinds() == ["list", "watch", "watch"]
    assert server.requests[-1].query["resourceVersion"] == "500"


async def test_a_deletion_of_an_unknown_object_is_not_passed_on(server, tmp_path):
    server.script.append(stream(event("DELETED", config_map("one", FIRST_VERSION + 1, "a")), seconds=30))
    async with mirroring(server, tmp_path) as mirror:
        await until(mirror.is_settled)
        assert mirror.calls == ["listed"]


async def test_a_failing_observer_is_reported_and_receives_everything_else(server, tmp_path):
    for name in "ab":
        await server.put("one", name)
    async with mirroring(server, tmp_path) as mirror:
        mirror.fails = True
        await until(mirror.is_settled)
        await server.delete("a")
        await until(lambda: mirror.calls == ["put a", "put b", "listed", "deleted a"])
        await until(lambda: len(mirror.reports) == 4)
        assert {str(report) for report in mirror.reports} == {"the observer failed"}
    assert server.kinds() == ["list", "watch"]


async def test_a_page_that_is_too_large_is_asked_for_again_with_fewer_items(server, tmp_path, monkeypatch):
    monkeypatch.setattr(answers, "LARGEST", 10_000)
    await server.put("one", "a")
    server.script += [answer(200, config_map_list([config_map("x" * 20_000, 90, "a")], FIRST_VERSION + 1))]
    async with mirroring(server, tmp_path) as mirror:
        await until(mirror.is_settled)
        assert (mirror.objects, mirror.reports) == ({"a": "one"}, [])
    assert [request.query.get("limit") for request in server.requests] == ["100", "5", None]


FAULTS = st.one_of(
    st.sampled_from(
        [
            status(410, "Expired"),
            status(500, "InternalError"),
            no_answer(),
            stream(EXPIRED),
            stream(then="reset"),
            stream(seconds=30),
            answer(200, config_map_list([config_map("old", 90, "a")], 95, "more"), on="list"),
        ]
    ),
    st.tuples(st.sampled_from("abc"), st.sampled_from(["one", "two", None])),  # what happens to an object meanwhile
)


@settings(max_examples=60)
@given(script=st.lists(FAULTS, max_size=14))
def test_after_any_faults_the_observer_has_what_the_server_has(script, tmp_path_factory):
    async def run() -> None:
        async with ApiServer(Clock()) as server:
            changes = [step for step in script if isinstance(step, tuple)]
            faults = [step for step in script if not isinstance(step, tuple)]
            # A fault for lists alone could wait for ever: once it is the next one, a watch may be open that nothing ends.
            server.script.extend(dataclasses.replace(fault, on="") if fault.on == "list" else fault for fault in faults)
            async with mirroring(server, tmp_path_factory.mktemp("faults")) as mirror:
                for name, text in changes:
                    if text is not None:
                        await server.put(text, name)
                    elif name in server.objects:
                        await server.delete(name)
                    await asyncio.sleep(0.001)
                await until(mirror.is_settled)
                await until(
                    lambda: mirror.objects == {name: item["data"]["text"] for name, item in server.objects.items()}
                )

    asyncio.run(run())
