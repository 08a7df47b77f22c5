"""The ConfigMap that saves the last good configuration: read once, written when there is a newer one, shared by replicas."""

import asyncio
import contextlib
import io

import pytest

from tests.app.api import Api
from tests.cluster.apiserver import until
from webhook import catalog, cluster, telemetry
from webhook.app import config_cache
from webhook.app.config_cache import ConfigCache
from webhook.catalog.last_good import Versions

OLD, NEW = {"config.yaml": "old"}, {"config.yaml": "new"}


def create(api: Api) -> ConfigCache:
    return ConfigCache(api.client, "hydra-system", telemetry.make_log(io.BytesIO(), "json"))


@contextlib.asynccontextmanager
async def writing(cache: ConfigCache):
    task = asyncio.create_task(cache.run())
    yield
    task.cancel()


def stored(api: Api) -> dict[catalog.ConfigKind, Versions]:
    return (
        catalog.last_good.unpack(api.objects[catalog.last_good.CONFIG_MAP].get("data", {}))
        if catalog.last_good.CONFIG_MAP in api.objects
        else {}
    )


def holding(**versions: Versions) -> dict:
    return {"data": catalog.last_good.pack({kind.replace("_", "-"): one for kind, one in versions.items()})[0]}


@pytest.mark.parametrize(
    "before", [{}, {"hydra_webhook_cache": {"metadata": {"labels": {"a": "b"}}}}], ids=["absent", "empty"]
)
async def test_an_accepted_document_is_saved_and_read_again(start_api, before):
    api = await start_api(**before)
    first = create(api)
    assert await first.read() == {}
    async with writing(first):
        first.save("templates", NEW, errors=False)
        await until(lambda: stored(api))

    assert await create(api).read() == {"templates": Versions(NEW)}
    assert api.objects[catalog.last_good.CONFIG_MAP]["metadata"].get("labels") == ((before and {"a": "b"}) or None)


async def test_an_equal_document_is_not_written_again(start_api):
    api = await start_api(hydra_webhook_cache=holding(templates=Versions(NEW)))
    cache = create(api)
    await cache.read()
    async with writing(cache):
        cache.save("templates", NEW, errors=False)
        await until(lambda: api.asked.count("get") == 2)
    assert api.asked == ["get", "get"]


@pytest.mark.parametrize("readable", [True, False], ids=["read at the start", "not readable at the start"])
async def test_a_document_with_errors_is_saved_beside_the_last_one_without(start_api, readable):
    api = await start_api(hydra_webhook_cache=holding(templates=Versions(OLD)))
    cache = create(api)
    if readable:
        await cache.read()
    async with writing(cache):
        cache.save("templates", NEW, errors=True)
        await until(lambda: stored(api)["templates"].newest)
    assert stored(api) == {"templates": Versions(OLD, NEW)}


async def test_a_concurrent_write_of_another_replica_is_preserved(start_api):
    api = await start_api(hydra_webhook_cache={})
    others = [holding(agent=Versions(OLD))]
    cache = create(api)

    def another(verb: str) -> None:
        if verb == "update" and others:
            api.store(catalog.last_good.CONFIG_MAP, others.pop())

    api.before = another
    async with writing(cache):
        cache.save("templates", NEW, errors=False)
        await until(lambda: "templates" in stored(api))
    assert stored(api) == {"templates": Versions(NEW), "agent": Versions(OLD)}


async def test_a_failed_write_is_reported_and_retried(start_api, monkeypatch):
    monkeypatch.setattr(config_cache, "RETRY_SECONDS", 0.01)
    api = await start_api()
    api.refused["create"] = 500
    cache = create(api)
    async with writing(cache):
        cache.save("templates", NEW, errors=False)
        await until(lambda: cache.problem)
        assert cache.problem == (
            "cannot save the configuration: create ConfigMap hydra-system/hydra-webhook-cache: 500: no"
        )
        del api.refused["create"]
        await until(lambda: stored(api) and not cache.problem)


async def test_a_document_that_does_not_fit_is_reported(start_api):
    api = await start_api(hydra_webhook_cache={})
    cache = create(api)
    async with writing(cache):
        cache.save("templates", {"config.yaml": "x" * 600_000}, errors=False)
        cache.save("agent", {"config.yaml": "x" * 600_000}, errors=False)
        await until(lambda: cache.problem)
    assert cache.problem == "too large to be saved in ConfigMap hydra-system/hydra-webhook-cache: last-good.agent"


async def test_a_configmap_that_was_emptied_is_filled_again(start_api, monkeypatch):
    monkeypatch.setattr(config_cache, "CHECK_SECONDS", 0.01)
    api = await start_api(hydra_webhook_cache=holding(templates=Versions(OLD)))
    cache = create(api)
    await cache.read()
    async with writing(cache):
        cache.save("agent", NEW, errors=False)
        await until(lambda: "agent" in stored(api))
        api.store(catalog.last_good.CONFIG_MAP, {})
        await until(lambda: stored(api) == {"templates": Versions(OLD), "agent": Versions(NEW)})


async def test_a_newer_document_of_another_replica_is_not_undone(start_api, monkeypatch):
    monkeypatch.setattr(config_cache, "CHECK_SECONDS", 0.01)
    api = await start_api(hydra_webhook_cache=holding(templates=Versions(OLD)))
    cache = create(api)
    await cache.read()
    api.store(catalog.last_good.CONFIG_MAP, holding(templates=Versions(NEW)))
    async with writing(cache):
        await until(lambda: len(api.asked) > 3)
    assert set(api.asked) == {"get"}


async def test_entries_of_a_newer_version_are_preserved(start_api):
    newer = holding(templates=Versions(OLD))
    newer["data"]["last-good.quotas.config.yaml"] = "x"
    api = await start_api(hydra_webhook_cache=newer)
    cache = create(api)
    async with writing(cache):
        cache.save("templates", NEW, errors=False)
        await until(lambda: stored(api)["templates"] == Versions(NEW))
    assert api.objects[catalog.last_good.CONFIG_MAP]["data"]["last-good.quotas.config.yaml"] == "x"


@pytest.mark.parametrize("data", [["a"], {"last-good.agent.config.yaml": 1}, "text"], ids=str)
async def test_an_answer_that_no_api_server_gives_is_an_api_error(start_api, data):
    cache = create(await start_api(hydra_webhook_cache={"data": data}))
    with pytest.raises(cluster.ApiError, match="its data is not a map of strings"):
        await cache.read()
