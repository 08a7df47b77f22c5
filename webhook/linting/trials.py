"""Findings about what templates render to: every combination of roles, arguments and sizes is tried.

A rendering here is that of a request, through the same code; only the variables are made up.
"""

import re

from webhook import gotemplate
from webhook.catalog import gpus, templates
from webhook.catalog.report import Report
from webhook.linting import expressions, samples, starts
from webhook.linting.tried import Findings, Subject, Tried, refers, subject_of
from webhook.rendering import gpus as gpu_types

#: What Go prints for null, for a missing variable inside `print`, and for a verb of printf that does not fit its value.
_MISPRINTED = re.compile(r"<nil>|%!\S?\([^)]*\)?")
_BRACKETS = "CUSTOM_ARGS are printed as a list, in brackets"
_RANGE = "write {{- range .CUSTOM_ARGS }} {{ . }}{{ end }}"
_AS_LIST = f"[{' '.join(samples.CUSTOM_ARGS)}]"

_GPU_TYPES = (
    samples.USUAL_GPU_TYPE,
    gpu_types.CPU,
    *(row.name for row in gpus.BUILT_IN if row.name != samples.USUAL_GPU_TYPE),
)


def check(entry: templates.Entry, report: Report, known: frozenset[expressions.Place]) -> None:
    """Add the findings of an entry; `known` are places of mistakes that have been reported already."""
    subjects = [subject_of(compiled) for compiled in entry.compiled]
    by_gpu = any(refers(compiled, "GPU_TYPE", "GPU_COUNT") for compiled in entry.compiled)
    combinations = tuple(samples.combinations(entry.runtime or "runtime", _GPU_TYPES if by_gpu else _GPU_TYPES[:1]))
    findings = Findings(report, combinations[0])
    for combination in combinations:
        findings.combination = combination
        tried = [one for subject in subjects if (one := _try(findings, known, subject)) is not None]
        for one in tried:
            _look_for_misprints(findings, one)
            _look_for_group_variables(findings, one)
        if entry.template is not None and len(tried) == len(subjects):
            starts.check(findings, entry, entry.template, tried)
    findings.tell()


def _try(findings: Findings, known: frozenset[expressions.Place], subject: Subject) -> Tried | None:
    """Render a template; None if a request would be refused."""
    missing: list[gotemplate.NoValue] = []
    path, scalar, template = subject.compiled
    inside = findings.report.inside
    try:
        text = template.render(findings.combination.data, on_no_value=missing.append)
    except gotemplate.ExecError as error:
        # an error without a variable may be about any of those that do not exist
        of_unknown = subject.unknown and error.variable in {"", *subject.unknown}
        if not of_unknown and (path, error.line, error.column) not in known:
            at = inside(scalar, error.line, error.column) if error.line else scalar
            findings.add("render-fails", path, (error.line, error.column), at, str(error))
        return None
    for one in missing if not subject.unknown else ():
        at = inside(scalar, one.line, one.column)
        findings.add("no-value", path, (one.line, one.column), at, f"{one.expression} has no value")
    return None if missing else Tried(subject, text)


def _look_for_misprints(findings: Findings, one: Tried) -> None:
    """Look for what Go prints in place of a value, or of a list; unlike `<no value>` it reaches a container."""
    scalar = one.subject.compiled.scalar
    for misprint in _MISPRINTED.finditer(one.text):
        remedy = "look at the variables and verbs of print and printf"
        findings.add("misprint", one.path, misprint[0], scalar, f'"{misprint[0]}" is printed', remedy)
    if _AS_LIST in one.text:
        findings.add("misprint", one.path, _AS_LIST, scalar, _BRACKETS, _RANGE)


def _look_for_group_variables(findings: Findings, one: Tried) -> None:
    """Look for variables of a LeaderWorkerSet's pods that a lone pod gets by way of a variable of the template."""
    data = findings.combination.data
    found = expressions.GROUP_VARIABLE.search(one.text)
    if found is None or data["IS_DISTRIBUTED"] or data["IS_LEADER"]:
        return
    if not expressions.reports_group_variables(one.subject.compiled.template):
        cause = f"a lone pod gets {found[0]}), which exists only in the pods of a LeaderWorkerSet"
        at = one.subject.compiled.scalar
        findings.add("lws-variable-in-lone-pod", one.path, found[0], at, cause, expressions.FOR_GROUPS)
