"""The caBundle of the webhook configuration: what API servers trust when they call this server."""

from collections.abc import Callable, Mapping
from typing import Any

from webhook import cluster, telemetry
from webhook.app.failures import reporter


class CaBundle:
    """The caBundle of the webhook configuration: set when the trust changes, and set right when somebody else changes it.

    Attributes:
        problem: why API servers may not trust this server; empty if they do.
    """

    def __init__(
        self, client: cluster.Client, configuration: str, metrics: telemetry.Metrics, log: telemetry.Log
    ) -> None:
        """Prepare to keep the caBundle of the MutatingWebhookConfiguration of this name."""
        self._client = client
        self._resource = cluster.mutating_webhook_configuration(configuration)
        self._metrics = metrics
        self._log = log
        self._wanted = b""
        self._configuration: Mapping[str, Any] | None = None
        self._astray: Callable[[], None] = lambda: None
        self._reflector = cluster.Reflector(
            client, self._resource, self._seen, report=reporter(self._resource, metrics, log)
        )
        self.problem = f"{self._resource.human} has not been read yet"

    def on_astray(self, call: Callable[[], None]) -> None:
        """Have this called when the caBundle is seen to be another than the one published last."""
        self._astray = call

    async def run(self) -> None:
        """Follow the configuration until cancelled."""
        await self._reflector.run()

    async def publish(self, bundle_pem: bytes) -> bool:
        """Make API servers trust this bundle; return whether the configuration now says so."""
        self._wanted = bundle_pem
        configuration = self._configuration
        if configuration is None:
            return False  # ``_seen`` asks for another try
        corrections = cluster.ca_bundle_corrections(configuration, bundle_pem)
        if corrections:
            try:
                self._configuration = await self._client.patch_json(self._resource, corrections)
            except cluster.ApiError as error:
                self.problem = str(error)
                self._log.warning(
                    "caBundle not written", configuration=self._resource.name, why=telemetry.clean(self.problem)
                )
                return False
            self._metrics.ca_bundle_written()
            self._log.info("caBundle written", configuration=self._resource.name)
        self.problem = ""
        return True

    @property
    def problems(self) -> list[str]:
        """What is wrong, a line each."""
        return [f"error: {line}" for line in (self.problem, self._reflector.failure) if line]

    async def _seen(self, configuration: Mapping[str, Any] | None) -> None:
        self._configuration = configuration
        if configuration is None:
            self.problem = f"{self._resource.human} is not there"
        elif not self._wanted or cluster.ca_bundle_corrections(configuration, self._wanted):
            # Not set right from here: a peer may have published a newer bundle than this replica knows of, so the Secret
            # is read first.
            self._astray()
