"""What some tests need that not every machine has.

Where it is missing, the tests are left out and the end of the run says so loudly; where it is required, as in CI, the run fails
before it begins.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class Need:
    """A marker's meaning.

    Attributes:
        marker: of the tests that have the need.
        what: the tests, in words.
        missing: returns the names of what is not there.
        remedy: what to do about it.
        variable: environment variable that is ``required`` where leaving tests out would be a mistake.
    """

    marker: str
    what: str
    missing: Callable[[], list[str]]
    remedy: str
    variable: str


def check(session: pytest.Session, needs: tuple[Need, ...]) -> None:
    """Skip the selected tests whose need is not met.

    Raises:
        pytest.UsageError: A need is required and not met.
    """
    left_out = session.config.stash.setdefault(_LEFT_OUT, {})
    for need in needs:
        selected = [item for item in session.items if item.get_closest_marker(need.marker)]
        if not selected or not (missing := ", ".join(need.missing())):
            continue
        if os.environ.get(need.variable) == "required":
            raise pytest.UsageError(f"{need.variable}=required, but this is missing: {missing}. {need.remedy}")
        for item in selected:
            item.add_marker(pytest.mark.skip(reason=f"needs {missing}"))
        left_out[need] = f"{len(selected)} tests were left out: {missing} missing."


def summarize(terminal: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Write what was left out, so that nobody takes the run for a complete one."""
    say = {"red": True, "bold": True}
    for need, left_out in config.stash.get(_LEFT_OUT, {}).items():
        terminal.section(f"NOT RUN: {need.what}", sep="!", **say)
        terminal.line(left_out, **say)
        terminal.line(need.remedy, **say)


_LEFT_OUT = pytest.StashKey[dict[Need, str]]()
