"""Which texts are in use when those that were kept and those that are there now come in any order."""

import asyncio
import contextlib
import io

import pytest

from tests.app.api import Api
from tests.cluster.apiserver import until
from webhook import catalog, telemetry
from webhook.app import cache, following
from webhook.app.configuration import Configuration
from webhook.app.options import ClusterOptions
from webhook.catalog.kept import Kept

GOOD = {"config.yaml": "templates: [{runtime: good, podTemplate: {}}]"}
BETTER = {"config.yaml": "templates: [{runtime: better, podTemplate: {}}]"}
HALF = {"config.yaml": "templates: [{runtime: good, runtimeZH: 好, podTemplate: {}}, {runtime: other, podTemplate: 1}]"}
BROKEN = {"config.yaml": "templates: ["}


class Case:
    """Following of the runtime template alone, with the reflector's part played by the test."""

    def __init__(self, api: Api) -> None:
        self.output = io.BytesIO()
        log, metrics = telemetry.make_log(self.output, "json"), telemetry.Metrics("test")
        self.configuration = Configuration({}, ["templates"], metrics, log)
        self.following = following.Following(ClusterOptions(), ["templates"], api, self.configuration, metrics, log)

    async def live(self, texts: dict[str, str] | None) -> None:
        config_map = None if texts is None else {"data": texts}
        await self.following._take("templates", "ConfigMap hydra-system/hydra-runtime-template", config_map)

    @property
    def runtimes(self) -> set[str]:
        return set(self.configuration.store.current.runtime_templates)


@contextlib.asynccontextmanager
async def restoring(case: Case):
    task = asyncio.create_task(case.following._restore())
    yield
    await asyncio.wait_for(task, 10)


def keeping(kept: Kept) -> Api:
    return Api(hydra_webhook_cache={"data": catalog.kept.pack({"templates": kept})[0]})


async def test_what_was_kept_is_in_use_until_the_cluster_is_read():
    case = Case(keeping(Kept(GOOD)))
    assert len(case.following.waiting) == 1
    async with restoring(case):
        pass
    assert (case.runtimes, case.following.waiting) == ({"good"}, [])

    await case.live(BETTER)
    assert case.runtimes == {"better"}


LATER = {"a broken text": (BROKEN, "yaml-syntax"), "no ConfigMap": (None, "deleted")}


@pytest.mark.parametrize(("live", "code"), LATER.values(), ids=LATER)
async def test_it_is_also_in_use_where_it_could_be_read_only_after_what_cannot_be_used(live, code, monkeypatch):
    monkeypatch.setattr(following, "FIRST_PAUSE", 0.01)
    api = keeping(Kept(GOOD))
    api.refused["get"] = "timeout"
    case = Case(api)
    async with restoring(case):
        await until(lambda: api.asked)
        await case.live(live)
        assert case.runtimes == set()
        del api.refused["get"]
    assert case.runtimes == {"good"}
    assert [problem.code for problem in case.configuration.problems_of("templates")] == [code]


async def test_a_text_that_was_read_is_not_taken_back_to_what_was_kept(monkeypatch):
    monkeypatch.setattr(following, "FIRST_PAUSE", 0.01)
    api = keeping(Kept(GOOD))
    api.refused["get"] = "timeout"
    case = Case(api)
    async with restoring(case):
        await until(lambda: api.asked)
        await case.live(BETTER)
        del api.refused["get"]
    assert case.runtimes == {"better"}


async def test_an_entry_that_is_broken_has_its_last_good_version_after_a_restart():
    case = Case(keeping(Kept({"config.yaml": GOOD["config.yaml"].replace("good", "other")}, HALF)))
    async with restoring(case):
        pass
    await case.live(HALF)
    assert case.runtimes == {"good", "other"}
    assert case.configuration.store.current.runtime_templates["other"].stale is not None


async def test_a_text_that_was_kept_is_not_compiled_again_when_the_cluster_has_the_same():
    case = Case(keeping(Kept(GOOD)))
    async with restoring(case):
        pass
    before = case.configuration.store.current
    await case.live(GOOD)
    assert case.configuration.store.current is before


async def test_what_was_kept_and_cannot_be_used_does_not_make_the_server_ready():
    case = Case(keeping(Kept(BROKEN)))
    async with restoring(case):
        pass
    assert case.following.waiting == ["ConfigMap hydra-system/hydra-runtime-template has not been read yet"]


async def test_an_answer_that_makes_no_sense_ends_nothing(monkeypatch):
    monkeypatch.setattr(following, "FIRST_PAUSE", 0.01)
    api = Api(hydra_webhook_cache={"data": ["nonsense"]})
    case = Case(api)
    async with restoring(case):
        await until(lambda: len(api.asked) > 1)
        api.store(cache.NAME, keeping(Kept(GOOD)).objects[cache.NAME])
    assert case.runtimes == {"good"}
    assert b"its data is no map of strings" in case.output.getvalue()
