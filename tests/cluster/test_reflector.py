"""Whatever an API server does, the reflector of an object ends up with its state, and never sends too many requests."""

import asyncio
import contextlib
import dataclasses
import itertools
from datetime import UTC, datetime, timedelta

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
    half_an_answer,
    kubeconfig,
    most_requests,
    no_answer,
    not_http,
    silence,
    status,
    stream,
    until,
)
from webhook import cluster

SOON = cluster.Deadlines(connect=5, answer=0.2, grace=0.2)


class Following:
    def __init__(self, server: ApiServer, folder, deadlines: cluster.Deadlines | None, watch: float, user) -> None:
        self.server = server
        self.seen: list[str | None] = []
        self.reports: list[Exception] = []
        self.fails = False
        self.health: list[tuple[float | None, str]] = []  # stale_since and failure at each report
        self.client = cluster.Client(kubeconfig(folder, server.url, user=user), deadlines=deadlines)
        timing = cluster.Timing(watch, server.clock, server.clock.sleep, lambda: 0.5)
        self.reflector = cluster.follow_object(self.client, AGENT, self._see, report=self._report, timing=timing)

    async def _see(self, item) -> None:
        self.seen.append(item["data"]["text"] if item is not None else None)
        if self.fails:
            raise ValueError("the observer failed")

    def _report(self, error: Exception) -> None:
        self.reports.append(error)
        self.health.append((self.reflector.stale_since, self.reflector.failure))
        raise ValueError("the report failed")

    @property
    def codes(self) -> list[str]:
        return [getattr(report, "code", type(report).__name__) for report in self.reports]

    async def settled(self) -> None:
        """Wait until a watch is open on a server whose script is over."""
        await until(lambda: not self.server.script and self.server.watching and self.reflector.stale_since is None)


@contextlib.asynccontextmanager
async def following(
    server: ApiServer, folder, deadlines: cluster.Deadlines | None = None, watch: float = 30, user=None
):
    follow = Following(server, folder, deadlines, watch, user)
    server.followed = lambda: follow.reflector.stale_since is None
    task = asyncio.create_task(follow.reflector.run())
    try:
        yield follow
        assert not task.done()
        assert most_requests([request.time for request in server.requests]) <= 3
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await follow.client.close()


async def test_the_state_is_passed_on_and_then_each_change(server, tmp_path):
    await server.put("one")
    async with following(server, tmp_path) as follow:
        await follow.settled()
        assert (follow.seen, follow.reflector.synced) == (["one"], True)
        await server.put("two")
        await server.put("three")
        await until(lambda: follow.seen == ["one", "two", "three"])
    assert server.kinds() == ["list", "watch"]


async def test_absence_is_passed_on_once_and_then_the_creation(server, tmp_path):
    async with following(server, tmp_path) as follow:
        await follow.settled()
        assert (follow.seen, follow.reflector.synced) == ([None], True)
        await server.put("one")
        await until(lambda: follow.seen == [None, "one"])


async def test_a_deletion_is_passed_on_once_even_if_the_object_is_listed_again(server, tmp_path):
    await server.put("one")
    async with following(server, tmp_path) as follow:
        await follow.settled()
        await server.delete()
        await until(lambda: follow.seen == ["one", None])
        server.script.append(status(410, "Expired"))
        await server.end_watches()
        await until(lambda: server.kinds().count("list") >= 3)
        await follow.settled()
        assert follow.seen == ["one", None]


async def test_it_asks_for_the_one_object_and_for_a_consistent_list(server, tmp_path):
    await server.put("one")
    async with following(server, tmp_path) as follow:
        await follow.settled()
    listed, watched = server.requests
    assert listed.query == {"fieldSelector": "metadata.name=hydra-agent", "limit": "10"}
    assert watched.query == {
        "fieldSelector": "metadata.name=hydra-agent",
        "watch": "1",
        "allowWatchBookmarks": "true",
        "resourceVersion": str(FIRST_VERSION + 1),
        "timeoutSeconds": "30",
    }


async def test_objects_that_were_not_asked_for_are_ignored(server, tmp_path):
    server.ignores_selectors = True
    await server.put("one")
    await server.put("other", name="other")
    async with following(server, tmp_path) as follow:
        await follow.settled()
        await server.put("another", name="another")
        await server.put("two")
        await until(lambda: follow.seen == ["one", "two"])


FAULTS_OF_A_LIST = [
    (status(401, "Unauthorized"), "unauthorized"),
    (status(403, "Forbidden"), "forbidden"),
    (status(404, "NotFound"), "not-found"),
    (status(410, "Expired"), "gone"),
    (status(429, "TooManyRequests"), "throttled"),
    (status(500, "InternalError"), "server-error"),
    (answer(502, "<html>Bad Gateway</html>"), "server-error"),
    (status(503, "ServiceUnavailable"), "server-error"),
    (answer(200, "<html>Please log in</html>"), "malformed"),
    (answer(200, {"kind": "ConfigMapList"}), "malformed"),
    (answer(200, config_map_list([config_map("one", 101)] * 2, 101)), "malformed"),
    (answer(200, "[" * 100_000), "malformed"),
    (answer(200, ""), "malformed"),
    (answer(302, "", Location="/elsewhere"), "malformed"),
    (not_http(), "malformed"),
    (no_answer(), "unreachable"),
    (half_an_answer(), "unreachable"),
]


@pytest.mark.parametrize(("fault", "code"), FAULTS_OF_A_LIST, ids=str)
async def test_after_a_failed_list_it_lists_again(server, tmp_path, fault, code):
    await server.put("one")
    server.script.append(fault)
    async with following(server, tmp_path) as follow:
        await follow.settled()
        assert (follow.seen, follow.codes, follow.reflector.failure) == (["one"], [code], "")
    assert server.kinds() == ["list", "list", "watch"]


EXPIRED = event("ERROR", {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version"})
NEXT = event("MODIFIED", config_map("two", FIRST_VERSION + 2))

FAULTS_OF_A_WATCH = [
    *((fault, code) for fault, code in FAULTS_OF_A_LIST if fault.name not in {"answer 200", "half an answer"}),
    (stream(EXPIRED), "gone"),
    (stream(event("ERROR", {"reason": "Gone"})), "gone"),
    (stream(event("ERROR", {"code": 500, "reason": "InternalError"})), "server-error"),
    (stream(b"<html>\n"), "malformed"),
    (stream(event("SYNCED", config_map("two", 102))), "malformed"),
    (stream(event("ADDED", {"metadata": {"name": "hydra-agent"}})), "malformed"),
    (stream(b'{"type": "ADDED", "obj', then="reset"), "unreachable"),
    (stream(b'{"type": "ADDED", "obj', then="end"), "unreachable"),
    (stream(then="end"), "unreachable"),
    (stream(then="reset"), "unreachable"),
    (stream(*[b"x" * 2**20] * 17, then="silence"), "malformed"),
]


@pytest.mark.parametrize(("fault", "code"), FAULTS_OF_A_WATCH, ids=str)
async def test_after_a_failed_watch_it_lists_again_and_misses_nothing(server, tmp_path, fault, code):
    await server.put("one")
    server.script.append(dataclasses.replace(fault, on="watch"))
    async with following(server, tmp_path) as follow:
        await until(lambda: follow.reports)
        await server.put("two")
        await follow.settled()
        await until(lambda: follow.seen[-1] == "two")
        assert (follow.seen, follow.codes, follow.reflector.failure) == (["one", "two"], [code], "")
    assert server.kinds() == ["list", "watch", "list", "watch"]


async def test_events_before_a_break_are_passed_on_once(server, tmp_path):
    await server.put("one")
    await server.put("two")
    server.script += [
        answer(200, config_map_list([config_map("one", FIRST_VERSION + 1)], FIRST_VERSION + 1)),
        stream(NEXT, b'{"type": "MODI', then="reset"),
    ]
    async with following(server, tmp_path) as follow:
        await follow.settled()
        assert follow.seen == ["one", "two"]


async def test_an_event_may_be_split_anywhere_even_within_a_character(server, tmp_path):
    text = event("ADDED", config_map("größer, 大", FIRST_VERSION + 1))
    server.script.append(stream(*(bytes([byte]) for byte in text), then="silence"))
    async with following(server, tmp_path) as follow:
        await until(lambda: follow.seen == [None, "größer, 大"])


async def test_the_largest_possible_object_is_read(server, tmp_path):
    text = "ä" * 1_500_000
    async with following(server, tmp_path) as follow:
        await follow.settled()
        await server.put(text)
        await until(lambda: follow.seen == [None, text])


@pytest.mark.parametrize("on", ["list", "watch"])
async def test_a_silent_server_is_a_timeout(server, tmp_path, on):
    await server.put("one")
    server.script.append(silence(on))
    async with following(server, tmp_path, SOON) as follow:
        # On a slow machine there may be more reports, because the deadline is so short.
        expected = f"{on} ConfigMap hydra-system/hydra-agent at {server.url}: no answer in time"
        await until(lambda: expected in map(str, follow.reports))
        assert "timeout" in follow.codes
        await until(lambda: follow.seen == ["one"])


async def test_a_watch_that_does_not_even_end_is_a_timeout(server, tmp_path):
    await server.put("one")
    server.script.append(stream(NEXT, then="silence"))
    async with following(server, tmp_path, SOON, watch=0) as follow:
        await until(lambda: follow.seen[:2] == ["one", "two"])
        await until(
            lambda: (
                f"watch ConfigMap hydra-system/hydra-agent at {server.url}: no answer in time"
                in map(str, follow.reports)
            )
        )


async def test_a_closed_port_is_retried_until_a_server_listens(clock, tmp_path):
    async with ApiServer(clock) as server:
        pass
    async with following(server, tmp_path) as follow:
        await until(lambda: follow.reports)
        assert str(follow.reports[0]).endswith(": Connection refused")
        async with server:
            await server.put("one")
            await until(lambda: follow.seen == ["one"])


async def test_after_a_regular_end_the_watch_continues_from_the_last_bookmark(server, tmp_path):
    await server.put("one")
    bookmark = event("BOOKMARK", {"metadata": {"resourceVersion": "500"}})
    server.script.append(stream(bookmark, seconds=30))
    async with following(server, tmp_path) as follow:
        await follow.settled()
        assert (follow.seen, follow.reports) == (["one"], [])
    assert server.kinds() == ["list", "watch", "watch"]
    assert server.requests[-1].query["resourceVersion"] == "500"
    assert server.requests[-1].time == server.requests[-2].time + 30


async def test_a_change_between_two_watches_is_passed_on(server, tmp_path):
    await server.put("one")
    server.script.append(stream(seconds=30))
    async with following(server, tmp_path) as follow:
        await follow.settled()
        server.script.append(stream(seconds=30))
        await server.end_watches()
        await server.put("two")
        await until(lambda: follow.seen == ["one", "two"])


async def test_a_change_that_no_watch_reports_is_found_after_five_minutes(server, tmp_path):
    from_the_future = event("BOOKMARK", {"metadata": {"resourceVersion": "5000"}})
    server.script += [stream(from_the_future, seconds=30)] + [stream(seconds=30) for _ in range(9)]
    async with following(server, tmp_path) as follow:
        await until(lambda: len(server.script) < 9)
        await server.put("one")
        await until(lambda: follow.seen == [None, "one"])
        await follow.settled()
        assert follow.reports == []
    lists = [request.time for request in server.requests if request.kind == "list"]
    assert lists == [1000, 1300]


async def test_a_server_that_ends_every_watch_at_once_is_asked_less_and_less_often(server, tmp_path):
    server.script += [stream() for _ in range(20)]
    async with following(server, tmp_path) as follow:
        await until(lambda: len(server.script) < 15)
        await server.put("one")
        await until(lambda: follow.seen == [None, "one"])
        await follow.settled()
        assert follow.codes == ["unreachable"] * 20
        assert "ended after 0.0 s instead of 30 s" in str(follow.reports[0])
    lists = [request.time for request in server.requests if request.kind == "list"]
    gaps = [later - earlier for earlier, later in itertools.pairwise(lists)]
    assert gaps[0] < 1
    assert min(gaps[6:]) >= 22.5  # three quarters of 30, with the random numbers of this test


async def test_pauses_are_short_again_after_a_watch_that_lasted(server, tmp_path):
    server.script += [status(500, "InternalError", on="list")] * 8
    server.script += [stream(seconds=30, then="reset"), status(500, "InternalError", on="list")]
    async with following(server, tmp_path) as follow:
        await follow.settled()
    *_, failed, again, _watch = server.requests
    assert again.time - failed.time < 1


async def test_successful_lists_do_not_shorten_the_pauses_while_watches_are_forbidden(server, tmp_path):
    server.script += [status(403, "Forbidden", on="watch")] * 8
    async with following(server, tmp_path) as follow:
        await follow.settled()
        assert 'permission needed: watch on configmaps named "hydra-agent"' in str(follow.reports[0])
    lists = [request.time for request in server.requests if request.kind == "list"]
    assert lists[-1] - lists[-2] > 20


@pytest.mark.parametrize("http_status", [429, 503])
@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        ("12", 12, 12),
        ("600", 30, 30),
        ((datetime.now(UTC) + timedelta(days=1)).strftime("%a, %d %b %Y %H:%M:%S GMT"), 30, 30),
        ("0", 0.25, 0.5),
        ("whenever", 0.25, 0.5),
    ],
    ids=["seconds", "many seconds", "a date", "zero", "neither seconds nor a date"],
)
async def test_retry_after_is_obeyed_up_to_thirty_seconds(server, tmp_path, http_status, header, least, most):
    server.script.append(status(http_status, "Busy", Retry_After=header))
    async with following(server, tmp_path) as follow:
        await follow.settled()
    first, second, _ = server.requests
    assert least <= second.time - first.time <= most


async def test_a_list_may_have_several_pages(server, tmp_path):
    server.script += [
        answer(200, config_map_list([config_map("other", 90, "other")], 100, "page-2"), on="list"),
        answer(200, config_map_list([config_map("one", 91)], 100), on="list"),
    ]
    async with following(server, tmp_path) as follow:
        await follow.settled()
        assert follow.seen == ["one"]
    first, second, watched = server.requests
    assert ("continue" not in first.query, second.query["continue"]) == (True, "page-2")
    assert watched.query["resourceVersion"] == "100"


FAILED_SECOND_PAGES = [
    (status(410, "Expired"), "gone"),
    (answer(200, config_map_list([], 105)), "malformed"),
    (answer(500), "server-error"),
]


@pytest.mark.parametrize(("second_page", "code"), FAILED_SECOND_PAGES, ids=str)
async def test_a_list_that_fails_at_its_second_page_starts_again(server, tmp_path, second_page, code):
    await server.put("one")
    server.script += [answer(200, config_map_list([config_map("old", 90)], 100, "page-2")), second_page]
    async with following(server, tmp_path) as follow:
        await follow.settled()
        assert (follow.seen, follow.codes) == (["old", "one"], [code])
    assert "continue" not in server.requests[2].query


async def test_an_endless_list_is_malformed(server, tmp_path):
    server.script += [answer(200, config_map_list([], 100, "more"))] * 10
    async with following(server, tmp_path) as follow:
        await follow.settled()
        assert [str(report) for report in follow.reports] == [
            "list ConfigMap hydra-system/hydra-agent: it has more than 10 pages"
        ]


async def test_after_a_failed_notification_the_next_change_is_passed_on(server, tmp_path):
    await server.put("one")
    async with following(server, tmp_path) as follow:
        follow.fails = True
        await follow.settled()
        await server.put("two")
        await until(lambda: follow.seen == ["one", "two"])
        assert follow.codes == ["ValueError", "ValueError"]
        assert follow.reflector.failure == ""
    assert server.kinds() == ["list", "watch"]


async def test_it_knows_since_when_it_is_stale(server, tmp_path):
    server.script += [status(500, "InternalError", on="list"), stream(seconds=20, then="reset")]
    async with following(server, tmp_path) as follow:
        assert follow.reflector.stale_since == 1000
        await follow.settled()
        assert follow.reflector.failure == ""
        _, listed, *_ = server.requests
        assert follow.health == [
            (1000, "list ConfigMap hydra-system/hydra-agent: 500: no"),
            (listed.time, str(follow.reports[1])),
        ]


async def test_two_clusters_do_not_wait_for_each_other(server, tmp_path):
    (tmp_path / "other").mkdir()
    async with ApiServer(Clock()) as silent:
        silent.script += [silence()] * 100
        async with following(silent, tmp_path / "other") as stuck, following(server, tmp_path) as follow:
            await until(lambda: silent.requests)
            await follow.settled()
            await server.put("one")
            await until(lambda: follow.seen == [None, "one"])
            assert (stuck.seen, stuck.reflector.synced) == ([], False)


async def test_a_token_that_changes_on_disk_is_used_after_a_401(server, tmp_path):
    token = tmp_path / "token"
    token.write_text("old\n")
    await server.put("one")
    server.required_authorization = "Bearer new"
    async with following(server, tmp_path, user={"tokenFile": "token"}) as follow:
        await until(lambda: follow.reports)
        assert follow.codes[0] == "unauthorized"
        token.write_text("new\n")
        await follow.settled()
        assert follow.seen == ["one"]


FAULTS = st.one_of(
    # Not only for lists: when the script reaches such a fault, a watch may be open that nothing ends.
    st.sampled_from([dataclasses.replace(fault, on="") for fault, _ in FAULTS_OF_A_LIST]),
    st.sampled_from([fault for fault, _ in FAULTS_OF_A_WATCH if "17" not in fault.name]),
    st.sampled_from(["one", "two", None]),  # what happens to the object meanwhile
    st.builds(
        lambda seconds, then: stream(b'{"type"', seconds=seconds, then=then),
        st.sampled_from([0, 5, 30]),
        st.sampled_from(["end", "reset"]),
    ),
)


@settings(max_examples=40)
@given(script=st.lists(FAULTS, max_size=12))
def test_after_any_faults_the_last_state_is_that_of_the_server(script, tmp_path_factory):
    async def run() -> None:
        async with ApiServer(Clock()) as server:
            changes = []
            for step in script:
                if isinstance(step, str) or step is None:
                    changes.append(step)
                else:
                    server.script.append(step)
            async with following(server, tmp_path_factory.mktemp("faults")) as follow:
                for text in changes:
                    if text is not None:
                        await server.put(text)
                    elif server.state is not None:
                        await server.delete()
                    await asyncio.sleep(0.001)
                await follow.settled()
                expected = server.state["data"]["text"] if server.state else None
                await until(lambda: follow.seen and follow.seen[-1] == expected)

    asyncio.run(run())
