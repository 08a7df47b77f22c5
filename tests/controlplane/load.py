"""Load on the webhook: admissions at a steady rate, sent as API servers send them, and how they were answered."""

import asyncio
import base64
import contextlib
import itertools
import json
import ssl
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from typing import Any, Self

import aiohttp

from tests.controlplane.installation import CONFIGURATION, Installation, pod
from tests.controlplane.plane import ControlPlane
from tests.controlplane.processes import HANGING_SECONDS
from tests.server import wire
from webhook.cluster import connections

HOST = "127.0.0.1"  # the name for which clients verify the certificate
LATE_SECONDS = 0.2  # for which a client still uses the previous caBundle, since API servers notice a change late

RECORD = "hydra.io/rendered"
REVIEW = {
    "apiVersion": "admission.k8s.io/v1",
    "kind": "AdmissionReview",
    "request": {
        "uid": "5d1b8b8e-0c0c-4f0e-9d5f-2f1f3c1c2b1a",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "operation": "CREATE",
        "namespace": "default",
        "name": "one",
        "object": pod("one"),
    },
}
ADMISSION = wire.post(json.dumps(REVIEW).encode())

Question = tuple[bytes, Callable[[wire.Answer], str]]
"""A request, and what is wrong with an answer to it: an empty string if nothing is."""

Send = Callable[[], Awaitable[str]]
"""Sends one request, and returns what is wrong with its answer: an empty string if nothing is."""

FAILURES = (OSError, EOFError, TimeoutError, ValueError, LookupError, aiohttp.ClientError)
"""What a failed connection or a malformed answer raises."""


class Load:
    """Requests that a few senders send, all together at a steady rate.

    Attributes:
        done: how many have been answered or have failed.
        wrong: how often each kind of failure has occurred.
    """

    def __init__(self, rate: float) -> None:
        self._pause = 1 / rate
        self._next = time.monotonic()
        self.done = 0
        self.wrong: Counter[str] = Counter()
        self._broken: Exception | None = None

    def until(self, done: int) -> Self:
        """Wait until so many are done, however long that takes while there is progress."""
        seen, deadline = -1, 0.0
        while self.done < done:
            if self._broken is not None:
                raise self._broken
            if self.done > seen:
                seen, deadline = self.done, time.monotonic() + HANGING_SECONDS
            assert time.monotonic() < deadline, f"stuck at {seen} of {done} requests for {HANGING_SECONDS} seconds"
            time.sleep(0.05)
        return self

    def go_on(self, more: int = 100) -> Self:
        """Wait until this many more are done."""
        return self.until(self.done + more)

    @property
    def failed(self) -> str:
        """How many failed and why, the most frequent cause first; empty if none failed."""
        return "; ".join(f"{count} of {self.done}: {why}" for why, count in self.wrong.most_common(10))

    async def run(self, opened: contextlib.AbstractAsyncContextManager[Send]) -> None:
        """Send until cancelled. Anything else that ends it is a fault of the test, and raised by `until`."""
        try:
            async with opened as send:
                await self._send(send)
        except Exception as error:
            self._broken = error
            raise

    async def _send(self, send: Send) -> None:
        while True:
            # A sender that is late does not catch up: a burst would be a different test.
            self._next = max(self._next, time.monotonic()) + self._pause
            await asyncio.sleep(self._next - self._pause - time.monotonic())
            try:
                problem = await send()
            except FAILURES as error:
                problem = f"{type(error).__name__}: {error}"
            self.done += 1
            if problem:
                self.wrong[problem] += 1


class Traffic:
    """Clients of the webhook, in a thread of their own. They stop when the context is left."""

    def __init__(self, hydra: Installation) -> None:
        self._hydra = hydra
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._tasks: list[asyncio.Task[None]] = []
        self._numbers = itertools.count()
        self.trust = Trust(hydra.plane, hydra.ca_bundle)

    def __enter__(self) -> Self:
        self._thread.start()
        self._call(self._start(self.trust.follow()))
        return self

    def __exit__(self, *_: object) -> None:
        self._call(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def on_new_connections(self, rate: float, senders: int = 2, questions: Iterator[Question] | None = None) -> Load:
        """Send admissions, or these questions, to the Service's replicas in turn, each on a connection of its own."""
        return self.sending(partial(self._new, itertools.count(), questions or ADMISSIONS), rate, senders)

    def on_kept_connections(self, rate: float, senders: int = 2, questions: Iterator[Question] | None = None) -> Load:
        """Send them to the Service's replicas; each sender keeps its connection until the replica closes it."""
        return self.sending(partial(self._kept, itertools.count(), questions or ADMISSIONS), rate, senders)

    def through_the_api_server(self, rate: float, senders: int = 4) -> Load:
        """Create pods, in a dry run: the API server asks the webhook."""
        return self.sending(self._created, rate, senders)

    def sending(
        self, opened: Callable[[], contextlib.AbstractAsyncContextManager[Send]], rate: float, senders: int
    ) -> Load:
        """Send what each of the senders opens."""
        load = Load(rate)
        for _ in range(senders):
            self._call(self._start(load.run(opened())))
        return load

    @contextlib.asynccontextmanager
    async def _new(self, turn: Iterator[int], questions: Iterator[Question]) -> AsyncIterator[Send]:
        async def send() -> str:
            request, problem_of = next(questions)
            async with self._connected(turn) as connection:
                return problem_of(await connection.ask(request))

        yield send

    @contextlib.asynccontextmanager
    async def _kept(self, turn: Iterator[int], questions: Iterator[Question]) -> AsyncIterator[Send]:
        async with contextlib.AsyncExitStack() as stack:
            connection: wire.Wire | None = None

            async def send() -> str:
                nonlocal connection
                used, connection = connection or await stack.enter_async_context(self._connected(turn)), None
                request, problem_of = next(questions)
                answer = await used.ask(request)
                if answer.headers.get("connection") == "close":
                    await stack.aclose()
                else:
                    connection = used
                return problem_of(answer)

            yield send

    @contextlib.asynccontextmanager
    async def _created(self) -> AsyncIterator[Send]:
        async with api_session(self._hydra.plane) as session:

            async def send() -> str:
                path = "/api/v1/namespaces/default/pods?dryRun=All"
                async with session.post(path, json=pod(f"load-{next(self._numbers)}")) as answer:
                    stored = await answer.json()
                if answer.status != 201:
                    return str(stored)
                return "" if RECORD in stored["metadata"].get("annotations", {}) else "created without a record"

            yield send

    def _connected(self, turn: Iterator[int]) -> contextlib.AbstractAsyncContextManager[wire.Wire]:
        targets = self._hydra.service.targets
        if not targets:
            raise ConnectionRefusedError("the Service has no replica")
        return wire.connect(targets[next(turn) % len(targets)], context=self.trust.context, host=HOST)

    def _call(self, coroutine: Any) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    async def _start(self, coroutine: Any) -> None:
        self._tasks.append(asyncio.create_task(coroutine))

    async def _end(self) -> None:
        ending = {task for task in self._tasks if not task.done()}
        while ending:  # before Python 3.12, `wait_for` may swallow a cancellation
            for task in ending:
                task.cancel()
            _, ending = await asyncio.wait(ending, timeout=1)
        await asyncio.sleep(0.1)  # aborted connections are closed in the next rounds of the loop
        for task in self._tasks:
            if not task.cancelled():
                task.result()  # raises what ended it


class Trust:
    """What an API server trusts: the caBundle of the webhook configuration, which it watches.

    Attributes:
        context: for new connections.
        bundles: every caBundle so far, in order.
    """

    def __init__(self, plane: ControlPlane, bundle: bytes) -> None:
        self._plane = plane
        self.bundles: list[bytes] = []
        self._use(bundle)

    def _use(self, bundle: bytes) -> None:
        if bundle and bundle not in self.bundles[-1:]:
            self.bundles.append(bundle)
            self.context = ssl.create_default_context(cadata=bundle.decode())

    async def follow(self) -> None:
        """Watch until cancelled."""
        path = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
        query = {"watch": "1", "fieldSelector": f"metadata.name={CONFIGURATION}"}
        async with api_session(self._plane) as session:
            while True:
                with contextlib.suppress(aiohttp.ClientError, OSError):
                    async with session.get(path, params=query, timeout=aiohttp.ClientTimeout(total=None)) as stream:
                        async for line in stream.content:
                            if not line.endswith(b"\n"):
                                break  # the API server ended in the middle of an event
                            event = json.loads(line)
                            if event["type"] not in {"ADDED", "MODIFIED"}:
                                break  # such as an error: watch again
                            webhook = event["object"]["webhooks"][0]
                            await asyncio.sleep(LATE_SECONDS)
                            self._use(base64.b64decode(webhook["clientConfig"].get("caBundle", "")))
                await asyncio.sleep(LATE_SECONDS)


@contextlib.asynccontextmanager
async def api_session(plane: ControlPlane) -> AsyncIterator[aiohttp.ClientSession]:
    """Open a session for requests to the API server as admin."""
    connector = connections.Connector(ssl=ssl.create_default_context(cafile=str(plane.ca_file)))
    async with aiohttp.ClientSession(
        plane.server,
        connector=connector,
        headers={"Authorization": f"Bearer {plane.token}"},
        timeout=aiohttp.ClientTimeout(total=20),
    ) as session:
        try:
            yield session
        finally:
            await connector.abort()


def admitted(answer: wire.Answer) -> str:
    """Return what is wrong with the answer to an admission: an empty string if the pod gets its record."""
    if answer.status != 200:
        return f"{answer.status}: {answer.body!r}"
    response = json.loads(answer.body)["response"]
    if not response["allowed"]:
        return str(response["status"])
    patch = base64.b64decode(response.get("patch", "")).decode().replace("~1", "/")
    return "" if RECORD in patch else "admitted without a record"


ADMISSIONS: Iterator[Question] = itertools.repeat((ADMISSION, admitted))
"""The same pod without an end."""
