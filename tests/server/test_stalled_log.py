"""A log that nobody reads stops nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server import wire
from tests.server.test_process import PROGRAM
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


class Stalled:
    """A server whose log is read only where a test asks for it."""

    def __init__(self, process: subprocess.Popen, reader: int, ca_file: Path) -> None:
        self.process = process
        self.ca_file = ca_file
        self._lines = os.fdopen(reader, "rb")

    def event(self, name: str) -> dict:
        return next(line for line in map(json.loads, self._lines) if line["event"] == name)


@pytest.fixture
def server(tmp_path):
    reader, writer = os.pipe()
    ca_file = tmp_path / "ca.pem"
    command = [sys.executable, "-c", PROGRAM, str(ca_file), "0", "0"]
    with subprocess.Popen(command, cwd=Path(__file__).parents[2], stderr=writer) as process:
        os.close(writer)
        stalled = Stalled(process, reader, ca_file)
        yield stalled
        process.kill()
    stalled._lines.close()


async def refuse(port: int, ca_pem: bytes, count: int) -> None:
    """Send bad calls, each of which is logged with some 200 bytes."""
    async with wire.connect(port, ca_pem) as client:
        for _ in range(count):
            assert (await client.ask(wire.post(b"{"))).status == 400


@pytest.mark.slow
async def test_a_stalled_reader_stops_neither_reviews_nor_health(server):
    serving = server.event("serving")

    await refuse(serving["port"], server.ca_file.read_bytes(), 7500)  # the pipe and the queue hold 1.1 MiB

    async with wire.connect(serving["health_port"]) as probe:
        assert (await probe.ask(wire.get("/livez"))).status == 200
        metrics = (await probe.ask(wire.get("/metrics"))).body.decode()
    dropped = float(metrics.partition("\nhydra_webhook_log_lines_dropped_total ")[2].split()[0])
    assert dropped > 0
    assert server.event("log lines dropped")["count"] == dropped


async def test_a_process_whose_log_stalls_still_ends(server):
    serving = server.event("serving")
    await refuse(serving["port"], server.ca_file.read_bytes(), 600)

    server.process.terminate()

    assert server.process.wait(60) == 0


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

    sent = 4 * queued_lines.LIMIT // len(line)
    for _ in range(sent):
        lines.write(line)
    content, reported = b"", 0
    # In several reports, if there was room for some lines in between.
    while reported < lines.dropped or content.count(line) + lines.dropped < sent:
        content += os.read(reader, 1 << 20)
        reported = sum(json.loads(one)["count"] for one in content.splitlines() if one.endswith(b"}"))

    assert reported == lines.dropped > 0
    assert content.count(line) + lines.dropped == sent


def test_lines_into_a_pipe_without_a_reader_count_as_dropped():
    reader, writer = os.pipe()
    os.close(reader)
    lines = telemetry.QueuedLines(writer)

    lines.write(b"unheard\n")
    lines.close(60)

    assert lines.dropped == 1
    os.close(writer)
