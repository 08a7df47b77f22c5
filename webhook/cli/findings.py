"""What is found out about workloads, printed: a table for people, and below it the differences."""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence

import msgspec
import typer
from rich.table import Table

from webhook import cluster as cluster_room
from webhook import errors, whatif, workload
from webhook.cli import clusters, output

#: How many workloads with the same findings are named; the others are only counted.
_NAMED = 3

#: Verdicts as people read them.
_WORDS: dict[whatif.Verdict, str] = {
    "denied": "denied now",
    "unreadable-record": "unreadable record",
    "later-release": "later release",
    "no-bare-form": "no bare form",
    "not-rendered": "not rendered",
    "drifted": "drifted",
    "rolling-out": "rolling out",
    "same-result": "older, same result",
    "current": "current",
    "not-running": "not running",
}


class Judged(msgspec.Struct, frozen=True):
    """What was found out about one cluster, or about files.

    Attributes:
        context: of the kubeconfig; "" for files, and for the only cluster.
        webhook: version of the webhook whose configuration was judged by; "" if that came from files.
        workloads: the findings.
    """

    context: str
    webhook: str
    workloads: tuple[whatif.Finding, ...]


def counts(judged: Iterable[Judged]) -> dict[str, int]:
    """Return how many workloads got each verdict, the most important first."""
    found = Counter(finding.verdict for one in judged for finding in one.workloads)
    return {verdict: found[verdict] for verdict in whatif.VERDICTS if found[verdict]}


def print_text(judged: Sequence[Judged]) -> None:
    """Print the table, the differences below it, and on standard error the numbers."""
    several = len(judged) > 1
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in (*(("CONTEXT",) if several else ()), "NAMESPACE", "WORKLOAD", "RUNNING", "REVISION", "VERDICT"):
        table.add_column(name, overflow="fold")
    for one in judged:
        for finding in one.workloads:
            names = (finding.namespace, named(finding.kind, finding.name))
            for row in _rows(finding):
                table.add_row(*((one.context, *names, *row) if several else (*names, *row)))
                names = ("", "")
    if table.row_count:
        output.print_table(table)
    console = output.console()
    for one in judged:
        for line in _details(one.workloads, one.context if several else ""):
            output.print_line(console, line)
    numbers = counts(judged)
    total = sum(numbers.values())
    summary = ", ".join(f"{number} {_WORDS[verdict]}" for verdict, number in numbers.items())  # type: ignore[index]  # verdicts
    output.report(f"{output.counted(total, 'workload')}{': ' if summary else ''}{summary}")


def wanted(names: Sequence[str], namespace: str) -> dict[tuple[str, str, str], cluster_room.ObjectReference]:
    """Return the workloads that a user names as ``KIND/NAME``, by kind, namespace and name.

    Raises:
        typer.Exit: with status 2, one is written otherwise.
    """
    with clusters.reported():
        references = [cluster_room.kinds.reference(name, namespace) for name in names]
    return {(one.collection.kind, one.collection.namespace, one.name): one for one in references}


def check_found(wanted: Iterable[tuple[str, str, str]], found: Container[tuple[str, str, str]]) -> None:
    """Check that every workload that a user names was found.

    Raises:
        typer.Exit: with status 2, one was not.
    """
    missing = [key for key in wanted if key not in found]
    for kind, namespace, name in missing:
        cause = f"with label {workload.RUNTIME}, or it is part of another workload"
        output.report(f"there is no {kind} {errors.printable(f'{namespace}/{name}')} {cause}")
    if missing:
        raise typer.Exit(2)


def named(kind: str, name: str) -> str:
    """Return what people call a workload: ``lws/NAME``."""
    row = cluster_room.kinds.named(kind)
    short = row.short if row not in (None, cluster_room.kinds.POD) else ""
    return f"{short or kind.lower()}/{name}"


def _rows(finding: whatif.Finding) -> Iterator[tuple[str, str, str]]:
    """Yield what runs, its revision and the verdict on it: groups or pods with the same judgements share a row."""
    rows = [(_number(one), _revisions(one.revisions), _WORDS[one.verdict]) for one in finding.running]
    stored: dict[tuple[str, str], list[str]] = {}
    for one in finding.templates:
        row = (_revisions([one.recorded] if one.recorded else []), _WORDS[one.verdict])
        if row not in [(revision, word) for _, revision, word in rows]:
            stored.setdefault(row, []).append(one.pod_template)
    for (revision, word), names in stored.items():
        whole = len(names) == len(finding.templates)
        yield "stored" if whole else f"stored {called(names)}", revision, word
    yield from rows
    if not rows and not finding.templates:
        yield "no pods", "-", _WORDS["not-running"]


def _number(running: whatif.Running) -> str:
    return output.counted(running.groups, "group") if running.groups else output.counted(running.pods, "pod")


def _revisions(revisions: Iterable[str]) -> str:
    return ", ".join(revisions) or "none"


def _details(findings: Iterable[whatif.Finding], context: str) -> Iterator[str]:
    """Yield what the table leaves out, once for all workloads for which it is the same."""
    alike: dict[tuple[str, ...], list[whatif.Finding]] = {}
    for finding in findings:
        if said := tuple(_said(finding)):
            alike.setdefault(said, []).append(finding)
    for said, group in alike.items():
        names = ", ".join(f"{one.namespace} {named(one.kind, one.name)}" for one in group[:_NAMED])
        rest = len(group) - _NAMED
        yield ""
        yield (f"{context}: " if context else "") + names + (f" and {rest} more" if rest > 0 else "") + ":"
        yield from said


def _said(finding: whatif.Finding) -> Iterator[str]:
    """Yield the lines about a workload."""
    yield from _lines(finding.templates, "stored")
    told = [one.denial for one in finding.templates]
    for running in finding.running:
        new = [one for one in running.judgements if one.changes or one.denial not in (None, *told) or _notes(one)]
        yield from _lines(new, _number(running))


def _lines(judgements: Sequence[whatif.Judgement], what: str) -> Iterator[str]:
    """Yield the lines about pod templates, or pods; what is the same of several is said once."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for one in judgements:
        if one.changes or one.denial is not None or _notes(one):
            alike.setdefault(tuple(_body(one)), []).append(one.pod_template)
    for (headline, *body), names in alike.items():
        yield f"  {', '.join(filter(None, (what, called(names))))}: {headline}"
        yield from body


def called(names: Iterable[str]) -> str:
    """Return pod templates, or the pods of a group, as warnings name them."""
    return " and ".join(name.removesuffix("Template") for name in names if name not in ("", "template"))


def _body(judgement: whatif.Judgement) -> Iterator[str]:
    was, now = judgement.recorded, judgement.now
    yield _WORDS[judgement.verdict] + (f", {was} -> {now}" if was and now and was != now else "")
    if judgement.denial is not None:
        yield f"    {errors.with_code(judgement.denial.message, judgement.denial.code)}"
    yield from whatif.lines(judgement.changes, "    ")
    yield from (f"    {note}" for note in _notes(judgement))


def _notes(judgement: whatif.Judgement) -> list[str]:
    named = {
        "edited by hand, kept": judgement.edited,
        "no longer as rendered": [path for path in judgement.unlike_record if path not in judgement.edited],
        "not stored, as the API server or CRD does not know it": judgement.not_stored,
    }
    found = [f"{what}: {errors.listed(paths)}" for what, paths in named.items() if paths]
    return [*found, *judgement.remarks]
