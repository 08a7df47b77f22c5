"""Certificates that the replicas sign themselves: the shared Secret, the caBundle, and the rotator between them."""

import base64
import binascii
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import certs
from webhook import cluster, telemetry
from webhook.app.certificate import SELF_SIGNED_HOSTS, Certificate, write_ca
from webhook.app.options import CannotStart, ClusterOptions, Options


class SecretVault:
    """The Secret that all replicas share, as ``certs.Vault``."""

    def __init__(self, client: cluster.Client, resource: cluster.Resource) -> None:
        self._client = client
        self._resource = resource
        self._found: dict[str, Any] = {}

    async def read(self) -> certs.Stored | None:
        """Return the Secret as it is now; None if there is none."""
        try:
            self._found = await self._client.get(self._resource)
        except cluster.ApiError as error:
            if error.reason == "not-found":
                return None
            raise certs.VaultError(str(error)) from error
        data = {key: _decoded(text) for key, text in (self._found.get("data") or {}).items()}
        return certs.Stored(data, self._found["metadata"]["resourceVersion"])

    async def write(self, data: Mapping[str, bytes], version: str | None) -> bool:
        """Write the data unless somebody else was faster; everything else about the Secret stays as it was read."""
        encoded = {key: base64.b64encode(value).decode() for key, value in data.items()}
        try:
            if version is None:
                metadata = {"name": self._resource.name}
                body = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "data": encoded}
                await self._client.create(self._resource, body)
            else:
                metadata = {**self._found["metadata"], "resourceVersion": version}
                await self._client.replace(self._resource, {**self._found, "metadata": metadata, "data": encoded})
        except cluster.ApiError as error:
            # The namespace or, before a replacement, the Secret is gone: that is found out by reading again.
            if error.reason == "conflict" or (error.reason == "not-found" and version is not None):
                return False
            raise certs.VaultError(str(error)) from error
        return True


class CaBundle:
    """The caBundle of the webhook configuration: set when the trust changes, and set right when somebody else changes it.

    Attributes:
        problem: why API servers may not trust this server; empty if they do.
    """

    def __init__(
        self, client: cluster.Client, resource: cluster.Resource, metrics: telemetry.Metrics, log: telemetry.Log
    ) -> None:
        self._client = client
        self._resource = resource
        self._metrics = metrics
        self._log = log
        self._wanted = b""
        self._configuration: Mapping[str, Any] | None = None
        self._astray: Callable[[], None] = lambda: None
        self._reflector = cluster.Reflector(client, resource, self._seen)
        self.problem = f"{resource.human} has not been read yet"

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


class SharedAuthority:
    """This replica's certificate, signed by the CA that it shares with its peers.

    Attributes:
        ca_pem: what clients must trust, PEM; empty until the Secret was read.
    """

    def __init__(
        self,
        options: Options,
        cluster_options: ClusterOptions,
        client: cluster.Client,
        ca_bundle: CaBundle | None,
        certificate: Certificate,
        metrics: telemetry.Metrics,
        log: telemetry.Log,
    ) -> None:
        """Prepare; nothing is read yet.

        Raises:
            CannotStart: a host is no possible name in a certificate, or a lifetime is too short.
        """
        self._certificate = certificate
        self._ca_bundle = ca_bundle
        self._ca_file = options.ca_file
        self._metrics = metrics
        self._log = log
        self.ca_pem = b""
        self.problems: tuple[str, ...] = ()
        secret = cluster.secret(cluster_options.namespace, cluster_options.ca_secret)
        try:
            terms = certs.Terms(authority=cluster_options.ca_lifetime, leaf=cluster_options.leaf_lifetime)
            self._authority = certs.Authority(SecretVault(client, secret), terms)
            self._rotator = certs.Rotator(
                self._authority,
                (*SELF_SIGNED_HOSTS, *options.cert_hosts),
                terms,
                publish=self._publish,
                serve=self._serve,
                report=self._report,
            )
        except (certs.PairError, ValueError) as error:
            raise CannotStart(f"cannot use the certificate: {error}") from error
        if ca_bundle is not None:
            ca_bundle.on_astray(self._rotator.wake)

    def jobs(self) -> list[Coroutine[Any, Any, None]]:
        """Return what must run for as long as the server does."""
        return [self._rotator.run()]

    async def _publish(self, bundle_pem: bytes) -> bool:
        trust = self._authority.trust
        if trust is not None:
            self._metrics.ca_loaded(trust.signer.not_after.timestamp())
        if self._ca_file is not None and bundle_pem != self.ca_pem:
            write_ca(self._ca_file, bundle_pem)
        self.ca_pem = bundle_pem
        return self._ca_bundle is None or await self._ca_bundle.publish(bundle_pem)

    def _serve(self, pair: certs.Pair) -> None:
        self._certificate.use(pair)
        self._certificate.ready.set()

    def _report(self, notice: certs.Notice) -> None:
        self._metrics.certificate_event(notice.reason)
        if notice.reason == "leaf":
            return  # the certificate says it itself
        facts = {name: telemetry.clean(text) for name, text in notice.facts.items()}
        if notice.error is not None:
            facts["traceback"] = telemetry.describe(notice.error)
        write = {"info": self._log.info, "warning": self._log.warning, "error": self._log.error}[notice.severity]
        write("certificate authority", reason=notice.reason, **facts)


def _decoded(text: str) -> bytes:
    """Return what a Secret's value holds; the API server lets no other than base64 through."""
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return b""
