"""``KIND/NAME`` as kubectl reads it."""

import pytest

from webhook import workload
from webhook.cluster import kinds

NAMES = {
    "leaderworkersets": "leaderworkerset lws LWS LeaderWorkerSet leaderworkersets.leaderworkerset.x-k8s.io "
    "lws.leaderworkerset.x-k8s.io leaderworkersets.v1.leaderworkerset.x-k8s.io",
    "pods": "pod po pods Pod",
    "deployments": "deployment deploy deployments deployments.apps deployment.apps deployments.v1.apps",
    "statefulsets": "statefulset sts statefulsets",
    "daemonsets": "daemonset ds daemonsets",
    "replicasets": "replicaset rs replicasets",
    "jobs": "job jobs jobs.batch",
    "cronjobs": "cronjob cj cronjobs",
}


@pytest.mark.parametrize(("plural", "name"), [(plural, name) for plural, row in NAMES.items() for name in row.split()])
def test_every_name_that_kubectl_accepts(plural, name):
    reference = kinds.reference(f"{name}/it", "team-a")
    assert (reference.collection.plural, reference.collection.namespace, reference.name) == (plural, "team-a", "it")


def test_they_are_the_kinds_that_hold_pod_templates():
    known = {*workload.INTERCEPTED, *workload.POD_TEMPLATE_PLACES}
    assert {(*kind.api_version.rpartition("/")[::2], kind.kind) for kind in kinds.ALL} == known


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("svc/x", 'unknown kind "svc": '),
        ("deploys/x", 'unknown kind "deploys": did you mean "deploy"? known: cj, cronjobs, daemonsets, '),
        ("x", "write KIND/NAME, such as lws/NAME"),
        ("pod", '"pod" names no object: write KIND/NAME, such as pod/NAME'),
        ("pod/", "write KIND/NAME, such as pod/NAME"),
        ("pod/a/b", '"pod/a/b" names no object'),
        ("pods.apps/x", 'unknown kind "pods.apps"'),
    ],
)
def test_anything_else_is_answered_with_what_would_be_right(text, message):
    with pytest.raises(kinds.UnknownKind) as caught:
        kinds.reference(text, "default")
    assert message in str(caught.value)


def test_only_kinds_that_carry_the_label_themselves_are_selected_by_it():
    assert kinds.POD.collection().query == {"labelSelector": "hydra.io/runtime"}
    assert kinds.LEADER_WORKER_SET.collection("a").query == {"labelSelector": "hydra.io/runtime"}
    assert {kind.collection().label_selector for kind in kinds.CONTROLLERS} == {""}
