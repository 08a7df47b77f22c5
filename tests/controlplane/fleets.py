"""Fleets in a cluster: one LeaderWorkerSet and the bare file of its user, and what counts about an update of it.

LeaderWorkerSet counts every change of the spec in ``metadata.generation``, and a new template-revision-hash replaces every group.
"""

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import yaml

from tests.controlplane import binaries
from tests.controlplane.installation import Installation
from tests.controlplane.lws_objects import REVISION
from tests.controlplane.objects import Object, leader_worker_set

TEMPLATES = """
templates:
- runtime: vllm-cpu
  podTemplate:
    tolerations: [{key: accelerator, operator: Exists}]
    volumes: [{name: shm, emptyDir: {medium: Memory}}]
    initContainers: [{name: fetch, image: registry.example/fetch:1, ports: [{containerPort: 81}]}]
    containerTemplate:
      ports: [{name: http, containerPort: 8000}]
      resources: {requests: {cpu: "1"}}
      volumeMounts: [{name: shm, mountPath: /dev/shm}]
      commandTemplate: [serve, '{{ .ROLE }}']
      argsTemplate: ['--pp={{ .PP_SIZE }}{{ range .CUSTOM_ARGS }} {{ . }}{{ end }}']
"""
IMAGES = "registry.example/engine:1", "registry.example/engine:2"
QUEUE = "kueue.x-k8s.io/queue-name"
LABELS = {"hydra.io/runtime": "vllm-cpu", "hydra.io/model-id": "m", QUEUE: "queue"}
GROUP = "leaderworkerset.x-k8s.io/v1"
IMAGE_PATH = "/spec/leaderWorkerTemplate/workerTemplate/spec/containers/0/image"
RECORD_PATH = "/spec/leaderWorkerTemplate/workerTemplate/metadata/annotations/hydra.io~1rendered"
SERVER_SIDE = "--server-side", "--force-conflicts"
#: What the policy in the place of Kueue says.
RESERVED = "reserved for the queue"
ROLLS = "groups will roll: revision "
OLDER = "older revision is kept"


class Fleet:
    """One LeaderWorkerSet in the cluster, and the bare file of its user."""

    def __init__(self, hydra: Installation, name: str, namespace: str = "default") -> None:
        self.hydra, self.name, self.namespace = hydra, name, namespace
        self.file: Object = leader_worker_set(name, namespace)
        self.file["metadata"]["labels"] = dict(LABELS)
        self.container = self.file["spec"]["leaderWorkerTemplate"]["workerTemplate"]["spec"]["containers"][0]
        self.container |= {"image": "auto", "args": ["--a"]}

    def kubectl(self, verb: str, *arguments: str, check: bool = True) -> str:
        """Let kubectl act on the LeaderWorkerSet; return the warnings and errors that it prints."""
        options = ("leaderworkerset", self.name, "--namespace", self.namespace, *arguments)
        return self.hydra.plane.kubectl(verb, *options, check=check).stderr

    def patch(self, path: str, value: Any = None, *, op: str = "replace", check: bool = True) -> str:
        operation = {"op": op, "path": path, "value": value}
        return self.kubectl("patch", "--type=json", "--patch", json.dumps([operation]), check=check)

    def edit(self, script: str) -> None:
        """Run `kubectl edit` with a script of sed as the editor."""
        environ = {"KUBECONFIG": str(self.hydra.plane.kubeconfig), "KUBE_EDITOR": f"sed -i '{script}'"}
        command = [binaries.find("kubectl") or "kubectl", "edit", "leaderworkerset", self.name, "-n", self.namespace]
        done = self.hydra.plane.run(command, environ)
        assert done.returncode == 0, done.stderr

    def send(self, verb: str, *options: str, check: bool = True) -> str:
        """Send the file of the user; return the warnings and errors that kubectl prints."""
        done = self.hydra.plane.kubectl(verb, *options, "-f", "-", stdin=json.dumps(self.file), check=check)
        return done.stderr

    def diff(self, *options: str) -> str:
        """Return what `kubectl diff` of the user's file prints, without warnings."""
        return self.hydra.plane.kubectl("diff", *options, "-f", "-", stdin=json.dumps(self.file)).stdout

    @property
    def group(self) -> Object:
        """The leaderWorkerTemplate of the user's file."""
        group: Object = self.file["spec"]["leaderWorkerTemplate"]
        return group

    @property
    def stored(self) -> Object:
        return self.hydra.plane.get("leaderworkerset", self.name, self.namespace)

    @property
    def worker(self) -> Object:
        """The container of the worker template as it is stored."""
        return self.inference("workerTemplate")

    def inference(self, template: str) -> Object:
        """Return the first container of a pod template as it is stored; an empty map if there is no such template."""
        found = self.stored["spec"]["leaderWorkerTemplate"].get(template)
        container: Object = found["spec"]["containers"][0] if found else {}
        return container

    def seen(self) -> tuple[int, str]:
        """Return generation and template-revision-hash, once the controller has seen the newest spec."""

        def seen() -> tuple[int, str] | None:
            stored = self.stored
            generation = stored["metadata"]["generation"]
            if stored.get("status", {}).get("observedGeneration") != generation:
                return None
            leaders = self.hydra.plane.get("statefulset", self.name, self.namespace)
            return generation, leaders["metadata"]["labels"][REVISION]

        found = self.hydra.plane.wait(seen, f"the controller has seen the newest spec of {self.name}")
        assert found is not None
        return found

    @contextlib.contextmanager
    def stays(self, generations: int = 0) -> Iterator[None]:
        """Check that what happens meanwhile rolls nothing, and changes the spec so many times in what rolls nothing."""
        generation, revision = self.seen()
        yield
        assert self.seen() == (generation + generations, revision)

    @contextlib.contextmanager
    def rolls(self) -> Iterator[None]:
        """Check that what happens meanwhile is one change of the spec, which replaces every group."""
        generation, revision = self.seen()
        yield
        after = self.seen()
        assert after[0] == generation + 1
        assert after[1] != revision


def queue_policies() -> list[Object]:
    """Return a policy in the place of Kueue, which refuses a change of what it has reserved for a queued LeaderWorkerSet.

    Source: ``SpecShape`` in ``pkg/util/pod`` of Kueue; init containers are compared as a whole here.
    """
    fields = (
        "initContainers",
        "nodeSelector",
        "affinity",
        "tolerations",
        "runtimeClassName",
        "priority",
        "topologySpreadConstraints",
        "overhead",
        "resourceClaims",
    )
    rules = []
    for template in ("?leaderTemplate", "workerTemplate"):
        place = f"spec.leaderWorkerTemplate.{template}.?spec"
        same = [f"object.{place}.?{field} == oldObject.{place}.?{field}" for field in fields]
        for field in ("?ports", "?resources.?requests"):
            containers = f"{place}.?containers.orValue([]).map(container, container.{field})"
            same.append(f"object.{containers} == oldObject.{containers}")
        rules += [{"expression": rule, "message": f"{RESERVED}: {rule}"} for rule in same]
    version, name = "admissionregistration.k8s.io/v1", {"name": "kueue"}
    queued = f"oldObject.metadata.?labels[?'{QUEUE}'].hasValue()"
    resources = {"apiGroups": ["leaderworkerset.x-k8s.io"], "apiVersions": ["v1"], "resources": ["leaderworkersets"]}
    policy = {
        "failurePolicy": "Fail",
        "matchConstraints": {"resourceRules": [{**resources, "operations": ["UPDATE"]}]},
        "matchConditions": [{"name": "queued", "expression": queued}],
        "validations": rules,
    }
    binding = {"policyName": "kueue", "validationActions": ["Deny"]}
    return [
        {"apiVersion": version, "kind": "ValidatingAdmissionPolicy", "metadata": name, "spec": policy},
        {"apiVersion": version, "kind": "ValidatingAdmissionPolicyBinding", "metadata": name, "spec": binding},
    ]


def configure(hydra: Installation, image: str, runtime: str = "vllm-cpu") -> None:
    """Write the configuration; wait until the webhook uses it, unless it has no entry for the runtime of the fleet."""
    container = {"image": image}
    agent = {"deployment_templates": [{"match_runtimes": [runtime], "container_template": container}]}
    hydra.configure(templates=TEMPLATES.replace("vllm-cpu", runtime), agent=yaml.safe_dump(agent))
    if hydra.replicas:
        hydra.plane.wait(lambda: hydra.image(runtime) == image, f"pods of {runtime} get {image}")
