"""The server as a process within the memory limit of the manifests, while others do their worst. ``make attack`` prints figures."""

import asyncio
import contextlib
import json
import ssl
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml

from tests.server import cgroup, wire
from tests.server.test_app import review
from tests.server.test_process import Process, started
from webhook import admission, jsonshape, server

pytestmark = pytest.mark.attack

MIB = 2**20
MANIFEST = Path(__file__).parents[2] / "manifests" / "base" / "deployment.yaml"
GIVEN_BACK = 64 * MIB
"""Of memory that stays with the process at most, however much it took: what the allocators keep."""

HALF = wire.post(b'"' + b"x" * (server.MAX_BODY - 1))[: server.MAX_BODY // 2]
BUFFERED = HALF[: 400 * 1024]


def limit() -> int:
    """Return the memory limit of the manifest in bytes."""
    spec = yaml.safe_load(MANIFEST.read_text())["spec"]["template"]["spec"]
    text = spec["containers"][0]["resources"]["limits"]["memory"]
    assert text.endswith("Mi")
    return int(text.removesuffix("Mi")) * MIB


def many(size: int) -> bytes:
    """Return the map with the most values that is decoded: as wide as possible, which takes the most memory."""
    count = jsonshape.MOST_DECODED - 10
    width = size // count - len('"1234567":"",')
    return b"{" + b",".join(b'"%07d":"%s"' % (number, b"x" * width) for number in range(count)) + b"}"


def set_review(operation: str, fill: bytes) -> bytes:
    """Return a review of a LeaderWorkerSet that holds this JSON, as it is stored, too."""
    value = {
        "metadata": {"name": "a", "labels": {"hydra.io/runtime": "vllm-cpu"}},
        "spec": {"leaderWorkerTemplate": "FILL"},
    }
    kind = {"group": "leaderworkerset.x-k8s.io", "version": "v1", "kind": "LeaderWorkerSet"}
    request = {"uid": "u", "kind": kind, "operation": operation, "object": value}
    if operation == "UPDATE":
        request["oldObject"] = value
    whole = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}
    return json.dumps(whole).encode().replace(b'"FILL"', fill)


def bomb(size: int) -> bytes:
    """Return a review of a pod that holds ``{"":{}},…``."""
    text = review("vllm-cpu").replace(b'"image": "auto"', b'"image": "auto", "x": []')
    return text.replace(b"[]", b"[" + b",".join([b'{"":{}}'] * ((size - len(text)) // 8)) + b"]", 1)


def record_bomb(size: int) -> bytes:
    """Return a review of a pod with the same inside its record."""
    record = '{\\"version\\":1,\\"replaced\\":{\\"/spec\\":[' + ",".join(['{\\"\\":{}}'] * (size // 12)) + "]}}"
    return review("vllm-cpu").replace(
        b'"labels":', b'"annotations": {"hydra.io/rendered": "%s"}, "labels":' % record.encode()
    )


WORST = {
    "an UPDATE of two wide objects": set_review("UPDATE", many(admission.MAX_OBJECT - 1000)),
    "a CREATE of a wide object": set_review("CREATE", many(admission.MAX_OBJECT - 1000)),
    "small maps": bomb(7_000_000),
    "small maps, as many as are decoded": bomb(jsonshape.MOST_DECODED * 8 // 3 - 1000),
    "small maps in a record": record_bomb(2_900_000),
    "one string": set_review("CREATE", b'{"x":"%s\xf0\x9f\x98\x80"}' % (b"x" * (admission.MAX_OBJECT - 1000))),
}


class Attacked:
    """A server under attack, with a neighbour who asks it."""

    def __init__(self, process: Process, group: cgroup.Cgroup, port: int, health_port: int) -> None:
        self.process = process
        self.group = group
        self.port = port
        self.health_port = health_port
        self.context = ssl.create_default_context(cadata=process.ca_file.read_text())
        self.before = group.in_use

    async def ask(self, body: bytes) -> tuple[int, float]:
        """Return the status of the answer, and the seconds it took, handshake included."""
        began = time.perf_counter()
        async with wire.connect(self.port, context=self.context) as client:
            answer = await client.ask(wire.post(body))
        return answer.status, time.perf_counter() - began

    async def neighbour(self) -> float:
        """Return the seconds that another user's pod and a probe take."""
        status, seconds = await self.ask(review("vllm-cpu"))
        assert status == 200
        async with wire.connect(self.health_port) as probe:
            assert (await probe.ask(wire.get("/livez"))).status == 200
        return seconds

    @contextlib.asynccontextmanager
    async def senders(self, number: int, data: bytes) -> AsyncIterator[None]:
        """Have so many connections send this and no more, and read nothing."""
        writers: list[asyncio.StreamWriter] = []

        async def send() -> None:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection(
                    "127.0.0.1", self.port, ssl=self.context, server_hostname="localhost"
                )
                writers.append(writer)
                for start in range(0, len(data), 64 * 1024):
                    writer.write(data[start : start + 64 * 1024])
                    await writer.drain()

        sending = [asyncio.create_task(send()) for _ in range(number)]
        try:
            await asyncio.wait(sending, timeout=5)
            yield
        finally:
            for task in sending:
                task.cancel()
            await asyncio.gather(*sending, return_exceptions=True)
            for writer in writers:
                writer.transport.abort()

    async def given_back(self) -> bool:
        """Return whether memory goes back to what it was, but for what allocators keep, within a minute."""
        for _ in range(300):
            if self.group.in_use <= self.before + GIVEN_BACK:
                return True
            await asyncio.sleep(0.2)
        return False

    def report(self, what: str, slowest: float) -> None:
        peak, kept = self.group.peak / MIB, (self.group.in_use - self.before) / MIB
        print(f"\n{what}: peak {peak:.0f} MiB of {limit() // MIB}, kept {kept:.0f}; neighbour at most {slowest:.2f} s")  # noqa: T201 - for `make attack`


@contextlib.asynccontextmanager
async def attacked(folder: Path) -> AsyncIterator[Attacked]:
    with cgroup.limited(limit()) as group:
        async with started(folder, cgroup=group.procs) as process:
            ports = await process.event("serving")
            reading = asyncio.create_task(process.process.stderr.read())  # or the log would fill its pipe
            try:
                one = Attacked(process, group, ports["port"], ports["health_port"])
                await one.neighbour()
                yield one
                assert process.process.returncode is None
            finally:
                reading.cancel()


@pytest.mark.parametrize("number", [40, 150])
async def test_half_bodies(tmp_path, number):
    async with attacked(tmp_path) as one:
        async with one.senders(number, HALF):
            slowest = max([await one.neighbour() for _ in range(10)])
        given_back = await one.given_back()
        one.report(f"{number} half bodies", slowest)
        assert given_back


async def test_worst_bodies(tmp_path):
    async with attacked(tmp_path) as one:
        for name, body in WORST.items():
            asking = [asyncio.create_task(one.ask(body)) for _ in range(8)]
            slowest = max([await one.neighbour() for _ in range(5)])
            statuses = {status for status, _ in await asyncio.gather(*asking)}
            assert statuses <= {200, 408, 503}  # 408 and 503 where the machine is slow
            assert await one.given_back()
            one.report(name, slowest)


async def test_everything_together(tmp_path):
    async with attacked(tmp_path) as one, one.senders(server.REVIEW_LIMITS.per_peer - 50, BUFFERED):
        async with one.senders(40, HALF):
            asking = [asyncio.create_task(one.ask(body)) for body in WORST.values()]
            slowest = max([await one.neighbour() for _ in range(5)])
            await asyncio.gather(*asking, return_exceptions=True)
        assert await one.given_back()
        one.report("everything together", slowest)


async def test_idle_connections_from_one_peer(tmp_path):
    async with attacked(tmp_path) as one, one.senders(1100, b""):
        slowest = max([await one.neighbour() for _ in range(5)])
        one.report("1,100 idle connections", slowest)
