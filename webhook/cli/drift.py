"""``hydra-webhook drift``: what is stored and what runs, against what the configuration says now."""

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from webhook import cluster as cluster_room
from webhook import errors, rendering, whatif, workload
from webhook.cli import clusters, objects, options, output
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

#: By what a line begins with.
_STYLES = {"+ ": "green", "- ": "red"}

#: What a workload is made of, with its kind.
_Found = tuple[workload.GroupVersionKind, objects.Object]

Names = Annotated[list[str] | None, typer.Argument(metavar="KIND/NAME", help="Only these workloads, such as lws/NAME.")]


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


class _Question(msgspec.Struct, frozen=True):
    """What the user asks.

    Attributes:
        names: of the workloads, as ``KIND/NAME``; empty: all of them.
        files: objects from files; None: those of the cluster.
        state: the configuration from files; None: that of the cluster's webhook.
        namespace: of objects in files that do not name one.
    """

    names: Sequence[str]
    files: list[_Found] | None
    state: rendering.State | None
    namespace: str


def drift(
    names: Names = None,
    filename: options.Files = None,
    templates: options.Templates = None,
    agent: options.Agent = None,
    gpu_configs: options.GpuConfigs = None,
    kubeconfig: clusters.Kubeconfig = None,
    context: clusters.Contexts = None,
    namespace: clusters.Namespace = "",
    output_format: options.ReportOutput = output.ReportFormat.TEXT,
    *,
    all_namespaces: clusters.AllNamespaces = False,
    cluster: options.Cluster = options.DEFAULTS.cluster,
    model_path: options.ModelPath = options.DEFAULTS.model_path,
    model_host: options.ModelHost = options.DEFAULTS.model_host,
    model_port: options.ModelPort = options.DEFAULTS.model_port,
    ray_port: options.RayPort = options.DEFAULTS.ray_port,
    webhook_namespace: clusters.WebhookNamespace = clusters.WEBHOOK_NAMESPACE,
) -> None:
    """Report which workloads do not run as the configuration says now.

    Lists what runs by workload, for LeaderWorkerSets by group, with the revisions of the configuration that it was rendered with, and
    below that what a refresh would change. Each cluster is judged by the configuration of its webhook, unless files are given.

    Exit status: 0 none, 1 some, 2 error.
    """
    settings = Settings(
        cluster=cluster, model_path=model_path, model_host=model_host, model_port=model_port, ray_port=ray_port
    )
    own = bool(templates or agent or gpu_configs)
    ask = not filename or bool(kubeconfig or context)
    if ask and not own and settings != options.DEFAULTS:
        message = "where a cluster is asked, settings are those of its webhook; give configuration files to use others"
        raise typer.BadParameter(message)
    if names and all_namespaces:
        raise typer.BadParameter("cannot be combined with names", param_hint="--all-namespaces")
    question = _Question(
        names or (),
        _read(filename) if filename else None,
        None if ask and not own else rendering.State(options.snapshot(templates, agent, gpu_configs), settings),
        namespace or "default",
    )
    if ask:
        opened = [
            clusters.reader(
                kubeconfig, one, namespace, all_namespaces=all_namespaces, webhook_namespace=webhook_namespace
            )
            for one in dict.fromkeys(context or [""])
        ]
        judged, failed = clusters.run(_asked(opened, question))
    else:
        assert question.state is not None
        judged, failed = (
            [
                Judged(
                    "",
                    "",
                    _selected(
                        whatif.drift(question.files or (), question.state, namespace=question.namespace), question
                    ),
                )
            ],
            False,
        )
    if output_format is output.ReportFormat.JSON:
        output.print_json({"clusters": judged, "summary": _counts(judged)})
    else:
        _print(judged)
    if failed:
        raise typer.Exit(2)
    if any(finding.drift for one in judged for finding in one.workloads):
        raise typer.Exit(1)


def _read(files: Sequence[Path]) -> list[_Found]:
    """Return the objects in files."""
    return [(objects.kind_of(item), item) for value in objects.read(files) for item in objects.items(value)]


def _selected(findings: tuple[whatif.Finding, ...], question: _Question) -> tuple[whatif.Finding, ...]:
    """Return the findings on the workloads that the user asks about.

    Raises:
        typer.Exit: with status 2, there is no such workload.
    """
    if not question.names:
        return findings
    with clusters.reported():
        references = [cluster_room.kinds.reference(name, question.namespace) for name in question.names]
    by_name = {(one.kind, one.namespace, one.name): one for one in findings}
    wanted = {(one.collection.kind, one.collection.namespace, one.name): None for one in references}
    for kind, namespace, name in wanted.keys() - by_name.keys():
        cause = f"with label {workload.RUNTIME}, or it is part of another workload"
        output.report(f"there is no {kind} {errors.printable(f'{namespace}/{name}')} {cause}")
    if wanted.keys() - by_name.keys():
        raise typer.Exit(2)
    return tuple(one for key, one in by_name.items() if key in wanted)


async def _asked(opened: Sequence[clusters.Opened], question: _Question) -> tuple[list[Judged], bool]:
    """Return what is found out about each cluster that can be read, and whether one cannot."""
    judged, failed = [], False
    for one in opened:
        try:
            async with one as reader:
                state, version = question.state, ""
                if state is None:
                    server = await reader.state()
                    state, version = server.state, server.version
                else:
                    await reader.report_differences(state)
                where = reader.namespace or question.namespace
                asked = msgspec.structs.replace(question, namespace=where)
                if question.files is not None:
                    findings = whatif.drift(question.files, state, namespace=where)
                else:
                    findings = await _of_cluster(reader, state)
                context = reader.context if len(opened) > 1 else ""
                judged.append(Judged(context, version, _selected(findings, asked)))
        except typer.Exit:  # which has been reported; the other clusters can still be judged
            failed = True
    return judged, failed


async def _of_cluster(reader: clusters.Reader, state: rendering.State) -> tuple[whatif.Finding, ...]:
    """Return the findings on the workloads of a cluster, of each kind from one list."""
    judging = whatif.Drift(state)
    kinds = cluster_room.kinds
    for kind in (kinds.LEADER_WORKER_SET, *kinds.CONTROLLERS, kinds.POD):  # what holds pod templates first
        async for item in reader.objects(kind.collection(reader.namespace)):
            item["metadata"].pop("managedFields", None)  # half of many objects
            judging.add(objects.kind_of(item), item)
    return judging.findings()


def _counts(judged: Iterable[Judged]) -> dict[str, int]:
    """Return how many workloads got each verdict, the most important first."""
    found = Counter(finding.verdict for one in judged for finding in one.workloads)
    return {verdict: found[verdict] for verdict in whatif.VERDICTS if found[verdict]}


def _print(judged: Sequence[Judged]) -> None:
    """Print the table, the differences below it, and on standard error the numbers."""
    several = len(judged) > 1
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in (*(("CONTEXT",) if several else ()), "NAMESPACE", "WORKLOAD", "RUNNING", "REVISION", "VERDICT"):
        table.add_column(name, overflow="fold")
    for one in judged:
        for finding in one.workloads:
            names = (finding.namespace, _name(finding))
            for row in _rows(finding):
                table.add_row(*((one.context, *names, *row) if several else (*names, *row)))
                names = ("", "")
    if table.row_count:
        output.print_table(table)
    console = output.console()
    for one in judged:
        for line in _details(one.workloads, one.context if several else ""):
            _print_line(console, line)
    counts = _counts(judged)
    total = sum(counts.values())
    summary = ", ".join(f"{number} {_WORDS[verdict]}" for verdict, number in counts.items())  # type: ignore[index]  # verdicts
    output.report(f"{total} {'workload' if total == 1 else 'workloads'}{': ' if summary else ''}{summary}")


def _print_line(console: Console, line: str) -> None:
    """Print an indented line; on a terminal that it is too long for, all of it is indented."""
    if not console.is_terminal:
        typer.echo(line)
        return
    text = line.lstrip()
    indent = line[: len(line) - len(text)]
    style = _STYLES.get(text[:2], "")
    width = console.width - len(indent)
    for part in textwrap.wrap(text, width, replace_whitespace=False, break_on_hyphens=False) or [""]:
        console.print(Text(f"{indent}{part}", style=style), soft_wrap=True)


def _name(finding: whatif.Finding) -> str:
    kind = cluster_room.kinds.named(finding.kind)
    short = kind.short if kind not in (None, cluster_room.kinds.POD) else ""
    return f"{short or finding.kind.lower()}/{finding.name}"


def _rows(finding: whatif.Finding) -> Iterator[tuple[str, str, str]]:
    """Yield what runs, its revision and the verdict on it: groups or pods of which the same can be said in one row."""
    rows = [(_number(one), _revisions(one.revisions), _WORDS[one.verdict]) for one in finding.running]
    stored: dict[tuple[str, str], list[str]] = {}
    for one in finding.templates:
        row = (_revisions([one.recorded] if one.recorded else []), _WORDS[one.verdict])
        if row not in [(revision, word) for _, revision, word in rows]:
            stored.setdefault(row, []).append(one.pod_template)
    for (revision, word), names in stored.items():
        whole = len(names) == len(finding.templates)
        yield "stored" if whole else f"stored {_called(names)}", revision, word
    yield from rows
    if not rows and not finding.templates:
        yield "no pods", "-", _WORDS["not-running"]


def _number(running: whatif.Running) -> str:
    number, what = (running.groups, "group") if running.groups else (running.pods, "pod")
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _revisions(revisions: Iterable[str]) -> str:
    return ", ".join(revisions) or "none"


def _details(findings: Iterable[whatif.Finding], context: str) -> Iterator[str]:
    """Yield what there is to say beyond the table, once for all workloads of which the same is to be said."""
    alike: dict[tuple[str, ...], list[whatif.Finding]] = {}
    for finding in findings:
        if said := tuple(_said(finding)):
            alike.setdefault(said, []).append(finding)
    for said, group in alike.items():
        names = ", ".join(f"{one.namespace} {_name(one)}" for one in group[:_NAMED])
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
        yield f"  {', '.join(filter(None, (what, _called(names))))}: {headline}"
        yield from body


def _called(names: Iterable[str]) -> str:
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
