"""The manifests in a cluster: installed, applied again, upgraded and removed by the commands of docs/cluster.md."""

import base64
import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.controlplane import binaries
from tests.manifests import rendering

PAGE = (Path(__file__).parents[2] / "docs" / "cluster.md").read_text().replace(" \\\n  ", " ")
SELECTOR = "app.kubernetes.io/name=hydra-webhook"
NAMESPACE = rendering.NAMESPACE
PASSING = {"events", "events.events.k8s.io", "leases.coordination.k8s.io", "endpointslices.discovery.k8s.io"}
"""Kinds that controllers write at any time."""

CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"


@pytest.fixture(autouse=True)
def clean(plane):
    """Remove everything that a test may have installed, including cluster-wide objects."""
    yield
    admission = "mutatingwebhookconfigurations,validatingadmissionpolicies,validatingadmissionpolicybindings"
    plane.kubectl("delete", f"{admission},clusterroles,clusterrolebindings", "--selector", SELECTOR)
    plane.kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found")


@pytest.fixture
def foreign_kinds(plane):
    """The kinds of cert-manager and the Prometheus operator that the manifests use, without schemas."""
    groups = {"cert-manager.io": ("Issuer", "Certificate"), "monitoring.coreos.com": ("ServiceMonitor",)}
    crds = [definition(group, kind) for group, kinds in groups.items() for kind in kinds]
    names = [crd["metadata"]["name"] for crd in crds]
    plane.create(*crds)
    plane.until_served(*names)
    yield
    plane.kubectl("delete", "crd", *names)


def definition(group, kind):
    names = {"kind": kind, "plural": f"{kind.lower()}s", "singular": kind.lower(), "listKind": f"{kind}List"}
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{names['plural']}.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": names,
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
        },
    }


def run(plane, command, *more):
    """Run a command from docs/cluster.md in the project's top folder, with more arguments after it.

    It runs without --wait, since no pod ever becomes ready here.
    """
    assert command in PAGE, command
    program, *arguments = shlex.split(command)
    root = str(rendering.MANIFESTS)
    arguments = [re.sub(r"^manifests\b", root, argument) for argument in arguments if argument != "--wait"]
    return getattr(plane, program)(*arguments, *more).stdout


def everything(plane):
    """Return kind, namespace and name of all objects in the cluster."""
    listed = plane.kubectl("api-resources", "--verbs=list", "--output=name").stdout.split()
    kinds = ",".join(sorted(set(listed) - PASSING))
    return set(
        plane.kubectl(
            "get",
            kinds,
            "--all-namespaces",
            "--output=jsonpath={range .items[*]}{.kind} {.metadata.namespace} {.metadata.name}{'\\n'}{end}",
        ).stdout.splitlines()
    )


def versions(plane):
    """Return a number for each object of the installation, which increases whenever a field of the manifests changes."""
    kinds = sorted({item["kind"] for item in rendering.kustomize()} - {"Namespace", "ResourceQuota"})
    listed = plane.kubectl("get", ",".join(kinds), "-n", NAMESPACE, "-l", SELECTOR, "-o", "json").stdout
    return {
        (item["kind"], item["metadata"]["name"]): item["metadata"].get(
            "generation", item["metadata"]["resourceVersion"]
        )
        for item in json.loads(listed)["items"]
    }


def fill(plane):
    """Write into the installation what the webhook would write."""
    authority = base64.b64encode(plane.ca_pem.encode()).decode()
    plane.kubectl(
        "patch", "secret", "hydra-webhook-ca", "-n", NAMESPACE, "-p", json.dumps({"data": {"ca.crt": authority}})
    )
    plane.kubectl("patch", "configmap", "hydra-webhook-cache", "-n", NAMESPACE, "-p", '{"data": {"templates": "text"}}')
    plane.kubectl("patch", "configmap", "hydra-webhook-state", "-n", NAMESPACE, "-p", '{"data": {"state.json": "{}"}}')
    names = ("pods.webhook.hydra.io", "leaderworkersets.webhook.hydra.io")
    webhooks = [{"name": name, "clientConfig": {"caBundle": authority}} for name in names]
    plane.kubectl("patch", "mutatingwebhookconfiguration", "hydra-webhook", "-p", json.dumps({"webhooks": webhooks}))


def filled(plane):
    """Return what is left of the webhook's writes."""
    configuration = plane.request("GET", f"{CONFIGURATIONS}/hydra-webhook")
    return {
        "secret": plane.get("secret", "hydra-webhook-ca", NAMESPACE).get("data"),
        "cache": plane.get("configmap", "hydra-webhook-cache", NAMESPACE).get("data"),
        "state": plane.get("configmap", "hydra-webhook-state", NAMESPACE).get("data"),
        "caBundle": [webhook["clientConfig"].get("caBundle") for webhook in configuration["webhooks"]],
    }


def has_pods(plane, number, image):
    """Return whether the controllers have created this number of pods with this image."""
    pods = plane.list("pods", NAMESPACE, SELECTOR)
    return sum(pod["spec"]["containers"][0]["image"] == image for pod in pods) == number


def image(tag):
    return f"hydra-runtime-webhook:{tag}"


def released():
    return rendering.container(rendering.kustomize())["image"]


@pytest.mark.thorough
def test_kustomize_installs_applies_again_upgrades_and_removes(plane, tmp_path):
    run(plane, "kubectl apply -k manifests/base", "--validate=strict")
    plane.wait(lambda: has_pods(plane, 2, released()), "Pod Security and quota admit both pods")
    fill(plane)
    state, before = filled(plane), versions(plane)

    run(plane, "kubectl apply -k manifests/base")
    assert versions(plane) == before
    assert filled(plane) == state
    plane.kubectl("diff", "-k", rendering.MANIFESTS / "base")

    run(plane, "kubectl apply --server-side -k manifests/base")
    assert filled(plane) == state

    rendering.write_kustomization(tmp_path, tag="9.9.9")
    plane.kubectl("apply", "-k", tmp_path)
    plane.wait(lambda: has_pods(plane, 1, image("9.9.9")), "a pod of the next version beside those of the last")
    assert has_pods(plane, 2, released())
    assert filled(plane) == state

    plane.kubectl("create", "configmap", "hydra-agent", "-n", NAMESPACE)
    run(plane, "kubectl delete -k manifests/base --selector app.kubernetes.io/name=hydra-webhook")
    plane.get("configmap", "hydra-agent", NAMESPACE)
    plane.wait(lambda: not of_the_installation(plane), "nothing of the webhook is left")


def of_the_installation(plane):
    return {name for name in everything(plane) if "hydra-webhook" in name}


@pytest.mark.thorough
def test_helm_installs_upgrades_rolls_back_and_removes_everything(plane):
    plane.kubectl("create", "namespace", NAMESPACE)
    run(plane, "kubectl label namespace hydra-system pod-security.kubernetes.io/enforce=restricted")
    plane.until_populated(NAMESPACE)
    before = plane.wait(lambda: everything(plane), "all objects can be listed")

    run(plane, "helm install hydra-webhook manifests/chart --namespace hydra-system --create-namespace --wait")
    plane.wait(lambda: has_pods(plane, 2, released()), "Pod Security and quota admit both pods")
    fill(plane)
    state = filled(plane)

    run(
        plane,
        "helm upgrade hydra-webhook manifests/chart --namespace hydra-system --wait --reset-then-reuse-values "
        "--set image.repository=registry.example.com/hydra/hydra-runtime-webhook --set settings.cluster=work-1",
        "--set",
        "image.tag=9.9.9",
    )
    upgraded = f"registry.example.com/hydra/{image('9.9.9')}"
    plane.wait(lambda: has_pods(plane, 1, upgraded), "a pod of the next version beside those of the last")
    assert filled(plane) == state

    run(plane, "helm rollback hydra-webhook --namespace hydra-system --wait")
    assert rendering.container([plane.get("deployment", "hydra-webhook", NAMESPACE)])["image"] == released()
    assert filled(plane) == state

    url = "https://10.0.0.7/mutate"
    plane.helm("upgrade", "hydra-webhook", rendering.CHART, "-n", NAMESPACE, "--set", f"webhook.url={url}")
    configuration = plane.request("GET", f"{CONFIGURATIONS}/hydra-webhook")
    called = [webhook["clientConfig"] for webhook in configuration["webhooks"]]
    assert called == [{"url": url, "caBundle": authority} for authority in state["caBundle"]]

    run(plane, "helm uninstall hydra-webhook --namespace hydra-system --wait")
    plane.wait(lambda: not everything(plane) - before, "nothing is left that was not there before")


def test_the_api_server_takes_every_overlay_and_component_strictly(plane, foreign_kinds, tmp_path, namespace):
    plane.kubectl("create", "namespace", NAMESPACE)
    rendering.write_kustomization(tmp_path, "cert-manager", "global-cluster", "service-monitor", "hpa")
    moved = tmp_path / "moved"
    moved.mkdir()
    rendering.write_kustomization(moved, namespace=namespace, replacements=rendering.ANOTHER_NAMESPACE)
    overlays = rendering.MANIFESTS / "overlays"
    for folder in (overlays / "cert-manager", overlays / "global-cluster", tmp_path, moved):
        plane.kubectl("apply", "--dry-run=server", "--validate=strict", "--warnings-as-errors", "-k", folder)


@pytest.mark.thorough
def test_what_a_change_to_cert_manager_leaves_can_be_deleted_by_the_pages_command(plane, foreign_kinds):
    run(plane, "kubectl apply -k manifests/base")
    overlay = rendering.MANIFESTS / "overlays" / "cert-manager"
    plane.kubectl("apply", "-k", overlay)
    superfluous = {
        ("Secret", "hydra-webhook-ca"),
        ("ClusterRole", "hydra-webhook"),
        ("ClusterRoleBinding", "hydra-webhook"),
    }
    wanted = {(item["kind"], item["metadata"]["name"]) for item in rendering.kustomize(overlay)}
    assert versions(plane).keys() - wanted == superfluous
    run(
        plane,
        "kubectl --namespace hydra-system delete "
        "secret/hydra-webhook-ca clusterrole/hydra-webhook clusterrolebinding/hydra-webhook",
    )
    assert versions(plane).keys() <= wanted


NOTES = {
    "defaults": ("", "are denied while the webhook cannot respond. Pods"),
    "failing open": ("webhook.failurePolicy=Ignore", "(recordPolicy.enabled: true, action: Deny). Pods"),
    "a global cluster": (
        "globalCluster.kubeconfigSecret=other",
        "with the kubeconfig in Secret other (key kubeconfig)",
    ),
    "cert-manager": ("certificates.mode=cert-manager", "when cert-manager has created Secret hydra-webhook-tls"),
    "your own pair": (
        "certificates.mode=secret,certificates.secret.name=pair,webhook.url=https://h:8443/mutate",
        "The certificate in Secret pair must be valid for the name that API servers call:\n  h\n",
    ),
}


def test_helms_notes_explain_what_follows_from_the_values(plane, foreign_kinds):
    for case, (values, sentence) in NOTES.items():
        install = ("hydra-webhook", rendering.CHART, "-n", NAMESPACE, "--dry-run=client")
        assert sentence in plane.helm("install", *install, "--set", values).stdout, case


def test_the_account_in_the_global_cluster_may_read_the_templates_and_nothing_else(plane, tmp_path):
    plane.kubectl("create", "namespace", NAMESPACE)
    (script,) = re.findall(r"```sh\n(kubectl --context global .*?)```", PAGE, re.DOTALL)
    contexts = plane.kubectl("config", "view", "--raw", "--flatten", "--output=json").stdout
    config = json.loads(contexts)
    only = config["contexts"][0]["context"]
    config["contexts"] = [{"name": name, "context": only} for name in ("global", "work")]
    kubeconfig = tmp_path / "both"
    kubeconfig.write_text(json.dumps(config))
    (tmp_path / "manifests").symlink_to(rendering.MANIFESTS)
    shell(script, tmp_path, {"KUBECONFIG": str(kubeconfig), "GLOBAL_SERVER": plane.server})

    secret = plane.get("secret", "hydra-global-kubeconfig", NAMESPACE)
    reader = tmp_path / "reader"
    reader.write_bytes(base64.b64decode(secret["data"]["kubeconfig"]))
    config_maps = f"/api/v1/namespaces/{NAMESPACE}/configmaps?fieldSelector=metadata.name%3D"
    plane.kubectl("get", "--raw", f"{config_maps}hydra-runtime-template", kubeconfig=reader)
    refused = plane.kubectl("get", "--raw", f"{config_maps}hydra-agent", kubeconfig=reader, check=False)
    assert "Forbidden" in refused.stderr
    allowed = plane.kubectl("auth", "can-i", "--list", "-n", NAMESPACE, "--no-headers", kubeconfig=reader).stdout
    granted = [line for line in allowed.splitlines() if "hydra" in line]
    assert len(granted) == 1
    assert granted[0].split() == ["configmaps", "[]", "[hydra-runtime-template]", "[list", "watch]"]


def shell(script, folder, environ):
    """Run lines of docs/cluster.md as a user does, in a folder that contains `manifests/`."""
    kubectl = binaries.find("kubectl")
    assert kubectl
    path = f"{kubectl.parent}:{os.environ.get('PATH', os.defpath)}"
    command = ["bash", "-euo", "pipefail", "-c", script]
    done = subprocess.run(
        command,
        cwd=folder,
        env={"PATH": path, "HOME": str(folder), **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


ASKS = {"hydra.io/runtime": "vllm", "hydra.io/model-id": "qwen3"}


BARE = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "qwen3", "labels": ASKS},
    "spec": {"containers": [{"name": "main", "image": "auto"}]},
}


def refusal(plane, namespace):
    """Return why a bare pod is refused, or an empty string if it is admitted. Nothing is stored."""
    return plane.refusal("POST", f"/api/v1/namespaces/{namespace}/pods?dryRun=All", BARE)


BY_POLICY = "ValidatingAdmissionPolicy 'hydra-webhook-record'"
BY_WEBHOOK = 'failed calling webhook "pods.webhook.hydra.io"'


@pytest.fixture
def policy(plane, namespace):
    """The record policy alone, in effect: the API server may still know an earlier test's webhook configuration."""
    plane.create(*(item for item in rendering.kustomize() if item["kind"].startswith("ValidatingAdmissionPolicy")))
    plane.wait(lambda: BY_POLICY in refusal(plane, namespace), "the policy is in effect")
    return BY_POLICY


@pytest.fixture
def both(plane, policy):
    """Policy and webhook configuration, both in effect: the webhook is called first, so its refusal is the one reported."""
    plane.create(rendering.find(rendering.kustomize(), "MutatingWebhookConfiguration"))
    plane.wait(lambda: BY_WEBHOOK in refusal(plane, "default"), "the configuration is in effect")


def test_some_namespaces_are_exempt(plane, namespace, both):
    plane.kubectl("create", "namespace", NAMESPACE)
    plane.kubectl("label", "namespace", namespace, "hydra.io/inject=false")
    for exempt in (namespace, "kube-system", NAMESPACE):
        plane.wait(lambda place=exempt: refusal(plane, place) == "", f"{exempt} is exempt")
    assert refusal(plane, "default")


def test_kubectl_shows_which_policy_refused_which_pod_and_the_remedy(plane, namespace, policy):
    refused = plane.kubectl("create", "-n", namespace, "-f", "-", stdin=json.dumps(BARE), check=False)
    assert refused.stderr == (
        'Error from server (Forbidden): error when creating "STDIN": pods "qwen3" is forbidden: '
        "ValidatingAdmissionPolicy 'hydra-webhook-record' with binding 'hydra-webhook-record' denied request: "
        f"pod {namespace}/qwen3 requests runtime vllm, but the Hydra runtime webhook has not rendered it: it is not installed, "
        "was bypassed, or failed open. Check Deployment hydra-webhook in namespace hydra-system and "
        "MutatingWebhookConfiguration hydra-webhook, then create the pod again; or opt out with the label "
        'hydra.io/inject: "false".\n'
    )


def test_the_api_server_takes_the_pod_of_helm_test_and_the_built_in_runtimes(plane):
    plane.kubectl("create", "namespace", NAMESPACE)
    plane.kubectl("label", "namespace", NAMESPACE, "pod-security.kubernetes.io/enforce=restricted")
    rendered = rendering.helm({"builtinRuntimes": True}, tests=True)
    wanted = [item for item in rendered if item["kind"] in {"Pod", "ConfigMap"}]
    assert len(wanted) == 5

    stream = "---\n".join(json.dumps(item) + "\n" for item in wanted)
    plane.kubectl("apply", "--validate=strict", "--warnings-as-errors", "-f", "-", stdin=stream)
