"""Findings about templates as they are written: what holds for every pod, so that no rendering is needed to see it."""

import re
from collections.abc import Iterator

from webhook import errors, gotemplate
from webhook.catalog import templates
from webhook.catalog.report import Report
from webhook.linting import samples

#: Where in a configuration a finding stands: key path, line and column in the template.
Place = tuple[str, int, int]

#: What is known of a pod's variables by its role alone.
_LONE = gotemplate.Given(samples.of_role("lone"), ("IS_DISTRIBUTED", "IS_LEADER", "GROUP_SIZE"))
_LEADER = gotemplate.Given(samples.of_role("leader"), ("IS_DISTRIBUTED", "IS_LEADER"))
_WORKER = gotemplate.Given(samples.of_role("worker"), ("IS_DISTRIBUTED", "IS_LEADER"))

_REMEDIES = (
    ("args for", "put a call that is an operand of another into parentheses"),
    ("missing argument", "put a call that is an operand of another into parentheses"),
    ("[]string", "ask {{ if .X }}, or compare (len .X)"),
    ("bool", "a boolean stands alone: {{ if .X }}"),
    ("float64", "write a whole number"),
    ("string and int", "write numbers without quotes, and strings in quotes"),
    ("int and string", "write numbers without quotes, and strings in quotes"),
    ("invalid type for comparison", "only numbers and strings have an order: use eq, or {{ if .X }}"),
)
_BRANCHES = {
    "body": "what {{%s}} guards is rendered for no pod",
    "else": "the {{else}} of {{%s}} is rendered for no pod",
    "rest": "what stands behind {{%s}} is rendered for no pod",
}

#: What the kubelet expands in the pods of a LeaderWorkerSet, and leaves as it is in others; `$$` stands for a dollar sign.
GROUP_VARIABLE = re.compile(r"(?<!\$)\$\(LWS_\w*")
FOR_GROUPS = "put it between {{ if .IS_DISTRIBUTED }} and {{ end }}"


def check(entry: templates.Entry, report: Report) -> frozenset[Place]:
    """Add the findings of an entry's templates; return the places where renderings will fail for what is reported here."""
    known: set[Place] = set()
    for one in entry.compiled:
        reach = one.template.reach(_LONE, _LEADER, _WORKER)
        _unknown_variables(one, report)
        known.update(_failures(one, reach, report))
        _unreachable_branches(one, reach, report)
        _group_variables(one, one.template.reach(_LONE), report)
    return frozenset(known)


def _unknown_variables(one: templates.Compiled, report: Report) -> None:
    """Variables that do not exist: rendering is refused where one is printed."""
    for use in one.template.unknown_variables(samples.VARIABLES):
        cause = f"the template refers to .{use.name} (its line {use.line}), which does not exist"
        remedy = f"did you mean .{use.nearest}?" if use.nearest else f"known: {errors.listed(samples.VARIABLES)}"
        report.warning("unknown-variable", one.path, report.inside(one.scalar, use.line, use.column), cause, remedy)


def _failures(one: templates.Compiled, reach: gotemplate.Reach, report: Report) -> Iterator[Place]:
    """Expressions that fail for every pod for which they are evaluated, comparisons of different types above all."""
    for failure in reach.failures:
        code = "impossible-comparison" if failure.compares else "always-fails"
        cause = f"`{failure.expression}` always fails: {failure.message}"
        at = report.inside(one.scalar, failure.line, failure.column)
        report.warning(code, one.path, at, cause, _remedy(failure.message))
        yield one.path, failure.line, failure.column


def _remedy(message: str) -> str:
    """Return what would be right, by what Go says is wrong."""
    return next((remedy for words, remedy in _REMEDIES if words in message), "")


def _unreachable_branches(one: templates.Compiled, reach: gotemplate.Reach, report: Report) -> None:
    """Branches that no lone pod, no leader and no worker gets to."""
    for branch in reach.unreached:
        at = report.inside(one.scalar, branch.line, branch.column)
        cause = _BRANCHES[branch.branch] % branch.action
        report.warning("unreachable-branch", one.path, at, cause, "correct the condition, or remove the branch")


def reports_group_variables(template: gotemplate.Template) -> bool:
    """Tell whether a template as it is written has a finding about a group's variables."""
    return any(GROUP_VARIABLE.search(passage.text) for passage in template.reach(_LONE).passages)


def _group_variables(one: templates.Compiled, lone: gotemplate.Reach, report: Report) -> None:
    """Variables of a LeaderWorkerSet's pods in text that a lone pod can get."""
    for passage in lone.passages:
        for found in GROUP_VARIABLE.finditer(passage.text):
            lines = passage.text[: found.start()].split("\n")
            line = passage.line + len(lines) - 1
            column = len(lines[-1]) + (passage.column if len(lines) == 1 else 1)
            cause = f"a lone pod can get {found[0]}), which exists only in the pods of a LeaderWorkerSet"
            at = report.inside(one.scalar, line, column)
            report.warning("lws-variable-in-lone-pod", one.path, at, cause, FOR_GROUPS)
