"""A log that nobody reads stops nothing."""

import asyncio
import json
import os

import pytest

from tests.server import wire
from tests.server.test_process import started
from webhook import telemetry
from webhook.telemetry import queued_lines


@pytest.fixture
def pipe():
    reader, writer = os.pipe()
    yield reader, writer
    for descriptor in (reader, writer):
        os.close(descriptor)


def read_until(reader: int, end: bytes) -> bytes:
    content = b""
    while end not in content:
        content += os.read(reader, 1 << 20)
    return content


@pytest.mark.slow
async def test_a_stalled_reader_stops_neither_reviews_nor_health(tmp_path):
    async with started(tmp_path) as server:
        serving = await server.event("serving")
        server.process.stderr._transport.pause_reading()  # as a log collector that hangs
        trust = server.ca_file.read_bytes()
        async with wire.connect(serving["port"], trust) as client:
            for _ in range(6000):  # each logs some 200 bytes: more than the pipe, the reader and the queue hold
                assert (await client.ask(wire.post(b"{"))).status == 400
        async with wire.connect(serving["health_port"]) as probe:
            assert (await probe.ask(wire.get("/livez"))).status == 200
            metrics = (await probe.ask(wire.get("/metrics"))).body.decode()
        dropped = float(metrics.partition("\nhydra_webhook_log_lines_dropped_total ")[2].split()[0])
        assert dropped > 0

        server.process.stderr._transport.resume_reading()

        assert (await server.event("log lines dropped"))["count"] == dropped
        server.process.terminate()


async def test_a_process_whose_log_stalls_still_ends(tmp_path):
    async with started(tmp_path, drain_seconds=0) as server:
        serving = await server.event("serving")
        server.process.stderr._transport.pause_reading()
        async with wire.connect(serving["port"], server.ca_file.read_bytes()) as client:
            for _ in range(2000):
                await client.ask(wire.post(b"{"))
        server.process.terminate()

        async with asyncio.timeout(60):
            # `wait` would also wait for the pipe to be read.
            while server.process.returncode is None:  # noqa: ASYNC110 - and asyncio has no event for the process alone
                await asyncio.sleep(0.01)
        assert server.process.returncode == 0


def test_lines_arrive_in_their_order_and_none_is_lost_in_time(pipe):
    reader, writer = pipe
    lines = telemetry.QueuedLines(writer)
    written = [f"{number}\n".encode() for number in range(5000)]

    for line in written:
        lines.write(line)

    assert read_until(reader, written[-1]) == b"".join(written)
    assert lines.dropped == 0


def test_what_is_dropped_is_counted_and_reported_once_it_can_be(pipe):
    reader, writer = pipe
    lines = telemetry.QueuedLines(writer)
    log = telemetry.make_log(lines, "json")
    lines.on_dropped(lambda count: log.warning("log lines dropped", count=count))
    line = b"x" * 999 + b"\n"

    for _ in range(4 * queued_lines.LIMIT // len(line)):
        lines.write(line)
    dropped = lines.dropped
    content = read_until(reader, b"log lines dropped")

    assert dropped > 0
    assert content.count(line) + dropped == 4 * queued_lines.LIMIT // len(line)
    assert json.loads(content.splitlines()[-1])["count"] == dropped


def test_lines_into_a_pipe_without_a_reader_count_as_dropped():
    reader, writer = os.pipe()
    os.close(reader)
    lines = telemetry.QueuedLines(writer)

    lines.write(b"unheard\n")
    lines.close(60)

    assert lines.dropped == 1
    os.close(writer)
