"""What the listener accepts in a TLS handshake."""

import ssl
import warnings

import pytest

from tests.server import answers, wire


def client_context() -> ssl.SSLContext:
    return ssl.create_default_context(cadata=answers.CA_PEM.decode())


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_current_tls_versions_are_accepted(version):
    context = client_context()
    context.minimum_version = context.maximum_version = version
    async with answers.served() as served, wire.connect(served.port, context=context) as client:
        assert (await client.ask(wire.post())).status == 200


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
async def test_older_tls_versions_are_refused(version):
    context = client_context()
    context.set_ciphers("ALL:@SECLEVEL=0")  # so that it is the server, not the client, that refuses
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    async with answers.served() as served:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            async with wire.connect(served.port, context=context) as client:
                await client.ask(wire.post())


async def test_http_1_1_is_chosen_even_when_h2_is_offered_first():
    context = client_context()
    context.set_alpn_protocols(["h2", "http/1.1"])
    async with answers.served() as served, wire.connect(served.port, context=context) as client:
        assert client.writer.get_extra_info("ssl_object").selected_alpn_protocol() == "http/1.1"


async def test_a_client_that_names_no_host_is_served():
    context = client_context()
    context.check_hostname = False  # ``open_connection`` sends no SNI for an address
    async with answers.served() as served:
        reader, writer = await wire.asyncio.open_connection("127.0.0.1", served.port, ssl=context, server_hostname="")
        client = wire.Wire(reader, writer)
        assert (await client.ask(wire.post())).status == 200
        writer.close()


async def test_a_client_that_trusts_another_authority_does_not_trust_us():
    async with answers.served() as served:
        with pytest.raises(ssl.SSLCertVerificationError):
            async with wire.connect(served.port, context=ssl.create_default_context()):
                pass


async def test_plain_http_on_the_tls_port_affects_no_other_client():
    async with answers.served() as served:
        async with wire.connect(served.port) as client:
            await client.send(wire.post())
            await client.ended()
        async with wire.connect(served.port, served.ca_pem) as client:
            assert (await client.ask(wire.post())).status == 200
