"""Labelled pods and LeaderWorkerSets of a real cluster are followed by their metadata and counted."""

import json
from collections.abc import Iterator

import pytest
import yaml

from tests.controlplane.installation import AGENT, NAMESPACE, ROOT, Installation, pod, templates
from tests.controlplane.objects import Object, leader_worker_set
from tests.controlplane.replica import Replica

COMPONENT = ROOT / "manifests" / "components" / "follow-workloads"
ROLE = "/apis/rbac.authorization.k8s.io/v1/clusterroles/hydra-webhook-workloads"
USER = f"system:serviceaccount:{NAMESPACE}:hydra-webhook"
LABELS = {"hydra.io/runtime": "vllm-cpu", "hydra.io/model-id": "m"}


@pytest.fixture
def granted(hydra: Installation) -> Iterator[Installation]:
    """The webhook with the permissions of the component, and a configuration."""
    hydra.configure(templates=templates(**{"vllm-cpu": "serve"}), agent=AGENT)
    hydra.plane.kubectl("apply", "-f", COMPONENT / "rbac.yaml")
    hydra.plane.wait(lambda: may(hydra, "list", "", "pods"), "the account may list pods")
    yield hydra
    hydra.plane.kubectl("delete", "-f", COMPONENT / "rbac.yaml")
    hydra.plane.wait(lambda: not may(hydra, "list", "", "pods"), "the permissions of other tests are those of the base")


def option() -> dict[str, str]:
    """Return the variable that the component sets."""
    deployment = yaml.safe_load((COMPONENT / "deployment.yaml").read_text())
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    return {variable["name"]: variable["value"] for variable in container["env"]}


def may(hydra: Installation, verb: str, group: str, resource: str) -> bool:
    attributes = {"verb": verb, "group": group, "resource": resource}
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview"}
    review["spec"] = {"user": USER, "resourceAttributes": attributes}
    answer = hydra.plane.request("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", review)
    return answer["status"]["allowed"]


def counted(replica: Replica, *states: str) -> tuple[float, ...]:
    return tuple(replica.metric("hydra_webhook_workloads", runtime="vllm-cpu", state=state) for state in states)


def until(hydra: Installation, replica: Replica, **expected: float) -> None:
    hydra.plane.wait(lambda: counted(replica, *expected) == tuple(expected.values()), f"the metric says {expected}")


def delete_pod(hydra: Installation, name: str) -> None:
    options = {"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0}
    hydra.plane.request("DELETE", f"/api/v1/namespaces/default/pods/{name}", options)


def fleet() -> Object:
    item = leader_worker_set("fleet", "default")
    item["metadata"]["labels"] = dict(LABELS)
    item["spec"]["leaderWorkerTemplate"]["workerTemplate"]["spec"]["containers"][0]["image"] = "auto"
    return item


@pytest.mark.usefixtures("site_lws")
def test_workloads_are_counted_until_they_are_gone_and_are_older_after_an_edit(granted):
    hydra = granted
    (replica,) = hydra.run(**option())
    until(hydra, replica, current=0, older=0, unrendered=0)
    assert hydra.plane.kubectl("create", "-f", "-", stdin=json.dumps(pod("lone"))).returncode == 0
    until(hydra, replica, current=1)
    hydra.plane.kubectl("create", "-f", "-", stdin=json.dumps(fleet()))
    hydra.plane.wait(
        lambda: len(hydra.plane.list("pods", selector="leaderworkerset.sigs.k8s.io/name=fleet")) == 2,
        "the group has its pods",
    )
    until(hydra, replica, current=2)  # with its two pods a LeaderWorkerSet is one workload

    hydra.configure(templates=templates(**{"vllm-cpu": "serve-newer"}), agent=AGENT)
    until(hydra, replica, current=0, older=2)
    delete_pod(hydra, "lone")
    until(hydra, replica, current=0, older=1)
    hydra.plane.kubectl("annotate", "leaderworkerset", "fleet", "hydra.io/refresh=1")
    until(hydra, replica, current=1, older=0)  # once both pods have been replaced
    hydra.configure(templates=templates(other="serve"), agent="deployment_templates: []\n")
    until(hydra, replica, current=0, unserved=1)
    hydra.plane.kubectl("delete", "leaderworkerset", "fleet", "--cascade=foreground")
    until(hydra, replica, unserved=0)
    assert "traceback" not in replica.output


def test_pods_that_are_bare_or_opt_out_or_have_ended(granted):
    hydra = granted
    opted_out = pod("out")
    opted_out["metadata"]["labels"]["hydra.io/inject"] = "false"
    bare = pod("bare", namespace=NAMESPACE)  # which the webhook leaves alone
    bare["spec"]["containers"][0] |= {"image": "registry.example/engine:1", "securityContext": RESTRICTED}
    bare["spec"]["securityContext"] = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    (replica,) = hydra.run(**option())
    for item in (opted_out, pod("rendered"), pod("ends"), bare):
        hydra.plane.kubectl("create", "-f", "-", stdin=json.dumps(item))
    until(hydra, replica, current=2, unrendered=0)
    status = {"status": {"phase": "Succeeded"}}
    path = "/api/v1/namespaces/default/pods/ends/status"
    hydra.plane.request("PATCH", path, status, kind="merge-patch+json")
    until(hydra, replica, current=1, unrendered=0)  # seen after the pods that were created before
    for name in ("out", "rendered", "ends"):
        delete_pod(hydra, name)
    hydra.plane.request("DELETE", f"/api/v1/namespaces/{NAMESPACE}/pods/bare?gracePeriodSeconds=0")
    until(hydra, replica, current=0, unrendered=0)


RESTRICTED = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


@pytest.mark.thorough
def test_the_component_grants_what_is_needed_and_nothing_else(granted):
    hydra = granted
    role = hydra.plane.request("GET", ROLE)
    granted_by_role = {
        (verb, group, resource)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    assert granted_by_role == {
        (verb, group, resource)
        for verb in ("list", "watch")
        for group, resource in (("", "pods"), ("leaderworkerset.x-k8s.io", "leaderworkersets"))
    }
    for verb in ("get", "create", "update", "patch", "delete"):
        assert not may(hydra, verb, "", "pods")
        assert not may(hydra, verb, "leaderworkerset.x-k8s.io", "leaderworkersets")


@pytest.mark.thorough
@pytest.mark.usefixtures("site_lws")
@pytest.mark.parametrize("verb", ["list", "watch"])
@pytest.mark.parametrize("group", ["", "leaderworkerset.x-k8s.io"], ids=["pods", "leaderworkersets"])
def test_without_one_permission_the_server_is_ready_and_says_what_is_missing(granted, verb, group):
    hydra = granted
    role = hydra.plane.request("GET", ROLE)
    for rule in role["rules"]:
        if rule["apiGroups"] == [group]:
            rule["verbs"].remove(verb)
            (resource,) = rule["resources"]
    hydra.plane.request("PUT", ROLE, role)
    hydra.plane.wait(lambda: not may(hydra, verb, group, resource), "the permission is gone")
    (replica,) = hydra.run(**option())
    missing = f"(permission needed: {verb} on {resource})"
    hydra.plane.wait(lambda: missing in replica.health("/readyz?verbose")[1], "it reports what is missing")
    assert "warning: workloads are not followed" in replica.health("/readyz?verbose")[1]
    assert replica.ready
    assert hydra.command() == ["serve"]
    failed = replica.metric("hydra_webhook_watch_failures_total", object=resource, reason="forbidden")
    assert failed > 0


def test_a_cluster_without_leaderworkersets_is_not_a_failure(global_plane):
    environ = {"HYDRA_WEBHOOK_KUBECONFIG": str(global_plane.kubeconfig), "HYDRA_WEBHOOK_LOG_FORMAT": "json", **option()}
    replica = Replica(global_plane, "follower", environ).until_ready()
    try:
        global_plane.wait(lambda: replica.events("no LeaderWorkerSets to follow"), "it has looked for them")
        assert "workloads are not followed" not in replica.health("/readyz?verbose")[1]
        assert replica.metric("hydra_webhook_watch_failures_total", object="leaderworkersets") == 0
    finally:
        replica.stop()


@pytest.mark.thorough
def test_every_page_of_many_pods_is_counted_and_so_is_their_deletion(global_plane):
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": "default"}}
    global_plane.apply(account)  # which a controller would create
    path, count = "/api/v1/namespaces/default/pods", 600
    for number in range(count):
        item = pod(f"one-of-many-{number}", **{"hydra.io/rendered": "x" * 3000} if number % 2 else {})
        global_plane.request("POST", path, item)
    environ = {"HYDRA_WEBHOOK_KUBECONFIG": str(global_plane.kubeconfig), "HYDRA_WEBHOOK_LOG_FORMAT": "json", **option()}
    replica = Replica(global_plane, "follower-of-many", environ).until_listening()
    try:
        global_plane.wait(
            lambda: counted(replica, "unrendered", "unknown") == (count / 2, count / 2), "all are counted"
        )
        global_plane.request("DELETE", f"{path}?gracePeriodSeconds=0", seconds=60)
        global_plane.wait(lambda: counted(replica, "unrendered", "unknown") == (0, 0), "none is left")
        assert replica.metric("hydra_webhook_watch_failures_total", object="pods") == 0
    finally:
        replica.stop()
