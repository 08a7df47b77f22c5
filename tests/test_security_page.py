"""Every bound in docs/security.md names the tests that hold it."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/security.md").read_text(encoding="utf-8")
BOUNDS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.partition("\n## Bounds\n")[2].splitlines()
    if line.startswith("| ") and not line.startswith("| bound |")
]


@pytest.mark.parametrize(("bound", "value", "tests"), BOUNDS, ids=[row[0] for row in BOUNDS])
def test_a_bound_is_held_by_tests_that_exist(bound, value, tests):
    assert bound
    assert value
    files = re.findall(r"`(tests/[^`]+\.py)`", tests)
    assert files
    assert [file for file in files if not (ROOT / file).is_file()] == []
