"""``hydra-webhook serve``: the webhook itself."""

import contextlib
import shlex
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from webhook import app, server, telemetry
from webhook import cluster as cluster_room
from webhook.cli import options
from webhook.settings import Settings

_DEFAULTS = app.Options()
_CLUSTER = app.ClusterOptions()
_HOUR = timedelta(hours=1)
_DAY = 24 * 3600.0  # seconds; no pod has a longer grace period by accident
_EVERYWHERE = ("", "0.0.0.0", "::")  # noqa: S104 - compared with, not listened on
_LONGEST = 1_000_000.0  # hours, more than a century: later expiry dates could pass the year 9999

Host = Annotated[
    str,
    typer.Option(
        callback=options.one_word,
        show_default="every address",
        help="Address to listen on.",
    ),
]
Port = Annotated[int, typer.Option(min=0, max=65535, help="TLS port of /mutate; 0 picks a free port.")]
HealthPort = Annotated[
    int,
    typer.Option(min=0, max=65535, help="Plain HTTP port of /livez, /readyz and /metrics."),
]
CertDir = Annotated[
    Path | None,
    typer.Option(
        exists=True,
        file_okay=False,
        show_default="none; the server creates a certificate",
        help="Folder with tls.crt and tls.key, which are reloaded when they change.",
    ),
]
CertHost = Annotated[
    list[str] | None,
    typer.Option(
        help="Another name in the certificate that the server creates. Can be repeated.",
    ),
]
CaFile = Annotated[
    Path | None,
    typer.Option(
        dir_okay=False,
        help="File to write the CA to that clients of the created certificate must trust.",
    ),
]
ClientCaFile = Annotated[
    Path | None,
    typer.Option(
        dir_okay=False,
        show_default="none; callers need no certificate",
        help="File with the CA that must have signed the certificate of whoever calls /mutate; reloaded when it changes.",
    ),
]
ClientAllowedNames = Annotated[
    str,
    typer.Option(
        show_default="any name",
        help="Common names, separated by commas, of which the certificate of whoever calls /mutate must have one.",
    ),
]
GlobalKubeconfig = Annotated[
    Path | None,
    typer.Option(
        dir_okay=False,
        show_default="the work cluster",
        help="Credentials for the global cluster, if the runtime templates are there.",
    ),
]
WebhookConfiguration = Annotated[
    str,
    typer.Option(
        callback=options.object_name,
        show_default="none",
        help="MutatingWebhookConfiguration whose caBundle to keep up to date. All replicas then share a CA.",
    ),
]
CaLifetimeHours = Annotated[
    float,
    typer.Option(
        max=_LONGEST,
        callback=options.finite,
        help="How long the shared CA is valid.",
    ),
]
LeafLifetimeHours = Annotated[
    float,
    typer.Option(
        max=_LONGEST,
        callback=options.finite,
        help="How long a certificate signed by the shared CA is valid.",
    ),
]
FollowWorkloads = Annotated[
    bool,
    typer.Option(
        "--follow-workloads",
        show_default="off",
        help="Follow labelled Pods and LeaderWorkerSets, and count them by whether they are up to date.",
    ),
]
RememberMib = Annotated[
    int,
    typer.Option(
        envvar="HYDRA_WEBHOOK_REMEMBER_MIB",
        min=0,
        max=1024,
        help="Memory for verdicts that are given again to pods of the same controller, in MiB; 0 decides about each pod.",
    ),
]
DrainSeconds = Annotated[
    float,
    typer.Option(
        min=0,
        max=_DAY,
        callback=options.finite,
        help="How long to keep serving after SIGTERM, while not ready.",
    ),
]
Example = Annotated[
    Path | None,
    typer.Option(
        envvar="HYDRA_WEBHOOK_EXAMPLE",
        exists=True,
        dir_okay=False,
        help="Once it serves, print a command that sends the AdmissionReview in this file and shows the patch. Needs --ca-file.",
    ),
]
LogFormat = Annotated[
    telemetry.LogFormat,
    typer.Option(help="auto prints for people on a terminal, else JSON."),
]


def serve(
    host: Host = _DEFAULTS.host,
    port: Port = _DEFAULTS.port,
    health_port: HealthPort = _DEFAULTS.health_port,
    cert_dir: CertDir = None,
    cert_host: CertHost = None,
    ca_file: CaFile = None,
    client_ca_file: ClientCaFile = None,
    client_allowed_names: ClientAllowedNames = "",
    kubeconfig: options.Kubeconfig = None,
    global_kubeconfig: GlobalKubeconfig = None,
    namespace: options.ClusterNamespace = _CLUSTER.namespace,
    webhook_configuration: WebhookConfiguration = _CLUSTER.webhook_configuration,
    ca_secret: options.CaSecret = _CLUSTER.ca_secret,
    ca_lifetime_hours: CaLifetimeHours = _CLUSTER.ca_lifetime / _HOUR,
    leaf_lifetime_hours: LeafLifetimeHours = _CLUSTER.leaf_lifetime / _HOUR,
    follow_workloads: FollowWorkloads = _CLUSTER.follow_workloads,
    templates: options.Templates = None,
    agent: options.Agent = None,
    gpu_configs: options.GpuConfigs = None,
    cluster: options.Cluster = options.DEFAULTS.cluster,
    model_path: options.ModelPath = options.DEFAULTS.model_path,
    model_host: options.ModelHost = options.DEFAULTS.model_host,
    model_port: options.ModelPort = options.DEFAULTS.model_port,
    ray_port: options.RayPort = options.DEFAULTS.ray_port,
    known_keys: options.KnownKeys = "",
    remember_mib: RememberMib = _DEFAULTS.remember_mib,
    drain_seconds: DrainSeconds = _DEFAULTS.drain_seconds,
    log_format: LogFormat = _DEFAULTS.log_format,
    example: Example = None,
) -> None:
    """Answer AdmissionReviews over HTTPS until SIGTERM.

    Each configuration is read from the given file and again whenever it changes. Without a file, it comes from a ConfigMap
    of the cluster (in a pod, or with --kubeconfig), and outside a cluster from the built-in defaults.

    Exit status: 0 stopped by a signal, 1 could not start, 2 wrong usage.
    """
    if cert_dir is not None and (ca_file is not None or cert_host):
        raise typer.BadParameter(
            "--ca-file and --cert-host cannot be combined with --cert-dir: the server then creates no certificate"
        )
    if cert_dir is not None and webhook_configuration:
        raise typer.BadParameter(
            "--webhook-configuration cannot be combined with --cert-dir: whatever writes the files must also set the caBundle"
        )
    if example is not None and ca_file is None:
        raise typer.BadParameter("--example needs --ca-file: the command has to trust the server")
    allowed_names = tuple(name for part in client_allowed_names.split(",") if (name := part.strip()))
    if allowed_names and client_ca_file is None:
        raise typer.BadParameter(
            "--client-allowed-names needs --client-ca-file: without it, callers show no certificate"
        )
    in_cluster = None
    if kubeconfig is not None or cluster_room.in_cluster():
        in_cluster = app.ClusterOptions(
            kubeconfig=kubeconfig,
            global_kubeconfig=global_kubeconfig,
            namespace=namespace,
            webhook_configuration=webhook_configuration,
            ca_secret=ca_secret,
            ca_lifetime=ca_lifetime_hours * _HOUR,
            leaf_lifetime=leaf_lifetime_hours * _HOUR,
            follow_workloads=follow_workloads,
        )
    elif global_kubeconfig is not None or webhook_configuration or follow_workloads:
        raise typer.BadParameter(
            "--global-kubeconfig, --webhook-configuration and --follow-workloads need --kubeconfig outside of a cluster"
        )
    settings = Settings(
        cluster=cluster,
        model_path=model_path,
        model_host=model_host,
        model_port=model_port,
        ray_port=ray_port,
        known_keys=options.keys(known_keys),
    )
    status = app.run(
        app.Options(
            host=host,
            port=port,
            health_port=health_port,
            cluster=in_cluster,
            cert_dir=cert_dir,
            cert_hosts=tuple(cert_host or ()),
            ca_file=ca_file,
            client_ca_file=client_ca_file,
            client_allowed_names=allowed_names,
            templates=templates,
            agent=agent,
            gpu_configs=gpu_configs,
            settings=settings,
            remember_mib=remember_mib,
            drain_seconds=drain_seconds,
            log_format=log_format,
            on_serving=_print_example(host, ca_file, example),
        )
    )
    raise typer.Exit(status)


#: Python that prints the patch in an answer, or why there is none; in one line, so that it can be pasted.
_DECODE = (
    'import base64, json, sys; answer = json.load(sys.stdin)["response"]; '
    'print(json.dumps(json.loads(base64.b64decode(answer.get("patch", "W10="))), indent=2) if answer["allowed"] '
    'else answer["status"]["message"])'
)


def _print_example(host: str, ca_file: Path | None, example: Path | None) -> Callable[[int], None]:
    """Return what to do once the server listens: print the command, if there is an example to send."""
    if example is None or ca_file is None:
        return _DEFAULTS.on_serving
    trust, review = ca_file.absolute(), example.absolute()

    def show(port: int) -> None:
        name = f"[{host}]" if ":" in host else host
        name = "localhost" if host in _EVERYWHERE else name
        call = ["curl", "-sS", "--noproxy", "*", "--cacert", str(trust), "-H", "Content-Type: application/json"]
        call += ["--data-binary", f"@{review}", f"https://{name}:{port}{server.MUTATE_PATH}"]
        decode = ["python3", "-c", _DECODE]
        told = f"To send it {example.name} and see the patch, paste this into another terminal; Ctrl-C ends the server."
        with contextlib.suppress(OSError):  # whoever read standard output is gone
            typer.echo(f"\n{told}\n\n{shlex.join(call)} | {shlex.join(decode)}\n")

    return show
