"""An API server for the ConfigMaps of a namespace. It misbehaves as its script says, and behaves once the script is over.

It speaks through raw sockets, because a test server that is built on an HTTP library cannot send half an answer, an event
in pieces, or something other than HTTP.
"""

import asyncio
import contextlib
import json
import ssl
import urllib.parse
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from webhook import cluster

AGENT = cluster.config_map("hydra-system", "hydra-agent")
FIRST_VERSION = 100


class Clock:
    """A clock that advances only when a task sleeps, or when a test sets it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


@dataclass(frozen=True)
class Request:
    time: float  # by the fake clock
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    client_certificate: bool = False

    @property
    def kind(self) -> str:
        if self.path != AGENT.collection.path or self.method != "GET":
            return "object"
        return "watch" if self.query.get("watch") else "list"


Act = Callable[["ApiServer", Request, asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Fault:
    """What happens to one request instead of the right answer. ``on``: only to a request of this kind."""

    name: str
    act: Act = field(repr=False)
    on: str = ""

    def __repr__(self) -> str:
        return f"{self.name}{'@' + self.on if self.on else ''}"


class ApiServer:
    def __init__(self, clock: Clock, tls: ssl.SSLContext | None = None) -> None:
        self.clock = clock
        self.script: deque[Fault] = deque()
        self.requests: list[Request] = []
        self.followed: Callable[[], bool] = lambda: True  # whether the client knows that its watch is open
        self.required_authorization = ""
        self.version = FIRST_VERSION
        self.objects: dict[str, dict[str, Any]] = {}
        self.ignores_selectors = False
        self.watching = 0
        self._tls = tls
        self._history: list[tuple[int, str, dict[str, Any]]] = []
        self._changed = asyncio.Condition()
        self._ending = 0
        self._handlers: set[asyncio.Task[None]] = set()
        self.port = 0

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self._server.close()
        for handler in self._handlers:
            handler.cancel()
        await asyncio.gather(*self._handlers, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def kinds(self) -> list[str]:
        return [request.kind for request in self.requests]

    @property
    def state(self) -> dict[str, Any] | None:
        """The object that most tests are about."""
        return self.objects.get(AGENT.name)

    async def put(self, text: str, name: str = AGENT.name) -> None:
        self.version += 1
        event_type = "MODIFIED" if name in self.objects else "ADDED"
        self.objects[name] = config_map(text, self.version, name)
        await self._happened(event_type, self.objects[name])

    async def delete(self, name: str = AGENT.name) -> None:
        self.version += 1
        gone = self.objects.pop(name)
        gone["metadata"]["resourceVersion"] = str(self.version)
        await self._happened("DELETED", gone)

    async def bookmark(self, version: int) -> None:
        self.version = version
        await self._happened("BOOKMARK", {"kind": "ConfigMap", "metadata": {"resourceVersion": str(version)}})

    async def end_watches(self) -> None:
        """End every open watch cleanly, as at ``timeoutSeconds``."""
        self._ending += 1
        async with self._changed:
            self._changed.notify_all()

    async def _happened(self, kind: str, item: dict[str, Any]) -> None:
        self._history.append((self.version, kind, json.loads(json.dumps(item))))
        async with self._changed:
            self._changed.notify_all()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._handlers.add(task)
        try:
            request = await self._read(reader, writer)
            self.requests.append(request)
            if self.script and self.script[0].on in {"", request.kind}:
                await self.script.popleft().act(self, request, writer)
            else:
                await self._answer(request, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client is gone, or the test is over
        finally:
            self._handlers.discard(task)
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Request:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines) if name}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        url = urllib.parse.urlsplit(target)
        query = dict(urllib.parse.parse_qsl(url.query))
        certificate = bool(writer.get_extra_info("peercert"))
        return Request(self.clock.now, method, url.path, query, headers, body, certificate)

    async def _answer(self, request: Request, writer: asyncio.StreamWriter) -> None:
        if self.required_authorization and request.headers.get("authorization") != self.required_authorization:
            await send(writer, 401, json.dumps({"kind": "Status", "message": "Unauthorized"}))
        elif request.kind == "list":
            items = [item for _, item in sorted(self.objects.items()) if self._selects(request, item)]
            await send(writer, 200, json.dumps(config_map_list(items, self.version)))
        elif request.kind == "watch":
            await self._watch(request, writer)
        elif self.state is None:
            await send(writer, 404, json.dumps({"kind": "Status", "message": 'configmaps "hydra-agent" not found'}))
        else:
            await send(writer, 200, json.dumps(self.state))

    def _selects(self, request: Request, item: dict[str, Any]) -> bool:
        selector = request.query.get("fieldSelector", "")
        name = item["metadata"].get("name")  # a bookmark has none
        return self.ignores_selectors or name is None or selector in {"", f"metadata.name={name}"}

    async def _watch(self, request: Request, writer: asyncio.StreamWriter) -> None:
        version = int(request.query["resourceVersion"])
        begin(writer)
        ending = self._ending
        self.watching += 1
        try:
            while True:
                for happened, kind, item in self._history:
                    if happened > version:
                        version = happened
                        if self._selects(request, item):
                            chunk(writer, event(kind, item))
                await writer.drain()
                async with self._changed:
                    if self._ending != ending:
                        break
                    if not self._history or self._history[-1][0] <= version:
                        await self._changed.wait()
            writer.write(b"0\r\n\r\n")
        finally:
            self.watching -= 1


def config_map(text: str, version: int, name: str = AGENT.name, uid: str = "uid-1") -> dict[str, Any]:
    metadata = {"name": name, "namespace": AGENT.collection.namespace, "uid": uid, "resourceVersion": str(version)}
    return {"kind": "ConfigMap", "apiVersion": "v1", "metadata": metadata, "data": {"text": text}}


def config_map_list(items: list[Any], version: int, cursor: str = "") -> dict[str, Any]:
    metadata = {"resourceVersion": str(version)} | ({"continue": cursor} if cursor else {})
    return {"kind": "ConfigMapList", "apiVersion": "v1", "metadata": metadata, "items": items}


def event(kind: str, item: dict[str, Any]) -> bytes:
    return json.dumps({"type": kind, "object": item}, ensure_ascii=False).encode() + b"\n"


def begin(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")


def chunk(writer: asyncio.StreamWriter, content: bytes) -> None:
    writer.write(b"%x\r\n%s\r\n" % (len(content), content))


async def send(writer: asyncio.StreamWriter, code: int, body: str | bytes, **headers: str) -> None:
    content = body.encode() if isinstance(body, str) else body
    fields = {"Content-Length": str(len(content)), **{name.replace("_", "-"): text for name, text in headers.items()}}
    head = "".join(f"{name}: {text}\r\n" for name, text in fields.items())
    writer.write(f"HTTP/1.1 {code} Some Phrase\r\n{head}\r\n".encode() + content)
    await writer.drain()


def answer(code: int, body: Any = "", on: str = "", **headers: str) -> Fault:
    """A whole answer: a string as it is, anything else as JSON."""
    content = body if isinstance(body, str) else json.dumps(body)

    async def act(_server: ApiServer, _request: Request, writer: asyncio.StreamWriter) -> None:
        await send(writer, code, content, **headers)

    return Fault(f"answer {code}", act, on)


def status(code: int, reason: str, message: str = "no", on: str = "", **headers: str) -> Fault:
    body = {"kind": "Status", "status": "Failure", "code": code, "reason": reason, "message": message}
    return answer(code, body, on, **headers)


def stream(*pieces: bytes, then: str = "end", seconds: float = 0, on: str = "watch") -> Fault:
    """The answer to a watch: these bytes, then ``seconds`` by the fake clock, then ``end``, ``reset`` or ``silence``."""

    async def act(server: ApiServer, _request: Request, writer: asyncio.StreamWriter) -> None:
        begin(writer)
        await writer.drain()
        for piece in pieces:
            chunk(writer, piece)
            await writer.drain()
            await asyncio.sleep(0)
        if seconds:
            await until(server.followed)  # otherwise the time would pass before the client knows that the watch is open
            server.clock.now += seconds
        if then == "silence":
            await asyncio.Event().wait()
        if then == "reset":
            writer.transport.abort()
        else:
            writer.write(b"0\r\n\r\n")
            await writer.drain()

    return Fault(f"stream of {len(pieces)}, {then}", act, on)


def silence(on: str = "") -> Fault:
    async def act(_server: ApiServer, _request: Request, _writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    return Fault("silence", act, on)


def no_answer(on: str = "") -> Fault:
    async def act(_server: ApiServer, _request: Request, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    return Fault("no answer", act, on)


def half_an_answer(on: str = "list") -> Fault:
    async def act(_server: ApiServer, _request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"kind": "ConfigMapLi')
        await writer.drain()
        writer.transport.abort()

    return Fault("half an answer", act, on)


def not_http(on: str = "") -> Fault:
    async def act(_server: ApiServer, _request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example.org ESMTP\r\n\r\n")
        await writer.drain()

    return Fault("not HTTP", act, on)


def kubeconfig(folder: Path, server: str, cluster: dict[str, Any] | None = None, user: Any = None) -> Path:
    """Write a kubeconfig, as JSON, which is YAML."""
    path = folder / "kubeconfig"
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "it",
        "contexts": [{"name": "it", "context": {"cluster": "there", "user": "me"}}],
        "clusters": [{"name": "there", "cluster": {"server": server, **(cluster or {})}}],
        "users": [{"name": "me", "user": user or {}}],
    }
    path.write_text(json.dumps(content))
    return path


async def until(condition: Callable[[], Any]) -> None:
    """Wait until the condition is true. The deadline only keeps a broken test from hanging."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - the condition changes on either side of a socket
            await asyncio.sleep(0.002)


def most_requests(times: list[float], seconds: float = 2.0) -> int:
    """Return the number of requests in the busiest window of this many seconds, excluding its end."""
    return max((sum(start <= time < start + seconds - 1e-6 for time in times) for start in times), default=0)
