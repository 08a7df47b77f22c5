"""A real API server that presents a certificate to the webhook, and one whose certificate the webhook does not accept."""

import base64
import json

import pytest

from tests.controlplane.objects import pod_spec
from tests.controlplane.plane import ControlPlane
from tests.controlplane.replica import Replica
from tests.server.client_certificates import ClientAuthority

AUTHORITY = ClientAuthority()

#: The object that docs/server.md shows, with the paths of this test.
ADMISSION = """
apiVersion: apiserver.config.k8s.io/v1
kind: AdmissionConfiguration
plugins:
  - name: MutatingAdmissionWebhook
    configuration:
      apiVersion: apiserver.config.k8s.io/v1
      kind: WebhookAdmissionConfiguration
      kubeConfigFile: {kubeconfig}
"""


@pytest.fixture(scope="module")
def presenting(tmp_path_factory):
    """A cluster whose API server presents a certificate for the name kube-apiserver to every webhook."""
    folder = tmp_path_factory.mktemp("client-certificates")
    pem, key = AUTHORITY.issue("kube-apiserver")
    (folder / "client.crt").write_bytes(pem)
    (folder / "client.key").write_bytes(key)
    (folder / "clients.crt").write_bytes(AUTHORITY.pem)
    user = {"client-certificate": str(folder / "client.crt"), "client-key": str(folder / "client.key")}
    kubeconfig = {"apiVersion": "v1", "kind": "Config", "users": [{"name": "*", "user": user}]}
    (folder / "webhooks.kubeconfig").write_text(json.dumps(kubeconfig))
    (folder / "admission.yaml").write_text(ADMISSION.format(kubeconfig=folder / "webhooks.kubeconfig"))
    with ControlPlane(options=[f"--admission-control-config-file={folder / 'admission.yaml'}"]) as plane:
        yield plane, folder


def answer(plane, folder, name, allowed_names):
    """Create a labelled pod with a webhook that accepts these names; return kubectl's result and the pods, by name."""
    environ = {
        "HYDRA_WEBHOOK_CA_FILE": str(folder / f"{name}-ca.crt"),
        "HYDRA_WEBHOOK_CLIENT_CA_FILE": str(folder / "clients.crt"),
        "HYDRA_WEBHOOK_CLIENT_ALLOWED_NAMES": allowed_names,
        "KUBECONFIG": "",
    }
    replica = Replica(plane, name, environ)
    plane.wait(lambda: replica.port, "the webhook serves")
    webhook = {
        "name": "pods.webhook.hydra.io",
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]}],
        "objectSelector": {"matchExpressions": [{"key": "hydra.io/runtime", "operator": "Exists"}]},
        "clientConfig": {
            "url": f"https://127.0.0.1:{replica.port}/mutate",
            "caBundle": base64.b64encode((folder / f"{name}-ca.crt").read_bytes()).decode(),
        },
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
    }
    configuration = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": name},
        "webhooks": [webhook],
    }
    labels = {"hydra.io/runtime": "vllm-cpu", "hydra.io/model-id": "qwen"}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default", "labels": labels}}
    plane.put(configuration)

    def called():
        """Create the pod until the API server has noticed the webhook."""
        plane.kubectl("delete", "pod", name, "--ignore-not-found", "--force", "--grace-period=0")
        created = plane.kubectl("create", "-f", "-", stdin=json.dumps({**pod, "spec": pod_spec()}), check=False)
        noticed = created.returncode or "command" in plane.get("pod", name)["spec"]["containers"][0]
        return created if noticed else None

    try:
        return plane.wait(called, "the API server calls the webhook")
    finally:
        plane.kubectl("delete", "mutatingwebhookconfiguration", name)
        plane.end(name)


def test_an_api_server_with_the_right_certificate_is_answered(presenting):
    assert answer(*presenting, "accepted", "kube-apiserver").returncode == 0


def test_a_certificate_for_another_name_is_refused_with_the_reason(presenting):
    refused = answer(*presenting, "refused", "front-proxy-client")

    assert refused.returncode == 1
    assert "kube-apiserver" in refused.stderr
    assert "--client-allowed-names" in refused.stderr
