"""The servers to compare, each as its users run it: a process of its own, with a certificate and the same configuration in files."""

import contextlib
import os
import shlex
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import certs
from bench import load
from bench.peers import build
from tests.controlplane.processes import free_port

ROOT = Path(__file__).parents[2]
BUILTIN = ROOT / "webhook" / "catalog" / "builtin"
HANGING_SECONDS = 60
"""After which a server that does not answer has not started."""


class StartError(Exception):
    """A server has not started. The message says how to run it by hand."""


@dataclass(frozen=True)
class Site:
    """What every server is told.

    Attributes:
        certificates: folder with ``tls.crt`` and ``tls.key``.
        templates, agent: the configuration.
        api_server: where kopf asks for resources.
    """

    certificates: Path
    api_server: str
    templates: Path = BUILTIN / "hydra-runtime-template.yaml"
    agent: Path = BUILTIN / "hydra-agent.yaml"


@dataclass(frozen=True)
class Command:
    """How a server is started.

    Attributes:
        arguments: its program and arguments.
        environ: variables that its users set.
    """

    arguments: list[str | Path]
    environ: Mapping[str, str | Path] = field(default_factory=dict)


Program = Callable[[Site, int], Command]
"""Returns how a server is started that is told of the site, and a port to listen on."""


@dataclass(frozen=True)
class Running:
    """A server that answers.

    Attributes:
        process: its only process.
        port: where it listens.
        started: seconds from its start to the end of its first answer.
        answer: which that was, with its head.
    """

    process: subprocess.Popen[bytes]
    port: int
    started: float
    answer: bytes


def _ours(site: Site, port: int) -> Command:
    own = [sys.executable, "-m", "webhook", "serve", "--host=127.0.0.1", f"--port={port}", "--health-port=0"]
    return Command([*own, *_files(site)])


def _plain(name: str) -> Program:
    return lambda site, port: Command([sys.executable, "-m", "bench.plain_servers", name, str(port), site.certificates])


def _go(**environ: str) -> Program:
    return lambda site, port: Command(
        [build.webhook(), f"--port={port}", *_files(site)], {"GOMAXPROCS": "1", **environ}
    )


def _kopf(site: Site, port: int) -> Command:
    file = Path(__file__).with_name("kopf_webhook.py")
    arguments = [build.kopf(), "run", "--standalone", "--all-namespaces", "--log-format=json", file]
    environ = {
        "PORT": str(port),
        "CERT_DIR": site.certificates,
        "TEMPLATES": site.templates,
        "AGENT": site.agent,
        "API_SERVER": site.api_server,
    }
    return Command(arguments, environ)


def _files(site: Site) -> list[str]:
    return [f"--cert-dir={site.certificates}", f"--templates={site.templates}", f"--agent={site.agent}"]


OURS, GO, GO_WITH_MEMORY, KOPF = "ours", "Go webhook", "Go webhook, 80 MiB", "kopf"
NOOP, CONSTANT = "no-op webhook", "constant"

PROGRAMS: dict[str, Program] = {
    CONSTANT: _plain(CONSTANT),
    NOOP: _plain(NOOP),
    OURS: _ours,
    GO: _go(),
    GO_WITH_MEMORY: _go(GOGC="off", GOMEMLIMIT="80MiB"),
    KOPF: _kopf,
}


def write_certificate(folder: Path) -> None:
    """Write the pair that all servers use, P-256 as the product's own, and in ``ca.crt`` what clients must trust."""
    pair, ca_pem = certs.self_signed(["localhost", "127.0.0.1"], datetime.now(UTC), timedelta(days=1))
    (folder / "ca.crt").write_bytes(ca_pem)
    (folder / "tls.crt").write_bytes(pair.certificate_pem)
    (folder / "tls.key").write_bytes(pair.key_pem)


@contextlib.contextmanager
def running(name: str, site: Site, request: bytes, cpu: int | None = None) -> Iterator[Running]:
    """Run a server while the context is open. It has answered this request by then.

    Args:
        name: which of `PROGRAMS`.
        site: what it is told.
        request: a whole HTTP request.
        cpu: number of the only core that it may use; None: any.

    Raises:
        StartError: it does not answer, or not with 200; says how to run it by hand.
    """
    port = free_port()
    command = PROGRAMS[name](site, port)
    arguments, environ = (
        [str(one) for one in command.arguments],
        {key: str(one) for key, one in command.environ.items()},
    )
    mine = os.sched_getaffinity(0)
    os.sched_setaffinity(0, mine if cpu is None else {cpu})  # which the process inherits
    began = time.perf_counter()
    process = subprocess.Popen(
        arguments,
        cwd=ROOT,
        env={**{key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}, **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.sched_setaffinity(0, mine)
    try:
        answer = first_answer(port, request, process)
        taken = time.perf_counter() - began
        if not answer.startswith(b"HTTP/1.1 200"):
            told = shlex.join(["env", *(f"{key}={one}" for key, one in environ.items()), *arguments])
            raise StartError(f"{name}: answered {answer.decode(errors='replace')!r}. This starts it by hand:  {told}")
        yield Running(process, port, taken, answer)
    finally:
        process.kill()
        process.wait()


def first_answer(port: int, request: bytes, process: subprocess.Popen[bytes]) -> bytes:
    """Send a request as soon as somebody listens; return the answer, or nothing if the process ends without one."""
    deadline = time.monotonic() + HANGING_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            return ask(port, request)
        except OSError:
            time.sleep(0.002)
    return b""


def ask(port: int, request: bytes) -> bytes:
    """Send a request on a connection of its own; return the answer, with its head.

    Raises:
        OSError: there is no answer, or no whole one.
    """
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port)) as plain, context.wrap_socket(plain) as connection:
        connection.sendall(request)
        answer = b""
        while not load.whole(answer):
            part = connection.recv(2**16)
            if not part:
                raise ConnectionError(f"the answer ends after {answer!r}")
            answer += part
        return answer
