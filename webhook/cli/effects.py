"""What a change of configuration does to workloads, printed: a table for people, and below it what changes, once for all that are alike."""

from collections.abc import Iterator, Mapping, Sequence

from rich.table import Table

from webhook import catalog, errors, whatif
from webhook.cli import findings, output

#: Workloads of an outcome that are named, before the others are only counted.
_NAMED = 3

#: Effects as people read them.
WORDS: Mapping[whatif.PlanEffect, str] = {
    "newly-denied": "newly denied",
    "changed": "changed",
    "no-longer-denied": "no longer denied",
    "still-denied": "still denied",
    "unchanged": "unchanged",
    "unaffected": "unaffected",
}

#: Whom of some kinds a change reaches, and whom it does not.
_SCOPES = {
    "new-workloads": "only new ones get this; running ones keep theirs until they are refreshed (hydra-webhook refresh) or rendered again",
    "new-pods": "pods that are created from now on get this, also those that replace others; running ones keep what they have",
    "nothing": "those without a controller keep what they have",
}


def print_text(summary: whatif.Summary) -> None:
    """Print the table, what changes, whom that reaches, and on standard error the numbers."""
    if summary.total:
        output.print_table(_table(summary))
    console = output.console()
    for outcome in told(summary):
        output.print_line(console, "")
        output.print_line(console, headline(outcome))
        for line in _body(outcome):
            output.print_line(console, line)
    if found := notes(summary):
        output.print_line(console, "")
        for note in found:
            output.print_line(console, note)
    total = sum(summary.total.values())
    counted = ", ".join(f"{number} {WORDS[effect]}" for effect, number in summary.total.items())
    output.report(f"{output.counted(total, 'workload')}{': ' if counted else ''}{counted}")


def print_json(summary: whatif.Summary, problems: Sequence[catalog.Problem], webhook: str) -> None:
    """Print everything as JSON, as docs/plan.md describes it.

    Args:
        summary: the plan.
        problems: errors of the new configuration.
        webhook: version of the webhook whose configuration is the old one; "" if that came from files.
    """
    output.print_json(
        {
            "webhook": webhook,
            "problems": problems,
            "summary": summary.total,
            "runtimes": summary.runtimes,
            "outcomes": summary.outcomes,
        }
    )


def told(summary: whatif.Summary) -> list[whatif.Outcome]:
    """Return the outcomes that there is something to say about."""
    return [one for one in summary.outcomes if one.effect != "unchanged"]


def headline(outcome: whatif.Outcome) -> str:
    """Return which workloads an outcome is of: the first ones by name, the rest as a number."""
    named, rest = outcome.workloads[:_NAMED], len(outcome.workloads) - _NAMED
    names = ", ".join(map(name, named)) + (f" and {rest} more" if rest > 0 else "")
    return f"{len(outcome.workloads)} {WORDS[outcome.effect]}: {names}"


def name(workload: whatif.Planned) -> str:
    """Return what people call a workload: ``team-a lws/NAME``."""
    return errors.printable(f"{workload.namespace} {findings.named(workload.kind, workload.name)}")


def denial(outcome: whatif.Outcome) -> str:
    """Return why workloads are, or were, denied; "" if they are not."""
    if outcome.after is not None:
        return errors.with_code(outcome.after.message, outcome.after.code)
    if outcome.before is not None:
        return f"was: {errors.with_code(outcome.before.message, outcome.before.code)}"
    return ""


def changes(outcome: whatif.Outcome) -> Iterator[tuple[str, tuple[whatif.Change, ...]]]:
    """Yield what changes, with the pod templates in which it does; "" for the only one that there is."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for pod_template, found in outcome.changes.items():
        alike.setdefault(tuple(whatif.lines(found)), []).append(pod_template)
    for names in alike.values():
        yield findings.called(names), outcome.changes[names[0]]


def notes(summary: whatif.Summary) -> list[str]:
    """Return whom the changes reach, and whom they do not."""
    planned = [one for outcome in told(summary) if outcome.effect != "still-denied" for one in outcome.workloads]
    kinds = {scope: sorted({one.kind for one in planned if one.scope == scope}) for scope in _SCOPES}
    return [
        f"{', '.join(f'{kind}s' for kind in kinds[scope])}: {text}." for scope, text in _SCOPES.items() if kinds[scope]
    ]


def _body(outcome: whatif.Outcome) -> Iterator[str]:
    if reason := denial(outcome):
        yield f"  {reason}"
    for where, found in changes(outcome):
        if where:
            yield f"  {where}:"
        yield from whatif.lines(found, "    " if where else "  ")


def _table(summary: whatif.Summary) -> Table:
    """Return the numbers by runtime and, if there are several, in total."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("RUNTIME", overflow="fold")
    for effect in summary.total:
        table.add_column(WORDS[effect].upper(), justify="right")
    for title, counts in rows(summary):
        table.add_row(errors.printable(title or "total"), *(str(counts.get(effect, "-")) for effect in summary.total))
    return table


def rows(summary: whatif.Summary) -> list[tuple[str, Mapping[whatif.PlanEffect, int]]]:
    """Return the numbers by runtime and, unless one runtime has all of them, in total, as that of ""."""
    by_runtime = list(summary.runtimes.items())
    alone = len(by_runtime) == 1 and by_runtime[0][1] == summary.total
    return [*by_runtime, *(() if alone else [("", summary.total)])]


def report_errors(problems: Sequence[catalog.Problem]) -> None:
    """Report errors of the new configuration on standard error, and what they mean."""
    for problem in problems:
        output.report(str(problem))
    if problems:
        output.report(refused(problems))


def refused(problems: Sequence[catalog.Problem]) -> str:
    """Return what errors of the new configuration mean."""
    number = f"{output.counted(len(problems), 'error')} in the new configuration"
    return f"{number}: what has an error is planned with its old version, if there is one"
