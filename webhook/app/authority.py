"""The certificate of a replica in a cluster, signed by the CA that all replicas share through a Secret."""

import base64
from collections.abc import Coroutine, Mapping
from typing import Any

import certs
from webhook import cluster, telemetry
from webhook.app.bundle import CaBundle
from webhook.app.certificate import LOOPBACK, Certificate, write_ca
from webhook.app.options import CannotStart, ClusterOptions, Options


class ClusterSecret:
    """The Secret that all replicas share, as ``certs.SecretStore``."""

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
            raise certs.SecretStoreError(str(error)) from error
        return certs.Stored(cluster.secret_data(self._found), self._found["metadata"]["resourceVersion"])

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
            raise certs.SecretStoreError(str(error)) from error
        return True


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
        ca_bundle: CaBundle,
        certificate: Certificate,
        metrics: telemetry.Metrics,
        log: telemetry.Log,
    ) -> None:
        """Prepare; nothing is read yet.

        Raises:
            CannotStart: a host is no possible name in a certificate, a lifetime is too short, or there is no folder for the
                file of the CA.
        """
        if options.ca_file is not None and not options.ca_file.parent.is_dir():
            raise CannotStart(f"cannot write the CA to {options.ca_file}: there is no such folder")
        self._certificate = certificate
        self._ca_bundle = ca_bundle
        self._ca_file = options.ca_file
        self._metrics = metrics
        self._log = log
        self.ca_pem = b""
        metrics.expect_certificate_events(certs.REASONS)
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
            )
        except (certs.PairError, ValueError) as error:
            raise CannotStart(f"cannot use the certificate: {error}") from error
        ca_bundle.on_astray(self._rotator.wake)

    def jobs(self) -> list[Coroutine[Any, Any, None]]:
        """Return what must run for as long as the server does."""
        return [self._rotator.run(), self._ca_bundle.run()]

    async def _publish(self, bundle_pem: bytes) -> bool:
        self._certificate.problems = ()
        trust = self._authority.trust
        if trust is not None:
            self._metrics.ca_loaded(trust.signer.not_after.timestamp())
        published = await self._ca_bundle.publish(bundle_pem)
        if self._ca_file is not None and bundle_pem != self.ca_pem and (problem := write_ca(self._ca_file, bundle_pem)):
            self._certificate.problems = (f"error: {problem}",)
            self._log.error("CA not written", why=problem)
            return False
        self.ca_pem = bundle_pem
        return published

    def _report(self, notice: certs.Notice) -> None:
        self._metrics.certificate_event(notice.reason)
        if notice.reason == "leaf":
            return  # the certificate tells the log itself
        facts = {name: telemetry.clean(text) for name, text in notice.facts.items()}
        if notice.severity != "info":
            said = ": ".join(["certificate authority", notice.reason, *filter(None, facts.values())])
            self._certificate.problems = (f"{notice.severity}: {said}",)
        if notice.error is not None:  # for the log alone
            facts["traceback"] = telemetry.describe(notice.error)
        write = telemetry.writer(self._log, notice.severity)
        write("certificate authority", reason=notice.reason, **facts)
