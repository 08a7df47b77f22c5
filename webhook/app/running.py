"""One server with all its parts, from the first file read to the last connection closed."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import Any

import webhook
from webhook import cluster, mutation, remembered, review, server, telemetry
from webhook.app import memory, open_files
from webhook.app.authority import SharedAuthority
from webhook.app.certificate import Certificate, Folder, SelfSigned, Source
from webhook.app.client_ca import ClientCa
from webhook.app.clock import Clock
from webhook.app.config_maps import FollowedConfigMaps
from webhook.app.configuration import Configuration
from webhook.app.options import CannotStart, Options
from webhook.app.reports import Reports
from webhook.app.state_publisher import StatePublisher
from webhook.app.workloads import FollowedWorkloads

_MAX_NOTES = 100  # lines with problems in /readyz


@contextlib.asynccontextmanager
async def serving(options: Options, log: telemetry.Log) -> AsyncIterator["Running"]:
    """Serve while the context is open.

    With a certificate from a folder or a self-signed one, the server listens once the context is entered. With the CA that
    replicas share, it listens once it has a certificate (``Running.until_ready``).

    Raises:
        CannotStart: an address, a certificate or a configuration file cannot be used.
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
    """A server with all its parts.

    Attributes:
        certificate: the one in use.
        configuration: the one in use.
        reports: its log and metrics.
        hurried: whether to stop without waiting for requests in flight.
    """

    def __init__(self, options: Options, log: telemetry.Log) -> None:
        """Read the certificate and the configuration files.

        Raises:
            CannotStart: one of them cannot be used.
        """
        self._options = options
        self.reports = Reports(telemetry.Metrics(webhook.__version__), log)
        self._client_ca = ClientCa(options.client_ca_file, self.reports) if options.client_ca_file else None
        self.certificate = Certificate(self.reports, self._client_ca.pem if self._client_ca else b"")
        of_api_server = cluster.ServerClock()
        self._clock = Clock(of_api_server)
        self.reports.metrics.clock_compared(self._clock.seconds_ahead)
        self._work = (
            cluster.Client(options.cluster.kubeconfig, clock=of_api_server) if options.cluster is not None else None
        )
        self._source = self._certificate_source()
        self.configuration = Configuration(
            options.configuration_files, options.followed, options.settings, self.reports
        )
        self.reports.metrics.configuration_in_use(lambda: tuple(self.configuration.published.digests.items()))
        self._config_maps = self._followed_config_maps()
        self._publisher = self._state_publisher()
        self._workloads = self._followed_workloads()
        reviewer = review.Reviewer(self._decider(), lambda: self.configuration.state, self.reports.metrics, log)
        self._handler = server.ReviewHandler({server.MUTATE_PATH: reviewer.answer}, self.reports.metrics, log)
        limits = server.review_limits(open_files.limit())
        if limits.total < server.REVIEW_LIMITS.total:
            log.warning("few open files", limit=open_files.limit(), connections=limits.total)
        clients = server.ClientNames(options.client_allowed_names) if self._client_ca else None
        self._mutate = server.Listener(self._handler, log, limits, clients)
        health = server.HealthHandler(self._checks, self._notes, self.reports.metrics)
        self._health = server.Listener(health, log, server.HEALTH_LIMITS)
        self.hurried = False

    def _decider(self) -> remembered.Handler:
        """Return what decides reviews, and export what it remembers."""
        if self._options.remember_mib == 0:
            return mutation.handle
        verdicts = remembered.RememberedVerdicts(mutation.handle, self._options.remember_mib * 2**20)
        self.reports.metrics.verdicts_remembered(lambda: (verdicts.hits, verdicts.misses, verdicts.size))
        return verdicts.handle

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
        """What clients must trust, PEM; empty if the certificate comes from a folder, or if there is none yet."""
        return self._source.ca_pem

    async def start(self) -> None:
        """Bind both addresses, and listen if there is a certificate.

        Raises:
            CannotStart: an address cannot be listened on.
        """
        host, port, health_port = self._options.host, self._options.port, self._options.health_port
        try:
            with _explained(host, port):
                self._mutate.bind(host, port)
            with _explained(host, health_port):
                self._health.bind(host, health_port)
                await self._health.listen()
            if self.certificate.serving is not None:
                await self._listen()
            else:
                self.reports.log.info("waiting for a certificate", health_port=self.health_port)
        except CannotStart:
            await self._close(0)
            raise

    def jobs(self) -> list[Coroutine[Any, Any, None]]:
        """Return what must run as long as the server."""
        config_maps = self._config_maps.jobs() if self._config_maps is not None else []
        publishing = [self._publisher.run()] if self._publisher is not None else []
        workloads = self._workloads.jobs() if self._workloads is not None else []
        listening = [] if self.certificate.serving is not None else [self._listen_once_certified()]
        client_ca = self._client_ca.jobs(self.certificate) if self._client_ca is not None else []
        return [
            memory.give_back(),
            *self._source.jobs(),
            *client_ca,
            *self.configuration.jobs(),
            *config_maps,
            *publishing,
            *workloads,
            *listening,
        ]

    async def until_ready(self) -> None:
        """Wait until every readiness check passes."""
        while any(check.problem for check in self._checks()):  # noqa: ASYNC110 - the expiry of a certificate is not an event
            await asyncio.sleep(0.1)

    def drain(self) -> None:
        """Fail the readiness check and send ``Connection: close`` with every answer, but go on serving."""
        self._handler.draining = True

    async def stop(self) -> None:
        """Stop listening, let requests in flight finish unless ``hurried``, and close every connection."""
        await self._close(0 if self.hurried else server.FINISH_SECONDS)
        self.reports.log.info("stopped")

    async def _close(self, seconds: float) -> None:
        await self._mutate.close(seconds)
        await self._health.close(0)
        if self._config_maps is not None:
            await self._config_maps.close()
        if self._work is not None:
            await self._work.close()

    def _certificate_source(self) -> Source:
        options, in_cluster = self._options, self._options.cluster
        if options.cert_dir is not None:
            if options.ca_file is not None:
                raise CannotStart(
                    "the CA can be written to a file only if the certificate is created here, not with a folder"
                )
            return Folder(self.certificate, options.cert_dir, self._clock.now)
        if in_cluster is not None and self._work is not None and in_cluster.webhook_configuration:
            return SharedAuthority(options, in_cluster, self._work, self.certificate, self._clock, self.reports)
        return SelfSigned(self.certificate, options.cert_hosts, options.ca_file)

    def _followed_config_maps(self) -> FollowedConfigMaps | None:
        options = self._options
        if options.cluster is None or self._work is None or not options.followed:
            return None
        return FollowedConfigMaps(options.cluster, options.followed, self._work, self.configuration, self.reports)

    def _state_publisher(self) -> StatePublisher | None:
        if self._options.cluster is None or self._work is None:
            return None
        return StatePublisher(self._work, self._options.cluster.namespace, self.configuration, self.reports.log)

    def _followed_workloads(self) -> FollowedWorkloads | None:
        in_cluster = self._options.cluster
        if in_cluster is None or self._work is None or not in_cluster.follow_workloads:
            return None
        return FollowedWorkloads(
            self._work, in_cluster.namespace, lambda: self.configuration.state.snapshot, self.reports
        )

    async def _listen_once_certified(self) -> None:
        await self.certificate.ready.wait()
        await self._listen()

    async def _listen(self) -> None:
        assert self.certificate.serving is not None
        with _explained(self._options.host, self._options.port):
            await self._mutate.listen(self.certificate.serving.context)
        self.reports.log.info("serving", version=webhook.__version__, port=self.port, health_port=self.health_port)

    def _checks(self) -> Iterator[server.Check]:
        certificate = self.certificate.problem(self._clock.now())
        yield server.Check("certificate", certificate)
        if self._work is not None:
            # Only a warning while clients can connect: if the API server's clock is the wrong one, every replica disagrees.
            clock = self._clock.problem
            yield server.Check("clock", clock if certificate else "", warning=clock)
        lines = self.configuration.missing(except_for=self._options.followed)
        yield server.Check(
            "configuration", "; ".join([*lines, *(self._config_maps.waiting if self._config_maps else ())])
        )
        yield server.Check("serving", "draining" if self._handler.draining else "")

    def _notes(self) -> Iterator[str]:
        notes = [*self.certificate.problems, *self._source.problems, *self.configuration.problems]
        notes += self._client_ca.problems if self._client_ca is not None else []
        notes += self._config_maps.problems if self._config_maps is not None else []
        notes += self._publisher.problems if self._publisher is not None else []
        notes += self._workloads.problems if self._workloads is not None else []
        yield from (telemetry.clean(note) for note in notes[:_MAX_NOTES])
        if len(notes) > _MAX_NOTES:
            yield f"and {len(notes) - _MAX_NOTES} more"


@contextlib.contextmanager
def _explained(host: str, port: int) -> Iterator[None]:
    """Turn the error of an address into a message for the person who chose it."""
    try:
        yield
    except OSError as error:
        # ``socket`` puts the address into the message of an error with a number of the operating system.
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        raise CannotStart(f"cannot listen on {host or '*'}:{port}: {reason}") from error
