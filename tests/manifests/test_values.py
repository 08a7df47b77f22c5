"""Every value of the chart is documented, accepted and used, and Helm rejects invalid values before it changes anything."""

import json
import re

import pytest
import yaml

from tests.manifests import rendering

AUTHORITY = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
DIGEST = f"sha256:{'0' * 64}"
OWN_PAIR = {
    "certificates.mode": "secret",
    "certificates.secret.name": "pair",
    "certificates.secret.caBundle": AUTHORITY,
}
BY_CERT_MANAGER = {"certificates.mode": "cert-manager"}
WHOLE = ("resources",)
"""Maps with defaults that are documented as one value."""


def nested(values):
    """Return values that are given by dotted path in the nested form that Helm takes."""
    result = {}
    for path, value in values.items():
        *parents, last = path.split(".")
        place = result
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = value
    return result


def leaves(values, prefix=""):
    for key, value in values.items():
        path = prefix + key
        if isinstance(value, dict) and value and path not in WHOLE:
            yield from leaves(value, f"{path}.")
        else:
            yield path, value


DEFAULTS = dict(leaves(yaml.safe_load((rendering.CHART / "values.yaml").read_text())))


def pod(rendered):
    return rendering.find(rendered, "Deployment")["spec"]["template"]


def webhook(rendered):
    """Return the fields that are equal in both webhooks."""
    first, second = rendering.find(rendered, "MutatingWebhookConfiguration")["webhooks"]
    return {field: value for field, value in first.items() if second.get(field) == value}


def certificate(rendered):
    return rendering.find(rendered, "Certificate")["spec"]


def quota(rendered):
    return rendering.find(rendered, "ResourceQuota")["spec"]["scopeSelector"]["matchExpressions"][0]["values"]


def policy(rendered):
    return rendering.find(rendered, "ValidatingAdmissionPolicyBinding", "hydra-webhook-record")["spec"]


def policies(rendered):
    return [item["metadata"]["name"] for item in rendered if item["kind"] == "ValidatingAdmissionPolicy"]


def monitor(rendered):
    return rendering.find(rendered, "ServiceMonitor")


def autoscaler(rendered):
    return rendering.find(rendered, "HorizontalPodAutoscaler")["spec"]


def kinds(rendered):
    return sorted(rendering.kinds(rendered))


def variable(name):
    return lambda rendered: rendering.environment(rendered).get(name)


def config_maps(rendered):
    """Return the texts of the configurations, by ConfigMap."""
    found = [item for item in rendered if item["kind"] == "ConfigMap" and "data" in item]
    assert all(item["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"} for item in found)
    return {item["metadata"]["name"]: item["data"]["config.yaml"] for item in found}


BUILT_IN = {
    path.stem: path.read_text(encoding="utf-8")
    for path in (rendering.MANIFESTS.parent / "webhook" / "catalog" / "builtin").glob("*.yaml")
}

OWN = "$(HYDRA_WEBHOOK_NAMESPACE)"  # which the kubelet replaces
URL = "https://hooks.example.com:8443/mutate"
GPU_NODES = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": []}}}
TOLERATION = {"key": "control-plane", "operator": "Exists"}

# values, how to read the result, the expected result
USED = [
    ({"image.repository": "r.example/h/w"}, lambda r: rendering.container(r)["image"].split(":")[0], "r.example/h/w"),
    ({"image.tag": "9.9.9"}, lambda r: rendering.container(r)["image"], "hydra-runtime-webhook:9.9.9"),
    ({"image.digest": DIGEST}, lambda r: rendering.container(r)["image"], f"hydra-runtime-webhook@{DIGEST}"),
    ({"image.pullPolicy": "Always"}, lambda r: rendering.container(r)["imagePullPolicy"], "Always"),
    ({"image.pullSecrets": ["a", "b"]}, lambda r: pod(r)["spec"]["imagePullSecrets"], [{"name": "a"}, {"name": "b"}]),
    ({"replicas": 3}, lambda r: rendering.find(r, "Deployment")["spec"]["replicas"], 3),
    (
        {"resources": {"limits": {"cpu": 2}}},
        lambda r: rendering.container(r)["resources"],
        {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"cpu": 2, "memory": "768Mi"}},
    ),
    ({"priorityClassName": "hydra"}, lambda r: pod(r)["spec"]["priorityClassName"], "hydra"),
    ({"priorityClassName": "system-node-critical"}, quota, ["system-node-critical"]),
    ({"priorityClassName": ""}, lambda r: "ResourceQuota" in kinds(r), False),
    ({"nodeSelector": {"a": "b"}}, lambda r: pod(r)["spec"]["nodeSelector"], {"a": "b"}),
    ({"tolerations": [TOLERATION]}, lambda r: pod(r)["spec"]["tolerations"], [TOLERATION]),
    ({"affinity": GPU_NODES}, lambda r: pod(r)["spec"]["affinity"], GPU_NODES),
    ({"podLabels": {"team": "x"}}, lambda r: pod(r)["metadata"]["labels"]["team"], "x"),
    ({"podAnnotations": {"note": "true"}}, lambda r: pod(r)["metadata"]["annotations"], {"note": "true"}),
    ({"logFormat": "console"}, variable("HYDRA_WEBHOOK_LOG_FORMAT"), "console"),
    ({"drainSeconds": 20}, variable("HYDRA_WEBHOOK_DRAIN_SECONDS"), "20"),
    ({"drainSeconds": 20}, lambda r: pod(r)["spec"]["terminationGracePeriodSeconds"], 45),
    ({"settings.cluster": "work-1"}, variable("HYDRA_WEBHOOK_CLUSTER"), "work-1"),
    ({"settings.modelPath": "/models/{x}: y"}, variable("HYDRA_WEBHOOK_MODEL_PATH"), "/models/{x}: y"),
    ({"settings.modelHost": "::"}, variable("HYDRA_WEBHOOK_MODEL_HOST"), "::"),
    ({"settings.modelPort": 8080}, variable("HYDRA_WEBHOOK_MODEL_PORT"), "8080"),
    ({"settings.rayPort": 6380}, variable("HYDRA_WEBHOOK_RAY_PORT"), "6380"),
    (
        {"settings.knownKeys": ["hydra.io/a", "hydra.io/b"]},
        variable("HYDRA_WEBHOOK_KNOWN_KEYS"),
        "hydra.io/a,hydra.io/b",
    ),
    ({"webhook.failurePolicy": "Ignore"}, lambda r: webhook(r)["failurePolicy"], "Ignore"),
    (
        {"webhook.failurePolicy": "Ignore", "webhook.admitUnrendered": True, "recordPolicy.enabled": False},
        lambda r: webhook(r)["failurePolicy"],
        "Ignore",
    ),
    ({"webhook.timeoutSeconds": 10}, lambda r: webhook(r)["timeoutSeconds"], 10),
    ({"webhook.url": URL}, lambda r: webhook(r)["clientConfig"], {"url": URL}),
    (
        {"webhook.url": URL},
        variable("HYDRA_WEBHOOK_CERT_HOST"),
        f"hydra-webhook.{OWN}.svc hydra-webhook.{OWN}.svc.cluster.local hooks.example.com",
    ),
    ({"webhook.url": URL} | BY_CERT_MANAGER, lambda r: certificate(r)["dnsNames"][2:], ["hooks.example.com"]),
    (
        {"webhook.url": "https://10.0.0.7/mutate"} | BY_CERT_MANAGER,
        lambda r: certificate(r)["ipAddresses"],
        ["10.0.0.7"],
    ),
    (
        {"webhook.url": "https://[fd00::7]:1/mutate"} | BY_CERT_MANAGER,
        lambda r: certificate(r)["ipAddresses"],
        ["fd00::7"],
    ),
    (
        {"webhook.excludedNamespaces": ["a", "b"]},
        lambda r: webhook(r)["namespaceSelector"]["matchExpressions"][0]["values"],
        ["kube-system", "hydra-system", "a", "b"],
    ),
    ({"recordPolicy.enabled": False}, policies, ["hydra-webhook-account"]),
    ({"recordPolicy.action": "Warn"}, lambda r: policy(r)["validationActions"], ["Warn"]),
    (BY_CERT_MANAGER, lambda r: kinds(r).count("Certificate"), 1),
    (
        BY_CERT_MANAGER | {"certificates.certManager.issuer": {"name": "corporate", "kind": "ClusterIssuer"}},
        lambda r: (certificate(r)["issuerRef"], "Issuer" in kinds(r)),
        ({"name": "corporate", "kind": "ClusterIssuer"}, False),
    ),
    (OWN_PAIR, lambda r: pod(r)["spec"]["volumes"][0]["secret"]["secretName"], "pair"),
    (
        OWN_PAIR,
        lambda r: webhook(r)["clientConfig"]["caBundle"],
        "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUIKLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo=",
    ),
    (OWN_PAIR, lambda r: {"Secret", "ClusterRoleBinding", "Certificate"} & set(kinds(r)), set()),
    (
        {"certificates.mode": "secret", "certificates.secret.name": "pair", "webhook.url": URL},
        lambda r: webhook(r)["clientConfig"],
        {"url": URL},
    ),
    ({"extraEnv": [{"name": "HTTPS_PROXY", "value": "http://p:1"}]}, variable("HTTPS_PROXY"), "http://p:1"),
    (
        {"extraEnv": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}]},
        lambda r: rendering.container(r)["env"][-1],
        {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
    ),
    ({"builtinRuntimes": True}, config_maps, BUILT_IN),
    (
        {"builtinRuntimes": True, "globalCluster.kubeconfigSecret": "other"},
        config_maps,
        {"hydra-agent": BUILT_IN["hydra-agent"]},
    ),
    ({"followWorkloads": True}, variable("HYDRA_WEBHOOK_FOLLOW_WORKLOADS"), "true"),
    (
        {"globalCluster.kubeconfigSecret": "other"},
        lambda r: pod(r)["spec"]["volumes"][0]["secret"]["secretName"],
        "other",
    ),
    ({"networkPolicy.enabled": False}, lambda r: "NetworkPolicy" in kinds(r), False),
    (
        {"networkPolicy.metricsNamespaces": ["a", "b"]},
        lambda r: rendering.find(r, "NetworkPolicy")["spec"]["ingress"][1]["from"][0]["namespaceSelector"][
            "matchExpressions"
        ],
        [{"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["a", "b"]}],
    ),
    (
        {"networkPolicy.metricsNamespaces": []},
        lambda r: [rule["ports"][0]["port"] for rule in rendering.find(r, "NetworkPolicy")["spec"]["ingress"]],
        ["https"],
    ),
    (
        {"networkPolicy.apiServerPorts": [16443]},
        lambda r: rendering.find(r, "NetworkPolicy")["spec"]["egress"][1]["ports"],
        [{"protocol": "TCP", "port": 16443}],
    ),
    ({"serviceMonitor.enabled": True}, lambda r: monitor(r)["spec"]["endpoints"][0]["interval"], "30s"),
    (
        {"serviceMonitor.enabled": True, "serviceMonitor.interval": "1m30s"},
        lambda r: monitor(r)["spec"]["endpoints"][0]["interval"],
        "1m30s",
    ),
    (
        {"serviceMonitor.enabled": True, "serviceMonitor.labels": {"release": "prometheus"}},
        lambda r: monitor(r)["metadata"]["labels"]["release"],
        "prometheus",
    ),
    ({"hpa.enabled": True}, lambda r: "replicas" in rendering.find(r, "Deployment")["spec"], False),
    ({"hpa.enabled": True, "hpa.minReplicas": 3}, lambda r: autoscaler(r)["minReplicas"], 3),
    ({"hpa.enabled": True, "hpa.maxReplicas": 9}, lambda r: autoscaler(r)["maxReplicas"], 9),
    (
        {"hpa.enabled": True, "hpa.averageCPU": "250m"},
        lambda r: autoscaler(r)["metrics"][0]["resource"]["target"]["averageValue"],
        "250m",
    ),
]


@pytest.mark.parametrize(("values", "read", "expected"), USED, ids=[", ".join(values) for values, *_ in USED])
def test_a_value_is_accepted_and_used(values, read, expected):
    assert read(rendering.helm(nested(values))) == expected


def test_every_value_is_documented_with_its_default_and_tested_here():
    page = (rendering.CHART / "README.md").read_text()
    documented = dict(re.findall(r"^\| `([\w.]+)` \| ([^|]+) \|", page, re.MULTILINE))
    assert documented.keys() == DEFAULTS.keys()
    assert {path for values, *_ in USED for path in values} == DEFAULTS.keys()
    for path, default in DEFAULTS.items():
        if path not in WHOLE:
            shown = default if default and isinstance(default, str) else json.dumps(default)
            assert documented[path] == f"`{shown}`", path


REJECTED = [
    ({"replica": 3}, "additional properties 'replica' not allowed"),
    ({"image.name": "x"}, "at '/image': additional properties 'name' not allowed"),
    ({"certificates.certManager.issuerRef": {}}, "additional properties 'issuerRef' not allowed"),
    ({"resources.request": {}}, "at '/resources': additional properties 'request' not allowed"),
    ({"affinity": {"node": {}}}, "at '/affinity': additional properties 'node' not allowed"),
    ({"replicas": 0}, "at '/replicas': minimum: got 0, want 1"),
    ({"replicas": "3"}, "at '/replicas': got string, want integer"),
    ({"image.tag": 1.1}, "at '/image/tag': got number, want string"),
    ({"image.repository": "Not An Image"}, "at '/image/repository': 'Not An Image' does not match pattern"),
    ({"image.digest": "sha256:abc"}, "at '/image/digest': 'sha256:abc' does not match pattern"),
    ({"image.pullPolicy": "always"}, "at '/image/pullPolicy': value must be one of 'Always', 'IfNotPresent', 'Never'"),
    ({"image.pullSecrets": [{"name": "a"}]}, "at '/image/pullSecrets/0': got object, want string"),
    ({"resources": {"limits": {"memory": "1 GB"}}}, "at '/resources/limits/memory': '1 GB' does not match pattern"),
    ({"nodeSelector": {"gpu": True}}, "at '/nodeSelector/gpu': got boolean, want string"),
    ({"podLabels": {"hydra.io/runtime": "vllm"}}, "at '/podLabels/hydra.io~1runtime': false schema"),
    ({"podLabels": {"app.kubernetes.io/name": "x"}}, "at '/podLabels/app.kubernetes.io~1name': false schema"),
    ({"logFormat": "text"}, "at '/logFormat': value must be one of 'json', 'console', 'auto'"),
    ({"drainSeconds": -1}, "at '/drainSeconds': minimum: got -1, want 0"),
    ({"extraEnv": [{"value": "x"}]}, "at '/extraEnv/0': missing property 'name'"),
    ({"extraEnv": [{"name": "A", "value": 1}]}, "at '/extraEnv/0/value': got number, want string"),
    ({"extraEnv": {"A": "x"}}, "at '/extraEnv': got object, want array"),
    ({"builtinRuntimes": "yes"}, "at '/builtinRuntimes': got string, want boolean"),
    ({"settings.modelPath": "models"}, "at '/settings/modelPath': 'models' does not match pattern"),
    ({"settings.modelPort": 70000}, "at '/settings/modelPort': maximum: got 70,000, want 65,535"),
    ({"webhook.failurePolicy": "Open"}, "at '/webhook/failurePolicy': value must be one of 'Fail', 'Ignore'"),
    *(
        (
            {"webhook.failurePolicy": "Ignore", **values},
            "Set recordPolicy.action to Deny, or confirm with webhook.admit",
        )
        for values in (
            {"recordPolicy.enabled": False},
            {"recordPolicy.action": "Warn"},
            {"recordPolicy.action": "Audit"},
        )
    ),
    ({"webhook.admitUnrendered": "yes"}, "at '/webhook/admitUnrendered': got string, want boolean"),
    ({"webhook.timeoutSeconds": 31}, "at '/webhook/timeoutSeconds': maximum: got 31, want 30"),
    ({"webhook.url": "http://10.0.0.7/mutate"}, "at '/webhook/url': 'http://10.0.0.7/mutate' does not match pattern"),
    ({"webhook.url": "https://u:p@h/mutate"}, "at '/webhook/url': 'https://u:p@h/mutate' does not match pattern"),
    ({"webhook.url": "https://h"}, "at '/webhook/url': 'https://h' does not match pattern"),
    ({"webhook.excludedNamespaces": ["A b"]}, "at '/webhook/excludedNamespaces/0': 'A b' does not match pattern"),
    ({"recordPolicy.action": "Refuse"}, "at '/recordPolicy/action': value must be one of 'Deny', 'Warn', 'Audit'"),
    (
        {"certificates.mode": "certmanager"},
        "at '/certificates/mode': value must be one of 'self-managed', 'cert-manager', 'secret'",
    ),
    ({"certificates.mode": "secret"}, "at '/certificates/secret/name': minLength: got 0, want 1"),
    (
        {"certificates.mode": "secret", "certificates.secret.name": "pair"},
        "at '/certificates/secret/caBundle': minLength: got 0, want 1",
    ),
    ({"certificates.secret.caBundle": "LS0tLS1C"}, "at '/certificates/secret/caBundle': 'LS0tLS1C' does not match"),
    ({"certificates.certManager.issuer": {"kind": "Issuer"}}, "properties 'name' required, if 'kind' exists"),
    ({"followWorkloads": "yes"}, "at '/followWorkloads': got string, want boolean"),
    ({"globalCluster.kubeconfigSecret": "A"}, "at '/globalCluster/kubeconfigSecret'"),
    ({"networkPolicy.apiServerPorts": []}, "at '/networkPolicy/apiServerPorts': minItems: got 0, want 1"),
    ({"networkPolicy.enabled": "yes"}, "at '/networkPolicy/enabled': got string, want boolean"),
    ({"serviceMonitor.interval": "30"}, "at '/serviceMonitor/interval': '30' does not match pattern"),
    ({"hpa.averageCPU": "half"}, "at '/hpa/averageCPU': 'half' does not match pattern"),
]


@pytest.mark.parametrize(("values", "message"), REJECTED, ids=[json.dumps(values) for values, _ in REJECTED])
def test_an_invalid_value_is_rejected_by_name(values, message):
    with pytest.raises(rendering.RenderError) as rejection:
        rendering.helm(nested(values))
    assert message in str(rejection.value)


def test_the_chart_ships_the_runtimes_of_the_webhook():
    """After a change of a built-in runtime: cp webhook/catalog/builtin/*.yaml manifests/chart/files/"""
    shipped = {path.stem: path.read_text(encoding="utf-8") for path in (rendering.CHART / "files").glob("*.yaml")}

    assert shipped == BUILT_IN


def test_the_chart_can_be_a_dependency_of_a_chart_with_global_values():
    assert rendering.helm({"global": {"imageRegistry": "r.example"}}) == rendering.helm()


@pytest.mark.parametrize(
    "values",
    [{}, BY_CERT_MANAGER, OWN_PAIR, {"hpa.enabled": True, "serviceMonitor.enabled": True, "webhook.url": URL}],
    ids=["defaults", "cert-manager", "an own pair", "options"],
)
def test_helm_lint_reports_nothing(values):
    rendering.lint(nested(values))


def test_another_release_name_and_namespace_are_used_everywhere():
    rendered = rendering.helm({}, "--namespace", "platform", release="hooks")
    text = json.dumps(rendered)
    assert "hydra-system" not in text
    assert {item["metadata"]["labels"]["app.kubernetes.io/instance"] for item in rendered} == {"hooks"}
    by_cert_manager = rendering.helm(nested(BY_CERT_MANAGER), "--namespace", "platform")
    assert certificate(by_cert_manager)["dnsNames"][0] == "hydra-webhook.platform.svc"
