"""The engine gives Go's verdict, output, error text and canonical text in every golden case."""

from typing import Any

import pytest

from tests.gotemplate import conformance

FILES = sorted(conformance.GOLDEN.glob("*.jsonl"))
CASES = [
    pytest.param(case, id=f"{path.stem}-{number}")
    for path in FILES
    for number, case in enumerate(conformance.golden_cases(path), 1)
]


@pytest.mark.parametrize("case", CASES)
def test_the_engine_answers_like_go(case: dict[str, Any]) -> None:
    answer = conformance.ask_engine(case)
    expected = conformance.Answer(case["verdict"], case["output"], case.get("error", ""), case.get("tree", ""))
    assert conformance.difference(expected, answer) is None, (expected, answer)


def test_every_area_has_golden_cases() -> None:
    assert {path.stem for path in FILES} >= {
        "comparison",
        "execution",
        "functions",
        "lexer",
        "literals",
        "numbers",
        "parser",
        "printf",
        "roots",
    }
