"""Findings about templates as they are written: what holds for every pod, so that no rendering is needed to see it."""

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

_COMPARISONS = frozenset({"eq", "ge", "gt", "le", "lt", "ne"})
_BRANCHES = {
    "body": "what {{%s}} guards is rendered for no pod",
    "else": "the {{else}} of {{%s}} is rendered for no pod",
    "rest": "what stands behind {{%s}} is rendered for no pod",
}

#: What the kubelet expands in the pods of a LeaderWorkerSet, and leaves as it is in others.
_LWS_VARIABLE = "$(LWS_"


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
        comparison = failure.function in _COMPARISONS
        code = "impossible-comparison" if comparison else "always-fails"
        cause = f"`{failure.expression}` always fails: {failure.message}"
        remedy = "write numbers without quotes, and strings in quotes" if comparison else ""
        report.warning(code, one.path, report.inside(one.scalar, failure.line, failure.column), cause, remedy)
        yield one.path, failure.line, failure.column


def _unreachable_branches(one: templates.Compiled, reach: gotemplate.Reach, report: Report) -> None:
    """Branches that no lone pod, no leader and no worker gets to."""
    for branch in reach.unreached:
        at = report.inside(one.scalar, branch.line, branch.column)
        cause = _BRANCHES[branch.branch] % branch.action
        report.warning("unreachable-branch", one.path, at, cause, "correct the condition, or remove the branch")


def _group_variables(one: templates.Compiled, lone: gotemplate.Reach, report: Report) -> None:
    """Variables of a LeaderWorkerSet's pods in text that a lone pod can get."""
    for passage in lone.passages:
        at = passage.text.find(_LWS_VARIABLE)
        if at < 0:
            continue
        name = passage.text[at:].partition(")")[0]
        cause = f"a lone pod can get {name}), which exists only in the pods of a LeaderWorkerSet"
        line = passage.line + passage.text.count("\n", 0, at)
        column = passage.column + at if line == passage.line else at - passage.text.rfind("\n", 0, at)
        remedy = "put it between {{ if .IS_DISTRIBUTED }} and {{ end }}"
        report.warning("lws-variable-in-lone-pod", one.path, report.inside(one.scalar, line, column), cause, remedy)
