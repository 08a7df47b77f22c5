"""The manifests keep their promises: what is intercepted, minimal permissions, a restricted pod, and a clean shutdown."""

import pytest
import typer

from tests.manifests import rendering
from webhook import cli

PODS = "pods.webhook.hydra.io"
GROUPS = "leaderworkersets.webhook.hydra.io"


@pytest.fixture(scope="module")
def base():
    return rendering.kustomize()


def webhooks(objects):
    return {webhook["name"]: webhook for webhook in rendering.find(objects, "MutatingWebhookConfiguration")["webhooks"]}


def rule(group, resource, *operations):
    return {
        "apiGroups": [group],
        "apiVersions": ["v1"],
        "resources": [resource],
        "operations": list(operations),
        "scope": "Namespaced",
    }


LABELLED = [
    {"key": "hydra.io/runtime", "operator": "Exists"},
    {"key": "hydra.io/inject", "operator": "NotIn", "values": ["false"]},
]
NAMESPACES = [
    {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["kube-system", "hydra-system"]},
    {"key": "hydra.io/inject", "operator": "NotIn", "values": ["false"]},
]
SERVICE = {"service": {"name": "hydra-webhook", "namespace": "hydra-system", "port": 443, "path": "/mutate"}}

INTERCEPTED = [
    (PODS, "rules", [rule("", "pods", "CREATE")]),
    (GROUPS, "rules", [rule("leaderworkerset.x-k8s.io", "leaderworkersets", "CREATE", "UPDATE")]),
    *(
        (name, field, value)
        for name in (PODS, GROUPS)
        for field, value in {
            "clientConfig": SERVICE,
            "objectSelector": {"matchExpressions": LABELLED},
            "namespaceSelector": {"matchExpressions": NAMESPACES},
            "failurePolicy": "Fail",
            "sideEffects": "None",
            "reinvocationPolicy": "IfNeeded",
            "matchPolicy": "Equivalent",
            "timeoutSeconds": 5,
            "admissionReviewVersions": ["v1"],
        }.items()
    ),
]


@pytest.mark.parametrize(("name", "field", "value"), INTERCEPTED, ids=lambda value: value if type(value) is str else "")
def test_the_webhooks_intercept_what_the_contract_requires(base, name, field, value):
    assert webhooks(base)[name][field] == value


def test_there_are_two_webhooks_with_match_conditions(base):
    conditions = {name: [one["name"] for one in webhook["matchConditions"]] for name, webhook in webhooks(base).items()}
    assert conditions == {
        PODS: ["not-a-mirror-pod", "not-rendered"],
        GROUPS: ["not-being-deleted", "new-or-changed-for-the-webhook"],
    }


def test_the_policy_for_pods_matches_the_same_pods_as_the_webhook(base):
    policy = rendering.find(base, "ValidatingAdmissionPolicy", "hydra-webhook-record")["spec"]
    pods = webhooks(base)[PODS]
    constraints = policy["matchConstraints"]
    assert constraints["resourceRules"] == pods["rules"]
    for selector in ("objectSelector", "namespaceSelector"):
        assert constraints[selector] == pods[selector]
    assert policy["matchConditions"] == pods["matchConditions"]
    binding = rendering.find(base, "ValidatingAdmissionPolicyBinding", "hydra-webhook-record")["spec"]
    assert binding == {"policyName": "hydra-webhook-record", "validationActions": ["Deny"]}


def test_the_policy_for_leaderworkersets_matches_the_same_objects_as_the_webhook(base):
    name = "hydra-webhook-record-leaderworkersets"
    policy = rendering.find(base, "ValidatingAdmissionPolicy", name)["spec"]
    groups = webhooks(base)[GROUPS]
    constraints = policy["matchConstraints"]
    assert constraints["resourceRules"] == groups["rules"]
    for selector in ("objectSelector", "namespaceSelector"):
        assert constraints[selector] == groups[selector]
    binding = rendering.find(base, "ValidatingAdmissionPolicyBinding", name)["spec"]
    assert binding == {"policyName": name, "validationActions": ["Deny"]}


READ = [("configmaps", ["hydra-agent", "hydra-gpu-configs", "hydra-runtime-template"], ["list", "watch"])]
READ_HERE = [("configmaps", ["hydra-agent", "hydra-gpu-configs"], ["list", "watch"])]
KEEP = [("configmaps", ["hydra-webhook-cache", "hydra-webhook-state"], ["get", "update"])]
SIGN = [("secrets", ["hydra-webhook-ca"], ["get", "update"])]
TRUST = [("mutatingwebhookconfigurations", ["hydra-webhook"], ["list", "watch", "patch"])]
STATE = ["hydra-webhook-cache", "hydra-webhook-state"]
FOR_PEOPLE = [("configmaps", [*STATE, "hydra-agent", "hydra-gpu-configs", "hydra-runtime-template"], ["get"])]


@pytest.mark.parametrize(
    ("components", "role", "cluster_role"),
    [
        ((), READ + KEEP + SIGN, FOR_PEOPLE + TRUST),
        (("cert-manager",), READ + KEEP, FOR_PEOPLE),
        (("global-cluster",), READ_HERE + KEEP + SIGN, FOR_PEOPLE + TRUST),
        (("cert-manager", "global-cluster"), READ_HERE + KEEP, FOR_PEOPLE),
    ],
    ids=["base", "cert-manager", "global-cluster", "both"],
)
def test_every_permission_is_listed_here_and_restricted_by_name(components, role, cluster_role):
    rendered = rendering.base_with(*components)
    granted = {"Role": [], "ClusterRole": []}
    for item in rendered:
        if item["kind"] in granted:
            granted[item["kind"]] += [
                (*rule["resources"], rule["resourceNames"], rule["verbs"]) for rule in item["rules"]
            ]
    assert {kind: sorted(rules) for kind, rules in granted.items()} == {
        "Role": sorted(role),
        "ClusterRole": cluster_role,
    }


def test_following_workloads_adds_permission_to_list_and_watch_them_and_the_option():
    base = rendering.kustomize()
    rendered = rendering.base_with("follow-workloads")
    added = [item for item in rendered if item not in base and item["kind"] != "Deployment"]
    assert [(item["kind"], item["metadata"]["name"]) for item in added] == [
        ("ClusterRole", "hydra-webhook-workloads"),
        ("ClusterRoleBinding", "hydra-webhook-workloads"),
    ]
    assert added[0]["rules"] == [
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["list", "watch"]},
        {"apiGroups": ["leaderworkerset.x-k8s.io"], "resources": ["leaderworkersets"], "verbs": ["list", "watch"]},
    ]
    more = rendering.environment(rendered).items() - rendering.environment(base).items()
    assert more == {("HYDRA_WEBHOOK_FOLLOW_WORKLOADS", "true")}


def test_with_cert_manager_the_webhook_manages_no_certificates():
    rendered = rendering.kustomize(rendering.MANIFESTS / "overlays" / "cert-manager")
    environment = rendering.environment(rendered)
    assert environment["HYDRA_WEBHOOK_CERT_DIR"] == "/etc/hydra-webhook/tls"
    assert not environment.keys() & {"HYDRA_WEBHOOK_WEBHOOK_CONFIGURATION", "HYDRA_WEBHOOK_CERT_HOST"}
    assert "Secret" not in rendering.kinds(rendered)
    annotations = rendering.find(rendered, "MutatingWebhookConfiguration")["metadata"]["annotations"]
    assert annotations == {"cert-manager.io/inject-ca-from": "hydra-system/hydra-webhook"}


def test_the_objects_that_the_webhook_fills_are_created_empty(base):
    for item in (
        rendering.find(base, "Secret", "hydra-webhook-ca"),
        rendering.find(base, "ConfigMap", "hydra-webhook-cache"),
        rendering.find(base, "ConfigMap", "hydra-webhook-state"),
    ):
        assert not item.keys() & {"data", "stringData", "binaryData", "immutable"}
    assert not any("caBundle" in webhook["clientConfig"] for webhook in webhooks(base).values())


def test_the_container_has_no_privileges_and_can_write_only_to_memory(base):
    pod = rendering.find(base, "Deployment")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 65532,
        "runAsGroup": 65532,
        "fsGroup": 65532,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert container["volumeMounts"] == [{"name": "tmp", "mountPath": "/tmp"}]
    assert pod["volumes"] == [{"name": "tmp", "emptyDir": {"medium": "Memory", "sizeLimit": "16Mi"}}]


def test_neither_a_rollout_nor_draining_a_node_stops_the_last_replica(base):
    deployment = rendering.find(base, "Deployment")["spec"]
    assert deployment["replicas"] == 2
    assert deployment["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    spread = [constraint["topologyKey"] for constraint in deployment["template"]["spec"]["topologySpreadConstraints"]]
    assert spread == ["kubernetes.io/hostname", "topology.kubernetes.io/zone"]
    assert rendering.find(base, "PodDisruptionBudget")["spec"]["maxUnavailable"] == 1


@pytest.mark.parametrize("drain", [0, 5, 60])
def test_the_grace_period_covers_pre_stop_drain_and_requests_in_flight(drain):
    pod = rendering.find(rendering.helm({"drainSeconds": drain}), "Deployment")["spec"]["template"]["spec"]
    pre_stop = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pod["terminationGracePeriodSeconds"] >= pre_stop + drain + 5 + 10


def test_selectors_match_the_pods(base):
    labels = rendering.find(base, "Deployment")["spec"]["template"]["metadata"]["labels"].items()
    selectors = [
        rendering.find(base, "Deployment")["spec"]["selector"]["matchLabels"],
        rendering.find(base, "Service")["spec"]["selector"],
        rendering.find(base, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        rendering.find(base, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"],
    ]
    assert all(selector and selector.items() <= labels for selector in selectors)


def test_every_variable_of_the_container_is_an_option_of_serve():
    objects = rendering.base_with("cert-manager", "global-cluster", "follow-workloads")
    options = {parameter.envvar for parameter in typer.main.get_command(cli._app).commands["serve"].params}
    given = {name for name in rendering.environment(objects) if name.startswith("HYDRA_WEBHOOK_")}

    assert given
    assert given <= options
