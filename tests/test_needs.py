"""Tests whose needs are not met are skipped loudly, or fail the run where they are required."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CONFTEST = """
import pytest

from tests import needs, workers

NEED = needs.Need(
    marker="moon", what="the tests on the moon", missing=lambda: {missing}, remedy="Build a rocket.", variable="MOON"
)

def pytest_configure(config):
    config.addinivalue_line("markers", "moon: needs one")

@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session):
    needs.check(session, (NEED,))

def pytest_sessionfinish(session):
    workers.tell(session.config)

@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    workers.hear(node.config, getattr(node, "workeroutput", {{}}))

def pytest_terminal_summary(terminalreporter, config):
    needs.summarize(terminalreporter, config)
"""
TESTS = """
import pytest

@pytest.mark.moon
def test_on_the_moon(): pass

def test_on_earth(): pass
"""


@pytest.fixture
def run(tmp_path):
    """Run one test that has the need and one that does not."""

    def run(*arguments, missing=("a rocket", "fuel"), **environ):
        (tmp_path / "conftest.py").write_text(CONFTEST.format(missing=list(missing)))
        (tmp_path / "test_moon.py").write_text(TESTS)
        return subprocess.run(
            [sys.executable, "-m", "pytest", "--rootdir", tmp_path, "-p", "no:cacheprovider", *arguments, tmp_path],
            capture_output=True,
            text=True,
            env=os.environ | {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **environ},
            check=False,
        )

    return run


IN_PROCESSES = pytest.mark.parametrize("processes", [(), ("-p", "xdist", "-n", "2")], ids=["alone", "in two processes"])


@IN_PROCESSES
def test_skipped_tests_are_reported_with_reason_and_remedy(run, processes):
    done = run(*processes)

    assert done.returncode == 0
    assert "1 passed, 1 skipped" in done.stdout
    assert "NOT RUN: the tests on the moon" in done.stdout
    assert "1 test was skipped, because this is missing: a rocket, fuel.\nBuild a rocket." in done.stdout


@IN_PROCESSES
def test_if_the_need_is_required_and_not_met_no_test_runs(run, processes):
    done = run(*processes, MOON="required")

    assert done.returncode != pytest.ExitCode.OK
    assert "MOON=required, but this is missing: a rocket, fuel. Build a rocket." in done.stdout + done.stderr
    assert "passed" not in done.stdout


@pytest.mark.parametrize("arguments", [(), ("-m", "not moon")], ids=["nothing missing", "not selected"])
def test_nothing_is_reported_if_nothing_was_skipped(run, arguments):
    done = run(*arguments, missing=["a rocket"] if arguments else [], MOON="required")

    assert done.returncode == 0
    assert "NOT RUN" not in done.stdout
