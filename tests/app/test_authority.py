"""The Secret that replicas share, as the authority uses it."""

import io

import pytest

import certs
from tests.app.api import Api
from webhook import cluster, telemetry
from webhook.app.authority import ClusterSecret, SharedAuthority
from webhook.app.bundle import CaBundle
from webhook.app.certificate import Certificate
from webhook.app.options import ClusterOptions, Options

NAME = "hydra-webhook-ca"
EMPTY = {"type": "Opaque", "metadata": {"labels": {"app": "hydra"}}}


def vault(api: Api) -> ClusterSecret:
    return ClusterSecret(api, cluster.secret("hydra-system", NAME))


async def test_where_there_is_no_secret_it_is_created():
    api = Api()
    assert await vault(api).read() is None
    assert await vault(api).write({"ca.crt": b"pem"}, None)

    stored = await vault(api).read()

    assert (stored.data, api.objects[NAME]["type"]) == ({"ca.crt": b"pem"}, "Opaque")


async def test_an_empty_secret_is_filled_and_keeps_everything_else():
    api = Api(hydra_webhook_ca=EMPTY)
    mine = vault(api)
    stored = await mine.read()
    assert stored.data == {}

    assert await mine.write({"ca.crt": b"pem"}, stored.version)

    assert api.objects[NAME]["metadata"]["labels"] == {"app": "hydra"}
    assert (await vault(api).read()).data == {"ca.crt": b"pem"}


async def test_of_two_that_fill_it_the_second_is_told():
    api = Api(hydra_webhook_ca=EMPTY)
    mine, yours = vault(api), vault(api)
    versions = [(await one.read()).version for one in (mine, yours)]

    assert await mine.write({"ca.crt": b"mine"}, versions[0])
    assert not await yours.write({"ca.crt": b"yours"}, versions[1])
    assert (await vault(api).read()).data == {"ca.crt": b"mine"}


async def test_of_two_that_create_it_the_second_is_told():
    api = Api()
    assert await vault(api).write({}, None)
    assert not await vault(api).write({}, None)


async def test_a_secret_that_was_deleted_meanwhile_is_read_again():
    api = Api(hydra_webhook_ca=EMPTY)
    mine = vault(api)
    stored = await mine.read()
    del api.objects[NAME]

    assert not await mine.write({"ca.crt": b"pem"}, stored.version)
    assert await mine.read() is None


@pytest.mark.parametrize("verb", ["get", "update", "create"])
async def test_what_the_api_server_refuses_is_a_vault_error_that_says_so(verb):
    api = Api() if verb == "create" else Api(hydra_webhook_ca=EMPTY)
    mine = vault(api)
    stored = await mine.read()
    api.refused[verb] = "forbidden"

    with pytest.raises(certs.SecretStoreError, match=f"{verb} Secret hydra-system/hydra-webhook-ca: forbidden"):
        await (mine.read() if verb == "get" else mine.write({}, stored.version if stored else None))


async def test_a_namespace_that_is_not_there_is_a_vault_error():
    api = Api()
    api.refused["create"] = "not-found"
    with pytest.raises(certs.SecretStoreError, match="not-found"):
        await vault(api).write({}, None)


def test_a_fault_of_ours_is_in_the_log_with_its_traceback_and_for_probes_without():
    output = io.BytesIO()
    log, metrics = telemetry.make_log(output, "json"), telemetry.Metrics("test")
    certificate = Certificate(metrics, log)
    api = Api()
    ca_bundle = CaBundle(api, "hydra-webhook", metrics, log)
    authority = SharedAuthority(Options(), ClusterOptions(), api, ca_bundle, certificate, metrics, log)

    authority._report(certs.Notice("internal", "error", error=ValueError("x")))

    assert certificate.problems == ("error: certificate authority: internal",)
    assert b"ValueError: x" in output.getvalue()
