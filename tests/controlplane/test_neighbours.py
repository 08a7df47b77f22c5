"""One user sends the worst objects there are in a loop; another user's pods are created as if nothing happened."""

import contextlib
import io
import itertools
import json
import time
from collections.abc import AsyncIterator

import pytest

from bench import worst_bodies
from tests.controlplane.installation import AGENT, Installation, pod, templates
from tests.controlplane.load import RECORD, Send, Traffic, api_session
from tests.proportion import bodies

#: Of what `python -m bench.worst_bodies` finds to take longest, bodies that reach the webhook through an API server without holding up
#: the API server itself for seconds; one is denied undecoded, one has a name that is looked for among thousands of others.
WORST = (
    "LeaderWorkerSet: limits of nvidia.com/rdma-",
    "Pod: envFrom, nearly equal",
    "LeaderWorkerSet: tolerations, nearly equal",
    "Pod: tolerations, nearly equal",
    "LeaderWorkerSet: initContainers, nearly equal",
    "no container of a long name among short names",
    "LeaderWorkerSet: wide and deep",
)
BYTES = 1_000_000

#: How much of the largest body that is decided about is sent: an API server adds defaults to it before the webhook sees it.
SHARE = 0.7

#: Pods that are created before any is timed. The first ones take seconds: the API server opens its connections to each replica, and
#: compiles the match conditions and policies.
WARM_UP = 40


def worst() -> list[tuple[str, bytes]]:
    """Return the path to send each of the worst objects to, and the object as JSON."""
    found = []
    builds = bodies.builds()
    for name in WORST:
        size = len(worst_bodies.largest(builds[name], BYTES, precision=1.1))
        value = builds[name](int(SHARE * size))["request"]["object"]
        value["metadata"] |= {"labels": {"hydra.io/runtime": "vllm-cpu", "hydra.io/model-id": "m"}}
        path = "/api/v1/namespaces/default/pods"
        if value["kind"] == "LeaderWorkerSet":
            path = "/apis/leaderworkerset.x-k8s.io/v1/namespaces/default/leaderworkersets"
        found.append((path, json.dumps(value).encode()))
    return found


class Attack:
    """Sends the worst objects one after the other without a pause, and counts the answers by their HTTP status."""

    def __init__(self, hydra: Installation) -> None:
        self.statuses: dict[int, int] = {}
        self.decided = 0
        self._hydra = hydra

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[Send]:
        async with api_session(self._hydra.plane) as session:
            turn = itertools.cycle(worst())

            async def send() -> str:
                path, body = next(turn)
                headers = {"Content-Type": "application/json"}
                async with session.post(f"{path}?dryRun=All", data=io.BytesIO(body), headers=headers) as answer:
                    text = await answer.text()
                self.decided += "object-too-large" not in text
                self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1
                return ""

            yield send


class Victim:
    """Creates ordinary pods, and notes how long each took."""

    def __init__(self, hydra: Installation) -> None:
        self._seconds: list[float] = []
        self._hydra = hydra

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[Send]:
        async with api_session(self._hydra.plane) as session:
            number = itertools.count()

            async def send() -> str:
                began = time.perf_counter()
                path = "/api/v1/namespaces/default/pods?dryRun=All"
                async with session.post(path, json=pod(f"victim-{next(number)}")) as answer:
                    stored = await answer.json()
                self._seconds.append(time.perf_counter() - began)
                return "" if RECORD in stored["metadata"].get("annotations", {}) else str(stored)[:500]

            yield send

    def figures(self) -> str:
        """Return how long pods took since this was last asked for."""
        taken = sorted(self._seconds)
        self._seconds = []
        p50, p99 = (f"{taken[int(len(taken) * share)] * 1000:.0f} ms" for share in (0.5, 0.99))
        return f"{len(taken)} pods, p50 {p50}, p99 {p99}"


@pytest.mark.thorough
@pytest.mark.parametrize("pods", [60, pytest.param(2_000, marks=pytest.mark.attack)])
@pytest.mark.usefixtures("site_lws")
def test_another_users_pods_are_all_admitted(hydra: Installation, pods):
    hydra.configure(templates=templates(**{"vllm-cpu": "serve"}), agent=AGENT)
    hydra.run(2)
    victim, attack = Victim(hydra), Attack(hydra)

    with Traffic(hydra) as traffic:
        created = traffic.sending(victim.opened, rate=20, senders=1).until(WARM_UP)
        first = victim.figures()
        created.go_on(pods // 2)
        without = victim.figures()
        attacks = traffic.sending(attack.opened, rate=1000, senders=1).until(1)
        created.go_on(pods)
        attacks.go_on(1)

    print(  # noqa: T201 - the figures are what the long form is run for
        f"\nthe first after the start: {first}\nwithout an attack: {without}\nbeside {attacks.done} of the worst objects (answers by "
        f"status: {attack.statuses}, not too large: {attack.decided}): {victim.figures()}\nfailed: {created.failed or 'none'}"
    )
    assert created.failed == ""
    assert attack.decided, "nothing of the attack was decided about"
