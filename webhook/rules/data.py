"""Reads what is known about codes from the files of this folder."""

from collections.abc import Iterator
from importlib import resources
from typing import Any, get_args

import msgspec

from webhook import catalog, errors, notices
from webhook.problems import ProblemCode
from webhook.rules.rule import Rule

_FOLDER = resources.files("webhook.rules")
_PROBLEM_CODES: tuple[ProblemCode, ...] = get_args(ProblemCode)

#: Every code that a user sees, each once, in the order of the docs.
CODES: tuple[str, ...] = tuple(dict.fromkeys((*_PROBLEM_CODES, *errors.DENIAL_CODES, *notices.NOTICE_CODES)))


def every() -> Iterator[Rule]:
    """Yield what is known about every code: findings, denials, warnings, each in the order of its table in the docs."""
    yield from map(finding, _PROBLEM_CODES)
    yield from _denials()
    yield from _warnings()


def find(code: str) -> tuple[Rule, ...]:
    """Return what is known about a code, for each family that has it; nothing if there is no such code."""
    findings = [finding(one) for one in _PROBLEM_CODES if one == code]
    return (*findings, *(rule for rule in (*_denials(), *_warnings()) if rule.code == code))


def finding(code: ProblemCode) -> Rule:
    """Return what is known about the code of a problem.

    Raises:
        FileNotFoundError: nothing is; the message has the path of the missing file.
    """
    return msgspec.convert({"code": code, "family": "finding", **_read(f"findings/{code}.yaml")}, Rule)


def _denials() -> Iterator[Rule]:
    for group, rows in _read("denials.yaml").items():
        for code, row in rows.items():
            yield msgspec.convert({"code": code, "family": "denial", "group": group, **row}, Rule)


def _warnings() -> Iterator[Rule]:
    titles = {str(code): wording.text for code, wording in notices.WORDINGS.items()}
    for code, meaning in _read("warnings.yaml").items():
        yield Rule(code=code, family="warning", group="Warnings", title=titles[code], meaning=meaning)


def _read(name: str) -> dict[str, Any]:
    [value] = catalog.load_all((_FOLDER / name).read_text(encoding="utf-8"))
    assert isinstance(value, dict)
    return value
