"""An open load: requests are due at fixed times, whether earlier ones have been answered or not.

A closed load, which waits for answers, sends nothing while the server is held up, and so hardly notices it ("coordinated omission").
Here the time of a request begins when it is due, and what is due meanwhile waits in a queue, as it would in an API server.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import cast

from bench.load import any_certificate, whole

CONNECTIONS = 25  # that an API server keeps to a webhook


@dataclass
class Answers:
    """What came back.

    Attributes:
        seconds: of each request, from when it was due to the end of its answer, in order of the answers.
        look: is given each answer.
    """

    look: Callable[[bytes], None] = lambda _answer: None
    seconds: list[float] = field(default_factory=list)


class _Pool:
    """Connections, and the requests that wait for one."""

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self.free: list[_Connection] = []
        self.waiting: deque[tuple[float, bytes]] = deque()
        self.failure: BaseException | None = None

    def send(self, due: float, request: bytes) -> None:
        if self.free:
            self.free.pop().send(due, request)
        else:
            self.waiting.append((due, request))


class _Connection(asyncio.Protocol):
    def __init__(self, pool: _Pool) -> None:
        self.pool = pool
        self.due = 0.0
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.pool.free.append(self)

    def send(self, due: float, request: bytes) -> None:
        self.due = due
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not whole(self.buffer):
            return
        answer, self.buffer = self.buffer, b""
        self.pool.answers.seconds.append(time.perf_counter() - self.due)
        if not answer.startswith(b"HTTP/1.1 2"):
            self.pool.failure = RuntimeError(answer.decode(errors="replace"))
        self.pool.answers.look(answer)
        if self.pool.waiting:
            self.send(*self.pool.waiting.popleft())
        else:
            self.pool.free.append(self)

    def connection_lost(self, error: Exception | None) -> None:
        self.pool.failure = self.pool.failure or error or ConnectionError("the server closed the connection")


async def run(
    port: int, requests: Iterator[bytes], per_second: float, seconds: float, answers: Answers, connections: int
) -> None:
    """Send requests at a fixed rate for this many seconds, and wait for all answers.

    It waits busily for the next request, because the timers of event loops are only as exact as a millisecond.

    Raises:
        RuntimeError: an answer's status is not 2xx.
        ConnectionError: the server closed a connection.
    """
    context, loop = any_certificate(), asyncio.get_running_loop()
    pool = _Pool(answers)
    for _ in range(connections):
        await loop.create_connection(partial(_Connection, pool), "127.0.0.1", port, ssl=context)
    for due in _times(per_second, seconds):
        while time.perf_counter() < due:  # noqa: ASYNC110 - time is what it waits for
            await asyncio.sleep(0.002 if due - time.perf_counter() > 0.01 else 0)
        pool.send(due, next(requests))
    ends = time.perf_counter() + 30
    while len(pool.free) < connections and pool.failure is None and time.perf_counter() < ends:  # noqa: ASYNC110 - a bench
        await asyncio.sleep(0.01)
    if pool.failure is not None:
        raise pool.failure
    open_connections = pool.free
    for connection in open_connections:
        connection.transport.abort()


def _times(per_second: float, seconds: float) -> Iterable[float]:
    started = time.perf_counter()
    return (started + number / per_second for number in range(int(per_second * seconds)))
