"""Builds the server, runs it and ends it: parts, tasks, signals. Decides nothing about workloads.

The command line calls :func:`run`; tests and the demo open :func:`serving`, and so do the benchmarks, which call
:func:`tune_collector` as ``run`` does.
"""

from webhook.app.options import CannotStart, ClusterOptions, Options
from webhook.app.process import run, tune_collector
from webhook.app.running import Running, serving

__all__ = ["CannotStart", "ClusterOptions", "Options", "Running", "run", "serving", "tune_collector"]
