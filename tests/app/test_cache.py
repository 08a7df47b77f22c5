"""The ConfigMap of last good texts: read once, written when there are newer ones, shared by replicas."""

import asyncio
import contextlib
import io

import pytest

from tests.app.api import Api
from tests.cluster.apiserver import until
from webhook import catalog, cluster, telemetry
from webhook.app import cache
from webhook.catalog.kept import Kept

OLD, NEW = {"config.yaml": "old"}, {"config.yaml": "new"}


def made(api: Api) -> cache.Cache:
    return cache.Cache(api, "hydra-system", telemetry.make_log(io.BytesIO(), "json"))


@contextlib.asynccontextmanager
async def writing(kept: cache.Cache):
    task = asyncio.create_task(kept.run())
    yield
    task.cancel()


def stored(api: Api) -> dict[catalog.ConfigKind, Kept]:
    return catalog.kept.unpack(api.objects[cache.NAME].get("data", {})) if cache.NAME in api.objects else {}


def holding(**kept: Kept) -> dict:
    return {"data": catalog.kept.pack({kind.replace("_", "-"): one for kind, one in kept.items()})[0]}


@pytest.mark.parametrize(
    "before", [{}, {"hydra_webhook_cache": {"metadata": {"labels": {"a": "b"}}}}], ids=["absent", "empty"]
)
async def test_an_accepted_text_is_kept_and_read_again(before):
    api = Api(**before)
    first = made(api)
    assert await first.read() == {}
    async with writing(first):
        first.keep("templates", NEW, errors=False)
        await until(lambda: stored(api))

    assert await made(api).read() == {"templates": Kept(NEW)}
    assert api.objects[cache.NAME]["metadata"].get("labels") == ((before and {"a": "b"}) or None)


async def test_the_same_text_again_is_not_written_again():
    api = Api(hydra_webhook_cache=holding(templates=Kept(NEW)))
    kept = made(api)
    await kept.read()
    async with writing(kept):
        kept.keep("templates", NEW, errors=False)
        await until(lambda: api.asked.count("get") == 2)
    assert api.asked == ["get", "get"]


@pytest.mark.parametrize("readable", [True, False], ids=["read at the start", "not readable at the start"])
async def test_a_text_with_errors_is_kept_beside_the_last_one_without(readable):
    api = Api(hydra_webhook_cache=holding(templates=Kept(OLD)))
    kept = made(api)
    if readable:
        await kept.read()
    async with writing(kept):
        kept.keep("templates", NEW, errors=True)
        await until(lambda: stored(api)["templates"].flawed)
    assert stored(api) == {"templates": Kept(OLD, NEW)}


async def test_what_another_replica_writes_meanwhile_stays():
    api = Api(hydra_webhook_cache={})
    others = [holding(agent=Kept(OLD))]
    kept = made(api)

    def another(verb: str) -> None:
        if verb == "update" and others:
            api.store(cache.NAME, others.pop())

    api.before = another
    async with writing(kept):
        kept.keep("templates", NEW, errors=False)
        await until(lambda: "templates" in stored(api))
    assert stored(api) == {"templates": Kept(NEW), "agent": Kept(OLD)}


async def test_what_cannot_be_written_is_said_and_tried_again(monkeypatch):
    monkeypatch.setattr(cache, "RETRY_SECONDS", 0.01)
    api = Api()
    api.refused["create"] = "forbidden"
    kept = made(api)
    async with writing(kept):
        kept.keep("templates", NEW, errors=False)
        await until(lambda: kept.problem)
        assert kept.problem == (
            "cannot keep the configuration: create ConfigMap hydra-system/hydra-webhook-cache: forbidden"
        )
        del api.refused["create"]
        await until(lambda: stored(api))
    assert kept.problem == ""


async def test_what_does_not_fit_is_said():
    api = Api(hydra_webhook_cache={})
    kept = made(api)
    async with writing(kept):
        kept.keep("templates", {"config.yaml": "x" * 600_000}, errors=False)
        kept.keep("agent", {"config.yaml": "x" * 600_000}, errors=False)
        await until(lambda: kept.problem)
    assert kept.problem == "too large to be kept in ConfigMap hydra-system/hydra-webhook-cache: flawless.agent"


async def test_a_configmap_that_somebody_empties_is_filled_again(monkeypatch):
    monkeypatch.setattr(cache, "LOOK_SECONDS", 0.01)
    api = Api(hydra_webhook_cache=holding(templates=Kept(OLD)))
    kept = made(api)
    await kept.read()
    async with writing(kept):
        kept.keep("agent", NEW, errors=False)
        await until(lambda: "agent" in stored(api))
        api.store(cache.NAME, {})
        await until(lambda: stored(api) == {"templates": Kept(OLD), "agent": Kept(NEW)})


async def test_a_newer_text_of_another_replica_is_not_taken_back(monkeypatch):
    monkeypatch.setattr(cache, "LOOK_SECONDS", 0.01)
    api = Api(hydra_webhook_cache=holding(templates=Kept(OLD)))
    kept = made(api)
    await kept.read()
    api.store(cache.NAME, holding(templates=Kept(NEW)))
    async with writing(kept):
        await until(lambda: len(api.asked) > 3)
    assert set(api.asked) == {"get"}


async def test_entries_of_a_newer_version_stay():
    newer = holding(templates=Kept(OLD))
    newer["data"]["flawless.quotas.config.yaml"] = "x"
    api = Api(hydra_webhook_cache=newer)
    kept = made(api)
    async with writing(kept):
        kept.keep("templates", NEW, errors=False)
        await until(lambda: stored(api)["templates"] == Kept(NEW))
    assert api.objects[cache.NAME]["data"]["flawless.quotas.config.yaml"] == "x"


@pytest.mark.parametrize("data", [["a"], {"flawless.agent.config.yaml": 1}, "text"], ids=str)
async def test_an_answer_that_no_api_server_gives_is_an_error_of_the_api_server(data):
    kept = made(Api(hydra_webhook_cache={"data": data}))
    with pytest.raises(cluster.ApiError, match="its data is no map of strings"):
        await kept.read()
