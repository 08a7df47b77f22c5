"""A server around a function that decides in place of the product's own."""

import contextlib
import io
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import certs
from webhook import errors, mutation, server, telemetry

ANSWER = b'{"kind":"AdmissionReview","response":{"uid":"u-1","allowed":true}}'


@dataclass
class Served:
    port: int
    ca_pem: bytes
    handler: server.MutateHandler
    listener: server.Listener
    metrics: telemetry.Metrics
    output: io.BytesIO

    @property
    def lines(self) -> list[dict]:
        return [json.loads(line) for line in self.output.getvalue().splitlines()]

    def exposed(self) -> list[str]:
        return self.metrics.expose("")[0].decode().splitlines()


def decision(**changes) -> mutation.Decision:
    fields = {
        "outcome": "mutated",
        "reason": "rendered",
        "uid": "u-1",
        "kind": "Pod",
        "operation": "CREATE",
        "namespace": "team-a",
        "name": "bare",
        "dry_run": False,
        "body": ANSWER,
        "runtime": "vllm-cpu",
        "revision": "abc",
    }
    return mutation.Decision(**{**fields, **changes})


def admit(body: bytes) -> mutation.Decision:
    """Admit every JSON object."""
    try:
        json.loads(body)
    except ValueError:
        raise errors.MalformedReview("the body is not JSON") from None
    return decision()


PAIR, CA_PEM = certs.self_signed(["localhost", "127.0.0.1"], datetime.now(UTC), timedelta(days=1))


@contextlib.asynccontextmanager
async def served(decide: Callable[[bytes], mutation.Decision] = admit) -> AsyncIterator[Served]:
    output = io.BytesIO()
    log, metrics = telemetry.make_log(output, "json"), telemetry.Metrics("test")
    handler = server.MutateHandler(decide, metrics, log)
    listener = server.Listener(handler, log)
    listener.bind("127.0.0.1", 0)
    await listener.listen(certs.ServingContext(PAIR).context)
    try:
        yield Served(listener.port, CA_PEM, handler, listener, metrics, output)
    finally:
        await listener.close(5)
