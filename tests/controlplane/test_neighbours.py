"""One user sends the worst objects there are in a loop; another user's pods are created as if nothing happened."""

import contextlib
import io
import itertools
import json
import time
from collections.abc import AsyncIterator

import pytest

from tests.controlplane.installation import AGENT, Installation, pod, templates
from tests.controlplane.load import RECORD, Send, Traffic, api_session
from tests.proportion import bodies

#: What `python -m bench.worst_bodies` finds to take longest, and what exhausts the budget of templates.
WORST = (
    "containers and init containers of the same names",
    "no container of a long name among",
    "wide and deep",
)
BYTES = 1_000_000
SENDERS = 4


def worst() -> list[tuple[str, bytes]]:
    """Return the path to send each of the worst objects to, and the object as JSON."""
    found = []
    for name, build in bodies.builds().items():
        if any(part in name for part in WORST):
            value = build(BYTES)["request"]["object"]
            value["metadata"] |= {"labels": {"hydra.io/runtime": "vllm-cpu", "hydra.io/model-id": "m"}}
            path = "/api/v1/namespaces/default/pods"
            if value["kind"] == "LeaderWorkerSet":
                path = "/apis/leaderworkerset.x-k8s.io/v1/namespaces/default/leaderworkersets"
            found.append((path, json.dumps(value).encode()))
    return found


class Attack:
    """Sends the worst objects without a pause, and counts the answers by their HTTP status."""

    def __init__(self, hydra: Installation) -> None:
        self.statuses: dict[int, int] = {}
        self._hydra = hydra

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[Send]:
        async with api_session(self._hydra.plane) as session:
            turn = itertools.cycle(worst())

            async def send() -> str:
                path, body = next(turn)
                headers = {"Content-Type": "application/json"}
                async with session.post(f"{path}?dryRun=All", data=io.BytesIO(body), headers=headers) as answer:
                    await answer.read()
                self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1
                return ""

            yield send


class Victim:
    """Creates ordinary pods, and notes how long each took."""

    def __init__(self, hydra: Installation) -> None:
        self.seconds: list[float] = []
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
                self.seconds.append(time.perf_counter() - began)
                return "" if RECORD in stored["metadata"].get("annotations", {}) else str(stored)[:500]

            yield send

    @property
    def p99(self) -> float:
        """Milliseconds within which 99 of 100 pods were created."""
        return sorted(self.seconds)[int(len(self.seconds) * 0.99)] * 1000


@pytest.mark.thorough
@pytest.mark.parametrize("pods", [60, pytest.param(2_000, marks=pytest.mark.attack)])
@pytest.mark.usefixtures("site_lws")
def test_another_users_pods_are_all_admitted(hydra: Installation, pods):
    hydra.configure(templates=templates(**{"vllm-cpu": "serve"}), agent=AGENT)
    hydra.run(2)
    quiet, victim, attack = Victim(hydra), Victim(hydra), Attack(hydra)

    with Traffic(hydra) as traffic:
        traffic.sending(quiet.opened, rate=20, senders=1).until(pods // 2)
        attacks = traffic.sending(attack.opened, rate=1000, senders=SENDERS)
        attacks.until(SENDERS)
        created = traffic.sending(victim.opened, rate=20, senders=1).until(pods)
        attacks.go_on(1)

    print(  # noqa: T201 - the figures are what the long form is run for
        f"\n{len(victim.seconds)} pods: p99 {victim.p99:.0f} ms beside {attacks.done} of the worst objects "
        f"(answers by status: {attack.statuses}), {quiet.p99:.0f} ms without"
    )
    assert created.failed == ""
    assert attack.statuses.keys() & {201, 422}, "no attack reached the webhook"
