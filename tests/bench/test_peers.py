"""The servers that ours is compared with do the same job: they make the same of a pod, but for what the record says."""

import base64
import json
from pathlib import Path

import jsonpatch
import pytest
import yaml

from bench import load
from bench.peers import discovery, programs
from bench.peers.programs import Site
from webhook import catalog, mutation, rendering, review, workload
from webhook.settings import Settings

REVIEWS = Path(__file__).parents[1] / "reviews"
RECORDED = ("pod-kubectl-create.json", "pod-server-dry-run-generate-name.json", "pod-of-a-job.json")

#: A runtime that has something for each field that a merge rule knows.
TEMPLATES = """
templates:
  - runtime: vllm-cpu
    podTemplate:
      podSecurityContext: {{runAsNonRoot: true, fsGroup: 2000}}
      nodeSelector: {{disk: fast}}
      volumes: [{{name: models, emptyDir: {{}}}}, {{name: shm, emptyDir: {{medium: Memory}}}}]
      initContainers: [{{name: fetch, image: "registry.example/fetch:1", resources: {{}}}}]
      containerTemplate:
        commandTemplate: [/bin/bash, -c]
        argsTemplate: [{args}]
        env: [{{name: A, value: template}}, {{name: B, value: template}}]
        ports: [{{name: http, containerPort: 8000, protocol: TCP}}, {{name: ray, containerPort: 6379}}]
        securityContext: {{runAsUser: 1000, allowPrivilegeEscalation: false}}
        volumeMounts: [{{name: models, mountPath: /data/serving-model}}, {{name: shm, mountPath: /dev/shm}}]
        workingDir: /data
"""
AGENT = """
deployment_templates:
  - match_runtimes: [vllm-cpu]
    match_gpu_types: [cpu]
    container_template:
      image: {registry: registry.example, repository: engine, tag: "1"}
      args: [--agent]
      env: [{name: B, value: agent}, {name: C, value: agent}]
"""

pytestmark = pytest.mark.peers


@pytest.fixture(scope="module", params=[programs.GO, programs.KOPF])
def name(request):
    return request.param


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    programs.write_certificate(folder)
    return folder


@pytest.fixture(scope="module")
def api_server():
    with discovery.serving() as url:
        yield url


def test_a_recorded_pod_becomes_the_same(name, certificates, api_server):
    site = Site(certificates, api_server)
    requests = [load.requests([REVIEWS / review])[0] for review in RECORDED]

    with programs.running(name, site, requests[0]) as server:
        found = [result(request, answered(programs.ask(server.port, request))) for request in requests]

    assert found == [result(request, ours(request, site)) for request in requests]


def test_a_pod_becomes_the_same_where_both_sides_have_every_kind_of_field(name, certificates, api_server, tmp_path):
    published = yaml.safe_load(Site.templates.read_text())["templates"][0]
    assert published["runtime"] == "vllm-cpu"
    (args,) = published["podTemplate"]["containerTemplate"]["argsTemplate"]
    site = Site(certificates, api_server, tmp_path / "templates.yaml", tmp_path / "agent.yaml")
    site.templates.write_text(TEMPLATES.format(args=json.dumps(args)))
    site.agent.write_text(AGENT)
    sent = json.loads((REVIEWS / RECORDED[0]).read_text())
    sent["request"]["object"]["spec"] |= {"nodeSelector": {"zone": "a"}, "securityContext": {"fsGroup": 1}}
    container = sent["request"]["object"]["spec"]["containers"][0]
    container["env"] = [{"name": "A", "value": "workload"}]
    container["ports"] = [{"containerPort": 8000, "protocol": "TCP"}]
    container["securityContext"] = {"runAsUser": 1}
    request = load.http(json.dumps(sent).encode())

    with programs.running(name, site, request) as server:
        pod, warnings = result(request, answered(server.answer))

    assert (pod, warnings) == result(request, ours(request, site))
    (filled,) = pod["spec"]["containers"]
    assert [variable["value"] for variable in filled["env"]] == ["agent", "agent", "workload"]
    assert [port["containerPort"] for port in filled["ports"]] == [8000, 6379]
    assert filled["securityContext"] == {"runAsUser": 1, "allowPrivilegeEscalation": False}
    assert pod["spec"]["nodeSelector"] == {"zone": "a", "disk": "fast"}


def ours(request, site):
    """Return our response to a request."""
    files = {"templates": site.templates, "agent": site.agent}
    documents = [catalog.Document(kind, path.name, path.read_text()) for kind, path in files.items()]
    state = rendering.State(catalog.build(documents, None), Settings())
    return json.loads(review.decide(request.partition(b"\r\n\r\n")[2], mutation.handle, state).body)["response"]


def result(request, response):
    """Return a pod as a response's patch leaves it, without its record, and the warnings."""
    assert response["allowed"], response
    pod = json.loads(request.partition(b"\r\n\r\n")[2])["request"]["object"]
    changed = jsonpatch.apply_patch(pod, json.loads(base64.b64decode(response["patch"])))
    assert changed["metadata"]["annotations"].pop(workload.RECORD)
    return changed, response.get("warnings", [])


def answered(answer):
    """Return the response in an HTTP answer, which is in chunks if it is long and Go's."""
    head, _, body = answer.partition(b"\r\n\r\n")
    if b"chunked" in head:
        whole = b""
        while not body.startswith(b"0\r\n"):
            size, _, rest = body.partition(b"\r\n")
            whole, body = whole + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
        body = whole
    return json.loads(body)["response"]
