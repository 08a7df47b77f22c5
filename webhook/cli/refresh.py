"""``hydra-webhook refresh``: renders LeaderWorkerSets anew with the webhook's current configuration, which rolls their groups."""

import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from webhook import cluster, errors, workload
from webhook.cli import clusters, object_files, objects, options, output

#: Whose field the annotation is, in ``metadata.managedFields``.
MANAGER = "hydra-webhook-refresh"

Names = Annotated[
    list[Path] | None,
    typer.Argument(metavar="KIND/NAME|FILE", help="LeaderWorkerSets, such as lws/NAME; or more files for -f."),
]
OfFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--filename",
        "-f",
        metavar="FILE",
        help="The LeaderWorkerSets that are in this file or folder; - for standard input. Can be repeated.",
    ),
]
OfRuntime = Annotated[
    str, typer.Option("--runtime", metavar="NAME", help="Every LeaderWorkerSet of this runtime in the namespace.")
]
EveryOne = Annotated[bool, typer.Option("--all", help="Every LeaderWorkerSet in the namespace that names a runtime.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only list what would roll.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@dataclass(frozen=True, slots=True)
class _Named:
    """The objects that a user names.

    Attributes:
        names: as ``KIND/NAME``.
        in_files: LeaderWorkerSets in files; those of the cluster with their names are meant.
    """

    names: Sequence[str]
    in_files: Sequence[objects.Object]


@dataclass(frozen=True, slots=True)
class Refresh:
    """What a refresh of a LeaderWorkerSet does.

    Attributes:
        namespace, name: of the LeaderWorkerSet.
        groups: that roll if it changes.
        changes: whether it changes anything.
        refreshed: whether it was done.
        denied: why admission refuses it; empty if it does not.
        failed: why it could not be done although it was not denied; empty if it could.
        warnings: of admission.
    """

    namespace: str
    name: str
    groups: int
    changes: bool = False
    refreshed: bool = False
    denied: str = ""
    failed: str = ""
    warnings: Sequence[str] = field(default=())

    @property
    def reference(self) -> cluster.ObjectReference:
        """The LeaderWorkerSet."""
        return cluster.kinds.LEADER_WORKER_SET.reference(self.namespace, self.name)

    def line(self) -> str:
        """Return what happens, or has happened, in one line."""
        name = f"leaderworkerset {self.namespace}/{self.name}"
        if self.denied or self.failed:
            return f"{name}: {'denied' if self.denied else 'not refreshed'}: {self.denied or self.failed}"
        if self.refreshed:
            return f"{name}: refreshed"
        return (
            f"{name}: rolls {output.counted(self.groups, 'group')}" if self.changes else f"{name}: nothing would change"
        )


def refresh(
    more: Names = None,
    filename: OfFiles = None,
    runtime: OfRuntime = "",
    kubeconfig: clusters.Kubeconfig = None,
    context: clusters.Context = "",
    namespace: clusters.Namespace = "",
    output_format: clusters.Output = output.ReportFormat.TEXT,
    *,
    recursive: options.Recursive = False,
    everyone: EveryOne = False,
    all_namespaces: clusters.AllNamespaces = False,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Render LeaderWorkerSets anew, which rolls their groups.

    Sets the annotation hydra.io/refresh. Before that, lists what would roll, as a dry run of the API server says, and asks.
    What would not change is left alone.

    Exit status: 0 done, or nothing to do, 1 refused by you or by the webhook, 2 error.
    """
    names, files = clusters.objects_and_files(more, names_first=True)
    files = [*(filename or ()), *files]
    if sum(map(bool, (names or files, runtime, everyone))) != 1:
        message = "name LeaderWorkerSets (lws/NAME), or give -f, --runtime or --all"
        raise typer.BadParameter(message, param_hint="KIND/NAME")
    clusters.check_names([*names, *map(str, files)], all_namespaces=all_namespaces)
    stored = _in_files(files, recursive=recursive) if files else []
    opened = clusters.reader(kubeconfig, context, namespace, all_namespaces=all_namespaces)
    clusters.run(_refresh(opened, _Named(names, stored), runtime, output_format, dry_run=dry_run, yes=yes))


def _in_files(files: Sequence[Path], *, recursive: bool) -> list[objects.Object]:
    """Return the LeaderWorkerSets in files, after reporting what else is in them.

    Raises:
        typer.BadParameter: there is none.
    """
    read = object_files.read(files, recursive=recursive)
    object_files.report_garbage(read)
    found = []
    for one in (item for some in read for item in some.items()):
        if objects.kind_of(one.value) == workload.LEADER_WORKER_SET and objects.name_of(one.value):
            found.append(one.value)
            continue
        name = f"{one.value['kind']} {objects.full_name(one.value, 'default')}"
        cause = "it has no name" if objects.name_of(one.value) == "" else "it is not a LeaderWorkerSet"
        output.report(f"{one.place()}{name}: passed over: {cause}")
    if not found:
        message = f"no LeaderWorkerSet in {errors.listed([object_files.named(file) for file in files])}"
        raise typer.BadParameter(message, param_hint="-f")
    return found


async def _refresh(
    opened: clusters.Opened,
    named: _Named,
    runtime: str,
    form: output.ReportFormat,
    *,
    dry_run: bool,
    yes: bool,
) -> None:
    async with opened as reader:
        stamp = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        refreshes = []
        with output.Progress("LeaderWorkerSets") as progress:
            async for one in _chosen(reader, named, runtime):
                refreshes.append(await _tried(reader, one, stamp))
                progress.step()
        text = form is output.ReportFormat.TEXT
        rolling = [one for one in refreshes if one.changes]
        if text:
            _show(refreshes)
        if rolling and not dry_run:
            _ask(rolling, yes=yes)
            done = {}
            for each in rolling:
                done[each.reference] = await _done(reader, each, stamp)
                if text:
                    _show([done[each.reference]])
            refreshes = [done.get(one.reference, one) for one in refreshes]
        if not text:
            output.print_json(refreshes)
        elif not refreshes:
            output.report("there are no such LeaderWorkerSets")
    if any(one.failed for one in refreshes):
        raise typer.Exit(2)
    if any(one.denied for one in refreshes):
        raise typer.Exit(1)


async def _chosen(reader: clusters.Reader, named: _Named, runtime: str) -> AsyncIterator[objects.Object]:
    """Yield the LeaderWorkerSets that the user means.

    Raises:
        typer.Exit: with status 1, a name is that of something else.
    """
    if named.names or named.in_files:
        references = [cluster.kinds.reference(name, reader.namespace) for name in named.names]
        of_file = cluster.kinds.LEADER_WORKER_SET.reference
        references += [
            of_file(objects.namespace_of(one, reader.namespace), objects.name_of(one)) for one in named.in_files
        ]
        refusals = [refusal for one in references if (refusal := _refusal(one))]
        for refusal in refusals:
            output.report(refusal)
        if refusals:
            raise typer.Exit(1)
        for reference in dict.fromkeys(references):
            yield await reader.get(reference)
        return
    collection = cluster.kinds.LEADER_WORKER_SET.collection(reader.namespace)
    if runtime:
        collection = replace(collection, label_selector=f"{workload.RUNTIME}={runtime}")
    async for item in reader.objects(collection):
        yield item


def _refusal(reference: cluster.ObjectReference) -> str:
    """Return why an object cannot be refreshed and what to do instead; empty if it can be."""
    kind, namespace = reference.collection.kind, reference.collection.namespace
    match kind:
        case cluster.kinds.LEADER_WORKER_SET.kind:
            return ""
        case "Deployment" | "StatefulSet" | "DaemonSet":
            remedy = f"its pods are rendered when they are created: kubectl rollout restart {kind.lower()}/{reference.name} -n {namespace}"
        case "Pod":
            remedy = "a pod keeps what it was created with: delete it, and its controller creates another one"
        case _:
            remedy = "its pods are rendered when they are created: create it again"
    return f"{kind} {namespace}/{reference.name} cannot be refreshed: {remedy}"


def _patch(stamp: str) -> dict[str, Any]:
    return {"metadata": {"annotations": {workload.REFRESH: stamp}}}


async def _tried(reader: clusters.Reader, item: objects.Object, stamp: str) -> Refresh:
    """Return what a refresh would do, by a dry run: the API server and the webhook answer exactly as they are going to."""
    spec = item.get("spec") or {}
    found = Refresh(objects.namespace_of(item, "default"), objects.name_of(item), int(spec.get("replicas", 1)))
    try:
        after, warnings = await reader.client.patch_merge(found.reference, _patch(stamp), manager=MANAGER, dry_run=True)
    except cluster.ApiError as error:
        if error.code != "invalid":
            raise
        return replace(found, denied=str(error))
    key = "leaderWorkerTemplate"
    changes = (after.get("spec") or {}).get(key) != spec.get(key)
    return replace(found, changes=changes, warnings=tuple(warnings))


async def _done(reader: clusters.Reader, one: Refresh, stamp: str) -> Refresh:
    try:
        _, warnings = await reader.client.patch_merge(one.reference, _patch(stamp), manager=MANAGER)
    except cluster.ApiError as error:  # the others can still be refreshed
        denied = error.code == "invalid"
        return replace(one, denied=str(error) if denied else "", failed="" if denied else str(error), warnings=())
    new = [warning for warning in warnings if warning not in one.warnings]  # the others were shown before
    return replace(one, refreshed=True, warnings=tuple(new))


def _show(refreshes: Sequence[Refresh]) -> None:
    for one in refreshes:
        typer.echo(one.line())
        for warning in one.warnings:
            output.report(f"Warning: {warning}")


def _ask(rolling: Sequence[Refresh], *, yes: bool) -> None:
    """Ask whether to go on, unless the answer was given.

    Raises:
        typer.Exit: with status 1, the answer is no, or nobody can be asked.
    """
    if yes:
        return
    if not _is_terminal():
        output.report("nothing was refreshed: standard input is not a terminal, so give --yes")
        raise typer.Exit(1)
    groups = output.counted(sum(one.groups for one in rolling), "group")
    if not typer.confirm(f"Roll {groups} of {output.counted(len(rolling), 'LeaderWorkerSet')}?", err=True):
        output.report("nothing was refreshed")
        raise typer.Exit(1)


def _is_terminal() -> bool:
    return sys.stdin.isatty()
