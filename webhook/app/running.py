"""One server with everything that belongs to it, from its first byte read to its last connection closed."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Coroutine, Iterator
from datetime import UTC, datetime
from typing import Any

import webhook
from webhook import cluster, mutation, review, server, telemetry
from webhook.app.authority import SharedAuthority
from webhook.app.bundle import CaBundle
from webhook.app.certificate import Certificate, Folder, SelfSigned, Source
from webhook.app.configuration import Configuration
from webhook.app.following import Following
from webhook.app.options import CannotStart, Options

_MAX_NOTES = 100  # lines about problems in /readyz


@contextlib.asynccontextmanager
async def serving(options: Options, log: telemetry.Log) -> AsyncIterator["Running"]:
    """Serve while the context is open.

    With a certificate from a folder or a self-signed one the server listens when the context is entered; in a cluster it
    does so once it has got its certificate (``Running.until_ready``).

    Raises:
        CannotStart: an address, certificate or configuration file cannot be used.
    """
    running = Running(options, log)
    await running.start()
    try:
        async with asyncio.TaskGroup() as tasks:
            jobs = [tasks.create_task(job) for job in running.jobs()]
            try:
                yield running
            finally:
                for job in jobs:
                    job.cancel()
    finally:
        await running.stop()


class Running:
    """A server with everything that belongs to it.

    Attributes:
        hurried: whether to end without waiting for requests in flight.
    """

    def __init__(self, options: Options, log: telemetry.Log) -> None:
        """Read certificate and configuration files.

        Raises:
            CannotStart: one of them cannot be used.
        """
        self._options = options
        self._log = log
        self.metrics = telemetry.Metrics(webhook.__version__)
        self.certificate = Certificate(self.metrics, log)
        self._work = cluster.Client(options.cluster.kubeconfig) if options.cluster is not None else None
        self._ca_bundle: CaBundle | None = None
        self._source = self._certificate_source()
        self.configuration = Configuration(
            options.configuration_files, options.followed, options.settings, self.metrics, log
        )
        self._following = self._followed()
        reviewer = review.Reviewer(mutation.handle, lambda: self.configuration.state, self.metrics, log)
        self._handler = server.ReviewHandler({server.MUTATE_PATH: reviewer.answer}, self.metrics, log)
        self._mutate = server.Listener(self._handler, log)
        self._health = server.Listener(server.HealthHandler(self._checks, self._notes, self.metrics), log)
        self.hurried = False

    @property
    def port(self) -> int:
        """TCP port of ``/mutate``."""
        return self._mutate.port

    @property
    def health_port(self) -> int:
        """TCP port of ``/livez``, ``/readyz`` and ``/metrics``."""
        return self._health.port

    @property
    def ca_pem(self) -> bytes:
        """What a client must trust, PEM; empty if the certificate comes from a folder, or is not there yet."""
        return self._source.ca_pem

    async def start(self) -> None:
        """Take both addresses and begin to listen as far as possible.

        Raises:
            CannotStart: an address cannot be listened on.
        """
        host, port, health_port = self._options.host, self._options.port, self._options.health_port
        try:
            with _said(host, port):
                self._mutate.bind(host, port)
            with _said(host, health_port):
                self._health.bind(host, health_port)
                await self._health.listen()
            if self.certificate.serving is not None:
                await self._listen()
            else:
                self._log.info("waiting for a certificate", health_port=self.health_port)
        except CannotStart:
            await self._close(0)
            raise

    def jobs(self) -> list[Coroutine[Any, Any, None]]:
        """Return what must run from the start on, for as long as the server does."""
        following = self._following.jobs() if self._following is not None else []
        listening = [] if self.certificate.serving is not None else [self._listen_once_certified()]
        return [*self._source.jobs(), *self.configuration.jobs(), *following, *listening]

    async def until_ready(self) -> None:
        """Wait until every check of readiness has passed at one time."""
        while any(check.problem for check in self._checks()):  # noqa: ASYNC110 - the certificate's end is no event
            await asyncio.sleep(0.1)

    def drain(self) -> None:
        """Say "not ready" to probes and ``Connection: close`` with every answer, and go on serving."""
        self._handler.draining = True

    async def stop(self) -> None:
        """Stop listening, let requests in flight end unless ``hurried``, and close every connection."""
        await self._close(0 if self.hurried else server.FINISH_SECONDS)
        self._log.info("stopped")

    async def _close(self, seconds: float) -> None:
        await self._mutate.close(seconds)
        await self._health.close(0)
        if self._following is not None:
            await self._following.close()
        if self._work is not None:
            await self._work.close()

    def _certificate_source(self) -> Source:
        options, in_cluster = self._options, self._options.cluster
        if options.cert_dir is not None:
            if options.ca_file is not None:
                raise CannotStart("a file for the CA can be written only for a pair that is made, not with a folder")
            return Folder(self.certificate, options.cert_dir)
        if in_cluster is not None and self._work is not None and in_cluster.webhook_configuration:
            self._ca_bundle = CaBundle(self._work, in_cluster.webhook_configuration, self.metrics, self._log)
            return SharedAuthority(
                options, in_cluster, self._work, self._ca_bundle, self.certificate, self.metrics, self._log
            )
        return SelfSigned(self.certificate, options.cert_hosts, options.ca_file)

    def _followed(self) -> Following | None:
        options = self._options
        if options.cluster is None or self._work is None or not options.followed:
            return None
        return Following(options.cluster, options.followed, self._work, self.configuration, self.metrics, self._log)

    async def _listen_once_certified(self) -> None:
        await self.certificate.ready.wait()
        await self._listen()

    async def _listen(self) -> None:
        assert self.certificate.serving is not None
        with _said(self._options.host, self._options.port):
            await self._mutate.listen(self.certificate.serving.context)
        self._log.info("serving", version=webhook.__version__, port=self.port, health_port=self.health_port)

    def _checks(self) -> Iterator[server.Check]:
        yield server.Check("certificate", self.certificate.problem(datetime.now(UTC)))
        lines = self.configuration.missing(beside=self._options.followed)
        yield server.Check("configuration", "; ".join([*lines, *(self._following.waiting if self._following else ())]))
        yield server.Check("serving", "draining" if self._handler.draining else "")

    def _notes(self) -> Iterator[str]:
        notes = [*self.certificate.problems, *self.configuration.problems]
        notes += self._ca_bundle.problems if self._ca_bundle is not None else []
        notes += self._following.problems if self._following is not None else []
        yield from (telemetry.clean(note) for note in notes[:_MAX_NOTES])
        if len(notes) > _MAX_NOTES:
            yield f"and {len(notes) - _MAX_NOTES} more"


@contextlib.contextmanager
def _said(host: str, port: int) -> Iterator[None]:
    """Turn what an address answers into what a person is told."""
    try:
        yield
    except OSError as error:
        # ``socket`` puts the address into the text of errors that have a number of the system's.
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        raise CannotStart(f"cannot listen on {host or '*'}:{port}: {reason}") from error
