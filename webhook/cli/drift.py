"""``hydra-webhook drift``: what is stored and what runs, against what the configuration says now."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import typer

from webhook import cluster as cluster_room
from webhook import rendering, whatif, workload
from webhook.cli import clusters, findings, object_files, objects, options, output
from webhook.settings import Settings

#: What a workload is made of, with its kind.
_Found = tuple[workload.GroupVersionKind, objects.Object]


class _Question(msgspec.Struct, frozen=True):
    """What the user asks.

    Attributes:
        names: of the workloads, as ``KIND/NAME``; empty: all of them.
        files: objects from files; None: those of the cluster.
        state: from files; None: that of the cluster's webhook.
        namespace: of objects in files that do not name one.
    """

    names: Sequence[str]
    files: list[_Found] | None
    state: clusters.ServerState | None
    namespace: str


def drift(
    more: clusters.ObjectsOrFiles = None,
    filename: options.Files = None,
    templates: options.Templates = None,
    agent: options.Agent = None,
    gpu_configs: options.GpuConfigs = None,
    kubeconfig: clusters.Kubeconfig = None,
    context: clusters.Contexts = None,
    namespace: clusters.Namespace = "",
    output_format: options.ReportOutput = output.ReportFormat.TEXT,
    *,
    recursive: options.Recursive = False,
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
    names, files = clusters.objects_and_files(more, names_first=True)
    files = [*(filename or ()), *files]
    ask = not files or bool(kubeconfig or context)
    if ask and not own:
        clusters.check_settings(settings)
    clusters.check_names(names, all_namespaces=all_namespaces)
    state = None
    if own or not ask:
        if not own:
            remedy = "name the right one with --templates, --agent and --gpu-configs, or with --context a cluster that uses it"
            output.report(f"what is in the files is judged by the built-in configuration: {remedy}")
        snapshot = options.snapshot(templates, agent, gpu_configs)
        options.check_readable(snapshot)
        state = clusters.ServerState(rendering.State(snapshot, settings))
    read = _read(files, recursive=recursive) if files else None
    question = _Question(names, read, state, namespace or "default")
    if ask:
        opened = [
            clusters.reader(
                kubeconfig, one, namespace, all_namespaces=all_namespaces, webhook_namespace=webhook_namespace
            )
            for one in dict.fromkeys(context or [""])
        ]
        judged, failed = clusters.run(_asked(opened, question))
    else:
        assert state is not None
        found = whatif.drift(question.files or (), state.state, namespace=question.namespace)
        judged, failed = [findings.Judged("", "", _selected(found, question))], False
    if output_format is output.ReportFormat.JSON:
        output.print_json({"clusters": judged, "summary": findings.counts(judged)})
    else:
        findings.print_text(judged)
    if failed:
        raise typer.Exit(2)
    if any(finding.drift for one in judged for finding in one.workloads):
        raise typer.Exit(1)


def _read(files: Sequence[Path], *, recursive: bool) -> list[_Found]:
    """Return the objects in files."""
    return [(objects.kind_of(item), item) for item in object_files.values(files, recursive=recursive)]


def _selected(found: tuple[whatif.Finding, ...], question: _Question) -> tuple[whatif.Finding, ...]:
    """Return the findings on the workloads that the user asks about.

    Raises:
        typer.Exit: with status 2, there is no such workload.
    """
    if not question.names:
        return found
    wanted = findings.wanted(question.names, question.namespace)
    by_name = {(one.kind, one.namespace, one.name): one for one in found}
    findings.check_found(wanted, by_name)
    return tuple(one for key, one in by_name.items() if key in wanted)


async def _asked(opened: Sequence[clusters.Opened], question: _Question) -> tuple[list[findings.Judged], bool]:
    """Return what is found out about each cluster that can be read, and whether one cannot."""
    judged, failed = [], False
    for one in opened:
        try:
            async with one as reader:
                server = await reader.state_or(question.state)
                where = reader.namespace or question.namespace
                asked = msgspec.structs.replace(question, namespace=where)
                if question.files is not None:
                    found = whatif.drift(question.files, server.state, namespace=where)
                else:
                    found = await _of_cluster(reader, server.state)
                context = reader.context if len(opened) > 1 else ""
                judged.append(findings.Judged(context, server.version, _selected(found, asked)))
        except typer.Exit:  # which has been reported; the other clusters can still be judged
            failed = True
    return judged, failed


async def _of_cluster(reader: clusters.Reader, state: rendering.State) -> tuple[whatif.Finding, ...]:
    """Return the findings on the workloads of a cluster, of each kind from one list."""
    judging = whatif.Drift(state)
    with output.Progress("objects") as progress:
        for kind in cluster_room.kinds.ALL:
            async for item in reader.objects(kind.collection(reader.namespace)):
                item["metadata"].pop("managedFields", None)  # half of many objects
                judging.add(objects.kind_of(item), item)
                progress.step()
        return judging.findings()
