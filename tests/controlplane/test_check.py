"""``check`` asks an installed webhook from end to end: nothing is wrong with a healthy one, and each fault is found and named."""

import base64
import copy
import json
import socket
from collections.abc import Iterator, Sequence

import pytest

from tests.controlplane.installation import (
    AGENT,
    CORE,
    NAMESPACE,
    WEBHOOKS,
    Installation,
    templates,
)
from tests.controlplane.objects import Object
from tests.controlplane.replica import Replica
from tests.controlplane.test_commands import Result, run, until_published

DEPLOYMENT = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/hydra-webhook"
LABELS = "app.kubernetes.io%2Fname%3Dhydra-webhook"
POLICY = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/hydra-webhook-record"
RUNTIME = {"vllm-cpu": "serve"}


def own_address() -> str:
    """Return an address of this machine that an API server may pass requests on to, which it does not do to loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("198.51.100.1", 9))  # sends nothing
        return str(probe.getsockname()[0])


@pytest.fixture
def cluster(hydra: Installation) -> Iterator[Installation]:
    """An installation without the pods of its Deployment, which never run here."""
    _scale(hydra, 0)
    yield hydra
    hydra.plane.request("DELETE", f"{CORE}/pods?labelSelector={LABELS}")
    _scale(hydra, 2)


def _scale(hydra: Installation, replicas: int) -> None:
    hydra.plane.request("PATCH", DEPLOYMENT, {"spec": {"replicas": replicas}}, kind="merge-patch+json")
    hydra.plane.wait(
        lambda: len(hydra.plane.request("GET", f"{CORE}/pods?labelSelector={LABELS}")["items"]) == replicas,
        f"the Deployment has {replicas} pods",
    )


def represent(hydra: Installation, replicas: Sequence[Replica]) -> None:
    """Create the pods that the replicas would be processes of, ready, with their addresses."""
    template = hydra.plane.request("GET", DEPLOYMENT)["spec"]["template"]
    for replica in replicas:
        pod = copy.deepcopy(template)
        (container,) = pod["spec"]["containers"]
        (port,) = (one for one in container["ports"] if one["name"] == "health")
        port["containerPort"] = replica.health_port
        pod |= {"apiVersion": "v1", "kind": "Pod"}
        pod["metadata"] |= {"name": replica.name, "namespace": NAMESPACE}
        hydra.plane.request("POST", f"{CORE}/pods", pod)
        address = own_address()
        status = {
            "phase": "Running",
            "podIP": address,
            "podIPs": [{"ip": address}],
            "conditions": [{"type": "Ready", "status": "True"}],
        }
        hydra.plane.request("PATCH", f"{CORE}/pods/{replica.name}/status", {"status": status}, kind="merge-patch+json")


def start(hydra: Installation, **environ: str) -> Replica:
    """Start one more replica that listens on every address, and wait until the Service forwards to it."""
    replica = hydra.launch(hydra.environ(HYDRA_WEBHOOK_HOST="0.0.0.0", **environ))
    hydra.until_forwarded(replica)
    return replica


def check(hydra: Installation, *options: str) -> tuple[Result, list[Object]]:
    result = run("check", "--kubeconfig", hydra.plane.kubeconfig, "-o", "json", *options)
    assert result.out, result.err
    return result, json.loads(result.out)["checks"]


def wrong(findings: Sequence[Object], name: str) -> list[Object]:
    return [one for one in findings if one["status"] == "wrong" and one["check"] == name]


def test_a_healthy_installation_has_nothing_wrong(cluster):
    cluster.configure()
    replicas = [start(cluster), start(cluster)]
    cluster.until_trusted()
    until_published(cluster, "templates")
    represent(cluster, replicas)

    result, found = check(cluster)

    assert [one for one in found if one["status"] != "ok"] == []
    assert (result.status, result.err) == (0, "")
    assert {one["check"] for one in found} == {
        "webhook-configuration", "ca-bundle", "authority", "certificate", "configuration", "replica", "policy", "trial",
    }  # fmt: skip
    pods = [one for one in found if one["check"] == "replica"]
    assert sorted(one["subject"] for one in pods) == sorted(f"Pod {one.name}" for one in replicas)
    assert all("uses the published configuration, certificate valid until" in one["detail"] for one in pods)
    (trial,) = (one for one in found if one["check"] == "trial")
    assert trial["detail"].startswith("rendered for runtime ")
    assert cluster.plane.request("GET", "/api/v1/namespaces/default/pods")["items"] == []

    text = run("check", "--kubeconfig", cluster.plane.kubeconfig, "--runtime", "vllm-cpu")
    assert text.status == 0
    assert text.out.count("\n") == len(found)
    assert "ok       dry run of a pod: rendered for runtime vllm-cpu, revision " in text.out
    assert text.err == f"{len(found)} checks: {len(found)} ok\n"


@pytest.mark.thorough
def test_faults_are_found_and_named(cluster):
    """One installation, broken in one way after the other: a start takes seconds."""
    cluster.configure(templates=templates(**RUNTIME), agent=AGENT)
    stale = start(cluster, HYDRA_WEBHOOK_GPU_CONFIGS=str(_table(cluster)))
    until_published(cluster, "templates")
    fresh = start(cluster)
    cluster.until_trusted()
    cluster.plane.wait(lambda: "example.com/gpu" not in _published_table(cluster), "the later replica has published")
    represent(cluster, [stale, fresh])

    result, found = check(cluster)
    assert result.status == 1
    (one,) = wrong(found, "replica")
    assert one["subject"] == f"Pod {stale.name}"
    assert one["detail"].startswith("it uses another version of the GPU table than is published")
    assert "check again" in one["remedy"]

    cluster.plane.request("DELETE", POLICY)
    _, found = check(cluster)
    (one,) = wrong(found, "policy")
    assert one["detail"] == "ValidatingAdmissionPolicy hydra-webhook-record has no binding that denies"
    cluster.install()

    waiting = {"status": {"conditions": [{"type": "Ready", "status": "False", "message": "probe failed"}]}}
    cluster.plane.request("PATCH", f"{CORE}/pods/{fresh.name}/status", waiting, kind="merge-patch+json")
    _, found = check(cluster)
    assert "not ready: probe failed" in [one["detail"] for one in wrong(found, "replica")]


def _table(hydra: Installation):
    path = hydra.plane.folder / "table.yaml"
    path.write_text(
        "gpu_configs: [{gpu_type: x, gpu_resource_template_config: {gpu_per_node: {key: example.com/gpu}}}]"
    )
    return path


def _published_table(hydra: Installation) -> str:
    state = hydra.plane.request("GET", f"{CORE}/configmaps/hydra-webhook-state")
    texts = json.loads(state["data"]["state.json"])["configurations"]["gpu-configs"]["texts"]
    return "example.com/gpu" if texts and texts[-1].get("key") else ""


@pytest.mark.thorough
def test_a_runtime_without_an_agent_entry_is_named_as_it_is_denied(cluster):
    agent = (
        "deployment_templates: [{match_runtimes: [other], container_template: {image: registry.example/engine:1}}]\n"
    )
    cluster.configure(templates=templates(**RUNTIME), agent=agent)
    start(cluster)
    cluster.plane.wait(lambda: cluster.ca_bundle, "the caBundle is written")
    until_published(cluster, "templates")

    result, found = check(cluster, "--runtime", "vllm-cpu")

    assert result.status == 1
    (trial,) = wrong(found, "trial")
    assert trial["detail"].startswith("runtime vllm-cpu is denied: Pod default/hydra-webhook-check: ")
    assert trial["detail"].endswith("[no-agent-entry]")
    assert "--runtime" in trial["remedy"]


@pytest.mark.thorough
def test_a_wrong_ca_bundle_is_found_where_the_certificate_is_seen_and_in_the_trial(cluster):
    cluster.configure(templates=templates(**RUNTIME), agent=AGENT)
    start(cluster, HYDRA_WEBHOOK_WEBHOOK_CONFIGURATION="")  # signs for itself, and leaves the caBundle alone
    until_published(cluster, "templates")
    before = check(cluster)[1]
    assert {one["detail"] for one in wrong(before, "ca-bundle")} == {
        "there is none, so API servers trust only public authorities"
    }

    bundle = base64.b64encode(cluster.plane.ca_pem.encode()).decode()
    webhooks = cluster.plane.request("GET", WEBHOOKS)["webhooks"]
    patch = [
        {"op": "add", "path": f"/webhooks/{at}/clientConfig/caBundle", "value": bundle} for at in range(len(webhooks))
    ]
    cluster.plane.request("PATCH", WEBHOOKS, patch, kind="json-patch+json")

    def seen() -> list[Object]:
        trial = wrong(check(cluster)[1], "trial")
        return trial if "does not trust the certificate" in trial[0]["detail"] else []

    (trial,) = cluster.plane.wait(seen, "the API server uses the new caBundle")
    assert "certs show" in trial["remedy"]
    (certificate,) = wrong(check(cluster)[1], "certificate")
    assert "reject it: " in certificate["detail"]


@pytest.mark.thorough
def test_a_service_without_endpoints_is_found(cluster):
    cluster.configure(templates=templates(**RUNTIME), agent=AGENT)
    start(cluster)
    cluster.until_trusted()
    until_published(cluster, "templates")
    webhooks = cluster.plane.request("GET", WEBHOOKS)["webhooks"]
    service = {"name": "hydra-webhook", "namespace": NAMESPACE, "port": 443, "path": "/mutate"}
    patch = [
        {
            "op": "replace",
            "path": f"/webhooks/{at}/clientConfig",
            "value": {"service": service, "caBundle": one["clientConfig"]["caBundle"]},
        }
        for at, one in enumerate(webhooks)
    ]
    cluster.plane.request("PATCH", WEBHOOKS, patch, kind="json-patch+json")

    result, found = check(cluster)

    assert result.status == 1
    (one,) = wrong(found, "service")
    assert one["subject"] == f"Service {NAMESPACE}/hydra-webhook"
    assert one["detail"].startswith("no ready endpoint among 0")
    assert f"kubectl --namespace {NAMESPACE} get pods" in one["remedy"]


@pytest.mark.thorough
def test_without_an_installation_every_check_says_what_to_do(cluster):
    cluster.plane.request("DELETE", WEBHOOKS)

    result, found = check(cluster)

    assert result.status == 1
    assert len(wrong(found, "webhook-configuration")) == 2
    assert all("install the manifests" in one["remedy"] for one in wrong(found, "webhook-configuration"))
    assert wrong(found, "replica")
    assert wrong(found, "configuration")


@pytest.mark.thorough
def test_what_may_not_be_read_is_named_and_is_no_fault(hydra):
    nobody = hydra.plane.user_kubeconfig("nobody")

    result = run("check", "--kubeconfig", nobody, "-o", "json", "--runtime", "vllm-cpu")

    found = json.loads(result.out)["checks"]
    assert result.status in (1, 2)
    forbidden = [one for one in found if one["status"] == "unknown"]
    assert any("permission needed: list on mutatingwebhookconfigurations" in one["detail"] for one in forbidden)
    assert any("permission needed: create on pods" in one["detail"] for one in forbidden)
