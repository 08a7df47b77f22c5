"""``hydra-webhook plan``: what a change of configuration would do to workloads."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from webhook import catalog, rendering, whatif, workload
from webhook import cluster as cluster_room
from webhook.cli import clusters, comment, effects, findings, object_files, objects, options, output
from webhook.settings import Settings

#: What a user without the right to read the webhook's state can do.
_FILES_INSTEAD = "name files with --from-templates, --from-agent and --from-gpu-configs"

_KINDS = cluster_room.kinds

#: What is read from a cluster. ReplicaSets, of which there are many, are parts of Deployments, and the pods of a group are not bare.
_READ = (
    dataclasses.replace(_KINDS.LEADER_WORKER_SET, label_selector=""),  # only its pod templates may be labelled
    *(one for one in _KINDS.CONTROLLERS if one.kind != "ReplicaSet"),
    dataclasses.replace(_KINDS.POD, label_selector=f"{workload.RUNTIME},!{workload.GROUP_NAME}"),
)

Format = Annotated[
    output.PlanFormat,
    typer.Option(
        "--output",
        "-o",
        help="Print text for people, JSON for programs, or Markdown for a comment on a pull request.",
    ),
]


class _Question(msgspec.Struct, frozen=True):
    """What the user asks.

    Attributes:
        names: of the workloads, as ``KIND/NAME``; empty: all of them.
        files: objects from files; None: those of the cluster.
        before: the state before, from files; None: that of the cluster's webhook.
        new: the configurations that change.
        namespace: of objects in files that do not name one.
    """

    names: Sequence[str]
    files: list[objects.Object] | None
    before: clusters.ServerState | None
    new: tuple[catalog.Document, ...]
    namespace: str


class _Answer(msgspec.Struct, frozen=True):
    """What comes of it.

    Attributes:
        summary: the plan.
        problems: errors of the new configuration.
        webhook: version of the webhook whose configuration is the one before; "" if that came from files.
    """

    summary: whatif.Summary
    problems: tuple[catalog.Problem, ...]
    webhook: str = ""


def plan(
    more: clusters.ObjectsOrFiles = None,
    filename: options.Files = None,
    templates: options.NewTemplates = None,
    agent: options.NewAgent = None,
    gpu_configs: options.NewGpuConfigs = None,
    from_templates: options.FromTemplates = None,
    from_agent: options.FromAgent = None,
    from_gpu_configs: options.FromGpuConfigs = None,
    kubeconfig: clusters.Kubeconfig = None,
    context: clusters.Context = "",
    namespace: clusters.Namespace = "",
    output_format: Format = output.PlanFormat.TEXT,
    *,
    recursive: options.Recursive = False,
    all_namespaces: clusters.AllNamespaces = False,
    cluster: options.Cluster = options.DEFAULTS.cluster,
    model_path: options.ModelPath = options.DEFAULTS.model_path,
    model_host: options.ModelHost = options.DEFAULTS.model_host,
    model_port: options.ModelPort = options.DEFAULTS.model_port,
    ray_port: options.RayPort = options.DEFAULTS.ray_port,
    known_keys: options.KnownKeys = "",
    webhook_namespace: clusters.WebhookNamespace = clusters.WEBHOOK_NAMESPACE,
) -> None:
    """Show what a change of configuration would do to workloads.

    Counts by runtime which would be rendered to something else, which would be denied and which no longer, and shows what differs once
    for all workloads that are alike. Errors of the new configuration come first; what has one keeps its old version, as in a webhook.

    Exit status: 0 nothing changes, 1 something does, 2 error, also one in the new configuration.
    """
    settings = Settings(
        cluster=cluster,
        model_path=model_path,
        model_host=model_host,
        model_port=model_port,
        ray_port=ray_port,
        known_keys=options.keys(known_keys),
    )
    new = options.given(templates, agent, gpu_configs)
    own = bool(from_templates or from_agent or from_gpu_configs)
    if not new and not own:
        raise typer.BadParameter("name the new configuration", param_hint="--templates, --agent or --gpu-configs")
    names, files = clusters.objects_and_files(more, names_first=True)
    files = [*(filename or ()), *files]
    ask = not files or bool(kubeconfig or context)
    if ask and not own:
        clusters.check_settings(settings)
    clusters.check_names(names, all_namespaces=all_namespaces)
    before = None
    if own or not ask:
        _report_built_in(new, {"templates": from_templates, "agent": from_agent, "gpu-configs": from_gpu_configs})
        built = catalog.build(options.documents(from_templates, from_agent, from_gpu_configs), None)
        before = clusters.ServerState(rendering.State(built, settings))
    read = object_files.values(files, recursive=recursive) if files else None
    question = _Question(names, read, before, new, namespace or "default")
    if ask:
        opened = clusters.reader(
            kubeconfig,
            context,
            namespace,
            all_namespaces=all_namespaces,
            webhook_namespace=webhook_namespace,
            files_instead=_FILES_INSTEAD,
        )
        answer = clusters.run(_asked(opened, question))
    else:
        assert before is not None
        planning, problems = _begun(question, before.state)
        _add_files(planning, question)
        answer = _Answer(planning.summary(), problems)
    _print(answer, output_format)
    if answer.problems:
        raise typer.Exit(2)
    if answer.summary.changes:
        raise typer.Exit(1)


def _report_built_in(new: Sequence[catalog.Document], old: Mapping[catalog.ConfigKind, Path | None]) -> None:
    """Report each new configuration that is compared with a built-in one, because hardly any cluster runs with that."""
    for kind in (document.config_kind for document in new):
        if old[kind] is None:
            remedy = f"name the old one with --from-{kind}, or with --context a cluster that uses it"
            output.report(f"{catalog.KINDS[kind].human} is compared with the built-in one: {remedy}")


def _print(answer: _Answer, output_format: output.PlanFormat) -> None:
    match output_format:
        case output.PlanFormat.TEXT:
            effects.print_text(answer.summary)
        case output.PlanFormat.JSON:
            effects.print_json(answer.summary, answer.problems, answer.webhook)
        case output.PlanFormat.MARKDOWN:
            typer.echo(comment.markdown(answer.summary, answer.problems), nl=False)


def _begun(question: _Question, before: rendering.State) -> tuple[whatif.Plan, tuple[catalog.Problem, ...]]:
    """Return a plan without workloads, and the errors of the new configuration after reporting them.

    The new configuration is taken in as a webhook takes it in that uses the old one: what has an error keeps its last good version.
    """
    after = catalog.build(question.new, before.snapshot)
    read = [after.readings[document.config_kind] for document in question.new]
    problems = tuple(problem for one in read for problem in one.problems if problem.severity == "error")
    effects.report_errors(problems)
    if not question.new:
        output.report("no new configuration is named: it is the same as before")
    options.report_errors(before.snapshot)
    return whatif.Plan(before, rendering.State(after, before.settings), question.namespace), problems


def _add_files(planning: whatif.Plan, question: _Question) -> None:
    """Add the objects from files, or those of them that the user names.

    Raises:
        typer.Exit: with status 2, one that is named is not among them.
    """
    wanted = findings.wanted(question.names, question.namespace)
    found = []
    with output.Progress("objects") as progress:
        for item in question.files or ():
            kind = objects.kind_of(item)
            key = kind[2], objects.namespace_of(item, question.namespace), objects.name_of(item)
            if (not wanted or key in wanted) and planning.add(kind, item):
                found.append(key)
            progress.step()
    findings.check_found(wanted, found)


async def _asked(opened: clusters.Opened, question: _Question) -> _Answer:
    """Return the answer for a cluster, or by that of its webhook's configuration for files."""
    async with opened as reader:
        before = await reader.state_or(question.before)
        question = msgspec.structs.replace(question, namespace=reader.namespace or question.namespace)
        planning, problems = _begun(question, before.state)
        if question.files is not None:
            _add_files(planning, question)
        else:
            await _add_stored(planning, reader, question)
        return _Answer(planning.summary(), problems, before.version)


async def _add_stored(planning: whatif.Plan, reader: clusters.Reader, question: _Question) -> None:
    """Add the workloads of a cluster, a page at a time, or those of them that the user names.

    Raises:
        typer.Exit: with status 2, one that is named is not a workload of ours.
    """
    with output.Progress("objects") as progress:
        if wanted := findings.wanted(question.names, question.namespace):
            found = []
            for key, reference in wanted.items():
                item = await reader.get(reference)
                if planning.add(objects.kind_of(item), item):
                    found.append(key)
                progress.step()
            findings.check_found(wanted, found)
            return
        for kind in _READ:
            async for item in reader.objects(kind.collection(reader.namespace)):
                planning.add(objects.kind_of(item), item)
                progress.step()
