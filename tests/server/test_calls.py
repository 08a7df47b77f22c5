"""Bad calls get an HTTP status and one plain line (contract section 11, last row)."""

import gzip

import pytest

from tests.server import answers, wire
from webhook import server

BAD_CALLS = {
    "not JSON": (wire.post(b"not json"), 400, "the body is not JSON"),
    "an empty body": (wire.post(b""), 400, "the body is not JSON"),
    "no content type": (wire.post(kind=""), 415, "Content-Type must be application/json"),
    "another content type": (wire.post(kind="application/yaml"), 415, "Content-Type must be application/json"),
    "a longer content type": (wire.post(kind="application/jsonl"), 415, "Content-Type must be application/json"),
    "a compressed body": (wire.post(gzip.compress(b"{}"), "Content-Encoding: gzip"), 415, "Content-Encoding"),
    "an identity encoding": (wire.post(b"{}", "Content-Encoding: identity"), 415, "Content-Encoding"),
    "GET": (wire.get("/mutate"), 405, "accepts only POST"),
    "PUT": (wire.get("/mutate", "Content-Length: 0", method="PUT"), 405, "accepts only POST"),
    "another path": (wire.post(target="/validate"), 404, "not found"),
    "the root": (wire.get("/"), 404, "not found"),
    "a longer path": (wire.post(target="/mutate/x"), 404, "not found"),
    "another expectation": (wire.post(b"{}", "Expect: miracles"), 417, "100-continue"),
    "the server as a whole": (wire.get("*", method="OPTIONS"), 404, "not found"),
    "a tunnel": (wire.get("localhost:443", method="CONNECT"), 404, "not found"),
    "an upgrade": (wire.get("/mutate", "Connection: Upgrade", "Upgrade: websocket"), 405, "accepts only POST"),
    "not HTTP": (b"hello\r\n\r\n", 400, "not valid HTTP/1.1"),
    "HTTP/2 without asking": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "not valid HTTP/1.1"),
    "two lengths": (
        b"POST /mutate HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        400,
        "not valid HTTP/1.1",
    ),
    "a head without end": (wire.get("/mutate", "X: " + "x" * 20000), 400, "not valid HTTP/1.1"),
    "a broken chunk": (
        b"POST /mutate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        400,
        "",
    ),
}


@pytest.mark.parametrize(("request_bytes", "status", "text"), BAD_CALLS.values(), ids=BAD_CALLS)
async def test_a_bad_call_gets_a_status_and_one_plain_line(request_bytes, status, text):
    async with answers.served() as served, wire.connect(served.port, served.ca_pem) as client:
        answer = await client.ask(request_bytes)
    assert answer.status == status
    assert text in answer.body.decode()
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.body.endswith(b"\n")
    assert answer.body.count(b"\n") == 1
    assert b"Traceback" not in answer.body
    assert answer.headers["server"] == "hydra-webhook"


GOOD_CALLS = {
    "as the API server sends it": wire.post(),
    "a charset": wire.post(kind="application/json; charset=utf-8"),
    "capitals": wire.post(kind="Application/JSON ;charset=UTF-8"),
    "another timeout": wire.post(target="/mutate?timeout=10s"),
    "no timeout": wire.post(target="/mutate"),
    "chunks": (
        b"POST /mutate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"
    ),
}


@pytest.mark.parametrize("request_bytes", GOOD_CALLS.values(), ids=GOOD_CALLS)
async def test_a_good_call_gets_the_review_as_it_was_decided(request_bytes):
    async with answers.served() as served, wire.connect(served.port, served.ca_pem) as client:
        answer = await client.ask(request_bytes)
    assert (answer.status, answer.body) == (200, answers.ANSWER)
    assert answer.headers["content-type"] == "application/json"
    assert "connection" not in answer.headers


async def test_another_method_is_refused_with_the_one_that_is_allowed():
    async with answers.served() as served, wire.connect(served.port, served.ca_pem) as client:
        assert (await client.ask(wire.get("/mutate", method="DELETE"))).headers["allow"] == "POST"


@pytest.mark.parametrize("chunked", [False, True], ids=["with a length", "in chunks"])
@pytest.mark.parametrize(("excess", "status"), [(0, 200), (1, 413)], ids=["the largest body", "one byte more"])
async def test_a_body_of_seven_mebibytes_is_the_largest(excess, status, chunked):
    body = b'"' + b"x" * (server.MAX_BODY + excess - 2) + b'"'
    request = wire.post(body)
    if chunked:
        head = request[: -len(body)].replace(f"Content-Length: {len(body)}".encode(), b"Transfer-Encoding: chunked")
        request = head + f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
    async with answers.served() as served, wire.connect(served.port, served.ca_pem) as client:
        answer = await client.ask(request)
    assert answer.status == status
    if status == 413:
        assert answer.headers["connection"] == "close"


async def test_a_length_that_is_too_large_is_refused_before_the_body_is_sent():
    head = wire.post().replace(b"Content-Length: 2", f"Content-Length: {server.MAX_BODY + 1}".encode())[:-2]
    async with answers.served() as served, wire.connect(served.port, served.ca_pem) as client:
        assert (await client.ask(head)).status == 413


async def test_a_client_that_expects_100_continue_gets_it():
    async with answers.served() as served, wire.connect(served.port, served.ca_pem) as client:
        head = wire.post(b"{}", "Expect: 100-continue")[:-2]
        assert (await client.ask(head)).status == 100
        assert (await client.ask(b"{}")).status == 200


async def test_a_body_that_arrives_in_pieces_is_read_to_its_end():
    request = wire.post(b'{"a": 1}')
    async with answers.served() as served, wire.connect(served.port, served.ca_pem) as client:
        for position in range(len(request)):
            await client.send(request[position : position + 1])
        assert (await client.answer()).status == 200


async def test_a_body_that_does_not_arrive_times_out(monkeypatch):
    monkeypatch.setattr("webhook.server.calls.BODY_SECONDS", 0.05)
    async with answers.served() as served, wire.connect(served.port, served.ca_pem) as client:
        answer = await client.ask(wire.post(b"{}")[:-1])
        assert answer.status == 408
        assert answer.headers["connection"] == "close"


async def test_a_connection_whose_first_head_does_not_arrive_is_closed(monkeypatch):
    monkeypatch.setattr("webhook.server.connections.HEAD_SECONDS", 0.05)
    async with answers.served() as served, wire.connect(served.port, served.ca_pem) as client:
        await client.send(b"POST /mutate HTTP/1.1\r\nHost: loc")
        assert await client.ended()


async def test_a_connection_that_has_asked_once_may_stay_idle(monkeypatch):
    monkeypatch.setattr("webhook.server.connections.HEAD_SECONDS", 0.05)
    async with answers.served() as served, wire.connect(served.port, served.ca_pem) as client:
        assert (await client.ask(wire.post())).status == 200
        async with wire.connect(served.port, served.ca_pem) as silent:
            assert await silent.ended()  # so the limit has passed for the first one as well
        assert (await client.ask(wire.post())).status == 200


async def test_a_client_that_disconnects_in_the_middle_of_its_body_affects_no_other_client():
    async with answers.served() as served:
        async with wire.connect(served.port, served.ca_pem) as client:
            await client.send(wire.post(b"{}")[:-1])
        async with wire.connect(served.port, served.ca_pem) as client:
            assert (await client.ask(wire.post())).status == 200
        assert not [line for line in served.lines if "traceback" in line]


async def test_a_refused_call_is_logged_with_its_status_and_without_control_characters():
    async with answers.served() as served, wire.connect(served.port, served.ca_pem) as client:
        await client.ask(wire.post(target="/%0aforged"))
        line = served.lines[-1]
    assert (line["event"], line["http_status"], line["level"]) == ("bad call", 404, "warning")
    assert line["path"].isprintable()


async def test_many_requests_share_one_connection():
    async with answers.served() as served, wire.connect(served.port, served.ca_pem) as client:
        await client.send(wire.post() * 3)  # sent ahead, without waiting for the answers
        assert [(await client.answer()).status for _ in range(3)] == [200, 200, 200]
        assert [(await client.ask(wire.post())).status for _ in range(3)] == [200, 200, 200]
