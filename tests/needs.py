"""Things that some tests need and that not every machine has.

If something is missing, the tests that need it are skipped, and the end of the run says so in red. If it is required, as in
CI, the run fails before it begins.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass

import pytest

#: What was skipped and why, by what ``Need.what`` says.
SKIPPED = pytest.StashKey[dict[str, str]]()


@dataclass(frozen=True)
class Need:
    """Something that tests with a certain marker need.

    Attributes:
        marker: the marker.
        what: a noun phrase for these tests.
        missing: returns the names of what is missing.
        remedy: a sentence that says how to install it.
        variable: environment variable with the value ``required`` if these tests must not be skipped.
    """

    marker: str
    what: str
    missing: Callable[[], list[str]]
    remedy: str
    variable: str


def check(session: pytest.Session, needs: tuple[Need, ...]) -> None:
    """Skip the selected tests whose needs are not met.

    Where pytest-xdist distributes the tests, a need that is required and not met leaves none to run, and the summary says why.

    Raises:
        pytest.UsageError: A need is required and not met.
    """
    skipped = session.config.stash.setdefault(SKIPPED, {})
    for need in needs:
        selected = [item for item in session.items if item.get_closest_marker(need.marker)]
        if not selected or not (missing := ", ".join(need.missing())):
            continue
        if os.environ.get(need.variable) == "required":
            refusal = f"{need.variable}=required, but this is missing: {missing}. {need.remedy}"
            if not hasattr(session.config, "workeroutput"):
                raise pytest.UsageError(refusal)
            skipped["every test"] = refusal
            session.items.clear()
            return
        for item in selected:
            item.add_marker(pytest.mark.skip(reason=f"needs {missing}"))
        tests = "1 test was" if len(selected) == 1 else f"{len(selected)} tests were"
        skipped[need.what] = f"{tests} skipped, because this is missing: {missing}.\n{need.remedy}"


def summarize(terminal: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Report the skipped tests, so that the run is not mistaken for a complete one."""
    loud = {"red": True, "bold": True}
    for what, reason in config.stash.get(SKIPPED, {}).items():
        terminal.section(f"NOT RUN: {what}", sep="!", **loud)
        for line in reason.splitlines():
            terminal.line(line, **loud)
