"""Findings about what templates render to, for every combination of role, arguments and size.

Templates are rendered by the code that serves requests; only the variables are made up.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

from webhook import catalog, errors, gotemplate
from webhook.catalog.report import AROUND, Report
from webhook.catalog.schema import compiling, gpu_types
from webhook.catalog.schema.runtime_templates import ReadRuntimeTemplate
from webhook.linting import passing, printed, sample_variables, startup, values
from webhook.linting import templates as template_rules
from webhook.linting.trial_results import Findings, Rendering, TriedTemplate, refers, tried_template
from webhook.rendering import budget, expand, gpus
from webhook.shell import argv

#: Go prints these for null, for a missing variable inside `print`, and for a printf verb that does not fit its value.
_MISPRINTED = re.compile(r"<nil>|%!\S?\([^)]*\)?")
_BRACKETS = "CUSTOM_ARGS render as one list in brackets"

#: The remedy for a failure, by words in Go's message.
_REMEDIES = (
    ("out of range", "ask for the length first, such as: {{ if .CUSTOM_ARGS }}"),
    ("undefined variable", "declare the variable with := before it gets another value"),
    ("nil pointer", "print it only where it has a value: {{ with }}"),
)
_GPU_TYPES = (
    sample_variables.USUAL_GPU_TYPE,
    gpus.CPU,
    *(row.name for row in gpu_types.BUILT_IN if row.name != sample_variables.USUAL_GPU_TYPE),
)


def check(
    entry: ReadRuntimeTemplate,
    report: Report,
    known: frozenset[template_rules.Place],
    slots: Mapping[str, values.Slot],
    unknown_starts: Collection[str],
) -> None:
    """Add the findings of one entry.

    Args:
        entry: the entry.
        report: receives the findings.
        known: the places of failures that have been reported already.
        slots: what Kubernetes wants at key paths with a Go template.
        unknown_starts: see ``sections.unknown_starts``.
    """
    if not entry.compiled:
        return
    tried = [tried_template(compiled) for compiled in entry.compiled]
    by_gpu = any(refers(compiled, "GPU_TYPE", "GPU_COUNT") for compiled in entry.compiled)
    samples = tuple(sample_variables.samples(entry.runtime or "runtime", _GPU_TYPES if by_gpu else _GPU_TYPES[:1]))
    findings = Findings(report, samples[0])
    integers = {one.template: one for one in entry.draft.integers()} if entry.draft else {}
    guesses = _guesses(entry)
    for sample in samples:
        findings.sample = replace(sample, variables={**guesses(sample.variables), **sample.variables})
        left = budget.new()
        of_role = [template for template in tried if sample.role in template.compiled.roles]
        renderings = [one for template in of_role if (one := _render(findings, known, template, left)) is not None]
        _check_cost(findings, entry, budget.STEPS - left.steps)
        for rendering in renderings:
            _check_misprints(findings, rendering, entry)
            _check_integer(findings, rendering, integers)
            printed.check_value(findings, rendering, slots)
            _check_group_variables(findings, rendering)
        if entry.draft is not None and entry.path not in unknown_starts:
            startup.check(findings, entry, entry.draft.startups[sample.role], renderings)
            printed.check_program(findings, entry.draft.startups[sample.role], renderings)
    findings.report_all()


def _guesses(entry: ReadRuntimeTemplate) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    """Return a function from variables to values for those that do not exist, so that a misspelt one hides no other finding.

    They are those of the variables that were probably meant.
    """
    unknown = {
        use.name: use.nearest
        for compiled in entry.compiled
        for use in compiled.template.unknown_variables(sample_variables.NAMES)
    }
    return lambda variables: {name: variables.get(nearest, "value") for name, nearest in unknown.items()}


def _render(
    findings: Findings, known: frozenset[template_rules.Place], tried: TriedTemplate, left: gotemplate.Budget
) -> Rendering | None:
    """Render a template with the current sample and what is left of its budget; None if a request would be denied."""
    missing: list[gotemplate.NoValue] = []
    path, scalar, template, _ = tried.compiled
    inside = findings.report.inside
    try:
        text = template.render(findings.sample.variables, on_no_value=missing.append, budget=left)
    except gotemplate.ExecError as error:
        # an error that names no variable may concern any of those that do not exist
        of_unknown = tried.unknown and error.variable in {"", *tried.unknown}
        if not of_unknown and (path, error.line, error.column) not in known:
            at = inside(scalar, error.line, error.column) if error.line else scalar
            cause = budget.cause(error, left)
            findings.add(
                "render-fails", path, (error.line, error.column), at, cause, _remedy(error), error.excerpt(AROUND)
            )
        return None
    for one in missing if not tried.unknown else ():
        at = inside(scalar, one.line, one.column)
        cause = f"{one.expression} has no value"
        findings.add("no-value", path, (one.line, one.column), at, cause, "print it only where it has one: {{ with }}")
    return None if missing else Rendering(tried, text)


def _remedy(error: gotemplate.ExecError) -> str:
    """Return the remedy for a failure that only some variables show, or ""."""
    return next((remedy for words, remedy in _REMEDIES if words in error.message), "")


def _check_cost(findings: Findings, entry: ReadRuntimeTemplate, steps: int) -> None:
    """Find an entry of which a few pod templates, or one with more arguments, would exceed the budget of a request."""
    if steps > budget.STEPS // 10:
        cause = f"its templates take {steps} of the {budget.STEPS} steps that those of one request may take together"
        remedy = "let them loop less: a LeaderWorkerSet renders them twice, and each argument of a workload adds to it"
        findings.add("costly-templates", entry.path, "", entry.node, cause, remedy)


def _check_misprints(findings: Findings, one: Rendering, entry: ReadRuntimeTemplate) -> None:
    """Find what Go prints in place of a value or a list. Unlike `<no value>` it would reach a container."""
    scalar = one.template.compiled.scalar
    for misprint in _MISPRINTED.finditer(one.text):
        remedy = "check the arguments and verbs of print and printf"
        findings.add("misprint", one.path, misprint[0], scalar, f'the template prints "{misprint[0]}"', remedy)
    if sample_variables.AS_LIST in one.text:
        remedy = _instead_of_list(findings, one, entry)
        findings.add("misprint", one.path, sample_variables.AS_LIST, scalar, _BRACKETS, remedy)


def _instead_of_list(findings: Findings, one: Rendering, entry: ReadRuntimeTemplate) -> str:
    """Return what to write instead of a list in brackets, where it is printed."""
    if not compiling.is_of_startup(one.path) or entry.draft is None:
        return "write {{- range .CUSTOM_ARGS }} {{ . }}{{ end }}"
    started = entry.draft.startups[findings.sample.role]
    if not started.command:
        return "remove it: arguments that no template refers to are appended"
    script = argv.script_at([template.text for template in (*started.command, *started.args)])
    return passing.instead(started, None if script is None else one.text)


def _check_integer(
    findings: Findings, one: Rendering, integers: Mapping[gotemplate.Template, catalog.IntegerTemplate]
) -> None:
    """Find what is not an integer where Kubernetes wants one; a request would be denied."""
    wanted = integers.get(one.template.compiled.template)
    if wanted is None:
        return
    try:
        expand.as_integer(wanted, one.text)
    except errors.Denied as refusal:
        remedy = "write a variable that is an int, such as .MODEL_PORT"
        findings.add("not-an-integer", one.path, one.text, one.template.compiled.scalar, refusal.message, remedy)


def _check_group_variables(findings: Findings, one: Rendering) -> None:
    """Find the LeaderWorkerSet's own variables that reach a lone pod by way of a variable of the template."""
    variables = findings.sample.variables
    found = template_rules.GROUP_VARIABLE.search(one.text)
    if found is None or variables["IS_DISTRIBUTED"] or variables["IS_LEADER"]:
        return
    if not template_rules.reports_group_variables(one.template.compiled.template):
        cause = f"{found[0]}) reaches a lone pod, but is defined only in the pods of a LeaderWorkerSet"
        at = one.template.compiled.scalar
        findings.add("lws-variable-in-lone-pod", one.path, found[0], at, cause, template_rules.FOR_GROUPS)
