"""The time that each part of a request takes, measured separately in this process."""

import io
import json
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jsonpatch
from rich.table import Table

from bench.results import Series
from webhook import admission, app, catalog, mutation, patch, rendering, review, telemetry
from webhook.settings import Settings

ROUNDS = 15


def measured(paths: list[Path]) -> dict[str, list[float]]:
    """Return the microseconds that each part takes, a mean over the reviews in each round."""
    store = catalog.Store()
    for document in catalog.embedded():
        store.update(document, 0)
    state = rendering.State(store.current, Settings())
    bodies = [json.dumps(json.loads(path.read_bytes()), separators=(",", ":")).encode() for path in paths]
    pairs = [_before_and_after(body, state) for body in bodies]
    log = telemetry.make_log(io.BytesIO(), "json")
    metrics = telemetry.Metrics("bench")
    requests = metrics.webhook("/mutate")
    app.tune_collector()  # as the servers do

    def count(_: object) -> None:
        requests.began()
        metrics.decided("Pod", "mutated")
        requests.ended(200, 0.0003)

    def write(_: object) -> None:
        log.info(
            "admission",
            uid=telemetry.clean("705ab4f5-6393-11e8-b7cc-42010a800002"),
            object_kind="Pod",
            operation=telemetry.clean("CREATE"),
            namespace=telemetry.clean("default"),
            name=telemetry.clean("bare"),
            outcome="mutated",
            reason="rendered",
            runtime="vllm-cpu",
            revision="0123456789abcdef",
            dry_run=False,
            milliseconds=0.123,
        )

    measuring: tuple[tuple[str, Callable[[Any], object], Sequence[object]], ...] = (
        ("the decision, bytes to bytes", lambda body: review.decide(body, mutation.handle, state), bodies),
        ("of which the patch", lambda pair: patch.diff(*pair), pairs),
        ("with jsonpatch.make_patch instead", lambda pair: jsonpatch.make_patch(*pair), pairs),
        ("metrics", count, bodies),
        ("the log line, to memory", write, bodies),
    )
    return {name: _microseconds(part, inputs) for name, part, inputs in measuring}


def table(taken: dict[str, list[float]]) -> Table:
    shown = Table(title="parts of a request, µs, mean over the reviews, median of the rounds", title_justify="left")
    shown.add_column("part")
    shown.add_column("µs", justify="right")
    for name, values in taken.items():
        shown.add_row(name, f"{statistics.median(values):,.1f}")
    return shown


def series(taken: dict[str, list[float]]) -> list[Series]:
    return [Series(name, "part of a request µs", "lower", values) for name, values in taken.items()]


def _before_and_after(body: bytes, state: rendering.State) -> tuple[object, object]:
    request = admission.parse(body)
    before = request.read_object() or {}
    return before, mutation.mutate(before, request.object_kind, state, namespace=request.namespace or "").value


def _microseconds(part: Callable[[Any], object], inputs: Sequence[object]) -> list[float]:
    means = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        for _ in range(5):
            for one in inputs:
                part(one)
        means.append((time.perf_counter() - started) / 5 / len(inputs) * 1e6)
    return means
