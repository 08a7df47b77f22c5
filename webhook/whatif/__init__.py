"""What if: stored workloads, and what a configuration would make of them. Pure; above what requests do, which it only asks.

Nothing is decided here that a request decides: renderings come from ``mutation``, bare forms from records.

::

    differences  two values to what differs, for people
    compare      a workload under one configuration, and under two
    verdicts     the judgement of a pod template or a pod
    templates    rendered pod templates, as they are stored
    pods         pods, against what their controller's pod template would be rendered to
    owners       which workload does a pod belong to?
    findings     what is found out about a workload
    drift        objects of a cluster to findings
    plan         a change of configuration: what becomes of workloads, told once for all that are alike
"""

from webhook.whatif.compare import Comparison, Denial, under
from webhook.whatif.differences import Change, between, lines
from webhook.whatif.drift import Drift, drift
from webhook.whatif.findings import Finding, Running
from webhook.whatif.plan import PLAN_CHANGES, PLAN_EFFECTS, Outcome, Plan, PlanEffect, Planned, Summary, plan
from webhook.whatif.verdicts import VERDICTS, Judgement, Verdict, is_drift

__all__ = [
    "PLAN_CHANGES",
    "PLAN_EFFECTS",
    "VERDICTS",
    "Change",
    "Comparison",
    "Denial",
    "Drift",
    "Finding",
    "Judgement",
    "Outcome",
    "Plan",
    "PlanEffect",
    "Planned",
    "Running",
    "Summary",
    "Verdict",
    "between",
    "drift",
    "is_drift",
    "lines",
    "plan",
    "under",
]
