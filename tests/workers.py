"""Tests in several processes, by pytest-xdist: which tests stay together, and what the processes have to say at the end.

The tests against a real API server share control planes, so one process runs all of them. Any other file is run by one process
too, because its tests share what takes long to set up.
"""

from collections.abc import Mapping
from typing import Any

import pytest
from xdist.scheduler.loadscope import LoadScopeScheduling

from tests import needs
from tests.controlplane.leaderworkersets import CONTROLLER

_TOGETHER = "tests/controlplane"


class Scheduling(LoadScopeScheduling):
    """Gives whole files to the processes, and all files with control planes to one."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return _TOGETHER if file.startswith(f"{_TOGETHER}/") else file


def tell(config: pytest.Config) -> None:
    """Hand what this process has to say over to the one that reports."""
    if hasattr(config, "workeroutput"):
        told = {"skipped": config.stash.get(needs.SKIPPED, {}), "controller": config.stash.get(CONTROLLER, "")}
        config.workeroutput.update(told)


def hear(config: pytest.Config, output: Mapping[str, Any]) -> None:
    """Take what another process has handed over."""
    config.stash.setdefault(needs.SKIPPED, {}).update(output.get("skipped") or {})
    if controller := output.get("controller"):
        config.stash[CONTROLLER] = controller
