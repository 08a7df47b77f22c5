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

    @property
    def lines(self) -> list[dict]:
        return [json.loads(line) for line in self.output.getvalue().splitlines()]

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
async def served(answer: server.Answer = admit) -> AsyncIterator[Served]:
    output = io.BytesIO()
    log, metrics = telemetry.make_log(output, "json"), telemetry.Metrics("test")
    handler = server.ReviewHandler({server.MUTATE_PATH: answer}, metrics, log)
    listener = server.Listener(handler, log)
    listener.bind("127.0.0.1", 0)
    await listener.listen(certs.ServingContext(PAIR).context)
    try:
        yield Served(listener.port, CA_PEM, handler, listener, metrics, output)
    finally:
        await listener.close(5)
