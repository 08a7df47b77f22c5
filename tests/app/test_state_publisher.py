"""The ConfigMap in which the webhook publishes its state: complete, deterministic, and never fought over."""

import asyncio
import contextlib
import io

import pytest

from tests.app.api import Api
from tests.cluster.apiserver import until
from webhook import catalog, telemetry
from webhook.app import reports, shared_config_map, state_publisher
from webhook.app.configuration import Configuration
from webhook.app.state_publisher import StatePublisher
from webhook.settings import Settings

TEMPLATES = "templates: [{runtime: one, podTemplate: {}}]"
AGENT = "deployment_templates: [{container_template: {image: example/engine:1}}]"


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch):
    monkeypatch.setattr(state_publisher, "SETTLE_SECONDS", 0)


class Replica:
    """A replica's configuration, and what publishes it."""

    def __init__(self, api: Api, settings: Settings | None = None) -> None:
        log = telemetry.make_log(io.BytesIO(), "json")
        self.configuration = Configuration(
            {},
            ["templates", "agent", "gpu-configs"],
            settings or Settings(),
            reports.Reports(telemetry.Metrics("0"), log),
        )
        self.publisher = StatePublisher(api.client, "hydra-system", self.configuration, log)

    async def read(self, templates: str = TEMPLATES) -> "Replica":
        for kind, text in (("templates", templates), ("agent", AGENT)):
            await self.configuration.take(catalog.Document(kind, f"ConfigMap ns/{kind}", {"config.yaml": text}))
        return self

    @contextlib.asynccontextmanager
    async def publishing(self):
        task = asyncio.create_task(self.publisher.run())
        yield
        task.cancel()

    async def publish(self) -> None:
        """Publish once, as at a check."""
        await self.publisher._publish()


def content_of(api: Api) -> catalog.published.Content:
    stored = api.objects.get(catalog.published.CONFIG_MAP, {})
    return catalog.published.Content(stored.get("data") or {}, stored.get("binaryData") or {})


def published(api: Api) -> catalog.published.Published:
    return catalog.published.unpack(content_of(api), {})


@pytest.mark.parametrize(
    "before", [{}, {"hydra_webhook_state": {"metadata": {"labels": {"a": "b"}}}}], ids=["absent", "empty"]
)
async def test_the_state_is_published_once_everything_has_been_read(start_api, before):
    api = await start_api(**before)
    replica = Replica(api, Settings(cluster="work-1"))
    async with replica.publishing():
        await until(lambda: not replica.configuration.updated.is_set())
        assert not content_of(api).data
        await replica.read()
        await until(lambda: content_of(api).data)
    assert published(api) == replica.configuration.published
    assert published(api).settings.cluster == "work-1"
    assert set(published(api).digests) == set(catalog.KINDS)
    assert api.objects[catalog.published.CONFIG_MAP]["metadata"].get("labels") == ((before and {"a": "b"}) or None)


async def test_an_edit_is_published_and_an_equal_state_is_not_written_again(start_api):
    api = await start_api(hydra_webhook_state={})
    one, other = await Replica(api).read(), await Replica(api).read()
    async with one.publishing():
        await until(lambda: content_of(api).data)
        first = content_of(api)
        await other.publish()
        assert api.asked.count("update") == 1
        await one.read(templates="templates: []")
        await until(lambda: content_of(api) != first)
    assert published(api) == one.configuration.published


async def test_of_two_replicas_that_disagree_each_insists_once(start_api):
    api = await start_api(hydra_webhook_state={})
    old, new = await Replica(api, Settings(cluster="old")).read(), await Replica(api, Settings(cluster="new")).read()
    await new.publish()
    await old.publish()  # for instance after an edit during a roll-out
    clusters = []
    for _ in range(10):
        for replica in (new, old):
            await replica.publish()
            clusters.append(published(api).settings.cluster)
    assert api.asked.count("update") == 4
    assert len(set(clusters[-8:])) == 1


async def test_the_replica_that_stays_has_the_last_word(start_api):
    api = await start_api(hydra_webhook_state={})
    old, new = await Replica(api, Settings(cluster="old")).read(), await Replica(api, Settings(cluster="new")).read()
    await new.publish()
    await old.publish()
    for _ in range(2):
        await new.publish()
    assert published(api).settings.cluster == "new"


async def test_a_restart_publishes_the_same_state_once_the_configuration_was_found_again(start_api):
    api = await start_api(hydra_webhook_state={})
    before = await Replica(api).read()
    await before.publish()
    after = Replica(api)
    for kind, text in (("templates", TEMPLATES), ("agent", AGENT)):
        await after.configuration.take(catalog.Document(kind, "ConfigMap ns/x, saved", {"config.yaml": text}))
    assert after.configuration.published != before.configuration.published
    for kind, text in (("templates", TEMPLATES), ("agent", AGENT)):
        await after.configuration.found_again(catalog.Document(kind, f"ConfigMap ns/{kind}", {"config.yaml": text}))
    await after.publish()
    assert after.configuration.published == before.configuration.published
    assert api.asked.count("update") == 1


async def test_an_emptied_config_map_is_filled_again(start_api):
    api = await start_api(hydra_webhook_state={})
    replica = await Replica(api).read()
    for _ in range(3):
        await replica.publish()
        assert content_of(api).data
        api.store(catalog.published.CONFIG_MAP, {})


async def test_a_replica_that_was_faster_is_read_again(start_api, monkeypatch):
    monkeypatch.setattr(shared_config_map, "CONFLICT_SECONDS", 0)
    api = await start_api(hydra_webhook_state={})
    others = [{"data": {"state.json": "of another replica"}}]

    def be_faster(verb: str) -> None:
        if verb == "update" and others:
            api.store(catalog.published.CONFIG_MAP, others.pop())

    api.before = be_faster
    replica = await Replica(api).read()
    async with replica.publishing():
        await until(lambda: api.asked.count("update") == 2 and not replica.configuration.updated.is_set())
    assert published(api) == replica.configuration.published


async def test_what_cannot_be_published_is_reported_until_it_can(start_api, monkeypatch):
    monkeypatch.setattr(state_publisher, "RETRY_SECONDS", 0.01)
    api = await start_api(hydra_webhook_state={})
    api.refused = {"update": 403}
    replica = await Replica(api).read()
    async with replica.publishing():
        await until(lambda: replica.publisher.problem)
        assert replica.publisher.problem == (
            "cannot publish the state: update ConfigMap hydra-system/hydra-webhook-state: 403: no"
            ' (permission needed: update on configmaps named "hydra-webhook-state")'
        )
        api.refused = {}
        await until(lambda: content_of(api).data and not replica.publisher.problem)
