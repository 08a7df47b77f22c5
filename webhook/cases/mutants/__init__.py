"""Small changes of a configuration, and whether any case notices them.

::

    changes     the changes of a configuration
    shown       a change as people see it: the lines that it removes and adds
    trial       whether cases notice a change, and if none does, whether it changes anything at all
    samples     made-up workloads, to tell changes that change nothing
    report      the score and what survived, as values and for a terminal

A change that a case notices is *killed*; one that none does *survives*; one that gives the same for every workload of the cases
and every sample is *equivalent*, and no test could kill it. One of a runtime that no case is about is *untested*.

Never in here: processes, clocks, or another way to render than that of requests.
"""

from webhook.cases.mutants.changes import Mutant, mutants
from webhook.cases.mutants.report import Tried, difference, report, score, summary, unnoticed, without_cases
from webhook.cases.mutants.trial import Suite, Trial, Verdict

__all__ = [
    "Mutant",
    "Suite",
    "Trial",
    "Tried",
    "Verdict",
    "difference",
    "mutants",
    "report",
    "score",
    "summary",
    "unnoticed",
    "without_cases",
]
