"""Builds a server from its parts, runs it, and ends it. Decides nothing about workloads.

::

    options            how to serve, and the error for a server that cannot start
    reports            what the parts report: the log and the metrics
    clock              the clock by which certificates are judged, and what is wrong with it
    certificate        the certificate in use; from a folder, or self-signed
    client_ca          the CA of whoever calls the webhook, from a file
    ca_bundle          the caBundle of the webhook configuration, kept up to date
    authority          a certificate signed by the CA that replicas share through a Secret
    configuration      the catalog's store, fed from files and by config_maps
    shared_config_map  a ConfigMap that every replica writes
    config_cache       the ConfigMap that saves the last good configuration
    state_publisher    the ConfigMap in which the state is published for commands
    config_maps        the ConfigMaps of the configuration, followed and saved
    workloads          labelled Pods and LeaderWorkerSets, followed and counted
    slices             long work in a thread, in slices between which the event loop runs
    collector          Python's garbage collector, which hardly anything needs
    memory             memory that is free, back to the operating system
    open_files         how many files and connections the process may have open
    running            one server with all its parts: start, readiness, drain, stop
    process            the server as a process: signals and the exit status

The command line calls :func:`run`. Tests and the demo open :func:`serving`; benchmarks do, too, and call
:func:`tune_collector` as ``run`` does. Never in here: HTTP, requests to an API server, rendering.
"""

from webhook.app.collector import tune as tune_collector
from webhook.app.options import CannotStart, ClusterOptions, Options
from webhook.app.process import run
from webhook.app.running import Running, serving

__all__ = ["CannotStart", "ClusterOptions", "Options", "Running", "run", "serving", "tune_collector"]
