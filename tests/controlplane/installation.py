"""The webhook in a cluster that runs no pods: what `manifests/base` describes, its containers as processes on loopback.

A replica gets what the kubelet would give it: the environment of the Deployment's container and a token of its ServiceAccount.
The Service is a forwarder in front of the replicas that are ready, as kube-proxy would be.
"""

import asyncio
import base64
import contextlib
import http.client
import itertools
import json
import signal
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import yaml

from tests.controlplane.plane import ControlPlane

ROOT = Path(__file__).parents[2]
NAMESPACE = "hydra-system"
CONFIGURATION = "hydra-webhook"
EXAMPLES = ROOT / "manifests" / "examples"

Object = dict[str, Any]


class Service:
    """A TCP port that forwards each connection to one of the addresses it has at that moment, in turn."""

    def __init__(self) -> None:
        self.targets: list[int] = []
        self._turn = itertools.count()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._tasks: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        starting = asyncio.start_server(self._forward, "127.0.0.1", 0, backlog=1024)
        self._server = asyncio.run_coroutine_threadsafe(starting, self._loop).result()
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _close(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        targets = self.targets
        try:
            if not targets:
                raise ConnectionRefusedError
            port = targets[next(self._turn) % len(targets)]
            other_reader, other_writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            writer.transport.abort()  # as a Service without endpoints: refused
            return
        for source, target in ((reader, other_writer), (other_reader, writer)):
            task = asyncio.create_task(_copy(source, target))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
    target.close()


class Replica:
    """One process of the webhook.

    Args:
        plane: the work cluster.
        name: of its log.
        environ: what the container would have, and what the test adds.
    """

    def __init__(self, plane: ControlPlane, name: str, environ: Mapping[str, str]) -> None:
        self.name = name
        self._log = plane.log(name)
        self._log.unlink(missing_ok=True)
        self._plane = plane
        self._ports: dict[str, int] = {}
        loopback = {"HYDRA_WEBHOOK_HOST": "127.0.0.1", "HYDRA_WEBHOOK_PORT": "0", "HYDRA_WEBHOOK_HEALTH_PORT": "0"}
        command = [sys.executable, "-W", "error", "-m", "webhook", "serve"]
        self.process = plane.spawn(name, command, {"PYTHONPATH": str(ROOT), **loopback, **environ})
        plane.wait(lambda: self.health_port, f"{name} listens")

    @property
    def lines(self) -> list[Object]:
        """Everything it has logged."""
        return [
            json.loads(line)
            for line in self.output.splitlines(keepends=True)
            if line.startswith("{") and line.endswith("\n")
        ]

    @property
    def output(self) -> str:
        """Everything it has written, whatever it is."""
        return self._log.read_text() if self._log.exists() else ""

    def events(self, name: str) -> list[Object]:
        return [line for line in self.lines if line["event"] == name]

    @property
    def port(self) -> int:
        """TCP port of /mutate; 0 while it is not served."""
        return self._announced("port", "serving")

    @property
    def health_port(self) -> int:
        """TCP port of /readyz and /metrics; 0 before that is served."""
        return self._announced("health_port", "waiting for a certificate", "serving")

    def _announced(self, name: str, *events: str) -> int:
        """Return a port from the first of these events; it is asked for too often to read a long log each time."""
        if not self._ports.get(name):
            self._ports[name] = next((line[name] for event in events for line in self.events(event)), 0)
        return self._ports[name]

    def health(self, path: str) -> tuple[int, str]:
        """Ask /livez, /readyz or /metrics; status 0 if nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.health_port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except (OSError, http.client.HTTPException):
            return 0, ""

    @property
    def ready(self) -> bool:
        return self.health("/readyz")[0] == 200

    def metric(self, name: str, **labels: str) -> float:
        """Return the value of a metric, added up over all series that have these labels; 0 if there is none."""
        total = 0.0
        for line in self.health("/metrics")[1].splitlines():
            series, _, value = line.rpartition(" ")
            wanted = all(f'{label}="{text}"' in series for label, text in labels.items())
            if series.partition("{")[0] == name and wanted:
                total += float(value)
        return total

    def until_ready(self) -> Self:
        self._plane.wait(lambda: self.ready, f"{self.name} is ready")
        return self

    def stop(self) -> int:
        """End it without drain; return its exit status."""
        for number in (signal.SIGTERM, signal.SIGINT):  # a second signal does not wait for the drain
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(number)
        status = self.process.wait(60)
        # Each line is JSON: whatever else there is came from Python itself, such as a warning at the end.
        assert all(line.startswith("{") for line in self.output.splitlines()), self.output
        return status


class Installation:
    """The objects of `manifests/base` in a cluster, and replicas as the test wants them.

    Args:
        plane: the work cluster; its objects of these names are the installation's.
        service: what the API server is told to call.
    """

    def __init__(self, plane: ControlPlane, service: Service) -> None:
        self.plane = plane
        self.service = service
        self.replicas: list[Replica] = []
        self._numbers = itertools.count()
        self._watching: threading.Thread | None = None
        self._stopped = threading.Event()

    def __enter__(self) -> Self:
        self._watching = threading.Thread(target=self._watch, daemon=True)
        self._watching.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop_all()
        self._stopped.set()
        if self._watching is not None:
            self._watching.join()

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.service.port}/mutate"

    def install(self) -> None:
        """Apply the base, with the Service's address in place of its name, which nothing resolves here."""
        objects = list(yaml.safe_load_all(self.plane.kubectl("kustomize", ROOT / "manifests" / "base").stdout))
        for webhook in (one for item in objects for one in item.get("webhooks", ())):
            webhook["clientConfig"] = {"url": self.url}
        self.plane.apply(*objects)

    def reset(self) -> None:
        """Forget what earlier tests left: configuration, CA, kept texts, replicas; install what is missing."""
        self.stop_all()
        forgotten = [f"configmap/{name}" for name in (*CONFIG_MAPS, "hydra-webhook-cache")]
        forgotten += ["secret/hydra-webhook-ca", f"mutatingwebhookconfiguration/{CONFIGURATION}"]
        self.plane.kubectl("delete", "--ignore-not-found", "--namespace", NAMESPACE, *forgotten)
        self.install()

    def configure(self, *, templates: str | None = None, agent: str | None = None) -> None:
        """Apply ConfigMaps; where there is no text, those of the examples."""
        for name, text in (("hydra-runtime-template", templates), ("hydra-agent", agent)):
            if text is None:
                self.plane.kubectl("apply", "-f", EXAMPLES / f"configmap-{name}.yaml")
            else:
                self.plane.apply(config_map(name, text))

    def environ(self, kubeconfig: Path | None = None, **more: str) -> dict[str, str]:
        """Return what a replica is started with: the Deployment's variables, and a token of the ServiceAccount."""
        (container,) = self.plane.get("deployment", "hydra-webhook", NAMESPACE)["spec"]["template"]["spec"][
            "containers"
        ]
        own = {variable["name"]: variable.get("value", NAMESPACE) for variable in container["env"]}
        account = kubeconfig or self.plane.kubeconfig_for_service_account(NAMESPACE, "hydra-webhook")
        return {**own, "HYDRA_WEBHOOK_KUBECONFIG": str(account), **more}

    def start(self, **environ: str) -> Replica:
        """Start one more replica, without waiting until it is ready."""
        replica = Replica(self.plane, f"webhook-{next(self._numbers)}", self.environ(**environ))
        self.replicas.append(replica)
        return replica

    def run(self, replicas: int = 1, **environ: str) -> list[Replica]:
        """Start replicas and wait until the API server reaches them through the Service."""
        started = [self.start(**environ).until_ready() for _ in range(replicas)]
        ports = {replica.port for replica in started}
        self.plane.wait(lambda: ports <= set(self.service.targets), "the Service forwards to the replicas")
        self.until_trusted()
        return started

    def until_trusted(self) -> None:
        """Wait until the API server trusts the replicas, which it does a moment after the caBundle was written."""
        probe = pod("probe")
        self.plane.wait(
            lambda: self.plane.kubectl("create", "--dry-run=server", "-f", "-", stdin=json.dumps(probe)),
            "the API server trusts the webhook",
        )

    def stop_all(self) -> None:
        for replica in self.replicas:
            if replica.process.poll() is None:
                replica.stop()
        self.replicas.clear()

    @property
    def ca_bundle(self) -> bytes:
        """What API servers trust: the caBundle of the configuration; empty if there is none."""
        return ca_bundle(self.plane)

    def _watch(self) -> None:
        """Keep the Service's targets: the replicas that are ready, as often as a kubelet would look, and more."""
        while not self._stopped.wait(0.1):
            self.service.targets = [replica.port for replica in tuple(self.replicas) if replica.port and replica.ready]


CONFIG_MAPS = ("hydra-runtime-template", "hydra-agent", "hydra-gpu-configs")


def ca_bundle(plane: ControlPlane) -> bytes:
    webhooks = plane.get("mutatingwebhookconfiguration", CONFIGURATION)["webhooks"]
    (bundle,) = {webhook["clientConfig"].get("caBundle", "") for webhook in webhooks}
    return base64.b64decode(bundle)


def config_map(name: str, text: str, key: str = "config.yaml") -> Object:
    metadata = {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {key: text}}


def pod(name: str, namespace: str = "default", runtime: str = "vllm-cpu", **annotations: str) -> Object:
    """Return a bare pod."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {"hydra.io/runtime": runtime, "hydra.io/model-id": "qwen3-0.6b"},
            "annotations": annotations,
        },
        "spec": {"containers": [{"name": "main", "image": "auto"}]},
    }


def templates(**commands: str) -> str:
    """Return a text of runtime templates: each runtime starts with this command."""
    return yaml.safe_dump(
        {
            "templates": [
                {"runtime": name, "podTemplate": {"containerTemplate": {"commandTemplate": [command]}}}
                for name, command in commands.items()
            ]
        }
    )


AGENT = "deployment_templates: [{container_template: {image: registry.example/engine:1}}]\n"
