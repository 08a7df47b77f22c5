"""Decisions about first-seen pods as the work grows, for `bench.growth`: each amount of work in a process of its own.

A process decides about a batch of pods whenever it is asked to, so that processes with little and with much work can take turns.
"""

import contextlib
import itertools
import json
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal, NamedTuple

from bench import processes, servers, workloads
from webhook import app, catalog, inventory, mutation, remembered, rendering, review
from webhook.cluster import answers
from webhook.settings import Settings

Work = Literal["runtimes, one in use", "runtimes, all in use", "containers", "followed workloads"]
"""What there is more and more of."""

ONE_IN_USE, ALL_IN_USE, CONTAINERS, FOLLOWED = Work.__args__  # type: ignore[attr-defined]  # typing does not show it

REVIEW = Path(__file__).parents[1] / "tests" / "reviews" / "pod-of-a-deployment.json"

PAGE = 250  # pods that a server lists at a time


class Batch(NamedTuple):
    """What it took to decide about some pods.

    Attributes:
        microseconds: CPU time of a decision, mean over the batch.
        remembered: bytes that the verdict about a pod takes while it is remembered.
    """

    microseconds: float
    remembered: float


class Subject:
    """A process that decides about pods when asked to. No two of them are alike."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def measure(self, pods: int) -> Batch:
        """Decide about so many pods.

        Raises:
            EOFError: the process failed; it has written why.
        """
        self._connection.send(pods)
        return Batch(*self._connection.recv())


@contextlib.contextmanager
def started(work: Work, size: int) -> Iterator[Subject]:
    """Run a process with so much work while the context is open. It is ready once this returns."""
    with processes.spawned(_serve, work, size) as connection:
        yield Subject(connection)


def runtimes(size: int) -> list[str]:
    """Return the names of so many runtimes."""
    return [f"runtime-{number:05}" for number in range(size)]


class Pods:
    """Reviews of pods, each with another model and pod spec.

    Args:
        runtimes: which they ask for, in turn.
        containers: how many each has.
    """

    def __init__(self, runtimes: list[str], containers: int = 1) -> None:
        value = json.loads(REVIEW.read_text())
        pod = value["request"]["object"]
        pod["metadata"]["labels"] |= {"hydra.io/runtime": "RUNTIME", "hydra.io/model-id": "MODEL"}
        pod["spec"]["terminationGracePeriodSeconds"] = "SECONDS"
        main = pod["spec"]["containers"][0]
        pod["spec"]["containers"] += [_sidecar(number, main) for number in range(1, containers)]
        self._text = json.dumps(value, separators=(",", ":"))
        self._runtimes = itertools.cycle(runtimes)
        self._numbers = itertools.count()

    def take(self, count: int) -> list[bytes]:
        """Return the next ones."""
        return [
            self._text.replace("RUNTIME", runtime)
            .replace("MODEL", f"model-{number:06}")
            .replace('"SECONDS"', str(number))
            .encode()
            for runtime, number in zip(itertools.islice(self._runtimes, count), self._numbers, strict=False)
        ]


def followed(pods: int) -> inventory.Inventory:
    """Return what a server keeps of so many pods that it follows."""
    kept = inventory.Inventory()
    for begin in range(0, pods, PAGE):
        items = [workloads.metadata(number, padding=0) for number in range(begin, min(pods, begin + PAGE))]
        listed = json.dumps({"metadata": {"resourceVersion": "1"}, "items": items}).encode()
        for item in answers.page(listed, inventory.PodParts).items:
            kept.put_pod(item)
    return kept


def _serve(work: Work, size: int, connection: Connection) -> None:
    """Decide about as many pods as each message says, until the connection is closed."""
    names, documents = ["vllm-cpu"], list(catalog.embedded())
    if work in {ONE_IN_USE, ALL_IN_USE}:
        names = runtimes(size)
        templates, agent = servers.configuration(names)
        documents = [catalog.Document("templates", "t.yaml", templates), catalog.Document("agent", "a.yaml", agent)]
    state = rendering.State(catalog.build(documents, None), Settings())
    pods = Pods(names if work == ALL_IN_USE else names[len(names) // 2 :][:1], size if work == CONTAINERS else 1)
    app.tune_collector()  # as a server does once it is ready, which is before it knows what runs
    kept = followed(size if work == FOLLOWED else 0)
    verdicts = remembered.RememberedVerdicts(mutation.handle, app.Options().remember_mib * 2**20)
    for body in pods.take(len(names)):  # what is prepared once for a runtime is not part of a decision
        review.decide(body, verdicts.handle, state)
    with contextlib.suppress(EOFError):
        while count := connection.recv():
            connection.send(_batch(pods.take(count), state))
    del kept


def _batch(bodies: list[bytes], state: rendering.State) -> Batch:
    """Decide about these pods as a server does, which remembers the verdicts."""
    verdicts = remembered.RememberedVerdicts(mutation.handle, app.Options().remember_mib * 2**20)
    began = time.thread_time()
    for body in bodies:
        review.decide(body, verdicts.handle, state)
    taken = time.thread_time() - began
    assert verdicts.misses == len(bodies), "a pod was not first-seen"
    review.decide(bodies[-1], verdicts.handle, state)  # so that its verdict is kept
    return Batch(taken / len(bodies) * 1e6, verdicts.size)


def _sidecar(number: int, main: dict[str, Any]) -> dict[str, Any]:
    """Return a container as it arrives, with a port, a few variables and resources."""
    asked = {"cpu": "100m", "memory": "128Mi"}
    return {
        "name": f"sidecar-{number}",
        "image": f"registry.example/sidecar-{number}:1",
        "args": ["--listen", f":{9000 + number}", "--upstream", "http://127.0.0.1:8000"],
        "ports": [{"name": f"metrics-{number}", "containerPort": 9000 + number, "protocol": "TCP"}],
        "env": [{"name": name, "value": str(number)} for name in ("SIDECAR_NUMBER", "LOG_LEVEL", "REGION")],
        "resources": {"limits": asked, "requests": asked},
        **{key: main[key] for key in ("volumeMounts", "terminationMessagePath", "terminationMessagePolicy")},
        "imagePullPolicy": "IfNotPresent",
    }
