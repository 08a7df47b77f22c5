"""Which document is in use, in whatever order the saved ones and those in the cluster arrive."""

import asyncio
import contextlib
import io

import pytest

from tests.app.api import Api
from tests.cluster.apiserver import until
from webhook import catalog, telemetry
from webhook.app import config_maps
from webhook.app.configuration import Configuration
from webhook.app.options import ClusterOptions
from webhook.app.reports import Reports
from webhook.catalog.last_good import Versions
from webhook.settings import Settings

GOOD = {"config.yaml": "templates: [{runtime: good, podTemplate: {}}]"}
BETTER = {"config.yaml": "templates: [{runtime: better, podTemplate: {}}]"}
HALF = {"config.yaml": "templates: [{runtime: good, runtimeZH: 好, podTemplate: {}}, {runtime: other, podTemplate: 1}]"}
BROKEN = {"config.yaml": "templates: ["}


class Case:
    """The followed runtime template; the test plays the part of the reflector."""

    def __init__(self, api: Api) -> None:
        self.output = io.BytesIO()
        reports = Reports(telemetry.Metrics("test"), telemetry.make_log(self.output, "json"))
        self.configuration = Configuration({}, ["templates"], Settings(), reports)
        self.followed = config_maps.FollowedConfigMaps(
            ClusterOptions(), ["templates"], api.client, self.configuration, reports
        )

    async def live(self, data: dict[str, str] | None) -> None:
        config_map = None if data is None else {"data": data}
        await self.followed._take("templates", "ConfigMap hydra-system/hydra-runtime-template", config_map)

    @property
    def runtimes(self) -> set[str]:
        return set(self.configuration.store.current.runtime_templates)


@contextlib.asynccontextmanager
async def restoring(case: Case):
    task = asyncio.create_task(case.followed._restore())
    yield
    await asyncio.wait_for(task, 10)


def saved(versions: Versions) -> dict[str, dict]:
    """Return the objects of an API server with this in the cache."""
    return {"hydra_webhook_cache": {"data": catalog.last_good.pack({"templates": versions})[0]}}


async def test_the_saved_document_is_in_use_until_the_cluster_is_read(start_api):
    case = Case(await start_api(**saved(Versions(GOOD))))
    assert len(case.followed.waiting) == 1
    async with restoring(case):
        pass
    assert (case.runtimes, case.followed.waiting) == ({"good"}, [])

    await case.live(BETTER)
    assert case.runtimes == {"better"}


LATER = {"a broken document": (BROKEN, "yaml-syntax"), "no ConfigMap": (None, "deleted")}


@pytest.mark.parametrize(("live", "code"), LATER.values(), ids=LATER)
async def test_it_is_in_use_even_if_it_is_read_after_an_unusable_one(start_api, live, code, monkeypatch):
    monkeypatch.setattr(config_maps, "FIRST_PAUSE", 0.01)
    api = await start_api(**saved(Versions(GOOD)))
    api.refused["get"] = 504
    case = Case(api)
    async with restoring(case):
        await until(lambda: api.asked)
        await case.live(live)
        assert case.runtimes == set()
        del api.refused["get"]
    assert case.runtimes == {"good"}
    assert [problem.code for problem in case.configuration.problems_of("templates")] == [code]


async def test_a_newer_document_is_not_replaced_by_the_saved_one(start_api, monkeypatch):
    monkeypatch.setattr(config_maps, "FIRST_PAUSE", 0.01)
    api = await start_api(**saved(Versions(GOOD)))
    api.refused["get"] = 504
    case = Case(api)
    async with restoring(case):
        await until(lambda: api.asked)
        await case.live(BETTER)
        del api.refused["get"]
    assert case.runtimes == {"better"}


async def test_a_broken_entry_has_its_last_good_version_after_a_restart(start_api):
    case = Case(await start_api(**saved(Versions({"config.yaml": GOOD["config.yaml"].replace("good", "other")}, HALF))))
    async with restoring(case):
        pass
    await case.live(HALF)
    assert case.runtimes == {"good", "other"}
    assert case.configuration.store.current.runtime_templates["other"].stale is not None


async def test_a_saved_document_is_not_compiled_again_if_the_cluster_has_the_same(start_api):
    case = Case(await start_api(**saved(Versions(GOOD))))
    async with restoring(case):
        pass
    before = case.configuration.store.current
    await case.live(GOOD)
    assert case.configuration.store.current is before


async def test_an_unusable_saved_document_does_not_make_the_server_ready(start_api):
    case = Case(await start_api(**saved(Versions(BROKEN))))
    async with restoring(case):
        pass
    assert case.followed.waiting == ["ConfigMap hydra-system/hydra-runtime-template has not been read yet"]


async def test_a_nonsensical_answer_ends_nothing(start_api, monkeypatch):
    monkeypatch.setattr(config_maps, "FIRST_PAUSE", 0.01)
    api = await start_api(hydra_webhook_cache={"data": ["nonsense"]})
    case = Case(api)
    async with restoring(case):
        await until(lambda: len(api.asked) > 1)
        api.store(catalog.last_good.CONFIG_MAP, saved(Versions(GOOD))["hydra_webhook_cache"])
    assert case.runtimes == {"good"}
    assert b"its data is not a map of strings" in case.output.getvalue()
