"""The servers to compare, each a process of its own: ``python -m bench.servers NAME CPU FOLDER``.

CPU is the number of the only core that the server may use, or ``any``. The server prints its port on standard output once it
listens, and stops when its standard input is closed.
"""

import asyncio
import io
import os
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import jsonpatch
import uvloop

import certs
from bench import plain_servers
from webhook import admission, app, catalog, patch, rendering, review, server, telemetry
from webhook.app import slices
from webhook.settings import Settings

Result = TypeVar("Result")

TEMPLATE = """
  - runtime: {name}
    podTemplate:
      volumes: [{{name: models, emptyDir: {{}}}}]
      containerTemplate:
        commandTemplate: [/bin/bash, -c]
        argsTemplate: ["serve {{{{ .MODEL_PATH }}}} --tp {{{{ .TP_SIZE }}}}{{{{ range .CUSTOM_ARGS }}}} {{{{ . }}}}{{{{ end }}}}"]
        volumeMounts: [{{name: models, mountPath: /data}}]
"""
ENTRY = "  - {{match_runtimes: [{name}], container_template: {{image: registry.example/{name}:1}}}}\n"


@asynccontextmanager
async def noop_webhook(folder: Path) -> AsyncIterator[int]:
    """Serve the least that an API server accepts as a webhook: read the review, allow it, echo its uid.

    The certificate that clients must trust is ``ca.crt`` in the folder.
    """

    async with _application(plain_servers.noop, folder) as port:
        yield port


@asynccontextmanager
async def ready_patch(folder: Path) -> AsyncIterator[int]:
    """Do the same, and answer every review with the patch in the folder's file ``patch``, which is in base64."""
    async with _application(plain_servers.ready((folder / "patch").read_text()), folder) as port:
        yield port


@asynccontextmanager
async def noop_on_our_listener(folder: Path) -> AsyncIterator[int]:
    """Read the body, answer a constant, on the product's own listener: same limits, timeouts and TLS."""
    listener = server.Listener(plain_servers.constant, telemetry.make_log(io.BytesIO(), "json"))
    listener.bind("127.0.0.1", 0)
    await listener.listen(_context(folder))
    try:
        yield listener.port
    finally:
        await listener.close(0)


@asynccontextmanager
async def noop_application(folder: Path) -> AsyncIterator[int]:
    """Do the same as an ordinary aiohttp application with one route."""
    async with _application(plain_servers.constant, folder) as port:
        yield port


def _application(handle: plain_servers.Handler, folder: Path) -> AbstractAsyncContextManager[int]:
    """Serve an ordinary aiohttp application with one route, on the product's TLS settings and limits."""
    return plain_servers.serving(handle, _context(folder), max_body=server.MAX_BODY)


@asynccontextmanager
async def handler_alone(folder: Path) -> AsyncIterator[int]:
    """Do everything that the product does, but with a prepared verdict instead of a decision."""
    verdict = admission.Verdict(admission.Response(allowed=True), "rendered", ("vllm-cpu",), ("0123456789abcdef",))
    log, metrics = telemetry.make_log(telemetry.QueuedLines(sys.stderr.fileno()), "json"), telemetry.Metrics("bench")
    state = rendering.State(catalog.build(catalog.embedded(), None), Settings())
    reviewer = review.Reviewer(lambda _request, _state: verdict, lambda: state, metrics, log)
    handler = server.ReviewHandler({server.MUTATE_PATH: reviewer.answer}, metrics, log)
    listener = server.Listener(handler, log)
    listener.bind("127.0.0.1", 0)
    await listener.listen(_context(folder))
    try:
        yield listener.port
    finally:
        await listener.close(0)


@asynccontextmanager
async def ours(_folder: Path, templates: Path | None = None, agent: Path | None = None) -> AsyncIterator[int]:
    """Serve the whole product, as a user runs it; the log goes to standard error."""
    log = telemetry.make_log(telemetry.QueuedLines(sys.stderr.fileno()), "json")
    options = app.Options(host="127.0.0.1", port=0, health_port=0, templates=templates, agent=agent)
    async with app.serving(options, log) as running:
        yield running.port


def ours_with_make_patch(folder: Path) -> AbstractAsyncContextManager[int]:
    """Serve the product with the patch computed by the jsonpatch library."""
    patch.diff = lambda before, after: jsonpatch.make_patch(before, after).patch
    return ours(folder)


def reload_in_one_piece() -> None:
    """From now on, read a configuration in a thread without pauses, and let the garbage collector run meanwhile."""

    async def run(work: Callable[[catalog.pauses.Pause], Result]) -> Result:
        return await asyncio.to_thread(work, lambda: None)

    slices.run = run


def ours_with_catalog(
    size: int, *, before: Callable[[], None] = lambda: None
) -> Callable[[Path], AbstractAsyncContextManager[int]]:
    """Return a server with this many runtimes, including the one that is requested; ``before`` is called before it starts."""

    def make(folder: Path) -> AbstractAsyncContextManager[int]:
        before()
        names = [f"runtime-{number}" for number in range(size - 1)]
        names.insert(len(names) // 2, "vllm-cpu")
        return ours(folder, *write_configuration(folder, names))

    return make


def configuration(names: Sequence[str]) -> tuple[str, str]:
    """Return templates and an agent configuration with these runtimes."""
    templates = "templates:" + "".join(TEMPLATE.format(name=name) for name in names)
    return templates, "deployment_templates:\n" + "".join(ENTRY.format(name=name) for name in names)


def write_configuration(folder: Path, names: Sequence[str]) -> tuple[Path, Path]:
    """Write the files of such a configuration, and return their paths."""
    paths = folder / "templates.yaml", folder / "agent.yaml"
    for path, text in zip(paths, configuration(names), strict=True):
        path.write_text(text)
    return paths


SERVERS: dict[str, Callable[[Path], AbstractAsyncContextManager[int]]] = {
    "no-op webhook": noop_webhook,
    "constant": noop_application,
    "constant, our listener": noop_on_our_listener,
    "ours, decision left out": handler_alone,
    "ours": ours,
    "ours, pods of one controller": ours,
    "ours, every recorded review": ours,
    "ours with jsonpatch.make_patch": ours_with_make_patch,
    "ours, 1 runtime": ours_with_catalog(1),
    "ours, 10,000 runtimes": ours_with_catalog(10_000),
}

IN_CLUSTER = {"no-op webhook": noop_webhook, "ready patch": ready_patch, "webhook, one annotation": ready_patch}
"""The servers of `bench.cluster`, which the API server calls."""

SIZE_OF_TAILS = 3_000  # runtimes; their text has 1 MiB, the most that a ConfigMap holds

IN_TAILS = {
    "ours, 3,000 runtimes": ours_with_catalog(SIZE_OF_TAILS),
    "ours, 3,000 runtimes, reloads in one piece": ours_with_catalog(SIZE_OF_TAILS, before=reload_in_one_piece),
}
"""The servers of `bench.tails`, which edits their configuration while they serve."""

RUNTIMES = {name: "vllm-cpu" for name in SERVERS if name.endswith(("runtime", "runtimes"))}  # which all of them have


@contextmanager
def launched(name: str, cpu: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a server while the context is open; `port_of` waits until it listens."""
    with subprocess.Popen(
        [sys.executable, "-m", "bench.servers", name, cpu, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:  # at the end, closes its input and waits for it
        yield process


def port_of(name: str, process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise SystemExit(f"{name}: does not start; run: python -m bench.servers '{name}' any /tmp")
    return int(line)


def _context(folder: Path) -> ssl.SSLContext:
    pair, ca_pem = certs.self_signed(["localhost", "127.0.0.1"], datetime.now(UTC), timedelta(days=1))
    (folder / "ca.crt").write_bytes(ca_pem)
    return certs.ServingContext(pair).context


async def main(name: str, folder: Path) -> None:
    async with (SERVERS | IN_CLUSTER | IN_TAILS)[name](folder) as port:
        app.tune_collector()  # as ``app.run`` does, for all servers, so that the comparison is fair
        print(port, flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    if sys.argv[2] != "any":
        os.sched_setaffinity(0, {int(sys.argv[2])})
    uvloop.run(main(sys.argv[1], Path(sys.argv[3])))
