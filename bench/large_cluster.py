"""Many pods of many controllers through a real API server, while one of two replicas ends: killed, or replaced as in a roll-out.

Pods are created in three phases: before, during and after the end of a replica. Before and after, pods that the webhook renders and
pods that it is not called for take turns, which gives the latency that it adds.
"""

import contextlib
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from bench import cluster, creations, processes
from bench.creations import Attempt, Creators
from tests.controlplane.installation import Installation
from tests.controlplane.plane import ControlPlane
from tests.controlplane.replica import Replica
from tests.controlplane.service import Service

End = Literal["killed", "replaced"]
OURS, NONE = "large-ours", "large-none"

_REPLICAS = 2
_AT_LEAST = 100
"""Pods between two looks at whether the replacement is ready."""

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Size:
    """How many pods are created.

    Attributes:
        pods: rendered ones, at least; while a replica is replaced, pods are created for as long as it takes.
        clients: how many create them at the same time.
        rounds: of the comparison with no webhook, half of them before the end of the replica, half after it.
    """

    pods: int
    clients: int
    rounds: int

    @property
    def of_a_round(self) -> int:
        """Return how many pods a round creates with the webhook, and without it: two thirds are created in rounds."""
        return max(1, self.pods * 2 // 3 // self.rounds)


@dataclass(frozen=True, slots=True)
class Moments:
    """The end of a replica that was killed, in seconds of the monotonic clock.

    Attributes:
        killed: when it was killed.
        unlisted: when the Service no longer forwarded to it.
    """

    killed: float
    unlisted: float


@dataclass(frozen=True, slots=True)
class Failures:
    """Pods that were refused because their admission failed.

    Attributes:
        in_flight: sent before a replica was killed, and not answered by then.
        listed: sent after that, while the Service still forwarded to it.
        others: sent at any other time.
        messages: what the API server said, each once, without the addresses.
    """

    in_flight: int
    listed: int
    others: int
    messages: tuple[str, ...]

    @property
    def total(self) -> int:
        return self.in_flight + self.listed + self.others


@dataclass
class Memory:
    """What became of a replica: MiB when it was ready, at the end, and at most; verdicts looked up."""

    ready: float
    end: float = 0
    most: float = 0
    hits: float = 0
    misses: float = 0


@dataclass
class Measured:
    """Everything about the pods of one run.

    Attributes:
        pods: how many were created and rendered.
        during: how many of them were created while a replica was replaced.
        ours, none: milliseconds of each round's creations, with and without the webhook.
        meanwhile: milliseconds of the creations while a replica was replaced.
        failures: of their admissions.
        reported: how many failed calls the API server has counted itself.
        moments: of the replica's end, if it was killed.
        seconds: from the kill, or the beginning of the roll-out, until a new replica was ready and the old one had ended.
        replicas: by name.
        server_cpu, webhook_cpu, service_cpu: CPU milliseconds for each pod that was rendered, in rounds; the last is what the stand-in
            for a Service uses, which would be the kernel's.
    """

    pods: int = 0
    during: int = 0
    ours: list[list[float]] = field(default_factory=list)
    none: list[list[float]] = field(default_factory=list)
    meanwhile: list[float] = field(default_factory=list)
    failures: Failures = Failures(0, 0, 0, ())
    reported: float = 0
    moments: Moments | None = None
    seconds: float = 0
    replicas: dict[str, Memory] = field(default_factory=dict)
    server_cpu: list[float] = field(default_factory=list)
    webhook_cpu: list[float] = field(default_factory=list)
    service_cpu: list[float] = field(default_factory=list)

    @property
    def hit_ratio(self) -> float:
        """Return the share of pods whose verdict was remembered."""
        hits = sum(one.hits for one in self.replicas.values())
        return hits / (hits + sum(one.misses for one in self.replicas.values()))


class Cluster:
    """A cluster with two replicas behind a Service, and clients.

    Args:
        hydra: the installation, with its replicas.
        creators: the clients.
        size: of the run.
    """

    def __init__(self, hydra: Installation, creators: Creators, size: Size) -> None:
        self._hydra = hydra
        self._creators = creators
        self._size = size
        self._next = 0
        self._attempts: list[Attempt] = []
        self._found = Measured()
        self._failed_before = self._failed_calls()
        for replica in hydra.replicas:
            self._found.replicas[replica.name] = Memory(processes.resident_mib(replica.process.pid))

    def run(self, end: End, report: Report) -> Measured:
        """Create the pods while a replica ends in this way."""
        self._ours(min(self._size.of_a_round, 200))  # warm up
        self._attempts.clear()
        halves = self._size.rounds // 2, self._size.rounds - self._size.rounds // 2
        report(f"{2 * halves[0] * self._size.of_a_round:,} pods before a replica is {end}")
        self._rounds(halves[0])
        report(f"a replica is {end}")
        self._during(end)
        report(f"{2 * halves[1] * self._size.of_a_round:,} pods after it")
        self._rounds(halves[1])
        for replica in self._hydra.replicas:
            self._look_at(replica)
        found = self._found
        found.pods = sum(not one.failure for one in self._attempts)
        found.failures = failures(self._attempts, found.moments)
        found.reported = self._failed_calls() - self._failed_before
        if (stored := self._stored()) != self._next:
            raise RuntimeError(f"{self._next:,} pods should exist, and {stored:,} do")
        return found

    def _ours(self, count: int) -> list[Attempt]:
        numbers = range(self._next, self._next + count)
        self._next = numbers.stop
        attempts = self._creators.create(OURS, numbers, rendered=True)
        self._attempts += attempts
        return attempts

    def _rounds(self, count: int) -> None:
        for number in range(count):
            for rendered in (True, False) if number % 2 == 0 else (False, True):
                if rendered:
                    self._measured_round()
                else:
                    numbers = range(self._size.of_a_round)
                    attempts = self._creators.create(NONE, numbers, rendered=False)
                    self._found.none.append([one.milliseconds for one in attempts])

    def _measured_round(self) -> None:
        before = self._cpu_seconds()
        attempts = self._ours(self._size.of_a_round)
        used = [
            (after - earlier) / len(attempts) * 1000 for earlier, after in zip(before, self._cpu_seconds(), strict=True)
        ]
        self._found.ours.append([one.milliseconds for one in attempts])
        for values, value in zip(
            (self._found.server_cpu, self._found.webhook_cpu, self._found.service_cpu), used, strict=True
        ):
            values.append(value)

    def _cpu_seconds(self) -> tuple[float, float, float]:
        """Return the CPU time of the API server, of the replicas and of the Service, which is this process."""
        webhook = sum(processes.cpu_seconds(replica.process.pid) for replica in self._hydra.replicas)
        return processes.cpu_seconds(self._hydra.plane.pid("kube-apiserver")), webhook, time.process_time()

    def _during(self, end: End) -> None:
        """Create pods from before a replica ends until its successor is ready."""
        failed: list[BaseException] = []

        def work() -> None:
            try:
                time.sleep(0.1)  # so that it ends while pods are created
                began = time.monotonic()
                if end == "killed":
                    self._kill()
                else:
                    self._replace()
                self._found.seconds = time.monotonic() - began
            except BaseException as error:  # noqa: BLE001 - raised again below
                failed.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        rest = self._size.pods - self._size.of_a_round * self._size.rounds
        while thread.is_alive() or self._found.during < rest:
            attempts = self._ours(_AT_LEAST)
            self._found.during += _AT_LEAST
            self._found.meanwhile += [one.milliseconds for one in attempts]
        thread.join()
        if failed:
            raise failed[0]

    def _kill(self) -> None:
        """Kill a replica as the kernel does when memory runs out, and start it again as the kubelet does."""
        replica = self._hydra.replicas[0]
        self._look_at(replica)
        port, killed = replica.port, time.monotonic()
        replica.process.kill()
        while port in self._hydra.service.targets:
            time.sleep(0.001)
        self._found.moments = Moments(killed, time.monotonic())
        self._hydra.withdraw(replica)
        self._started(self._hydra.start())

    def _replace(self) -> None:
        replica = self._hydra.replicas[0]
        self._look_at(replica)
        self._started(self._hydra.replace(replica))

    def _started(self, replica: Replica) -> None:
        self._hydra.until_forwarded(replica)
        self._found.replicas[replica.name] = Memory(processes.resident_mib(replica.process.pid))

    def _look_at(self, replica: Replica) -> None:
        """Note what a replica has used and remembered."""
        memory, pid = self._found.replicas[replica.name], replica.process.pid
        memory.end, memory.most = processes.resident_mib(pid), processes.most_resident_mib(pid)
        memory.hits = replica.metric("hydra_webhook_remembered_verdicts_total", result="hit")
        memory.misses = replica.metric("hydra_webhook_remembered_verdicts_total", result="miss")

    def _failed_calls(self) -> float:
        """Return how often the API server could not call a webhook, which it counts itself."""
        lines = self._hydra.plane.request("GET", "/metrics")["text"].splitlines()
        series = (line for line in lines if line.startswith("apiserver_admission_webhook_rejection_count{"))
        return sum(float(line.split()[-1]) for line in series if 'error_type="calling_webhook_error"' in line)

    def _stored(self) -> int:
        """Return how many pods exist that were rendered."""
        listed = self._hydra.plane.request("GET", f"/api/v1/namespaces/{OURS}/pods?limit=1")
        return len(listed["items"]) + int(listed["metadata"].get("remainingItemCount", 0))


def failures(attempts: list[Attempt], moments: Moments | None) -> Failures:
    """Return which creations failed, by when they were sent."""
    failed = [one for one in attempts if one.failure]
    in_flight = listed = 0
    if moments is not None:
        in_flight = sum(one.sent < moments.killed <= one.answered for one in failed)
        listed = sum(moments.killed <= one.sent < moments.unlisted for one in failed)
    messages = sorted({_message(one.failure) for one in failed})
    return Failures(in_flight, listed, len(failed) - in_flight - listed, tuple(messages))


def _message(status: str) -> str:
    """Return the end of the message of a Status, which has the error, without addresses, which differ."""
    message: str = json.loads(status)["message"]
    return re.sub(r"[\d.]+:\d+", "ADDRESS", message.rpartition('": ')[2])


@contextlib.contextmanager
def running(clients: int) -> Iterator[tuple[Installation, Creators]]:
    """Run a control plane with two replicas behind a Service, and clients, while the context is open."""
    with (
        ControlPlane(controllers=False) as plane,  # controllers would delete pods whose owners do not exist
        Service() as service,
        Installation(plane, service) as hydra,
        creations.started(plane, clients) as creators,
    ):
        cluster.create_namespaces(plane, OURS, NONE)
        hydra.install()
        hydra.configure()
        hydra.run(_REPLICAS)
        yield hydra, creators


def measured(end: End, size: Size, report: Report) -> tuple[Measured, str]:
    """Create pods in a fresh cluster while a replica ends in this way; return what was measured, and Kubernetes' version."""
    with running(size.clients) as (hydra, creators):
        found = Cluster(hydra, creators, size).run(end, report)
        return found, hydra.plane.request("GET", "/version")["gitVersion"].removeprefix("v")
