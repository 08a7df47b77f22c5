"""``python -m bench.workloads``: what following many pods costs a server: memory, time, and the latency of admissions meanwhile."""

import argparse
import asyncio
import contextlib
import json
import random
import re
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from aiohttp import web

from bench import processes, results
from bench.results import Results, Series
from tests.cluster.apiserver import kubeconfig
from tests.controlplane.processes import free_port
from webhook import catalog, inventory, mutation, rendering, workload
from webhook.cluster import answers
from webhook.settings import Settings

ROOT = Path(__file__).parents[1]
REVIEW = ROOT / "tests" / "reviews" / "pod-of-a-deployment.json"
WATCH = 30.0  # seconds


def metadata(number: int, padding: int) -> dict[str, object]:
    """Return the metadata of a rendered pod, as an API server sends it alone."""
    reviewed = json.loads(REVIEW.read_text())["request"]["object"]
    labels = {**reviewed["metadata"]["labels"], "pod-template-hash": f"{number % 50:08x}"}
    name = f"engine-{number % 50:08x}-{number:05x}"
    return {
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {
            "name": name,
            "generateName": name[:-5],
            "namespace": f"team-{number % 100}",
            "uid": f"{random.getrandbits(128):032x}",
            "resourceVersion": str(1_000_000 + number),
            "creationTimestamp": "2026-11-30T12:00:00Z",
            "labels": labels,
            "annotations": {workload.RECORD: record(padding)},
            "ownerReferences": reviewed["metadata"].get("ownerReferences", []),
            "managedFields": [{"manager": "kube-controller-manager", "operation": "Update", "apiVersion": "v1",
                               "fieldsType": "FieldsV1", "fieldsV1": reviewed["spec"]}],
        },
    }  # fmt: skip


_RECORDS: dict[int, str] = {}


def record(padding: int) -> str:
    """Return a record that the built-in configuration has written, with so many bytes more in it."""
    if padding not in _RECORDS:
        state = rendering.State(catalog.build(catalog.embedded(), None), Settings())
        item = json.loads(REVIEW.read_text())["request"]["object"]
        rendered = mutation.mutate(item, workload.POD, state, namespace="default").value
        text = json.loads(rendered["metadata"]["annotations"][workload.RECORD])
        text["replaced"] = {**text.get("replaced", {}), "/spec/containers/name=main/args": ["x" * padding]}
        _RECORDS[padding] = json.dumps(text, sort_keys=True, separators=(",", ":"))
    return _RECORDS[padding]


def api(count: int, padding: int) -> web.Application:
    """Return an API server with so many pods. It pages them, as asked for, and its watch sends nothing."""
    pods = [json.dumps(metadata(number, padding)) for number in range(count)]

    async def answer(request: web.Request) -> web.StreamResponse:
        if not request.path.endswith("/pods"):
            empty = {"kind": "List", "metadata": {"resourceVersion": "2000000"}, "items": []}
            if request.query.get("watch"):
                return await silence(request)
            if request.path.endswith(("/configmaps", "/leaderworkersets")):
                return web.json_response(empty)
            return web.json_response({"kind": "Status", "code": 404}, status=404)
        if request.query.get("watch"):
            return await silence(request)
        begin, limit = int(request.query.get("continue", "0")), int(request.query["limit"])
        more = f',"continue":"{begin + limit}"' if begin + limit < count else ""
        head = f'{{"kind":"PartialObjectMetadataList","metadata":{{"resourceVersion":"2000000"{more}}},"items":['
        return web.Response(text=head + ",".join(pods[begin : begin + limit]) + "]}", content_type="application/json")

    async def silence(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await asyncio.sleep(WATCH)
        return response

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", answer)
    return application


@contextlib.contextmanager
def server(
    folder: Path, url: str | None, *, follow: bool, **environ: str
) -> Iterator[tuple[subprocess.Popen[bytes], int, int]]:
    """Run a server, with a cluster or without one; yield its process, and its ports of admissions and of health, once it is ready."""
    builtin = ROOT / "webhook" / "catalog" / "builtin"
    environ = {
        "PYTHONPATH": str(ROOT),
        **({"HYDRA_WEBHOOK_KUBECONFIG": str(kubeconfig(folder, url))} if url is not None else {}),
        "HYDRA_WEBHOOK_FOLLOW_WORKLOADS": str(follow).lower(),
        "HYDRA_WEBHOOK_TEMPLATES": str(builtin / "hydra-runtime-template.yaml"),
        "HYDRA_WEBHOOK_AGENT": str(builtin / "hydra-agent.yaml"),
        "HYDRA_WEBHOOK_HOST": "127.0.0.1",
        "HYDRA_WEBHOOK_PORT": "0",
        "HYDRA_WEBHOOK_HEALTH_PORT": "0",
        "HYDRA_WEBHOOK_CA_FILE": str(folder / "ca.crt"),
        "HYDRA_WEBHOOK_LOG_FORMAT": "json",
        **environ,
    }
    log = folder / f"log-{follow}"
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, "-m", "webhook", "serve"], env=environ, stderr=output)
    try:
        deadline = time.monotonic() + 300
        while b'"serving"' not in log.read_bytes():
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(log.read_text())
            time.sleep(0.01)
        line = next(json.loads(one) for one in log.read_text().splitlines() if '"serving"' in one)
        yield process, line["port"], line["health_port"]
    finally:
        process.kill()
        process.wait()


def metric(health_port: int, name: str) -> float:
    with urllib.request.urlopen(f"http://127.0.0.1:{health_port}/metrics") as answer:
        lines = answer.read().decode()
    return sum(float(value) for value in re.findall(rf"^{name}(?:\{{.*\}})? (\S+)$", lines, re.MULTILINE))


def wait_for(health_port: int, count: int) -> None:
    """Wait until so many workloads are counted."""
    while metric(health_port, "hydra_webhook_workloads") < count:
        time.sleep(0.25)


async def admissions(port: int, folder: Path, until: asyncio.Event) -> list[float]:
    """Send one review after the other until the event; return the milliseconds of each."""
    trust = ssl.create_default_context(cafile=folder / "ca.crt")
    body = REVIEW.read_bytes()
    head = f"POST /mutate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trust, server_hostname="localhost")
    taken = []
    while not until.is_set():
        began = time.perf_counter()
        writer.write(head.encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(re.findall(rb"[Cc]ontent-[Ll]ength: (\d+)", answer)[0]))
        taken.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(0.001)
    writer.close()
    return taken


async def measure(url: str, count: int, *, follow: bool, seconds: float) -> list[Series]:
    """Return what a server needs that follows so many pods, or nothing, and how long admissions take meanwhile."""
    with tempfile.TemporaryDirectory() as name, server(Path(name), url, follow=follow) as (process, port, health_port):
        done, began = asyncio.Event(), time.monotonic()
        load = asyncio.create_task(admissions(port, Path(name), done))
        if follow:
            await asyncio.to_thread(wait_for, health_port, count)
        synced = time.monotonic() - began
        await asyncio.sleep(0 if follow else seconds)
        done.set()
        taken = sorted(await load)
        await asyncio.sleep(11)  # for free memory to be given back
        resident = await asyncio.to_thread(metric, health_port, "process_resident_memory_bytes") / 2**20
        thousandths = statistics.quantiles(taken, n=1000, method="inclusive")
        found = {
            "resident MiB": resident,
            "most resident MiB": processes.most_resident_mib(process.pid),
            "p50 ms": thousandths[499],
            "p99 ms": thousandths[989],
            "p99.9 ms": thousandths[998],
            "longest ms": taken[-1],
        }
        if follow:
            found["counted after s"] = synced
        followed = count if follow else 0
        return [Series("pods followed", measure, "lower", [value], x=followed) for measure, value in found.items()]


def holds(padding: int) -> list[Series]:
    """Return for how long a page of 250 pods, and 50 of them after that, hold the server's loop, as CPU time."""
    items = [metadata(number, padding) for number in range(250)]
    body = json.dumps({"metadata": {"resourceVersion": "1"}, "items": items}).encode()
    followed, decoding, taking = inventory.Inventory(), [], []
    for _ in range(20):
        began = time.thread_time()
        page = answers.page(body, inventory.PodParts)
        decoded = time.thread_time()
        for item in page.items[:50]:
            followed.put_pod(item)
        decoding.append((decoded - began) * 1000)
        taking.append((time.thread_time() - decoded) * 1000)
    return [
        Series(f"decoding a page of 250 pods, {len(body) / 1e6:.1f} MB", "held ms", "lower", decoding),
        Series("taking in 50 pods", "held ms", "lower", taking),
    ]


@contextlib.contextmanager
def api_server(count: int, padding: int) -> Iterator[str]:
    """Run the API server as a process of its own while the context is open; yield its URL."""
    port = free_port()
    options = ["--api", str(port), "--pods", str(count), "--padding", str(padding)]
    process = subprocess.Popen([sys.executable, "-m", "bench.workloads", *options])
    try:
        url = f"http://127.0.0.1:{port}"
        for _ in range(600):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{url}/api/v1/configmaps").close()
                break
            time.sleep(0.1)
        yield url
    finally:
        process.kill()


def serve_api(pipe_port: str, count: int, padding: int) -> None:
    """Run the API server as a process of its own."""
    web.run_app(api(count, padding), host="127.0.0.1", port=int(pipe_port), print=None)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pods", type=int, default=10_000)
    parser.add_argument(
        "--padding", type=int, default=2000, help="bytes that each record is longer than the built-in ones"
    )
    parser.add_argument("--api", default="", help=argparse.SUPPRESS)
    results.add_options(parser)
    arguments = parser.parse_args()
    if arguments.api:
        serve_api(arguments.api, arguments.pods, arguments.padding)
        return 0
    with api_server(arguments.pods, arguments.padding) as url:
        size = len(json.dumps(metadata(1, arguments.padding)))
        print(f"{size:,} bytes of metadata a pod, {len(record(arguments.padding)):,} of them in the record")
        found = holds(arguments.padding)
        found += asyncio.run(measure(url, arguments.pods, follow=False, seconds=15))
        found += asyncio.run(measure(url, arguments.pods, follow=True, seconds=15))
    for one in found:
        at = "" if one.x is None else f"{one.x:,.0f} "
        print(f"{at}{one.name}: {statistics.median(one.values):,.1f} {one.measure}")
    method = {
        "pods": arguments.pods,
        "bytes of metadata a pod": size,
        "bytes of its record": len(record(arguments.padding)),
    }
    return results.finish(arguments, Results("workloads", method, found, results.machine(), results.today()))


if __name__ == "__main__":
    sys.exit(main())
