"""What an operator says of how to serve, and the one error that ends a start."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from webhook import catalog, errors, telemetry
from webhook.settings import Settings


class CannotStart(errors.HydraError):
    """The server cannot start; ``str()`` is one line for the person who started it."""


@dataclass(frozen=True, slots=True)
class ClusterOptions:
    """Which clusters to take part in, and as what.

    Attributes:
        kubeconfig: of the work cluster; None: the credentials of the pod that this process runs in.
        global_kubeconfig: of the cluster that holds the runtime templates; None: the work cluster holds them.
        namespace: of every object that is read or written, in both clusters.
        webhook_configuration: name of the MutatingWebhookConfiguration that this server is a replica of: its caBundle is kept, and
            the CA in it is shared with the other replicas. Empty: none.
        ca_secret: name of the Secret through which they share it.
        ca_lifetime, leaf_lifetime: of the CA and of the certificates it signs.
    """

    kubeconfig: Path | None = None
    global_kubeconfig: Path | None = None
    namespace: str = "hydra-system"
    webhook_configuration: str = ""
    ca_secret: str = "hydra-webhook-ca"  # noqa: S105 - the name of an object
    ca_lifetime: timedelta = timedelta(days=365)
    leaf_lifetime: timedelta = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Options:
    """How to serve.

    Attributes:
        host: address to listen on; empty: every address, IPv4 and IPv6.
        port, health_port: TCP ports; 0: a free one.
        cluster: what to read from API servers and keep there; None: nothing.
        cert_dir: folder with ``tls.crt`` and ``tls.key``, watched; None: a pair is made, signed by the CA that the replicas
            of a webhook configuration share, else self-signed.
        cert_hosts: names of a pair that is made, beyond those of loopback.
        ca_file: where to write the PEM that clients must trust; only for a pair that is made.
        templates, agent, gpu_configs: configuration files, watched; None: the ConfigMaps of ``cluster``, else the embedded
            default, or none for GPUs.
        settings: constants for rendering.
        drain_seconds: how long to go on serving after the signal to end, so that every API server learns to go elsewhere.
        log_format: ``auto``, ``json`` or ``console``.
    """

    host: str = ""
    port: int = 9443
    health_port: int = 8081
    cluster: ClusterOptions | None = None
    cert_dir: Path | None = None
    cert_hosts: tuple[str, ...] = ()
    ca_file: Path | None = None
    templates: Path | None = None
    agent: Path | None = None
    gpu_configs: Path | None = None
    settings: Settings = field(default_factory=Settings)
    drain_seconds: float = 5.0
    log_format: telemetry.LogFormat = "auto"

    @property
    def configuration_files(self) -> dict[catalog.ConfigKind, Path]:
        """Return the configuration files that were given, by kind."""
        paths: dict[catalog.ConfigKind, Path | None] = {
            "templates": self.templates,
            "agent": self.agent,
            "gpu-configs": self.gpu_configs,
        }
        return {kind: path for kind, path in paths.items() if path is not None}

    @property
    def followed(self) -> frozenset[catalog.ConfigKind]:
        """Return the kinds of configuration that come from ConfigMaps."""
        return frozenset(() if self.cluster is None else catalog.CONFIG_MAPS.keys() - self.configuration_files.keys())
