"""Reviews over HTTP: each path has its own answer, requests are counted, and no internals leak."""

import io

from tests.server import answers, wire
from webhook import server, telemetry


async def test_each_path_has_an_answer_of_its_own():
    routes = {"/mutate": lambda _body, _started: b"{}", "/validate": lambda _body, _started: b"[]"}
    log, metrics = telemetry.make_log(io.BytesIO(), "json"), telemetry.Metrics("test")
    listener = server.Listener(server.ReviewHandler(routes, metrics, log), log)
    listener.bind("127.0.0.1", 0)
    await listener.listen()
    async with wire.connect(listener.port) as client:
        found = [await client.ask(wire.post(target=path)) for path in (*routes, "/else")]
    await listener.close(1)

    assert [(answer.status, answer.body) for answer in found[:2]] == [(200, b"{}"), (200, b"[]")]
    assert found[2].status == 404
    exposed = metrics.expose("")[0].decode()
    assert 'requests_total{code="200",webhook="/mutate"} 1.0' in exposed
    assert 'requests_total{code="200",webhook="/validate"} 1.0' in exposed


async def test_an_unexpected_error_is_answered_with_500_and_reveals_no_internals():
    def explode(_body: bytes, _started: float) -> bytes:
        raise RuntimeError("secret detail")

    async with answers.served(explode) as served, wire.connect(served.port, served.ca_pem) as client:
        answer = await client.ask(wire.post())

    assert answer.status == 500
    assert b"secret" not in answer.body
    assert b"Traceback" not in answer.body
    (line,) = served.lines
    assert line["error_id"] in answer.body.decode()
    assert "RuntimeError: secret detail" in line["traceback"]
    assert 'controller_runtime_webhook_requests_total{code="500",webhook="/mutate"} 1.0' in served.exposed()


async def test_the_server_keeps_serving_after_an_error():
    outcomes = iter([RuntimeError("once"), None])

    def explode_once(body: bytes, started: float) -> bytes:
        if error := next(outcomes):
            raise error
        return answers.admit(body, started)

    async with answers.served(explode_once) as served, wire.connect(served.port, served.ca_pem) as client:
        assert (await client.ask(wire.post())).status == 500
        assert (await client.ask(wire.post())).status == 200


async def test_requests_are_counted_by_status_and_timed():
    async with answers.served() as served, wire.connect(served.port, served.ca_pem) as client:
        for request in (wire.post(), wire.post(), wire.post(b"x"), wire.post(kind="text/plain"), wire.get("/else")):
            await client.ask(request)
        exposed = served.exposed()
    assert 'controller_runtime_webhook_requests_total{code="200",webhook="/mutate"} 2.0' in exposed
    assert 'controller_runtime_webhook_requests_total{code="400",webhook="/mutate"} 1.0' in exposed
    assert 'controller_runtime_webhook_requests_total{code="415",webhook="/mutate"} 1.0' in exposed
    assert 'controller_runtime_webhook_latency_seconds_count{webhook="/mutate"} 4.0' in exposed
    assert 'controller_runtime_webhook_requests_in_flight{webhook="/mutate"} 0.0' in exposed
