"""A server that answers with a function of the test instead of the product's reviewer."""

import contextlib
import io
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import certs
from webhook import errors, server, telemetry

ANSWER = b'{"kind":"AdmissionReview","response":{"uid":"u-1","allowed":true}}'


@dataclass
class Served:
    port: int
    ca_pem: bytes
    handler: server.ReviewHandler
    listener: server.Listener
    metrics: telemetry.Metrics
    output: io.BytesIO
    serving: certs.ServingContext

    @property
    def connections(self) -> list:
        """The connections that have a place, of a private class."""
        return list(self.listener._connections.places)

    @property
    def lines(self) -> list[dict]:
        return [json.loads(line) for line in self.output.getvalue().splitlines()]

    def events(self, name: str) -> list[dict]:
        return [line for line in self.lines if line["event"] == name]

    def exposed(self) -> list[str]:
        return self.metrics.expose("")[0].decode().splitlines()


def admit(body: bytes, _started: float) -> bytes:
    """Admit every JSON value."""
    try:
        json.loads(body)
    except ValueError:
        raise errors.MalformedReview("the body is not JSON") from None
    return ANSWER


PAIR, CA_PEM = certs.self_signed(["localhost", "127.0.0.1"], datetime.now(UTC), timedelta(days=1))


@contextlib.asynccontextmanager
async def served(
    answer: server.Answer = admit,
    limits: server.Limits = server.REVIEW_LIMITS,
    client_ca: bytes = b"",
    names: tuple[str, ...] = (),
) -> AsyncIterator[Served]:
    output = io.BytesIO()
    log, metrics = telemetry.make_log(output, "json"), telemetry.Metrics("test")
    handler = server.ReviewHandler({server.MUTATE_PATH: answer}, metrics, log)
    listener = server.Listener(handler, log, limits, server.ClientNames(names) if client_ca else None)
    listener.bind("127.0.0.1", 0)
    serving = certs.ServingContext(PAIR, client_ca)
    await listener.listen(serving.context)
    try:
        yield Served(listener.port, CA_PEM, handler, listener, metrics, output, serving)
    finally:
        await listener.close(5)
