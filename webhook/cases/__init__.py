"""Tests of templates: what a test file says, and whether it is so (contract section 13). Pure; files are read by the command.

::

    format      the YAML of a test file to cases, with every problem at its place
    constants   the settings that a test file gives
    run         one case by the code of requests, to its outcome
    left_alone  a workload that is not rendered: why, and what to do about it
    expect      what a case expects, compared with what became of its workload
    matching    a rendered object, compared with the part of it that is expected
    snapshots   whole rendered objects in files
    coverage/   what the cases went through
    mutants/    small changes of a configuration, and whether any case notices them

A test file goes through :func:`read`; the command reads the files that it refers to; :func:`prepare` makes documents and
settings of them, of which a ``rendering.State`` is built; :func:`run` takes one case, that state and those files.

Never in here: another way to render than that of requests.
"""

from webhook.cases import coverage, left_alone, mutants, snapshots
from webhook.cases.expect import BELOW, Files
from webhook.cases.format import Case, CaseFile, Reference, read
from webhook.cases.matching import Failure
from webhook.cases.run import Outcome, Prepared, Status, containers, prepare, run, sent

__all__ = [
    "BELOW",
    "Case",
    "CaseFile",
    "Failure",
    "Files",
    "Outcome",
    "Prepared",
    "Reference",
    "Status",
    "containers",
    "coverage",
    "left_alone",
    "mutants",
    "prepare",
    "read",
    "run",
    "sent",
    "snapshots",
]
