"""Connections that are too many, too slow, or do not read: they hurt nobody else, and each ends."""

import asyncio
import contextlib
import errno
import gc
import io
import os

import pytest

from tests.server import answers, wire
from webhook import server, telemetry
from webhook.server import calls
from webhook.server.budget import BodyBudget
from webhook.server.connections import TLS_BUFFER, _Connection

LARGE = b'"' + b"x" * calls.SMALL_BODY + b'"'
LARGEST = b'"' + b"x" * (server.MAX_BODY - 2) + b'"'


async def until(condition) -> None:
    """Wait for a condition; a minute is for machines under load."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - the server has no events for what is waited for
            await asyncio.sleep(0.01)


async def test_one_too_many_closes_the_connection_that_has_been_idle_longest():
    async with (
        answers.served(limits=server.Limits(2, 2)) as served,
        wire.connect(served.port, served.ca_pem) as first,
        wire.connect(served.port, served.ca_pem) as second,
    ):
        assert (await second.ask(wire.post())).status == 200
        await asyncio.sleep(0.01)  # the clock of the event loop counts milliseconds
        assert (await first.ask(wire.post())).status == 200
        async with wire.connect(served.port, served.ca_pem) as third:
            assert (await third.ask(wire.post())).status == 200
            assert await second.ended()
            assert (await first.ask(wire.post())).status == 200
        async with wire.connect(served.port, served.ca_pem):  # the third has left, so there is room
            pass
        (line,) = served.events("too many connections")
    assert (line["count"], line["connections"], line["closed"]) == (1, 2, "the one that was idle longest")


async def test_where_all_are_busy_the_new_one_is_closed_and_they_are_answered():
    async with (
        answers.served(limits=server.Limits(1, 1)) as served,
        wire.connect(served.port, served.ca_pem) as busy,
    ):
        await busy.send(wire.post()[:-1])
        await until(lambda: any(connection.busy for connection in served.connections))
        with pytest.raises(OSError):
            async with wire.connect(served.port, served.ca_pem):
                pass
        assert (await busy.ask(b"}")).status == 200
        assert [line["closed"] for line in served.events("too many connections")] == ["the new one"]


async def test_a_connection_has_a_place_before_its_handshake_and_loses_it():
    async with answers.served(limits=server.Limits(1, 1)) as served:
        silent, _writer = await asyncio.open_connection("127.0.0.1", served.port)
        await until(lambda: served.connections)
        async with wire.connect(served.port, served.ca_pem) as client:
            assert (await client.ask(wire.post())).status == 200
        assert await silent.read() == b""
        _writer.close()


async def test_a_handshake_that_does_not_end_is_given_up(monkeypatch):
    monkeypatch.setattr("webhook.server.connections.HANDSHAKE_SECONDS", 0.05)
    async with answers.served() as served:
        silent, writer = await asyncio.open_connection("127.0.0.1", served.port)
        assert await silent.read() == b""
        await until(lambda: not served.connections)
        writer.close()


async def test_a_handshake_that_fails_is_logged_once():
    async with answers.served() as served:
        for _ in range(3):
            async with wire.connect(served.port) as client:
                await client.send(wire.post())
                await client.ended()
        await until(lambda: not served.connections)
        (line,) = served.events("handshake failed")
    assert (line["why"], line["count"]) == ("HTTP_REQUEST", 1)


async def test_a_client_that_does_not_read_its_answer_is_cut_off(monkeypatch):
    monkeypatch.setattr("webhook.server.connections.UNREAD_SECONDS", 0.05)
    async with (
        answers.served(lambda _body, _started: b"x" * 50_000_000) as served,
        wire.connect(served.port, served.ca_pem) as client,
    ):
        await client.send(wire.post())  # its reader stops at 128 KiB
        await until(lambda: not served.connections)


@contextlib.asynccontextmanager
async def health():
    log, metrics = telemetry.make_log(io.BytesIO(), "json"), telemetry.Metrics("1.2.3")
    listener = server.Listener(server.HealthHandler(lambda: (), lambda: (), metrics), log, server.HEALTH_LIMITS)
    listener.bind("127.0.0.1", 0)
    await listener.listen()
    try:
        yield listener
    finally:
        await listener.close(0)


async def test_idle_connections_do_not_keep_a_probe_out():
    async with health() as listener, contextlib.AsyncExitStack() as stack:
        for _ in range(server.HEALTH_LIMITS.total * 2):
            await stack.enter_async_context(wire.connect(listener.port))
        async with wire.connect(listener.port) as probe:
            assert (await probe.ask(wire.get("/livez"))).status == 200
        assert len(listener._connections.places) <= server.HEALTH_LIMITS.per_peer


class _NoFiles:
    """A listening socket for whose connections there are no files."""

    def __init__(self, listening) -> None:
        self.listening = listening
        self.asked = 0

    def fileno(self) -> int:
        return self.listening.fileno()

    def accept(self):
        self.asked += 1
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))


async def test_where_there_are_no_files_left_the_idle_ones_make_room_and_accepting_pauses(monkeypatch):
    async with answers.served() as served, wire.connect(served.port, served.ca_pem) as idle:
        assert (await idle.ask(wire.post())).status == 200
        listener = served.listener
        listening = listener._socket
        listener._socket = exhausted = _NoFiles(listening)
        listener._accept()
        listener._accept()
        assert exhausted.asked == 2  # once for each call: it does not spin
        assert await idle.ended()
        listener._socket = listening
        async with wire.connect(served.port, served.ca_pem) as client:  # once the pause is over
            assert (await client.ask(wire.post())).status == 200
        (line,) = served.events("cannot accept connections")
    assert line["why"] == "Too many open files"


async def test_a_broken_chunk_is_answered_at_once_though_the_head_came_earlier(monkeypatch):
    monkeypatch.setattr(calls, "HOLD_SECONDS", 3600)
    head = wire.post(b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    async with answers.served() as served, wire.connect(served.port, served.ca_pem) as client:
        await client.send(head + b'2\r\n"a\r\n')
        await until(lambda: any(connection.busy for connection in served.connections))
        answer = await client.ask(b"zz\r\n")
        assert (answer.status, answer.headers["connection"]) == (400, "close")
        assert answer.body == b"the body is incomplete or malformed\n"
        assert await client.ended()
        assert not [line for line in served.lines if "traceback" in line]


async def test_bodies_that_need_no_share_are_answered_while_others_wait_for_one(monkeypatch):
    monkeypatch.setattr("webhook.server.budget.WAIT_SECONDS", 0.05)
    monkeypatch.setattr(calls, "HOLD_SECONDS", 3600)
    async with (
        answers.served() as served,
        wire.connect(served.port, served.ca_pem) as holder,
        wire.connect(served.port, served.ca_pem) as late,
        wire.connect(served.port, served.ca_pem) as small,
    ):
        budget = served.handler._budget = BodyBudget(server.MAX_BODY)
        request = wire.post(LARGEST)
        await holder.send(request[:100_000])
        await until(lambda: budget.free == 0)
        await small.send(wire.post(LARGE[: calls.SMALL_BODY - 1] + b'"')[:-1])
        answer = await late.ask(wire.post(LARGE))
        assert (answer.status, answer.headers["retry-after"]) == (503, "1")
        assert answer.headers["connection"] == "close"
        assert (await small.ask(b'"')).status == 200
        assert (await holder.ask(request[100_000:])).status == 200
        assert budget.free == server.MAX_BODY
        async with wire.connect(served.port, served.ca_pem) as again:
            assert (await again.ask(wire.post(LARGE))).status == 200
        assert budget.free == server.MAX_BODY


async def test_a_share_is_not_held_for_a_body_that_does_not_arrive(monkeypatch):
    monkeypatch.setattr(calls, "HOLD_SECONDS", 0.05)
    async with answers.served() as served, wire.connect(served.port, served.ca_pem) as client:
        budget = served.handler._budget = BodyBudget(server.MAX_BODY)
        answer = await client.ask(wire.post(LARGEST)[:-1000])
        assert (answer.status, answer.headers["connection"]) == (408, "close")
        assert budget.free == server.MAX_BODY


async def test_a_client_that_goes_away_gives_its_share_back(monkeypatch):
    monkeypatch.setattr(calls, "HOLD_SECONDS", 3600)
    async with answers.served() as served:
        budget = served.handler._budget = BodyBudget(server.MAX_BODY)
        async with wire.connect(served.port, served.ca_pem) as client:
            await client.send(wire.post(LARGEST)[:100_000])
            await until(lambda: budget.free == 0)
        await until(lambda: budget.free == server.MAX_BODY)


@pytest.mark.thorough
async def test_half_bodies_of_many_connections_stay_with_their_senders(monkeypatch):
    """Only those that hold a share are read; of the others, no more than the buffers of a connection."""
    monkeypatch.setattr("webhook.server.budget.WAIT_SECONDS", 3600)
    monkeypatch.setattr(calls, "HOLD_SECONDS", 3600)
    size = 2**20
    half = wire.post(b"x" * size)[: size * 3 // 4]
    async with answers.served() as served, contextlib.AsyncExitStack() as stack:
        served.handler._budget = BodyBudget(2 * size)
        clients = [await stack.enter_async_context(wire.connect(served.port, served.ca_pem)) for _ in range(6)]
        sending = [asyncio.create_task(client.send(half)) for client in clients]

        def read() -> list[int]:
            return sorted(connection.body.total_bytes for connection in served.connections)

        await until(lambda: len(read()) == 6 and read()[-2] > size * 3 // 4 - 1000 and read()[0] > calls.READ_BUFFER)
        async with wire.connect(served.port, served.ca_pem) as small:
            assert (await small.ask(wire.post())).status == 200
        assert read()[-3] <= 2 * calls.READ_BUFFER + 256 * 1024  # and what was decrypted at once before the pause
        for task in sending:
            task.cancel()


@pytest.mark.parametrize("sent", [wire.post(), wire.post(LARGEST)[:100_000]], ids=["a request", "half a body"])
async def test_a_connection_that_has_ended_takes_no_memory_until_the_collector_comes(sent):
    gc.collect()
    gc.disable()
    try:
        async with answers.served() as served:
            async with wire.connect(served.port, served.ca_pem) as client:
                await client.send(sent)
                await until(lambda: any(connection._request_count for connection in served.connections))
            await until(lambda: not any(isinstance(one, _Connection) for one in gc.get_objects()))
    finally:
        gc.enable()


def test_a_connection_that_has_paused_goes_on_before_it_has_decrypted_a_whole_record():
    record = 2**14 + 256 + 5  # RFC 8446, section 5.2: the fragment, its expansion, and the head
    assert record < TLS_BUFFER // 2
