"""The caBundle of the webhook configuration: the certificates that API servers trust when they call this server."""

from collections.abc import Callable, Mapping
from typing import Any

from webhook import cluster, telemetry
from webhook.app.reports import Reports


class CaBundle:
    """The caBundle of the webhook configuration: written when the trust bundle changes, and restored when others change it.

    Attributes:
        problem: why API servers may not trust this server; empty if they do.
    """

    def __init__(
        self, client: cluster.Client, configuration: str, differs: Callable[[], None], reports: Reports
    ) -> None:
        """Prepare to follow and write a webhook configuration.

        Args:
            client: of the cluster.
            configuration: name of the MutatingWebhookConfiguration.
            differs: called when the caBundle is not the published one, or the configuration has appeared. Must lead to a
                call of ``publish``.
            reports: of this server.
        """
        self._client = client
        self._reference = cluster.mutating_webhook_configuration(configuration)
        self._differs = differs
        self._reports = reports
        self._wanted = b""
        self._configuration: Mapping[str, Any] | None = None
        failed = reports.watch_failure(self._reference.alone)
        self._reflector = cluster.follow_object(client, self._reference, self._seen, report=failed)
        self.problem = f"{self._reference.human} has not been read yet"

    async def run(self) -> None:
        """Follow the webhook configuration until cancelled."""
        await self._reflector.run()

    async def publish(self, bundle_pem: bytes) -> bool:
        """Write this trust bundle into the webhook configuration; return whether the configuration has it now."""
        self._wanted = bundle_pem
        configuration = self._configuration
        if configuration is None:
            return False  # ``_seen`` asks for another call
        corrections = cluster.ca_bundle_corrections(configuration, bundle_pem)
        if corrections:
            name, log = self._reference.name, self._reports.log
            try:
                self._configuration = await self._client.patch_json(self._reference, corrections)
            except cluster.ApiError as error:
                self.problem = str(error)
                log.warning("caBundle not written", configuration=name, why=telemetry.clean(self.problem))
                return False
            self._reports.metrics.ca_bundle_written()
            log.info("caBundle written", configuration=name)
        self.problem = ""
        return True

    @property
    def problems(self) -> list[str]:
        """Everything that is wrong, one line each."""
        return [f"error: {line}" for line in (self.problem, self._reflector.failure) if line]

    async def _seen(self, configuration: Mapping[str, Any] | None) -> None:
        self._configuration = configuration
        if configuration is None:
            self.problem = f"{self._reference.human} does not exist"
        elif not self._wanted or cluster.ca_bundle_corrections(configuration, self._wanted):
            # Not corrected right here: another replica may have published a newer bundle, so the Secret must be read first.
            self._differs()
