"""The certificate of a replica in a cluster, signed by the CA that all replicas share through a Secret."""

import base64
from collections.abc import Coroutine, Mapping
from typing import Any

import certs
from webhook import cluster, telemetry
from webhook.app.ca_bundle import CaBundle
from webhook.app.certificate import LOOPBACK, Certificate, write_ca
from webhook.app.clock import Clock
from webhook.app.options import CannotStart, ClusterOptions, Options
from webhook.app.reports import Reports


class ClusterSecret:
    """A Secret in the cluster, as a ``certs.SecretStore``."""

    def __init__(self, client: cluster.Client, reference: cluster.ObjectReference) -> None:
        self._client = client
        self._reference = reference
        self._found: dict[str, Any] = {}

    async def read(self) -> certs.Stored | None:
        """Return the Secret as it is now; None if it does not exist."""
        try:
            self._found = await self._client.get(self._reference)
        except cluster.ApiError as error:
            if error.code == "not-found":
                return None
            raise certs.SecretStoreError(str(error)) from error
        return certs.Stored(cluster.secret_data(self._found), self._found["metadata"]["resourceVersion"])

    async def write(self, data: Mapping[str, bytes], version: str | None) -> bool:
        """Write the data unless the Secret has changed; everything else in the Secret stays as it was read."""
        encoded = {key: base64.b64encode(value).decode() for key, value in data.items()}
        try:
            if version is None:
                metadata = {"name": self._reference.name}
                body = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "data": encoded}
                await self._client.create(self._reference, body)
            else:
                metadata = {**self._found["metadata"], "resourceVersion": version}
                await self._client.replace(self._reference, {**self._found, "metadata": metadata, "data": encoded})
        except cluster.ApiError as error:
            # A Secret that was deleted before it was replaced has changed as well. When creating one, however, "not found"
            # means that the namespace does not exist.
            if error.code == "conflict" or (error.code == "not-found" and version is not None):
                return False
            raise certs.SecretStoreError(str(error)) from error
        return True


class SharedAuthority:
    """This replica's certificate, signed by the CA that it shares with the other replicas.

    Attributes:
        ca_pem: the trust bundle of clients, PEM; empty until the Secret has been read.
    """

    def __init__(
        self,
        options: Options,
        cluster_options: ClusterOptions,
        client: cluster.Client,
        certificate: Certificate,
        clock: Clock,
        reports: Reports,
    ) -> None:
        """Prepare; nothing is read yet.

        Args:
            options: how to serve.
            cluster_options: the Secret, the webhook configuration and the lifetimes.
            client: of the cluster.
            certificate: receives every leaf.
            clock: by which certificates are judged.
            reports: of this server.

        Raises:
            CannotStart: a host cannot be in a certificate, a lifetime is too short, or the folder for the CA file does not
                exist.
        """
        if options.ca_file is not None and not options.ca_file.parent.is_dir():
            raise CannotStart(f"cannot write the CA to {options.ca_file}: the folder does not exist")
        self._ca_file = options.ca_file
        self._reports = reports
        self._problem = ""
        self.ca_pem = b""
        reports.metrics.expect_certificate_events(certs.REASONS)
        secret = cluster.secret(cluster_options.namespace, cluster_options.ca_secret)
        try:
            lifetimes = certs.Lifetimes(authority=cluster_options.ca_lifetime, leaf=cluster_options.leaf_lifetime)
            self._authority = certs.Authority(ClusterSecret(client, secret), lifetimes)
            self._rotator = certs.Rotator(
                self._authority,
                (*LOOPBACK, *options.cert_hosts),
                lifetimes,
                publish=self._publish,
                serve=certificate.use,
                report=self._report,
                read_clock=clock.read,
            )
        except (certs.PairError, ValueError) as error:
            raise CannotStart(f"cannot use the certificate: {error}") from error
        self._ca_bundle = CaBundle(client, cluster_options.webhook_configuration, self._rotator.wake, reports)

    @property
    def problems(self) -> list[str]:
        """Everything that is wrong with the CA and the caBundle, one line each."""
        return [*([self._problem] if self._problem else []), *self._ca_bundle.problems]

    def jobs(self) -> list[Coroutine[Any, Any, None]]:
        """Return what must run as long as the server."""
        return [self._rotator.run(), self._ca_bundle.run()]

    async def _publish(self, bundle_pem: bytes) -> bool:
        self._problem = ""
        trust = self._authority.trust
        if trust is not None:
            self._reports.metrics.ca_loaded(trust.signer.not_after.timestamp())
        published = await self._ca_bundle.publish(bundle_pem)
        if self._ca_file is not None and bundle_pem != self.ca_pem and (problem := write_ca(self._ca_file, bundle_pem)):
            self._problem = f"error: {problem}"
            self._reports.log.error("CA not written", why=problem)
            return False
        self.ca_pem = bundle_pem
        return published

    def _report(self, notice: certs.Notice) -> None:
        self._reports.authority_notice(notice)
        if notice.reason == "leaf":
            self._problem = ""
        elif notice.severity != "info":
            facts = (telemetry.clean(text) for text in notice.facts.values())
            self._problem = ": ".join([f"{notice.severity}: certificate authority", notice.reason, *facts])
