"""Live servers for the golden cases: one for each configuration, in a thread of their own, asked over TLS."""

import asyncio
import contextlib
import http.client
import io
import ssl
import threading
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

import uvloop

from tests import golden_cases
from webhook import app, telemetry

#: Servers that run at a time; cases that share a configuration mostly share its server.
_KEPT = 8

Configuration = tuple[tuple[str, str], ...]


class Fleet:
    """Every server that the cases need."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._servers: OrderedDict[Configuration, _Server] = OrderedDict()
        self._paths: dict[Configuration, dict[str, Path]] = {}

    def files(self, configuration: Configuration) -> dict[str, Path]:
        """Return the files of a configuration by kind, written when they are first asked for."""
        if configuration not in self._paths:
            folder = self._folder / str(len(self._paths))
            folder.mkdir()
            paths = {kind: folder / f"{kind}.yaml" for kind, _ in configuration if kind in golden_cases.CONFIGURATION}
            for kind, text in configuration:
                if kind in paths:
                    paths[kind].write_text(text, encoding="utf-8")
            self._paths[configuration] = paths
        return self._paths[configuration]

    def server(self, configuration: Configuration) -> "_Server":
        """Return the server of this configuration, started if it does not run."""
        if configuration not in self._servers:
            if len(self._servers) == _KEPT:
                self._end(self._servers.popitem(last=False)[1])
            paths = {kind.replace("-", "_"): path for kind, path in self.files(configuration).items()}
            constants = {key: value for key, value in configuration if key not in golden_cases.CONFIGURATION}
            settings = golden_cases.settings(constants)
            options = app.Options(host="127.0.0.1", port=0, health_port=0, settings=settings, drain_seconds=0, **paths)
            self._servers[configuration] = self._start(options)
        self._servers.move_to_end(configuration)
        return self._servers[configuration]

    def _start(self, options: app.Options) -> "_Server":
        if not self._thread.is_alive():
            self._thread.start()
        started: asyncio.Future[_Server] = asyncio.run_coroutine_threadsafe(_Server.started(options), self._loop)
        return started.result(30)

    def _end(self, server: "_Server") -> None:
        server.connection.close()
        asyncio.run_coroutine_threadsafe(server.end(), self._loop).result(30)

    def close(self) -> None:
        while self._servers:
            self._end(self._servers.popitem()[1])
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(30)
        self._loop.close()


class _Server:
    """One server and a connection to it."""

    def __init__(self, running: app.Running, log: io.BytesIO, over: asyncio.Event, task: "asyncio.Task[None]") -> None:
        self.log = log
        self._over = over
        self._task = task
        trust = ssl.create_default_context(cadata=running.ca_pem.decode())
        self.connection = http.client.HTTPSConnection("localhost", running.port, timeout=30, context=trust)

    @classmethod
    async def started(cls, options: app.Options) -> "_Server":
        """Start one and wait until it listens."""
        ready: asyncio.Future[app.Running] = asyncio.get_running_loop().create_future()
        log, over = io.BytesIO(), asyncio.Event()

        async def live() -> None:
            try:
                async with app.serving(options, telemetry.make_log(log, "json")) as running:
                    ready.set_result(running)
                    await over.wait()
            except app.CannotStart as error:
                ready.set_exception(error)

        task = asyncio.create_task(live())
        return cls(await ready, log, over, task)

    async def end(self) -> None:
        self._over.set()
        await self._task

    def ask(
        self, body: bytes, method: str = "POST", kind: str | None = "application/json"
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Return status, headers and body of the answer to one call of ``/mutate``."""
        headers = {"Content-Type": kind} if kind else {}
        with contextlib.suppress(ConnectionError):  # it answers before it has read all of what is too large
            self.connection.request(method, "/mutate?timeout=5s", body, headers)
        response = self.connection.getresponse()
        answer = response.status, response.headers, response.read()
        if response.will_close:
            self.connection.close()
        return answer


@contextlib.contextmanager
def fleet(folder: Path) -> Iterator[Fleet]:
    """Run servers as they are asked for, and end them all."""
    servers = Fleet(folder)
    try:
        yield servers
    finally:
        servers.close()
