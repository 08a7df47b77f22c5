"""``healthy``: what the health check of a container sees."""

import asyncio
import contextlib
import io
import socket
import socketserver
import sys
import threading

import pytest

from webhook import app, telemetry
from webhook.cli import healthy

PROGRAM = """
import sys
from webhook import cli
try:
    cli.main()
finally:
    print(*sys.modules, sep="\\n", file=sys.stderr)
"""
#: Modules that only the server and the commands that render need.
HEAVY = {"aiohttp", "uvloop", "cryptography", "msgspec", "yaml", "webhook.app", "webhook.catalog", "webhook.mutation"}


@contextlib.contextmanager
def answering(answer: bytes):
    """Answer every connection to loopback with these bytes; yield the port and the first lines of the requests."""
    asked = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            asked.append(self.rfile.readline().decode())
            while self.rfile.readline().strip():
                pass
            self.wfile.write(answer)

    with socketserver.TCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_address[1], asked
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def closed_port():
    """A port that stays closed while the test runs."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


async def test_a_real_server_is_healthy_and_checking_it_imports_no_server():
    async def ask(*arguments):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-c", PROGRAM, "healthy", "--health-port", str(running.health_port), *arguments),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        return process.returncode, out, err.decode().splitlines()

    log = telemetry.make_log(io.BytesIO(), "json")
    async with app.serving(app.Options(host="127.0.0.1", port=0, health_port=0), log) as running:
        for arguments in ((), ("--ready",)):
            status, out, modules = await ask(*arguments)
            assert (status, out) == (0, b"")
            assert set(modules) >= {"webhook.cli.healthy"}
            assert not HEAVY & set(modules)


@pytest.mark.parametrize(
    ("arguments", "first_line"), [((), "GET /livez HTTP/1.1\r\n"), (("--ready",), "GET /readyz HTTP/1.1\r\n")]
)
def test_an_answer_of_200_prints_nothing_and_gives_exit_status_0(run, arguments, first_line):
    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") as (port, asked):
        result = run("healthy", "--health-port", port, *arguments)

    assert (result.status, result.out, result.err) == (0, "", "")
    assert asked == [first_line]


BODY = b"[+]serving ok\n[-]certificate failed: expired\nreadyz check failed"
NOT_READY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (NOT_READY, "HTTP 503: [+]serving ok; [-]certificate failed: expired; readyz check failed"),
        (b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", "HTTP 302: "),
        (b"\x15\x03\x01\x00\x02\x02\x50", "not an HTTP answer: BadStatusLine"),
        (b"", "Remote end closed connection without response"),
    ],
    ids=["not ready", "elsewhere", "TLS", "nothing"],
)
def test_any_other_answer_is_one_line_and_gives_exit_status_1(run, answer, message):
    with answering(answer) as (port, _):
        result = run("healthy", "--ready", "--health-port", port)

    assert (result.status, result.out) == (1, "")
    assert result.err.startswith(f"http://127.0.0.1:{port}/readyz: {message}")
    assert result.err.count("\n") == 1


def test_a_closed_port_is_one_line_and_gives_exit_status_1(run, closed_port):
    result = run("healthy", "--health-port", closed_port)

    assert result.status == 1
    assert result.err == f"http://127.0.0.1:{closed_port}/livez: Connection refused\n"


def test_a_server_that_does_not_answer_times_out(run, monkeypatch):
    monkeypatch.setattr(healthy, "TIMEOUT", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        result = run("healthy", "--health-port", port)

    assert (result.status, result.err) == (1, f"http://127.0.0.1:{port}/livez: timed out\n")


@pytest.mark.parametrize(
    ("host", "asked"), [("", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("127.0.0.2", "127.0.0.2")]
)
def test_host_and_port_are_read_from_the_servers_variables(run, monkeypatch, closed_port, host, asked):
    monkeypatch.setenv("HYDRA_WEBHOOK_HOST", host)
    monkeypatch.setenv("HYDRA_WEBHOOK_HEALTH_PORT", str(closed_port))

    assert run("healthy").err.startswith(f"http://{asked}:{closed_port}/livez: ")


def test_the_default_port_is_the_servers():
    assert healthy.healthy.__defaults__ == (app.Options().host, app.Options().health_port, False)
