"""The server as a process of its own: signals, exit status, standard error."""

import asyncio
import contextlib
import json
import signal
import socket
import ssl
import sys
from pathlib import Path

from tests.server import wire

PROGRAM = """
import sys
from pathlib import Path
from webhook import app
ca_file, drain_seconds, port = sys.argv[1:]
options = app.Options(
    host="127.0.0.1", port=int(port), health_port=0, ca_file=Path(ca_file), drain_seconds=float(drain_seconds)
)
sys.exit(app.run(options))
"""


class Process:
    def __init__(self, process: asyncio.subprocess.Process, ca_file: Path) -> None:
        self.process = process
        self.ca_file = ca_file

    async def event(self, name: str) -> dict:
        """Read log lines, each of which must be JSON, until this event."""
        async with asyncio.timeout(60):
            while raw := await self.process.stderr.readline():
                line = json.loads(raw)
                if line["event"] == name:
                    return line
        raise AssertionError(f"the process ended without {name!r}")

    async def ended(self) -> int:
        return await asyncio.wait_for(self.process.wait(), 60)


@contextlib.asynccontextmanager
async def started(folder: Path, drain_seconds: float = 60, port: int = 0):
    ca_file = folder / "ca.pem"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-W", "error", "-c", PROGRAM, str(ca_file), str(drain_seconds), str(port)),
        cwd=Path(__file__).parents[2],
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield Process(process, ca_file)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


async def test_sigterm_drains_and_exits_with_0(tmp_path):
    async with started(tmp_path, drain_seconds=0.2) as server:
        serving = await server.event("serving")
        async with wire.connect(serving["port"], server.ca_file.read_bytes()) as client:
            assert (await client.ask(wire.post(b"{"))).status == 400
            server.process.send_signal(signal.SIGTERM)
            assert (await server.event("draining"))["seconds"] == 0.2
            answer = await client.ask(wire.post(b"{"))
            assert (answer.status, answer.headers["connection"]) == (400, "close")
        await server.event("stopped")
        assert await server.ended() == 0


async def test_while_draining_the_server_is_not_ready_and_a_second_signal_ends_it_at_once(tmp_path):
    async with started(tmp_path, drain_seconds=3600) as server:
        serving = await server.event("serving")
        async with wire.connect(serving["health_port"]) as probe:
            assert (await probe.ask(wire.get("/readyz"))).status == 200
            metrics = (await probe.ask(wire.get("/metrics"))).body
            assert b"hydra_webhook_build_info{" in metrics
            assert b"_created" not in metrics
            server.process.send_signal(signal.SIGTERM)
            await server.event("draining")
            assert (await probe.ask(wire.get("/readyz"))).status == 503
        server.process.send_signal(signal.SIGTERM)
        assert await server.ended() == 0


async def test_a_client_that_does_not_close_its_connection_does_not_affect_the_exit_status(tmp_path):
    async with started(tmp_path) as server:
        serving = await server.event("serving")
        trust = ssl.create_default_context(cadata=server.ca_file.read_text())
        plain = socket.create_connection(("127.0.0.1", serving["port"]))
        # Reads nothing after the handshake, so it never answers when the server closes the connection.
        with await asyncio.to_thread(trust.wrap_socket, plain, server_hostname="localhost"):
            for number in (signal.SIGTERM, signal.SIGINT):
                server.process.send_signal(number)
            await server.event("stopped")
            assert await server.ended() == 0
            assert await server.process.stderr.read() == b""


async def test_sigint_ends_it_like_sigterm(tmp_path):
    async with started(tmp_path, drain_seconds=0) as server:
        await server.event("serving")
        server.process.send_signal(signal.SIGINT)
        assert await server.ended() == 0


async def test_a_port_in_use_is_one_line_and_exit_status_1(tmp_path):
    async with started(tmp_path) as first:
        port = (await first.event("serving"))["port"]
        async with started(tmp_path, port=port) as second:
            line = await second.event("cannot start")
            assert line["why"] == f"cannot listen on 127.0.0.1:{port}: Address already in use"
            assert line["level"] == "error"
            assert await second.ended() == 1
