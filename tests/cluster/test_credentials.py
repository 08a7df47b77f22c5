"""Every usual way to authenticate, against a server that listens; no key reaches the disk."""

import asyncio
import base64
import contextlib
import email.utils
import gc
import json
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvloop

from certs import pki
from tests.cluster.apiserver import AGENT, FIRST_VERSION, ApiServer, Fault, answer, begin, kubeconfig
from webhook import cluster
from webhook.cluster import credentials

PLUGIN = """
import json, pathlib, sys
folder = pathlib.Path(sys.argv[1])
(folder / "runs").open("a").write("x")
print((folder / "answer").read_text())
"""


@pytest.fixture(scope="module")
def authority():
    return pki.make_authority(datetime.now(UTC), timedelta(days=1))


@pytest.fixture(scope="module")
def other_authority():
    return pki.make_authority(datetime.now(UTC), timedelta(days=1))


def serving_context(
    authority: pki.Pair, folder: Path, host: str = "127.0.0.1", now: datetime | None = None
) -> ssl.SSLContext:
    pair = pki.issue(authority, [host], now or datetime.now(UTC), timedelta(hours=1))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    (folder / "server.pem").write_bytes(pair.certificate_pem + pair.key_pem)
    context.load_cert_chain(folder / "server.pem")
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_verify_locations(cadata=authority.certificate_pem.decode())
    return context


@pytest.fixture
async def tls_server(clock, authority, tmp_path):
    async with ApiServer(clock, serving_context(authority, tmp_path)) as running:
        await running.put("one")
        yield running


def accept_and_stall(listening: socket.socket, context: ssl.SSLContext, received: threading.Event) -> bool:
    """Send half an answer, then nothing, not even the end of TLS; return whether the client closed the connection."""
    with context.wrap_socket(listening.accept()[0], server_side=True) as connection:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
        received.set()
        with socket.socket(fileno=connection.detach()) as plain:  # so that nothing answers the end of TLS
            plain.settimeout(10)
            try:
                while plain.recv(65536):
                    pass
            except ConnectionError:
                return True
            except TimeoutError:
                return False
            return True


async def closed_while_asking(path: Path, listening: socket.socket, context: ssl.SSLContext) -> bool:
    client = cluster.Client(path)
    received = threading.Event()
    stalling = asyncio.create_task(asyncio.to_thread(accept_and_stall, listening, context, received))
    asking = asyncio.create_task(client.get(AGENT))
    await asyncio.to_thread(received.wait)
    asking.cancel()
    await asyncio.wait([asking])
    await client.close()
    return await stalling


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_closing_does_not_wait_for_a_silent_server(authority, tmp_path, run):
    context = serving_context(authority, tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"https://127.0.0.1:{listening.getsockname()[1]}"
        path = kubeconfig(tmp_path, url, trusting(authority))

        assert run(closed_while_asking(path, listening, context))


@pytest.fixture(autouse=True)
def _no_temporary_files(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("a temporary file")

    for name in ("mkstemp", "NamedTemporaryFile", "TemporaryFile", "mkdtemp"):
        monkeypatch.setattr(tempfile, name, refuse)


def inline(pem: bytes) -> str:
    return base64.b64encode(pem).decode()


def trusting(authority: pki.Pair) -> dict[str, str]:
    return {"certificate-authority-data": inline(authority.certificate_pem)}


async def asked(path, server: ApiServer):
    """Get the object with a new client; return the request as the server received it."""
    client = cluster.Client(path)
    try:
        assert (await client.get(AGENT))["data"] == {"text": "one"}
    finally:
        await client.close()
    return server.requests[-1]


USERS = {
    "a token": ({"token": "t0k3n"}, "Bearer t0k3n"),
    "a token file that ends in a newline": ({"tokenFile": "token"}, "Bearer from-file"),
    "a password": ({"username": "me", "password": "pw"}, "Basic bWU6cHc="),
    "nothing": ({}, None),
}


@pytest.mark.parametrize(("user", "expected"), USERS.values(), ids=USERS)
async def test_the_header_has_the_credentials(tls_server, authority, tmp_path, user, expected):
    (tmp_path / "token").write_text("from-file\n")
    request = await asked(kubeconfig(tmp_path, tls_server.url, trusting(authority), user), tls_server)
    assert request.headers.get("authorization") == expected
    assert request.headers["user-agent"].startswith("hydra-webhook/")


async def test_a_client_certificate_may_be_inline(tls_server, authority, tmp_path):
    user = {
        "client-certificate-data": inline(authority.certificate_pem),
        "client-key-data": inline(authority.key_pem),
    }
    request = await asked(kubeconfig(tmp_path, tls_server.url, trusting(authority), user), tls_server)
    assert request.client_certificate


async def test_certificates_may_be_in_files_beside_the_kubeconfig(tls_server, authority, tmp_path):
    (tmp_path / "tls.crt").write_bytes(authority.certificate_pem)
    (tmp_path / "tls.key").write_bytes(authority.key_pem)
    user = {"client-certificate": "tls.crt", "client-key": "tls.key"}
    request = await asked(kubeconfig(tmp_path, tls_server.url, {"certificate-authority": "tls.crt"}, user), tls_server)
    assert request.client_certificate


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_no_descriptor_is_left_open_after_reading(authority, tmp_path):
    user = {
        "client-certificate-data": inline(authority.certificate_pem),
        "client-key-data": inline(authority.key_pem),
    }
    path = kubeconfig(tmp_path, "https://127.0.0.1:1", trusting(authority), user)
    await credentials.read(cluster.Kubeconfig((path,)))
    before = open_files()
    await credentials.read(cluster.Kubeconfig((path,)))
    assert open_files() == before


async def test_a_server_of_another_authority_is_trusted_once_the_file_has_that_authority(
    tls_server, authority, other_authority, tmp_path
):
    client = cluster.Client(kubeconfig(tmp_path, tls_server.url, trusting(other_authority)))
    try:
        with pytest.raises(cluster.ApiError, match="certificate verify failed") as caught:
            await client.get(AGENT)
        assert caught.value.code == "unreachable"
        kubeconfig(tmp_path, tls_server.url, trusting(authority))
        assert await client.get(AGENT)
    finally:
        await client.close()


async def test_verification_may_be_disabled(tls_server, tmp_path):
    await asked(kubeconfig(tmp_path, tls_server.url, {"insecure-skip-tls-verify": True}), tls_server)


async def test_the_servers_certificate_may_have_another_name(clock, authority, tmp_path):
    async with ApiServer(clock, serving_context(authority, tmp_path, "kubernetes.example")) as server:
        await server.put("one")
        trusted = {**trusting(authority), "tls-server-name": "kubernetes.example"}
        await asked(kubeconfig(tmp_path, server.url, trusted), server)
        with pytest.raises(cluster.ApiError, match=r"not valid for '127\.0\.0\.1'"):
            await asked(kubeconfig(tmp_path, server.url, trusting(authority)), server)


@pytest.fixture
def plugin(tmp_path):
    """Return a function that returns the user of a kubeconfig whose plugin answers with a given status."""
    (tmp_path / "plugin.py").write_text(PLUGIN)

    def answering(status) -> dict:
        version = "client.authentication.k8s.io/v1"
        answer = {"apiVersion": version, "kind": "ExecCredential", "status": status}
        (tmp_path / "answer").write_text(json.dumps(answer))
        command = {"command": sys.executable, "args": [str(tmp_path / "plugin.py"), str(tmp_path)]}
        return {"exec": {"apiVersion": version, **command}}

    return answering


async def test_a_plugin_may_give_a_token(tls_server, authority, tmp_path, plugin):
    request = await asked(
        kubeconfig(tmp_path, tls_server.url, trusting(authority), plugin({"token": "t0k3n"})), tls_server
    )
    assert request.headers["authorization"] == "Bearer t0k3n"


async def test_a_plugin_may_give_a_certificate(tls_server, authority, tmp_path, plugin):
    pair = {
        "clientCertificateData": authority.certificate_pem.decode(),
        "clientKeyData": authority.key_pem.decode(),
    }
    request = await asked(kubeconfig(tmp_path, tls_server.url, trusting(authority), plugin(pair)), tls_server)
    assert request.client_certificate


@pytest.mark.parametrize("status", [None, {}, {"token": ""}, {"clientCertificateData": "x"}])
async def test_a_plugin_without_a_usable_answer_is_an_error(tmp_path, plugin, status):
    client = cluster.Client(kubeconfig(tmp_path, "https://127.0.0.1:1", user=plugin(status)))
    with pytest.raises(cluster.ApiError, match="exec: the plugin returned") as caught:
        await client.get(AGENT)
    await client.close()
    assert caught.value.code == "credentials"


async def test_a_plugin_is_run_again_when_its_token_has_expired_or_is_refused(server, tmp_path, plugin):
    def runs() -> int:
        return len((tmp_path / "runs").read_text())

    def stamp(ahead: float) -> str:
        return datetime.fromtimestamp(time.time() + ahead, UTC).isoformat().replace("+00:00", "Z")

    await server.put("one")
    client = cluster.Client(
        kubeconfig(tmp_path, server.url, user=plugin({"token": "a", "expirationTimestamp": stamp(-1)}))
    )
    try:
        await client.get(AGENT)
        plugin({"token": "b", "expirationTimestamp": stamp(3600)})
        await client.get(AGENT)
        await client.get(AGENT)
        assert (runs(), server.requests[-1].headers["authorization"]) == (2, "Bearer b")
        server.required_authorization = "Bearer c"
        plugin({"token": "c"})
        with pytest.raises(cluster.ApiError, match="401: Unauthorized"):
            await client.get(AGENT)
        await client.get(AGENT)
        assert runs() == 3
    finally:
        await client.close()


async def test_a_token_expires_by_the_clock_of_the_server(server, tmp_path, plugin):
    """A machine whose clock is fast must not run the plugin for every request."""
    await server.put("one")
    expiry = (datetime.now(UTC) + timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    clock = cluster.ServerClock(wall=lambda: time.time() + 24 * 3600)
    user = plugin({"token": "a", "expirationTimestamp": expiry})
    client = cluster.Client(kubeconfig(tmp_path, server.url, user=user), clock=clock)
    server.script.append(answer(200, server.state, Date=email.utils.formatdate(usegmt=True)))
    for _ in range(3):
        await client.get(AGENT)
    await client.close()
    assert len((tmp_path / "runs").read_text()) == 1


@pytest.mark.parametrize(
    ("issued", "why"),
    [(timedelta(days=-2), "certificate has expired"), (timedelta(days=2), "certificate is not yet valid")],
    ids=["expired", "not valid yet"],
)
async def test_a_certificate_outside_its_validity_raises_a_doubt_about_the_clock(clock, tmp_path, issued, why):
    now = datetime.now(UTC)
    lasting = pki.make_authority(now - timedelta(days=3), timedelta(days=9))
    async with ApiServer(clock, serving_context(lasting, tmp_path, now=now + issued)) as running:
        client = cluster.Client(kubeconfig(tmp_path, running.url, trusting(lasting)))
        with pytest.raises(cluster.ApiError, match=why) as caught:
            await client.get(AGENT)
        await client.close()
    assert "by this machine's clock: if that is wrong, set the clock" in str(caught.value)


async def test_credentials_are_read_again_after_a_failed_verification(tls_server, other_authority, tmp_path, plugin):
    user = plugin({"token": "t0k3n"})
    client = cluster.Client(kubeconfig(tmp_path, tls_server.url, trusting(other_authority), user))
    for _ in range(2):
        with pytest.raises(cluster.ApiError, match="certificate verify failed"):
            await client.get(AGENT)
    await client.close()
    assert (tmp_path / "runs").read_text() == "xx"


async def test_requests_during_a_slow_plugin_wait_for_the_same_run(server, tmp_path, plugin):
    await server.put("one")
    user = plugin({"token": "t0k3n"})
    script = tmp_path / "plugin.py"
    script.write_text(
        f"import pathlib, time\nwhile not pathlib.Path({str(tmp_path / 'go')!r}).exists(): time.sleep(0.01)\n{PLUGIN}"
    )
    client = cluster.Client(kubeconfig(tmp_path, server.url, user=user), deadlines=cluster.Deadlines(answer=0.1))
    try:
        for _ in range(3):
            with pytest.raises(cluster.ApiError, match="the credentials were not ready in time") as caught:
                await client.get(AGENT)
            assert caught.value.code == "timeout"
        (tmp_path / "go").touch()
        async with asyncio.timeout(60):
            while not server.requests:
                with contextlib.suppress(cluster.ApiError):
                    await client.get(AGENT)
        assert (tmp_path / "runs").read_text() == "x"
    finally:
        await client.close()


def test_importing_the_room_does_not_import_the_library():
    check = "import sys, webhook.cluster; sys.exit('kubernetes_asyncio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


UNUSABLE = {
    "a plugin that does not exist": (
        {"exec": {"apiVersion": "v1", "command": "/no/such"}},
        "No such file or directory",
    ),
    "a plugin that fails": (
        {"exec": {"apiVersion": "v1", "command": sys.executable, "args": ["-c", "raise SystemExit('no login')"]}},
        "exec: process returned 1. no login",
    ),
    "a plugin without a version": ({"exec": {"command": "x"}}, "malformed request. missing key 'apiVersion'"),
    "a token file that does not exist": ({"tokenFile": "/no/such"}, "No such file or directory"),
    "an invalid key": ({"client-certificate-data": "eA==", "client-key-data": "eA=="}, "PEM"),
}


@pytest.mark.parametrize(("user", "message"), UNUSABLE.values(), ids=UNUSABLE)
async def test_the_error_for_unusable_credentials_names_the_kubeconfig(tmp_path, user, message):
    path = kubeconfig(tmp_path, "https://127.0.0.1:1", user=user)
    client = cluster.Client(path)
    with pytest.raises(cluster.ApiError) as caught:
        await client.get(AGENT)
    await client.close()
    assert caught.value.code == "credentials"
    text = str(caught.value)
    assert text.startswith(f"get ConfigMap hydra-system/hydra-agent: kubeconfig {path}: ")
    assert message in text


@pytest.mark.parametrize(
    ("text", "message"), [(None, ": No such file or directory"), ("{", ": is not valid YAML, line 1")]
)
async def test_a_missing_or_invalid_kubeconfig_is_named(tmp_path, text, message):
    path = tmp_path / "kubeconfig"
    if text is not None:
        path.write_text(text)
    client = cluster.Client(path)
    with pytest.raises(cluster.ApiError) as caught:
        await client.get(AGENT)
    await client.close()
    assert caught.value.code == "credentials"
    assert f"{path}{message}" in str(caught.value)


async def test_an_encrypted_key_is_refused_without_asking_for_its_password(tls_server, authority, tmp_path):
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - for this test alone

    key = serialization.load_pem_private_key(authority.key_pem, None)
    encrypted = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"password"),
    )
    user = {"client-certificate-data": inline(authority.certificate_pem), "client-key-data": inline(encrypted)}
    client = cluster.Client(kubeconfig(tmp_path, tls_server.url, trusting(authority), user))
    with pytest.raises(cluster.ApiError, match="kubeconfig"):
        await client.get(AGENT)
    await client.close()


@pytest.fixture
def pod(monkeypatch, tls_server, authority, tmp_path):
    """A pod's file system and environment."""
    (tmp_path / "token").write_text("t0k3n")
    (tmp_path / "ca.crt").write_bytes(authority.certificate_pem)
    monkeypatch.setattr(credentials, "SERVICE_ACCOUNT", tmp_path)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(tls_server.port))
    return tmp_path


def test_a_pod_is_recognized_by_its_environment_and_token(pod, monkeypatch):
    assert cluster.in_cluster()
    (pod / "token").unlink()
    assert not cluster.in_cluster()
    (pod / "token").touch()
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST")
    assert not cluster.in_cluster()


async def test_a_pod_needs_no_kubeconfig_and_uses_its_rotated_token(pod, tls_server, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    client = cluster.Client(None)
    try:
        await client.get(AGENT)
        (pod / "new").write_text("r0tat3d")
        (pod / "new").replace(pod / "token")
        await client.get(AGENT)
    finally:
        await client.close()
    assert [request.headers["authorization"] for request in tls_server.requests] == ["Bearer t0k3n", "Bearer r0tat3d"]


async def test_a_pod_without_a_service_account_is_an_error(pod):
    (pod / "ca.crt").unlink()
    client = cluster.Client(None)
    with pytest.raises(
        cluster.ApiError, match=f"get {AGENT.human}: service account of this pod: Service certification file"
    ):
        await client.get(AGENT)
    await client.close()


async def test_a_proxy_of_the_environment_is_used_with_a_kubeconfig(server, monkeypatch, tmp_path):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert (
        await credentials.read(cluster.Kubeconfig((kubeconfig(tmp_path, server.url),)))
    ).proxy == "http://127.0.0.1:1"
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert (await credentials.read(cluster.Kubeconfig((kubeconfig(tmp_path, server.url),)))).proxy is None


async def test_repr_shows_no_secret(tmp_path):
    read = await credentials.read(
        cluster.Kubeconfig((kubeconfig(tmp_path, "http://127.0.0.1:1", user={"token": "t0k3n"}),))
    )
    assert "t0k3n" not in repr(read)


async def test_a_server_that_does_not_answer_the_end_of_tls_does_not_keep_the_event_loop_open(
    tls_server, authority, tmp_path
):
    async def deaf(_server, _request, writer) -> None:
        begin(writer)
        await writer.drain()
        writer.transport.pause_reading()
        await gone.wait()
        writer.transport.abort()

    async def watch_and_close() -> None:
        client = cluster.Client(kubeconfig(tmp_path, tls_server.url, trusting(authority)))
        async with client.watch(AGENT.alone, str(FIRST_VERSION), 30):
            pass
        await client.close()

    gone = asyncio.Event()
    tls_server.script.append(Fault("deaf", deaf))
    # If a connection is left, closing uvloop fails or never ends.
    ending = threading.Thread(target=uvloop.run, args=(watch_and_close(),), daemon=True)
    ending.start()
    await asyncio.to_thread(ending.join, 30)
    gone.set()
    assert not ending.is_alive()
    gc.collect()  # a connection that was left warns here, too
