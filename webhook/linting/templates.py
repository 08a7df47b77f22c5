"""Findings about templates as they are written: what holds for every pod and needs no rendering to be found."""

import re
from collections.abc import Iterator, Mapping

from webhook import errors, gotemplate, workload
from webhook.catalog.report import Report
from webhook.catalog.schema.compiling import Compiled
from webhook.catalog.schema.runtime_templates import ReadRuntimeTemplate
from webhook.linting import sample_variables
from webhook.problems import ProblemCode, Span

#: Key path of a template, and line and column in its text.
Place = tuple[str, int, int]

#: The variables that are known from a pod's role alone.
_OF_ROLE = ("IS_DISTRIBUTED", "IS_LEADER", "ROLE")
#: The least value of sizes (contract section 3), and of the size of a group, which has several pods.
_SIZES = {"TP_SIZE": 1, "PP_SIZE": 1, "DP_SIZE": 1}
_SIZES_IN_GROUP = {**_SIZES, "GROUP_SIZE": 2}
#: What is known of the variables of a pod with a role.
GIVEN: Mapping[workload.Role, gotemplate.Given] = {
    "lone": gotemplate.Given(sample_variables.of_role("lone"), (*_OF_ROLE, "GROUP_SIZE"), _SIZES),
    "leader": gotemplate.Given(sample_variables.of_role("leader"), _OF_ROLE, _SIZES_IN_GROUP),
    "worker": gotemplate.Given(sample_variables.of_role("worker"), _OF_ROLE, _SIZES_IN_GROUP),
}

#: The remedy for a failure, by words in Go's message.
_REMEDIES = (
    ("can't iterate over", "write a list or a number after range, such as: range .CUSTOM_ARGS"),
    ("expected string; got", 'begin with the layout, such as: printf "%d" .TP_SIZE'),
    ("not a method but has arguments", "a variable takes no arguments: write an action for each"),
    ("can't evaluate field", "inside range and with, the dot is an item or a value: write $.NAME for a variable"),
    ("want 2 got 1", "give it two arguments, such as: gt .TP_SIZE 1"),
    ("want 1 got", "give it one argument, and put a call that is an argument of another call in parentheses"),
    ("args for", "put a call that is an argument of another call in parentheses"),
    ("missing argument", "put a call that is an argument of another call in parentheses"),
    ("len of type", "ask for the length of a string or a list, such as: len .CUSTOM_ARGS"),
    ("nil is not a command", "remove it"),
    ("not defined", "define the template in the same text, with {{ define }}"),
    ("[]string", "test a list with {{ if .X }}, or compare its length: (len .X)"),
    ("bool", "test a boolean without a comparison: {{ if .X }}"),
    ("float64", "write a whole number"),
    ("string and int", "write numbers without quotes, and strings in quotes"),
    ("int and string", "write numbers without quotes, and strings in quotes"),
    ("invalid type for comparison", "only numbers and strings can be ordered: use eq, or {{ if .X }}"),
)
#: A field of a variable.
_OF_VARIABLE = re.compile(r"(\.[A-Z][A-Z_]*)\.[\w.]+")
_BRANCHES = {
    "body": "no pod reaches the body of {{%s}}",
    "else": "no pod reaches the {{else}} of {{%s}}",
    "rest": "no pod reaches what follows {{%s}}",
}

#: The kubelet expands these in the pods of a LeaderWorkerSet and leaves them as they are in others; `$$` escapes a `$`.
GROUP_VARIABLE = re.compile(r"(?<!\$)\$\(LWS_\w*")
FOR_GROUPS = "put it between {{ if .IS_DISTRIBUTED }} and {{ end }}"


def check(entry: ReadRuntimeTemplate, report: Report) -> frozenset[Place]:
    """Add the findings of an entry's templates; return the places of failures, so that trials do not report them again."""
    known: set[Place] = set()
    for one in entry.compiled:
        reach = one.template.reach(*(GIVEN[role] for role in one.roles))
        _unknown_variables(one, report)
        known.update(_failures(one, reach, report))
        _unreachable_branches(one, reach, report)
        if "lone" in one.roles:
            _group_variables(one, one.template.reach(GIVEN["lone"]), report)
    return frozenset(known)


def _unknown_variables(one: Compiled, report: Report) -> None:
    """Variables that do not exist: printing one denies the workload."""
    for use in one.template.unknown_variables(sample_variables.NAMES):
        cause = f"the variable .{use.name} does not exist (line {use.line} of the template)"
        remedy = (
            f"did you mean .{use.nearest}?"
            if use.nearest
            else f"known variables: {errors.listed(sample_variables.NAMES)}"
        )
        at = _named(one, report, use.line, use.column, f".{use.name}")
        report.warning("unknown-variable", one.path, at, cause, remedy)


def _named(one: Compiled, report: Report, line: int, column: int, text: str) -> Span:
    """Return the place of a text in a template, with its end if it is written there just so."""
    rows = str(one.scalar.value).split("\n")
    written = line <= len(rows) and rows[line - 1].startswith(text, column - 1)
    return report.inside(one.scalar, line, column, len(text) if written else 0)


def _failures(one: Compiled, reach: gotemplate.Reach, report: Report) -> Iterator[Place]:
    """Expressions that fail whenever they are evaluated, such as comparisons of different types."""
    for failure in reach.failures:
        code: ProblemCode = "impossible-comparison" if failure.compares else "always-fails"
        cause = f"`{failure.expression}` always fails: {failure.message}"
        at = report.inside(one.scalar, failure.line, failure.column)
        report.warning(code, one.path, at, cause, _remedy(failure))
        yield one.path, failure.line, failure.column


def _remedy(failure: gotemplate.Failure) -> str:
    """Return the remedy for a failure, by Go's message, or ""."""
    field = _OF_VARIABLE.fullmatch(failure.expression)
    if field and "can't evaluate field" in failure.message:
        return f"the variables have no fields: write {field[1]}"
    return next((remedy for words, remedy in _REMEDIES if words in failure.message), "")


def _unreachable_branches(one: Compiled, reach: gotemplate.Reach, report: Report) -> None:
    """Branches that no pod reaches, whatever its role."""
    for branch in reach.unreached:
        at = report.inside(one.scalar, branch.line, branch.column)
        cause = _BRANCHES[branch.branch] % branch.action
        report.warning("unreachable-branch", one.path, at, cause, "fix the condition, or remove the branch")


def reports_group_variables(template: gotemplate.Template) -> bool:
    """Return whether ``check`` reports a group's variables in this template."""
    return any(GROUP_VARIABLE.search(passage.text) for passage in template.reach(GIVEN["lone"]).passages)


def _group_variables(one: Compiled, lone: gotemplate.Reach, report: Report) -> None:
    """Variables of a LeaderWorkerSet's pods in text that can reach a lone pod."""
    for passage in lone.passages:
        for found in GROUP_VARIABLE.finditer(passage.text):
            lines = passage.text[: found.start()].split("\n")
            line = passage.line + len(lines) - 1
            column = len(lines[-1]) + (passage.column if len(lines) == 1 else 1)
            cause = f"{found[0]}) can reach a lone pod, but is defined only in the pods of a LeaderWorkerSet"
            at = _named(one, report, line, column, f"{found[0]})")
            report.warning("lws-variable-in-lone-pod", one.path, at, cause, FOR_GROUPS)
