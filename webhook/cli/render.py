"""``hydra-webhook render``: what the webhook would do to the objects in files, or does to those in a cluster."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from webhook import cluster as cluster_room
from webhook import errors, mutation, notices, rendering, workload
from webhook.cli import changes, clusters, object_files, objects, options, output
from webhook.settings import Settings

PodTemplates = Annotated[
    bool,
    typer.Option(
        "--pod-templates",
        help="Also render the pod templates of Deployments, StatefulSets, DaemonSets, ReplicaSets, Jobs and CronJobs;"
        " KIND/NAME implies it.",
    ),
]
ExitCode = Annotated[
    bool,
    typer.Option(
        "--exit-code",
        help="As in git diff: exit with 1 if rendering changes an object, 0 if none, and 2 if one is denied.",
    ),
]
WarningsAsErrors = Annotated[
    bool, typer.Option("--warnings-as-errors", help="Exit with 1 if there is a warning, after printing everything.")
]


def render(
    filename: options.Files = None,
    more: clusters.FilesOrObjects = None,
    templates: options.Templates = None,
    agent: options.Agent = None,
    gpu_configs: options.GpuConfigs = None,
    namespace: clusters.NamespaceOfFiles = "",
    output_format: options.ObjectOutput = output.ObjectFormat.YAML,
    *,
    recursive: options.Recursive = False,
    pod_templates: PodTemplates = False,
    exit_code: ExitCode = False,
    warnings_as_errors: WarningsAsErrors = False,
    cluster: options.Cluster = options.DEFAULTS.cluster,
    model_path: options.ModelPath = options.DEFAULTS.model_path,
    model_host: options.ModelHost = options.DEFAULTS.model_host,
    model_port: options.ModelPort = options.DEFAULTS.model_port,
    ray_port: options.RayPort = options.DEFAULTS.ray_port,
    known_keys: options.KnownKeys = "",
    kubeconfig: clusters.Kubeconfig = None,
    context: clusters.Context = "",
    from_cluster: clusters.FromCluster = False,
    webhook_namespace: clusters.WebhookNamespace = clusters.WEBHOOK_NAMESPACE,
) -> None:
    """Render Pods and LeaderWorkerSets as the webhook would.

    Other objects are printed unchanged, and standard error says why. If any object is denied, nothing is printed. Where a cluster is
    asked, configuration and settings are those of its webhook, unless configuration files are given.

    Exit status: 0 success, 1 an object was denied, 2 wrong usage, or a file or the cluster could not be read.
    """
    settings = Settings(
        cluster=cluster,
        model_path=model_path,
        model_host=model_host,
        model_port=model_port,
        ray_port=ray_port,
        known_keys=options.keys(known_keys),
    )
    own = bool(templates or agent or gpu_configs)
    names, files = clusters.objects_and_files(more)
    from_files = bool(filename or files) or not names
    before = object_files.read(filename, files, recursive=recursive) if from_files else []
    if names or clusters.asked(kubeconfig, context, from_cluster=from_cluster):
        if not own:
            clusters.check_settings(settings)
        opened = clusters.reader(kubeconfig, context, namespace, webhook_namespace=webhook_namespace)
        state, stored, namespace = clusters.run(_asked(opened, names, judged_by_files=own))
        before += map(object_files.Located, stored)
    else:
        state, namespace = None, namespace or "default"
    if state is None:
        state = rendering.State(options.snapshot(templates, agent, gpu_configs), settings)
    inside = pod_templates or bool(names)
    rendered = {*workload.INTERCEPTED, *(workload.POD_TEMPLATE_PLACES if inside else ())}
    warned = object_files.report_garbage(before)
    warned += object_files.report_overlooked(before, inside=inside, namespace=namespace)

    def change(one: object_files.Located) -> Mapping[str, Any]:
        nonlocal warned
        kind = objects.kind_of(one.value)
        if kind not in rendered:
            return one.value
        mutated = mutation.mutate(one.value, kind, state, namespace=objects.namespace_of(one.value, namespace))
        for warning in notices.in_full(mutated.notices):
            warned += 1
            output.report(f"{one.place(warning)}Warning: {warning}")
        return mutated.value

    changes.print_changed(before, change, output_format, exit_code=exit_code)
    if warned and warnings_as_errors:
        output.report(f"{output.counted(warned, 'warning')}, and --warnings-as-errors was given")
        raise typer.Exit(1)


async def _asked(
    opened: clusters.Opened, names: Sequence[str], *, judged_by_files: bool
) -> tuple[rendering.State | None, list[objects.Object], str]:
    """Return the webhook's state unless files are given, the bare forms of the named objects, and the namespace."""
    async with opened as reader:
        state = None if judged_by_files else (await reader.state()).state
        references = [cluster_room.kinds.reference(name, reader.namespace) for name in names]
        return state, [_bare(await reader.get(reference)) for reference in references], reader.namespace


def _bare(value: objects.Object) -> objects.Object:
    """Return the bare form of a stored object, without the bookkeeping that kubectl does not show either."""
    metadata = {key: entry for key, entry in value["metadata"].items() if key != "managedFields"}
    try:
        return dict(mutation.restore({**value, "metadata": metadata}, objects.kind_of(value)))
    except errors.Denied as refusal:
        output.report(f"denied: {refusal}")
        raise typer.Exit(1) from refusal
