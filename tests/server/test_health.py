"""Probes and metrics on the plain port."""

import contextlib
import io

import pytest

from tests.server import wire
from webhook import server, telemetry


@contextlib.asynccontextmanager
async def health(*checks: server.Check, notes: tuple[str, ...] = ()):
    log, metrics = telemetry.make_log(io.BytesIO(), "json"), telemetry.Metrics("1.2.3")
    listener = server.Listener(server.HealthHandler(lambda: checks, lambda: notes, metrics), log)
    listener.bind("127.0.0.1", 0)
    await listener.listen()
    try:
        async with wire.connect(listener.port) as client:
            yield client
    finally:
        await listener.close(5)


GOOD = server.Check("certificate")
BAD = server.Check("configuration", "never read: hydra-agent")


async def test_the_server_is_alive_even_if_checks_fail():
    async with health(BAD) as client:
        answer = await client.ask(wire.get("/livez"))
    assert (answer.status, answer.body) == (200, b"ok\n")


async def test_the_server_is_ready_if_no_check_has_a_problem():
    async with health(GOOD) as client:
        answer = await client.ask(wire.get("/readyz"))
    assert (answer.status, answer.body) == (200, b"ok\n")


async def test_an_unready_server_names_the_check_and_its_problem():
    async with health(GOOD, BAD) as client:
        answer = await client.ask(wire.get("/readyz"))
    assert answer.status == 503
    assert answer.body.decode().splitlines() == [
        "[+]certificate ok",
        "[-]configuration failed: never read: hydra-agent",
        "readyz check failed",
    ]


async def test_verbose_lists_checks_and_notes():
    async with health(GOOD, notes=("warning: a.yaml:1:2: something",)) as client:
        answer = await client.ask(wire.get("/readyz?verbose"))
    assert answer.status == 200
    assert answer.body == b"[+]certificate ok\nreadyz check passed\nwarning: a.yaml:1:2: something\n"


async def test_a_warning_of_a_check_is_listed_and_does_not_fail_it():
    async with health(GOOD, server.Check("clock", warning="ahead")) as client:
        assert (await client.ask(wire.get("/readyz"))).body == b"ok\n"
        answer = await client.ask(wire.get("/readyz?verbose"))
    assert answer.body == b"[+]certificate ok\n[!]clock: ahead\nreadyz check passed\n"


METRICS = {
    "no wish": ("", "text/plain; version=0.0.4; charset=utf-8"),
    "a browser's": ("text/html,*/*", "text/plain; version=0.0.4; charset=utf-8"),
    "Prometheus'": (
        "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3",
        "application/openmetrics-text; version=1.0.0; charset=utf-8",
    ),
    "a broken version": ("application/openmetrics-text;version=x.y", "application/openmetrics-text; version=1.0.0"),
}


@pytest.mark.parametrize(("accept", "content_type"), METRICS.values(), ids=METRICS)
async def test_metrics_come_in_the_format_that_is_asked_for(accept, content_type):
    async with health() as client:
        answer = await client.ask(wire.get("/metrics", *([f"Accept: {accept}"] if accept else [])))
    assert answer.status == 200
    assert answer.headers["content-type"].startswith(content_type)
    assert b'hydra_webhook_build_info{python="' in answer.body
    assert b'version="1.2.3"' in answer.body


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [(wire.get("/"), 404), (wire.post(target="/livez"), 405), (wire.post(target="/mutate"), 404)],
    ids=["another path", "another method", "the path of the other port"],
)
async def test_a_bad_call_gets_a_status(request_bytes, status):
    async with health() as client:
        assert (await client.ask(request_bytes)).status == status


async def test_head_is_answered_without_a_body():
    async with health() as client:
        await client.send(wire.get("/livez", method="HEAD"))
        assert (await client.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
        assert (await client.ask(wire.get("/livez"))).status == 200
