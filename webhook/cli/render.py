"""``hydra-webhook render``: what the webhook would do to the objects in files, without a cluster."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from webhook import mutation, notices, rendering, workload
from webhook.cli import objects, options, output
from webhook.settings import Settings

PodTemplates = Annotated[
    bool,
    typer.Option(
        "--pod-templates",
        envvar="HYDRA_WEBHOOK_POD_TEMPLATES",
        help="Also render the pod templates of Deployments, StatefulSets, DaemonSets, ReplicaSets, Jobs and CronJobs.",
    ),
]


def render(
    filename: options.Files = None,
    more: options.MoreFiles = None,
    templates: options.Templates = None,
    agent: options.Agent = None,
    gpu_configs: options.GpuConfigs = None,
    namespace: options.ObjectNamespace = "default",
    output_format: options.ObjectOutput = output.ObjectFormat.YAML,
    *,
    pod_templates: PodTemplates = False,
    cluster: options.Cluster = options.DEFAULTS.cluster,
    model_path: options.ModelPath = options.DEFAULTS.model_path,
    model_host: options.ModelHost = options.DEFAULTS.model_host,
    model_port: options.ModelPort = options.DEFAULTS.model_port,
    ray_port: options.RayPort = options.DEFAULTS.ray_port,
    known_keys: options.KnownKeys = "",
) -> None:
    """Render Pods and LeaderWorkerSets as the webhook would.

    Other objects are printed unchanged. If any object is denied, nothing is printed.

    Exit status: 0 success, 1 an object was denied, 2 wrong usage.
    """
    settings = Settings(
        cluster=cluster,
        model_path=model_path,
        model_host=model_host,
        model_port=model_port,
        ray_port=ray_port,
        known_keys=options.keys(known_keys),
    )
    state = rendering.State(options.snapshot(templates, agent, gpu_configs), settings)
    rendered = {*workload.INTERCEPTED, *(workload.POD_TEMPLATE_PLACES if pod_templates else ())}

    def change(value: objects.Object) -> Mapping[str, Any]:
        kind = objects.kind_of(value)
        if kind not in rendered:
            return value
        where = objects.namespace_of(value, namespace)
        mutated = mutation.mutate(value, kind, state, namespace=where)
        for warning in notices.in_full(mutated.notices):
            output.report(f"Warning: {warning}")
        return mutated.value

    output.print_changed(objects.read(filename, more), change, output_format)
