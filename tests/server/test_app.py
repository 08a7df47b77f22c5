"""The whole server in this process: configuration and certificate files, readiness, drain."""

import asyncio
import contextlib
import io
import json
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import certs
from tests.server import wire
from webhook import app, server, telemetry

TEMPLATES = "templates: [{runtime: %s, podTemplate: {containerTemplate: {commandTemplate: [serve]}}}]\n"
AGENT = "deployment_templates: [{container_template: {image: registry.example/engine:1}}]\n"


def review(runtime: str) -> bytes:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "bare", "labels": {"hydra.io/runtime": runtime, "hydra.io/model-id": "m"}},
        "spec": {"containers": [{"name": "main", "image": "auto"}]},
    }
    request = {
        "uid": "u-1",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "name": "bare",
        "namespace": "default",
        "operation": "CREATE",
        "userInfo": {},
        "object": pod,
    }
    return json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}).encode()


class Case:
    """A running server and real connections to it."""

    def __init__(self, running: app.Running, output: io.BytesIO) -> None:
        self.running = running
        self.output = output

    async def allowed(self, runtime: str) -> bool:
        async with wire.connect(self.running.port, self.running.ca_pem) as client:
            answer = await client.ask(wire.post(review(runtime)))
        return json.loads(answer.body)["response"]["allowed"]

    async def get(self, target: str) -> wire.Answer:
        async with wire.connect(self.running.health_port) as client:
            return await client.ask(wire.get(target))

    def events(self, name: str) -> list[dict]:
        return [line for line in map(json.loads, self.output.getvalue().splitlines()) if line["event"] == name]


@contextlib.asynccontextmanager
async def serving(**options):
    output = io.BytesIO()
    log = telemetry.make_log(output, "json")
    async with app.serving(app.Options(host="127.0.0.1", port=0, health_port=0, **options), log) as running:
        yield Case(running, output)


async def until(condition) -> None:
    """Wait for a condition, which may be asynchronous. The limit of a minute is for machines under load."""
    async with asyncio.timeout(60):
        while True:
            value = condition()
            if await value if asyncio.iscoroutine(value) else value:
                return
            await asyncio.sleep(0.02)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    (tmp_path / "templates.yaml").write_text(TEMPLATES % "one")
    (tmp_path / "agent.yaml").write_text(AGENT)
    return {"templates": tmp_path / "templates.yaml", "agent": tmp_path / "agent.yaml"}


def write_pair(folder: Path, serial_of: list[str], *, key_of_another: bool = False) -> bytes:
    pair, ca_pem = certs.self_signed(["localhost"], datetime.now(UTC), timedelta(days=1))
    other, _ = certs.self_signed(["localhost"], datetime.now(UTC), timedelta(days=1))
    (folder / "tls.crt").write_bytes(pair.certificate_pem)
    (folder / "tls.key").write_bytes((other if key_of_another else pair).key_pem)
    serial_of.append(pair.serial)
    return ca_pem


async def test_without_any_file_the_embedded_default_is_served_and_ready():
    async with serving() as case:
        assert (await case.get("/readyz")).status == 200
        assert {line["config_kind"] for line in case.events("configuration loaded")} == {"templates", "agent"}


async def test_files_are_served_and_their_changes_take_effect(files):
    async with serving(**files) as case:
        assert await case.allowed("one")
        assert not await case.allowed("two")
        files["templates"].write_text(TEMPLATES % "two")
        await until(lambda: case.allowed("two"))


async def test_a_broken_file_is_reported_and_the_last_good_version_stays_in_use(files):
    async with serving(**files) as case:
        files["templates"].write_text("templates: [\n")
        await until(lambda: case.events("configuration problem"))
        assert await case.allowed("one")
        ready = await case.get("/readyz?verbose")
        assert ready.status == 200
        assert f"error: {files['templates']}:" in ready.body.decode()
        metrics = (await case.get("/metrics")).body.decode().splitlines()
        assert 'hydra_webhook_configuration_problems{config_kind="templates",severity="error"} 1.0' in metrics


async def test_a_file_that_disappears_is_reported_and_is_read_again_when_it_is_back(files):
    async with serving(**files) as case:
        files["templates"].unlink()
        await until(lambda: case.events("configuration unreadable"))
        assert await case.allowed("one")
        assert "No such file" in (await case.get("/readyz?verbose")).body.decode()
        metrics = (await case.get("/metrics")).body.decode()
        assert 'hydra_webhook_configuration_problems{config_kind="templates",severity="error"} 1.0' in metrics
        files["templates"].write_text(TEMPLATES % "two")
        await until(lambda: case.allowed("two"))
        await until(lambda: not case.running.configuration.problems)


async def test_files_are_still_watched_after_one_has_triggered_a_bug(files, monkeypatch):
    async with serving(**files) as case:
        store = case.running.configuration.store
        monkeypatch.setattr(type(store), "update", lambda *_: 1 / 0)
        files["templates"].write_text(TEMPLATES % "two")
        await until(lambda: case.events("configuration unreadable"))
        monkeypatch.undo()
        files["templates"].write_text(TEMPLATES % "three")
        await until(lambda: case.allowed("three"))


async def test_a_file_that_is_not_utf_8_at_startup_is_reported_with_the_position(files):
    files["templates"].write_bytes(b"templates: \xff")
    async with serving(**files) as case:
        ready = await case.get("/readyz")
        assert ready.status == 503
        assert f"{files['templates']}:1:12: not valid UTF-8" in ready.body.decode()


async def test_a_file_that_is_not_utf_8_changes_nothing(files):
    async with serving(**files) as case:
        files["templates"].write_bytes(b"templates: \xff")
        await until(lambda: case.events("configuration refused"))
        assert await case.allowed("one")


async def test_metrics_show_when_a_configuration_was_loaded_and_when_the_certificate_expires():
    async with serving() as case:
        lines = (await case.get("/metrics")).body.decode().splitlines()
    values = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    now = datetime.now(UTC).timestamp()
    assert 0 <= float(values['hydra_webhook_configuration_age_seconds{config_kind="agent"}']) < now
    assert 0 < float(values['hydra_webhook_configuration_last_load_timestamp_seconds{config_kind="agent"}']) <= now
    assert float(values["hydra_webhook_certificate_expiry_timestamp_seconds"]) > now


async def test_draining_fails_readiness_and_closes_connections_but_answers():
    async with serving() as case, wire.connect(case.running.port, case.running.ca_pem) as client:
        assert "connection" not in (await client.ask(wire.post(review("x")))).headers
        case.running.drain()
        ready = await case.get("/readyz")
        assert ready.status == 503
        assert b"[-]serving failed: draining" in ready.body
        assert (await case.get("/livez")).status == 200
        answer = await client.ask(wire.post(review("x")))
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        assert await client.ended()
        async with wire.connect(case.running.port, case.running.ca_pem) as late:
            assert (await late.ask(wire.post(review("x")))).status == 200


async def test_a_request_in_flight_when_the_server_stops_is_answered():
    request = wire.post(review("x"))
    stack = contextlib.AsyncExitStack()
    case = await stack.enter_async_context(serving())
    async with wire.connect(case.running.port, case.running.ca_pem) as client:
        await client.send(request[:-10])
        in_flight = 'controller_runtime_webhook_requests_in_flight{webhook="/mutate"} 1.0'
        await until(lambda: in_flight in case.running.reports.metrics.expose("")[0].decode())
        case.running.drain()
        stopping = asyncio.create_task(stack.aclose())
        await until(lambda: refuses(case.running.port))
        answer = await client.ask(request[-10:])
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        await stopping


async def refuses(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return True
    writer.close()
    return False


async def test_certificates_are_replaced_when_their_files_change(tmp_path):
    serials: list[str] = []
    old_ca = write_pair(tmp_path, serials)
    async with serving(cert_dir=tmp_path) as case, wire.connect(case.running.port, old_ca) as before:
        new_ca = write_pair(tmp_path, serials)
        await until(lambda: [line["serial"] for line in case.events("certificate loaded")] == serials)
        async with wire.connect(case.running.port, new_ca) as client:
            assert (await client.ask(wire.post(review("x")))).status == 200
        with pytest.raises(ssl.SSLCertVerificationError):
            async with wire.connect(case.running.port, old_ca):
                pass
        assert (await before.ask(wire.post(review("x")))).status == 200  # existing connections keep theirs


async def test_a_pair_that_does_not_match_is_reported_and_the_previous_one_stays_in_use(tmp_path):
    serials: list[str] = []
    ca_pem = write_pair(tmp_path, serials)
    async with serving(cert_dir=tmp_path) as case:
        write_pair(tmp_path, [], key_of_another=True)
        await until(lambda: case.events("certificate not loaded"))
        async with wire.connect(case.running.port, ca_pem) as client:
            assert (await client.ask(wire.post(review("x")))).status == 200
        assert "does not belong to the certificate" in (await case.get("/readyz?verbose")).body.decode()
        good_ca = write_pair(tmp_path, serials)
        await until(lambda: len(case.events("certificate loaded")) == 2)
        async with wire.connect(case.running.port, good_ca) as client:
            assert (await client.ask(wire.post(review("x")))).status == 200
        assert "does not belong" not in (await case.get("/readyz?verbose")).body.decode()


async def test_certificates_are_still_watched_after_one_has_triggered_a_bug(tmp_path, monkeypatch):
    ca_pem = write_pair(tmp_path, [])
    async with serving(cert_dir=tmp_path) as case:
        monkeypatch.setattr(certs.ServingContext, "replace", lambda *_: 1 / 0)
        write_pair(tmp_path, [])
        await until(lambda: case.events("certificate not loaded"))
        async with wire.connect(case.running.port, ca_pem) as client:
            assert (await client.ask(wire.post(review("x")))).status == 200
        monkeypatch.undo()
        write_pair(tmp_path, [])
        await until(lambda: len(case.events("certificate loaded")) == 2)


async def test_a_certificate_that_expires_while_serving_makes_the_server_unready(tmp_path, monkeypatch):
    write_pair(tmp_path, [])
    async with serving(cert_dir=tmp_path) as case:
        pair = case.running.certificate.serving.pair
        monkeypatch.setattr(type(case.running.certificate.serving), "pair", expired(pair))
        ready = await case.get("/readyz")
    assert ready.status == 503
    assert b"[-]certificate failed: expired at " in ready.body


async def test_a_server_whose_certificate_is_not_valid_yet_starts_and_serves_from_its_time_on(tmp_path, monkeypatch):
    now = datetime.now(UTC)
    monkeypatch.setattr("webhook.app.clock.Clock.now", lambda _: now)
    pair, ca_pem = certs.self_signed(["localhost"], now + timedelta(hours=1), timedelta(days=1))
    (tmp_path / "tls.crt").write_bytes(pair.certificate_pem)
    (tmp_path / "tls.key").write_bytes(pair.key_pem)
    async with serving(cert_dir=tmp_path) as case:
        ready = await case.get("/readyz")
        assert ready.status == 503
        assert f"the next one is valid from {pair.not_before.isoformat()} on" in ready.body.decode()
        now += timedelta(hours=1)
        # The handshake goes by the real time, at which the certificate is not valid yet.
        await until(lambda: case.events("serving"))
        assert (await case.get("/readyz")).status == 200
        with pytest.raises(ssl.SSLCertVerificationError, match="not yet valid"):
            async with wire.connect(case.running.port, ca_pem):
                pass


def expired(pair: certs.Pair) -> certs.Pair:
    return certs.Pair(pair.certificate_pem, pair.key_pem, pair.not_before, datetime.now(UTC), pair.names, pair.serial)


async def test_the_authority_of_a_self_signed_pair_is_written_for_clients(tmp_path):
    async with serving(ca_file=tmp_path / "ca.pem", cert_hosts=("webhook.hydra.svc",)) as case:
        assert (tmp_path / "ca.pem").read_bytes() == case.running.ca_pem
        assert [file.name for file in tmp_path.iterdir()] == ["ca.pem"]
        (loaded,) = case.events("certificate loaded")
        assert loaded["names"] == ["localhost", "webhook.hydra.svc", "127.0.0.1", "::1"]


async def test_an_empty_host_listens_on_every_address():
    log = telemetry.make_log(io.BytesIO(), "json")
    async with (
        app.serving(app.Options(port=0, health_port=0), log) as running,
        wire.connect(running.health_port) as client,
    ):
        assert (await client.ask(wire.get("/livez"))).status == 200


async def test_an_address_in_use_is_reported_in_one_line():
    async with serving() as case:
        with pytest.raises(app.CannotStart) as caught:
            async with app.serving(
                app.Options(host="127.0.0.1", port=0, health_port=case.running.health_port),
                telemetry.make_log(io.BytesIO(), "json"),
            ):
                pass
    assert str(caught.value) == f"cannot listen on 127.0.0.1:{case.running.health_port}: Address already in use"


async def test_if_two_listeners_bind_the_same_port_the_later_one_to_listen_fails_with_a_clear_error():
    log = telemetry.make_log(io.BytesIO(), "json")

    async def handle(_: object) -> None:
        raise AssertionError("no request is sent")

    first, second = server.Listener(handle, log), server.Listener(handle, log)
    first.bind("127.0.0.1", 0)
    second.bind("127.0.0.1", first.port)
    await first.listen()
    with pytest.raises(OSError, match="Address already in use"):
        await second.listen()
    await second.close(0)
    await first.close(0)


async def test_a_host_that_cannot_be_resolved_is_reported_in_one_line():
    with pytest.raises(app.CannotStart) as caught:
        async with app.serving(app.Options(host="no.such.host.invalid"), telemetry.make_log(io.BytesIO(), "json")):
            pass
    assert str(caught.value).startswith("cannot listen on no.such.host.invalid:9443: ")
    assert "Unknown error" not in str(caught.value)


def no_templates(folder: Path) -> tuple[dict, str]:
    return {"templates": folder / "absent.yaml"}, "cannot read the configuration: {0}/absent.yaml: No such file"


def a_folder_for_a_file(folder: Path) -> tuple[dict, str]:
    return {"agent": folder}, "cannot read the configuration: {0}: is not a regular file"


def no_certificate(folder: Path) -> tuple[dict, str]:
    return {"cert_dir": folder}, "cannot use the certificate: {0}/tls.crt: No such file"


def a_pair_that_does_not_match(folder: Path) -> tuple[dict, str]:
    write_pair(folder, [], key_of_another=True)
    return {"cert_dir": folder}, "cannot use the certificate: the private key does not belong to the certificate"


def a_ca_file_without_self_signing(folder: Path) -> tuple[dict, str]:
    write_pair(folder, [])
    return {"cert_dir": folder, "ca_file": folder / "ca.pem"}, "the CA can be written to a file only if"


def a_ca_file_in_no_folder(folder: Path) -> tuple[dict, str]:
    return {"ca_file": folder / "absent" / "ca.pem"}, "cannot write the CA to {0}/absent/ca.pem: No such file"


async def test_a_ca_that_cannot_be_written_leaves_no_draft(tmp_path):
    (tmp_path / "ca.pem" / "folder").mkdir(parents=True)  # so renaming fails, after the draft was written
    with pytest.raises(app.CannotStart, match="cannot write the CA"):
        async with serving(ca_file=tmp_path / "ca.pem"):
            pass
    assert [path.name for path in tmp_path.iterdir()] == ["ca.pem"]


@pytest.mark.parametrize(
    "make",
    [
        no_templates,
        a_folder_for_a_file,
        no_certificate,
        a_pair_that_does_not_match,
        a_ca_file_without_self_signing,
        a_ca_file_in_no_folder,
    ],
)
async def test_a_failed_start_is_explained_in_one_line(make, tmp_path):
    options, message = make(tmp_path)
    with pytest.raises(app.CannotStart) as caught:
        async with serving(**options):
            pass
    assert str(caught.value).startswith(message.format(tmp_path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("remember_mib", "hits"), [(16, 1), (0, 0)])
async def test_the_like_of_a_pod_gets_a_remembered_verdict_unless_that_is_off(files, remember_mib, hits):
    async with serving(remember_mib=remember_mib, **files) as case:
        assert [await case.allowed("one") for _ in range(3)] == [True] * 3
        metrics = (await case.get("/metrics")).body.decode()

    assert f'hydra_webhook_remembered_verdicts_total{{result="hit"}} {hits}.0' in metrics
    assert f'hydra_webhook_remembered_verdicts_total{{result="miss"}} {2.0 if hits else 0.0}' in metrics
    assert len(case.events("admission")) == 3
