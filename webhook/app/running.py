"""One server with everything that belongs to it, from its first byte read to its last connection closed."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import webhook
from webhook import files, mutation, server, telemetry
from webhook.app.certificate import Certificate
from webhook.app.configuration import Configuration
from webhook.app.options import CannotStart, Options

_MAX_NOTES = 100  # lines about problems in /readyz


@contextlib.asynccontextmanager
async def serving(options: Options, log: telemetry.Log) -> AsyncIterator["Running"]:
    """Serve while the context is open.

    Raises:
        CannotStart: an address, certificate or configuration file cannot be used.
    """
    running = Running(options, log)
    await running.start()
    try:
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(running.watch())
            try:
                yield running
            finally:
                watching.cancel()
    finally:
        await running.stop()


class Running:
    """A server with everything that belongs to it."""

    def __init__(self, options: Options, log: telemetry.Log) -> None:
        """Read certificate and configuration.

        Raises:
            CannotStart: one of them cannot be used.
        """
        self._options = options
        self._log = log
        self.metrics = telemetry.Metrics(webhook.__version__)
        self._seen = files.signatures([*options.configuration_files.values(), *options.certificate_files])
        self.certificate = Certificate(options, self.metrics, log)
        self.configuration = Configuration(options.configuration_files, self.metrics, log)
        self._handler = server.MutateHandler(self._decide, self.metrics, log)
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
        """What a client must trust, PEM; empty if the certificate is not self-signed."""
        return self.certificate.ca_pem

    async def start(self) -> None:
        """Begin to listen.

        Raises:
            CannotStart: an address cannot be listened on.
        """
        host, context = self._options.host, self.certificate.serving.context
        for listener, port, tls in (
            (self._mutate, self._options.port, context),
            (self._health, self._options.health_port, None),
        ):
            try:
                await listener.start(host, port, tls)
            except OSError as error:
                await self._mutate.close(0)
                # ``socket`` puts the address into the text of errors that have a number of the system's.
                reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
                raise CannotStart(f"cannot listen on {host or '*'}:{port}: {reason}") from error
        self._log.info("serving", version=webhook.__version__, port=self.port, health_port=self.health_port)

    async def watch(self) -> None:
        """Follow the changes of all files until cancelled."""
        await files.watch(self._seen, self._reload)

    def drain(self) -> None:
        """Say "not ready" to probes and ``Connection: close`` with every answer, and go on serving."""
        self._handler.draining = True

    async def stop(self) -> None:
        """Stop listening, let requests in flight end unless ``hurried``, and close every connection."""
        await self._mutate.close(0 if self.hurried else server.FINISH_SECONDS)
        await self._health.close(0)
        self._log.info("stopped")

    def _decide(self, body: bytes) -> mutation.Decision:
        return mutation.decide(body, self.configuration.store.current, self._options.settings)

    def _checks(self) -> Iterator[server.Check]:
        yield server.Check("certificate", self.certificate.expired(datetime.now(UTC)))
        yield server.Check("configuration", "; ".join(self.configuration.store.current.missing))
        yield server.Check("serving", "draining" if self._handler.draining else "")

    def _notes(self) -> Iterator[str]:
        notes = [*self.certificate.problems, *self.configuration.problems]
        yield from (telemetry.clean(note) for note in notes[:_MAX_NOTES])
        if len(notes) > _MAX_NOTES:
            yield f"and {len(notes) - _MAX_NOTES} more"

    async def _reload(self, changed: frozenset[Path]) -> None:
        if changed.intersection(self._options.certificate_files):
            await asyncio.to_thread(self.certificate.reload)
        # In a thread, since a large catalog takes seconds to compile and requests must go on being answered.
        await asyncio.to_thread(self.configuration.reload, changed)
