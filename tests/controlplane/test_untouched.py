"""What the API server makes of a rendering by itself is not an edit of it."""

import copy
import json
from pathlib import Path

import pytest

from webhook import catalog, mutation, rendering, workload
from webhook.settings import Settings

REVIEWS = Path(__file__).parents[1] / "reviews"

#: Fields below which the API server fills in something, writes values in another form, or drops what it does not know.
TEMPLATE = """
templates:
- runtime: vllm
  podTemplate:
    futureField: [1]
    hostNetwork: false
    tolerations: [{key: a, operator: Exists}]
    affinity: {podAntiAffinity: {}}
    volumes:
    - {name: files, configMap: {name: a}}
    - {name: secrets, secret: {secretName: a}}
    - {name: shm, emptyDir: {medium: Memory, sizeLimit: 1024Mi}}
    - {name: host, hostPath: {path: /x}}
    - {name: nothing, futureVolume: {}}
    - name: mixed
      projected:
        sources:
        - serviceAccountToken: {path: token}
        - downwardAPI: {items: [{path: a, fieldRef: {fieldPath: metadata.name}}]}
    initContainers:
    - name: fetch
      image: example/fetch
      futureField: 1
      env:
      - {name: EMPTY, value: ""}
      - {name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
      resources: {limits: {cpu: 0.5, memory: 1024Mi}}
      ports: [{containerPort: 81}]
      volumeMounts: [{name: files, mountPath: /files, readOnly: false}]
    containerTemplate:
      image: example/engine
      tty: false
      futureField: {a: 1}
      env: [{name: A, value: ""}]
      ports: [{containerPort: 8000}]
      startupProbe: {httpGet: {port: 8000}}
      readinessProbe: {tcpSocket: {port: 8000}, periodSeconds: 10}
      lifecycle: {preStop: {httpGet: {port: 8000}}}
      resources: {limits: {cpu: 1000m, memory: 2048Mi}}
      securityContext: {capabilities: {add: [IPC_LOCK]}, privileged: false}
"""
STATE = rendering.State(
    catalog.build(
        [
            catalog.Document("templates", "templates.yaml", TEMPLATE),
            catalog.Document("agent", "agent.yaml", "deployment_templates: [{container_template: {}}]"),
        ],
        None,
    ),
    Settings(),
)
EMBEDDED = rendering.State(catalog.build(catalog.embedded(), None), Settings())
STATES = {"a template with everything": STATE, "the built-in runtime": EMBEDDED}


def bare(name):
    value = json.loads((REVIEWS / f"{name}.json").read_text())["request"]["object"]
    value["metadata"]["labels"]["hydra.io/runtime"] = "vllm"
    return value


def pod(namespace, template):
    """A pod as a person writes it, or as a controller makes it from a template."""
    metadata = {key: template["metadata"].get(key, {}) for key in ("labels", "annotations")}
    own = {"generateName": "made-", "namespace": namespace, **metadata}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": own, "spec": copy.deepcopy(template["spec"])}


def stored(plane, value, path):
    """What the API server makes of an object, without storing it."""
    return plane.request("POST", f"{path}?dryRun=All", value)


def mutated(value, kind, state):
    return mutation.mutate(value, kind, state, namespace="default")


CONTAINERS = {
    "nothing but a name": [{"name": "main", "image": "auto"}],
    "limits": [{"name": "main", "image": "auto", "resources": {"limits": {"nvidia.com/gpu": "8"}}}],
}


@pytest.mark.parametrize("containers", CONTAINERS.values(), ids=CONTAINERS)
@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
def test_a_rendered_pod_that_the_api_server_has_defaulted_earns_no_warning(plane, namespace, state, containers):
    labels = {"hydra.io/runtime": "vllm", "hydra.io/model-id": "m"}
    annotations = {"hydra.io/gpu-type": "nvidia-gpu"}
    written = pod(
        namespace, {"metadata": {"labels": labels, "annotations": annotations}, "spec": {"containers": containers}}
    )
    pods = f"/api/v1/namespaces/{namespace}/pods"
    bare = stored(plane, written, pods)
    for each in (written, bare):
        rendered = mutated(each, workload.POD, state).value
        again = stored(plane, pod(namespace, rendered), pods)

        second = mutated(again, workload.POD, state)

        assert (second.reason, second.notices) == ("already-rendered", ())


@pytest.mark.usefixtures("lws")
@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
@pytest.mark.parametrize("name", ["lws-without-leader-template", "lws-with-leader-template"])
def test_a_rendered_leader_worker_set_and_its_pods_earn_no_warning(plane, namespace, state, name):
    value = bare(name)
    value["metadata"] = {"generateName": "made-", "labels": value["metadata"]["labels"], "namespace": namespace}
    rendered = mutated(value, workload.LEADER_WORKER_SET, state).value
    sets = f"/apis/leaderworkerset.x-k8s.io/v1/namespaces/{namespace}/leaderworkersets"

    saved = stored(plane, rendered, sets)
    second = mutated(saved, workload.LEADER_WORKER_SET, state)

    assert (second.reason, second.notices) == ("already-rendered", ())
    for template in ("leaderTemplate", "workerTemplate"):
        made = stored(
            plane,
            pod(namespace, saved["spec"]["leaderWorkerTemplate"][template]),
            f"/api/v1/namespaces/{namespace}/pods",
        )
        assert mutated(made, workload.POD, state).notices == ()
