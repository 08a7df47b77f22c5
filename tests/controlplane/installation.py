"""The webhook in a cluster that runs no pods: the objects of `manifests/base`, and its containers as processes on loopback.

Each replica gets what the kubelet would give it: the environment of the Deployment's container and a token of its
ServiceAccount.
"""

import base64
import contextlib
import functools
import itertools
import re
import signal
import time
import urllib.error
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import yaml

from tests.controlplane.objects import Object, path_of
from tests.controlplane.plane import ControlPlane
from tests.controlplane.processes import HANGING_SECONDS
from tests.controlplane.replica import Replica
from tests.controlplane.service import Service

ROOT = Path(__file__).parents[2]
NAMESPACE = "hydra-system"
CONFIGURATION = "hydra-webhook"
EXAMPLES = ROOT / "manifests" / "examples"

CORE = f"/api/v1/namespaces/{NAMESPACE}"
CACHE = f"{CORE}/configmaps/hydra-webhook-cache"
STATE = f"{CORE}/configmaps/hydra-webhook-state"
SECRET = f"{CORE}/secrets/hydra-webhook-ca"
WEBHOOKS = f"/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/{CONFIGURATION}"

PRE_STOP_SECONDS = 0.5
"""Between a replica's removal from the Service and its SIGTERM. The Deployment's preStop hook takes 5."""


class Installation:
    """The objects of `manifests/base` in a cluster, and as many replicas as the test wants.

    Args:
        plane: the work cluster. Objects with the names of the base belong to the installation.
        service: what the API server calls.

    Attributes:
        replicas: those that the Service forwards to whenever they are ready.
    """

    def __init__(self, plane: ControlPlane, service: Service) -> None:
        self.plane = plane
        self.service = service
        self.replicas: list[Replica] = []
        self._numbers = itertools.count()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop_all()

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.service.port}/mutate"

    def install(self) -> None:
        """Apply the base."""
        self.plane.apply(*self._base)

    @functools.cached_property
    def _base(self) -> list[Object]:
        """The objects of the base, with the Service's address instead of its name, which cannot be resolved here."""
        objects = list(yaml.safe_load_all(self.plane.kubectl("kustomize", ROOT / "manifests" / "base").stdout))
        for webhook in (one for item in objects for one in item.get("webhooks", ())):
            webhook["clientConfig"] = {"url": self.url}
        return objects

    def reset(self) -> None:
        """Stop the replicas, and remove what earlier tests left: configuration, its cache and the state, CA and caBundle."""
        self.stop_all()
        for path in (CACHE, STATE, SECRET, WEBHOOKS, *(f"{CORE}/configmaps/{name}" for name in CONFIG_MAPS)):
            with contextlib.suppress(urllib.error.HTTPError):  # it may not exist
                self.plane.request("DELETE", path)
        self.plane.put(*(item for item in self._base if path_of(item) in {CACHE, STATE, SECRET, WEBHOOKS}))

    def configure(self, *, templates: str | None = None, agent: str | None = None) -> None:
        """Write the ConfigMaps, with these contents or those of the examples."""
        for name, text in (("hydra-runtime-template", templates), ("hydra-agent", agent)):
            example = yaml.safe_load((EXAMPLES / f"configmap-{name}.yaml").read_text())
            self.plane.put(example if text is None else config_map(name, text))

    def environ(self, **more: str) -> dict[str, str]:
        """Return the variables of a replica: those of the Deployment, and a kubeconfig with a token of the ServiceAccount."""
        deployment = self.plane.request("GET", f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/hydra-webhook")
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        own: dict[str, str] = {}
        for variable in container["env"]:
            own[variable["name"]] = _expanded(variable.get("value", NAMESPACE), own)
        account = self.plane.kubeconfig_for_service_account(NAMESPACE, "hydra-webhook")
        return {**own, "HYDRA_WEBHOOK_KUBECONFIG": str(account), **more}

    def start(self, **environ: str) -> Replica:
        """Start one more replica and return once it listens, which is before it is ready."""
        return self.launch(self.environ(**environ)).until_listening()

    def launch(self, environ: Mapping[str, str]) -> Replica:
        """Start one more replica with exactly these variables, and return at once."""
        replica = Replica(self.plane, f"webhook-{next(self._numbers)}", environ)
        self.replicas.append(replica)
        self.service.add(replica)
        return replica

    def run(self, replicas: int = 1, **environ: str) -> list[Replica]:
        """Start replicas, and wait until the API server reaches them through the Service."""
        variables = self.environ(**environ)
        started = [self.launch(variables) for _ in range(replicas)]
        for replica in started:
            self.until_forwarded(replica)
        self.until_trusted()
        return started

    def until_forwarded(self, replica: Replica) -> None:
        """Wait until a replica is ready and the Service forwards to it."""
        replica.until_ready()
        self.plane.wait(lambda: replica.port in self.service.targets, f"the Service forwards to {replica.name}")

    def until_trusted(self) -> None:
        """Wait until the API server trusts the replicas, which it does a moment after the caBundle was written."""
        self.plane.wait(lambda: self.admitted(pod("probe")), "the API server trusts the webhook")

    def until_cached(self) -> None:
        """Wait until the configuration in use would survive a restart: it is cached a moment after it was loaded."""

        def cached() -> bool:
            data = self.plane.request("GET", CACHE).get("data", {})
            return {name.split(".")[1] for name in data} >= {"templates", "agent"}

        self.plane.wait(cached, "templates and agent configuration are in the cache")

    def admitted(self, item: Object) -> Object:
        """Return a pod as the API server would store it.

        Raises:
            urllib.error.HTTPError: It is refused.
        """
        namespace = item["metadata"]["namespace"]
        return self.plane.request("POST", f"/api/v1/namespaces/{namespace}/pods?dryRun=All", item)

    def command(self, runtime: str = "vllm-cpu") -> list[str]:
        """Return the command that a pod of this runtime gets now."""
        command: list[str] = self.admitted(pod("probe", runtime=runtime))["spec"]["containers"][0].get("command", [])
        return command

    def image(self, runtime: str = "vllm-cpu") -> str:
        """Return the image that a pod of this runtime gets now."""
        image: str = self.admitted(pod("probe", runtime=runtime))["spec"]["containers"][0]["image"]
        return image

    def withdraw(self, replica: Replica) -> None:
        """Let the Service forget a replica, which goes on running."""
        self.replicas.remove(replica)
        self.service.remove(replica)

    def replace(self, old: Replica, **environ: str) -> Replica:
        """Replace a replica as a Deployment with maxUnavailable 0 does; return the new one once the old one has ended."""
        new = self.start(**environ)
        self.until_forwarded(new)
        self.withdraw(old)
        time.sleep(PRE_STOP_SECONDS)
        old.process.send_signal(signal.SIGTERM)
        assert old.process.wait(HANGING_SECONDS) == 0
        assert old.events("stopped")
        return new

    def stop_all(self) -> None:
        """Stop every replica."""
        for replica in tuple(self.replicas):
            self.withdraw(replica)
            if replica.process.poll() is None:
                replica.stop()

    @property
    def ca_bundle(self) -> bytes:
        """What API servers trust: the caBundle of the webhook configuration; empty if there is none."""
        webhooks = self.plane.request("GET", WEBHOOKS)["webhooks"]
        (bundle,) = {webhook["clientConfig"].get("caBundle", "") for webhook in webhooks}
        return base64.b64decode(bundle)


def _expanded(value: str, variables: Mapping[str, str]) -> str:
    """Return a variable's value as the kubelet sets it, with references to earlier variables replaced."""
    return re.sub(r"\$\((\w+)\)", lambda reference: variables.get(reference[1], reference[0]), value)


CONFIG_MAPS = ("hydra-runtime-template", "hydra-agent", "hydra-gpu-configs")


def config_map(name: str, text: str, key: str = "config.yaml") -> Object:
    metadata = {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {key: text}}


def pod(name: str, namespace: str = "default", runtime: str = "vllm-cpu", **annotations: str) -> Object:
    """Return a pod that the webhook has to fill in."""
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
    """Return a templates file in which each of these runtimes starts with this command."""
    return yaml.safe_dump(
        {
            "templates": [
                {"runtime": name, "podTemplate": {"containerTemplate": {"commandTemplate": [command]}}}
                for name, command in commands.items()
            ]
        }
    )


AGENT = "deployment_templates: [{container_template: {image: registry.example/engine:1}}]\n"
