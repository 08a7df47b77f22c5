"""What an operator says of how to serve, and the one error that ends a start."""

from dataclasses import dataclass, field
from pathlib import Path

from webhook import catalog, errors, telemetry
from webhook.settings import Settings


class CannotStart(errors.HydraError):
    """The server cannot start; ``str()`` is one line for the person who started it."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to serve.

    Attributes:
        host: address to listen on; empty: every address, IPv4 and IPv6.
        port, health_port: TCP ports; 0: a free one.
        cert_dir: folder with ``tls.crt`` and ``tls.key``, watched; None: a self-signed pair is made.
        self_signed_hosts: names of the self-signed pair beyond ``SELF_SIGNED_HOSTS``.
        ca_file: where to write the PEM that clients must trust; only with a self-signed pair.
        templates, agent, gpu_configs: configuration files, watched; None: the embedded default, or none for GPUs.
        settings: constants for rendering.
        drain_seconds: how long to go on serving after the signal to end, so that every API server learns to go elsewhere.
        log_format: ``auto``, ``json`` or ``console``.
    """

    host: str = ""
    port: int = 9443
    health_port: int = 8081
    cert_dir: Path | None = None
    self_signed_hosts: tuple[str, ...] = ()
    ca_file: Path | None = None
    templates: Path | None = None
    agent: Path | None = None
    gpu_configs: Path | None = None
    settings: Settings = field(default_factory=Settings)
    drain_seconds: float = 5.0
    log_format: telemetry.LogFormat = "auto"

    @property
    def configuration_files(self) -> dict[catalog.Kind, Path]:
        """Return the configuration files that were given, by kind."""
        paths: dict[catalog.Kind, Path | None] = {
            "templates": self.templates,
            "agent": self.agent,
            "gpu-configs": self.gpu_configs,
        }
        return {kind: path for kind, path in paths.items() if path is not None}

    @property
    def certificate_files(self) -> tuple[Path, ...]:
        """Return the files of certificate and key, in this order; none if the pair is self-signed."""
        return () if self.cert_dir is None else (self.cert_dir / "tls.crt", self.cert_dir / "tls.key")
