"""kustomize and Helm create the same objects."""

import pytest
import yaml

import webhook
from tests.manifests import rendering

CERT_MANAGER = {"certificates": {"mode": "cert-manager"}}
GLOBAL_CLUSTER = {"globalCluster": {"kubeconfigSecret": "hydra-global-kubeconfig"}}
SERVICE_MONITOR = {"serviceMonitor": {"enabled": True}}
HPA = {"hpa": {"enabled": True}}
FOLLOW_WORKLOADS = {"followWorkloads": True}

SETUPS = {
    "the base": ((), {}),
    "cert-manager": (("cert-manager",), CERT_MANAGER),
    "a global cluster": (("global-cluster",), GLOBAL_CLUSTER),
    "a service monitor": (("service-monitor",), SERVICE_MONITOR),
    "an autoscaler": (("hpa",), HPA),
    "followed workloads": (("follow-workloads",), FOLLOW_WORKLOADS),
    "everything": (
        ("cert-manager", "global-cluster", "service-monitor", "hpa", "follow-workloads"),
        CERT_MANAGER | GLOBAL_CLUSTER | SERVICE_MONITOR | HPA | FOLLOW_WORKLOADS,
    ),
}


def comparable(objects):
    """Return objects by kind, namespace and name, without Helm's labels and the Namespace, which only kustomize creates.

    The kustomize in kubectl gives policies the kustomization's namespace, which the API server drops (see test_manifests).
    """
    found = {}
    for item in objects:
        if item["kind"] != "Namespace":
            metadata = item["metadata"]
            for label in rendering.HELM_LABELS:
                metadata["labels"].pop(label, None)
            if item["kind"].startswith("ValidatingAdmissionPolicy"):
                metadata.pop("namespace", None)
            found[item["kind"], metadata.get("namespace"), metadata["name"]] = item
    return found


@pytest.mark.parametrize(("components", "values"), SETUPS.values(), ids=SETUPS)
def test_kustomize_and_helm_render_the_same_objects(components, values):
    by_kustomize = comparable(rendering.base_with(*components))
    by_helm = comparable(rendering.helm(values))
    assert by_kustomize.keys() == by_helm.keys()
    for identity, item in by_kustomize.items():
        assert item == by_helm[identity], identity


@pytest.mark.parametrize(("components", "values"), SETUPS.values(), ids=SETUPS)
def test_in_another_namespace_they_render_the_same_objects_too(components, values):
    settings = {"namespace": "platform", "replacements": rendering.ANOTHER_NAMESPACE}
    by_kustomize = rendering.base_with(*components, **settings)
    by_helm = comparable(rendering.helm(values, "--namespace", "platform"))
    assert rendering.find(by_kustomize, "Namespace", "platform")
    found = comparable(by_kustomize)
    assert found.keys() == by_helm.keys()
    for identity, item in found.items():
        assert item == by_helm[identity], identity


def test_the_certificate_has_the_host_name_that_the_webhook_configuration_calls_in_any_namespace():
    rendered = rendering.base_with(namespace="platform")
    webhooks = rendering.find(rendered, "MutatingWebhookConfiguration")["webhooks"]
    called = {(one["clientConfig"]["service"]["name"], one["clientConfig"]["service"]["namespace"]) for one in webhooks}
    assert called == {("hydra-webhook", "platform")}
    own = "$(HYDRA_WEBHOOK_NAMESPACE)"  # which the kubelet replaces
    hosts = rendering.environment(rendered)["HYDRA_WEBHOOK_CERT_HOST"]
    assert hosts == f"hydra-webhook.{own}.svc hydra-webhook.{own}.svc.cluster.local"
    # A reference works only to a variable that comes earlier.
    names = [variable["name"] for variable in rendering.container(rendered)["env"]]
    assert names.index("HYDRA_WEBHOOK_NAMESPACE") < names.index("HYDRA_WEBHOOK_CERT_HOST")


@pytest.mark.parametrize("component", ["cert-manager", "global-cluster"])
def test_an_overlay_is_the_base_with_its_component(component):
    overlay = rendering.kustomize(rendering.MANIFESTS / "overlays" / component)
    assert overlay == rendering.base_with(component)


def test_components_can_be_combined_in_any_order():
    there = comparable(rendering.base_with("cert-manager", "global-cluster"))
    back = comparable(rendering.base_with("global-cluster", "cert-manager"))
    assert there["Role", "hydra-system", "hydra-webhook"] == back["Role", "hydra-system", "hydra-webhook"]
    assert there.keys() == back.keys()
    assert rendering.environment(there.values()) == rendering.environment(back.values())


def test_the_image_tag_is_the_version_of_the_package():
    chart = yaml.safe_load((rendering.CHART / "Chart.yaml").read_text())
    assert chart["version"] == chart["appVersion"] == webhook.__version__
    image = f"hydra-runtime-webhook:{webhook.__version__}"
    assert rendering.container(rendering.kustomize())["image"] == image
    assert rendering.container(rendering.helm())["image"] == image


def test_every_object_but_the_namespace_has_the_labels_of_the_installation():
    for item in rendering.base_with("cert-manager", "service-monitor", "hpa", "follow-workloads"):
        labels = item["metadata"]["labels"]
        ours = {key: value for key, value in labels.items() if key.startswith("app.kubernetes.io/")}
        expected = {"name": "hydra-webhook", "instance": "hydra-webhook", "part-of": "hydra"}
        if item["kind"] == "Namespace":
            assert ours == {}
        else:
            assert ours == {f"app.kubernetes.io/{key}": value for key, value in expected.items()}, item["metadata"]
