"""What many clients send a webhook all day: pods, groups, updates, what must be denied, and garbage."""

import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from bench import load
from tests.controlplane.load import Question, admitted
from tests.server import wire
from webhook import catalog, mutation, rendering, review
from webhook.settings import Settings

REVIEWS = Path(__file__).parents[1] / "tests" / "reviews"

#: How often each kind is sent, relative to the others.
SHARES = {
    "pods first seen": 4,
    "pods of one controller": 8,
    "groups": 2,
    "updates of groups": 2,
    "pods that are denied": 1,
    "garbage": 1,
}


class Mixture:
    """Requests of all kinds in turn, and what became of them.

    Args:
        different: how many different pods of a kind there are before they repeat themselves.

    Attributes:
        sent: how many answers of each kind have been judged.
        failed: how many of them were not what they should be.
    """

    def __init__(self, different: int = load.DIFFERENT) -> None:
        self._different = different
        self.sent = Counter(dict.fromkeys(SHARES, 0))
        self.failed = Counter(dict.fromkeys(SHARES, 0))

    def questions(self) -> Iterator[Question]:
        """Yield requests without an end, each with the check of its answer."""
        turns = {kind: itertools.cycle(self._of(kind)) for kind in SHARES}
        order = sorted((index / share, kind) for kind, share in SHARES.items() for index in range(share))
        for _, kind in itertools.cycle(order):
            yield next(turns[kind])

    def _of(self, kind: str) -> list[Question]:
        bodies, check = _KINDS[kind]
        return [(body, self._judged(kind, check)) for body in bodies(self._different)]

    def _judged(self, kind: str, check: Callable[[wire.Answer], str]) -> Callable[[wire.Answer], str]:
        def judge(answer: wire.Answer) -> str:
            problem = check(answer)
            self.sent[kind] += 1
            self.failed[kind] += bool(problem)
            return problem and f"{kind}: {problem}"

        return judge


def _pods(count: int) -> list[bytes]:
    return load.requests([REVIEWS / "pod-kubectl-create.json", REVIEWS / "pod-of-a-deployment.json"], count=count)


def _alike(count: int) -> list[bytes]:
    return load.requests([REVIEWS / "pod-of-a-deployment.json"], alike=True, count=count)


def _groups(count: int) -> list[bytes]:
    return load.requests(sorted(REVIEWS.glob("lws-with*-leader-template.json")), count=count // 5)


def _updates(_count: int) -> list[bytes]:
    """Return the recorded updates that the built-in configuration allows."""
    state = rendering.State(catalog.build(catalog.embedded(), None), Settings())
    bodies = (path.read_bytes() for path in sorted((REVIEWS / "updates").glob("*.json")))
    return [wire.post(body) for body in bodies if review.decide(body, mutation.handle, state).outcome != "denied"]


def _of_nobody(count: int) -> list[bytes]:
    return load.requests([REVIEWS / "pod-kubectl-create.json"], "a-runtime-that-nobody-has", count=count // 5)


def _garbage(_count: int) -> list[bytes]:
    bodies = b"", b"{", b"null", b"[]", b'{"request": {}}', b"\xff\xfe", b'{"request": {"uid": 1}}', b"[" * 5000
    return [wire.post(body) for body in bodies]


def _allowed(answer: wire.Answer) -> str:
    if answer.status != 200:
        return f"{answer.status}: {answer.body!r}"
    response = json.loads(answer.body)["response"]
    return "" if response["allowed"] else str(response["status"])


def _denied(answer: wire.Answer) -> str:
    allowed = answer.status == 200 and json.loads(answer.body)["response"]["allowed"]
    return f"{answer.status}: {answer.body!r}" if allowed or answer.status != 200 else ""


def _refused(answer: wire.Answer) -> str:
    return "" if answer.status == 400 else f"{answer.status}: {answer.body!r}"


_KINDS: dict[str, tuple[Callable[[int], list[bytes]], Callable[[wire.Answer], str]]] = {
    "pods first seen": (_pods, admitted),
    "pods of one controller": (_alike, admitted),
    "groups": (_groups, admitted),
    "updates of groups": (_updates, _allowed),
    "pods that are denied": (_of_nobody, _denied),
    "garbage": (_garbage, _refused),
}
