"""The law: the work for a request grows no faster than n·log n of its body, whatever the body holds."""

import json
import math
import subprocess
import sys

import pytest

from tests.proportion import bodies

#: How many times as fast as n·log n the work may grow. Nothing exceeds 1; a loop over the names of containers that looks each
#: up in a list grows 4 times as fast.
TOLERANCE = 1.1


#: The body that once held a replica for many seconds.
SAME_NAMES = "LeaderWorkerSet: containers and init containers of the same names"


def counted(small, large, names):
    """Return size and work of bodies of two sizes in bytes, by name, counted in a process of its own."""
    command = [sys.executable, "-m", "tests.proportion.counting", str(small), str(large), *names]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def growth(small, large):
    """Return how many times as fast as n·log n the work has grown."""
    (few, little), (many, much) = small, large
    return (much / little) / ((many * math.log(many)) / (few * math.log(few)))


@pytest.mark.parametrize(
    ("small", "large", "every"),
    [
        pytest.param(10_000, 80_000, 500, marks=pytest.mark.slow),
        pytest.param(20_000, 160_000, 67, marks=pytest.mark.thorough),
        pytest.param(20_000, 200_000, 1, marks=pytest.mark.long),
    ],
)
def test_work_grows_no_faster_than_the_body(small, large, every):
    names = [name for index, name in enumerate(bodies.builds()) if index % every == 0 or name == SAME_NAMES]

    grown = {name: growth(*figures) for name, figures in counted(small, large, names).items()}

    assert list(grown) == names
    assert {name: round(times, 2) for name, times in grown.items() if times > TOLERANCE} == {}
    # the law is not held by chance: the work of many bodies is indeed proportional
    assert sum(times > 0.5 for times in grown.values()) > len(grown) / 4


@pytest.mark.parametrize(
    ("code", "quadratic"),
    [
        ("sum(1 for item in items if item in items)", True),
        ("sum(1 for item in items if items.index(item) > 5)", True),
        ("[items[:at] for at in range(len(items))]", True),
        ("[{**mapping, 'b': 2} for item in items]", True),
        ("[[*items, item] for item in items]", True),
        ("[items + [item] for item in items]", True),
        ("[f'{text}' for item in items]", True),
        ("[sorted(items) for item in items]", True),
        ("[text.replace('a', 'b') for item in items]", True),
        ("[mapping == dict.fromkeys(items) for item in items]", True),
        ("[one for item in items for one in items]", True),
        ("[[items] != [list(items)] for item in items]", True),
        ("any(map(items.__contains__, items)) and [max(items) for item in items]", True),
        ("sorted(items)", False),
        ("sum(1 for item in items if item in mapping)", False),
        ("sum(1 for item in items if isinstance(items, list) and len(items) > item)", False),
        ("text.replace('a', 'b') + ''.join(map(str, items)) + f'{items}'", False),
        ("[mapping.get(item) for item in items]", False),
    ],
)
def test_the_meter_sees_work_that_python_does_in_one_expression(code, quadratic):
    assert (growth_of(code) > 2) == quadratic


def growth_of(code):
    """Return how many times as fast as n·log n the work of an expression grows with n."""
    from tests.proportion import counting  # noqa: PLC0415 - it is a program first

    meter = counting.Meter()
    evaluate = counting.rewritten(f"def evaluate(items, mapping, text):\n    return {code}\n", "<test>")
    names = {"__meter__": meter}
    exec(evaluate, names)

    def measured(size):
        before = meter.work
        names["evaluate"](list(range(size)), dict.fromkeys(range(size)), "a" * 64 * size)
        return size, meter.work - before

    return growth(measured(100), measured(1600))
