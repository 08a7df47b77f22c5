"""The caBundle: written when it is another one, and a peer's newer one is not undone."""

import io

import pytest

from tests.app.api import Api
from webhook import cluster, telemetry
from webhook.app import bundle

NAME = "hydra-webhook"
NEW = b"-----BEGIN CERTIFICATE-----\n"


def configuration(*bundles: str | None) -> dict:
    clients = [{} if text is None else {"caBundle": text} for text in bundles]
    return {"webhooks": [{"name": f"w{number}", "clientConfig": client} for number, client in enumerate(clients)]}


def made(api: Api) -> tuple[bundle.CaBundle, list[str]]:
    ca_bundle = bundle.CaBundle(api, NAME, telemetry.Metrics("test"), telemetry.make_log(io.BytesIO(), "json"))
    calls: list[str] = []
    ca_bundle.on_astray(lambda: calls.append("astray"))
    return ca_bundle, calls


def published(api: Api) -> set[bytes]:
    return set(cluster.ca_bundles(api.objects[NAME]).values())


async def test_nothing_is_published_before_the_configuration_was_seen():
    api = Api(hydra_webhook=configuration(None))
    ca_bundle, calls = made(api)

    assert not await ca_bundle.publish(NEW)
    assert ca_bundle.problem == "MutatingWebhookConfiguration hydra-webhook has not been read yet"

    await ca_bundle._seen(api.objects[NAME])
    assert calls == ["astray"]
    assert await ca_bundle.publish(NEW)
    assert (published(api), ca_bundle.problem) == ({NEW}, "")


@pytest.mark.parametrize("bundles", [(None, None), ("", "b2xk"), ("b2xk", "bm8gYmFzZTY0")], ids=str)
async def test_every_webhook_gets_the_bundle_in_one_write(bundles):
    api = Api(hydra_webhook=configuration(*bundles))
    ca_bundle, _ = made(api)
    await ca_bundle._seen(api.objects[NAME])

    assert await ca_bundle.publish(NEW)
    assert await ca_bundle.publish(NEW)

    assert (published(api), api.asked) == ({NEW}, ["patch"])


async def test_another_bundle_that_is_seen_is_asked_about_and_not_undone():
    api = Api(hydra_webhook=configuration(None))
    ca_bundle, calls = made(api)
    await ca_bundle._seen(api.objects[NAME])
    await ca_bundle.publish(NEW)
    await ca_bundle._seen(api.objects[NAME])
    assert calls == ["astray"]

    await ca_bundle._seen(api.store(NAME, configuration("b2xk")))

    assert (calls, published(api)) == (["astray"] * 2, {b"old"})


async def test_a_configuration_that_was_deleted_is_said_to_be_missing():
    ca_bundle, _ = made(Api())
    await ca_bundle._seen(None)

    assert not await ca_bundle.publish(NEW)
    assert ca_bundle.problem == "MutatingWebhookConfiguration hydra-webhook is not there"


async def test_a_list_of_webhooks_that_changed_meanwhile_is_not_written_to():
    api = Api(hydra_webhook=configuration(None))
    ca_bundle, _ = made(api)
    await ca_bundle._seen(api.objects[NAME])
    changed = configuration("b2xk")
    changed["webhooks"][0]["name"] = "another"
    api.store(NAME, changed)

    assert not await ca_bundle.publish(NEW)
    assert (published(api), ca_bundle.problem) == (
        {b"old"},
        "patch MutatingWebhookConfiguration hydra-webhook: test failed",
    )
