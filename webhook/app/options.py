"""The options of a server, and the error for a server that cannot start."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from webhook import catalog, errors, telemetry
from webhook.settings import Settings


class CannotStart(errors.HydraError):
    """The server cannot start; ``str()`` is one line for the person who started it."""


@dataclass(frozen=True, slots=True)
class ClusterOptions:
    """The clusters that the server belongs to, and its objects in them.

    Attributes:
        kubeconfig: of the work cluster; None: the service account of the pod that this process runs in.
        global_kubeconfig: of the cluster with the runtime templates; None: they are in the work cluster.
        namespace: of every object that is read or written, in both clusters.
        webhook_configuration: name of the MutatingWebhookConfiguration that calls this server and the other replicas. The
            replicas share a CA and keep it in the caBundle. Empty: none.
        ca_secret: name of the Secret with the shared CA.
        ca_lifetime, leaf_lifetime: lifetimes of the CA and of the certificates that it signs.
        follow_workloads: whether to follow labelled Pods and LeaderWorkerSets in all namespaces, and to count them.
    """

    kubeconfig: Path | None = None
    global_kubeconfig: Path | None = None
    namespace: str = "hydra-system"
    webhook_configuration: str = ""
    ca_secret: str = "hydra-webhook-ca"  # noqa: S105 - the name of an object
    ca_lifetime: timedelta = timedelta(days=365)
    leaf_lifetime: timedelta = timedelta(days=7)
    follow_workloads: bool = False


@dataclass(frozen=True, slots=True)
class Options:
    """How to serve.

    Attributes:
        host: address to listen on; empty: every address, IPv4 and IPv6.
        port, health_port: TCP ports; 0: a free one.
        cluster: the clusters to read from and write to; None: use no cluster.
        cert_dir: folder with ``tls.crt`` and ``tls.key``, watched; None: create a pair, signed by the CA of the replicas of
            a webhook configuration if they share one, else self-signed.
        cert_hosts: more names for a created pair, besides those of loopback.
        ca_file: where to write the PEM that clients must trust; only for a created pair.
        client_ca_file: PEM file, watched, with the authorities one of which must have signed the certificate of whoever calls
            the webhook; None: callers need no certificate.
        client_allowed_names: the common names that such a certificate may have; empty: any.
        templates, agent, gpu_configs: configuration files, watched; None: the ConfigMap in ``cluster`` if there is one, else
            the built-in default.
        settings: constants for rendering.
        remember_mib: how much memory verdicts about pods may take that are remembered for their like, in MiB; 0: none are.
        drain_seconds: how long to go on serving after the signal to stop, until every API server uses other replicas.
        log_format: ``auto``, ``json`` or ``console``.
        on_serving: called with the port of ``/mutate`` once the server is ready, after the log says so.
    """

    host: str = ""
    port: int = 9443
    health_port: int = 8081
    cluster: ClusterOptions | None = None
    cert_dir: Path | None = None
    cert_hosts: tuple[str, ...] = ()
    ca_file: Path | None = None
    client_ca_file: Path | None = None
    client_allowed_names: tuple[str, ...] = ()
    templates: Path | None = None
    agent: Path | None = None
    gpu_configs: Path | None = None
    settings: Settings = field(default_factory=Settings)
    remember_mib: int = 16
    drain_seconds: float = 5.0
    log_format: telemetry.LogFormat = "auto"
    on_serving: Callable[[int], None] = lambda _port: None

    @property
    def configuration_files(self) -> dict[catalog.ConfigKind, Path]:
        """The configuration files that were given, by kind."""
        paths: dict[catalog.ConfigKind, Path | None] = {
            "templates": self.templates,
            "agent": self.agent,
            "gpu-configs": self.gpu_configs,
        }
        return {config_kind: path for config_kind, path in paths.items() if path is not None}

    @property
    def followed(self) -> frozenset[catalog.ConfigKind]:
        """The kinds of configuration that come from ConfigMaps."""
        return frozenset(() if self.cluster is None else catalog.KINDS.keys() - self.configuration_files.keys())
