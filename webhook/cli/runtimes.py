"""``hydra-webhook runtimes``: the runtimes of a configuration."""

from dataclasses import dataclass

from rich.table import Table

from webhook import catalog
from webhook.cli import clusters, options, output


@dataclass(frozen=True, slots=True)
class Image:
    """The image of a runtime on one GPU type."""

    gpu_type: str
    image: str


@dataclass(frozen=True, slots=True)
class Runtime:
    """A runtime that workloads can ask for; ``template`` is whether it has a usable template."""

    runtime: str
    display_name: str
    template: bool
    images: tuple[Image, ...]


def runtimes(
    templates: options.Templates = None,
    agent: options.Agent = None,
    gpu_configs: options.GpuConfigs = None,
    output_format: options.ReportOutput = output.ReportFormat.TEXT,
    kubeconfig: clusters.Kubeconfig = None,
    context: clusters.Context = "",
    namespace: clusters.ConfigNamespace = clusters.WEBHOOK_NAMESPACE,
    *,
    from_cluster: clusters.FromCluster = False,
) -> None:
    """List the runtimes that workloads can ask for.

    Shows the GPU types of each runtime and their images. Errors in the configuration go to standard error. Where a cluster is
    asked, the configuration is the one that its webhook uses, unless files are given.

    Exit status: 0 success, 2 wrong usage, or a file or the cluster could not be read.
    """
    files_given = bool(templates or agent or gpu_configs)
    if clusters.asked(kubeconfig, context, from_cluster=from_cluster) and not files_given:
        snapshot = clusters.run(_used(clusters.reader(kubeconfig, context, webhook_namespace=namespace)))
        options.report_errors(snapshot)
    else:
        snapshot = options.snapshot(templates, agent, gpu_configs)
        options.check_readable(snapshot)
    rows = [_describe(snapshot, runtime) for runtime in snapshot.runtimes]
    if output_format is output.ReportFormat.JSON:
        output.print_json(rows)
        return
    table = Table("RUNTIME", "NAME", "GPU TYPE", box=None, pad_edge=False, header_style="bold")
    table.add_column("IMAGE", overflow="fold")
    for row in rows:
        names = (row.runtime, row.display_name)
        for image in row.images or (Image("", "none: the workload must set an image"),):
            table.add_row(*names, image.gpu_type, image.image)
            names = ("", "")
    output.print_table(table)


async def _used(opened: clusters.Opened) -> catalog.Snapshot:
    async with opened as reader:
        return (await reader.state()).state.snapshot


def _describe(snapshot: catalog.Snapshot, runtime: str) -> Runtime:
    template = snapshot.runtime_templates.get(runtime)
    images = tuple(
        Image(gpu_type, entry.image)
        for entry in snapshot.agent_entries_for(runtime)
        for gpu_type in entry.gpu_types or ("any",)
    )
    name = template.display_name if template is not None else runtime
    return Runtime(runtime, name, template is not None, images)
