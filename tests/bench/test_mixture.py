"""The mixture of requests has all kinds in their shares, and judges each by what must become of it."""

import itertools
import json
from collections import Counter

import pytest

from bench import mixture
from tests.server.wire import Answer


@pytest.fixture(scope="module")
def mixed():
    return mixture.Mixture(different=20)


def answer(status=200, **response):
    return Answer(status, {}, json.dumps({"response": response}).encode())


def test_each_kind_is_sent_in_its_share_and_counted(mixed):
    mixed.sent.clear()
    mixed.failed.clear()
    count = sum(mixture.SHARES.values())
    for _, judge in itertools.islice(mixed.questions(), 2 * count):
        judge(answer(500))

    assert mixed.sent == Counter({kind: 2 * share for kind, share in mixture.SHARES.items()})
    assert mixed.failed == mixed.sent


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("updates of groups", answer(allowed=True), answer(allowed=False, status={"message": "no"})),
        ("pods that are denied", answer(allowed=False), answer(allowed=True)),
        ("garbage", answer(400), answer(allowed=True)),
        ("garbage", answer(400), answer(500)),
    ],
)
def test_an_answer_is_judged_by_what_was_asked(mixed, kind, good, bad):
    _, judge = mixed._of(kind)[0]

    assert judge(good) == ""
    assert judge(bad).startswith(f"{kind}: ")
