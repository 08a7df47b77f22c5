"""The law: a decision takes no more work if the configuration has more runtimes, whatever becomes of the pod."""

import json
import subprocess
import sys

import pytest

#: Of many names only some are compared with an unknown one, and comparing similar ones takes longer. Work that is proportional to the
#: number of runtimes grows 4 times.
TOLERANCE = 1.5


@pytest.mark.parametrize(
    ("few", "many"),
    [
        pytest.param(150, 600, marks=pytest.mark.thorough),
        pytest.param(500, 5_000, marks=pytest.mark.long),
    ],
)
def test_the_work_does_not_grow_with_the_configuration(few, many):
    command = [sys.executable, "-m", "tests.proportion.runtimes", str(few), str(many)]

    counted = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    grown = {name: round(after / before, 2) for name, (before, after) in counted.items()}
    assert len(grown) == 5
    assert {name: times for name, times in grown.items() if times > TOLERANCE} == {}
