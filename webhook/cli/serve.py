"""``serve``: the webhook itself."""

from pathlib import Path
from typing import Annotated

import typer

from webhook import app, telemetry
from webhook.cli import options
from webhook.settings import Settings

_DEFAULTS = app.Options()

Host = Annotated[
    str, typer.Option(envvar="HYDRA_WEBHOOK_HOST", show_default="every address", help="Address to listen on.")
]
Port = Annotated[
    int, typer.Option(envvar="HYDRA_WEBHOOK_PORT", min=0, max=65535, help="TLS port of /mutate; 0: a free one.")
]
HealthPort = Annotated[
    int,
    typer.Option(
        envvar="HYDRA_WEBHOOK_HEALTH_PORT", min=0, max=65535, help="Plain port of /livez, /readyz and /metrics."
    ),
]
CertDir = Annotated[
    Path | None,
    typer.Option(
        envvar="HYDRA_WEBHOOK_CERT_DIR",
        exists=True,
        file_okay=False,
        show_default="a self-signed pair made at start",
        help="Folder with tls.crt and tls.key, reloaded when they change.",
    ),
]
CertHost = Annotated[
    list[str] | None,
    typer.Option(
        envvar="HYDRA_WEBHOOK_CERT_HOST", help="Another name for the self-signed certificate. May be repeated."
    ),
]
CaFile = Annotated[
    Path | None,
    typer.Option(
        envvar="HYDRA_WEBHOOK_CA_FILE",
        dir_okay=False,
        help="Where to write what clients of a self-signed pair must trust.",
    ),
]
DrainSeconds = Annotated[
    float,
    typer.Option(
        envvar="HYDRA_WEBHOOK_DRAIN_SECONDS", min=0, help="How long to go on serving after SIGTERM, not ready."
    ),
]
LogFormat = Annotated[
    telemetry.LogFormat, typer.Option(envvar="HYDRA_WEBHOOK_LOG_FORMAT", help="auto: lines for people on a terminal.")
]


def serve(
    host: Host = _DEFAULTS.host,
    port: Port = _DEFAULTS.port,
    health_port: HealthPort = _DEFAULTS.health_port,
    cert_dir: CertDir = None,
    cert_host: CertHost = None,
    ca_file: CaFile = None,
    templates: options.Templates = None,
    agent: options.Agent = None,
    gpu_configs: options.GpuConfigs = None,
    cluster: options.Cluster = options.DEFAULTS.cluster,
    model_path: options.ModelPath = options.DEFAULTS.model_path,
    model_host: options.ModelHost = options.DEFAULTS.model_host,
    model_port: options.ModelPort = options.DEFAULTS.model_port,
    ray_port: options.RayPort = options.DEFAULTS.ray_port,
    drain_seconds: DrainSeconds = _DEFAULTS.drain_seconds,
    log_format: LogFormat = _DEFAULTS.log_format,
) -> None:
    """Answer AdmissionReviews over HTTPS until SIGTERM. Configuration files are watched.

    Exit status: 0 ended by a signal, 1 could not start, 2 bad usage.
    """
    if cert_dir is not None and (ca_file is not None or cert_host):
        raise typer.BadParameter("--ca-file and --cert-host are for the self-signed pair, not for --cert-dir")
    settings = Settings(
        cluster=cluster, model_path=model_path, model_host=model_host, model_port=model_port, ray_port=ray_port
    )
    status = app.run(
        app.Options(
            host=host,
            port=port,
            health_port=health_port,
            cert_dir=cert_dir,
            self_signed_hosts=tuple(cert_host or ()),
            ca_file=ca_file,
            templates=templates,
            agent=agent,
            gpu_configs=gpu_configs,
            settings=settings,
            drain_seconds=drain_seconds,
            log_format=log_format,
        )
    )
    raise typer.Exit(status)
