"""Clients that create pods at the API server as controllers do, in a process of their own: they must not slow the rest down."""

import asyncio
import contextlib
import json
import ssl
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

import aiohttp
import uvloop

from bench import controllers, processes
from tests.controlplane.plane import ControlPlane

RECORD = "hydra.io/rendered"

_AGAIN_SECONDS = 0.05
"""After which a pod that was refused is created again. Controllers wait longer each time; it would only take longer here."""

_MOST_ATTEMPTS = 200


class Attempt(NamedTuple):
    """One creation of a pod.

    Attributes:
        sent, answered: when, as seconds of the monotonic clock, which all processes share.
        failure: what the API server said if the pod was not created, or that it was not rendered; empty if all is well.
    """

    sent: float
    answered: float
    failure: str

    @property
    def milliseconds(self) -> float:
        return (self.answered - self.sent) * 1000


class _Order(NamedTuple):
    """What the process is told: create pods of these numbers in a namespace, where they are rendered or not."""

    namespace: str
    numbers: range
    rendered: bool


class Creators:
    """Clients, each of which creates its next pod as soon as it has the answer about the previous one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def create(self, namespace: str, numbers: range, *, rendered: bool) -> list[Attempt]:
        """Create these pods of `controllers.pod`; return every attempt. A pod that is refused is tried again.

        Raises:
            EOFError: the process failed; it has written why.
        """
        self._connection.send(_Order(namespace, numbers, rendered))
        return [Attempt(*attempt) for attempt in self._connection.recv()]


@contextlib.contextmanager
def started(plane: ControlPlane, clients: int) -> Iterator[Creators]:
    """Run the process while the context is open."""
    with processes.spawned(_serve, plane.server, plane.token, plane.ca_file, clients) as connection:
        yield Creators(connection)


def _serve(server: str, token: str, ca_file: Path, clients: int, connection: Connection) -> None:
    """Create what is ordered until the connection is closed."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner, contextlib.suppress(EOFError):
        session = runner.run(_opened(server, token, ca_file))
        try:
            while True:
                connection.send(runner.run(_create(session, connection.recv(), clients)))
        finally:
            runner.run(session.close())


async def _opened(server: str, token: str, ca_file: Path) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=ca_file), limit=0)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    return aiohttp.ClientSession(server, connector=connector, headers=headers)


async def _create(session: aiohttp.ClientSession, order: _Order, clients: int) -> list[Attempt]:
    numbers, attempts = iter(order.numbers), list[Attempt]()
    path = f"/api/v1/namespaces/{order.namespace}/pods"

    async def client() -> None:
        for number in numbers:
            body = json.dumps(controllers.pod(number)).encode()
            for _ in range(_MOST_ATTEMPTS):
                attempt = await _attempt(session, path, body, rendered=order.rendered)
                attempts.append(attempt)
                if not attempt.failure:
                    break
                await asyncio.sleep(_AGAIN_SECONDS)
            else:
                raise RuntimeError(f"refused {_MOST_ATTEMPTS} times, the last time: {attempts[-1].failure}")

    await asyncio.gather(*(client() for _ in range(clients)))
    return attempts


async def _attempt(session: aiohttp.ClientSession, path: str, body: bytes, *, rendered: bool) -> Attempt:
    sent = time.monotonic()
    async with session.post(path, data=body) as answer:
        text = await answer.text()
        answered = time.monotonic()
    failure = ""
    if answer.status != 201:
        failure = text
    elif (RECORD in text) != rendered:
        raise RuntimeError(f"a pod was {'not ' * rendered}rendered: {text}")
    return Attempt(sent, answered, failure)
