"""``hydra-webhook drift``: what is stored and what runs, against what the configuration says now."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import msgspec
import typer
from rich.table import Table
from rich.text import Text

from webhook import digests, errors, rendering, whatif
from webhook.cli import objects, options, output
from webhook.settings import Settings

#: Workloads of which the same can be said that are named, before the others are only counted.
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
        cluster: name of its context; "" for files.
        notes: what its reader should know about the configuration that was judged by.
        workloads: the findings.
    """

    cluster: str
    notes: tuple[str, ...]
    workloads: tuple[whatif.Finding, ...]


def drift(
    filename: options.Files = None,
    templates: options.Templates = None,
    agent: options.Agent = None,
    gpu_configs: options.GpuConfigs = None,
    namespace: options.ObjectNamespace = "default",
    output_format: options.ReportOutput = output.ReportFormat.TEXT,
    *,
    cluster: options.Cluster = options.DEFAULTS.cluster,
    model_path: options.ModelPath = options.DEFAULTS.model_path,
    model_host: options.ModelHost = options.DEFAULTS.model_host,
    model_port: options.ModelPort = options.DEFAULTS.model_port,
    ray_port: options.RayPort = options.DEFAULTS.ray_port,
) -> None:
    """Report which workloads do not run as the configuration says now.

    Exit status: 0 none, 1 some, 2 error.
    """
    settings = Settings(
        cluster=cluster, model_path=model_path, model_host=model_host, model_port=model_port, ray_port=ray_port
    )
    state = rendering.State(options.snapshot(templates, agent, gpu_configs), settings)
    found = [(objects.kind_of(item), item) for value in objects.read(filename) for item in objects.items(value)]
    judged = [Judged("", (), whatif.drift(found, state, namespace=namespace))]
    if output_format is output.ReportFormat.JSON:
        output.print_json({"clusters": judged, "summary": _counts(judged)})
    else:
        _print(judged)
    if any(finding.drift for one in judged for finding in one.workloads):
        raise typer.Exit(1)


def _counts(judged: Iterable[Judged]) -> dict[str, int]:
    """Return how many workloads got each verdict, the most important first."""
    found = Counter(finding.verdict for one in judged for finding in one.workloads)
    return {verdict: found[verdict] for verdict in whatif.VERDICTS if found[verdict]}


def _print(judged: Sequence[Judged]) -> None:
    """Print the table, the differences below it, and on standard error the numbers."""
    several = len(judged) > 1
    for one in judged:
        for note in one.notes:
            output.report(f"{one.cluster}: {note}" if several else note)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in (*(("CLUSTER",) if several else ()), "NAMESPACE", "WORKLOAD", "RUNNING", "REVISION", "VERDICT"):
        table.add_column(name, overflow="fold")
    for one in judged:
        for finding in one.workloads:
            names = (finding.namespace, _name(finding))
            for row in _rows(finding):
                table.add_row(*((one.cluster, *names, *row) if several else (*names, *row)))
                names = ("", "")
    if table.row_count:
        output.print_table(table)
    console = output.console()
    for one in judged:
        for line in _details(one.workloads, one.cluster if several else ""):
            console.print(Text(line, style=output.style_of_change(line)))
    counts = _counts(judged)
    total = sum(counts.values())
    summary = ", ".join(f"{number} {_WORDS[verdict]}" for verdict, number in counts.items())  # type: ignore[index]  # verdicts
    output.report(f"{total} {'workload' if total == 1 else 'workloads'}{': ' if summary else ''}{summary}")


def _name(finding: whatif.Finding) -> str:
    return f"{finding.kind.lower()}/{finding.name}"


def _rows(finding: whatif.Finding) -> Iterator[tuple[str, str, str]]:
    """Yield what runs, its revision and the verdict on it: groups or pods of which the same can be said in one row."""
    rows = [(_number(one), _revisions(one.revisions), _WORDS[one.verdict]) for one in finding.running]
    for verdict in dict.fromkeys(one.verdict for one in finding.templates):
        alike = [one for one in finding.templates if one.verdict == verdict]
        row = (_revisions(dict.fromkeys(one.recorded for one in alike if one.recorded)), _WORDS[verdict])
        if row not in [(revision, word) for _, revision, word in rows]:
            rows.insert(0, ("stored", *row))
    yield from rows or [("no pods", "-", _WORDS["not-running"])]


def _number(running: whatif.Running) -> str:
    number, what = (running.groups, "group") if running.groups else (running.pods, "pod")
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _revisions(revisions: Iterable[str]) -> str:
    return ", ".join(revisions) or "none"


def _details(findings: Iterable[whatif.Finding], cluster: str) -> Iterator[str]:
    """Yield what there is to say beyond the table, once for all workloads of which the same is to be said."""
    alike: dict[str, list[whatif.Finding]] = {}
    for finding in findings:
        if list(_said(finding)):
            key = digests.of([list(_said(finding)), [one.changes for one in finding.templates]])
            alike.setdefault(key, []).append(finding)
    for group in alike.values():
        names = ", ".join(f"{one.namespace} {_name(one)}" for one in group[:_NAMED])
        rest = len(group) - _NAMED
        yield ""
        yield f"{cluster}: " * bool(cluster) + names + (f" and {rest} more" if rest > 0 else "") + ":"
        yield from _said(group[0])


def _said(finding: whatif.Finding) -> Iterator[str]:
    """Yield the lines about a workload."""
    for judgement in finding.templates:
        yield from _lines(judgement, judgement.pod_template or "pod template")
    for running in finding.running:
        for judgement in running.judgements:
            if (
                judgement.changes
                or judgement.denial not in [None, *(one.denial for one in finding.templates)]
                or _notes(judgement)
            ):
                role = f", {judgement.pod_template}" if judgement.pod_template else ""
                yield from _lines(judgement, f"{_number(running)}{role}")


def _lines(judgement: whatif.Judgement, what: str) -> Iterator[str]:
    notes = _notes(judgement)
    if not judgement.changes and judgement.denial is None and not notes:
        return
    was, now = judgement.recorded, judgement.now
    revisions = f", revision {was} -> {now}" if was and now and was != now else ""
    yield f"  {what}: {_WORDS[judgement.verdict]}{revisions}"
    if judgement.denial is not None:
        yield f"    {errors.with_code(judgement.denial.message, judgement.denial.code)}"
    yield from whatif.lines(judgement.changes, "    ")
    yield from (f"    {note}" for note in notes)


def _notes(judgement: whatif.Judgement) -> list[str]:
    named = {
        "edited by hand, kept": judgement.edited,
        "no longer as rendered": judgement.unlike_record,
        "not stored, as unknown to the API server or CRD": judgement.not_stored,
    }
    found = [f"{what}: {errors.listed(paths)}" for what, paths in named.items() if paths]
    return [*found, *judgement.remarks]
