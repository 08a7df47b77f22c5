"""``python -m bench.cluster``: pods created per second through a real API server, without and with webhooks."""

import argparse
import base64
import contextlib
import json
import ssl
import statistics
import sys
import tempfile
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

import uvloop
from rich.console import Console
from rich.table import Table

from bench import load, policies, processes, ratios, results, servers
from bench.peers import build, programs
from bench.results import Results, Series
from tests.controlplane import binaries, installation
from tests.controlplane.installation import Installation
from tests.controlplane.objects import Object
from tests.controlplane.plane import ControlPlane
from tests.controlplane.processes import free_port
from tests.controlplane.service import Endpoint, Service

NONE, NOOP, READY, OURS, GO = "no webhook", "no-op webhook", "ready patch", "ours", programs.GO
POLICY, PATCHED, ANNOTATION = "policy, one annotation", "policy, one annotation, JSONPatch", "webhook, one annotation"
NAMESPACES = {
    NONE: "bench-none",
    POLICY: "bench-policy",
    PATCHED: "bench-policy-patch",
    NOOP: "bench-no-op",
    ANNOTATION: "bench-annotation",
    READY: "bench-ready",
    OURS: "bench-ours",
    GO: "bench-go",
}
"""Each webhook and each policy is for the pods of one namespace, so that all of them can be installed at the same time."""

POLICIES = {POLICY: policies.APPLIED, PATCHED: policies.PATCHED}

BASES = (NONE, POLICY, NOOP, READY)
"""What every row is compared with."""

CLIENTS = (1, 16)

REVIEW = installation.ROOT / "tests" / "reviews" / "pod-kubectl-create.json"


class Direct(Service):
    """The address of one replica. The API server calls it directly, since a proxy would take time."""

    def __init__(self, port: int) -> None:
        self.port = port

    def add(self, endpoint: Endpoint) -> None:
        """Do nothing: no connection has to be forwarded."""


@dataclass
class Row:
    """The pods of one namespace, and the measurements of each round.

    Attributes:
        pid: process id of their webhook; 0 without a webhook.
        per_second: pods created per second.
        p50, p99: milliseconds from a request to the end of its answer.
        server_cpu, webhook_cpu: milliseconds of CPU time per pod, of the API server and of the webhook.
    """

    namespace: str
    pid: int = 0
    per_second: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    server_cpu: list[float] = field(default_factory=list)
    webhook_cpu: list[float] = field(default_factory=list)

    @property
    def path(self) -> str:
        return f"/api/v1/namespaces/{self.namespace}/pods"


class Bench:
    """A cluster with all the webhooks to compare."""

    def __init__(self, plane: ControlPlane, stack: contextlib.ExitStack) -> None:
        self._plane = plane
        self._stack = stack
        pod = installation.pod("bench")
        self._pod = {**pod, "metadata": {"generateName": "bench-", "labels": pod["metadata"]["labels"]}}
        names = [name for name in NAMESPACES if name != GO or not build.missing()]
        self.rows = {name: Row(NAMESPACES[name]) for name in names}

    def install(self) -> None:
        """Create the namespaces, and install the webhooks."""
        create_namespaces(self._plane, NAMESPACES[OURS], *(row.namespace for row in self.rows.values()))
        hydra = Installation(self._plane, Direct(free_port()))
        hydra.install()
        hydra.configure()
        replica = hydra.start(HYDRA_WEBHOOK_PORT=str(hydra.service.port)).until_ready()
        self.rows[OURS].pid = replica.process.pid
        hydra.until_trusted()
        for name, mutation in POLICIES.items():
            self._install_policy(name, mutation)
        one_annotation = base64.b64encode(json.dumps(policies.PATCH).encode()).decode()
        for name, patch in ((NOOP, ""), (ANNOTATION, one_annotation), (READY, self._patch(hydra))):
            self._install_other(name, patch)
        if GO in self.rows:
            self._install_go()
        for name, row in self.rows.items():
            set_by = {"hydra.io/rendered": {READY, OURS, GO}, policies.ANNOTATION: {POLICY, PATCHED, ANNOTATION}}
            annotations = self._create(row)["metadata"].get("annotations", {})
            assert all((key in annotations) == (name in names) for key, names in set_by.items()), name

    def measure(self, row: Row, clients: int, seconds: float) -> None:
        """Create pods with this many clients for this many seconds, and delete them."""
        server = self._plane.pid("kube-apiserver")
        body = json.dumps(self._pod).encode()
        address = urllib.parse.urlsplit(self._plane.server)
        assert address.port is not None
        head = (
            f"POST {row.path} HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {self._plane.token}\r\n"
            f"Content-Type: application/json\r\nAccept: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        before = processes.cpu_seconds(server), processes.cpu_seconds(row.pid)
        result = uvloop.run(load.run(address.port, [head.encode() + body], seconds, clients))
        after = processes.cpu_seconds(server), processes.cpu_seconds(row.pid)
        hundredths = statistics.quantiles(result.latencies, n=100)
        row.per_second.append(result.requests / result.seconds)
        row.p50.append(hundredths[49] * 1000)
        row.p99.append(hundredths[98] * 1000)
        row.server_cpu.append((after[0] - before[0]) / result.requests * 1000)
        row.webhook_cpu.append((after[1] - before[1]) / result.requests * 1000)
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0}
        self._plane.request("DELETE", row.path, options, seconds=60)

    def _patch(self, hydra: Installation) -> str:
        """Return our webhook's patch for the pod, as base64."""
        pod = self._create(self.rows[NONE])
        metadata = {key: pod["metadata"][key] for key in ("generateName", "namespace", "labels")}
        kind = {"group": "", "version": "v1", "kind": "Pod"}
        request = {"uid": "1", "kind": kind, "operation": "CREATE", "object": {**pod, "metadata": metadata}}
        review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}
        asked = urllib.request.Request(
            hydra.url, json.dumps(review).encode(), headers={"Content-Type": "application/json"}
        )
        trust = ssl.create_default_context(cadata=hydra.ca_bundle.decode())
        with urllib.request.urlopen(asked, context=trust) as answer:
            return json.load(answer)["response"]["patch"]

    def _install_policy(self, name: str, mutation: Object) -> None:
        """Install a policy that applies where our webhook would be called."""
        row = self.rows[name]
        webhook = self._plane.get("mutatingwebhookconfiguration", installation.CONFIGURATION)["webhooks"][0]
        self._plane.apply(*policies.policy(webhook, row.namespace, mutation))
        applied = lambda: policies.ANNOTATION in self._create(row)["metadata"].get("annotations", {})  # noqa: E731
        self._plane.wait(applied, f"{name} is applied")

    def _install_other(self, name: str, patch: str) -> None:
        """Start another webhook, and have the API server call it as it calls ours."""
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "patch").write_text(patch)
        process = self._stack.enter_context(servers.launched(name, "any", folder))
        self._call(name, process.pid, servers.port_of(name, process), folder)

    def _install_go(self) -> None:
        """Start the Go webhook of `bench.peers`, and have the API server call it in the same way."""
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        programs.write_certificate(folder)
        (request, *_) = load.requests([REVIEW])
        running = self._stack.enter_context(programs.running(GO, programs.Site(folder, ""), request))
        self._call(GO, running.process.pid, running.port, folder)

    def _call(self, name: str, pid: int, port: int, folder: Path) -> None:
        """Have the API server call a webhook for the pods of a row; ``ca.crt`` in the folder is what it must trust."""
        row = self.rows[name]
        row.pid = pid
        configuration = self._plane.get("mutatingwebhookconfiguration", installation.CONFIGURATION)
        trusted = base64.b64encode((folder / "ca.crt").read_bytes()).decode()
        webhook = {
            **configuration["webhooks"][0],
            "name": f"{row.namespace}.example.com",
            "clientConfig": {"url": f"https://127.0.0.1:{port}/mutate", "caBundle": trusted},
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": row.namespace}},
        }
        kind = {key: configuration[key] for key in ("apiVersion", "kind")}
        self._plane.apply({**kind, "metadata": {"name": row.namespace}, "webhooks": [webhook]})
        self._plane.wait(lambda: self._create(row) and self._is_called(webhook["name"]), f"{name} is called")

    def _create(self, row: Row) -> Object:
        return self._plane.request("POST", row.path, self._pod)

    def _is_called(self, webhook: str) -> bool:
        metrics = self._plane.request("GET", "/metrics")["text"].splitlines()
        calls = (line for line in metrics if line.startswith("apiserver_admission_webhook_request_total{"))
        return any(f'name="{webhook}"' in line for line in calls)


def create_namespaces(plane: ControlPlane, ours: str, *others: str) -> None:
    """Create a namespace where pods are rendered and others that are opted out, with the ServiceAccounts that no controller creates."""
    for namespace in {ours, *others}:
        labels = {} if namespace == ours else {"hydra.io/inject": "false"}
        plane.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}})
    for namespace in {"default", ours, *others}:
        metadata = {"name": "default", "namespace": namespace}
        plane.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})


def compare(bench: Bench, clients: int, rounds: int, seconds: float) -> dict[str, Row]:
    for row in bench.rows.values():
        bench.measure(row, clients, seconds / 2)  # warm up
    rows = {name: Row(row.namespace, row.pid) for name, row in bench.rows.items()}
    for number in range(rounds):
        # In reverse order every other round, so that none is always measured first.
        for name in rows if number % 2 == 0 else reversed(rows):
            bench.measure(rows[name], clients, seconds)
    return rows


def table(clients: int, rows: dict[str, Row]) -> Table:
    shown = Table(title=f"pods created, {clients} at a time, median of the rounds", title_justify="left")
    shown.add_column("row", no_wrap=True)
    titles = "pods/s", "range", "vs none", "vs policy", "vs no-op", "vs ready", "p50 ms", "added", "p99 ms", "added"
    for title in (*titles, "API server CPU ms", "webhook CPU ms"):
        shown.add_column(title, justify="right")
    none = rows[NONE]
    for name, mine in rows.items():
        shown.add_row(
            name,
            f"{statistics.median(mine.per_second):,.0f}",
            f"{min(mine.per_second):,.0f} to {max(mine.per_second):,.0f}",
            *(f"{ratios.median_ratio(mine.per_second, rows[base].per_second):.2f}" for base in BASES),
            f"{statistics.median(mine.p50):.1f}",
            f"{ratios.median_difference(mine.p50, none.p50):.1f}",
            f"{statistics.median(mine.p99):.1f}",
            f"{ratios.median_difference(mine.p99, none.p99):.1f}",
            f"{statistics.median(mine.server_cpu):.2f}",
            f"{statistics.median(mine.webhook_cpu):.2f}",
        )
    return shown


def series(clients: int, rows: dict[str, Row]) -> list[Series]:
    """Return all measurements, and the ratios that do not depend on the machine."""
    found: list[Series] = []
    for name, row in rows.items():
        rate = Series(name, "pods/s", "higher", row.per_second, clients)
        found += (
            rate,
            *(results.against(rate, Series(base, rate.measure, "higher", rows[base].per_second, clients))
              for base in BASES if base != name),
            Series(name, "p50 ms", "lower", row.p50, clients),
            Series(name, "p99 ms", "lower", row.p99, clients),
            Series(name, "API server CPU ms per pod", "lower", row.server_cpu, clients),
        )  # fmt: skip
        if row.pid:
            found.append(Series(name, "webhook CPU ms per pod", "lower", row.webhook_cpu, clients))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.5, help="per row and round")
    parser.add_argument(
        "--clients", type=int, action="append", help="how many clients create pods at the same time; may be repeated"
    )
    results.add_options(parser)
    arguments = parser.parse_args()
    if missing := ", ".join(binaries.missing()):
        raise SystemExit(f"missing: {missing}. This command builds it (15 minutes, once):  make controlplane")
    console = Console(width=170)  # the widest row
    found: list[Series] = []
    with ControlPlane(controllers=False) as plane, contextlib.ExitStack() as stack:
        bench = Bench(plane, stack)
        bench.install()
        for clients in arguments.clients or CLIENTS:
            rows = compare(bench, clients, arguments.rounds, arguments.seconds)
            console.print(table(clients, rows))
            found += series(clients, rows)
        version = plane.request("GET", "/version")["gitVersion"].removeprefix("v")
    method = {"rounds": arguments.rounds, "seconds per row and round": arguments.seconds}
    machine = results.machine(Kubernetes=version)
    return results.finish(arguments, Results("cluster", method, found, machine, results.today()))


if __name__ == "__main__":
    sys.exit(main())
