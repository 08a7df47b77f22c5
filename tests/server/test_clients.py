"""Callers that must have a certificate: who is answered, and why somebody is not."""

import ssl

import pytest

import certs
from tests.server import answers, wire
from tests.server.client_certificates import ClientAuthority
from tests.server.test_app import review, serving, until
from webhook import app, server

AUTHORITY, OTHER = ClientAuthority(), ClientAuthority("others")


async def refused(served: answers.Served, context: ssl.SSLContext) -> bool:
    """Return whether the handshake fails; with TLS 1.3 a client learns that when it reads."""
    try:
        async with wire.connect(served.port, context=context) as client:
            await client.ask(wire.post())
    except (OSError, EOFError):
        return True
    return False


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_only_clients_whose_certificate_the_ca_has_signed_are_answered(tmp_path, version):
    async with answers.served(client_ca=AUTHORITY.pem) as served:
        known = AUTHORITY.context(tmp_path, served.ca_pem)
        unknown = OTHER.context(tmp_path, served.ca_pem)
        nameless = ssl.create_default_context(cadata=served.ca_pem.decode())
        for context in (known, unknown, nameless):
            context.minimum_version = context.maximum_version = version
        async with wire.connect(served.port, context=known) as client:
            assert (await client.ask(wire.post())).status == 200
        assert await refused(served, unknown)
        assert await refused(served, nameless)
        await until(lambda: served.events("handshake failed"))
        assert served.events("handshake failed")[0]["why"] == "CERTIFICATE_VERIFY_FAILED"


async def test_both_the_pair_and_the_ca_of_clients_can_be_replaced(tmp_path):
    async with answers.served(client_ca=AUTHORITY.pem) as served:
        pair, ca_pem = certs.self_signed(["localhost"], answers.datetime.now(answers.UTC), answers.timedelta(days=1))
        served.serving.replace(pair)
        assert await refused(served, OTHER.context(tmp_path, ca_pem))
        async with wire.connect(served.port, context=AUTHORITY.context(tmp_path, ca_pem)) as before:
            served.serving.replace_client_ca(OTHER.pem)
            async with wire.connect(served.port, context=OTHER.context(tmp_path, ca_pem)) as client:
                assert (await client.ask(wire.post())).status == 200
            assert await refused(served, AUTHORITY.context(tmp_path, ca_pem))
            assert (await before.ask(wire.post())).status == 200  # connections that exist go on
        served.serving.replace(answers.PAIR)
        assert await refused(served, AUTHORITY.context(tmp_path, served.ca_pem))


async def test_a_session_cannot_be_resumed_past_the_check(tmp_path):
    async with answers.served(client_ca=AUTHORITY.pem) as served:
        context = AUTHORITY.context(tmp_path, served.ca_pem)
        async with wire.connect(served.port, context=context) as client:
            assert (await client.ask(wire.post())).status == 200
            session = client.writer.get_extra_info("ssl_object").session
        assert session is None or not session.has_ticket


async def test_a_client_of_another_name_is_refused_with_a_line_that_says_so(tmp_path):
    async with answers.served(client_ca=AUTHORITY.pem, names=("kube-apiserver", "front")) as served:
        for name in ("front", "kube-apiserver"):
            async with wire.connect(served.port, context=AUTHORITY.context(tmp_path, served.ca_pem, name)) as client:
                assert (await client.ask(wire.post())).status == 200
        async with wire.connect(served.port, context=AUTHORITY.context(tmp_path, served.ca_pem, "kubelet")) as client:
            answer = await client.ask(wire.post())
            assert (answer.status, answer.headers["connection"]) == (403, "close")
        (line,) = served.events("client refused")
    assert answer.body.decode().strip() == line["why"]
    assert line["why"].startswith('the common name of the client certificate is "kubelet"')


@pytest.mark.parametrize(
    ("allowed", "certificate", "answered"),
    [
        ((), None, True),
        (("a",), {"subject": ((("commonName", "a"),),)}, True),
        (("a",), {"subject": ((("organizationName", "a"),), (("commonName", "b"),))}, False),
        (("a",), {"subject": ()}, False),
        (("a",), None, False),
    ],
)
def test_only_the_common_name_counts(allowed, certificate, answered):
    assert (server.ClientNames(allowed).refusal(certificate) == "") == answered


async def test_the_ca_of_clients_is_read_again_when_its_file_changes(tmp_path):
    path = tmp_path / "client-ca.crt"
    path.write_bytes(AUTHORITY.pem)
    async with serving(client_ca_file=path) as case:
        async with wire.connect(case.running.port, context=AUTHORITY.context(tmp_path, case.running.ca_pem)) as client:
            assert (await client.ask(wire.post(review("x")))).status == 200
        path.write_text("nothing")
        await until(lambda: case.events("client CA not loaded"))
        assert (
            "1 of its certificates cannot be read; the previous one stays"
            in (await case.get("/readyz?verbose")).body.decode()
        )
        async with wire.connect(case.running.port, context=AUTHORITY.context(tmp_path, case.running.ca_pem)) as client:
            assert (await client.ask(wire.post(review("x")))).status == 200
        path.write_bytes(OTHER.pem)
        await until(lambda: case.events("client CA loaded"))
        async with wire.connect(case.running.port, context=OTHER.context(tmp_path, case.running.ca_pem)) as client:
            assert (await client.ask(wire.post(review("x")))).status == 200
        assert "CA of clients" not in (await case.get("/readyz?verbose")).body.decode()
        assert (await case.get("/livez")).status == 200  # probes have no certificate


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (None, ": No such file or directory"),
        (b"", ": it holds no PEM certificate"),
        (AUTHORITY.pem.replace(b"MII", b"MIJ", 1), ": 1 of its certificates cannot be read"),
        (AUTHORITY.pem + AUTHORITY.issue("leaf")[0], " is not a CA's"),
    ],
    ids=["no file", "an empty file", "a damaged certificate", "a client's certificate"],
)
async def test_a_ca_of_clients_that_cannot_be_used_ends_the_start(tmp_path, content, cause):
    path = tmp_path / "client-ca.crt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(app.CannotStart) as caught:
        async with serving(client_ca_file=path):
            pass
    assert str(caught.value).startswith("cannot use --client-ca-file")
    assert str(path) in str(caught.value)
    assert cause in str(caught.value)
