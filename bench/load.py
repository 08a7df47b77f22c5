"""The load: a few keep-alive connections, each of which sends its next request as soon as it has the answer."""

import asyncio
import itertools
import json
import re
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

CONNECTIONS = 8  # enough to keep one core busy; the API server keeps up to 25


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one round.

    Attributes:
        requests: how many were answered.
        seconds: wall time.
        client_seconds: CPU time that the load itself used.
        latencies: seconds from sending each request to the end of its answer, in no particular order.
    """

    requests: int
    seconds: float
    client_seconds: float
    latencies: list[float]


#: Different requests that are sent in turn: more than a server remembers verdicts of.
DIFFERENT = 5_000


def requests(
    paths: list[Path], runtime: str | None = None, *, alike: bool = False, count: int = DIFFERENT
) -> list[bytes]:
    """Return the HTTP requests by which an API server sends these reviews, each in many forms.

    Args:
        paths: the recorded reviews.
        runtime: what to change the runtime of all to; None: leave it.
        alike: whether the forms of a review differ only as pods of one controller do; if not, each has another model and pod spec.
    """
    reviews = [json.loads(path.read_bytes()) for path in paths]
    bodies = [_form(reviews[number % len(reviews)], number, alike=alike) for number in range(count)]
    if runtime is not None:
        label = f'"hydra.io/runtime":"{runtime}"'.encode()
        bodies = [re.sub(rb'"hydra.io/runtime":"[^"]*"', label, body) for body in bodies]
    return [http(body) for body in bodies]


def http(body: bytes) -> bytes:
    """Return the HTTP request by which an API server sends a review."""
    head = (
        "POST /mutate?timeout=10s HTTP/1.1\r\nHost: webhook.hydra.svc:443\r\nUser-Agent: kube-apiserver-admission\r\n"
        f"Content-Length: {len(body)}\r\nAccept: application/json, */*\r\nContent-Type: application/json\r\n"
        "Accept-Encoding: gzip\r\n\r\n"
    )
    return head.encode() + body


def _form(review: dict[str, Any], number: int, *, alike: bool) -> bytes:
    """Return a review with a number of its own, of five digits, as the API server writes it."""
    request = review["request"]
    request["uid"] = f"{request['uid'][:-5]}{number:05}"
    text = json.dumps(review, separators=(",", ":"))
    text = re.sub("kube-api-access-[a-z0-9]{5}", f"kube-api-access-{number:05}", text)
    if not alike:
        text = re.sub('"hydra.io/model-id":"[^"]*"', f'"hydra.io/model-id":"model-{number:05}"', text)
        period = "terminationGracePeriodSeconds"  # a field that every pod has once the API server has set its defaults
        text = re.sub(f'"{period}":[0-9]+', f'"{period}":{number}', text)
    return text.encode()


class _Client(asyncio.Protocol):
    def __init__(self, load: Iterator[bytes]) -> None:
        self.load = load
        self.latencies: list[float] = []
        self.running = True
        self.idle = asyncio.get_running_loop().create_future()
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.send()

    def send(self) -> None:
        self.sent = time.perf_counter()
        self.transport.write(next(self.load))

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not whole(self.buffer):
            return
        if not self.buffer.startswith(b"HTTP/1.1 2"):
            self.idle.set_exception(RuntimeError(self.buffer.decode(errors="replace")))
            self.transport.close()
            return
        self.buffer = b""
        self.latencies.append(time.perf_counter() - self.sent)
        if self.running:
            self.send()
        else:
            self.idle.set_result(None)
            self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.idle.done():
            self.idle.set_exception(error or ConnectionError("the server closed the connection"))


def whole(answer: bytes) -> bool:
    """Return whether an answer with a JSON body is complete, judging by its Content-Length or its last chunk."""
    end = answer.find(b"\r\n\r\n")
    if end < 0:
        return False
    at = answer.find(b"Content-Length: ", 0, end)
    if at < 0:
        return answer.endswith(b"\r\n0\r\n\r\n")
    return len(answer) >= end + 4 + int(answer[at + 16 : answer.index(b"\r", at)])


def any_certificate() -> ssl.SSLContext:
    """Return what a client needs that connects to a server whatever its certificate is."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


async def run(port: int, load: list[bytes], seconds: float, connections: int = CONNECTIONS) -> Result:
    """Send requests to one server for this many seconds.

    Raises:
        RuntimeError: an answer's status is not 2xx.
        ConnectionError: the server closed a connection.
    """
    context, loop = any_certificate(), asyncio.get_running_loop()
    clients = []
    turns = itertools.cycle(load)  # shared, so that no two connections send the same request one after the other
    for _ in range(connections):
        _, client = await loop.create_connection(partial(_Client, turns), "127.0.0.1", port, ssl=context)
        clients.append(client)
    for client in clients:
        client.latencies.clear()
    started, cpu = time.perf_counter(), time.process_time()
    await asyncio.sleep(seconds)
    ended, latencies = time.perf_counter(), [latency for client in clients for latency in client.latencies]
    cpu = time.process_time() - cpu
    for client in clients:
        client.running = False
    await asyncio.gather(*(client.idle for client in clients))
    return Result(len(latencies), ended - started, cpu, latencies)
