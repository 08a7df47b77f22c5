"""The Secret that replicas share, as the authority uses it, and what the authority reports."""

import io

import pytest

import certs
from tests.app.api import Api
from webhook import cluster, telemetry
from webhook.app.authority import ClusterSecret, SharedAuthority
from webhook.app.certificate import Certificate
from webhook.app.clock import Clock
from webhook.app.options import ClusterOptions, Options
from webhook.app.reports import Reports

NAME = "hydra-webhook-ca"
EMPTY = {"type": "Opaque", "metadata": {"labels": {"app": "hydra"}}}


def secret(api: Api) -> ClusterSecret:
    return ClusterSecret(api.client, cluster.secret("hydra-system", NAME))


async def test_a_missing_secret_is_created(start_api):
    api = await start_api()
    assert await secret(api).read() is None
    assert await secret(api).write({"ca.crt": b"pem"}, None)

    stored = await secret(api).read()

    assert (stored.data, api.objects[NAME]["type"]) == ({"ca.crt": b"pem"}, "Opaque")


async def test_an_empty_secret_is_filled_and_keeps_everything_else(start_api):
    api = await start_api(hydra_webhook_ca=EMPTY)
    mine = secret(api)
    stored = await mine.read()
    assert stored.data == {}

    assert await mine.write({"ca.crt": b"pem"}, stored.version)

    assert api.objects[NAME]["metadata"]["labels"] == {"app": "hydra"}
    assert (await secret(api).read()).data == {"ca.crt": b"pem"}


async def test_of_two_that_fill_the_secret_the_second_learns_that_it_lost(start_api):
    api = await start_api(hydra_webhook_ca=EMPTY)
    mine, yours = secret(api), secret(api)
    versions = [(await one.read()).version for one in (mine, yours)]

    assert await mine.write({"ca.crt": b"mine"}, versions[0])
    assert not await yours.write({"ca.crt": b"yours"}, versions[1])
    assert (await secret(api).read()).data == {"ca.crt": b"mine"}


async def test_of_two_that_create_the_secret_the_second_learns_that_it_lost(start_api):
    api = await start_api()
    assert await secret(api).write({}, None)
    assert not await secret(api).write({}, None)


async def test_a_secret_that_was_deleted_meanwhile_is_read_again(start_api):
    api = await start_api(hydra_webhook_ca=EMPTY)
    mine = secret(api)
    stored = await mine.read()
    del api.objects[NAME]

    assert not await mine.write({"ca.crt": b"pem"}, stored.version)
    assert await mine.read() is None


@pytest.mark.parametrize("verb", ["get", "update", "create"])
async def test_a_refusal_by_the_api_server_is_an_error_of_the_store(start_api, verb):
    api = await start_api() if verb == "create" else await start_api(hydra_webhook_ca=EMPTY)
    mine = secret(api)
    stored = await mine.read()
    api.refused[verb] = 403

    with pytest.raises(certs.SecretStoreError, match=f"{verb} Secret hydra-system/hydra-webhook-ca: 403: no"):
        await (mine.read() if verb == "get" else mine.write({}, stored.version if stored else None))


async def test_a_missing_namespace_is_an_error_of_the_store(start_api):
    api = await start_api()
    api.refused["create"] = 404
    with pytest.raises(certs.SecretStoreError, match="404"):
        await secret(api).write({}, None)


def test_the_log_has_the_traceback_of_an_internal_error_and_readyz_has_not(tmp_path):
    output = io.BytesIO()
    reports = Reports(telemetry.Metrics("test"), telemetry.make_log(output, "json"))
    client = cluster.Client(tmp_path / "kubeconfig")
    authority = SharedAuthority(
        Options(), ClusterOptions(), client, Certificate(reports), Clock(cluster.ServerClock()), reports
    )

    authority._report(certs.Notice("internal", "error", error=ValueError("x")))

    assert authority.problems[0] == "error: certificate authority: internal"
    assert b"ValueError: x" in output.getvalue()
