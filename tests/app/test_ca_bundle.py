"""The caBundle is written when it differs, but a newer one of another replica is not undone."""

import io

import pytest

from tests.app.api import Api
from webhook import cluster, telemetry
from webhook.app.ca_bundle import CaBundle
from webhook.app.reports import Reports

NAME = "hydra-webhook"
NEW = b"-----BEGIN CERTIFICATE-----\n"


def configuration(*bundles: str | None) -> dict:
    clients = [{} if text is None else {"caBundle": text} for text in bundles]
    return {"webhooks": [{"name": f"w{number}", "clientConfig": client} for number, client in enumerate(clients)]}


def create(api: Api) -> tuple[CaBundle, list[str]]:
    calls: list[str] = []
    reports = Reports(telemetry.Metrics("test"), telemetry.make_log(io.BytesIO(), "json"))
    return CaBundle(api.client, NAME, lambda: calls.append("differs"), reports), calls


def published(api: Api) -> set[bytes]:
    return set(cluster.ca_bundles(api.objects[NAME]).values())


async def test_nothing_is_published_before_the_configuration_was_seen(start_api):
    api = await start_api(hydra_webhook=configuration(None))
    ca_bundle, calls = create(api)

    assert not await ca_bundle.publish(NEW)
    assert ca_bundle.problem == "MutatingWebhookConfiguration hydra-webhook has not been read yet"

    await ca_bundle._seen(api.objects[NAME])
    assert calls == ["differs"]
    assert await ca_bundle.publish(NEW)
    assert (published(api), ca_bundle.problem) == ({NEW}, "")


@pytest.mark.parametrize("bundles", [(None, None), ("", "b2xk"), ("b2xk", "bm8gYmFzZTY0")], ids=str)
async def test_every_webhook_gets_the_bundle_in_one_write(start_api, bundles):
    api = await start_api(hydra_webhook=configuration(*bundles))
    ca_bundle, _ = create(api)
    await ca_bundle._seen(api.objects[NAME])

    assert await ca_bundle.publish(NEW)
    assert await ca_bundle.publish(NEW)

    assert (published(api), api.asked) == ({NEW}, ["patch"])


async def test_a_different_bundle_starts_a_round_of_the_rotator_and_is_not_undone(start_api):
    api = await start_api(hydra_webhook=configuration(None))
    ca_bundle, calls = create(api)
    await ca_bundle._seen(api.objects[NAME])
    await ca_bundle.publish(NEW)
    await ca_bundle._seen(api.objects[NAME])
    assert calls == ["differs"]

    await ca_bundle._seen(api.store(NAME, configuration("b2xk")))

    assert (calls, published(api)) == (["differs"] * 2, {b"old"})


async def test_a_configuration_that_was_deleted_is_a_problem(start_api):
    ca_bundle, _ = create(await start_api())
    await ca_bundle._seen(None)

    assert not await ca_bundle.publish(NEW)
    assert ca_bundle.problem == "MutatingWebhookConfiguration hydra-webhook does not exist"


async def test_a_list_of_webhooks_that_has_changed_meanwhile_is_not_written(start_api):
    api = await start_api(hydra_webhook=configuration(None))
    ca_bundle, _ = create(api)
    await ca_bundle._seen(api.objects[NAME])
    changed = configuration("b2xk")
    changed["webhooks"][0]["name"] = "another"
    api.store(NAME, changed)

    assert not await ca_bundle.publish(NEW)
    assert (published(api), ca_bundle.problem) == (
        {b"old"},
        "patch MutatingWebhookConfiguration hydra-webhook: 422: the test failed",
    )
