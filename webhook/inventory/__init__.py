"""What runs, and whether today's configuration would still make it so: judged by records alone, and counted.

::

    bases       a stored object to what its pod templates were rendered from
    judgement   does the configuration still say the same as a record does?
    counts      workloads that come, change and go, counted by what they were rendered from

A workload is a LeaderWorkerSet with all its pods, or a pod that belongs to none. Never in here: requests, rendering, whole objects.
"""

from webhook.inventory.bases import LeaderWorkerSetParts, PodParts
from webhook.inventory.counts import MOST_SERIES, Inventory, Series
from webhook.inventory.judgement import STATES, State

__all__ = ["MOST_SERIES", "STATES", "Inventory", "LeaderWorkerSetParts", "PodParts", "Series", "State"]
