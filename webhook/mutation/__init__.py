"""Mutation: what becomes of an object, by operation. Pure; reviews and the command line enter here.

::

    handler   a review of the mutating webhook to its verdict
    create    every pod template of a new object is rendered
    update    updates of LeaderWorkerSets
    intent    what does an update mean for a rendered LeaderWorkerSet?
    asked     what do the pod templates of a LeaderWorkerSet ask for?
    restore   rendered objects back to their bare form
"""

from webhook.mutation.create import Attempt, Mutation, Refusal, attempt, mutate, replaced
from webhook.mutation.handler import handle
from webhook.mutation.restore import restore
from webhook.mutation.update import update

__all__ = ["Attempt", "Mutation", "Refusal", "attempt", "handle", "mutate", "replaced", "restore", "update"]
