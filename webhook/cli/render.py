"""``render`` and ``restore``: what the webhook makes of files, without a cluster."""

import enum
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from webhook import admission, errors, mutation, patch, rendering, workload
from webhook.cli import objects, options, output
from webhook.settings import Settings


class Format(enum.StrEnum):
    """How objects are printed."""

    YAML = "yaml"
    JSON = "json"
    PATCH = "patch"
    DIFF = "diff"


Files = Annotated[
    list[Path] | None,
    typer.Option(
        "--filename",
        "-f",
        envvar="HYDRA_WEBHOOK_FILENAME",
        metavar="FILE",
        help="Objects, YAML or JSON; - is standard input. May be repeated.",
    ),
]
MoreFiles = Annotated[list[Path] | None, typer.Argument(metavar="FILE", help="More files.")]
Output = Annotated[
    Format, typer.Option("--output", "-o", envvar="HYDRA_WEBHOOK_OUTPUT", help="Objects, or what changes in them.")
]
Namespace = Annotated[
    str, typer.Option("--namespace", "-n", envvar="HYDRA_WEBHOOK_NAMESPACE", help="Of objects that name none.")
]
PodTemplates = Annotated[
    bool,
    typer.Option(
        "--pod-templates",
        envvar="HYDRA_WEBHOOK_POD_TEMPLATES",
        help="Render the pod templates of Deployments, StatefulSets, DaemonSets, ReplicaSets, Jobs and CronJobs too.",
    ),
]


def render(
    filename: Files = None,
    more: MoreFiles = None,
    templates: options.Templates = None,
    agent: options.Agent = None,
    gpu_configs: options.GpuConfigs = None,
    namespace: Namespace = "default",
    output_format: Output = Format.YAML,
    *,
    pod_templates: PodTemplates = False,
    cluster: options.Cluster = options.DEFAULTS.cluster,
    model_path: options.ModelPath = options.DEFAULTS.model_path,
    model_host: options.ModelHost = options.DEFAULTS.model_host,
    model_port: options.ModelPort = options.DEFAULTS.model_port,
    ray_port: options.RayPort = options.DEFAULTS.ray_port,
) -> None:
    """Render the Pods and LeaderWorkerSets of files as the webhook would; other objects pass through unchanged.

    Nothing is printed unless every object can be rendered. Exit status: 0, 1 denied, 2 bad usage.
    """
    settings = Settings(
        cluster=cluster, model_path=model_path, model_host=model_host, model_port=model_port, ray_port=ray_port
    )
    state = rendering.State(options.snapshot(templates, agent, gpu_configs), settings)
    rendered = {*workload.INTERCEPTED, *(workload.POD_TEMPLATE_PLACES if pod_templates else ())}

    def change(value: objects.Object) -> Mapping[str, Any]:
        kind = objects.kind_of(value)
        if kind not in rendered:
            return value
        where = objects.namespace_of(value, namespace)
        mutated = mutation.mutate(value, kind, state, namespace=where)
        for warning in admission.warning_lines(mutated.warnings):
            output.say(f"Warning: {warning}")
        return mutated.value

    _run(objects.read(filename, more), change, output_format)


def restore(filename: Files = None, more: MoreFiles = None, output_format: Output = Format.YAML) -> None:
    """Give rendered objects back their bare form; objects without a record pass through unchanged.

    Exit status: 0, 1 a record cannot be read, 2 bad usage.
    """
    values = objects.read(filename, more)
    _run(values, lambda value: mutation.restore(value, objects.kind_of(value)), output_format)


def _run(before: list[objects.Object], change: Callable[[objects.Object], Mapping[str, Any]], form: Format) -> None:
    denied = False

    def attempt(value: objects.Object) -> Mapping[str, Any]:
        nonlocal denied
        try:
            return change(value)
        except errors.Denied as refusal:
            denied = True
            output.say(f"denied: {refusal}")
            return value

    after = [objects.each(value, attempt) for value in before]
    if denied:
        raise typer.Exit(1)
    _print(before, after, form)


def _print(before: list[objects.Object], after: list[objects.Object], form: Format) -> None:
    pairs = list(zip(before, after, strict=True))
    match form:
        case Format.YAML:
            typer.echo(objects.to_yaml(after), nl=False)
        case Format.JSON:
            typer.echo(objects.to_json(after), nl=False)
        case Format.PATCH:
            for one, other in pairs:
                typer.echo(msgspec.json.encode(patch.diff(one, other)).decode())
        case Format.DIFF:
            for one, other in pairs:
                difference = output.difference(one, other, f"{one['kind']} {workload.display_name(one)}")
                output.console().print(output.coloured(difference), end="")
