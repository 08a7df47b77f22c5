"""Every code of a finding is explained, raised by its wrong example and by nothing in its right one.

A new code needs a file in ``webhook/rules/findings`` with the keys that ``rules.Rule`` describes.
"""

from pathlib import Path
from typing import get_args

import pytest

from webhook import catalog, linting, problems, rules

CODES = get_args(problems.ProblemCode)
FOLDER = Path(rules.__file__).parent / "findings"

#: What no file shows by itself, and a configuration that has it: what is absent, or 1,001 problems.
BEFORE = catalog.build([catalog.Document("templates", "t", "templates: []")], None)
WITHOUT_EXAMPLE = {
    "absent": lambda: linting.lint([catalog.Document("templates", "t", None)]),
    "deleted": lambda: catalog.build([catalog.Document("templates", "t", None)], BEFORE).problems,
    "too-many-problems": lambda: linting.lint(
        [catalog.Document("templates", "t", "templates: [" + "1, " * 1001 + "]")]
    ),
}


def found(example):
    """Return what lint finds in an example."""
    return linting.lint([catalog.Document(kind, f"{kind}.yaml", text) for kind, text in example.items()])


@pytest.mark.parametrize("code", CODES)
def test_a_code_has_a_file(code):
    assert (FOLDER / f"{code}.yaml").exists(), f"webhook/rules/findings/{code}.yaml is missing"


def test_every_file_is_about_a_code():
    assert {file.stem for file in FOLDER.iterdir()} == set(CODES)


@pytest.mark.parametrize("code", [code for code in CODES if code not in WITHOUT_EXAMPLE])
def test_the_wrong_example_raises_the_code_and_nothing_worse(code):
    rule = rules.finding(code)
    raised = found(rule.wrong)

    assert [problem.severity for problem in raised if problem.code == code] == [rule.severity]
    assert [str(one) for one in raised if one.code != code and one.severity != "info"] == []


@pytest.mark.parametrize("code", [code for code in CODES if code not in WITHOUT_EXAMPLE])
def test_the_right_example_is_clean(code):
    rule = rules.finding(code)

    assert rule.right
    assert [str(one) for one in found(rule.right) if one.code == code or one.severity != "info"] == []


@pytest.mark.parametrize("code", WITHOUT_EXAMPLE)
def test_a_code_without_an_example_is_raised_all_the_same(code):
    rule = rules.finding(code)
    [severity] = {problem.severity for problem in WITHOUT_EXAMPLE[code]() if problem.code == code}

    assert severity == rule.severity
    assert (rule.wrong, rule.right) == ({}, {})


@pytest.mark.parametrize("code", CODES)
def test_a_meaning_says_something(code):
    assert len(rules.finding(code).meaning.split()) >= 3
