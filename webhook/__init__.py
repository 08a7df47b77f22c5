"""The Hydra runtime webhook: bare Pods and LeaderWorkerSets in, runnable inference workloads out.

Rooms, top may import below; siblings in one row never import each other (checked by import-linter)::

    cli > app > server | cluster | files > mutation > rendering > catalog > admission | workload
        > gotemplate | patch > settings > telemetry | errors

Beside this package stands ``certs``, which knows keys and certificates and nothing of admission.
"""

__version__ = "0.1.0"
