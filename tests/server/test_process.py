"""The server as a process of its own: signals, exit status, standard error."""

import asyncio
import contextlib
import json
import resource
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
async def started(
    folder: Path,
    drain_seconds: float = 60,
    port: int = 0,
    open_files: int | tuple[int, int] | None = None,
    cgroup: Path | None = None,
):
    """Start the server.

    Args:
        open_files: its limit of open files, or the soft and the hard one.
        cgroup: the file to which it writes a 0, to enter the group, before it begins.
    """
    ca_file = folder / "ca.pem"
    limits = (open_files, open_files) if isinstance(open_files, int) else open_files

    def prepare() -> None:
        if cgroup is not None:
            cgroup.write_text("0")
        if limits is not None:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)

    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-W", "error", "-c", PROGRAM, str(ca_file), str(drain_seconds), str(port)),
        cwd=Path(__file__).parents[2],
        stderr=asyncio.subprocess.PIPE,
        preexec_fn=prepare,
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


async def test_signals_that_are_meant_for_other_programs_do_not_end_it(tmp_path):
    async with started(tmp_path, drain_seconds=0) as server:
        port = (await server.event("serving"))["port"]
        for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
            server.process.send_signal(number)
            assert (await server.event("signal ignored"))["signal"] == number.name
            server.process.send_signal(number)
        async with wire.connect(port, server.ca_file.read_bytes()) as client:
            assert (await client.ask(wire.post(b"{"))).status == 400
        server.process.send_signal(signal.SIGTERM)
        await server.event("draining")  # without another line about the signals
        assert await server.ended() == 0


async def test_with_few_files_connections_are_fewer_and_probes_are_answered(tmp_path):
    async with started(tmp_path, open_files=230) as server:
        few = await server.event("few open files")
        assert (few["limit"], few["connections"]) == (230, 38)
        serving = await server.event("serving")
        async with contextlib.AsyncExitStack() as stack:
            for _ in range(100):
                await stack.enter_async_context(wire.connect(serving["port"], server.ca_file.read_bytes()))
            for _ in range(100):
                await stack.enter_async_context(wire.connect(serving["health_port"]))
            assert (await server.event("too many connections"))["connections"] == 28
            async with wire.connect(serving["health_port"]) as probe:
                assert (await probe.ask(wire.get("/livez"))).status == 200
            async with wire.connect(serving["port"], server.ca_file.read_bytes()) as client:
                assert (await client.ask(wire.post(b"{"))).status == 400


async def test_the_soft_limit_of_files_is_raised(tmp_path):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    async with started(tmp_path, open_files=(64, hard)) as server:
        await server.event("serving")
        assert resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE) == (min(hard, 65_536), hard)
